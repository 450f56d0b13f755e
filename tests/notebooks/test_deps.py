"""Every crate that a chapter names stands in one of its `:dep` lines.

Our kernel has the crates of `notebooks/Cargo.toml` in every cell, so a chapter would run here without
the line; a reader who takes it to a stock kernel needs it.
"""

import json
import re
import tomllib
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CRATES = tomllib.loads((NOTEBOOKS / "Cargo.toml").read_text())["dependencies"]


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("[!.]*.ipynb")), ids=lambda path: path.stem)
def test_crates_are_declared(path):
    cells = json.loads(path.read_text())["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    declared = {name.replace("-", "_") for name in re.findall(r"^:dep\s+([\w-]+)", code, re.MULTILINE)}
    named = {crate.replace("-", "_") for crate in CRATES if crate_is_named(crate.replace("-", "_"), code)}
    assert named <= declared, f"add `:dep` lines for {sorted(named - declared)}"


def crate_is_named(crate, code):
    """Whether a path begins with the crate; `a::crate::b` does not."""
    return re.search(rf"(?<![\w:]){crate}::", code) is not None
