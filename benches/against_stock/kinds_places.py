"""Where something is: places in cells, odd characters and depths of code, odd folders and homes."""

import shutil

from packages import HERE, MARKED
from sessions import Case, Question, Restart, Tool

PLACED = "places are those of the cell"
DEEP = "(" * 30_000 + "std::"
TOO_MUCH = (
    "+".join(["2"] * 3_000),
    "[" * 200 + "7" + "]" * 200,
    "+".join(["2"] * 15_000),
    "{" * 6_000 + "7" + "}" * 6_000,
    "(" * 120_000,
    "let no = " + "!" * 60_000 + "false;",
)
# They run, or fail with a place in the cell.
ODD = (
    "let b = 2;\0", '"a\0b".len()', 'let s = "\u202e right to left";', "// \u202e in a comment\n2", "let b\u200b = 2;",
    "2 *\u2028 3", "let b = 2\u037e", "let b = „y“;", "let b = 2；", "'\u0302'", '"\uffff"', "2\u00a0*\u00a02",
)  # fmt: skip
PLACES = (
    ("let row = vec![7];\nrow[4]", 2),
    ("let none = std::hint::black_box(0);\n\n\n9 / none", 4),
    ("let least = std::hint::black_box(i8::MIN);\nleast - 1", 2),
    ("[4, 5][std::hint::black_box(9)]", 1),
    ("let row = [3, 4];\n// which one\nlet at = std::hint::black_box(3);\nrow[at]", 4),
    ('let word = "ü";\n&word[..1]', 2),
    ("let ages = std::collections::BTreeMap::<&str, u8>::new();\n\nages[&\"Ann\"]", 3),
)


def read_only(folder):
    folder.chmod(0o555)


def odd_folder(what, name):
    """A marked package in a folder of an odd name, the kernel started there."""
    files = {f"{name}/{file}": text for file, text in MARKED.items()}
    return Case(
        f"a folder named with {what}",
        [
            ("harbour::depth()", "17"),
            ('std::fs::read_to_string("tide.txt")?', '"low"'),
            (':dep fnv = "1"\nfnv::FnvHashSet::<u8>::default().len()', "0"),
            "static LOCK: std::sync::Mutex<u8> = std::sync::Mutex::new(9);",
            "*LOCK.lock().unwrap()",
        ],
        "9",
        files={**files, f"{name}/tide.txt": "low"},
        place=name,
        stock=HERE,
    )


def odd_home(what, name):
    return Case(
        f"a home named with {what}",
        [
            "let list = vec![1, 2];\nstatic LOCK: std::sync::Mutex<usize> = std::sync::Mutex::new(4);",
            ("list.len() + *LOCK.lock().unwrap()", "6"),
            ':dep fnv = "1"',
            "fnv::FnvHashSet::<u8>::default().len()",
        ],
        "0",
        files={f"{name}/.keep": ""},
        env={"HOME": f"FOLDER/{name}"},
    )


KINDS = {
    "24 places": [
        *(
            Case(f"a panic at the end: `{code.splitlines()[-1]}`", [code], rf"error:cell \[1\]:{line}:", PLACED)
            for code, line in PLACES
        ),
        Case("`dbg!`", ["dbg!(3 * 3);"], r"text:cell \[1\]:1:1", why=PLACED),
        Case("`file!` and `line!`", ["\n(file!(), line!())"], r"text:cell.*1.*, 2\)", PLACED),
        Case(
            "an error behind letters of two bytes",
            ["let größe = 1; let b = größe + nothing;"],
            r"error:1\]:1:32|^ {31}\^",
            why="the place in the cell is said",
        ),
        Case(
            "an error in the second line, lines ended by CR LF",
            ["let a = 1;\r\nlet b = a + nothing;\r\n"],
            r"error:1\]:2:13|^ *2 │ let b",
            why="the place in the cell is said",
        ),
    ],
    "25 odd cells": [
        Case(
            "inner attributes",
            [("#![allow(dead_code)]\nfn unused() -> u8 { 1 }\nunused()", "1"), "unused() + 5"],
            "6",
        ),
        Case(
            "a feature that stable has not",
            [("#![feature(box_patterns)]\n7", r"said:(?s)\A(?!.*(?i:mlnotes|evcxr))"), "7"],
            "7",
        ),
        Case(
            "comments for the documentation, at the top, on items and on variables",
            [
                """
                //! About ropes

                /// Ties.
                ///
                /// ```
                /// assert_eq!(tie(2), 4);
                /// ```
                fn tie(ends: u8) -> u8 { ends * 2 }
                /** a knot */
                struct Knot;
                tie(4)
                """,
                "/// how many\nlet ends = tie(3);\nends",
            ],
            "6",
        ),
        Case("a byte order mark", ["\ufefflet z: i32 = 1;\nz"], "1", why="it is passed over"),
        Case(
            "a block of foreign functions, edited",
            [
                'unsafe extern "C" { fn toupper(c: i32) -> i32; }\nunsafe { toupper(98) }',
                'unsafe extern "C" { fn toupper(c: i32) -> i32; fn tolower(c: i32) -> i32; }',
                "unsafe { tolower(toupper(98)) }",
            ],
            "98",
            why="the older declaration gives way",
        ),
        Case(
            "30 000 brackets, then a plain cell",
            [Question("is_complete", "(" * 30_000), "(" * 30_000 + "1" + ")" * 30_000, "1 + 1"],
            "2",
            "code is parsed on a stack of its own, to a depth",
        ),
        Case(
            "long sums, deep lists, blocks and negations, then a plain cell",
            [*(step for code in TOO_MUCH for step in (Question("is_complete", code), code)), "2 + 2"],
            "4",
            "code is parsed on a stack of its own, to a depth",
        ),
        Case(
            "completion and documentation 30 000 brackets deep",
            [(Question("complete", DEEP), "said:status"), (Question("inspect", DEEP), "said:status"), "2 + 2"],
            "4",
            why="code is parsed on a stack of its own, to a depth",
        ),
        Case(
            "characters that nobody sees, and quotes of a word processor",
            [*((code, r"said:(?s)\A(?!.*(?i:mlnotes|evcxr))") for code in ODD), "4 + 4"],
            "8",
        ),
        odd_folder("spaces and accents", "Übung 3 mit 数"),
        odd_folder("a comma", "tides, 1905"),
        odd_folder("quotes", "O'Hara \"old\""),
        odd_folder("`&` and `#`", "50 & #2"),
        odd_folder("brackets and `$`", "[a] $PATH {b}"),
        odd_home("a space and accents", "Zoë Größ"),
        odd_home("an apostrophe", "d'Arcy"),
        odd_home("a comma", "Bell, Ann"),
        Case("`doctor` in a home named with a comma", [Tool(["doctor"], "Bell, Ann")], "text:a cell runs", stock=None),
        Case(
            "a home that cannot be written",
            [("2 * 4", "8"), (':dep fnv = "1"', "said:"), "3 * 4"],
            "12",
            env={"HOME": "/proc/of-nobody"},
        ),
        Case(
            "a folder that cannot be written",
            [
                read_only,
                Restart,
                ("2 * 4", "8"),
                ':dep itoa = "1"',
                "let kept = 3;",
                "itoa::Buffer::new().format(kept).len()",
            ],
            "1",
        ),
        Case(
            "a folder that is deleted under the kernel",
            [
                "let kept = 3;",
                shutil.rmtree,
                ("kept + 1", "4"),
                ':dep itoa = "1"',
                "itoa::Buffer::new().format(kept).len()",
            ],
            "1",
        ),
    ],
}
