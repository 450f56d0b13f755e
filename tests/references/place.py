"""Where a script of this folder writes: into the folder `--into FOLDER`, else where its product is stored."""

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SETS = HERE.parents[1] / "src" / "data" / "sets"


def _options():
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--into", type=Path, help="a folder to write to, not the place in the repository")
    parser.add_argument("packages", nargs="*", type=Path, help="unpacked packages that the script reads")
    return parser.parse_args()


def fixture(script):
    """The file that `script`, a script's `__file__`, writes: of its own name, ending in `.json`."""
    return (_options().into or HERE) / f"{Path(script).stem}.json"


def data_set(name):
    """The folder that the data set `name` is written to; it is there after this."""
    folder = (_options().into or SETS) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def packages(*names):
    """The paths that the script was given, one for each of the packages `names`."""
    given = _options().packages
    if len(given) != len(names):
        sys.exit(f"{sys.argv[0]} takes {len(names)} paths, not {len(given)}: {', '.join(names)}")
    return given
