"""Crates: from a registry, from a folder, from the reader's own package, and what lies beside a notebook."""

import subprocess
import time

from packages import HERE, MARKED, OWN, package
from sessions import Case, Restart, Tool

STATS = "use ndarray::arr1;\nuse ndarray_stats::QuantileExt;\n"
BESIDE = "names are those of the notebook's folder"
VARIABLES = "cargo's variables are those of the notebook's package or folder"
SHAPES = "pub fn corners() -> u8 { 6 }\n"


def shared_library(folder):
    """What a vendor's library is: a file that the linker and the loader must both find."""
    (folder / "vendor").mkdir()
    (folder / "vendor/gauge.c").write_text("int gauge_read(int port) { return 100 + port; }\n")
    command = ["cc", "-shared", "-fPIC", "-o", "vendor/libgauge.so", "vendor/gauge.c"]
    subprocess.run(command, cwd=folder, check=True)


def repository(folder):
    git = "git -c user.name=n -c user.email=n@localhost"
    command = f"git init --quiet && git add . && {git} commit --quiet --message first"
    subprocess.run(command, shell=True, cwd=folder / "origin", check=True)


def written(name, text):
    """A step that writes a file; the clock of a file system may be slow."""

    def step(folder):
        time.sleep(1.1)
        (folder / name).write_text(text)

    return step


def more_crates(folder):
    manifest = folder / "Cargo.toml"
    manifest.write_text(manifest.read_text() + 'fnv = "1"\n')
    (folder / "src/lib.rs").write_text("pub fn depth() -> u32 { 18 }\npub use {fnv, itoa};\n")


def only_a_program(folder):
    (folder / "src/lib.rs").unlink()
    (folder / "src/main.rs").write_text("fn main() {}\n")


def with_mistake(old, new):
    files = dict(MARKED)
    files["Cargo.toml"] = files["Cargo.toml"].replace(old, new)
    return files


TOOLCHAIN = '[toolchain]\nchannel = "{}"\n'
WORKSPACE = {
    "fleet/Cargo.toml": (
        '[workspace]\nmembers = ["boat", "crew"]\nresolver = "2"\n[workspace.package]\nversion = "0.3.0"\n'
        'edition = "2021"\n[workspace.dependencies]\nfnv = "1"\ncrew = { path = "crew" }\n'
    ),
    "fleet/boat/Cargo.toml": (
        '[package]\nname = "boat"\nversion.workspace = true\nedition.workspace = true\n'
        "[dependencies]\ncrew.workspace = true\nfnv.workspace = true\n"
    ),
    "fleet/boat/src/lib.rs": (
        "pub use crew::Sailor;\npub fn tally(all: &[crew::Sailor]) -> usize {\n"
        "    all.iter().map(|one| one.years).collect::<fnv::FnvHashSet<u8>>().len()\n}\n"
    ),
    "fleet/crew/Cargo.toml": '[package]\nname = "crew"\nversion.workspace = true\nedition.workspace = true\n',
    "fleet/crew/src/lib.rs": "#[derive(Debug)] pub struct Sailor { pub years: u8 }\n",
}

