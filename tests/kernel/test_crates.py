"""Crates, files and the package of a notebook, and cells that wait for futures."""

import shutil
import time

import pytest
from conftest import Front

TOKIO = 'tokio = { version = "1", features = ["rt-multi-thread", "time", "macros", "sync"] }'


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A session with no manifest: several crates in one build."""
    folder = tmp_path_factory.mktemp("bare")
    library = folder / "my lib"
    (library / "src").mkdir(parents=True)
    (library / "Cargo.toml").write_text('[package]\nname = "my-lib"\nversion = "0.1.0"\nedition = "2024"\n')
    (library / "src/lib.rs").write_text("#[derive(Debug)]\npub struct Old(pub u8);\npub fn f() -> u8 { 1 }\n")
    front = Front(folder)
    front.folder = folder
    cell = front.run(f':dep {TOKIO}\n:dep itoa@1 // quick\n:dep my-lib = {{ path = "my lib" }}\n1', timeout=400)
    assert cell.result() == "1", cell.traceback()
    yield front
    front.close()


def works(front, cells):
    for code, wanted in cells:
        cell = front.run(code)
        assert cell.status == "ok", (code, cell.traceback())
        assert cell.result() == wanted, (code, cell.result())


# Cells that wait.


def test_await_wherever_it_stands(bare):
    bare.run("async fn next(x: u64) -> u64 { tokio::time::sleep(std::time::Duration::from_millis(5)).await; x + 1 }")
    bare.run("macro_rules! wait { ($e:expr) => { $e.await } }")
    works(
        bare,
        [
            ("next(1).await", "2"),
            ('format!("{}", next(2).await)', '"3"'),
            ("vec![next(1).await, next(2).await]", "[2, 3]"),
            ("wait!(next(4))", "5"),
            ("let (a, b) = tokio::join!(next(1), next(2));\na + b", "5"),
            ("tokio::select! { biased; n = next(6) => n, _ = std::future::pending::<()>() => 0 }", "7"),
            ("let kept = match next(8).await { n if n > 5 => Some(n), _ => None };\nkept", "Some(9)"),
        ],
    )
    assert bare.run('println!("{}", next(2).await);').text() == "3\n"
    assert bare.run("fn plain() -> u64 { next(1).await }").reply["ename"] == "CompileError"


def test_one_runtime_for_all_cells(bare):
    works(
        bare,
        [
            ("let (tx, mut rx) = tokio::sync::mpsc::channel::<u64>(9);\n0", "0"),
            (
                "let task = tokio::spawn(async move { for n in 1..4 { "
                "tokio::time::sleep(std::time::Duration::from_millis(40)).await; tx.send(n).await.unwrap(); } 7 });\n1",
                "1",
            ),
            ("(rx.recv().await, rx.recv().await)", "(Some(1), Some(2))"),
            ("task.await?", "7"),
            ("rx.try_recv().ok()", "Some(3)"),
        ],
    )


@pytest.mark.seconds
def test_an_interrupt_ends_what_is_awaited(bare):
    bare.run("let precious = vec![1, 2];")
    cell, seconds = bare.interrupted("std::future::pending::<()>().await;")
    assert cell.reply["ename"] == "Interrupted" and seconds < 2
    assert bare.run("precious.len()").result() == "2"


# Crates.


def test_crates_of_a_later_line_leave_the_earlier_ones(bare):
    bare.run("let sender = tokio::sync::watch::channel(5u8).0;")
    assert bare.run(':dep ryu = "1"', timeout=200).status == "ok"
    works(
        bare,
        [
            ("*sender.borrow()", "5"),
            ("ryu::Buffer::new().format(1.5).len() + itoa::Buffer::new().format(10).len()", "5"),
            ("tokio::spawn(async { 3 }).await?", "3"),
        ],
    )


def test_an_edited_crate_is_built_again(bare):
    works(bare, [("let old = my_lib::Old(my_lib::f());\nold", "Old(1)")])
    time.sleep(1.1)
    source = "#[derive(Debug)]\npub struct Old(pub String);\npub fn f() -> u8 { 2 }\n"
    (bare.folder / "my lib/src/lib.rs").write_text(source)
    works(bare, [(':dep my-lib = { path = "my lib" }\nmy_lib::f()', "2")])
    assert "another build of the crate `my_lib`" in bare.run("old").traceback()


@pytest.mark.parametrize("line", ["itoa 1", "itoa = 1 2", 'a = "1", b = "2"', ""])
def test_a_line_that_is_no_dependency(bare, line):
    cell = bare.run(f":dep {line}")
    assert cell.status == "error" and "as in Cargo.toml" in cell.traceback()


def test_features_that_the_manifest_lacks_are_named(front):
    cell = front.run(':dep plotters = { version = "0.3", features = ["bitmap_backend", "svg_backend"] }')
    words = cell.traceback()
    assert "`bitmap_backend`" in words and "`svg_backend`" not in words and "notebooks/Cargo.toml" in words


def test_the_line_for_a_crate_that_is_missing(tmp_path):
    toml = '[package]\nname = "my-tool"\nversion = "0.3.1"\nedition = "2024"\n[dependencies]\nitoa = "1"\n'
    (tmp_path / "Cargo.toml").write_text(toml)
    (tmp_path / "src").mkdir()
    (tmp_path / "src/lib.rs").write_text("")
    front = Front(tmp_path)
    try:
        for code in ["use itoa::Buffer;", "itoa::Buffer::new();", "extern crate itoa;"]:
            assert '`:dep itoa = "1"`' in front.run(code).traceback(), code
        assert '`:dep my-tool = { path = "." }`' in front.run("my_tool::f()").traceback()
        assert '`:dep other = "*"`' in front.run("other::f()").traceback()
        assert ":dep" not in front.run("std::nothing::f()").traceback()
        works(front, [('(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION_PATCH"))', '("my-tool", "1")')])
    finally:
        front.close()


def test_types_behind_a_crate_that_passes_another_on(tmp_path):
    """Under its own name, under another one, and in a module of the first crate's."""
    package = '[package]\nname = "{}"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\n{}\n'
    for name, needs, code in (
        ("deep", "", "#[derive(Debug)] pub struct Level(pub u8);\npub mod m { pub struct Open(pub u8); }\n"),
        ("harbour", 'deep = { path = "../deep" }',
         "pub use deep;\npub use deep as channel;\npub mod basin { pub use ::deep::Level; pub struct deep(pub u8); }\n"),
    ):
        (tmp_path / name / "src").mkdir(parents=True)
        (tmp_path / name / "Cargo.toml").write_text(package.format(name, needs))
        (tmp_path / name / "src/lib.rs").write_text(code)
    front = Front(folder=tmp_path)
    try:
        front.run(':dep harbour = { path = "harbour" }', timeout=300)
        front.run(
            "let one = harbour::channel::Level(1); let two = Some(harbour::channel::m::Open(2));\n"
            "let three = harbour::basin::Level(3); let four = harbour::basin::deep(4); let pair = (one, two);"
        )
        works(front, [("(pair.0.0, pair.1.as_ref().unwrap().0)", "(1, 2)"), ("three.0 + four.0", "7")])
        front.run("fn sum(pair: &(harbour::channel::Level, Option<harbour::channel::m::Open>)) -> u8 { pair.0.0 }")
        works(front, [("sum(&pair)", "1"), ("sum(&pair) + four.0", "5")])
    finally:
        front.close()


