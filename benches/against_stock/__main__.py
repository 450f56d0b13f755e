"""What notebooks do to a Rust kernel, on ours and on the stock kernel, as docs/kernel-against-stock.md.

    .venv/bin/python benches/against_stock.py target/release/examples/stock [KIND …]

Each case is a session: its cells run in order in a folder of its own, and what the last one must say is
written beside it. A case counts as right when it does.
"""

import argparse
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "notebooks"))

from execute import add_stock  # noqa: E402
from jupyter_client.manager import KernelManager  # noqa: E402

PAGE = ROOT / "docs" / "kernel-against-stock.md"
HEAD = """# The kernel against the stock one

The kinds of input that people report to Rust kernels, tried on this kernel and on stock evcxr 0.22 by
`benches/against_stock.py`, which writes this page: a case is a few cells in a folder of their own, and right
when its last cell says what stands beside it in the script. A failure is told by its own first words.

"""


@dataclass
class Case:
    """One session: cells, what the last must give, files beside them, and why the kernels differ."""

    kind: str
    title: str
    cells: list
    wanted: str
    why: str = ""
    files: dict = field(default_factory=dict)


TOKIO = ':dep tokio = { version = "1", features = ["rt-multi-thread", "time", "macros"] }'
ITEMS = "items stand in levels, so that a changed type is another type"
LOST = "error:changed|was of the type|begins anew|no longer|not found|cannot find"
CASES = [
    Case("1 a value outlives its type", "a variable, its struct edited", [
        "struct Row { n: u64 }\nlet row: Row = Row { n: 8 };", "struct Row { n: String }", "row.n.len()"], LOST, ITEMS),
    Case("1 a value outlives its type", "a value behind `Any`", [
        "struct Row { n: u64 }\nlet kept: Box<dyn std::any::Any> = Box::new(Row { n: 8 });",
        "struct Row { n: String }", "kept.downcast_ref::<Row>().map(|row| row.n.len())"], "None", ITEMS),
    Case("1 a value outlives its type", "a type behind a module", [
        "mod shape { pub struct P { pub n: u64 } }\nuse shape::P;\nstruct All { p: P }\nlet all: All = All { p: P { n: 8 } };",
        "mod shape { pub struct P { pub n: String } }", "all.p.n.len()"], LOST, ITEMS),
    Case("2 capital letters", "a variable called `X`", ["let X: Vec<f64> = vec![1.0, 2.0];", "X.len()"], "2"),
    Case("2 capital letters", "a pattern of two", ["let (Q, R): (i32, i32) = (1, 2);\nlet Q: i32 = Q; let R: i32 = R;", "Q + R"], "3"),
    Case("3 edits deadlock", "a struct and a function of it, edited one by one", [
        "struct Pt { x: f64 }", "fn norm(p: &Pt) -> f64 { p.x }", "struct Pt { a: f64 }",
        "fn norm(p: &Pt) -> f64 { p.a }", "norm(&Pt { a: 2.5 })"], "2.5", "the older item is set aside until its cell runs again"),
    Case("4 a failed cell takes variables", "a struct edited in a cell that does not compile", [
        "struct Model { w: f64 }\nlet model: Model = Model { w: 1.5 };",
        "struct Model { w: f64, b: f64 }\nlet other = missing_name;", "model.w"], "1.5"),
    Case("5 companions", "two crates that share a type", [
        ':dep ndarray = "0.16"\n:dep ndarray-stats = "0.6"',
        "use ndarray::prelude::*;\nuse ndarray_stats::QuantileExt;\n*array![1.0, 5.0].max()?"], "5.0"),
    Case("6 await", "in the arguments of a macro", [
        "async fn two(x: i32) -> i32 { 2 * x }", 'format!("{}", two(3).await)'], '"6"', "macros are looked into"),
    Case("6 await", "in the expansion of a macro", [
        "async fn two(x: i32) -> i32 { 2 * x }\nmacro_rules! wait { ($e:expr) => { $e.await } }", "wait!(two(3))"], "6",
        "learned from rustc's own error"),
    Case("6 await", "`tokio::spawn` in a cell that does not wait", [
        TOKIO, "let task: tokio::task::JoinHandle<u8> = tokio::spawn(async { 5 });", "task.await?"], "5",
        "one runtime, entered for every cell"),
    Case("6 await", "`tokio::join!`", [TOKIO, "let (a, b) = tokio::join!(async { 1 }, async { 2 });\na + b"], "3"),
    Case("7 native libraries", "the C library's own", [
        'unsafe extern "C" { fn abs(x: i32) -> i32; }\nunsafe { abs(-3) }'], "3"),
    Case("9 what a macro makes", "a type", [
        "macro_rules! wrap { ($n:ident) => { #[derive(Debug)] struct $n(f64); } }\nwrap!(Metres);", "Metres(5.0).0"], "5.0"),
    Case("9 what a macro makes", "`thread_local!`", [
        "use std::cell::Cell;\nthread_local! { static N: Cell<u8> = Cell::new(1); }\nN.with(|n| n.set(5));",
        "N.with(|n| n.get())"], "5", "keys exist once"),
    Case("10 types with a lifetime", "an iterator over 'static text", [
        "let mut letters: std::str::Chars<'static> = \"abc\".chars();", "letters.next()"], "Some('a')"),
    Case("11 impls", "the same trait by another path", [
        "struct T;\nimpl std::fmt::Display for T { fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, \"one\") } }",
        "use std::fmt;\nimpl fmt::Display for T { fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { write!(f, \"two\") } }",
        "T.to_string()"], '"two"'),
    Case("11 impls", "one method of two defined anew", [
        "struct Bot(i32);\nimpl Bot { fn new() -> Self { Bot(1) } fn step(&self) -> i32 { self.0 } }",
        "impl Bot { fn step(&self) -> i32 { self.0 + 10 } }", "Bot::new().step()"], "11"),
    Case("12 a user's `Ok`", "an enum with a variant `Ok`", [
        "#[derive(Debug)] enum Reply { Ok(i32), Missing }\nuse Reply::*;\nlet r: Reply = Ok(3);", "r"], "Ok(3)"),
    Case("13 cargo's variables", "the folder of the package", ['env!("CARGO_MANIFEST_DIR").len() > 0'], "true"),
    Case("14 files beside the notebook", "`include_str!`", ['include_str!("data.csv").len()'], "4", "names are those of the notebook's folder",
         {"data.csv": "1,2\n"}),
    Case("14 files beside the notebook", "`mod helpers;`", ["mod helpers;\nhelpers::three()"], "3", "",
         {"helpers.rs": "pub fn three() -> u8 { 3 }\n"}),
    Case("15 the marker of evcxr", "`EVCXR_IS_RUNTIME`", ['std::env::var("EVCXR_IS_RUNTIME").is_ok()'], "true"),
    Case("16 name spaces", "a module and a function of one name", [
        "use std::fmt;\nstruct Q;\nimpl fmt::Debug for Q { fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { write!(f, \"Q\") } }",
        "fn fmt(x: f64) -> f64 { x }\nfmt(1.0)", "Q"], "Q"),
    Case("17 `:dep`", "a comment behind the line", [':dep itoa = "1" // quick', "itoa::Buffer::new().format(12).len()"], "2"),
    Case("17 `:dep`", "`name@version`", [":dep itoa@1", "itoa::Buffer::new().format(12).len()"], "2"),
    Case("20 the process ends", "a destructor that panics when its variable is replaced", [
        'struct Bomb;\nimpl Drop for Bomb { fn drop(&mut self) { panic!("boom") } }\nlet safe: i32 = 1;\nlet b: Bomb = Bomb;',
        "let b: i32 = 2;", "safe"], "1", "each drop is guarded"),
    Case("20 the process ends", "the program's arguments", ["std::env::args().count()"], "1"),
    Case("21 a panic hook of the user's", "a panic after `set_hook`", [
        "std::panic::set_hook(Box::new(|_| {}));", 'panic!("my words")'], "error:my words"),
    Case("22 missing crates", "the remedy is in the error", ["use itoa::Buffer;"], "error::dep itoa", "",
         {"Cargo.toml": '[package]\nname = "tool"\nversion = "0.1.0"\n[dependencies]\nitoa = "1"\n', "src/lib.rs": ""}),
    Case("23 types that a cell cannot write", "a function in a variable", [
        "fn shout(s: &str) -> String { s.to_uppercase() }\nlet f = shout;", 'f("a")'], '"A"'),
    Case("24 places", "a panic in the last expression", [
        "let m: i32 = std::hint::black_box(i32::MAX);\n\nm + 1"], r"error::3:\d"),
    Case("24 places", "`dbg!`", ["dbg!(1 + 1);"], r"text:cell \[1\]:1:1"),
    Case("25 odd cells", "inner attributes", ["#![allow(dead_code)]\nfn unused() -> u8 { 1 }\nunused()"], "1"),
    Case("25 odd cells", "a byte order mark", ["\ufefflet z: i32 = 1;\nz"], "1"),
    Case("25 odd cells", "a block of foreign functions, edited", [
        'unsafe extern "C" { fn abs(x: i32) -> i32; }', 'unsafe extern "C" { fn abs(x: i32) -> i32; fn labs(x: i64) -> i64; }',
        "unsafe { labs(-4) }"], "4"),
    Case("25 odd cells", "30 000 brackets, then a plain cell", ["(" * 30_000 + "1" + ")" * 30_000, "1 + 1"], "2",
         "code is parsed on a stack of its own, to a depth"),
    Case("26 messages", "a function that names a variable", [
        "let rate: i32 = 2;", "fn pay(h: i32) -> i32 { h * rate }"], "error:variable"),
    Case("28 commands", "`:env`", [":env SOME_NAME=1", 'std::env::var("SOME_NAME")?'], '"1"'),
    Case("28 commands", "`:type`", ["let v: u8 = 1;", ":type v"], "text:u8"),
    Case("29 `?`", "an error with `Display` and `Debug`", [
        "#[derive(Debug)] struct Off;\nimpl std::fmt::Display for Off { fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result "
        '{ write!(f, "it is off") } }',
        "Err::<(), Off>(Off)?;"], "error:it is off", "`Display` is found behind `Debug`"),
    Case("29 `?`", "a failed `?` is an error", ['let n: i32 = "x".parse::<i32>()?;'], "error:invalid digit"),
]  # fmt: skip


