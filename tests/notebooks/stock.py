"""Runs chapters on the stock kernel, `evcxr_jupyter`, and records those that pass.

The stock kernel reports as success what is none: a failed `?` is the error's text on stderr and no more,
a panic in a thread is a text on stderr too. So a cell is at fault when it ends as an error *or* when
anything comes on stderr, and a session is over only when a last line on stderr has come through.
"""

import argparse
import atexit
import fcntl
import json
import os
import queue
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from jupyter_client.manager import KernelManager
from stock_record import RAISES, RECORD, ROOT, SKIP, code_cells, in_turn, key, read, stock_version
from stock_record import unrecorded, write

# Seconds: for a cell, and for all the crates that a set of `:dep` lines names.
TIMEOUT, COMPILE = 900, 4 * 3600
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
END = "the session has ended here"


def add_stock(program: str, crates: list[Path] | None = None) -> list[str]:
    """Makes the stock kernel known, to this process and its children only, under a name a folder.

    What the `:dep` lines of one session compile stays in its folder for the next one; without folders
    every session compiles anew. Two sessions at a time must not share a folder.
    """
    jupyter = Path(tempfile.mkdtemp(prefix="stock-kernel-"))
    atexit.register(shutil.rmtree, jupyter, ignore_errors=True)
    names = []
    for number, crate in enumerate(crates or [None]):
        names.append("stock" if number == 0 else f"stock-{number}")
        folder = jupyter / "kernels" / names[-1]
        folder.mkdir(parents=True)
        argv = [str(Path(program).resolve()), "--control_file", "{connection_file}"]
        spec = {"argv": argv, "display_name": names[-1], "language": "rust", "interrupt_mode": "message"}
        if crate:
            spec["env"] = {"EVCXR_TMPDIR": str(crate)}
        (folder / "kernel.json").write_text(json.dumps(spec))
    os.environ["JUPYTER_PATH"] = str(jupyter)
    return names


