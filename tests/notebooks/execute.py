"""Executes notebooks with a real Jupyter client: the second witness of what `mlnotes-kernel test` says.

A notebook that `mlnotes-kernel test` finds green must be green here, by rules that are written a second time,
and its outputs, made anew by both, must be the same to the byte. Numbers may differ by one unit of their last printed digit, and coordinates of figures by one pixel,
because processors differ in the last bit; everything else must agree to the byte.
"""

import argparse
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

# Figures are drawn four times larger than they are shown.
PIXEL = 4.0
NUMBER = re.compile(r"(?<![A-Za-z0-9_])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


def unit_of_last_digit(text: str) -> float:
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    # Whole numbers are counts and must agree.
    if decimals == 0 and not exponent:
        return 0.0
    return 10.0 ** (int(exponent or 0) - decimals)


def differ(old: str, new: str, tolerance=None) -> str | None:
    """The first place where two texts differ by more than the tolerance allows."""
    if old == new:
        return None
    old_words, new_words = NUMBER.split(old), NUMBER.split(new)
    if old_words != new_words:
        pairs = zip(old_words, new_words)
        first = next(((a, b) for a, b in pairs if a != b), (old[-80:], new[-80:]))
        return f"stored {first[0][:200]!r}, now {first[1][:200]!r}"
    for a, b in zip(NUMBER.findall(old), NUMBER.findall(new)):
        allowed = unit_of_last_digit(a) if tolerance is None else tolerance
        if abs(float(a) - float(b)) > allowed * 1.000001:
            return f"stored {a}, now {b}"
    return None


def differ_markup(old: str, new: str) -> str | None:
    """As `differ`; inside tags numbers are coordinates."""
    tag = re.compile(r"(<[^>]*>)")
    old_parts, new_parts = tag.split(old), tag.split(new)
    if len(old_parts) != len(new_parts):
        return f"stored {len(old_parts)} pieces of markup, now {len(new_parts)}"
    for a, b in zip(old_parts, new_parts):
        found = differ(a, b, PIXEL if a.startswith("<") else None)
        if found:
            return found
    return None


def text_of(value) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def merged(outputs):
    """Outputs with neighbouring stretches of one stream joined: their cut depends on time."""
    out = []
    for output in outputs:
        if (
            output.output_type == "stream"
            and out
            and out[-1].output_type == "stream"
            and out[-1].name == output.name
        ):
            out[-1].text = text_of(out[-1].text) + text_of(output.text)
        else:
            out.append(nbformat.from_dict(output))
    return out


def compare_cell(old, new) -> str | None:
    a, b = merged(old.outputs), merged(new.outputs)
    kinds = lambda outputs: [o.output_type for o in outputs]  # noqa: E731
    if kinds(a) != kinds(b):
        return f"stored outputs {kinds(a)}, now {kinds(b)}"
    for x, y in zip(a, b):
        if x.output_type == "stream":
            found = differ(text_of(x.text), text_of(y.text))
            if x.name != y.name or found:
                return f"{y.name}: {found}"
        elif x.output_type == "error":
            if (x.ename, x.evalue) != (y.ename, y.evalue):
                return f"stored error {x.ename}: {x.evalue}, now {y.ename}: {y.evalue}"
        else:
            if set(x.data) != set(y.data):
                return f"stored kinds {sorted(x.data)}, now {sorted(y.data)}"
            for mime in x.data:
                markup = mime in ("text/html", "image/svg+xml")
                check = differ_markup if markup else differ
                found = check(text_of(x.data[mime]), text_of(y.data[mime]))
                if found:
                    return f"{mime}: {found}"
    return None


def compare(old, new) -> list[str]:
    problems = []
    for number, (a, b) in enumerate(zip(old.cells, new.cells)):
        if a.cell_type != "code":
            continue
        if a.execution_count != b.execution_count:
            problems.append(f"cell {number}: stored count {a.execution_count}, now {b.execution_count}")
        found = compare_cell(a, b)
        if found:
            problems.append(f"cell {number}: {found}")
    return problems


def made_by(program: Path, path: Path):
    """The notebook as `mlnotes-kernel test --update` fills it when nothing is stored."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    # Beside the notebook, so that it sees the same crates and files.
    bare = path.with_name(f".witness-{path.name}")
    try:
        nbformat.write(notebook, bare)
        command = [str(program), "test", "--update", str(bare)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"`mlnotes-kernel test` fails where it should store:\n{done.stdout}{done.stderr}")
        return nbformat.read(bare, as_version=4)
    finally:
        bare.unlink(missing_ok=True)


def differing_outputs(ours, theirs) -> list[str]:
    """The cells whose outputs or counts are not the same to the byte."""
    results = [
        [(cell.execution_count, merged(cell.outputs)) for cell in notebook.cells if cell.cell_type == "code"]
        for notebook in (ours, theirs)
    ]
    return [
        f"code cell {number}: `mlnotes-kernel test` gives {a}, nbclient {b}"
        for number, (a, b) in enumerate(zip(*results, strict=True), 1)
        if a != b
    ]


def execute(path: Path, kernel: str = "mlnotes", timeout: int = 900):
    """The notebook, executed from its top in its own folder."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        startup_timeout=180,
        kernel_name=kernel,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    return notebook


def check(path: Path, witness: Path | None = None) -> tuple[bool, str]:
    """Whether a notebook comes out as it is stored, from both witnesses, and what is to be said of it."""
    start = time.monotonic()
    new = execute(path)
    took = f"{time.monotonic() - start:.1f} s"
    old = nbformat.read(path, as_version=4)
    problems = compare(old, new)
    if witness:
        other = made_by(witness, path)
        problems += compare(old, other) + differing_outputs(other, new)
    lines = [f"{'FAILED' if problems else 'ok'}  {path.name} ({took})"]
    return not problems, "\n".join(lines + [f"        {problem}" for problem in problems])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--witness", type=Path, help="the kernel's program, whose outputs must be the same")
    parser.add_argument("--jobs", type=int, default=1, help="notebooks that run side by side")
    options = parser.parse_args()

    def run(path: Path) -> tuple[bool, str]:
        try:
            return check(path, options.witness)
        except CellExecutionError as error:
            return False, f"FAILED  {path.name}\n{error}"

    bad = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for done in as_completed([pool.submit(run, path) for path in options.notebooks]):
            well, text = done.result()
            print(text, flush=True)
            bad += not well
    if bad:
        print(f"{bad} of {len(options.notebooks)} notebooks are red")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
