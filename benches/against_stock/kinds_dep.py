"""`:dep`: how it is written, what it is asked for, and what changes behind it."""

from kinds_crates import WORKSPACE, repository, written
from packages import DEPTH, HERE, MARKED, OWN, package
from sessions import Case, Restart

DIGITS = "itoa::Buffer::new().format(12).len()"
LIGHT = package(
    "light-house",
    "pub fn flashes() -> u8 { 3 }\n#[macro_export]\nmacro_rules! nine { () => { 9 } }\n"
    'pub const HOME: &str = env!("CARGO_MANIFEST_DIR");\n',
    folder="my crates/light/",
)
COUNTER = package(
    "counter",
    "use std::sync::atomic::{AtomicU32, Ordering};\nstatic N: AtomicU32 = AtomicU32::new(0);\n"
    "pub fn next() -> u32 { N.fetch_add(1, Ordering::SeqCst) + 1 }\n",
    folder="counter/",
)
PROGRAM = {
    "tool/Cargo.toml": '[package]\nname = "tool"\nversion = "0.1.0"\n',
    "tool/src/main.rs": "fn main() {}\n",
}
MISTAKES = (
    ':dep zz-no-crate-of-this-name = "1"',
    ':dep itoa = "77"',
    ':dep itoa = { version = "1", features = ["of-nobody"] }',
    ":dep itoa = {",
    ":dep",
    ':dep light = { path = "no/such/folder" }',
    ':dep tool = { path = "tool" }',
    ":dep itoa 1",
)


def with_crate(name, dependency):
    """A marked package that has a crate, and shows it."""
    return package("harbour", f"pub use {name};\n", marked=True, dependencies=f"{dependency}\n")


