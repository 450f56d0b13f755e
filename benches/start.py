"""Kernel start to the first figure, ours and stock's in one run, with the ratio."""

import argparse
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "notebooks"))

from execute import add_stock  # noqa: E402
from jupyter_client.manager import KernelManager  # noqa: E402

DEPS = """:dep ndarray = "0.16"
:dep linfa = "0.8"
:dep linfa-clustering = "0.8"
:dep plotters = { version = "0.3", default-features = false, features = ["evcxr", "all_series"] }
"""
CELLS = [
    "use ndarray::prelude::*;\nuse plotters::prelude::*;",
    "let x: Array1<f64> = Array1::linspace(0.0, 1.0, 50);",
    """evcxr_figure((320, 240), |root| {
    let mut chart = ChartBuilder::on(&root).build_cartesian_2d(0f64..1f64, 0f64..1f64)?;
    chart.draw_series(x.iter().map(|&a| Circle::new((a, a * a), 2, BLUE.filled())))?;
    Ok(())
})""",
]


def seconds(manager, cells):
    start = time.monotonic()
    manager.start_kernel(cwd=str(ROOT / "notebooks"))
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=180)
    figure = ""
    for cell in cells:

        def note(message):
            nonlocal figure
            figure += str(message["content"].get("data", ""))

        reply = client.execute_interactive(cell, timeout=600, output_hook=note)
        assert reply["content"]["status"] == "ok", reply["content"]
    assert "<svg" in figure
    took = time.monotonic() - start
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stock", help="the stock kernel's program")
    options = parser.parse_args()
    ours = [seconds(KernelManager(kernel_name="mlnotes"), CELLS) for _ in range(5)]
    # A reader's stock kernel compiles its dependencies at each start.
    add_stock(options.stock, keep=False)
    stock = seconds(KernelManager(kernel_name="stock"), [DEPS + CELLS[0], *CELLS[1:]])
    median = statistics.median(ours)
    print("start to the first figure (imports, an array, a plotters figure), environment built")
    print(f"  mlnotes        {median:5.1f} s (median of 5; worst {max(ours):.1f} s)")
    print(f"  evcxr_jupyter  {stock:5.1f} s")
    print(f"  ratio          {median / stock:.3f}")


if __name__ == "__main__":
    main()