@dataclass
class Outcome:
    """What came of one cell."""

    errors: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    stdout: str = ""
    results: list[dict] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Whatever says that the cell did not go well; one line on stderr, be it empty, is enough."""
        return self.errors + (["on stderr: " + "\n".join(self.stderr).strip()] if self.stderr else [])


class Session:
    """One session of a kernel. Everything on IOPub is read, whichever cell it names as its parent: the stock
    kernel sends what comes late on stderr under the name of the next cell, or after the idle of its own.
    """

    def __init__(self, kernel: str, folder: Path, log):
        self.manager = KernelManager(kernel_name=kernel)
        self.manager.start_kernel(cwd=str(folder), stdout=log, stderr=log)
        self.group = os.getpgid(self.manager.provisioner.process.pid)
        self.client = self.manager.client()
        self.client.start_channels()
        self.outcomes: dict[str, Outcome] = {}
        self.last = None
        try:
            self.client.wait_for_ready(timeout=180)
        except RuntimeError:
            self.close()
            raise

    def run(self, code: str, timeout: float = TIMEOUT) -> Outcome:
        """Runs a cell until the kernel is idle again; `TimeoutError` if it never is."""
        self.last = self.client.execute(code, allow_stdin=False)
        outcome = self.outcomes[self.last] = Outcome()
        deadline = time.monotonic() + timeout
        while not self.take(deadline, f"the cell has not ended after {timeout:.0f} s"):
            pass
        reply = self.client.get_shell_msg(timeout=30)
        while reply["parent_header"].get("msg_id") != self.last:
            reply = self.client.get_shell_msg(timeout=30)
        if reply["content"]["status"] != "ok" and not outcome.faults:
            outcome.errors.append(f"the reply has the status {reply['content']['status']}")
        return outcome

    def take(self, deadline: float, late: str) -> bool:
        """Files one message; whether it was the last cell's idle."""
        try:
            message = self.client.get_iopub_msg(timeout=1)
        except queue.Empty:
            if not self.manager.is_alive():
                raise RuntimeError("the stock kernel itself has died") from None
            if time.monotonic() > deadline:
                raise TimeoutError(late) from None
            return False
        parent = message["parent_header"].get("msg_id")
        kind, content = message["msg_type"], message["content"]
        if kind == "status":
            return parent == self.last and content["execution_state"] == "idle"
        outcome = self.outcomes.get(parent)
        if outcome is None:
            return False
        if kind == "error":
            outcome.errors.append("\n".join([content["evalue"], *content["traceback"]]))
        elif kind == "stream" and content["name"] == "stderr":
            outcome.stderr += content["text"].splitlines()
        elif kind == "stream":
            outcome.stdout += content["text"]
        elif kind == "execute_result":
            outcome.results.append(content["data"])
        return False

    def finish(self) -> Outcome:
        """Returns when all that the cells wrote on stderr has come: its lines keep their order."""
        end = self.run(f'eprintln!("{END}")')
        deadline = time.monotonic() + 60
        while not any(line.endswith(END) for line in end.stderr):
            self.take(deadline, "the kernel's stderr did not come through to its end")
        # What came before this line was written by a cell before it.
        end.stderr = [line.removesuffix(END) for line in end.stderr if line != END]
        return end

    def close(self) -> None:
        """Ends the kernel and the process that ran its cells, also if that one never ends by itself."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        if self.group != os.getpgrp():
            with suppress(ProcessLookupError):
                os.killpg(self.group, signal.SIGKILL)


@contextmanager
def session(kernel: str, folder: Path, log=None):
    with open(log or os.devnull, "ab") as file:
        opened = Session(kernel, folder, file)
        try:
            yield opened
        finally:
            opened.close()


def check(path: Path, kernel: str, timeout: float = TIMEOUT) -> list[str]:
    """Runs a notebook from its top up to its first fault; what is wrong, at its code cell's number."""
    stored = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    ran: list[tuple[int, list[str], Outcome]] = []
    try:
        with session(kernel, path.parent) as running:
            for number, (code, tags) in enumerate(code_cells(path), start=1):
                if SKIP in tags:
                    continue
                outcome = running.run(code, timeout)
                ran.append((number, tags, outcome))
                if RAISES in tags:
                    # What it writes late is not the next cell's.
                    running.finish()
                elif outcome.faults:
                    break
                elif (shown := shown_by(stored[number - 1])) and not outcome.results:
                    outcome.errors.append(f"it shows nothing here; as it is stored, {shown}")
            end = running.finish()
    except (RuntimeError, TimeoutError, queue.Empty) as error:
        return [*faults(ran), f"after code cell {ran[-1][0] if ran else 0}: {error or 'no reply'}"]
    return faults(ran) + [f"after the last cell: {fault}" for fault in end.faults]


def shown_by(cell: dict) -> list[str]:
    """The kinds of the last result that is stored with a cell."""
    results = [output["data"] for output in cell["outputs"] if output["output_type"] == "execute_result"]
    return sorted(results[-1]) if results else []


def faults(ran: list[tuple[int, list[str], Outcome]]) -> list[str]:
    return [
        f"code cell {number}: {fault}"
        for number, tags, outcome in ran
        if RAISES not in tags
        for fault in outcome.faults
    ]


def pin_versions(crate: Path) -> None:
    """The crates of a session are those that this project is tested with, not the newest of the day. Cargo
    takes out of the file what one set of crates does not need, so each session begins with a whole one.
    """
    shutil.copy(ROOT / "Cargo.lock", crate / "Cargo.lock")


def dep_lines(path: Path) -> tuple[str, ...]:
    """The `:dep` lines of a chapter, the library first, as the chapters have them. evcxr looks at each line alone,
    whereby cargo takes all that this line does not need out of the lock file; so of most crates the newest come,
    and one build of the library serves all sets as long as they agree on those that it stands on.
    """
    lines = {line for code, _ in code_cells(path) for line in code.splitlines() if line.startswith(":dep ")}
    return tuple(sorted(lines, key=lambda line: ("mlnotes" not in line, line)))