KINDS = {
    "17 `:dep`": [
        Case(
            "a comment behind the line",
            [':dep itoa = "1" // quick', DIGITS],
            "2",
            "comments are cut off, those of Rust and of TOML",
        ),
        Case("a comment of TOML behind the line", [':dep itoa = "1" # quick', DIGITS], "2"),
        Case("`name@version`", [":dep itoa@1", DIGITS], "2", why="written as `cargo add` takes it"),
        Case("a name alone", [":dep fnv", "fnv::FnvHashSet::<u8>::default().len()"], "0"),
        Case(
            "spaces, features, another name",
            [
                ':dep  fnv="1"',
                ":dep memchr='2'",
                ':dep either = { version = "1", default-features = false }',
                ':dep base64ct = { version = "1", features = ["alloc"] }',
                ':dep digits = { package = "itoa", version = "1" }',
                "digits::Buffer::new().format(-5).len() + memchr::memchr(b'c', b\"abc\").unwrap_or(0)",
            ],
            "4",
        ),
        Case(
            "six lines in one cell",
            [
                "\n".join(f':dep {name} = "1"' for name in ("itoa", "fnv", "either", "lazy_static", "cfg-if", "ryu")),
                "ryu::Buffer::new().format(1.5).len() + either::Either::<u8, u8>::Left(1).is_left() as usize",
            ],
            "4",
        ),
        Case(
            "mistakes are errors, and a right line works after them",
            [*((line, "error:.") for line in MISTAKES), ':dep itoa = "1"', DIGITS],
            "2",
            files=PROGRAM,
        ),
        Case(
            "a folder with a space; its macros and `use …::*`",
            [
                ':dep light-house = { path = "my crates/light" }',
                ("light_house::flashes() + light_house::nine!()", "12"),
                "use light_house::*;\nHOME.ends_with(\"light\") && flashes() == 3",
            ],
            "true",
            files=LIGHT,
        ),
        Case(
            "the same line after the crate in the folder was edited",
            [
                (':dep light-house = { path = "my crates/light" }\nlight_house::flashes()', "3"),
                written("my crates/light/src/lib.rs", "pub fn flashes() -> u8 { 4 }\npub fn red() -> u8 { 1 }\n"),
                ':dep light-house = { path = "my crates/light" }\nlight_house::flashes() + light_house::red()',
            ],
            "5",
            files=LIGHT,
        ),
        Case(
            "the same line in a new session after the crate was edited",
            [
                (':dep light-house = { path = "my crates/light" }\nlight_house::flashes()', "3"),
                written("my crates/light/src/lib.rs", "pub fn flashes() -> u8 { 7 }\n"),
                Restart,
                ':dep light-house = { path = "my crates/light" }',
                "light_house::flashes()",
            ],
            "7",
            files=LIGHT,
        ),
        Case(
            "the reader's own package",
            [HERE, "harbour::depth()"],
            "17",
            files=OWN,
        ),
        Case(
            "a marked package: no line is needed",
            [("harbour::depth()", "17"), DIGITS],
            "2",
            files=MARKED,
            stock=HERE + '\n:dep itoa = "1"',
        ),
        Case(
            "a feature that the manifest's build lacks: done, or the manifest is named",
            [
                """
                :dep smallvec = { version = "1", features = ["write"] }
                use std::io::Write;
                let mut bytes = smallvec::SmallVec::<[u8; 4]>::new();
                bytes.write(b"ab")?
                """,
            ],
            r"said:^2$|feature(.|\n)*Cargo.toml",
            files=with_crate("smallvec", 'smallvec = "1"'),
            stock=':dep smallvec = "1"',
        ),
        Case(
            "a feature that the manifest switches off",
            [
                """
                :dep memchr = { version = "2", features = ["std"] }
                memchr::memmem::Finder::new("b").into_owned().find(b"ab")
                """,
            ],
            r"said:^Some\(1\)$|feature(.|\n)*Cargo.toml",
            files=with_crate("memchr", 'memchr = { version = "2", default-features = false }'),
            stock=':dep memchr = { version = "2", default-features = false }',
        ),
        Case(
            "from a git repository",
            [repository, ':dep harbour = { git = "file://FOLDER/origin" }', "harbour::depth()"],
            "17",
            files=package("harbour", DEPTH, folder="origin/"),
        ),
        Case(
            "a member of a workspace",
            [
                ':dep boat = { path = "fleet/boat" }',
                "let all = vec![boat::Sailor { years: 3 }, boat::Sailor { years: 9 }, boat::Sailor { years: 3 }];",
                "boat::tally(&all)",
            ],
            "2",
            files=WORKSPACE,
        ),
        Case(
            "a static of a crate goes on from cell to cell",
            [
                ':dep counter = { path = "counter" }',
                ("counter::next()", "1"),
                ("counter::next()", "2"),
                "counter::next()",
            ],
            "3",
            files=COUNTER,
            why="crates are in a library of which there is one",
        ),
        Case(
            "a logger set in one cell is heard in others; threads of a crate",
            [
                ':dep log = "0.4"\n:dep rayon = "1"',
                """
                struct Tape;
                impl log::Log for Tape {
                    fn enabled(&self, _: &log::Metadata) -> bool { true }
                    fn log(&self, record: &log::Record) { println!("<{}>", record.args()); }
                    fn flush(&self) {}
                }
                log::set_logger(&Tape).map(|()| log::set_max_level(log::LevelFilter::Info)).is_ok()
                """,
                ('log::info!("first");', "text:<first>"),
                ("use rayon::prelude::*;\n(1..101u32).into_par_iter().sum::<u32>()", "5050"),
                'log::warn!("second");',
            ],
            "text:<second>",
            why="crates are in a library of which there is one",
        ),
        Case(
            "serde's derives, with attributes and a generic",
            [
                ':dep serde = { version = "1", features = ["derive"] }\n:dep serde_json = "1"',
                """
                use serde::{Deserialize, Serialize};
                #[derive(Debug, Serialize, Deserialize)]
                #[serde(rename_all = "kebab-case")]
                struct Parcel<T> { sent_to: String, #[serde(default)] stamps: Vec<u8>, weight: T }
                """,
                r"""let parcel: Parcel<f32> = serde_json::from_str(r#"{"sent-to":"Oslo","weight":2.5}"#)?;""",
                "serde_json::to_string(&parcel)?.len()",
            ],
            "43",
        ),
        Case(
            "`#[macro_use] extern crate`",
            [
                ':dep serde = "1"\n:dep serde_derive = "1"',
                """
                #[macro_use]
                extern crate serde_derive;
                extern crate serde;
                #[derive(Debug, Serialize)]
                struct Knot(u8);
                """,
                "Knot(4)",
            ],
            "Knot(4)",
        ),
        Case(
            "values of types whose home is another crate than the one named",
            [
                ':dep itertools = "0.14"\n:dep indexmap = "2"\n:dep serde_json = "1"\n:dep num = "0.4"',
                'use itertools::Itertools;\nlet mut pairs = vec![2, 4, 8].into_iter().tuple_windows::<(_, _)>();',
                ("pairs.next()", "Some((2, 4))"),
                'let stock = indexmap::IndexMap::from([("rope", 3), ("sail", 1)]);',
                ('stock["sail"]', "1"),
                'let tree = serde_json::json!({"knots": [5, 6]});',
                ('tree["knots"][1].as_u64()', "Some(6)"),
                "let z = num::Complex::new(3.0, 4.0);\nlet large = num::BigInt::from(9u8).pow(50);",
                "(z.norm(), large.to_string().len())",
            ],
            "(5.0, 48)",
        ),
        Case(
            "a crate of an older edition with a method `gen`: it runs, or the remedy is said",
            [
                ':dep rand = "0.8"',
                "use rand::{Rng, SeedableRng};\nlet mut dice = rand::rngs::StdRng::seed_from_u64(9);",
                ("dice.gen_range(1..7) < 7", "true"),
                "let share: f32 = dice.gen();\nshare < 1.0",
            ],
            "said:^true$|escape `gen`",
            why="the remedy is said",
        ),
    ],
}
