"""A notebook that is wrong turns red under `mlnotes-kernel test`, whatever the way in which it is wrong."""

import json
import os
import re
import signal
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import pytest
from execute import compare, differ, differ_markup

ROOT = Path(__file__).resolve().parents[2]
KERNEL = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "mlnotes-kernel"

# Longer than a cell without end has to be watched, and than a small one takes on a busy machine.
LIMIT = 20

# What a cell does, and what must be said of it.
FAULTS = {
    "assertion": ("assert_eq!(1 + 1, 3);", "assertion `left == right` failed"),
    "panic": ('panic!("planted");', "planted"),
    "question mark": ('let n: i32 = "abc".parse()?;', "ParseIntError"),
    "compile error": ("let n: i32 = 1.5;", "mismatched types"),
    "abort": ("std::process::abort()", "SIGABRT"),
    "exit": ("std::process::exit(0)", "exited (exit code 0)"),
    "stack overflow": (
        "fn deep(n: u64) -> u64 { let a = [n; 4096]; 1 + deep(n + std::hint::black_box(a)[7]) } deep(0)",
        "SIG",
    ),
    "endless loop": ("loop { std::hint::spin_loop() }", f"more than {LIMIT} s (--timeout)"),
    "endless compile": (
        "#[allow(long_running_const_eval)]\n"
        "const N: u64 = { let mut i = 0u64; while i < u64::MAX { i += 1; } i };\nN",
        f"more than {LIMIT} s (--timeout)",
    ),
    "input": ('let mut s = String::new(); print!("name? "); std::io::stdin().read_line(&mut s)?;', "name?"),
}


def code(source, text=None, count=1, tags=()):
    """A code cell with what is stored of its run: a line on standard output, or nothing."""
    cell = nbformat.v4.new_code_cell(source, execution_count=count)
    if text is not None:
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
    if tags:
        cell.metadata.tags = list(tags)
    return cell


def write(path, *cells):
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    nbformat.write(notebook, path)
    return path


