"""What Rust has, and cells of it ask for: `await`, macros, lifetimes, names, types without a name."""

from sessions import Case, Interrupt

EXPANDED = "calls of macros are expanded, and the items among what comes out are kept"
NAMES = "the code around a cell uses no name that a reader may have taken"
TOKIO = ':dep tokio = { version = "1", features = ["rt-multi-thread", "time", "macros"] }'

KINDS = {
    "6 await": [
        Case(
            "in the arguments of a macro",
            ["async fn two(x: i32) -> i32 { 2 * x }", 'format!("{}", two(3).await)'],
            '"6"',
            "macros are looked into",
        ),
        Case(
            "in `assert!` and `vec!`",
            [
                "async fn half(x: f64) -> f64 { x / 2.0 }",
                "assert!(half(3.0).await > 1.0);\nvec![half(1.0).await, half(5.0).await]",
            ],
            "[0.5, 2.5]",
            "macros are looked into",
        ),
        Case(
            "in the expansion of a macro",
            [
                "async fn two(x: i32) -> i32 { 2 * x }\nmacro_rules! wait { ($e:expr) => { $e.await } }",
                "wait!(two(3))",
            ],
            "6",
            "learned from rustc's own error",
        ),
        Case(
            "in loops, `match` and `?`",
            [
                """
                async fn fetch(page: u32) -> Result<u32, String> {
                    if page < 5 { Ok(page * 10) } else { Err(format!("no page {page}")) }
                }
                let base = vec![1];
                """,
                """
                let mut pages = 0;
                for page in 1..4 { if let Ok(lines) = fetch(page).await { pages += lines; } }
                let last = match fetch(7).await { Ok(lines) => lines, Err(_) => 3 };
                """,
                ("fetch(6).await?;", "said:no page 6"),
                ("(pages, last, base.len())", "(60, 3, 1)"),
                "let later = async { fetch(2).await.unwrap() + 1 };\nlater.await",
            ],
            "21",
            why="what no cell can keep is no error where it is used at once",
        ),
        Case(
            "`tokio::spawn` in a cell that does not wait",
            [TOKIO, "let task = tokio::spawn(async { 5 });", "task.await?"],
            "5",
            "one runtime, entered for every cell",
        ),
        Case("`tokio::join!`", [TOKIO, "let (a, b) = tokio::join!(async { 1 }, async { 2 });\na + b"], "3"),
        Case(
            "`#[tokio::main]` on the reader's `main`",
            [
                TOKIO,
                """
                #[tokio::main]
                async fn main() -> Result<(), std::io::Error> {
                    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                    println!("slept");
                    Ok(())
                }
                """,
                "main()?;",
            ],
            "text:slept",
        ),
        Case(
            "an interrupt while a cell waits: variables stay",
            [
                TOKIO,
                "let before = 31;",
                Interrupt("tokio::time::sleep(std::time::Duration::from_secs(50)).await;"),
                "before",
            ],
            "31",
            why="an interrupt ends what a cell awaits, not its process",
        ),
    ],
    "9 what a macro makes": [
        Case(
            "a type",
            [
                "macro_rules! unit { ($n:ident) => { #[derive(Debug)] struct $n(f64); } }\nunit!(Litres);",
                "let tank = Litres(45.0);\ntank.0 / 3.0",
            ],
            "15.0",
            why=EXPANDED,
        ),
        Case(
            "another macro of the same name",
            [
                "macro_rules! grow { ($e:expr) => { $e + 10 } }",
                ("grow!(1)", "11"),
                "macro_rules! grow { ($e:expr) => { $e * 100 } }",
                "grow!(1)",
            ],
            "100",
        ),
        Case(
            "a variable: kept, or a reason",
            [
                "macro_rules! set { ($n:ident = $e:expr) => { let $n = $e; } }\nset!(apples = 4);",
                "apples * 2",
            ],
            "said:^8$|macro",
        ),
        Case(
            "`lazy_static!` and a function that reads it",
            [
                ':dep lazy_static = "1"',
                """
                use lazy_static::lazy_static;
                lazy_static! { static ref SQUARES: Vec<u32> = (0..9).map(|n| n * n).collect(); }
                fn largest() -> u32 { SQUARES[8] }
                """,
                "largest()",
            ],
            "64",
            why=EXPANDED,
        ),
        Case(
            "`thread_local!`",
            [
                """
                use std::cell::Cell;
                thread_local! { static N: Cell<u8> = Cell::new(1); }
                N.with(|n| n.set(5));
                """,
                "N.with(|n| n.get())",
            ],
            "5",
            "keys exist once",
        ),
    ],
    "10 types with a lifetime": [
        Case(
            "iterators, one over 'static text",
            [
                """
                let mut numbers = vec![10, 20].into_iter();
                let mut words = "red green".split(' ');
                let mut odd: Box<dyn Iterator<Item = u32>> = Box::new((1..).step_by(2));
                """,
                ("(numbers.next(), words.next(), odd.next())", '(Some(10), Some("red"), Some(1))'),
                "(numbers.next(), words.next(), odd.next())",
            ],
            '(Some(20), Some("green"), Some(3))',
        ),
        Case(
            "the type written with its lifetime, and without",
            [
                "let mut letters: std::str::Chars<'static> = \"abc\".chars();",
                ("letters.next()", "Some('a')"),
                'let mut lines: std::str::Lines = "one\\ntwo".lines();',
                "lines.next()",
            ],
            'Some("one")',
        ),
        Case(
            "one's own type of 'static text",
            [
                """
                struct Cursor<'t> { text: &'t str }
                impl<'t> Cursor<'t> {
                    fn over(text: &'t str) -> Self { Cursor { text } }
                    fn take(&mut self) -> Option<&'t str> {
                        let (head, tail) = self.text.split_once(',')?;
                        self.text = tail;
                        Some(head)
                    }
                }
                """,
                'let mut cursor = Cursor::over("a,b,c");',
                ("cursor.take()", 'Some("a")'),
                "(cursor.take(), cursor.take())",
            ],
            '(Some("b"), None)',
        ),
        Case(
            "an iterator with a closure: why it is not kept",
            ["let small = (1..20).filter(|n| n * n < 50);", "small.count()"],
            "heard:no name|closure|cannot be",
            why="why a variable is not kept is said, with a line that keeps it",
        ),
    ],
    "12 a user's `Ok`": [
        Case(
            "an enum with a variant `Ok`",
            [
                "#[derive(Debug)]\nenum Probe { Ok(u8), Dirty }\nuse Probe::*;\nlet probe = Ok(7);",
                "probe",
            ],
            "Ok(7)",
            why=NAMES,
        ),
        Case(
            "one's own `Option` and `Result`",
            [
                """
                #[derive(Debug)] enum Option<T> { Some(T), None }
                #[derive(Debug)] enum Result<T, E> { Ok(T), Err(E) }
                let own: Option<char> = Option::Some('c');
                let found = [4, 9].iter().position(|&n| n == 9);
                """,
                'format!("{own:?} {}", found.is_some())',
            ],
            "\"Some('c') true\"",
        ),
        Case(
            "`use anyhow::Ok`",
            [
                ':dep anyhow = "1"',
                'use anyhow::Ok;\nlet read = || { let n: u16 = "80".parse()?; Ok(n) };\nread()?',
            ],
            "80",
            why=NAMES,
        ),
        Case(
            "`use std::fmt::Result`",
            [
                "use std::fmt::{Result, Write};\nuse std::io::prelude::*;\nlet mut page = String::new();",
                'write!(page, "{}{}", 1, 2)?;',
                "page",
            ],
            '"12"',
        ),
    ],
    "16 name spaces": [
        Case(
            "a module and a function of one name",
            [
                """
                use std::fmt;
                struct Star;
                impl fmt::Debug for Star {
                    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { write!(f, "*") }
                }
                """,
                ("fn fmt(degrees: i32) -> i32 { degrees + 1 }\nfmt(1)", "2"),
                "Star",
            ],
            "*",
            why="a new name hides only those of its own name space",
        ),
        Case(
            "a variable, then a function of its name",
            ["let dose = 4;", "fn dose(kg: u8) -> u8 { kg * 2 }\ndose(5)"],
            "10",
            why="the newer of the two wins",
        ),
        Case(
            "modules over cells, one inside another",
            [
                """
                mod harbour {
                    #[derive(Clone, Debug)]
                    pub struct Ship { pub tons: u32 }
                    impl Ship { pub fn new(tons: u32) -> Self { Self { tons } } }
                    pub mod customs { pub fn toll(ship: &super::Ship) -> u32 { ship.tons / 10 } }
                    #[cfg(test)]
                    mod tests { #[test] fn weighs() { assert_eq!(super::Ship::new(1).tons, 1); } }
                }
                use harbour::{Ship, customs};
                let ship = Ship::new(70);
                """,
                ("customs::toll(&ship)", "7"),
                "crate::harbour::customs::toll(&ship) + harbour::Ship::new(3).tons",
            ],
            "10",
        ),
        Case(
            "globs that bring one name twice",
            [
                """
                mod east { pub fn side() -> char { 'e' } }
                mod west { pub fn side() -> char { 'w' } pub fn far() -> u8 { 9 } }
                """,
                "use east::*;",
                ("use west::*;\nfar()", "9"),
                ("side()", "said:ambiguous|^'[ew]'$"),
                ("use east::side;\nside()", "'e'"),
                ("side()", "'e'"),
                "use west::side;",
                "side()",
            ],
            "'w'",
        ),
        Case(
            "a module named like a crate that cells see",
            [
                ':dep fnv = "1"',
                ("mod fnv { pub fn hash() -> u8 { 61 } }\nfnv::hash()", "61"),
                ("let kept = fnv::hash();\nkept", "61"),
                "let map: ::fnv::FnvHashMap<u8, u8> = ::fnv::FnvHashMap::default();\nmap.len()",
            ],
            "0",
        ),
        Case(
            "names that a kernel may use itself",
            [
                """
                fn run(n: u16) -> u16 { n }
                fn drop(n: u16) -> u16 { n + 1 }
                fn keep() {}
                struct Output;
                struct Error;
                let cell = 1; let output = 2; let variables = 3; let evcxr = 4; let mlnotes = 5;
                run(drop(1))
                """,
                ("cell + output + variables + evcxr + mlnotes", "15"),
                "trait Shown { fn show(&self) -> char; }\nimpl<T> Shown for T { fn show(&self) -> char { 's' } }",
                ("8.show()", "'s'"),
                "struct Vec(u8);\nlet one = Vec(1);\nlet two = vec![1, 2];",
                ("(one.0, two.len())", "(1, 2)"),
                "mod std { pub fn where_is() -> u8 { 1 } }\nmod core { pub fn where_is() -> u8 { 2 } }",
                ("std::where_is() + core::where_is()", "3"),
                'let text = "abc".to_string();\ntext.len()',
            ],
            "3",
            why=NAMES,
        ),
    ],
    "23 types that a cell cannot write": [
        Case(
            "a function in a variable",
            ["fn loud(s: &str) -> String { s.to_uppercase() }\nlet f = loud;", 'f("a")'],
            '"A"',
        ),
        Case(
            "functions of the library, in variables and a table",
            [
                """
                fn cube(n: i64) -> i64 { n * n * n }
                let own = cube;
                let sign = i64::signum;
                let size = <[u8]>::len;
                let table = [("cube", cube as fn(i64) -> i64), ("sign", i64::signum)];
                """,
                "own(2) + sign(-9) + size(b\"four\") as i64 + (table[0].1)(1)",
            ],
            "12",
        ),
        Case(
            "its name in later cells that do not mean it",
            [
                "fn loud(s: &str) -> String { s.to_uppercase() }\nlet g = loud;",
                ("[1, 2].iter().map(|g| g * 5).sum::<i32>()", "15"),
                ("// what g does\n3 + 4", "7"),
                ('"a g in text".len()', "11"),
                ("fn twice(g: f32) -> f32 { g + g }\ntwice(1.5)", "3.0"),
                "let g = 6;\ng",
            ],
            "6",
        ),
        Case(
            "boxed closures",
            [
                """
                let next: Box<dyn Fn(u8) -> u8> = Box::new(|n| n + 1);
                let step = 0.5;
                let mut curves: Vec<(&str, Box<dyn Fn(f64) -> f64 + Send>)> = vec![("twice", Box::new(|x| x + x))];
                curves.push(("shifted", Box::new(move |x| x + step)));
                """,
                ("next(8)", "9"),
                'curves.iter().map(|(name, curve)| format!("{name} {}", curve(1.0))).collect::<Vec<_>>().join(", ")',
            ],
            '"twice 2, shifted 1.5"',
        ),
        Case(
            "both ends of a channel, and a thread",
            [
                """
                use std::sync::atomic::{AtomicU32, Ordering};
                use std::sync::{Arc, mpsc};
                let (send, receive) = mpsc::channel::<&'static str>();
                let ticks = Arc::new(AtomicU32::new(0));
                let ticking = Arc::clone(&ticks);
                let worker = std::thread::spawn(move || {
                    while ticking.load(Ordering::SeqCst) < 20 {
                        ticking.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(std::time::Duration::from_millis(3));
                    }
                    send.send("done").unwrap();
                });
                """,
                "worker.join().unwrap();\nlet said = receive.recv()?;",
                "(said, ticks.load(Ordering::SeqCst))",
            ],
            '("done", 20)',
        ),
        Case(
            "a type that its module keeps private: a reason",
            [
                """
                mod vault {
                    #[derive(Debug)]
                    struct Gold(u8);
                    pub fn open() -> impl std::fmt::Debug { Gold(9) }
                    pub struct Door { bolts: u8 }
                    impl Door { pub fn new() -> Self { Self { bolts: 4 } } pub fn bolts(&self) -> u8 { self.bolts } }
                }
                let door = vault::Door::new();
                let gold = vault::open();
                """,
                ("door.bolts()", "4"),
                "gold",
            ],
            "heard:no name|private|cannot be",
            why="only what cannot be kept is lost, not what stands beside it",
        ),
    ],
}