def test_a_native_library_is_found(tmp_path):
    if not shutil.which("cc"):
        pytest.skip("no C compiler")
    import subprocess

    native, crate = tmp_path / "native", tmp_path / "sums"
    native.mkdir()
    (crate / "src").mkdir(parents=True)
    (native / "sums.c").write_text("int sum_of(int a, int b) { return a + b; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", native / "libsumof.so", native / "sums.c"], check=True)
    (crate / "Cargo.toml").write_text('[package]\nname = "sums"\nversion = "0.1.0"\nedition = "2024"\n')
    (crate / "build.rs").write_text(
        f'fn main() {{ println!("cargo:rustc-link-search={native}"); println!("cargo:rustc-link-lib=sumof"); }}\n'
    )
    (crate / "src/lib.rs").write_text(
        'unsafe extern "C" { fn sum_of(a: i32, b: i32) -> i32; }\n'
        "pub fn sum(a: i32, b: i32) -> i32 { unsafe { sum_of(a, b) } }\n"
    )
    front = Front(tmp_path)
    try:
        works(front, [(':dep sums = { path = "sums" }\nsums::sum(20, 22)', "42"), ("sums::sum(1, 2)", "3")])
    finally:
        front.close()


# The notebook's folder.


def test_files_beside_the_notebook(tmp_path):
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers.rs").write_text("mod inner;\npub fn six() -> i32 { 2 * inner::three() }\n")
    (tmp_path / "helpers/inner.rs").write_text("pub fn three() -> i32 { 3 }\n")
    (tmp_path / "items.rs").write_text("pub struct Made { pub v: u64 }\npub fn make() -> Made { Made { v: 7 } }\n")
    (tmp_path / "part.rs").write_text("40 + 2")
    (tmp_path / "a b.csv").write_text("1,2\n")
    (tmp_path / "wrong.rs").write_text('\npub fn f() -> u8 { "x" }\n')
    front = Front(tmp_path)
    try:
        works(
            front,
            [
                ("mod helpers;\nhelpers::six()", "6"),
                ('#[path = "helpers/inner.rs"]\nmod other;\nother::three() + helpers::six()', "9"),
                ('(include_str!("a b.csv").len(), include_bytes!("part.rs").len(), include!("part.rs"))', "(4, 6, 42)"),
                ('include!("items.rs");\nlet made = make();\nmade.v', "7"),
                ("made.v + make().v", "14"),
                (f'env!("CARGO_MANIFEST_DIR") == {str(tmp_path.resolve())!r}'.replace("'", '"'), "true"),
            ],
        )
        # An edited file is another file, but only for the cell that names it again.
        text = 'pub struct Made { pub v: String }\npub fn make() -> Made { Made { v: "s".into() } }\n'
        (tmp_path / "items.rs").write_text(text)
        works(front, [("made.v", "7"), ('include!("items.rs");\nmake().v', '"s"')])
        assert "changed" in front.run("made.v").traceback()
        assert "wrong.rs:2:20" in front.run("mod wrong;").traceback()
    finally:
        front.close()


