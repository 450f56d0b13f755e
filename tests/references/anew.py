"""Makes every fixture of this folder and every data set anew, and compares with what is stored.

    make references                      all of them; UPDATE=1 stores what differs
    anew.py [--update] [--whole] NAME…   some: a script's name without its `.py`

Every script runs in a process of its own and writes into a scratch folder. A data set whose package cannot be
had here (no `npm`, no Debian, no network) is named with the reason at the end; with `--whole` it is red.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from compare import compare, tolerances
from packages import READS, WRITES, Missing, bring
from place import HERE, SETS

HELPERS = {"anew.py", "compare.py", "packages.py", "place.py", "test_fixtures.py"}
SHOWN = 5


def scripts():
    """The scripts that write a fixture or data, by name."""
    return sorted(path for path in HERE.glob("*.py") if path.name not in HELPERS)


def products(script):
    """Where the products of a script are stored, by their path in the scratch folder."""
    if script.name in WRITES:
        return {name: SETS / name for name in WRITES[script.name]}
    return {f"{script.stem}.json": script.with_suffix(".json")}


def environment():
    """One thread, and no variable that pins a BLAS kernel: sums then have the same order on every run."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "MKL_", "BLIS_", "NVPL_"))}
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return kept | dict.fromkeys(threads, "1") | {"PYTHONDONTWRITEBYTECODE": "1"}


def remake(script, scratch, update):
    """The faults of a script's products, as lines; `Missing` if a package cannot be had."""
    packages = [bring(name, Path(sys.prefix) / "packages") for name in READS.get(script.name, [])]
    into = scratch / script.stem
    into.mkdir()
    command = [sys.executable, script, "--into", into, *packages]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        return [f"the script ended with {done.returncode}:", *done.stderr.strip().splitlines()[-SHOWN:]]
    wanted = products(script)
    made = {str(path.relative_to(into)) for path in into.rglob("*") if path.is_file()}
    faults = [f"{name} was not made" for name in sorted(wanted.keys() - made)]
    faults += [f"{name} was made, but nobody expects it" for name in sorted(made - wanted.keys())]
    stated = tolerances(script.read_text(encoding="utf-8"))
    for name in sorted(wanted.keys() & made):
        stored = wanted[name]
        found = compare(stored, into / name, stated) if stored.exists() else ["it is not stored"]
        if found and update:
            stored.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(into / name, stored)
            print(f"stored {stored.relative_to(HERE.parents[1])}")
        elif found:
            faults += [f"{name}: {line}" for line in found[:SHOWN]]
            faults += [f"{name}: and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return faults


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--update", action="store_true", help="store what differs")
    parser.add_argument("--whole", action="store_true", help="red when a package cannot be had")
    parser.add_argument("--record", type=Path, help="a file for the summary, written if nothing is red")
    options = parser.parse_args()
    known = {path.stem: path for path in scripts()}
    if unknown := set(options.names) - known.keys():
        parser.error(f"no script writes {', '.join(sorted(unknown))}")
    chosen = [known[name] for name in options.names or known]
    red, left_out = [], {}

    def one(script):
        begun = time.perf_counter()
        try:
            faults = remake(script, scratch, options.update)
            verdict = "red" if faults else "equal" if not options.update else "made"
        except Missing as reason:
            faults, verdict = [str(reason)], "NOT MADE ANEW"
            left_out[script.name] = str(reason)
        if verdict == "red":
            red.append(script.name)
        took = time.perf_counter() - begun
        lines = [f"{script.name:<28}{took:7.1f} s  {verdict}", *(f"    {fault}" for fault in faults)]
        print("\n".join(lines), flush=True)

    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(options.jobs) as pool:
        scratch = Path(name)
        list(pool.map(one, chosen))
    equal = len(chosen) - len(red) - len(left_out)
    summary = [f"{equal} of {len(chosen)} scripts made anew what is stored; red: {', '.join(red) or 'none'}"]
    for script, reason in left_out.items():
        summary.append(f"not made anew here: {', '.join(WRITES[script])} ({script}): {reason}")
    failed = bool(red or (options.whole and left_out))
    if options.record and not failed:
        options.record.write_text("\n".join(summary) + "\n", encoding="utf-8")
    else:
        print("\n".join(summary))
    sys.exit(failed)


if __name__ == "__main__":
    main()
