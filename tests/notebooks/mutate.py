"""Plants the errors of `faults.toml` in a copy of the tree and runs their chapters there.

A chapter must turn red by an assertion of its own: an output that is merely stale, a compile error, a panic
inside the library or a failed `?` is no check of the derivation. The copy lies below the target folder,
shares the compiled dependencies, and holds every error behind a switch (`planting.py`): one build serves
them all.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from execute import compare
from faults import Fault, chapters, problems, read
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from planting import SWITCH, planted

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
COPY = TARGET / "mutants"
# The copy's library is compiled to be compiled again soon.
QUICK = "\n[profile.release.package.mlnotes]\nopt-level = 1\n"
PLACE = re.compile(r"cell \[(\d+)\]:(\d+)")


@dataclass
class Run:
    """How a chapter ended: the first cell that failed and its error, or what differs from what is stored."""

    cell: int | None = None
    ename: str = ""
    evalue: str = ""
    assertion: str | None = None
    stale: list[str] = field(default_factory=list)


@dataclass
class Verdict:
    """What is to be said of one planted error."""

    fault: Fault
    kind: str
    text: str
    seconds: float


def assertion_at(notebook, traceback: str) -> str | None:
    """The line of a cell that panicked, if it is an assertion."""
    place = PLACE.search(traceback)
    if place is None or "raised in" in traceback:
        return None
    count, line = int(place[1]), int(place[2])
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.execution_count == count:
            text = cell.source.splitlines()[line - 1].strip()
            return text if re.search(r"\b(debug_)?assert(_eq|_ne)?!", text) else None
    return None


def run_chapter(path: Path, number: int | None, timeout: int) -> Run:
    """Runs a chapter from its top in its own folder, to its end or to the first cell that fails.

    The error of that number is planted; none if there is none.
    """
    notebook, stored = (nbformat.read(path, as_version=4) for _ in range(2))
    resources = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(
        notebook, timeout=timeout, startup_timeout=600, kernel_name="mlnotes", resources=resources
    )
    try:
        client.execute(env=os.environ | {"MLNOTES_PLANTED": "" if number is None else str(number)})
    except CellExecutionError:
        for at, cell in enumerate(notebook.cells):
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    traceback = "\n".join(output.traceback)
                    assertion = assertion_at(notebook, traceback) if output.ename == "Panic" else None
                    return Run(at, output.ename, output.evalue, assertion)
        raise
    return Run(stale=compare(stored, notebook))


def adapted(name: str, content: bytes) -> bytes:
    """A manifest of the copy: its package has its own name, so that no library overwrites the tree's."""
    if name in ("Cargo.lock", "notebooks/Cargo.toml"):
        return content.replace(b'name = "mlnotes-notebooks"', b'name = "mlnotes-notebooks-mutants"')
    if name == "Cargo.toml":
        return content + QUICK.encode()
    if name == "src/lib.rs":
        return content + b"\nmod planted;\n"
    return content


