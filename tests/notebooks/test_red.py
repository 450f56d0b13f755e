"""A notebook that is wrong turns red, whatever the way in which it is wrong."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from execute import compare, differ, differ_markup, execute
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[2]

FAULTS = {
    "assertion": ("assert_eq!(1 + 1, 3);", "Panic"),
    "panic": ('panic!("planted");', "Panic"),
    "question mark": ('let n: i32 = "abc".parse()?;', "Error"),
    "compile error": ("let n: i32 = 1.5;", "CompileError"),
    "abort": ("std::process::abort()", "Crashed"),
}


def notebook_with(*cells):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    return notebook


@pytest.mark.parametrize("name", FAULTS)
def test_each_way_to_fail_is_red(name, tmp_path):
    code, ename = FAULTS[name]
    path = tmp_path / "planted.ipynb"
    nbformat.write(notebook_with("let before = 1;", code), path)
    with pytest.raises(CellExecutionError) as red:
        execute(path)
    assert red.value.ename == ename
    assert "evcxr" not in str(red.value) and "mlnotes_cell" not in str(red.value)


def test_a_failing_assertion_in_a_real_notebook_is_red(tmp_path):
    # In the notebooks' folder, so that it sees the same crates.
    path = ROOT / "notebooks" / ".planted.ipynb"
    notebook = nbformat.read(ROOT / "notebooks" / "00_quickstart.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("assert!(iris.x.nrows() == 149);"))
    try:
        nbformat.write(notebook, path)
        command = [sys.executable, str(ROOT / "tests/notebooks/execute.py"), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        path.unlink(missing_ok=True)
    assert done.returncode == 1, done.stdout
    assert "assertion failed" in done.stdout


def test_a_stale_output_is_red(tmp_path):
    stored, now = notebook_with("1"), notebook_with("1")
    for notebook, text in ((stored, "0.9730"), (now, "0.9650")):
        notebook.cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
    assert compare(stored, now) == ["cell 0: stdout: stored 0.9730, now 0.9650"]


def test_what_may_differ_and_what_may_not():
    assert differ("loss 0.1234", "loss 0.1235") is None
    assert differ("loss 0.1234", "loss 0.1236") == "stored 0.1234, now 0.1236"
    assert differ("12 steps", "13 steps") == "stored 12, now 13"
    assert differ("1.0e-5", "1.1e-5") is None
    assert differ("a 1", "b 1") is not None
    circle = '<circle cx="{}" cy="3"/><text x="1">{}</text>'
    assert differ_markup(circle.format(100, "0.5"), circle.format(104, "0.5")) is None
    assert differ_markup(circle.format(100, "0.5"), circle.format(105, "0.5")) is not None
    assert differ_markup(circle.format(100, "0.5"), circle.format(100, "0.7")) is not None