def test_a_manifest_with_a_mistake_is_shown_with_its_line(tmp_path):
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "x\n[package.metadata.notebook]\n')
    front = Front(tmp_path)
    try:
        words = front.run("1 + 1").traceback()
        assert "Cargo.toml:2" in words and 'name = "x' in words, words
        assert front.is_well()
    finally:
        front.close()


@pytest.mark.skipif(not shutil.which("rustup"), reason="toolchains are rustup's")
def test_a_toolchain_that_is_not_there_is_named(tmp_path):
    (tmp_path / "rust-toolchain.toml").write_text('[toolchain]\nchannel = "1.0.1"\n')
    front = Front(tmp_path, env={"RUSTUP_AUTO_INSTALL": "0"})
    try:
        words = front.run("1 + 1").traceback()
        assert "rust-toolchain.toml" in words and "1.0.1" in words and "rustup toolchain install" in words
    finally:
        front.close()


def test_a_companion_speaks_of_the_environments_types(front):
    """`ndarray-stats` is in the notebooks' lock file: nothing of theirs is built a second time."""
    cell = front.run(':dep ndarray-stats = "0.6"', timeout=400)
    assert cell.status == "ok", cell.traceback()
    works(
        front,
        [
            ("use ndarray::prelude::*;\nuse ndarray_stats::QuantileExt;\nlet a = array![1.0, 5.0, 3.0];\n*a.max()?", "5.0"),
            ("*a.min()?", "1.0"),
        ],
    )
