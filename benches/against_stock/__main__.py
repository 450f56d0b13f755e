"""What notebooks do to a Rust kernel, on ours and on the stock kernel, as docs/kernel-against-stock.md.

    .venv/bin/python benches/against_stock target/release/examples/stock [KIND …]

Each case is a session: its cells run in order in a folder of its own, and what must come of them is written
beside them. A case counts as right when it does.
"""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "notebooks"))

import kinds_crates  # noqa: E402
import kinds_dep  # noqa: E402
import kinds_edits  # noqa: E402
import kinds_language  # noqa: E402
import kinds_messages  # noqa: E402
import kinds_ordinary  # noqa: E402
import kinds_places  # noqa: E402
import kinds_process  # noqa: E402
from sessions import OURS, outcome  # noqa: E402
from stock import add_stock  # noqa: E402

PAGE = ROOT / "docs" / "kernel-against-stock.md"
HEAD = """# The kernel against the stock one

The kinds of input that people report to Rust kernels, tried on this kernel and on stock evcxr 0.22 by
`benches/against_stock`, which writes this page: a case is a few cells in a folder of their own, and right when
they give what is written beside them there. A failure is told by its own first words, `–` stands where the
stock kernel has nothing of the kind.

"""
FILES = (
    kinds_edits,
    kinds_language,
    kinds_crates,
    kinds_dep,
    kinds_process,
    kinds_messages,
    kinds_places,
    kinds_ordinary,
)


def cases(numbers):
    """The kinds in the order of their numbers, with their cases."""
    kinds = sorted((kind for file in FILES for kind in file.KINDS.items()), key=lambda kind: number(kind[0]))
    return [(kind, case) for kind, found in kinds for case in found if not numbers or number(kind) in numbers]


def number(kind):
    return int(kind.split()[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stock", help="the stock kernel's program")
    parser.add_argument("kinds", nargs="*", type=int, help="numbers of kinds; all when none are given")
    parser.add_argument("--title", default="", help="only cases in whose title this is found")
    parser.add_argument("--on", choices=("both", "ours", "stock"), default="both", help="which kernels are tried")
    crates = ROOT / "target" / "against-stock"
    parser.add_argument("--crates", type=Path, default=crates, help="where what the stock kernel compiles stays")
    options = parser.parse_intermixed_args()
    options.crates.mkdir(parents=True, exist_ok=True)
    (stock,) = add_stock(options.stock, [options.crates.resolve()])
    rows, right, without = [], {OURS: 0, stock: 0}, 0
    for kind, case in cases(options.kinds):
        if not re.search(options.title, case.title):
            continue
        found = {}
        for kernel in (OURS, stock):
            skipped = options.on == ("stock" if kernel == OURS else "ours")
            if skipped or (kernel == stock and case.stock is None):
                found[kernel] = "–"
                continue
            found[kernel] = outcome(case, kernel)
            right[kernel] += found[kernel] == "right"
        without += case.stock is None
        rows.append(f"| {kind} | {case.title} | {found[OURS]} | {found[stock]} | {case.why} |")
        print(rows[-1], flush=True)
    total = f"Of {len(rows)} cases this kernel has {right[OURS]} right, "
    total += f"stock {right[stock]} of the {len(rows) - without} that it can be given."
    print(total)
    if not (options.kinds or options.title) and options.on == "both":
        table = "| kind | input | this kernel | stock | why they differ |\n| --- | --- | --- | --- | --- |\n"
        PAGE.write_text(HEAD + total + "\n\n" + table + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
