"""What a session means: whatever binds is kept, edits in any order, no value of a type that is gone."""

import re

import pytest
from conftest import Front


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A kernel in a folder without a manifest."""
    front = Front(tmp_path_factory.mktemp("bare"))
    yield front
    front.close()


def run(front, *cells):
    """All but the last run; the last one's answer."""
    for cell in cells[:-1]:
        reply = front.run(cell)
        assert reply.status == "ok", (cell, reply.reply["evalue"])
    return front.run(cells[-1])


def gives(front, wanted, *cells):
    reply = run(front, *cells)
    assert reply.status == "ok" and reply.result() == wanted, (cells[-1], reply.result(), reply.reply)


def refuses(front, words, *cells):
    """The last cell does not compile, and says why."""
    reply = run(front, *cells)
    assert reply.status == "error" and reply.reply["ename"] == "CompileError", (cells[-1], reply.reply)
    assert words in reply.traceback(), reply.traceback()


def test_capitals_and_patterns_bind(bare):
    gives(bare, "(5, 1, 2)", "let X = 5; let (Q, mut R) = (1, 1);\nR += 1;", "(X, Q, R)")
    gives(bare, "(3, 4)", "struct Dim { W: u8, H: u8 }\nlet Dim { W, H: Tall } = Dim { W: 3, H: 4 };", "(W, Tall)")
    gives(bare, "[7, 9]", "let [First, .., Last] = [7, 8, 9];", "[First, Last]")
    # A constant in a pattern compares, and is no variable.
    gives(bare, "10", "const LIMIT: u8 = 9;\nlet (LIMIT, Rest) = (9, 10) else { panic!() };", "Rest")
    assert "LIMIT" not in [v["name"] for v in variables(bare)]


def variables(front):
    """Names of the variables, as `:vars` lists them."""
    rows = front.run(":vars").of("display_data")[0]["data"]["text/plain"].splitlines()[1:]
    return [{"name": row.split("  ")[0].replace("mut ", "").strip()} for row in rows]


def test_what_macros_make_is_there(bare):
    gives(bare, "4.5", "macro_rules! unit { ($n:ident) => { #[derive(Clone)] struct $n(f64);\n"
          "impl $n { fn half(&self) -> f64 { self.0 / 2.0 } } } }\nunit!(Litres);", "Litres(9.0).half()")
    gives(bare, "12", "macro_rules! pair { ($a:ident, $b:ident, $v:expr) => { let hidden = $v; let ($a, $b) = "
          "(hidden, hidden + 2); } }\npair!(left, right, 5);", "left + right")
    gives(bare, "8", "macro_rules! function { ($n:ident, $v:expr) => { fn $n() -> u8 { $v } } }\n"
          "function!(eight, 8);\nfn through() -> u8 { eight() }", "through()")
    gives(bare, "9", "function!(eight, 9);", "through()")


@pytest.mark.parametrize(
    ("macros", "call"),
    [
        ("macro_rules! pump { ($n:ident) => { struct $n { level: u8 } } }", "pump!(Left);"),
        ("#[allow(unused)]\nmacro_rules! pump { ($n:ident) => { struct $n { level: u8 } } }\n"
         "macro_rules! other { () => { OTHER } }", "pump!(Left);"),
        ("macro_rules! maker { ($m:ident) => { macro_rules! $m { ($n:ident) => { struct $n { level: u8 } } } } }\n"
         "maker!(pump);", "pump!(Left);"),
        ("macro_rules! pump { ($t:ty) => { $t } }", "struct Left { level: pump!(u8) }"),
        ("macro_rules! pump { () => { pub struct Left { pub level: u8 } } }", "mod inner { pump!(); }\nuse inner::Left;"),
    ],
)
def test_a_macros_cell_runs_again(bare, macros, call):
    """What older items are made by stands above them, whichever cell it is of now."""
    run(bare, macros, call, "let left = Left { level: 3 };")
    gives(bare, "3", macros, "left.level")
    gives(bare, "4", macros.replace("OTHER", "5"), "fn fill() -> Left { Left { level: 4 } }\nfill().level")
    # A change of something beside it is none of its own.
    gives(bare, "7", macros + "\nmacro_rules! beside { () => { 7 } }", "beside!() + left.level - 3")
    gives(bare, "3", macros.replace("OTHER", "6"), call, "left.level")