KINDS = {
    "5 companions": [
        Case(
            "two crates that share a type",
            [':dep ndarray = "0.16"\n:dep ndarray-stats = "0.6"', STATS + "*arr1(&[4.0, 2.5, 9.0]).min()?"],
            "2.5",
        ),
        Case(
            "a companion that needs features which the manifest's build lacks: done, or they are named",
            [':dep ndarray-stats = "0.6"\n' + STATS + "arr1(&[4.0, 2.5, 9.0]).argmin()?"],
            r"said:^1$|\[dependencies\] in(.|\n)*num-integer",
            files=package("harbour", "pub use ndarray;\n", marked=True, dependencies='ndarray = "0.16"\n'),
            stock=':dep ndarray = "0.16"',
        ),
        Case(
            "the same, the manifest with the features that it needs",
            [':dep ndarray-stats = "0.6"', STATS + "arr1(&[4.0, 2.5, 9.0]).argmin()?"],
            "1",
            files=package(
                "harbour",
                "pub use ndarray;\n",
                marked=True,
                dependencies='ndarray = "0.16"\nnum-integer = "0.1"\nnum-traits = "0.2"\n',
            ),
            stock=':dep ndarray = "0.16"',
        ),
    ],
    "7 native libraries": [
        Case(
            "the C library's own",
            ['unsafe extern "C" { fn toupper(c: i32) -> i32; }\nunsafe { toupper(97) }'],
            "65",
        ),
        Case(
            "a build script that compiles C",
            [':dep product = { path = "product" }', "(product::of(6, 7), product::MADE)"],
            '(42, "by hand")',
            files={
                **package(
                    "product",
                    'unsafe extern "C" { fn mul_c(a: i64, b: i64) -> i64; }\n'
                    "pub fn of(a: i64, b: i64) -> i64 { unsafe { mul_c(a, b) } }\n"
                    'pub const MADE: &str = env!("PRODUCT_MADE");\n',
                    head='build = "build.rs"\n[build-dependencies]\ncc = "1"\n',
                    folder="product/",
                ),
                "product/mul.c": "long long mul_c(long long a, long long b) { return a * b; }\n",
                "product/build.rs": (
                    'fn main() {\n    cc::Build::new().file("mul.c").compile("mul");\n'
                    '    println!("cargo:rustc-env=PRODUCT_MADE=by hand");\n}\n'
                ),
            },
        ),
        Case(
            "a build script that names a folder with a shared library",
            [shared_library, ':dep gauge = { path = "gauge" }', "gauge::read(5)"],
            "105",
            files={
                **package(
                    "gauge",
                    'unsafe extern "C" { fn gauge_read(port: i32) -> i32; }\n'
                    "pub fn read(port: i32) -> i32 { unsafe { gauge_read(port) } }\n",
                    folder="gauge/",
                ),
                "gauge/build.rs": (
                    'fn main() {\n    println!("cargo:rustc-link-search=native=FOLDER/vendor");\n'
                    '    println!("cargo:rustc-link-lib=dylib=gauge");\n}\n'
                ),
            },
            why="the loader is told the folder, too",
        ),
    ],
    "8 `rust-toolchain.toml`": [
        Case(
            "another toolchain beside the notebook: used, or a word of it",
            ["harbour::depth()"],
            "said:^17$|toolchain",
            files={**MARKED, "rust-toolchain.toml": TOOLCHAIN.format("nightly")},
            stock=HERE,
        ),
        Case(
            "one that is not installed: the file is named",
            ["1 + 1"],
            "error:rust-toolchain.toml",
            files={"rust-toolchain.toml": TOOLCHAIN.format("of-nobody")},
            why="rustup is asked once, where the notebook is",
        ),
    ],
    "13 cargo's variables": [
        Case(
            "the folder of the package is the notebook's",
            ['std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tides.csv").exists()'],
            "true",
            files={"tides.csv": "1,2\n"},
            why=VARIABLES,
        ),
        Case(
            "the version is the package's",
            ['env!("CARGO_PKG_VERSION")'],
            '"0.4.2"',
            files=MARKED,
            stock=HERE,
            why=VARIABLES,
        ),
        Case(
            "a derive that reads the package's version",
            [
                ':dep clap = { version = "4", features = ["derive"] }',
                """
                #[derive(clap::Parser, Debug)]
                #[command(version, about)]
                struct Job { #[arg(short)] size: Option<u16> }
                """,
                'use clap::Parser;\nJob::parse_from(["job", "-s", "640"]).size',
            ],
            "Some(640)",
        ),
        Case(
            "a macro that takes in a folder of the package",
            [
                ':dep include_dir = "0.7"',
                """
                use include_dir::{Dir, include_dir};
                static PAGES: Dir = include_dir!("$CARGO_MANIFEST_DIR/pages");
                PAGES.files().count()
                """,
            ],
            "2",
            files={"pages/one.txt": "1", "pages/two.txt": "2"},
            why=VARIABLES,
        ),
        Case(
            "a derive that looks for the manifest",
            [
                ':dep num_enum = "0.7"',
                """
                #[derive(Debug, num_enum::TryFromPrimitive)]
                #[repr(u8)]
                enum Gate { Shut = 4, Open = 5 }
                """,
                "Gate::try_from(5u8)",
            ],
            "Ok(Open)",
        ),
    ],
    "14 files beside the notebook": [
        Case("read at run time", ['std::fs::read_to_string("tides.csv")?.len()'], "4", files={"tides.csv": "1,2\n"}),
        Case(
            "`include_str!`",
            ['include_str!("tides.csv").len()'],
            "4",
            BESIDE,
            {"tides.csv": "1,2\n"},
        ),
        Case("`include!`", ['include!("shapes.rs");\ncorners()'], "6", BESIDE, {"shapes.rs": SHAPES}),
        Case("`mod shapes;`", ["mod shapes;\nshapes::corners()"], "6", BESIDE, {"shapes.rs": SHAPES}),
        Case(
            '`#[path = "…"] mod`',
            ['#[path = "parts/shapes.rs"]\nmod shapes;\nshapes::corners()'],
            "6",
            files={"parts/shapes.rs": SHAPES},
            why=BESIDE,
        ),
        Case(
            "`mod shapes;` again after the file was changed",
            [
                ("mod shapes;\nshapes::corners()", "6"),
                written("shapes.rs", "pub fn corners() -> u8 { 8 }\n"),
                "mod shapes;\nshapes::corners()",
            ],
            "8",
            files={"shapes.rs": SHAPES},
            why=BESIDE,
        ),
    ],
    "18 a marked manifest with a mistake": [
        Case(
            "no TOML: the manifest is named",
            ["harbour::depth()"],
            "heard:Cargo.toml",
            files=with_mistake('itoa = "1"', 'itoa = 1"'),
            stock=HERE,
            why="stock knows no manifest",
        ),
        Case(
            "a crate that no registry has: said, and later cells run",
            [("1 + 1", "said:zz-no-crate-of-this-name"), "1 + 1"],
            "2",
            files=with_mistake('itoa = "1"', 'zz-no-crate-of-this-name = "1"'),
            stock=None,
        ),
        Case(
            "no `dylib`: cells run all the same",
            ["1 + 1", "2 + 3"],
            "5",
            files=with_mistake('[lib]\ncrate-type = ["dylib"]\n', ""),
            stock=None,
        ),
        Case(
            "a program and no library: said, and later cells run",
            [only_a_program, Restart, ("1 + 1", "said:(?i)library"), "1 + 1"],
            "2",
            files=with_mistake('[lib]\ncrate-type = ["dylib"]\n', ""),
            stock=None,
        ),
        Case(
            "no TOML: `doctor` names the manifest",
            [Tool(["doctor"])],
            "error:(?s)Cargo.toml.*invalid|expected|TOML",
            files=with_mistake('itoa = "1"', "itoa = 1'"),
            stock=None,
        ),
        Case(
            "a crate more in the manifest, after a restart",
            [
                ("harbour::depth()", "17"),
                more_crates,
                Restart,
                ("harbour::depth()", "18"),
                "fnv::FnvHashSet::<u8>::default().len()",
            ],
            "0",
            files=MARKED,
            stock=None,
        ),
    ],
    "22 missing crates": [
        Case(
            "one that the reader's own manifest has: the line to add is in the error",
            [
                ("use itoa::Buffer;", "error::dep itoa"),
                ("itoa::Buffer::new();", "error::dep itoa"),
                "extern crate itoa;",
            ],
            "error::dep itoa",
            files=OWN,
            why="the manifest beside the notebook is looked into",
        ),
        Case(
            "the reader's own package: what to do is in the error",
            ["harbour::depth()"],
            r"error::dep harbour|package\.metadata\.notebook",
            files=OWN,
            why="the manifest beside the notebook is looked into",
        ),
    ],
}
