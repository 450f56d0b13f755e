"""The process of a session: marks, commands, panics, ends, and what grows in it."""

import os
import signal
from pathlib import Path

from sessions import Case, Question, Reader, Restart, Tool

CLAP = ':dep clap = { version = "4", features = ["derive"] }'
FLAGS = """
                use clap::Parser;
                #[derive(Parser, Debug)]
                struct Flags { #[arg(long, default_value_t = 12)] width: u16 }
                let treasure = 77;
                """
# One grey point.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNo"
    "AAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
SHOWN = """
                struct Menu(Vec<&'static str>);
                impl Menu {
                    fn evcxr_display(&self) {
                        let rows: String = self.0.iter().map(|dish| format!("<li>{dish}</li>")).collect();
                        println!("EVCXR_BEGIN_CONTENT text/html\\n<ul>{rows}</ul>\\nEVCXR_END_CONTENT");
                    }
                }
                """
# So long that nothing else on the machine sleeps it.
SLEEP = "871.25"


def left_asleep(_folder):
    """Whether a child that a cell has left is there; it is ended then."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"sleep", SLEEP.encode()]:
            os.kill(int(entry.parent.name), signal.SIGKILL)
            return "lives on"
    return "gone"


def kernels(*names):
    """A step that says which of the specs in the tool's home are there."""

    def step(folder):
        specs = folder / "home/.local/share/jupyter/kernels"
        return " ".join(f"{name}:{(specs / name / 'kernel.json').exists()}" for name in names)

    return step


BAD_NAMES = ("a b", "kernel/x", "../../out", "Größe", "")
# Types with derives, as notebooks gather them.
DERIVED = [
    f"#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]\n"
    f"pub struct Form{n} {{ id: u64, name: String, marks: Vec<f32>, next: Option<Box<Form{n}>> }}"
    for n in range(30)
]
SERDE = ':dep serde = { version = "1", features = ["derive"] }\n:dep serde_json = "1"'

