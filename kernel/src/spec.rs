//! The kernel spec: how Jupyter finds this program.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// The name that notebooks store.
const NAME: &str = "mlnotes";

/// Where the kernel spec goes.
#[derive(Args)]
pub struct Place {
    /// For this user (the default).
    #[arg(long, conflicts_with_all = ["sys_prefix", "prefix"])]
    user: bool,
    /// Into the Python environment that is active (`VIRTUAL_ENV`, `CONDA_PREFIX`).
    #[arg(long, conflicts_with = "prefix")]
    sys_prefix: bool,
    /// Into `<prefix>/share/jupyter`.
    #[arg(long)]
    prefix: Option<PathBuf>,
    #[command(flatten)]
    names: Names,
}

/// How the kernel is called.
#[derive(Args)]
struct Names {
    /// The name that notebooks store: letters, digits, `.`, `_` and `-`.
    #[arg(long, default_value = NAME, value_parser = kernel_name)]
    name: String,
    /// The name that readers see.
    #[arg(long, default_value = "Rust (mlnotes)")]
    display_name: String,
    /// A variable for the kernel's environment, as NAME=VALUE; may be repeated.
    #[arg(long, value_parser = variable)]
    env: Vec<(String, String)>,
}

/// Jupyter passes over every kernel whose folder is named otherwise; and a name is no path.
fn kernel_name(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.is_empty() || !text.chars().all(allowed) || text.chars().all(|c| c == '.') {
        return Err(format!(
            "`{text}` is no name for a kernel: Jupyter takes letters without accents, digits, `.`, `_` \
             and `-`, at least one; the name that readers see is `--display-name`"
        ));
    }
    Ok(text.to_owned())
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` has no `=`"))?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Place {
    fn folder(&self) -> Result<PathBuf> {
        let data = if let Some(prefix) = &self.prefix {
            prefix.join("share/jupyter")
        } else if self.sys_prefix {
            let active = ["VIRTUAL_ENV", "CONDA_PREFIX"].iter().find_map(std::env::var_os);
            let Some(active) = active else {
                bail!("no Python environment is active; activate one, or give --prefix <folder>");
            };
            PathBuf::from(active).join("share/jupyter")
        } else {
            user_data()?
        };
        Ok(data.join("kernels").join(&self.names.name))
    }
}

fn user_data() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("JUPYTER_DATA_DIR") {
        return Ok(PathBuf::from(folder));
    }
    if cfg!(target_os = "macos") {
        let home = dirs::home_dir().context("HOME is not set; give --prefix <folder>")?;
        return Ok(home.join("Library/Jupyter"));
    }
    let data = dirs::data_dir().context("HOME is not set; give --prefix <folder>")?;
    Ok(data.join("jupyter"))
}

/// Writes the spec.
///
/// # Errors
/// When the folder cannot be written, or none is named.
pub fn install(place: &Place) -> Result<()> {
    let folder = place.folder()?;
    let program = std::env::current_exe()?.canonicalize()?;
    let program = program.to_str().context("this program's path is not UTF-8")?;
    // A front end started from a desktop has no cargo on its PATH; the kernel needs it.
    let path = std::env::var("PATH").unwrap_or_default();
    let mut variables = serde_json::Map::from_iter([("PATH".to_owned(), json!(path))]);
    variables.extend(place.names.env.iter().map(|(name, value)| (name.clone(), json!(value))));
    let spec = json!({
        "argv": [program, "run", "--connection-file", "{connection_file}"],
        "display_name": place.names.display_name,
        "language": "rust",
        "interrupt_mode": "message",
        "env": variables,
        "metadata": { "debugger": false },
    });
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let file = folder.join("kernel.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&spec)?);
    std::fs::write(&file, text).with_context(|| file.display().to_string())?;
    println!("installed {}", file.display());
    Ok(())
}

/// Removes the spec, and nothing that is not this kernel's.
///
/// # Errors
/// When it cannot be removed, or another program's kernel is there.
pub fn uninstall(place: &Place) -> Result<()> {
    let folder = place.folder()?;
    let file = folder.join("kernel.json");
    if !file.exists() {
        println!("nothing installed in {}", folder.display());
        return Ok(());
    }
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    if !is_own(&text) {
        bail!(
            "{} starts another program, so it is left alone; `jupyter kernelspec remove {}` removes it",
            file.display(),
            place.names.name
        );
    }
    std::fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    println!("removed {}", folder.display());
    Ok(())
}

/// Whether a `kernel.json` starts this kernel, from wherever it was installed.
fn is_own(spec: &str) -> bool {
    let Ok(spec) = serde_json::from_str::<serde_json::Value>(spec) else { return false };
    let words: Vec<&str> =
        spec["argv"].as_array().into_iter().flatten().filter_map(|word| word.as_str()).collect();
    let [program, "run", "--connection-file", ..] = words.as_slice() else { return false };
    let program = std::path::Path::new(program).file_name();
    let own = std::env::current_exe().ok();
    program == Some("mlnotes-kernel".as_ref())
        || program == own.as_deref().and_then(std::path::Path::file_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_jupyter_takes() {
        for good in ["mlnotes", "Rust-1.95", "a_b", "x"] {
            assert!(kernel_name(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "../../x", "my rust", "Rüst", "a\\b", "a\n", "\0"] {
            assert!(kernel_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_the_own_spec_is_removed() {
        let own =
            r#"{"argv": ["/x/mlnotes-kernel", "run", "--connection-file", "{connection_file}"]}"#;
        assert!(is_own(own));
        for other in [
            "",
            "[]",
            r#"{"argv": ["python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"]}"#,
            r#"{"argv": ["/x/mlnotes-kernel", "doctor"]}"#,
            r#"{"argv": ["/usr/bin/python3", "run", "--connection-file", "f"]}"#,
        ] {
            assert!(!is_own(other), "{other}");
        }
    }
}
