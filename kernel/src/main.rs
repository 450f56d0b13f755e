//! `mlnotes-kernel`: a Jupyter kernel for Rust cells.

mod analyst;
mod aside;
mod child;
mod comms;
mod doctor;
mod engine;
mod environment;
mod history;
mod notebook;
mod project;
mod server;
mod session;
mod spec;
mod toolchain;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(version, about = "A Jupyter kernel for Rust cells.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the kernel known to Jupyter.
    Install(spec::Place),
    /// Make Jupyter forget the kernel.
    Uninstall(spec::Place),
    /// Serve a front end; Jupyter calls this.
    Run {
        /// The file that says which ports to use.
        #[arg(long)]
        connection_file: PathBuf,
        /// `rust` runs cells, `echo` only talks (for tests of the protocol).
        #[arg(long, default_value = "rust", hide = true)]
        engine: String,
    },
    /// Build the crates that cells in this folder see, as the kernel would at its first start.
    Build {
        /// The notebooks' folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Run notebooks from their tops, and say where they do not come out as they are stored.
    ///
    /// Exit code 0: all are green; 1: one is red; 2: one could not be run.
    Test(notebook::Options),
    /// Say what is missing for the kernel to work, and how to mend it.
    Doctor,
    /// Run a notebook for `test`.
    #[command(hide = true)]
    TestOne(notebook::One),
    /// Answer questions about code for the kernel.
    #[command(hide = true)]
    Analyse,
    /// What evcxr, which answers them, starts as the program that would run its cells.
    #[command(hide = true)]
    Evcxr,
}

fn main() -> ExitCode {
    if std::env::args_os().next().is_some_and(|name| name == engine::wire::CELLS_PROGRAM) {
        child::main();
    }
    let result = match Cli::parse().command {
        Command::Install(place) => spec::install(&place),
        Command::Uninstall(place) => spec::uninstall(&place),
        Command::Run { connection_file, engine } => run(&connection_file, &engine),
        Command::Build { folder } => build(&folder),
        Command::Test(options) => return notebook::test(&options),
        Command::TestOne(one) => return notebook::run_one(&one),
        Command::Doctor => return doctor::examine(),
        Command::Analyse => analyst::main(),
        Command::Evcxr => {
            evcxr::runtime_hook();
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mlnotes-kernel: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(connection_file: &Path, engine: &str) -> Result<()> {
    let text = std::fs::read_to_string(connection_file)
        .with_context(|| format!("the connection file {}", connection_file.display()))?;
    let info = serde_json::from_str(&text).context("the connection file is no valid JSON")?;
    start_log();
    quiet_stdout()?;
    // SAFETY: ignoring a signal has no precondition; interrupts come as messages.
    unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
    let factory: engine::EngineFactory = if engine == "echo" {
        Box::new(|| Ok(Box::new(engine::echo::EchoEngine::default())))
    } else {
        let folder = engine::RunFolder::create().context("a folder to compile cells in")?;
        let notebooks = std::env::current_dir().context("the notebook's folder")?;
        Box::new(move || {
            let engine = engine::RustEngine::start(&notebooks, folder)?;
            Ok(Box::new(engine) as Box<dyn engine::Engine>)
        })
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(server::run(info, factory));
    // The session's thread may sit in a compile; nothing of it is wanted any more.
    std::process::exit(match result {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("mlnotes-kernel: {error:#}");
            1
        }
    })
}

/// The log file; `doctor` says where it is.
pub fn log_file() -> Option<PathBuf> {
    dirs::cache_dir().map(|cache| cache.join("mlnotes-kernel").join("kernel.log"))
}

/// Past this size the log starts anew.
const MAX_LOG: u64 = 5 << 20;

fn start_log() {
    let Some(path) = log_file() else { return };
    let level = std::env::var("MLNOTES_KERNEL_LOG").ok().and_then(|level| level.parse().ok());
    let large = path.metadata().is_ok_and(|file| file.len() > MAX_LOG);
    let _ = path.parent().map(std::fs::create_dir_all);
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(!large)
        .write(true)
        .truncate(large)
        .open(&path);
    if let Ok(file) = file {
        tracing_subscriber::fmt()
            .with_max_level(level.unwrap_or(tracing::Level::WARN))
            .with_ansi(false)
            .with_writer(std::sync::Mutex::new(file))
            .init();
    }
}

/// Whatever a library prints must not reach the front end's own output.
fn quiet_stdout() -> Result<()> {
    let nowhere = std::fs::File::options().write(true).open("/dev/null")?;
    nix::unistd::dup2_stdout(&nowhere)?;
    Ok(())
}

fn build(folder: &Path) -> Result<()> {
    let folder = folder.canonicalize().with_context(|| folder.display().to_string())?;
    let Some(manifest) = environment::find_manifest(&folder) else {
        anyhow::bail!(
            "no Cargo.toml with [package.metadata.notebook] in {} or above; cells there see only std",
            folder.display()
        );
    };
    // A toolchain is chosen by the folder that rustup is called in.
    std::env::set_current_dir(&folder).with_context(|| folder.display().to_string())?;
    let order = environment::Order::of(manifest);
    let environment = environment::build(&order, &mut |line| eprintln!("{line}"))?;
    let names = environment.library.iter().chain(environment.direct.keys());
    let names: Vec<&str> = names.map(String::as_str).collect();
    println!("ready: {}", names.join(", "));
    Ok(())
}
