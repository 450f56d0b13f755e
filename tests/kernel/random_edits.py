"""A notebook of ten cells and edits at random: run from the top after them, it gives what a fresh
kernel gives."""

import random as randomness

# Each cell in several versions that fit all versions of the others.
CELLS = [
    [
        "use std::fmt;\nuse std::collections::BTreeMap;",
        "use std::collections::{BTreeMap, BTreeSet};\nuse std::fmt;",
        "use std::{collections::BTreeMap, fmt::{self, Write as _}};",
    ],
    [
        "const SIZE: usize = 2;\nconst CELLS: usize = SIZE * SIZE;",
        "const CELLS: usize = 9;\nconst SIZE: usize = 3;",
        "const SIZE: usize = 1 + 1;\nconst CELLS: usize = SIZE + 2;",
    ],
    [
        "#[derive(Debug, Clone, PartialEq)]\nstruct Point { x: f64, y: f64 }",
        "#[derive(Debug, Clone, PartialEq)]\nstruct Point { y: f64, x: f64, tag: u8 }\n"
        "impl Point { fn tag(&self) -> u8 { self.tag } }",
        "/// A place.\n#[derive(Debug, Clone, PartialEq)]\nstruct Point { x: f64, y: f64 }",
        "mod places { #[derive(Debug, Clone, PartialEq)] pub struct Point { pub x: f64, pub y: f64 } }\n"
        "use places::Point;",
    ],
    [
        "macro_rules! at { ($x:expr, $y:expr) => { serde_free($x, $y) } }\n"
        "fn serde_free(x: f64, y: f64) -> (f64, f64) { (x, y) }",
        "macro_rules! at { ($x:expr, $y:expr) => { ($x + 1.0, $y) } }",
        "macro_rules! at { ($x:expr, $y:expr) => { ($y, $x) } }",
    ],
    [
        "trait Area { fn area(&self) -> f64; fn name(&self) -> String { \"shape\".into() } }",
        "trait Area { fn name(&self) -> String { \"form\".into() } fn area(&self) -> f64; }",
        "trait Area { const SIDES: u8 = 4; fn area(&self) -> f64; fn name(&self) -> String "
        "{ format!(\"{} sides\", Self::SIDES) } }",
    ],
    [
        "#[derive(Debug)]\nstruct Grid { cells: [u32; CELLS] }\n"
        "impl Area for Grid { fn area(&self) -> f64 { self.cells.len() as f64 } }",
        "#[derive(Debug)]\nstruct Grid { cells: Vec<u32> }\n"
        "impl Area for Grid { fn area(&self) -> f64 { (self.cells.len() * SIZE) as f64 } "
        "fn name(&self) -> String { \"grid\".into() } }",
        "#[derive(Debug)]\nstruct Grid { cells: BTreeMap<u32, u32> }\n"
        "impl Area for Grid { fn area(&self) -> f64 { self.cells.len() as f64 / 2.0 } }",
    ],
    [
        "static SEEN: std::sync::Mutex<Vec<f64>> = std::sync::Mutex::new(Vec::new());\n"
        "fn see(shape: &impl Area) -> f64 { SEEN.lock().unwrap().push(shape.area()); shape.area() }",
        "static SEEN: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());\n"
        "fn see<T: Area>(shape: &T) -> f64 { SEEN.lock().unwrap().push(shape.name()); shape.area() + 1.0 }",
    ],
    [
        "let (A, B) = at!(1.0, 2.0);\nlet X = vec![A, B, 3.0];",
        "let X = vec![5.0f64; SIZE];\nlet [A, B] = [X[0], 7.0];",
        "let mut X: Vec<f64> = Vec::new();\nX.push(at!(2.0, 4.0).0);\nlet A = X[0];\nlet B = -A;",
    ],
    [
        "let grid = Grid { cells: (0..CELLS as u32).map(|i| i).collect::<Vec<_>>().try_into().unwrap() };",
        "let grid = Grid { cells: Default::default() };",
    ],
    [
        "let seen = see(&grid);\nformat!(\"{seen} {:?} {} {:?}\", grid, grid.name(), (A, B, X.len()))",
        "see(&grid);\nformat!(\"{:?} {:?}\", SEEN.lock().unwrap(), X)",
        "format!(\"{} {CELLS} {}\", grid.area() + A, X.iter().sum::<f64>() + B)",
    ],
]


def draw(seed):
    """The versions that a notebook starts with, and its edits: (cell, version, whether it is run)."""
    random = randomness.Random(seed)
    start = [random.randrange(len(versions)) for versions in CELLS]
    edits = []
    for _ in range(random.randrange(2, 6)):
        cell = random.randrange(len(CELLS))
        edits.append((cell, random.randrange(len(CELLS[cell])), random.random() < 0.7))
    return start, edits


def run_all(kernel, versions):
    """What each cell answers, up to the first that fails: there "run all" ends."""
    answers = []
    for cells, version in zip(CELLS, versions):
        reply = kernel.run(cells[version])
        answers.append((reply.status, reply.result() or reply.reply.get("ename")))
        if reply.status != "ok":
            break
    return answers


def differences(kernel, fresh, start, edits):
    """What an edited session answers that a fresh one does not."""
    run_all(kernel, start)
    versions = list(start)
    for cell, version, run in edits:
        versions[cell] = version
        if run:
            kernel.run(CELLS[cell][version])
    found = run_all(kernel, versions)
    wanted = run_all(fresh, versions)
    return [
        f"cell {i + 1}: {a}, fresh: {b}" for i, (a, b) in enumerate(zip(found, wanted)) if a != b
    ]
