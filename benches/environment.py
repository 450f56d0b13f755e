"""What the size of an environment costs a cell: ndarray alone, and the notebooks' own, in lock-step, with ratios.

Both kernels are ours. A cell is linked against all crates that it sees, and rustc reads of each what the cell names;
the same cells run in a folder whose manifest has ndarray alone, and in that of the notebooks.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benches"))

import machine  # noqa: E402
from jupyter_client.manager import KernelManager  # noqa: E402
from kernel import unit  # noqa: E402

MANIFEST = """[package]
name = "plain-notebooks"
version = "0.1.0"
edition = "2024"
[package.metadata.notebook]
[lib]
path = "lib.rs"
crate-type = ["dylib"]
[dependencies]
ndarray = { version = "0.16", features = ["approx", "rayon"] }
[workspace]
"""
# First what both begin with; then cells that name no crate, cells of ndarray, and the prelude again.
START = {"alone": "use ndarray::prelude::*;", "ours": "use mlnotes::prelude::*;"}
CELLS = {
    "plain": [
        "let n: usize = 200;",
        "1 + 1",
        'println!("{n}");',
        "fn wave(i: usize) -> f64 { (i as f64 * 0.7).sin() }",
        "(0..n).map(wave).sum::<f64>()",
    ],
    "arrays": [
        "let m: Array2<f64> = Array2::from_shape_fn((n, 4), |(i, j)| wave(i + 7 * j));",
        "m.mean_axis(Axis(0)).unwrap()",
        "let gram: Array2<f64> = m.t().dot(&m) / n as f64;",
        "gram.diag().sum()",
    ],
}


class Session:
    """A kernel in a folder."""

    def __init__(self, folder):
        self.manager = KernelManager(kernel_name="mlnotes")
        self.manager.start_kernel(cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=180)

    def run(self, cell):
        start = time.perf_counter()
        reply = self.client.execute_interactive(cell, timeout=900, output_hook=lambda _: None)
        assert reply["content"]["status"] == "ok", (cell, reply["content"])
        return time.perf_counter() - start

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    print(machine.processor(), f"u = {unit() * 1000:.0f} ms", sep="\n")
    with tempfile.TemporaryDirectory() as alone:
        (Path(alone) / "Cargo.toml").write_text(MANIFEST)
        (Path(alone) / "lib.rs").write_text("pub use ndarray;\n")
        folders = {"alone": alone, "ours": ROOT / "notebooks"}
        times = {name: {kind: [] for kind in ("start", *CELLS)} for name in folders}
        # The first start builds the crates, and is not counted.
        for run in range(options.runs + 1):
            sessions = {name: Session(folder) for name, folder in folders.items()}
            order = list(sessions) if run % 2 else list(sessions)[::-1]
            found = {name: {kind: [] for kind in times[name]} for name in sessions}
            for name in order:
                found[name]["start"].append(sessions[name].run(START[name]))
            for kind, cells in CELLS.items():
                for cell in cells:
                    for name in order:
                        found[name][kind].append(sessions[name].run(cell))
            for name, session in sessions.items():
                session.close()
                if run:
                    for kind, values in found[name].items():
                        times[name][kind].append(statistics.median(values))
    print("\n| cells | ndarray alone | notebooks | ratio |\n| --- | --- | --- | --- |")
    for kind, label in (("start", "the first, an import"), ("plain", "plain"), ("arrays", "of arrays")):
        a, b = (statistics.median(times[name][kind]) for name in ("alone", "ours"))
        print(f"| {label} | {a * 1000:.0f} ms | {b * 1000:.0f} ms | {b / a:.2f} |")


if __name__ == "__main__":
    main()
