"""What is said of a cell that fails: the reason in the reader's terms, and nothing of the kernel's own."""

from sessions import Case

# It fails, and shows nothing of what the kernel has made of the cell.
CLEAN = r"error:(?s)\A(?!.*((?i:mlnotes|evcxr)|Failure))"
# It may also run.
CLEAN_OR_RUNS = CLEAN.replace("error:", "said:")
# The same, with a place.
PLACED = CLEAN + r".*(cell \[\d+\]|command_\d+|\[\d+\]|:\d+:\d+|╭)"
QUIET = r"text:\A(\(\))?\s*\Z"
HALVES = (
    "let n = std::", "fn g( {", 'let t = "open;', "enum", "match 2 {", "let y = 4 *;", "}", "let 7up = 1;", "'q", "#",
    'r#"', "/* begun", "$", "let b = 1 let c = 2", "while x in", "\\", "use core::;", 'echo("hi")', "total = 3",
    "import pandas as pd", "def g(x): return x",
)  # fmt: skip
HARMLESS = (
    "let mut level = 3;\nlet side = 4;",
    "fn never_called() {}\nstruct Unread { field: u8 }",
    "use std::collections::BTreeSet;",
    "let φ = 1.618;",
    "let N = 3; let bigName = 4; fn Loud() {}",
    "let done: Result<u8, u8> = Ok(1);\nlet _ = done;",
    "struct Rate; impl Rate { const low: u8 = 1; }",
    "let rows = vec![2];\nfor i in 0..rows.len() { }",
    "unsafe { }",
    "let _ = (5);",
    "enum Side { Left, Right } use Side::*;",
)

