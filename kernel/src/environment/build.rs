//! Has cargo build a package, and asks it what it knows.

use super::artifacts::Artifacts;
use super::{Environment, EnvironmentError};
use crate::toolchain;
use cargo_metadata::{Message, Metadata, MetadataCommand, Package};
use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `cargo` as the environment or the notebook's folder names it.
pub fn cargo() -> Command {
    let (program, variables) = toolchain::cargo();
    let mut command = Command::new(program);
    command.envs(variables);
    command
}

/// The same for questions about packages; without a network the answer is soon "no".
pub fn prepare(command: &mut MetadataCommand) {
    let (program, variables) = toolchain::cargo();
    command.cargo_path(program);
    for (name, value) in variables {
        command.env(name, value);
    }
    command.env("CARGO_NET_RETRY", "0").env("CARGO_HTTP_TIMEOUT", "5");
}

/// What is to be built.
#[derive(Debug, Clone)]
pub struct Order {
    /// The package's manifest.
    pub manifest: PathBuf,
    /// Where cargo builds, when that is not for the manifest to say.
    pub target: Option<PathBuf>,
    /// Whether the network must be left alone.
    pub offline: bool,
    /// Variables for build scripts and crates.
    pub variables: BTreeMap<String, String>,
}

impl Order {
    /// A manifest as it stands.
    pub fn of(manifest: PathBuf) -> Self {
        Self { manifest, target: None, offline: false, variables: BTreeMap::new() }
    }
}

/// Builds the environment of a manifest, or finds it built.
///
/// # Errors
/// When cargo is missing or a crate does not build; the compiler's words are kept.
pub fn build(
    order: &Order,
    progress: &mut dyn FnMut(&str),
) -> Result<Environment, EnvironmentError> {
    let manifest = order.manifest.as_path();
    let metadata = metadata(order)?;
    let Some(package) = root(&metadata, manifest) else {
        return Err(EnvironmentError::NoLibrary { manifest: manifest.to_owned() });
    };
    let profile = package.metadata["notebook"]["profile"].as_str().unwrap_or("release");
    let mut command = cargo();
    command
        .args(["rustc", "--lib", "--message-format=json-render-diagnostics", "--profile", profile])
        .arg("--manifest-path")
        .arg(manifest)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("CARGO_TERM_COLOR", "never")
        .envs(&order.variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(folder) = manifest.parent().filter(|_| std::env::current_dir().is_err()) {
        command.current_dir(folder);
    }
    if let Some(target) = &order.target {
        command.arg("--target-dir").arg(target);
    }
    if order.offline {
        command.arg("--offline");
    }
    // The lock file stands: `metadata` has made one where there was none.
    command.arg("--locked");
    // Only this crate: a dylib that carried its own copy of std could not be linked beside another's.
    command.args(["--", "-Cprefer-dynamic"]);
    let mut child = command.spawn().map_err(EnvironmentError::NoCargo)?;
    let words = child.stderr.take();
    let (lines, said) = std::sync::mpsc::channel();
    let listener = std::thread::spawn(move || {
        let mut all = String::new();
        if let Some(words) = words {
            use std::io::BufRead;
            for line in BufReader::new(words).lines().map_while(Result::ok) {
                let _ = lines.send(line.clone());
                all.push_str(&line);
                all.push('\n');
            }
        }
        all
    });
    let mut built = Artifacts::default();
    if let Some(stdout) = child.stdout.take() {
        for message in Message::parse_stream(BufReader::new(stdout)).map_while(Result::ok) {
            for line in said.try_iter() {
                progress(line.trim());
            }
            match message {
                Message::CompilerArtifact(artifact) => built.add(&artifact, package),
                Message::BuildScriptExecuted(script) => built.add_native(&script),
                _ => {}
            }
        }
    }
    let status = child.wait().map_err(EnvironmentError::NoCargo)?;
    let message = listener.join().unwrap_or_default();
    if !status.success() {
        return Err(EnvironmentError::Build { manifest: manifest.to_owned(), message });
    }
    if built.library.is_none() && !built.plain {
        return Err(EnvironmentError::NoLibrary { manifest: manifest.to_owned() });
    }
    Ok(built.into_environment(&metadata, package))
}

/// What cargo knows of an order's packages, after it has chosen versions for those that are new.
///
/// # Errors
/// When cargo is missing, or cannot read the manifest or find a package.
pub fn metadata(order: &Order) -> Result<Metadata, EnvironmentError> {
    let mut command = MetadataCommand::new();
    prepare(&mut command);
    command.manifest_path(&order.manifest);
    if let Some(folder) = order.manifest.parent().filter(|_| std::env::current_dir().is_err()) {
        // Somebody has deleted the folder that the kernel was started in.
        command.current_dir(folder);
    }
    if order.offline {
        command.other_options(["--offline".to_owned()]);
    }
    command.exec().map_err(|error| match error {
        cargo_metadata::Error::Io(error) => EnvironmentError::NoCargo(error),
        error => {
            let (manifest, message) = (order.manifest.clone(), error.to_string());
            EnvironmentError::Metadata { manifest, message }
        }
    })
}

fn root<'a>(metadata: &'a Metadata, manifest: &Path) -> Option<&'a Package> {
    let manifest = manifest.canonicalize().ok()?;
    let same = |p: &&Package| p.manifest_path.canonicalize().is_ok_and(|path| path == manifest);
    metadata.packages.iter().find(same)
}
