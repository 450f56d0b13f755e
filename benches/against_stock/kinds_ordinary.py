"""What notebooks are full of, and what a kernel must do in passing."""

from sessions import Case

# A last line, and the value that is shown of it.
TAILS = (
    ("9; // not this", ""), ("9 // this", "9"), ("9; /* x */ // y\n\n// z", ""), ("let k = 2;\n// no more", ""),
    ("k\n\n\n", "2"), ('"k; // m"', '"k; // m"'), ("/* before */ 6 /* after */", "6"), ("{ let m = 3; m + k }", "5"),
    ("()", ""), ('if k > 1 { "more" } else { "less" }', '"more"'), ("match k { 2 => 'y', _ => 'n' }", "'y'"),
    ("unsafe { 8 }", "8"), ("loop { break 5 }", "5"), ("'out: { if k == 2 { break 'out 1; } 0 }", "1"),
    ("[7, 8, 9][..2]", "[7, 8]"), ('"word"[2..]', '"rd"'), ("k as f64 / 4.", "0.5"), ("Some(k)", "Some(2)"),
    ("&&k", "2"), ('print!("")', ""), ("let m = 4;;", ""), (";", ""),
)  # fmt: skip
BLANK = (
    "", "  ", "\n\n\n", "\t\t", "// only", "/* over\n lines */", "//", "/// of nothing", "//! of all",
    "/* a /* b */ c */", "// ß 🚢", "\r\n\r\n", "// a\r\n// b", "\u00a0", "\u3000",
)  # fmt: skip
SYNTAX = (
    ("let age = Some(40); if let Some(n) = age && n > 30 { 'o' } else { 'y' }", "'o'"),
    ("match [4, 5, 6].as_slice() { [one, rest @ ..] if rest.len() == 2 => one + rest[1], _ => 0 }", "10"),
    ('c"keel".count_bytes()', "4"),
    ("const { 6 * 7 }", "42"),
    ("fn width<const W: usize>(_: [bool; W]) -> usize { W } width([true; 5])", "5"),
    ("let mut n = 7; let p = &raw mut n; unsafe { *p *= 2 }; n", "14"),
    ("async fn call(f: impl AsyncFn(u8) -> u8) -> u8 { f(3).await } call(async |n| n * 3).await", "9"),
    (
        "trait Hull { fn tons(&self) -> u8 { 2 } } trait Boat: Hull {} struct Raft; impl Hull for Raft {} "
        "impl Boat for Raft {} let boat: Box<dyn Boat> = Box::new(Raft); let hull: Box<dyn Hull> = boat; hull.tons()",
        "2",
    ),
    (
        "trait Walk { type Steps<'w>: Iterator<Item = &'w char> where Self: 'w; fn walk(&self) -> Self::Steps<'_>; } "
        "impl Walk for Vec<char> { type Steps<'w> = std::slice::Iter<'w, char>; fn walk(&self) -> Self::Steps<'_> "
        "{ self.iter() } } vec!['a', 'b', 'c'].walk().count()",
        "3",
    ),
    ("fn odd() -> impl Iterator<Item = u32> + use<> { (1..8).step_by(2) } odd().sum::<u32>()", "16"),
    ("union Bits { whole: u64, real: f64 } let bits = Bits { real: 0.0 }; unsafe { bits.whole }", "0"),
    ("let times = |a: i32| move |b: i32| a * b; times(6)(7)", "42"),
    (
        "#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)] enum Wind { #[default] Calm = 2, Gale = 9 } "
        "(Wind::default(), Wind::Gale as u8, Wind::Calm < Wind::Gale)",
        "(Calm, 9, true)",
    ),
    ("let (mut x, mut y) = ('x', 'y'); (x, y) = (y, x); _ = 1; [x, y]", "['y', 'x']"),
    ('r##"say "# now"##.len()', "10"),
    (
        "use std::ops::Mul; #[derive(Clone, Copy, Debug)] struct Knots(u8); impl Mul for Knots { type Output = Knots; "
        "fn mul(self, by: Knots) -> Knots { Knots(self.0 * by.0) } } Knots(3) * Knots(4)",
        "Knots(12)",
    ),
    (
        "struct Halve(u32); impl Iterator for Halve { type Item = u32; fn next(&mut self) -> Option<u32> { "
        "self.0 /= 2; (self.0 > 0).then_some(self.0) } } Halve(40).skip(1).collect::<Vec<_>>()",
        "[10, 5, 2, 1]",
    ),
    (
        "macro_rules! table { ($($key:literal : $value:expr),* $(,)?) => {{ "
        "let mut t = std::collections::BTreeMap::new(); "
        '$(t.insert($key, $value);)* t }} } table! { "a": 1, "b": 2, }',
        '{"a": 1, "b": 2}',
    ),
    ('#[must_use] pub(crate) const unsafe extern "C" fn same(x: u8) -> u8 { x } unsafe { same(250) }', "250"),
    ("#[test] fn never_run() { panic!() } 4", "4"),
    ("std::thread::scope(|s| s.spawn(|| 11).join().unwrap())", "11"),
    ("static mut TALLY: u8 = 3; unsafe { TALLY += 1; let t = TALLY; t }", "4"),
    ("unsafe { TALLY += 1; let t = TALLY; t }", "5"),
    ('let (Ok(n) | Err(n)) = "z".parse::<i32>().map_err(|_| -1); n', "-1"),
    ('(|| -> Option<char> { Some("pier".chars().nth(1)?.to_ascii_uppercase()) })()', "Some('I')"),
    ('"two\nlines"', r'"two\nlines"'),
    ("(2u16, -3i64, '4', \"5\", 6.5f32, false, ())", "(2, -3, '4', \"5\", 6.5, false, ())"),
)