def test_a_macro_and_its_calls_are_told_apart(bare):
    """An error inside a macro is the call's: of the older call when the macro was edited, else of the cell's own."""
    run(bare, "macro_rules! tank { ($n:ident) => { struct $n { level: u8 } } }", "tank!(Deep);", "let deep = 1;")
    for wrong in ("tank!(3);", "tank!();", "tank!(String::new());"):
        assert bare.run(wrong).reply["ename"] == "CompileError"
    gives(bare, "2", "tank!(Shallow);", "Shallow { level: 2 }.level")
    for edit in ("($t:ty) => { $t }", "() => { struct Deep { level: u8 } }", "($n:ident) => { nonsense words }"):
        cell = bare.run(f"macro_rules! tank {{ {edit} }}\n{{ fn new() -> u8 {{ 5 }} new() }}")
        assert cell.result() == "5", cell.traceback()
    gives(bare, "9", "macro_rules! tank { ($n:ident) => { struct $n { level: u16 } } }\ntank!(Deep);",
          "Deep { level: 9 }.level")
    gives(bare, "1", "deep")


@pytest.mark.parametrize("edit", ["struct Deep(String);", "struct Deep(u64, std::cell::Cell<u8>);"])
def test_a_value_goes_with_the_meaning_of_its_type(bare, edit):
    bare.run(":clear")
    run(bare, "struct Deep(u64);", "type Alias = Deep;\nstruct Holder<T> { inner: Option<T> }",
        "let direct = Deep(1); let held: Holder<Alias> = Holder { inner: Some(Deep(2)) };\n"
        "let any: Box<dyn std::any::Any> = Box::new(Deep(3));\nlet other = vec![1, 2];",
        "static ALL: std::sync::Mutex<Vec<Deep>> = std::sync::Mutex::new(Vec::new());\n"
        "fn add(n: u64) -> usize { let mut all = ALL.lock().unwrap(); all.push(Deep(n)); all.len() }", "add(4)")
    changed = bare.run(edit)
    assert changed.status == "ok" and "`ALL` begins anew" in changed.text("stderr"), changed.messages
    assert "`add` of cell" in changed.text("stderr")
    refuses(bare, "changed it", "direct.0")
    refuses(bare, "changed it", "held.inner.is_some()")
    gives(bare, "(true, 2)", "(any.downcast_ref::<Deep>().is_none(), other.len())")
    gives(bare, "0", "ALL.lock().unwrap().len()")


def test_constants_and_associated_types_are_parts_of_types(bare):
    run(bare, "const ONE: usize = 1;\nconst TWO: usize = ONE + 1;", "struct Row([u8; TWO]);",
        "let row = Row([1; TWO]);", "trait Has { type Part; }\nstruct Car;\nimpl Has for Car { type Part = u8; }",
        "struct Garage { part: <Car as Has>::Part }", "let garage = Garage { part: 1 };", "const ONE: usize = 4000;")
    refuses(bare, "changed it", "row.0.len()")
    gives(bare, "1", "garage.part")
    refuses(bare, "changed it", "impl Has for Car { type Part = String; }", "garage.part.len()")


def test_edits_come_in_any_order(bare):
    run(bare, "struct Spot { x: f64 }", "fn far(p: &Spot) -> f64 { p.x.abs() }", "fn twice(p: &Spot) -> f64 { far(p) * 2.0 }",
        "twice(&Spot { x: -2.0 })")
    said = bare.run("struct Spot { r: f64 }").text("stderr")
    assert "`far` of cell" in said and "no field `x`" in said and "`twice`" in said
    refuses(bare, "no longer fits", "twice(&Spot { r: 1.0 })")
    run(bare, "fn far(p: &Spot) -> f64 { p.r }", "fn twice(p: &Spot) -> f64 { far(p) * 2.0 }")
    gives(bare, "6.0", "twice(&Spot { r: 3.0 })")
    # A signature, with its caller edited after it.
    run(bare, "fn area(w: f64) -> f64 { w * w }", "fn price(w: f64) -> f64 { area(w) }", "fn area(w: f64, h: f64) -> f64 { w * h }")
    gives(bare, "8.0", "fn price(w: f64) -> f64 { area(w, 4.0) }", "price(2.0)")


def test_a_cell_that_does_not_compile_changes_nothing(bare):
    run(bare, "#[derive(Debug)] struct Net { w: f64 }\nlet net = Net { w: 1.5 };\nfn go(n: &Net) -> f64 { n.w }")
    refuses(bare, "nothing_here", "struct Net { w: String }\nfn go() {}\nlet net = nothing_here;")
    gives(bare, "1.5", "go(&net)")
    gives(bare, "1.5", "/// The same.\n#[derive(Debug, Clone)] struct Net { w: f64 }", "net.w")


def test_impls_are_told_apart_by_what_they_are_for(bare):
    show = "fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result"
    run(bare, "struct Temp(f64);", f"impl std::fmt::Display for Temp {{ {show} {{ write!(f, \"C\") }} }}")
    gives(bare, '"F"', f"use std::fmt::{{self, Display}};\nimpl Display for Temp {{ {show} {{ write!(f, \"F\") }} }}",
          "Temp(1.0).to_string()")
    run(bare, "struct Bot { x: i32 }\nimpl Bot { fn new() -> Self { Bot { x: 1 } }\nfn step(&mut self) { self.x += 1; } }",
        "impl Bot { fn step(&mut self) { self.x += 10; } }")
    gives(bare, "11", "let mut bot = Bot::new();\nbot.step();\nbot.x")
    gives(bare, "101", "impl self::Bot { fn step(&mut self) { self.x += 100; } }", "let mut bot = Bot::new();\nbot.step();\nbot.x")