def make_copy(faults: list[Fault]) -> None:
    """Brings the copy to the state of the tree, errors planted; files that are the same keep their times."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    wanted = {name: (ROOT / name).read_bytes() for name in names if name and (ROOT / name).is_file()}
    wanted["src/planted.rs"] = SWITCH.encode()
    for file in {fault.file for fault in faults}:
        own = [(number, fault) for number, fault in enumerate(faults) if fault.file == file]
        wanted[file] = planted(wanted[file].decode(), own).encode()
    for name, content in wanted.items():
        path, content = COPY / name, adapted(name, content)
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for path in COPY.rglob("*"):
        if path.is_file() and str(path.relative_to(COPY)) not in wanted:
            path.unlink()


def build() -> None:
    """Builds the copy's crates for notebooks."""
    kernel = TARGET / "release" / "mlnotes-kernel"
    done = subprocess.run([kernel, "build", COPY / "notebooks"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"the copy with the planted errors does not compile:\n{done.stdout}{done.stderr}")


def judge(fault: Fault, number: int, timeout: int) -> Verdict:
    """Runs the chapter of one error."""
    start = time.monotonic()
    try:
        kind, text = told(run_chapter(chapters(COPY)[fault.chapter], number, timeout))
    except Exception as error:  # noqa: BLE001 (a kernel that dies or hangs, in whatever words)
        kind, text = "ERROR", f"{type(error).__name__}: {str(error)[-300:]}"
    return Verdict(fault, kind, text, time.monotonic() - start)


def fails_anyway(chapter: str, timeout: int) -> str | None:
    """Why a chapter is red though no error is planted, if it is: then it shows nothing."""
    try:
        run = run_chapter(chapters(COPY)[chapter], None, timeout)
    except Exception as error:  # noqa: BLE001 (as in `judge`)
        return f"{type(error).__name__}: {str(error)[-300:]}"
    return None if run.cell is None else f"cell {run.cell}, {run.ename}: {run.evalue[:120]}"


def told(run: Run) -> tuple[str, str]:
    """The verdict on a run, and its reason."""
    if run.assertion:
        return "red", f"at cell {run.cell} by `{run.assertion[:72]}`"
    if run.cell is not None:
        return "ERROR", f"at cell {run.cell} by {run.ename}, no assertion: {run.evalue[:120]}"
    if run.stale:
        return "STALE", f"no assertion sees it; {run.stale[0][:120]}"
    return "GREEN", "nothing sees it"


def table(verdicts: list[Verdict]) -> list[str]:
    """Errors and seconds by chapter."""
    by_chapter: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_chapter.setdefault(verdict.fault.chapter, []).append(verdict)
    lines = ["chapter  errors  red  seconds"]
    for chapter, own in [*sorted(by_chapter.items()), ("all", verdicts)]:
        red = sum(verdict.kind == "red" for verdict in own)
        lines.append(f"{chapter:>7}  {len(own):6}  {red:3}  {sum(v.seconds for v in own):7.0f}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="their numbers, `15`; all if there are none")
    parser.add_argument("--name", default="", help="only errors whose name holds this text")
    parser.add_argument("--jobs", type=int, default=2, help="chapters that run side by side")
    parser.add_argument("--timeout", type=int, default=600, help="seconds for a cell")
    options = parser.parse_args()
    faults = read()
    wrong = problems(faults, ROOT)
    if wrong:
        print("\n".join(wrong))
        return 1
    wanted = options.chapters or list(chapters(ROOT))
    chosen = [n for n, f in enumerate(faults) if f.chapter in wanted and options.name in f.name]
    if not chosen:
        print(f"no planted error of chapter {', '.join(wanted)} holds {options.name!r} in its name")
        return 1
    # The kernels that run the chapters look at the build once more and must find the same settings.
    os.environ |= {"CARGO_INCREMENTAL": "1", "CARGO_TARGET_DIR": str(TARGET)}
    begun = time.monotonic()
    make_copy(faults)
    build()
    print(f"{len(chosen)} planted errors; built after {time.monotonic() - begun:.0f} s", flush=True)
    verdicts: list[Verdict] = []
    with ThreadPoolExecutor(options.jobs) as pool:
        own = sorted({faults[n].chapter for n in chosen})
        sound = [(chapter, pool.submit(fails_anyway, chapter, options.timeout)) for chapter in own]
        for done in as_completed([pool.submit(judge, faults[n], n, options.timeout) for n in chosen]):
            v = done.result()
            verdicts.append(v)
            print(f"{v.kind:<5}  {v.fault.chapter}  {v.fault.name}: {v.text} ({v.seconds:.1f} s)", flush=True)
        broken = {chapter: reason for chapter, run in sound if (reason := run.result())}
    for chapter, reason in broken.items():
        print(f"ERROR  {chapter}  fails with no error planted: {reason}")
        for v in verdicts:
            v.kind = "ERROR" if v.fault.chapter == chapter else v.kind
    print("\n".join(table(verdicts)))
    failed = sum(v.kind != "red" for v in verdicts)
    print(f"{time.monotonic() - begun:.0f} s in all; {failed} of {len(verdicts)} are not red by an assertion")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
