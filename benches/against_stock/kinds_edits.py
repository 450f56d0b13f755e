"""Cells that are changed and run again."""

from sessions import Case

ITEMS = "items stand in levels, so that a changed type is another type"
ASIDE = "the older item is set aside until its cell runs again"
LATER = "the later impl replaces the older one"
# The value is gone, or the edit was refused, with a word.
LOST = "heard:changed|of the type|begins anew|no longer|not found|cannot find|redefined|conflicting"


def grown(fields):
    """A struct with so many fields, a method over them and a value, as a teacher goes on."""
    names = [f"part{number}" for number in range(fields)]
    return "\n".join([
        "#[derive(Clone, Debug)]\nstruct Sheet { " + ", ".join(f"{name}: u32" for name in names) + " }",
        "impl Sheet { fn total(&self) -> u32 { " + " + ".join(f"self.{name}" for name in names) + " } }",
        "let sheet = Sheet { " + ", ".join(f"{name}: 2" for name in names) + " };",
    ])  # fmt: skip


KINDS = {
    "1 a value outlives its type": [
        Case(
            "a variable, its struct edited",
            ["struct Row { n: u64 }\nlet row = Row { n: 8 };", "struct Row { n: String }", "row.n.len()"],
            LOST,
            why=ITEMS,
        ),
        Case(
            "a value behind `Any`, other fields",
            [
                "struct Coin { cents: u64 }\nlet purse: Box<dyn std::any::Any> = Box::new(Coin { cents: 50 });",
                "struct Coin { land: String, year: Vec<u16> }",
                "purse.downcast_ref::<Coin>().map(|coin| coin.land.len() + coin.year.len())",
            ],
            "None",
        ),
        Case(
            "a value behind `Any`, a field of the same name",
            [
                "struct Row { n: u64 }\nlet kept: Box<dyn std::any::Any> = Box::new(Row { n: 8 });",
                "struct Row { n: String }",
                "kept.downcast_ref::<Row>().map(|row| row.n.len())",
            ],
            "None",
            why=ITEMS,
        ),
        Case(
            "values in a `static`",
            [
                """
                use std::sync::Mutex;
                struct Order { cents: u64 }
                static BOOK: Mutex<Vec<Order>> = Mutex::new(Vec::new());
                BOOK.lock().unwrap().push(Order { cents: 250 });
                """,
                "struct Order { cents: String, buyer: String }",
                "BOOK.lock().unwrap().iter().map(|order| order.cents.len() + order.buyer.len()).sum::<usize>()",
            ],
            "said:^0$|changed|not found|cannot find",
        ),
        Case(
            "a type behind a module and an import",
            [
                """
                mod shape { pub struct Corner { pub at: u64 } }
                use shape::Corner;
                struct Drawing { corner: Corner }
                let drawing = Drawing { corner: Corner { at: 3 } };
                """,
                "mod shape { pub struct Corner { pub at: String } }",
                "drawing.corner.at.len()",
            ],
            LOST,
            why=ITEMS,
        ),
        Case(
            "an array as long as a constant of a constant",
            [
                """
                const SIDE: usize = 3;
                const AREA: usize = SIDE * SIDE;
                struct Board { fields: [u8; AREA] }
                let board = Board { fields: [1; AREA] };
                """,
                "const SIDE: usize = 60;",
                "board.fields.iter().filter(|&&field| field != 1).count()",
            ],
            LOST,
            why=ITEMS,
        ),
        Case(
            "an associated type",
            [
                """
                trait Shelf { type Thing; }
                struct Kitchen;
                impl Shelf for Kitchen { type Thing = u64; }
                struct Jar { thing: <Kitchen as Shelf>::Thing }
                let jar = Jar { thing: 8 };
                """,
                "impl Shelf for Kitchen { type Thing = Vec<u8>; }",
                "jar.thing.len()",
            ],
            LOST,
        ),
        Case(
            "inside generics, a function pointer, a boxed closure",
            [
                """
                struct Pack<T>(T);
                struct Tile { n: u64 }
                let pack = Pack(vec![Some(Tile { n: 1 })]);
                let count: fn(Tile) -> u64 = |tile| tile.n;
                let boxed: Box<dyn Fn(&Tile) -> u64> = Box::new(|tile| tile.n);
                """,
                "struct Tile { n: String }",
                ("pack.0.len()", LOST),
                ("count(Tile { n: String::new() })", LOST),
                "boxed(&Tile { n: String::new() })",
            ],
            LOST,
            why=ITEMS,
        ),
        Case(
            "a trait behind `dyn`, inside a type of a module",
            [
                """
                trait Act { fn act(&self) -> u64; }
                struct Nod;
                impl Act for Nod { fn act(&self) -> u64 { 1 } }
                mod theatre { pub struct Stage { pub acts: Vec<Box<dyn super::Act>> } }
                use theatre::Stage;
                let stage = Stage { acts: vec![Box::new(Nod)] };
                """,
                """
                trait Act { fn label(&self) -> String; fn act(&self) -> u64; }
                impl Act for Nod { fn label(&self) -> String { "nod".into() } fn act(&self) -> u64 { 1 } }
                """,
                "stage.acts[0].label()",
            ],
            LOST,
        ),
        Case(
            "a comment and a method's body edited: the value stays",
            [
                """
                struct Lamp { watts: f64 }
                impl Lamp { fn cost(&self) -> f64 { self.watts } }
                let lamp = Lamp { watts: 4.0 };
                """,
                """
                /// It gives light.
                struct Lamp { watts: f64 } // at most
                impl Lamp { fn cost(&self) -> f64 { self.watts * 3.0 } }
                """,
                "lamp.cost()",
            ],
            "12.0",
        ),
        Case(
            "a method more in the type's cell: the value stays",
            [
                "#[derive(Debug)]\nstruct Line { len: u32 }\nimpl Line { fn len(&self) -> u32 { self.len } }",
                "let line = Line { len: 3 };",
                """
                #[derive(Debug)]
                struct Line { len: u32 }
                impl Line { fn len(&self) -> u32 { self.len } fn is_empty(&self) -> bool { self.len == 0 } }
                """,
                "line.is_empty()",
            ],
            "false",
        ),
        Case(
            "a derive more: kept, or lost with a word",
            [
                "struct Cup { ml: u32 }\nlet cup = Cup { ml: 250 };",
                "#[derive(Debug)]\nstruct Cup { ml: u32 }",
                "cup",
            ],
            "said:^Cup|changed|cannot find",
        ),
    ],
    "2 capital letters": [
        Case("a variable called `Y`", ["let Y: Vec<f64> = vec![1.0, 2.0];", "Y.len()"], "2"),
        Case("a pattern of two", ["let (K, L) = (1, 2);", "K + L"], "3"),
        Case(
            "matrices and their products",
            [
                ':dep ndarray = "0.16"',
                "use ndarray::array;\nlet A = array![[2.0, 0.0], [1.0, 3.0]];\nlet G = A.dot(&A.t());",
                ("A.sum()", "6.0"),
                "let D = G[[0, 0]] + A[[1, 1]];\nD",
            ],
            "7.0",
        ),
    ],
    "3 edits deadlock": [
        Case(
            "a struct and a function of it, edited one by one",
            [
                "struct Leaf { length: f64, width: f64 }",
                "fn surface(leaf: &Leaf) -> f64 { leaf.length * leaf.width }",
                "struct Leaf { a: f64, b: f64 }",
                "fn surface(leaf: &Leaf) -> f64 { leaf.a * leaf.b }",
                "surface(&Leaf { a: 1.5, b: 4.0 })",
            ],
            "6.0",
            why=ASIDE,
        ),
        Case(
            "a function's arguments, then its caller",
            [
                "fn tax(net: f64) -> f64 { net * 0.5 }",
                "fn gross(net: f64) -> f64 { net + tax(net) }",
                "fn tax(net: f64, rate: f64) -> f64 { net * rate }",
                "fn gross(net: f64) -> f64 { net + tax(net, 0.25) }",
                "gross(8.0)",
            ],
            "10.0",
            why=ASIDE,
        ),
        Case(
            "methods in a later cell, then the struct, then they",
            [
                "struct Meter { km: f64 }",
                "impl Meter { fn drive(&mut self, km: f64) { self.km += km; } }",
                "let mut meter = Meter { km: 0.0 };\nmeter.drive(2.5);",
                "struct Meter { km: f64, trips: u32 }",
                "impl Meter { fn drive(&mut self, km: f64) { self.km += km; self.trips += 1; } }",
                ("meter.trips", LOST),
                "let mut meter = Meter { km: 0.0, trips: 0 };\nmeter.drive(1.5);",
                "(meter.km, meter.trips)",
            ],
            "(1.5, 1)",
            why=LATER,
        ),
        Case(
            "a struct, its method and a value, five times over",
            [step for fields in range(1, 6) for step in (grown(fields), ("sheet.total()", str(2 * fields)))],
            "10",
            why="what a cell binds anew is not lost with what it was",
        ),
    ],
    "4 a failed cell takes variables": [
        Case(
            "a struct edited in a cell that does not compile",
            [
                "struct Plan { days: u32 }\nlet plan = Plan { days: 9 };",
                ("struct Plan { days: u32, cost: f64 }\nlet next = Plan { days: 1, cost: no_name };", "error:no_name"),
                "plan.days",
            ],
            "9",
        ),
        Case(
            "a function edited in a cell that does not compile",
            [
                "fn step() -> u32 { 3 }\nlet kept = vec![1, 2];",
                ("fn step() -> u32 { 4 }\nlet kept: u8 = kept;", "error:expected `?u8"),
                "(step(), kept.len())",
            ],
            "(3, 2)",
        ),
    ],
    "11 impls": [
        Case(
            "the same impl, run again",
            [
                "trait Greet { fn greet(&self) -> &'static str; }\nstruct Host;",
                "impl Greet for Host { fn greet(&self) -> &'static str { \"hello\" } }",
                "impl Greet for Host { fn greet(&self) -> &'static str { \"welcome\" } }",
                "Host.greet()",
            ],
            '"welcome"',
            why=LATER,
        ),
        Case(
            "the same trait by another path",
            [
                """
                struct Sign;
                impl std::fmt::Display for Sign {
                    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, "one") }
                }
                """,
                """
                use std::fmt;
                impl fmt::Display for Sign {
                    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "two") }
                }
                """,
                "Sign.to_string()",
            ],
            '"two"',
            why=LATER,
        ),
        Case(
            "one method of two defined anew",
            [
                """
                struct Clock(i32);
                impl Clock { fn noon() -> Self { Clock(12) } fn later(&self) -> i32 { self.0 + 1 } }
                """,
                "impl Clock { fn later(&self) -> i32 { self.0 + 6 } }",
                "Clock::noon().later()",
            ],
            "18",
            why="the later impl replaces the older one, a method at a time",
        ),
    ],
}
