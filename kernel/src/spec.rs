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
    /// The name that notebooks store.
    #[arg(long, default_value = NAME)]
    name: String,
    /// The name that readers see.
    #[arg(long, default_value = "Rust (mlnotes)")]
    display_name: String,
    /// A variable for the kernel's environment, as NAME=VALUE; may be repeated.
    #[arg(long, value_parser = variable)]
    env: Vec<(String, String)>,
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

/// Removes the spec.
///
/// # Errors
/// When it cannot be removed.
pub fn uninstall(place: &Place) -> Result<()> {
    let folder = place.folder()?;
    if !folder.join("kernel.json").exists() {
        println!("nothing installed in {}", folder.display());
        return Ok(());
    }
    std::fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    println!("removed {}", folder.display());
    Ok(())
}