KINDS = {
    "26 messages": [
        Case(
            "a function that names a variable",
            ["let bonus = 3;", "fn wage(h: i32) -> i32 { h + bonus }"],
            "error:variable",
            why="why a name is not found is said",
        ),
        Case(
            "a constant that names a variable",
            ["let bonus = 3;", "const MOST: i32 = bonus;"],
            "error:variable",
            why="why a name is not found is said",
        ),
        Case(
            "a whole number used as a width",
            ["let wide = 6;", 'println!("[{:>wide$}]", 2.5);'],
            r"text:\[   2\.5\]",
            why="a whole number is kept as the type that a later cell asks for",
        ),
        Case(
            "a width in the cell of a number's type",
            ["let wide = 6; let prec = 1; let price = 2.25;", 'println!("[{price:>wide$.prec$}]");'],
            r"text:\[   2\.2\]",
            why="a whole number is kept as the type that a later cell asks for",
        ),
        Case(
            "`return` at the top: it ends the cell, or a reason",
            ['let n = 2;\nif n < 3 { println!("soon"); return; }\nprintln!("late");'],
            CLEAN_OR_RUNS,
        ),
        Case(
            "a lost variable named `path`, as an attribute is",
            [
                "#[derive(Debug)] enum Move { Up }\nlet path = vec![Move::Up];\nlet steps = vec![Move::Up];",
                "#[derive(Debug)] enum Move { Up, Down }",
                ("steps.len()", "heard:changed|redefined"),
                "path.len()",
            ],
            "heard:changed|redefined",
        ),
        Case(
            "an error with a backtrace inside: no frames of the kernel",
            [':dep anyhow = "1"', 'let read: anyhow::Result<u8> = Err(anyhow::anyhow!("too dark"));\nread?;'],
            CLEAN_OR_RUNS + ".*too dark",
        ),
        Case(
            "backtraces are off in cells", ["std::backtrace::Backtrace::capture().status()"], "Disabled",
            why="stock has them on, and each error with one captures it",
        ),
        Case(
            "a function that calls one of a later cell",
            ["fn ping(n: u8) -> bool { n == 0 || pong(n - 1) }"],
            CLEAN + ".*pong",
        ),
        Case("a `let` without its semicolon", ["let depth = 31"], CLEAN_OR_RUNS, why="the remedy is said"),
        Case(
            "a cell that begins with `!`", ["let raised = true;", "!raised"], "said:(?i)^false$|shell",
            why="how Rust writes it is said",
        ),
        Case(
            "halves of code, and other languages", [*((code, PLACED) for code in HALVES), "1 + 1"], "2",
            why="each error has its place",
        ),
        Case("a derive and nothing under it", [("#[derive(Debug)]\n\n", CLEAN), "1 + 1"], "2"),
        Case(
            "variables that were moved away",
            [
                'let list = vec![4, 5, 6];\nlet name = String::from("sloop");',
                "let sum: i32 = list.into_iter().sum();",
                ("list.len()", "error:moved|cannot find"),
                "let thread = std::thread::spawn(move || name.len());",
                ("thread.join().unwrap() as i32 + sum", "20"),
                ("name.len()", "error:moved|cannot find"),
                "let maybe = vec![1];\nif sum > 100 { drop(maybe); }",
                "maybe.len()",
            ],
            "error:moved|cannot find",
        ),
        Case(
            "a variable without a value: not said to be moved away",
            ["let late: u16;", "late = 40;\nlate"],
            r"said:(?s)\A(?!.*moved away)",
        ),
        Case(
            "a part moved out of a variable",
            ['let pair = (String::from("a"), 1);\nlet first = pair.0;', "pair.1"],
            "error:moved|cannot find",
        ),
        Case(
            "a value that cannot be shown: `Debug` is named",
            [
                ("struct Blank;\nBlank", "error:Debug"),
                "struct Blank;",
                "let all = vec![&Blank];\nall",
            ],
            CLEAN + ".*Debug",
        ),
        Case("a list whose type nothing tells", ["let mut basket = Vec::new();"], CLEAN + ".*(basket|annotations)"),
        Case("a variable that is not `mut`", ["let fixed = 1;", "fixed += 1;"], CLEAN + ".*(mut|borrow)"),
        Case(
            "no warnings about harmless cells", [(code, QUIET) for code in HARMLESS] + ["2"], "2",
            why="stock shows a unit where there is no value",
        ),
    ],
    "29 `?`": [
        Case(
            "an error with `Display` and `Debug`",
            [
                """
                #[derive(Debug)]
                struct Off { pump: u8 }
                impl std::fmt::Display for Off {
                    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                        write!(f, "pump number {} is off", self.pump)
                    }
                }
                impl std::error::Error for Off {}
                """,
                "Err::<(), Off>(Off { pump: 2 })?;",
            ],
            "said:pump number 2 is off",
            "`Display` is found behind `Debug`",
        ),
        Case(
            "a failed `?` is an error", ['let n: i32 = "x".parse::<i32>()?;'], "error:invalid digit",
            why="stock writes it and reports success",
        ),
        Case(
            "errors of three types in one cell",
            [
                """
                let year: u16 = "1905".parse()?;
                let word = String::from_utf8(vec![82, 117, 115, 116])?;
                let last = word.chars().last().ok_or("no letter")?;
                (year, last)
                """,
            ],
            "(1905, 't')",
        ),
        Case(
            "an error that is a text, or in a box",
            [
                ('let r: Result<(), String> = Err("sold out".into());\nr?', "said:sold out"),
                'fn go() -> Result<u8, Box<dyn std::error::Error>> { Err("nobody home")? }\ngo()?',
            ],
            "said:nobody home",
        ),
        Case("`?` on an `Option`", ["let none: Vec<u8> = Vec::new();\nlet first = none.first()?;"], CLEAN),
        Case("an error without `Debug`", ["struct Dull;\nfn f() -> Result<u8, Dull> { Err(Dull) }\nf()?"], CLEAN),
        Case(
            "an error of thiserror's",
            [
                ':dep thiserror = "2"',
                """
                #[derive(Debug, thiserror::Error)]
                enum Fault {
                    #[error("the gauge says nonsense ({0})")] Gauge(#[from] std::num::ParseFloatError),
                    #[error("no file")] File(#[from] std::io::Error),
                }
                fn gauge(text: &str) -> Result<f64, Fault> { Ok(text.parse::<f64>()? / 4.0) }
                """,
                ('gauge("10")?', "2.5"),
                'let before = 1;\ngauge("ten")?;',
            ],
            r"said:the gauge says nonsense \(invalid float",
        ),
        Case(
            "an error of anyhow's, with its context and its cause",
            [
                ':dep anyhow = "1"',
                """
                use anyhow::{Context, Result};
                fn open(name: &str) -> Result<String> {
                    std::fs::read_to_string(name).with_context(|| format!("opening {name}"))
                }
                """,
                'open("log-of-nobody.txt")?;',
            ],
            r"said:opening log-of-nobody.txt(.|\n)*No such file",
            why="stock writes it and reports success",
        ),
        Case("a file that is not there", ['std::fs::read("log-of-nobody.txt")?;'], "said:No such file"),
    ],
}
