//! What is missing for the kernel to work, and how to mend it.

use crate::engine::{Cell, CellError, Engine, Output, RunFolder, RustEngine, Sink};
use crate::session::lock;
use crate::{environment, toolchain};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Oldest Rust whose cells this kernel's generated code compiles on.
const OLDEST_RUST: (u32, u32) = (1, 91);

/// Examines this machine; fails when a cell could not run.
pub fn examine() -> ExitCode {
    let mut sound = true;
    let mut say = |ok: bool, what: &str, remedy: &str| {
        println!("{} {what}", if ok { "ok     " } else { "missing" });
        if !ok {
            println!("        -> {remedy}");
            sound = false;
        }
    };
    let rust = "install Rust with rustup, or put its bin folder on PATH";
    for tool in ["cargo", "rustc"] {
        let version = version(tool);
        say(
            version.is_some(),
            &format!("{tool}: {}", version.as_deref().unwrap_or("not found")),
            rust,
        );
    }
    if let Some((major, minor)) = version("rustc").as_deref().and_then(release) {
        let (old_major, old_minor) = OLDEST_RUST;
        let ok = (major, minor) >= OLDEST_RUST;
        let need = format!("rustc is {major}.{minor}; cells need {old_major}.{old_minor} or later");
        say(ok, &need, "run `rustup update`");
    }
    let linker = version("cc").is_some();
    say(linker, "a C compiler to link with (cc)", "install gcc or clang (Debian: apt install gcc)");
    match environment::rust_libraries() {
        Ok(folder) => {
            let std = has_std(&folder);
            let what = format!("the dynamic standard library in {}", folder.display());
            say(std, &what, "run `rustup component add rust-std`");
        }
        Err(error) => say(false, &format!("rustc's libraries: {error}"), rust),
    }
    let here = std::env::current_dir().unwrap_or_default();
    match environment::find_manifest(&here) {
        Some(manifest) => {
            let what = format!("the crates of {}", manifest.display());
            let order = environment::Order::of(manifest);
            let built = environment::build(&order, &mut |line| println!("        {line}"));
            let remedy = built.as_ref().err().map(ToString::to_string).unwrap_or_default();
            say(built.is_ok(), &what, &remedy);
        }
        None => println!("note    no [package.metadata.notebook] here: cells see only std"),
    }
    match run_cell(&here) {
        Ok(seconds) => say(true, &format!("a cell runs ({seconds:.1} s from start to value)"), ""),
        Err(problem) => say(false, "a cell that runs", &problem),
    }
    if let Some(log) = crate::log_file() {
        println!("note    log: {} (MLNOTES_KERNEL_LOG=debug says more)", log.display());
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Starts what a kernel here would, and runs a cell; how long it took, or what stopped it.
fn run_cell(folder: &Path) -> Result<f64, String> {
    let start = Instant::now();
    let run = RunFolder::create().map_err(|error| format!("a folder to compile in: {error}"))?;
    let words = |error: CellError| error.traceback.join("\n        ");
    let mut engine = RustEngine::start(folder, run).map_err(words)?;
    let value = Arc::new(Mutex::new(None));
    let found = Arc::clone(&value);
    let sink: Sink = Arc::new(move |output| {
        if let Output::Result(bundle) = output {
            *lock(&found) = bundle.data.get("text/plain").cloned();
        }
    });
    let cell = Cell { code: "let v = vec![40, 2];\nv.iter().sum::<i32>()".to_owned(), number: 1 };
    engine.execute(&cell, sink, Arc::new(|_, _| None)).map_err(words)?;
    let value = lock(&value).take();
    if value.as_ref().and_then(|value| value.as_str()) == Some("42") {
        Ok(start.elapsed().as_secs_f64())
    } else {
        Err(format!("it gave {value:?} in place of 42; the log may say more"))
    }
}

fn version(tool: &str) -> Option<String> {
    let mut command = match tool {
        "rustc" => toolchain::rustc(),
        "cargo" => environment::cargo(),
        tool => Command::new(tool),
    };
    let output = command.arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| text.lines().next().unwrap_or_default().to_owned())
}

fn release(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split_whitespace().nth(1)?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn has_std(folder: &Path) -> bool {
    let is_std = |file: std::fs::DirEntry| {
        let path = file.path();
        let dynamic = path.extension().is_some_and(|kind| kind == "so" || kind == "dylib");
        dynamic && file.file_name().to_string_lossy().starts_with("libstd-")
    };
    std::fs::read_dir(folder).is_ok_and(|files| files.flatten().any(is_std))
}