def prepare(paths: list[Path], kernel: str, crates: list[Path]) -> None:
    """Compiles the crates that the chapters name, once, in the first folder, and gives them to the others."""
    for crate in crates:
        crate.mkdir(parents=True, exist_ok=True)
    sets = sorted({dep_lines(path) for path in paths}, key=lambda lines: (-len(lines), lines))
    with session(kernel, paths[0].parent, crates[0] / "compiled.log") as compiler:
        for lines in sets:
            compiler.run(":clear")
            pin_versions(crates[0])
            outcome = compiler.run("\n".join(lines), COMPILE)
            if outcome.faults:
                sys.exit("\n".join(["the stock kernel cannot compile", *lines, *outcome.faults]))
    for crate in crates[1:]:
        copy_compiled(crates[0] / "target", crate / "target")


def copy_compiled(source: Path, target: Path) -> None:
    """Copies what is new or changed, with its times, by which cargo tells what is fresh."""
    for folder, names, files in os.walk(source):
        # The cells' own crate is not shared.
        names[:] = [name for name in names if not name.startswith("ctx-") and name != "incremental"]
        to = target / Path(folder).relative_to(source)
        to.mkdir(parents=True, exist_ok=True)
        for name in files:
            if re.match(r"(lib)?(ctx|code_\d+)\b", name):
                continue
            old, new = Path(folder, name), to / name
            if not new.exists() or stamp(old) != stamp(new):
                shutil.copy2(old, new)


def stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="the stock kernel")
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--all", action="store_true", help="run every chapter, not only those that need it")
    parser.add_argument("--crates", type=Path, required=True, help="the folder where compiled crates stay")
    parser.add_argument("--jobs", type=int, default=1, help="chapters that run side by side")
    today = datetime.now(UTC).date()
    parser.add_argument("--day", type=date.fromisoformat, default=today, help="whose turn it is")
    options = parser.parse_args()
    version, paths = stock_version(), [path.resolve() for path in options.notebooks]
    chosen = set(paths if options.all else unrecorded(paths, read(), version))
    needed = len(chosen)
    if not options.all:
        chosen.update(in_turn([path for path in paths if path not in chosen], options.day))
    print(f"{len(chosen)} of {len(paths)} chapters run on evcxr_jupyter {version}: ", end="")
    print("all" if options.all else f"{needed} not in the record, {len(chosen) - needed} in turn", flush=True)
    # A chapter that is gone leaves the record.
    passes = {name: line for name, line in read().items() if (paths[0].parent / f"{name}.ipynb").exists()}
    write(passes)
    if not chosen:
        return 0

    crates = [options.crates.resolve() / str(job) for job in range(options.jobs)]
    options.crates.mkdir(parents=True, exist_ok=True)
    # Held until this process ends: two runs must not compile in the same folders.
    guard = open(options.crates / "lock", "w")
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"another `make stock` is at work in {options.crates}: wait for its end")
    free: queue.SimpleQueue[tuple[str, Path]] = queue.SimpleQueue()
    start = time.monotonic()
    stocks = add_stock(options.program, crates)
    prepare(sorted(chosen), stocks[0], crates)
    print(f"crates  ({time.monotonic() - start:.1f} s)", flush=True)
    for place in zip(stocks, crates):
        free.put(place)
    lock = threading.Lock()

    def run(path: Path) -> tuple[Path, float, list[str]]:
        kernel, crate = free.get()
        begun, as_it_was = time.monotonic(), key(path, version)
        try:
            pin_versions(crate)
            found = check(path, kernel)
        finally:
            free.put((kernel, crate))
        with lock:
            passes.pop(path.stem, None)
            if not found:
                passes[path.stem] = as_it_was
            write(passes)
        return path, time.monotonic() - begun, found

    bad = 0
    # The longest ones first, so that no job waits for one at the end.
    order = sorted(chosen, key=lambda path: (-len(code_cells(path)), path))
    with ThreadPoolExecutor(options.jobs) as pool:
        for done in as_completed([pool.submit(run, path) for path in order]):
            path, took, found = done.result()
            verdict = "FAILED" if found else "ok"
            print(f"{verdict}  {path.name} on the stock kernel ({took:.1f} s)", flush=True)
            for fault in found:
                print("        " + COLOUR.sub("", fault).replace("\n", "\n        "), flush=True)
            bad += bool(found)
    if bad:
        print(f"{bad} of {len(chosen)} chapters are red on the stock kernel; the others are in {RECORD.name}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
