"""The record of chapters that have passed on the stock kernel, and which of them run today.

A chapter's line holds the stock kernel's version and a hash of the code cells: as long as both are
what they were, the chapter needs no new run. Words around the cells may change freely. The library
underneath may change too, so a few of the recorded chapters run each day, in turn.
"""

import hashlib
import json
import tomllib
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORD = Path(__file__).with_name("stock_passes.toml")
# How many of the recorded chapters run again each day.
IN_TURN = 2
# The tags that decide whether and how a cell runs.
SKIP, RAISES = "skip-execution", "raises-exception"
HEAD = """\
# Chapters that have run on the stock kernel without a fault. `make stock` writes this file: one line a
# chapter, by name; after a merge that both sides touched, keep either line and let it run.
"""


def stock_version(lock: Path = ROOT / "Cargo.lock") -> str:
    """The version of `evcxr_jupyter` that this workspace builds."""
    packages = tomllib.loads(lock.read_text())["package"]
    return next(package["version"] for package in packages if package["name"] == "evcxr_jupyter")


def code_cells(path: Path) -> list[tuple[str, list[str]]]:
    """The sources of a notebook's code cells, each with those of its tags that matter to a run."""
    cells = json.loads(path.read_text())["cells"]
    return [
        ("".join(cell["source"]), sorted({SKIP, RAISES} & set(cell["metadata"].get("tags", []))))
        for cell in cells
        if cell["cell_type"] == "code"
    ]


def key(path: Path, version: str) -> dict[str, str]:
    """What a chapter's line in the record says: anything else is out of date."""
    cells = hashlib.sha256(json.dumps(code_cells(path)).encode()).hexdigest()
    return {"evcxr_jupyter": version, "cells": cells[:32]}


def read(record: Path = RECORD) -> dict[str, dict[str, str]]:
    return tomllib.loads(record.read_text()) if record.exists() else {}


def write(passes: dict[str, dict[str, str]], record: Path = RECORD) -> None:
    lines = [
        f'"{name}" = {{ evcxr_jupyter = "{line["evcxr_jupyter"]}", cells = "{line["cells"]}" }}\n'
        for name, line in sorted(passes.items())
    ]
    record.write_text(HEAD + "".join(lines))


def unrecorded(paths: list[Path], passes: dict[str, dict[str, str]], version: str) -> list[Path]:
    """The notebooks whose code cells have not passed as they are now."""
    return [path for path in paths if passes.get(path.stem) != key(path, version)]


def in_turn(paths: list[Path], day: date, count: int = IN_TURN) -> list[Path]:
    """The notebooks whose turn it is: the same ones all day, each one before any comes again."""
    ordered = sorted(paths)
    first = day.toordinal() * count
    return [ordered[(first + k) % len(ordered)] for k in range(min(count, len(ordered)))]
