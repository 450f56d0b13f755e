"""Every chapter has passed on the stock kernel as it stands, and compiles the library as the others do."""

import copy
import json
import re
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest
import stock_record
from stock_record import ROOT, code_cells, in_turn, key, unrecorded

NOTEBOOKS = ROOT / "notebooks"
PATHS = sorted(NOTEBOOKS.glob("[!.]*.ipynb"))
VERSION = stock_record.stock_version()
REMEDY = "run `make stock`, which runs what is missing, and commit tests/notebooks/stock_passes.toml"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_chapter_has_passed_on_the_stock_kernel(path):
    missing = unrecorded([path], stock_record.read(), VERSION)
    assert not missing, f"the code cells of {path.name} have not passed on evcxr_jupyter {VERSION}: {REMEDY}"


def test_the_record_names_no_chapter_that_is_gone():
    gone = set(stock_record.read()) - {path.stem for path in PATHS}
    assert not gone, f"the record names {sorted(gone)}, which are not in notebooks/: {REMEDY}"


def test_the_record_is_what_make_stock_would_write(tmp_path):
    again = tmp_path / "again.toml"
    stock_record.write(stock_record.read(), again)
    assert again.read_text() == stock_record.RECORD.read_text(), REMEDY


def test_code_asks_for_a_new_run_and_words_do_not(tmp_path):
    stored = json.loads((NOTEBOOKS / "00_quickstart.ipynb").read_text())

    def changed(kind, change):
        notebook = copy.deepcopy(stored)
        change(next(cell for cell in notebook["cells"] if cell["cell_type"] == kind))
        path = tmp_path / "00_quickstart.ipynb"
        path.write_text(json.dumps(notebook))
        return unrecorded([path], passes, VERSION) == [path]

    passes = {"00_quickstart": key(NOTEBOOKS / "00_quickstart.ipynb", VERSION)}
    assert not changed("markdown", lambda cell: cell["source"].append("\nMore words."))
    assert not changed("code", lambda cell: cell.update(outputs=[]))
    assert changed("code", lambda cell: cell["source"].append("\n1"))
    assert changed("code", lambda cell: cell["metadata"].update(tags=["skip-execution"]))
    passes["00_quickstart"] = key(NOTEBOOKS / "00_quickstart.ipynb", "0.21.0")
    assert changed("markdown", lambda cell: None)


def test_every_chapter_has_its_turn():
    paths = [Path(f"{number:02}.ipynb") for number in range(7)]
    start = date(2026, 11, 29)
    days = [in_turn(paths, start + timedelta(k)) for k in range(7)]
    assert in_turn(paths[::-1], start) == days[0]
    assert sorted(path for day in days for path in day) == sorted(paths * 2)
    assert {path for day in days[:4] for path in day} == set(paths)
    assert in_turn(paths[:1], start) == paths[:1] and in_turn([], start) == []


def features_below_the_library(deps, folder):
    """Each package that the library stands on, with the features that a set of `:dep` lines gives it."""
    (folder / "src").mkdir(exist_ok=True)
    (folder / "src/lib.rs").touch()
    head = '[package]\nname = "ctx"\nversion = "1.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\n'
    (folder / "Cargo.toml").write_text(head + "\n".join(deps))
    shutil.copy(ROOT / "Cargo.lock", folder)
    command = ["cargo", "tree", "--edges", "normal,build", "--prefix", "depth", "--no-dedupe"]
    command += ["--format", "|{p}|{f}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    below, features = None, {}
    for line in done.stdout.splitlines():
        depth, package, names = line.split("|")
        if package.startswith("mlnotes "):
            below = int(depth)
        elif below is not None and int(depth) <= below:
            below = None
        if below is not None:
            features.setdefault(package, set()).add(names)
    return features


def test_every_set_of_crates_gives_the_library_one_set_of_features(tmp_path):
    sets = {}
    for path in PATHS:
        code = "\n".join(source for source, _ in code_cells(path))
        deps = re.findall(r"^:dep\s+(.+)$", code, re.MULTILINE)
        sets[tuple(sorted({dep.replace('".."', f'"{ROOT}"') for dep in deps}))] = path.name
    of_all = features_below_the_library(sorted({dep for deps in sets for dep in deps}), tmp_path)
    assert len(of_all) > 50
    for deps, name in sets.items():
        found = features_below_the_library(deps, tmp_path)
        other = {crate: (found[crate], of_all[crate]) for crate in found if found[crate] != of_all[crate]}
        assert not other, (
            f"with the `:dep` lines of {name} some crates have other features than with those of all "
            f"chapters, so a stock kernel compiles the library once more: {other}; give those features to "
            "the library's own dependency in Cargo.toml"
        )
