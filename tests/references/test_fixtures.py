"""Each fixture and data file has a script, each script its product; a comparison sees each kind of change.

Running the scripts, which takes minutes, is `make references`.
"""

import ast
import json
import re
import sys

import pytest
from anew import HELPERS, products, scripts
from compare import LAST_BITS, Allowed, compare, differences, tolerances
from packages import CLIENTS, READS, WRITES
from place import HERE, SETS

# Names under which packages are imported, where they are not those of the lock.
IMPORTED_AS = {
    "imblearn": "imbalanced-learn",
    "pycrfsuite": "python-crfsuite",
    "rank_bm25": "rank-bm25",
    "sklearn": "scikit-learn",
    "sklearn_crfsuite": "sklearn-crfsuite",
    "synthdid": "synthdid-py",
    "xgboost": "xgboost-cpu",
}


def test_fixtures_and_scripts_are_pairs():
    fixtures = {path.stem for path in HERE.glob("*.json")}
    writers = {path.stem for path in scripts() if path.name not in WRITES}
    assert fixtures - writers == set(), "fixtures without a script"
    assert writers - fixtures == set(), "scripts without a fixture"
    assert len(fixtures) >= 31


def test_data_files_and_scripts_are_pairs():
    stored = {str(path.relative_to(SETS)) for path in SETS.rglob("*") if path.is_file()}
    data = {name for name in stored if not name.endswith(("/LICENSE", "/SOURCE", ".rs"))}
    written = [name for names in WRITES.values() for name in names]
    assert len(written) == len(set(written)), "a data file with two scripts"
    assert data == set(written)
    names = {path.name for path in scripts()}
    assert WRITES.keys() <= names and READS.keys() <= WRITES.keys()
    assert all(name.partition(":")[0] in CLIENTS for reads in READS.values() for name in reads)


@pytest.mark.parametrize("script", sorted(WRITES))
def test_a_data_set_says_which_script_wrote_it(script):
    for name in WRITES[script]:
        source = (SETS / name).parent / "SOURCE"
        assert f"tests/references/{script}" in source.read_text(encoding="utf-8"), source


@pytest.mark.parametrize("script", scripts(), ids=lambda path: path.stem)
def test_a_script_writes_where_it_is_told(script):
    text = script.read_text(encoding="utf-8")
    asked = re.findall(r"\b(fixture\(__file__\)|data_set\()", text)
    assert asked == ["fixture(__file__)"] if script.name not in WRITES else "data_set(" in asked
    assert all(path.exists() for path in products(script).values())
    for allowed in tolerances(text).values():
        assert LAST_BITS <= allowed.relative < 1e-3 and 0.0 <= allowed.absolute < 1e-9


def test_the_lock_pins_every_package_that_is_imported():
    lines = (HERE / "requirements.lock").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    pins = [re.fullmatch(r"([A-Za-z0-9._-]+)==[0-9][\w.]*", line) for line in lines]
    assert all(pins), [line for line, pin in zip(lines, pins) if not pin]
    pinned = {pin[1] for pin in pins}
    assert len(pinned) == len(lines)
    imported = set()
    for script in scripts():
        for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module.partition(".")[0])
    imported -= sys.stdlib_module_names | {"place"}
    assert {IMPORTED_AS.get(name, name) for name in imported} - pinned == set()


STORED = {"n": 3, "x": [1.0, 1e-20, 2.5], "label": "a", "none": None}
CHANGED = [
    ({**STORED, "n": 4}, ".n: 3 is stored, 4 was made"),
    ({**STORED, "n": 3.0}, ".n: 3 is stored, 3.0 was made"),
    ({**STORED, "n": True}, ".n: 3 is stored, True was made"),
    ({**STORED, "label": "b"}, ".label: 'a' is stored, 'b' was made"),
    ({**STORED, "none": 0}, ".none: None is stored, 0 was made"),
    ({**STORED, "x": [1.0, 1e-20]}, ".x: 3 entries are stored, 2 were made"),
    ({**STORED, "x": [1.0, 1e-20, 2.5 + 1e-8]}, ".x[2]: 2.5 is stored, 2.50000001 was made"),
    ({**STORED, "x": [1.0, 1e-20, float("nan")]}, ".x[2]: 2.5 is stored, nan was made"),
    ({**STORED, "x": [1.0, 1e-8, 2.5]}, ".x[1]: 1e-20 is stored, 1e-08 was made"),
    ({**STORED, "new": 1}, ".new: made, but not stored"),
    ({k: v for k, v in STORED.items() if k != "n"}, ".n: stored, but no longer made"),
]


@pytest.mark.parametrize("made, line", CHANGED)
def test_a_change_is_seen(made, line):
    assert list(differences(STORED, made, {"": Allowed()})) == [line]


def test_the_last_bits_may_differ():
    made = {**STORED, "x": [1.0 + 1e-13, -1e-17, 2.5 - 1e-12]}
    assert list(differences(STORED, made, {"": Allowed()})) == []
    assert list(differences({"p": 1e-70}, {"p": 2e-70}, {"": Allowed()})) != []
    assert list(differences({"p": 1e-70}, {"p": 2e-70}, {"": Allowed(absolute=1e-60)})) == []


def test_a_tolerance_holds_below_its_key_only():
    stored, made = {"a": {"b": [1.0]}, "c": [1.0]}, {"a": {"b": [1.001]}, "c": [1.001]}
    stated = {"": Allowed(), "a": Allowed(0.01)}
    assert list(differences(stored, made, stated)) == [".c[0]: 1.0 is stored, 1.001 was made"]


def test_a_script_may_say_what_it_allows():
    lines = "Made anew to 1e-6: why.\nMade anew to 1e-9 or within 1e-28 in b: why."
    assert tolerances(f'"""Writes a.json.\n\n{lines}\n"""') == {"": Allowed(1e-6), "b": Allowed(1e-9, 1e-28)}
    assert tolerances('"""Writes a.json."""') == {"": Allowed()}
    assert tolerances('"""Made anew to 1e-6:"""') == {"": Allowed()}, "a tolerance without a reason is none"


def test_files_are_compared_by_value_or_by_byte(tmp_path):
    one, two = tmp_path / "a.json", tmp_path / "b.json"
    one.write_text(json.dumps(STORED))
    two.write_text(json.dumps(STORED, indent=1))
    assert compare(one, two, {"": Allowed()}) == []
    one, two = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_bytes(b"x\n1\n")
    two.write_bytes(b"x\n1\n2\n")
    assert compare(one, two, {"": Allowed()}) == ["line 3: None is stored, b'2\\n' was made"]


def test_helpers_are_there():
    assert all((HERE / name).exists() for name in HELPERS)