KINDS = {
    "15 the markers of evcxr": [
        Case("`EVCXR_IS_RUNTIME`", ['std::env::var("EVCXR_IS_RUNTIME").is_ok()'], "true"),
        Case(
            "`evcxr_runtime` shows HTML",
            [':dep evcxr_runtime = "1"', 'evcxr_runtime::mime_type("text/html").text("<i>slanted</i>");'],
            "text/html:<i>slanted</i>",
        ),
        Case(
            "`evcxr_input` asks the reader",
            [':dep evcxr_input = "1"', Reader('evcxr_input::get_string("Which port? ")', "Bergen")],
            '"Bergen"',
        ),
        Case(
            "one's own type shows HTML",
            [
                SHOWN,
                ('Menu(vec!["soup", "fish"])', "text/html:<li>fish</li>"),
                'let menu = Menu(vec!["crêpe"]);',
                "menu",
            ],
            "text/html:<li>crêpe</li>",
        ),
        Case(
            "three times in a loop, between lines of text",
            [SHOWN, 'for n in ["one", "two", "three"] { println!("then"); Menu(vec![n]).evcxr_display(); }'],
            r"text/html:one(.|\n)*two(.|\n)*three",
            why="each of them is a message of its own",
        ),
        Case(
            "a picture",
            [f'println!("EVCXR_BEGIN_CONTENT image/png\\n{PIXEL}\\nEVCXR_END_CONTENT");'],
            f"image/png:^{PIXEL[:20]}",
        ),
        Case(
            "a figure of plotters",
            [
                ':dep plotters = { version = "0.3", default-features = false, features = ["evcxr", "line_series"] }',
                """
                use plotters::prelude::*;
                evcxr_figure((200, 120), |root| {
                    let mut chart = ChartBuilder::on(&root).build_cartesian_2d(0f32..3f32, 0f32..9f32)?;
                    chart.draw_series(LineSeries::new((0..4).map(|n| (n as f32, (n * n) as f32)), &BLUE))?;
                    Ok(())
                })
                """,
            ],
            "text/html:<svg",
        ),
    ],
    "19 `install`, `uninstall`": [
        Case(
            "a spec of another name, twice, and away with it",
            [
                (Tool(["install", "--user", "--name", "cells-2"]), "text:."),
                (Tool(["install", "--user", "--name", "cells-2", "--display-name", "Rust <2> „ß“"]), "text:."),
                (kernels("cells-2"), "cells-2:True"),
                (Tool(["uninstall", "--user", "--name", "cells-2"]), "text:."),
                kernels("cells-2"),
            ],
            "cells-2:False",
            stock=None,
        ),
        Case(
            "names that Jupyter does not take",
            [*((Tool(["install", "--user", "--name", name]), "error:.") for name in BAD_NAMES), kernels("a b", ".")],
            "a b:False .:False",
            stock=None,
        ),
        Case(
            "`uninstall` without a name of use takes nobody's kernels",
            [
                Tool(["install", "--user"]),
                Tool(["uninstall", "--user", "--name", ""]),
                Tool(["uninstall", "--user", "--name", ".."]),
                kernels("mlnotes"),
            ],
            "mlnotes:True",
            stock=None,
        ),
    ],
    "20 the process ends": [
        Case(
            "a destructor that panics when its variable is replaced",
            [
                """
                struct Mine;
                impl Drop for Mine { fn drop(&mut self) { panic!("it went off") } }
                let field = 44;
                let under = Mine;
                """,
                "let under = 0;",
                "field",
            ],
            "44",
            "each drop is guarded",
        ),
        Case(
            "another version of a crate under a live variable",
            [
                ':dep itoa = "0.4"',
                "let other = vec![5];\nlet mut digits = itoa::Buffer::new();\ndigits.format(77).len()",
                ':dep itoa = "1"',
                ("digits.format(77).len()", "said:^2$|itoa|digits"),
                "other[0]",
            ],
            "5",
        ),
        Case("the program's arguments", ["std::env::args().count()"], "1"),
        Case(
            "`parse()` of a command line that nobody gave",
            [CLAP, FLAGS, ("Flags::parse().width", "12"), "treasure"],
            "77",
        ),
        Case(
            "a command line with a mistake ends the program: its words are shown",
            [CLAP, FLAGS, 'Flags::parse_from(["flags", "--depth"]);'],
            "said:--depth",
        ),
        Case(
            "`exit`: told, functions stay, lost variables have a reason",
            [
                "let gone = 1;\nfn stays() -> u8 { 23 }",
                ("std::process::exit(0)", "error:exit"),
                ("gone", "heard:lost"),
                "stays()",
            ],
            "23",
            why="why a variable is gone is kept",
        ),
        Case(
            "`fork`",
            [
                """
                unsafe extern "C" {
                    fn fork() -> i32;
                    fn _exit(code: i32) -> !;
                    fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
                }
                let harvest = 6;
                let child = unsafe { fork() };
                if child == 0 {
                    use std::io::Write;
                    println!("son");
                    let _ = std::io::stdout().flush();
                    unsafe { _exit(0) }
                }
                unsafe { waitpid(child, std::ptr::null_mut(), 0) };
                println!("father");
                """,
                "harvest",
            ],
            "6",
        ),
        Case(
            "panics, one of them with a value: variables stay",
            [
                "let missing: Option<u8> = None;\nlet names = vec![String::from(\"x\"); 2];",
                ("missing.unwrap()", "said:None"),
                ('missing.expect("a number")', "said:a number"),
                "std::panic::panic_any([1, 2])",
                "(missing, names.len())",
            ],
            "(None, 2)",
        ),
        Case(
            "a child that a cell left, after the kernel was shut down",
            [f'std::process::Command::new("sleep").arg("{SLEEP}").spawn()?;', Restart, left_asleep],
            "gone",
            why="a kernel ends what its cells have started",
        ),
    ],
    "21 a panic hook of the user's": [
        Case(
            "a silent hook: the panic is an error with its words",
            ["std::panic::set_hook(Box::new(|_| {}));", 'panic!("my words")'],
            "error:my words",
            why="a panic is read where it is caught, not from what a hook prints",
        ),
        Case(
            "a hook that prints: both are heard, with the place",
            [
                'std::panic::set_hook(Box::new(|info| eprintln!("heard: {info}")));',
                ("let row = [1, 2];\nlet at = std::hint::black_box(4);\nrow[at]", "said:heard"),
                "let none: Option<u8> = None;\n\nnone.unwrap()",
            ],
            r"error:cell \[\d\]:3:",
            why="a panic is read where it is caught, not from what a hook prints",
        ),
        Case(
            "`take_hook`",
            ['let _ = std::panic::take_hook();\npanic!("after it")', 'panic!("once more")'],
            "said:once more",
        ),
        Case(
            "panics that are caught are no errors",
            [
                ("std::panic::catch_unwind(|| { panic!(\"within\"); }).is_err()", "true"),
                ('let _ = std::panic::catch_unwind(|| panic!("within"));\nErr::<(), _>("plain")?;', "said:plain"),
                'let _ = std::panic::catch_unwind(|| panic!("within"));\npanic!("without");',
            ],
            "said:without",
            why="a caught panic writes nothing",
        ),
    ],
    "27 time that grows": [
        Case(
            "`1 + 1` beside 30 types with serde's derives, within a second",
            [SERDE, *DERIVED, ("serde_json::to_string(&Form4::default())?.len()", "41"), "1 + 1"],
            "within:1",
            why="items that a cell does not need are not compiled with it",
        ),
        Case(
            "150 variables in one sum, within two seconds",
            [
                "\n".join(f"let part{n} = vec![{n}u32; 8];" for n in range(150)),
                " + ".join(f"part{n}[1]" for n in range(150)),
            ],
            "within:2",
            why="only what a cell names is taken up",
        ),
        Case(
            "20 000 numbers pasted into a cell, within three seconds",
            ["let table = vec![" + ", ".join(f"{n}.25" for n in range(20_000)) + "];"],
            "within:3",
            why="stock asks rust-analyzer about each cell",
        ),
        Case(
            "completion of a path and a method; questions about halves of code",
            [
                "use std::collections::BTreeMap;\nlet mut ledger: BTreeMap<u8, String> = BTreeMap::new();",
                *(
                    (Question("complete", code), "said:ok")
                    for code in ("std::", "ledger.", "", "BTreeMa", "let a = std::collections::", "ß.", '"open', ":de")
                ),
                *((Question("inspect", code), "said:ok") for code in ("ledger", "BTreeMap::new", "", "((", "nobody")),
                *((Question("is_complete", code), "said:status") for code in ("fn f() {", '"', "", "3 *", "}")),
                (Question("complete", "ledger.ins"), "said:insert"),
                "1",
            ],
            "1",
            why="stock fails on what is no whole code",
        ),
    ],
    "28 commands": [
        Case(
            "`:env`", [":env SOME_NAME=1", 'std::env::var("SOME_NAME")?'], '"1"',
            why="stock's process does not see it",
        ),
        Case("`:build_env`", [":build_env SOME_NAME=two", 'option_env!("SOME_NAME")'], 'Some("two")'),
        Case("`:type`", ["let v: u8 = 1;", ":type v"], "text:u8"),
        Case("`:vars`", ["let load: f32 = 1.5;", ":vars"], "text:load"),
        Case("`:show_deps`", [':dep itoa = "1"', ":show_deps"], "text:itoa"),
        Case("`:last_compile_dir`", ["1 + 1", ":last_compile_dir"], "text:/"),
        Case("`:explain`", ["let n: u8 = \"one\";", ":explain"], "text:(?i)type"),
        Case("`:opt 2`", [":opt 2", "6 * 7"], "42"),
        Case("`:opt 9` is refused", [":opt 9"], "error:9", why="stock takes any text"),
        Case(
            "`:restart`", ["let gone = 1;", ":restart", ("gone", "error:gone"), "7"], "7",
            why="stock's process ends while it is asked to",
        ),
        Case("a command that there is not", [":of_nobody", "7"], "7"),
        Case(
            "settings that mean nothing here do not stop a notebook",
            [
                *((line, "said:") for line in (":cache 200", ":sccache 0", ":preserve_vars_on_panic 1")),
                (":offline 0", "said:"),
                (":toolchain stable", "said:"),
                (":fmt {:?}", "said:"),
                (":efmt {:?}", "said:"),
                "5 + 5",
            ],
            "10",
        ),
    ],
}
