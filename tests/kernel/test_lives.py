"""What must not end the process of cells, and the words of its commands."""

import json
import os
import re
import subprocess

import pytest
from conftest import Front
from jupyter_client.kernelspec import KernelSpecManager


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A session without crates, in a folder of its own."""
    front = Front(tmp_path_factory.mktemp("plain"))
    yield front
    front.close()


def kernel(*words, folder):
    """The kernel's program, with specs in a folder of the test's."""
    program = KernelSpecManager().get_kernel_spec("mlnotes").argv[0]
    env = {**os.environ, "JUPYTER_DATA_DIR": str(folder / "data")}
    return subprocess.run([program, *words], capture_output=True, text=True, cwd=folder, env=env)


def test_destructors_that_panic(plain):
    plain.run(
        "struct Bomb(u8);\nimpl Drop for Bomb { fn drop(&mut self) { panic!(\"boom {}\", self.0) } }\n"
        "let precious = 1; let a = Bomb(1); let b = Bomb(2); let c = Bomb(3);"
    )
    cell = plain.run("let a = 10; let b = 20;")
    assert cell.reply["ename"] == "Panic" and "boom" in cell.reply["evalue"], cell.reply
    assert "destructor" in cell.traceback()
    assert plain.run("(a, b, precious)").result() == "(10, 20, 1)"
    assert "boom 3" in plain.run(":forget c").reply["evalue"]
    assert plain.run("precious").result() == "1"


def test_a_hook_of_the_users_own(plain):
    plain.run("let precious = 1;")
    set_hook = 'std::panic::set_hook(Box::new(|i| println!("mine: {i}")));'
    cell = plain.run(f'{set_hook}\npanic!("first {{}}", 1)')
    assert cell.reply["evalue"] == "first 1" and "mine: panicked" in cell.text()
    cell = plain.run("let none: Option<u8> = None;\n\nnone.unwrap()")
    assert "called `Option::unwrap()`" in cell.reply["evalue"] and "]:3:" in cell.traceback()
    assert "mine: panicked" in cell.text()
    assert plain.run('drop(std::panic::take_hook());\npanic!("third")').reply["evalue"] == "third"
    cell = plain.run("let v: Vec<u8> = vec![];\nv[1]")
    assert "]:2:1" in cell.traceback() and cell.text("stderr") == ""
    assert plain.run("precious").result() == "1"
    plain.run(":restart")


def test_programs_have_no_arguments(plain):
    assert plain.run("std::env::args().count()").result() == "1"
    assert plain.run('std::env::var("EVCXR_IS_RUNTIME").is_ok()').result() == "true"


def test_backtraces_are_for_those_who_ask(tmp_path):
    front = Front(tmp_path, env={"RUST_BACKTRACE": "1"})
    try:
        status = "std::backtrace::Backtrace::capture().status()"
        assert front.run(status).result() == "Disabled"
        cell = front.run('panic!("told")')
        assert cell.reply["evalue"] == "told" and "backtrace" not in cell.traceback()
        front.run(":env RUST_LIB_BACKTRACE=1")
        front.run(":restart")
        assert front.run(status).result() == "Captured"
    finally:
        front.close()


@pytest.mark.parametrize(
    "code",
    [
        "(" * 30_000 + "1" + ")" * 30_000,
        "[" * 100_000,
        "let a = " + "!" * 50_000 + "true;",
        "+".join(["1"] * 20_000),
        "let a: " + "Vec<" * 5_000 + "u8" + ">" * 5_000 + " = todo!();",
    ],
    ids=["brackets", "open", "nots", "sum", "types"],
)
def test_code_that_nests_deeply(plain, code):
    plain.ask("is_complete", code)
    assert plain.run(code).status == "error"
    plain.ask("complete", code, len(code))
    assert plain.is_well()


def test_what_may_stand_before_the_code(plain):
    assert plain.run("\ufeff#![allow(dead_code)]\n//! about\nfn unused() -> u8 { 4 }\nunused()").result() == "4"
    assert plain.run("#![warn(clippy::all)]\nunused() + 1").result() == "5"
    assert "E0554" in plain.run("#![feature(never_type)]\n1").traceback()
    assert plain.is_well()


def test_foreign_functions_may_be_declared_again(plain):
    plain.run('unsafe extern "C" { fn abs(x: i32) -> i32; }')
    cell = plain.run('unsafe extern "C" { fn abs(x: i32) -> i32; fn labs(x: i64) -> i64; }\nunsafe { labs(-4) }')
    assert cell.result() == "4", cell.traceback()
    assert plain.run("unsafe { i64::from(abs(-3)) + labs(-4) }").result() == "7"


def test_an_error_says_its_words_first(plain):
    plain.run(
        "#[derive(Debug)] struct Off { line: usize }\n"
        'impl std::fmt::Display for Off { fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { '
        'write!(f, "line {} is off", self.line) } }\nimpl std::error::Error for Off {}\n'
        "#[derive(Debug)] struct Bare(u8);"
    )
    cell = plain.run("Err::<(), _>(Off { line: 3 })?;")
    assert cell.reply["evalue"] == "line 3 is off"
    assert "Off { line: 3 }" in cell.traceback() and "of type" in cell.traceback()
    assert plain.run("Err::<(), _>(Bare(3))?;").reply["evalue"] == "Bare(3)"
    assert plain.run('Err::<(), _>("words")?;').reply["evalue"] == "words"
    assert "Off { line: 4 }" in plain.run(
        "let all: Box<dyn std::error::Error> = Box::new(Off { line: 4 });\nErr::<(), _>(all)?;"
    ).traceback()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("let none: Vec<u8> = Vec::new();\nlet first = none.first()?;", "ok_or"),
        ("std::ops::ControlFlow::<u8, u8>::Break(1)?;", "in a cell"),
        ("struct Dull;\nfn f() -> Result<u8, Dull> { Err(Dull) }\nf()?", "derive(Debug)"),
        ("5?;", "`?`"),
        ("async fn f() -> Option<u8> { None }\nf().await?;", "ok_or"),
        # A function of the reader's own keeps its own words.
        ("struct Failure;\nfn f() -> Result<u8, Failure> { Some(3)? }", "Result<u8, Failure>"),
    ],
)
def test_a_question_mark_that_does_not_fit(plain, code, said):
    cell = plain.run(code)
    assert cell.reply["ename"] == "CompileError" and said in cell.traceback(), cell.traceback()
    assert "mlnotes" not in cell.traceback().lower() and "closure" not in cell.traceback(), cell.traceback()
    assert ("Failure" in cell.traceback()) == ("Failure" in code), cell.traceback()


@pytest.mark.parametrize("code", ["!raised", "!list.is_empty()", "!(raised || !raised)", "!matches!(raised, true);"])
def test_a_line_that_the_shell_does_not_know(plain, code):
    plain.run("let raised = true; let list = vec![1];")
    cell = plain.run(code)
    assert cell.status == "error" and "goes to the shell" in cell.traceback(), cell.traceback()
    (line,) = re.findall(r"write `(.*)`", cell.traceback())
    assert plain.run(line).result() in ("false", "true")
    # A program that fails by itself is no Rust.
    assert "goes to the shell" not in plain.run("!ls no-such-file").traceback()


@pytest.mark.parametrize(
    ("code", "help"),
    [
        ("struct Dice; impl Dice { fn r#gen(&self) -> u8 { 4 } }\nDice.gen()", "r#gen"),
        ("let fixed = 1;\nfixed += 1;", "mut fixed"),
        ("fn longer(a: &str) -> usize { a.len() }\nlonger(String::from(\"ab\"))", "&String"),
    ],
)
def test_a_suggestion_shows_the_word_that_it_changes(plain, code, help):
    assert f"`{help}`" in plain.run(code).traceback(), plain.run(code).traceback()


def test_commands_of_the_stock_kernel(plain):
    plain.run("let here = vec![1u8];")
    for line in (
        ":cache 100|:sccache 1|:clear_cache|:linker lld|:allow_static_linking 1|:preserve_vars_on_panic 1|:types|"
        ":fmt {:#?}|:efmt {:?}|:toolchain stable|:codegen_backend x|:time_passes|:last_error_json|:load_config|"
        ":internal_debug|:quit|:show_deps|:vars|:t|:type here|:last_compile_dir|:explain|:version|:help|:opt 1|:opt 0"
    ).split("|"):
        assert plain.run(line).status == "ok", line
    assert plain.run(":type here").text().endswith("std::vec::Vec<u8>\n")
    assert "0, 1, 2, 3" in plain.run(":opt 9").traceback()
    plain.run(":env SOME_NAME=two words\n:build_env OTHER=5")
    assert plain.run('(std::env::var("SOME_NAME")?, env!("OTHER"))').result() == '("two words", "5")'
    assert "sets no variable" in plain.run(":env SOME_NAME").traceback()
    plain.run("let moved = String::new(); drop(moved); moved.len()")
    explained = plain.run(":explain").of("display_data")[0]["data"]["text/plain"]
    assert "moved" in explained
    plain.run(":restart")
    assert "went with `:restart`" in plain.run("here").traceback()
    assert plain.run('std::env::var("SOME_NAME")?').result() == '"two words"'


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../../x", "my rust", "Rüst"])
def test_names_that_jupyter_does_not_take(name, tmp_path):
    for word in ["install", "uninstall"]:
        done = kernel(word, "--name", name, folder=tmp_path)
        assert done.returncode != 0 and "Jupyter takes" in done.stderr
    assert not (tmp_path / "data").exists()


def test_only_its_own_spec_is_removed(tmp_path):
    assert kernel("install", "--name", "mine", folder=tmp_path).returncode == 0
    other = tmp_path / "data/kernels/other"
    other.mkdir()
    (other / "kernel.json").write_text(json.dumps({"argv": ["python3", "-m", "ipykernel_launcher"]}))
    refused = kernel("uninstall", "--name", "other", folder=tmp_path)
    assert refused.returncode != 0 and "another program" in refused.stderr and other.exists()
    assert kernel("uninstall", "--name", "mine", folder=tmp_path).returncode == 0
    assert not (tmp_path / "data/kernels/mine").exists()


def test_doctor_runs_a_cell(tmp_path):
    assert "a cell runs" in kernel("doctor", folder=tmp_path).stdout
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "x\n[package.metadata.notebook]\n')
    done = kernel("doctor", folder=tmp_path)
    assert done.returncode != 0 and "Cargo.toml" in done.stdout


def test_a_home_with_a_comma(tmp_path):
    home = tmp_path / "Doe, John"
    home.mkdir()
    rust = {name: os.environ.get(name, os.path.expanduser(f"~/.{part}"))
            for name, part in [("CARGO_HOME", "cargo"), ("RUSTUP_HOME", "rustup")]}  # fmt: skip
    front = Front(tmp_path, env={"HOME": str(home), **rust})
    try:
        front.run("static N: std::sync::Mutex<u8> = std::sync::Mutex::new(2);")
        assert front.run("*N.lock().unwrap()").result() == "2"
    finally:
        front.close()