def run(*arguments, **options):
    command = [str(KERNEL), "test", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def processes_with(mark):
    """The programs that run now with this in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().split(b"\0")[0].decode())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("name", FAULTS)
def test_each_way_to_fail_is_red(name, tmp_path):
    source, said = FAULTS[name]
    path = write(tmp_path / "planted.ipynb", code("let before = 1;"), code(source, count=2), code("1", count=3))
    done = run("--timeout", LIMIT, path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert said in done.stdout
    assert "cell 2 of 3, [2]" in done.stdout and "1 after it not run" in done.stdout
    assert "cell 1 of 3, [1]\n" not in done.stdout
    assert "evcxr" not in done.stdout and "mlnotes_cell" not in done.stdout


def test_a_failing_assertion_in_a_real_notebook_is_red():
    # In the notebooks' folder, so that it sees the same crates.
    path = ROOT / "notebooks" / ".planted.ipynb"
    notebook = nbformat.read(ROOT / "notebooks" / "00_quickstart.ipynb", as_version=4)
    count = 1 + sum(cell.cell_type == "code" for cell in notebook.cells)
    notebook.cells.append(code("assert!(iris.x.nrows() == 149);", count=count))
    try:
        nbformat.write(notebook, path)
        done = run(path)
    finally:
        path.unlink(missing_ok=True)
    assert done.returncode == 1, done.stdout
    assert "assertion failed" in done.stdout and f"[{count}]" in done.stdout


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (code('println!("loss 0.9730")', "loss 0.9650\n"), ["stored  loss 0.9650", "now     loss 0.9730"]),
        (code('println!("a")'), ["an output is not stored", "now     stdout: a"]),
        (code("let a = 1;", "a\n"), ["a stored output is missing", "stored  stdout: a"]),
        (code('println!("a")', "a\n", count=2), ["execution count", "stored  2", "now     1"]),
        (code('println!("a")', "a\n", count=None), ["execution count", "stored  none"]),
    ],
    ids=["stale output", "missing output", "output of nothing", "count of another run", "no count"],
)
def test_what_is_stored_must_be_what_comes_out(stored, said, tmp_path):
    path = write(tmp_path / "stale.ipynb", stored)
    done = run(path)
    assert done.returncode == 1, done.stdout
    assert all(words in done.stdout for words in said), done.stdout
    # And after an update it is, whatever was stored.
    assert run("--update", path).returncode == 0
    assert run(path).returncode == 0


def test_what_may_differ_is_green(tmp_path):
    cells = code('println!("loss 0.1234")', "loss 0.1235\n"), code('println!("b")', "b\n", count=2)
    path = write(tmp_path / "green.ipynb", *cells)
    before = path.read_bytes()
    done = run(path)
    assert done.returncode == 0, done.stdout
    assert re.match(r"ok +\S+green\.ipynb  \d+\.\d s  slowest: cell [12] of 2, \[[12]\] \d+\.\d s", done.stdout)
    # What agrees is not stored anew: no digit goes back and forth between two processors.
    assert run("--update", path).returncode == 0
    assert path.read_bytes() == before


def test_tags(tmp_path):
    cells = [
        nbformat.v4.new_markdown_cell("# Tags"),
        code('panic!("never")', count=None, tags=["skip-execution"]),
        code('panic!("on purpose")', tags=["raises-exception"]),
        code("std::process::id()", "4711\n", count=2, tags=["ignore-output"]),
        code("", count=None),
    ]
    path = write(tmp_path / "tags.ipynb", *cells)
    assert run("--update", path).returncode == 0
    notebook = nbformat.read(path, as_version=4)
    assert notebook.cells[2].outputs[0].ename == "Panic"
    assert notebook.cells[3].outputs[0].text == "4711\n", "an ignored output is not stored anew"
    assert run(path).returncode == 0
    notebook.cells[2].source = "let fine = 1;"
    nbformat.write(notebook, path)
    done = run(path)
    assert done.returncode == 1 and "came to its end" in done.stdout


def test_exit_codes(tmp_path):
    good = write(tmp_path / "good.ipynb", code("let a = 1;"))
    red = write(tmp_path / "red.ipynb", code("panic!()"))
    (tmp_path / "old.ipynb").write_text('{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}')
    (tmp_path / "half.ipynb").write_text('{"cells": [')
    python = nbformat.v4.new_notebook(cells=[code("print(1)")], metadata={"language_info": {"name": "python"}})
    nbformat.write(python, tmp_path / "python.ipynb")
    assert run(good).returncode == 0
    assert run(good, red).returncode == 1
    for name, said in {
        "gone": "cannot be read",
        "old": "format is 3",
        "half": "no notebook",
        "python": "cells in `python`",
    }.items():
        done = run(tmp_path / f"{name}.ipynb", good)
        assert done.returncode == 2 and said in done.stdout, done.stdout
        assert "ok      " in done.stdout, "the others run all the same"
    assert run().returncode == 2
    assert run("--timeout", 0, good).returncode == 2
    # A compiler that is not there is nobody's failure.
    done = run(good, env={**os.environ, "RUSTC": str(tmp_path / "rustc")})
    assert done.returncode == 2 and "BROKEN" in done.stdout, done.stdout


def test_an_update_changes_what_it_must_and_no_other_byte(tmp_path):
    # Not as Jupyter writes: other indentation, order of keys, escapes, fields, no last line break.
    text = """{
    "nbformat": 4, "nbformat_minor": 5,
    "metadata": {"zeta": 1e-05, "alpha": {"b": 1, "a": [ ]}},
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "caf\\u00e9 ☕"},
        {
            "outputs": [],
            "id": "b",
            "cell_type": "code",
            "vendor": {"x": 1.0},
            "source": "println!(\\"é\\\\n😀\\")",
            "metadata": {"z": true, "a": null},
            "execution_count": null
        }
    ]
}"""
    path = tmp_path / "odd.ipynb"
    path.write_text(text)
    assert run("--update", path).returncode == 0
    outputs = """"outputs": [
                {
                    "name": "stdout",
                    "output_type": "stream",
                    "text": [
                        "é\\n",
                        "😀\\n"
                    ]
                }
            ],"""
    expected = text.replace('"outputs": [],', outputs).replace('"execution_count": null', '"execution_count": 1')
    assert path.read_text() == expected
    assert run("--update", path).returncode == 0 and path.read_text() == expected


def test_an_update_writes_as_jupyter_does(tmp_path):
    sources = ['println!("a\\u{c}b\\rc\\u{2028}d\\n");', "vec![1.5, 2.0]", 'eprintln!("é"); print!("")']
    path = write(tmp_path / "new.ipynb", *[code(source, count=None) for source in sources])
    assert run("--update", path).returncode == 0
    ours = path.read_bytes()
    nbformat.write(nbformat.read(path, as_version=4), path)
    assert path.read_bytes() == ours


def test_a_failed_run_is_not_stored(tmp_path):
    path = write(tmp_path / "red.ipynb", code('println!("new")', "old\n"), code("panic!()", count=2))
    before = path.read_bytes()
    assert run("--update", path).returncode == 1
    assert path.read_bytes() == before


def test_each_notebook_has_its_own_folder_and_session(tmp_path):
    paths = []
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "word.txt").write_text(name)
        cells = code('let word = std::fs::read_to_string("word.txt")?;'), code("word", count=2)
        paths.append(write(tmp_path / name / "same.ipynb", *cells))
    done = run("--update", "--jobs", 3, *paths)
    assert done.returncode == 0, done.stdout
    for path in paths:
        (output,) = nbformat.read(path, as_version=4).cells[1].outputs
        assert output.data["text/plain"] == f'"{path.parent.name}"'


def test_an_interrupt_of_one_notebook_spares_the_others(tmp_path):
    # While one is interrupted, in its cell and in its compiler, others compile and run beside it.
    slow = [write(tmp_path / f"slow{n}.ipynb", code(FAULTS[f"endless {what}"][0]))
            for n, what in enumerate(["loop", "compile"])]
    cells = [code(f"let a{n} = {n};", count=n) for n in range(1, 12)]
    well = write(tmp_path / "well.ipynb", *cells)
    done = run("--jobs", 3, "--timeout", LIMIT, *slow, well)
    assert done.returncode == 1
    assert "2 red" in done.stdout and "1 ok" in done.stdout, done.stdout


def test_junit(tmp_path):
    cells = code("let a = 1;"), code("a + 1", "stale\n", count=2), code("panic!()", count=3), code("1", count=4)
    path = write(tmp_path / "four.ipynb", *cells)
    done = run("--junit", tmp_path / "out" / "junit.xml", path, tmp_path / "gone.ipynb")
    assert done.returncode == 2
    suites = ElementTree.parse(tmp_path / "out" / "junit.xml").getroot()
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("5", "2", "1")
    cases = suites.find(f"testsuite[@name='{path}']").findall("testcase")
    assert [case.get("name") for case in cases] == [f"cell {n} of 4, [{n}]" for n in (1, 2, 3)] + ["cell 4 of 4"]
    assert [[child.tag for child in case] for case in cases] == [[], ["failure"], ["failure"], ["skipped"]]
    assert float(cases[0].get("time")) > 0 and cases[1].get("file") == str(path)


def test_annotations_for_github_point_at_the_cell(tmp_path):
    (tmp_path / "in").mkdir()
    path = write(tmp_path / "in" / "two.ipynb", code("let a = 1;"), code('println!("::error::no")', "x\n", count=2))
    environment = {**os.environ, "GITHUB_WORKSPACE": str(tmp_path)}
    done = run("--format", "github", "two.ipynb", cwd=tmp_path / "in", env=environment)
    assert done.returncode == 1
    (annotation,) = [line for line in done.stdout.splitlines() if line.lstrip().startswith("::")]
    line = 1 + path.read_text().splitlines().index('    "println!(\\"::error::no\\")"')
    assert annotation.startswith(f"::error file=in/two.ipynb,line={line},title=cell 2 of 2%2C [2]%3A stdout")


EXERCISES = """## Exercises