KINDS = {
    "30 ordinary cells": [
        Case("last lines: what is shown of them", list(TAILS), "", why="a unit is no value"),
        Case("blank cells and comments", [*((code, "said:") for code in BLANK), "3 + 3\n\n"], "6"),
        Case(
            "syntax of recent editions", list(SYNTAX), SYNTAX[-1][1],
            why="what cannot be kept is no error while nobody asks for it",
        ),
        Case(
            "CR LF, tabs, a line break in a text",
            [
                ("let a = 3;\r\nlet b = 4;\r\na * b\r\n", "12"),
                ('println!("left\tright");\r\nprint!("no end");', r"text:\Aleft\tright\nno end\Z"),
                ("\tlet t = 5;\n\t\tt", "5"),
                ('let s = "up\r\ndown";\r\ns.len()', "7"),
                "fn lines() -> u8 {\r\n    // two\r\n    2\r\n}\r\nlines()",
            ],
            "2",
        ),
        Case(
            "names and texts of all scripts",
            [
                """
                let länge = 4; let τ = 6.28; let 船 = vec![1, 2, 3]; let r#match = 8;
                fn señal(x: u8) -> u8 { x + 1 }
                struct Weg { höhe: u8 }
                let weg = Weg { höhe: 9 };
                """,
                ("(länge, τ, 船.len(), r#match, señal(1), weg.höhe)", "(4, 6.28, 3, 8, 2, 9)"),
                'println!("{länge:<3}| {} 👨‍👩‍👦 ö", \'船\');',
            ],
            r"text:^4  \| 船 👨‍👩‍👦 ö$",
        ),
        Case(
            "variables inside the text of a format",
            [
                'let cost = 12.3456; let what = "tar"; let wide = 8usize; let prec = 2usize;',
                (
                    'println!("{cost:>wide$.prec$}|{what:?}|{0:.p$}", cost, p = prec);',
                    r'text:^   12\.35\|"tar"\|12\.35$',
                ),
                'println!(r#"{what:~^7}"#);',
            ],
            "text:^~~tar~~$",
        ),
        Case(
            "arrays of megabytes",
            [
                "let mut map = [[0u16; 900]; 700];\nmap[699][899] = 5;",
                ("map.iter().flatten().map(|&n| u32::from(n)).sum::<u32>()", "5"),
                "let field = [[0.5f64; 1024]; 1024];\nfield[7][7]",
                "field[1023][1023]",
            ],
            "0.5",
            why="cells run on a thread with a stack of their own size",
        ),
        Case(
            "long lines, much output, colours",
            [
                ('let long = "' + "z" * 50_000 + '";\nlong.len()', "50000"),
                ('println!("{}", "y".repeat(150_000));', r"text:\Ay{150000}\n\Z"),
                ('println!("\\x1b[32mgreen\\x1b[0m");', r"text:\x1b\[32mgreen\x1b\[0m"),
                ('print!("one"); print!("two"); println!();', r"text:\Aonetwo\n\Z"),
                'print!("1 of 3\\r2 of 3\\r"); print!("3 of 3");',
            ],
            r"text:\A1 of 3\r2 of 3\r3 of 3\Z",
            why="stock has shown nothing of it",
        ),
        Case(
            "what child processes write, in its order",
            [
                """
                use std::process::Command;
                println!("parent");
                Command::new("sh").args(["-c", "echo son; echo daughter >&2"]).status()?;
                println!("again");
                """,
                'let told = Command::new("printf").arg("abc").output()?;\nprintln!("first");\n'
                'Command::new("echo").arg("second").status()?;\nprintln!("third {}", told.stdout.len());',
            ],
            r"text:\Afirst\nsecond\nthird 3\n\Z",
            why="the streams of children are the cell's",
        ),
        Case(
            "a child in the background does not hold the cell",
            [('std::process::Command::new("sleep").arg("20").spawn()?;\n"on"', "within:6"), "4"],
            "4",
        ),
        Case(
            "standard input with nobody there, the cell's and a child's",
            [
                ("let mut line = String::new();\nstd::io::stdin().read_line(&mut line);", "said:"),
                ('std::process::Command::new("cat").status()?;', "said:"),
                ('std::process::Command::new("sh").args(["-c", "read a; echo got $a"]).status()?;', "said:"),
                "5",
            ],
            "5",
            why="standard input ends where nobody can type",
        ),
        Case(
            "variables of the environment, the current folder",
            [
                'unsafe { std::env::set_var("TIDE", "low"); }',
                ('std::env::var("TIDE")', 'Ok("low")'),
                ('std::env::current_dir()? == std::path::Path::new("FOLDER")', "true"),
                'std::env::set_current_dir("/usr")?;',
                "let one = 1;\nstd::env::current_dir()?",
            ],
            '"/usr"',
        ),
        Case(
            "a whole program in one cell",
            [
                """
                use std::collections::BTreeMap;

                #[derive(Clone, Debug, PartialEq)]
                enum Move { Forward(u32), Turn(char) }

                fn read(text: &str) -> Result<Vec<Move>, String> {
                    text.split(';').map(str::trim).map(|word| match word {
                        "L" | "R" => Ok(Move::Turn(word.chars().next().unwrap())),
                        steps => steps.parse().map(Move::Forward).map_err(|error| format!("{steps}: {error}")),
                    }).collect()
                }

                fn main() -> Result<(), Box<dyn std::error::Error>> {
                    let mut counts: BTreeMap<bool, u8> = BTreeMap::new();
                    for step in read("3; L; 4")? {
                        *counts.entry(matches!(step, Move::Turn(_))).or_default() += 1;
                    }
                    println!("{counts:?}");
                    Ok(())
                }
                """,
                ("main()?;", "text:^{false: 2, true: 1}$"),
                "main()",
            ],
            "text:^{false: 2, true: 1}$",
        ),
        Case(
            "a trait for all iterators, used in a later cell",
            [
                """
                use std::collections::BTreeMap;
                trait Tally<K: Ord> { fn tally(self) -> BTreeMap<K, usize>; }
                impl<K: Ord, I: Iterator<Item = K>> Tally<K> for I {
                    fn tally(self) -> BTreeMap<K, usize> {
                        let mut all = BTreeMap::new();
                        for key in self { *all.entry(key).or_insert(0) += 1; }
                        all
                    }
                }
                """,
                '"abba".chars().tally()',
            ],
            "{'a': 2, 'b': 2}",
        ),
        Case(
            "an item used above its definition",
            [
                (
                    """
                    let ring = Ring::of(2.0);
                    struct Ring(f64);
                    impl Ring { fn of(r: f64) -> Self { Ring(r) } }
                    const TWICE: f64 = 2.0;
                    ring.0 * TWICE
                    """,
                    "4.0",
                ),
                "fn outer() -> u8 { inner() + 1 }\nfn inner() -> u8 { 7 }\nouter()",
            ],
            "8",
        ),
        Case(
            "`cfg` on functions",
            [
                """
                #[cfg(feature = "loud")]
                fn voice() -> &'static str { "LOUD" }
                #[cfg(not(feature = "loud"))]
                fn voice() -> &'static str { "soft" }
                voice()
                """,
                "voice()",
            ],
            '"soft"',
        ),
        Case(
            "attributes on `let`",
            [
                """
                #[cfg(windows)]
                let end = "\\r\\n";
                #[cfg(not(windows))]
                let end = "\\n";
                #[allow(unused_variables)]
                let spare = 1;
                #[rustfmt::skip]
                let grid = [[1, 2],
                            [3, 4]];
                """,
                ("(end.len(), grid[1][0])", "(1, 3)"),
                "#[cfg(windows)]\nlet only_there = 1;\n4",
            ],
            "4",
            why="the variable is kept",
        ),
        Case(
            "patterns in `let`",
            [
                """
                #[derive(Clone, Debug)] struct Port { name: String, at: (i32, i32) }
                let Port { name, at: (north, east) } = Port { name: "Riga".into(), at: (57, 24) };
                let [low, .., high] = [1, 5, 7, 9];
                let (all @ (left, _), right) = ((1, 2), 3);
                let Some(year) = "1201".parse::<u32>().ok() else { panic!("no year") };
                let grade @ 1..=6 = 2 else { unreachable!() };
                """,
                "(name.as_str(), north, east, low, high, all, left, right, year, grade)",
            ],
            '("Riga", 57, 24, 1, 9, (1, 2), 1, 3, 1201, 2)',
        ),
        Case(
            "variables changed in later cells",
            [
                "let mut score = 0;\nlet mut log = Vec::new();\nlog.push('a');",
                "score += 5;\nlog.extend(['b', 'c']);",
                "(score, log.len())",
            ],
            "(5, 3)",
        ),
        Case(
            "`Rc`, `Weak` and `RefCell` over cells",
            [
                """
                use std::cell::RefCell;
                use std::rc::{Rc, Weak};
                struct Branch { len: u8, trunk: RefCell<Weak<Branch>>, twigs: RefCell<Vec<Rc<Branch>>> }
                let twig = Rc::new(Branch { len: 1, trunk: RefCell::default(), twigs: RefCell::default() });
                let trunk = Rc::new(Branch { len: 9, trunk: RefCell::default(), twigs: RefCell::default() });
                trunk.twigs.borrow_mut().push(Rc::clone(&twig));
                """,
                "*twig.trunk.borrow_mut() = Rc::downgrade(&trunk);",
                ("twig.trunk.borrow().upgrade().map(|up| up.len + twig.len)", "Some(10)"),
                ("(Rc::strong_count(&twig), Rc::weak_count(&trunk))", "(2, 1)"),
                "drop(trunk);",
                "(Rc::strong_count(&twig), twig.trunk.borrow().upgrade().is_none())",
            ],
            "(1, true)",
        ),
        Case(
            "when destructors run",
            [
                """
                struct Bell(u8);
                impl Drop for Bell { fn drop(&mut self) { println!("ring {}", self.0); } }
                """,
                ('let bell = Bell(1);\nprintln!("hung");', r"text:\Ahung\n\Z"),
                ('let bell = Bell(2);\nprintln!("another");', r"text:\Aanother\nring 1\n\Z"),
                ('let _ = Bell(3);\nlet _stays = Bell(4);\nprintln!("end");', r"text:\Aring 3\nend\n\Z"),
                "drop(_stays);",
            ],
            r"text:\Aring 4\n\Z",
        ),
        Case(
            "what the destructor of a dropped variable prints is of that cell",
            [
                'struct Echo;\nimpl Drop for Echo { fn drop(&mut self) { println!("gone by"); } }\nlet echo = Echo;',
                (":forget echo", r"text:\Agone by\n\Z"),
                'println!("next");',
            ],
            r"text:\Anext\n\Z",
            stock=None,
        ),
        Case(
            "`Any` and boxed errors of types that nothing changed",
            [
                """
                #[derive(Debug)] struct Mark(u8);
                #[derive(Debug)] struct Torn;
                impl std::fmt::Display for Torn {
                    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, "torn") }
                }
                impl std::error::Error for Torn {}
                let mark: Box<dyn std::any::Any> = Box::new(Mark(6));
                let error: Box<dyn std::error::Error + Send + Sync> = Box::new(Torn);
                """,
                "(mark.downcast_ref::<Mark>().map(|mark| mark.0), error.is::<Torn>())",
            ],
            "(Some(6), true)",
        ),
        Case(
            "views and shapes of ndarray; a product that does not fit",
            [
                ':dep ndarray = "0.16"',
                """
                use ndarray::{Array1, Array2};
                let ramp = Array1::linspace(0.0, 3.0, 4);
                let squares = ramp.mapv(|x: f64| x * x);
                let mut table = Array2::<f64>::zeros((3, 2));
                """,
                "table[[2, 0]] = 8.0;\nlet last = table.row(2).to_owned();\nlet mean = squares.mean().unwrap();",
                ('format!("{mean:.1} {last}")', '"3.5 [8, 0]"'),
                "table.dot(&ramp)",
            ],
            "error:not compatible|shape",
            why="a panic is an error",
        ),
    ],
}