def test_three_name_spaces(bare):
    run(bare, "use std::fmt;\nstruct Q(u8);\nimpl fmt::Debug for Q { fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result "
        "{ write!(f, \"Q#{}\", self.0) } }", "fn fmt(x: f64) -> String { format!(\"{x:.1}\") }")
    gives(bare, 'Q#3', "Q(3)")
    gives(bare, '"1.0"', "fmt(1.0)")
    gives(bare, "6.0", "let scale = 2.0;", "fn scale(x: f64) -> f64 { 3.0 * x }", "scale(2.0)")
    gives(bare, "(7, 8)", "fn both() -> u8 { 7 }\nmod both { pub fn f() -> u8 { 8 } }", "(both(), both::f())")


def test_names_of_the_readers_own(bare):
    gives(bare, "Ok(3)", "#[derive(Debug)] enum Reply { Ok(i32), Err }\nuse Reply::*;\nlet r = Ok(3);", "r")
    gives(bare, "(1, 2)", "struct Vec(u8); struct Box(u8); struct String(u8);\nlet v = (Vec(1), Box(2));", "(v.0.0, v.1.0)")
    gives(bare, "4", "mod std { pub fn f() -> u8 { 4 } }", "std::f()")
    bare.run(":clear")


def test_what_has_a_name_is_kept(bare):
    gives(bare, "Some('a')", 'let mut chars = "abc".chars();', "chars.next()")
    gives(bare, "Some('b')", "chars.next()")
    gives(bare, '("HI", 3)', "fn shout(s: &str) -> String { s.to_uppercase() }\nlet f = shout; let len = str::len;",
          '(f("hi").as_str(), len("abc"))')
    gives(bare, "2", "let f = 2; f")
    refuses(bare, "got no value", "let later: i32;", "later + 1")


def test_the_reason_in_the_readers_terms(bare):
    refuses(bare, "items see no variables", "let rate = 2;", "fn pay(h: i32) -> i32 { h * rate }")
    refuses(bare, "items see no variables", "const R: i32 = rate;")
    gives(bare, "'c'", "let at = 2; let all = ['a', 'b', 'c'];", "all[at]")
    gives(bare, '("cell [%d]", 2)' % (bare.run("1").reply["execution_count"] + 1), "\n(file!(), line!())")
    dbg = bare.run("let z = 1;\ndbg!(z + 1);")
    assert f"[cell [{dbg.reply['execution_count']}]:2:1] z + 1 = 2" in dbg.text("stderr")
    for cell, line in [("let z = std::hint::black_box(0);\n\n1 / z", 3), ("let v = vec![1];\nv[z + 7]", 2)]:
        panic = bare.run(cell)
        assert panic.reply["ename"] == "Panic" and f"]:{line}:" in panic.traceback(), panic.traceback()


def advised(front, name):
    """The line that the note about a lost variable says to write."""
    reply = front.run(name)
    return re.search(r"write `(let .*;)`", reply.traceback()).group(1)


def test_a_line_that_is_advised_does_it(bare):
    run(bare, "let k = 3.0;\nlet times = |x: f64| x * k;\nlet even = (0..9).filter(|n| n % 2 == 0);\nlet mut n = 0;\n"
        "let mut count = move |by: i32| { n += by; n };")
    gives(bare, "6.0", "let k = 3.0;\n" + advised(bare, "times"), "times(2.0)")
    gives(bare, "5", advised(bare, "even"), "even.len()")
    gives(bare, "4", "let mut n = 1;\n" + advised(bare, "count"), "count(3)")


def test_statics_that_a_macro_makes_exist_once(bare):
    bare.run(
        "macro_rules! keep { ($($name:ident: $kind:ty = $value:expr;)*) => { $(static $name: "
        "std::sync::LazyLock<$kind> = std::sync::LazyLock::new(|| $value);)* } }"
    )
    cell = bare.run(
        "use std::sync::Mutex;\n"
        'keep! { SEEN: Mutex<Vec<u8>> = Mutex::new(vec![1, 2]); WORD: String = format!("{}!", vec![3].len()); '
        'NONE: Vec<u8> = { assert!(true); std::vec![] }; }\nSEEN.lock()?.push(3);'
    )
    assert cell.status == "ok" and cell.text("stderr") == "", cell.reply
    assert bare.run("SEEN.lock()?.push(4);").status == "ok"
    cell = bare.run("(SEEN.lock()?.len(), WORD.as_str(), NONE.len())")
    assert cell.result() == '(4, "1!", 0)'