1. Double `a`. Pass: `assert_eq!(b, 2 * a);`
2. Say {two} Pass: `assert_eq!(word, "no");`

<details><summary>Answers</summary>

1. `let b = a + a;`
2. `let word = "no";`

</details>"""


def test_answers_run_in_the_session_and_a_wrong_one_is_red(tmp_path):
    def tested(text):
        cells = code("let a = 21;"), nbformat.v4.new_markdown_cell(text)
        return run("--answers", write(tmp_path / "exercises.ipynb", *cells))

    right = EXERCISES.format(two="no.")
    done = tested(right)
    assert done.returncode == 0, done.stdout
    done = tested(right.replace("a + a", "a + 1"))
    assert done.returncode == 1 and "exercise 1 (cell 2 of 2)" in done.stdout
    assert "exercise 2" not in done.stdout
    done = tested(right.replace('Pass: `assert_eq!(word, "no");`', ""))
    assert done.returncode == 1 and "exercise 2" in done.stdout and "no assertion" in done.stdout
    done = tested(right.split("<details>")[0])
    assert done.returncode == 1 and "it has no answer" in done.stdout


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_the_command_is_the_end_of_all_that_it_started(signum, tmp_path):
    source = 'std::process::Command::new("sleep").arg("600").spawn()?; loop { std::hint::spin_loop() }'
    paths = [write(tmp_path / f"{name}.ipynb", code(source)) for name in "ab"]
    process = subprocess.Popen(
        [str(KERNEL), "test", "--jobs", "2", *map(str, paths)],
        env={**os.environ, "MARK": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        wait_until(lambda: processes_with(f"MARK={tmp_path}").count("sleep") == 2)
    finally:
        process.send_signal(signum)
        process.communicate(timeout=20)
    assert process.returncode == (-signum if signum == signal.SIGKILL else 128 + signum)
    wait_until(lambda: not processes_with(f"MARK={tmp_path}"), 20)


def wait_until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.1)


def test_the_second_witness_has_the_same_rules(tmp_path):
    def notebook(text):
        return nbformat.v4.new_notebook(cells=[code("1", text)])

    assert compare(notebook("0.9730"), notebook("0.9731")) == []
    assert compare(notebook("0.9730"), notebook("0.9650")) == ["cell 0: stdout: stored 0.9730, now 0.9650"]
    assert differ("loss 0.1234", "loss 0.1236") == "stored 0.1234, now 0.1236"
    assert differ("12 steps", "13 steps") == "stored 12, now 13"
    assert differ("1.0e-5", "1.1e-5") is None
    circle = '<circle cx="{}" cy="3"/><text x="1">{}</text>'
    assert differ_markup(circle.format(100, "0.5"), circle.format(104, "0.5")) is None
    assert differ_markup(circle.format(100, "0.5"), circle.format(105, "0.5")) is not None
    assert differ_markup(circle.format(100, "0.5"), circle.format(100, "0.7")) is not None


def test_chapters_are_written_as_jupyter_writes_them():
    for path in sorted((ROOT / "notebooks").glob("[!.]*.ipynb")):
        text = path.read_text()
        assert json.dumps(json.loads(text), indent=1, ensure_ascii=False, sort_keys=True) + "\n" == text, path
