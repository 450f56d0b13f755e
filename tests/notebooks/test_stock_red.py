"""A chapter that goes wrong on the stock kernel turns red there, whatever the way in which it goes wrong.

All of it on the real stock kernel, which says of most of these that they went well.
"""

import os
from pathlib import Path

import nbformat
import pytest
import stock
from stock_record import ROOT

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PROGRAM = TARGET / "release" / "examples" / "stock"

# What the cell is, and what must be said of it. In this order, in one session.
FAULTS = {
    "assertion": ("assert_eq!(1 + 1, 3);", "panicked at"),
    "question mark": ('let n: i32 = "abc".parse()?;', "invalid digit found in string"),
    "question mark in the last line": ('"abc".parse::<f64>()?', "invalid float literal"),
    "question mark without words": (
        "struct Mute;\nimpl std::fmt::Display for Mute {\n"
        "    fn fmt(&self, _: &mut std::fmt::Formatter) -> std::fmt::Result { Ok(()) }\n}\n"
        "Err::<(), Mute>(Mute)?;",
        "on stderr:",
    ),
    "panic in a thread": ('let _ = std::thread::spawn(|| panic!("planted")).join();', "planted"),
    "compile error": ("let n: i32 = 1.5;", "mismatched types"),
    "abort": ("std::process::abort()", "SIGABRT"),
    "exit": ("std::process::exit(0);", "Subprocess terminated"),
    "stack overflow": (
        "fn deep(n: u64) -> u64 { if n == 0 { 0 } else { 1 + std::hint::black_box(deep(n + 1)) } }\ndeep(1)",
        "Subprocess terminated",
    ),
}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    assert PROGRAM.exists(), f"{PROGRAM} is missing: run `make stock-kernel`"
    return stock.add_stock(PROGRAM, [tmp_path_factory.mktemp("crate")])[0]


def write(path, cells):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(notebook, path)
    return path


def test_each_way_to_fail_is_seen(kernel, tmp_path):
    with stock.session(kernel, tmp_path) as session:
        assert session.run('let n: i32 = "12".parse()?;\nprintln!("{n}");') == stock.Outcome(stdout="12\n")
        for name, (code, said) in FAULTS.items():
            outcome = session.run(code)
            # What comes late on stderr is under the name of the cell after it.
            late = session.run("1")
            found = stock.COLOUR.sub("", "\n".join(outcome.faults + late.faults))
            assert said in found, (name, outcome, late)
        with pytest.raises(TimeoutError, match="has not ended after 6 s"):
            session.run("loop {}", timeout=6)


def test_a_notebook_is_red_at_its_cell_and_green_without_the_fault(kernel, tmp_path):
    path = write(tmp_path / "planted.ipynb", ["let a = 1;", 'let n: i32 = "abc".parse()?;', "a"])
    # The last cell is where what comes late is filed; the first fault ends the run.
    (fault,) = stock.check(path, kernel)
    places = ("code cell 2", "code cell 3", "after the last cell")
    assert fault in [f"{place}: on stderr: invalid digit found in string" for place in places]
    assert stock.check(write(path, ["let a = 1;", 'let n: i32 = "12".parse()?;', "a"]), kernel) == []


def test_a_cell_that_shows_nothing_and_tags(kernel, tmp_path):
    notebook = nbformat.v4.new_notebook()
    shown = nbformat.v4.new_output("execute_result", {"text/plain": "1"})
    notebook.cells = [
        nbformat.v4.new_code_cell("1;", outputs=[shown]),
        nbformat.v4.new_code_cell("panic!()", metadata={"tags": ["raises-exception"]}),
        nbformat.v4.new_code_cell("panic!()", metadata={"tags": ["skip-execution"]}),
    ]
    path = tmp_path / "tagged.ipynb"
    nbformat.write(notebook, path)
    (fault,) = stock.check(path, kernel)
    assert fault == "code cell 1: it shows nothing here; as it is stored, ['text/plain']"