class Session:
    """A kernel in a folder, and what its last cell said."""

    def __init__(self, name, folder):
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel(cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def run(self, code, seconds):
        """Value, text, and the failure of a cell (`None` where it has none)."""
        request = self.client.execute(code)
        value, text, failure, until = "", "", None, time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except Empty:
                if not self.manager.is_alive():
                    return value, text, "the kernel ended"
                continue
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                text += content["text"]
            elif kind in ("execute_result", "display_data"):
                value = content["data"].get("text/plain", value)
            elif kind == "error":
                words = "\n".join([content["ename"], content["evalue"], *content["traceback"]])
                failure = re.sub(r"\x1b\[[0-9;]*m", "", words)
            elif content.get("execution_state") == "idle":
                return value, text, failure
        return value, text, f"no answer in {seconds} s"

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def right(case, value, text, failure):
    """Whether the last cell said what it must; stock tells a panic as text."""
    how, _, words = case.wanted.partition(":")
    if how == "error":
        said = failure if failure is not None else text
        return re.search(words, said) is not None
    if how == "text":
        return failure is None and re.search(words, text + value) is not None
    return failure is None and value.strip() == case.wanted


def outcome(case, kernel):
    """`right`, or the first words of what came instead."""
    folder = Path(tempfile.mkdtemp(prefix="against-stock-"))
    for name, content in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    session = Session(kernel, folder)
    try:
        for code in case.cells[:-1]:
            session.run(code, 600)
        value, text, failure = session.run(case.cells[-1], 120)
    finally:
        session.close()
        shutil.rmtree(folder, ignore_errors=True)
    if right(case, value, text, failure):
        return "right"
    lines = [line.strip() for line in (failure or text or value).splitlines() if line.strip()]
    lines = [line for line in lines if line not in ("Error", "CompileError", "Panic", "Crashed")]
    words = (lines[0] if lines else "nothing")[:70].replace("|", "\\|").replace("`", "'")
    return f"`{words}`"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stock", help="the stock kernel's program")
    parser.add_argument("kinds", nargs="*", help="numbers of kinds; all when none are given")
    options = parser.parse_args()
    (stock,) = add_stock(options.stock)
    rows, counts = [], [0, 0]
    for case in CASES:
        if options.kinds and case.kind.split()[0] not in options.kinds:
            continue
        found = [outcome(case, kernel) for kernel in ("mlnotes", stock)]
        counts = [count + (said == "right") for count, said in zip(counts, found, strict=True)]
        rows.append(f"| {case.kind} | {case.title} | {found[0]} | {found[1]} | {case.why} |")
        print(rows[-1], flush=True)
    total = f"Of {len(rows)} cases this kernel has {counts[0]} right, stock {counts[1]}.\n\n"
    print(total)
    if not options.kinds:
        table = "| kind | input | this kernel | stock | why they differ |\n| --- | --- | --- | --- | --- |\n"
        PAGE.write_text(HEAD + total + table + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
