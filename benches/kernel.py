"""Our kernel, the stock kernel and bare rustc on the same cells in one run, with ratios.

The unit u is a bare `rustc` compile of an empty dynamic library, measured beside each kernel. Neither kernel has
a BLAS: both compile the cells' products of matrices from the same crates, and both get the same threads.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benches"))
sys.path.insert(0, str(ROOT / "tests" / "notebooks"))

import machine  # noqa: E402
from jupyter_client.manager import KernelManager  # noqa: E402
from stock import add_stock  # noqa: E402

DEPS = """:dep ndarray = "0.16"
:dep linfa = "0.8"
:dep linfa-clustering = "0.8"
:dep linfa-reduction = "0.8"
:dep plotters = { version = "0.3", default-features = false, features = ["evcxr", "all_series"] }
"""
FIGURE = """evcxr_figure((320, 240), |root| {
    let mut chart = ChartBuilder::on(&root).build_cartesian_2d(0f64..1f64, 0f64..1f64)?;
    chart.draw_series(x.iter().map(|&a| Circle::new((a, a * a), 2, BLUE.filled())))?;
    Ok(())
})"""
START = [
    "use ndarray::prelude::*;\nuse plotters::prelude::*;",
    "let x: Array1<f64> = Array1::linspace(0.0, 1.0, 50);",
    FIGURE,
]
# Twenty cells as a notebook of ours has them. Types stand where the stock kernel needs them.
CELLS = [
    "use linfa::prelude::*;\nuse linfa_clustering::KMeans;\nuse linfa_reduction::Pca;",
    "let n: usize = 200;",
    "fn wave(i: usize) -> f64 { (i as f64 * 0.7).sin() }",
    "let m: Array2<f64> = Array2::from_shape_fn((n, 4), |(i, j)| wave(i + 7 * j) + (i % 2) as f64);",
    "m.mean_axis(Axis(0)).unwrap()",
    "let centred: Array2<f64> = &m - &m.mean_axis(Axis(0)).unwrap();",
    "let cov: Array2<f64> = centred.t().dot(&centred) / (n as f64 - 1.0);",
    "cov.diag().sum()",
    'println!("{:.3}", cov[[0, 0]]);',
    "let w: Array1<f64> = array![0.1, -0.2, 0.3, 0.4];",
    "let z: Array1<f64> = m.dot(&w).mapv(|t| 1.0 / (1.0 + (-t).exp()));",
    "let y: Array1<f64> = z.mapv(|p| if p > 0.5 { 1.0 } else { 0.0 });",
    "let g: Array1<f64> = m.t().dot(&(&z - &y)) / n as f64;\ng",
    "struct Step { rate: f64, losses: Vec<f64> }",
    "let mut step: Step = Step { rate: 0.1, losses: Vec::new() };",
    "for k in 0..10 { step.losses.push(step.rate * k as f64); }\nstep.losses.len()",
    "let ds: DatasetBase<Array2<f64>, Array1<()>> = DatasetBase::from(m.clone());",
    "{ let km = KMeans::params(2).max_n_iterations(20).fit(&ds).unwrap(); km.centroids().clone() }",
    "{ let pca = Pca::params(2).fit(&ds).unwrap(); pca.explained_variance_ratio() }",
    "let mut sorted: Vec<f64> = z.to_vec();\nsorted.sort_by(f64::total_cmp);\nsorted[n / 2]",
]


def unit():
    """Seconds of a bare rustc: the median of nine."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "empty.rs"
        source.write_text("")
        command = ["rustc", "--crate-type=cdylib", str(source), "-o", f"{folder}/empty.so"]
        times = []
        for _ in range(9):
            start = time.perf_counter()
            subprocess.run(command, check=True, cwd=folder)
            times.append(time.perf_counter() - start)
        return statistics.median(times)


def memory(pid):
    """Resident megabytes of a process and all that it started."""
    listing = subprocess.run(["ps", "-eo", "pid=,ppid=,rss="], capture_output=True, text=True)
    rows = [tuple(map(int, line.split())) for line in listing.stdout.splitlines()]
    family, total = {pid}, 0
    for _ in range(5):
        family |= {child for child, parent, _ in rows if parent in family}
    for process, _, resident in rows:
        total += resident if process in family else 0
    return total / 1024


class Kernel:
    def __init__(self, name):
        self.manager = KernelManager(kernel_name=name)
        self.begun = time.perf_counter()
        self.manager.start_kernel(cwd=str(ROOT / "notebooks"))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=180)

    def run(self, cell):
        figure, start = [], time.perf_counter()
        reply = self.client.execute_interactive(
            cell, timeout=900, output_hook=lambda m: figure.append(str(m["content"].get("data", "")))
        )
        took = time.perf_counter() - start
        assert reply["content"]["status"] == "ok", (cell, reply["content"])
        return took, "".join(figure)

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def measure(name, deps):
    """Start to the first figure, the twenty cells, idle and final memory."""
    kernel = Kernel(name)
    time.sleep(2)
    idle = memory(kernel.manager.provisioner.process.pid)
    kernel.close()
    kernel = Kernel(name)
    for cell in [deps + START[0], *START[1:]]:
        _, figure = kernel.run(cell)
    assert "<svg" in figure
    started = time.perf_counter() - kernel.begun
    times = [kernel.run(cell)[0] for cell in CELLS]
    after = memory(kernel.manager.provisioner.process.pid)
    kernel.close()
    return {"start": started, "times": times, "idle": idle, "after": after}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stock", help="the stock kernel's program")
    parser.add_argument("--runs", type=int, default=5, help="runs of ours; the median counts")
    options = parser.parse_args()
    print(machine.processor(), machine.variables(), sep="\n")
    print(f"both kernels: no BLAS (crates in Rust), rayon with {machine.threads} threads\n")
    u = unit()
    ours = [measure("mlnotes", "") for _ in range(options.runs)]
    add_stock(options.stock)
    stock = measure("stock", DEPS)
    u = statistics.median([u, unit(), unit()])
    middle = {
        "start": statistics.median(run["start"] for run in ours),
        "times": [statistics.median(t) for t in zip(*(run["times"] for run in ours))],
        "idle": statistics.median(run["idle"] for run in ours),
        "after": statistics.median(run["after"] for run in ours),
    }
    print(f"u = bare rustc, empty library: {u * 1000:.0f} ms; ours: median of {options.runs} runs\n")
    print("| | mlnotes | evcxr_jupyter | ratio |")
    print("| --- | --- | --- | --- |")

    def row(label, a, b, scale, suffix):
        print(f"| {label} | {a / scale:.1f} {suffix} | {b / scale:.1f} {suffix} | {a / b:.3f} |")

    row("start to first figure", middle["start"], stock["start"], u, "u")
    row("median of twenty ML cells", *(statistics.median(r["times"]) for r in (middle, stock)), u, "u")
    row("worst of them", *(max(r["times"]) for r in (middle, stock)), u, "u")
    row("memory, idle", middle["idle"], stock["idle"], 1, "MB")
    row("memory after twenty cells", middle["after"], stock["after"], 1, "MB")
    print("\nour cells, in u:", " ".join(f"{t / u:.1f}" for t in middle["times"]))
    print("stock's cells, in u:", " ".join(f"{t / u:.1f}" for t in stock["times"]))


if __name__ == "__main__":
    main()
