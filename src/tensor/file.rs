//! Named tensors in a safetensors file, with one line of text in its header.

use super::{Device, Tensor};
use crate::{Error, Result};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

/// The key of the line of text.
const KEY: &str = "mlnotes";

/// Writes tensors and a line of text. A file that stood there is replaced whole or not at all.
pub(crate) fn write_tensors<'a>(
    path: &Path,
    tensors: impl IntoIterator<Item = (String, &'a Tensor)>,
    text: &str,
) -> Result<()> {
    let header = HashMap::from([(KEY.to_owned(), text.to_owned())]);
    let bytes =
        safetensors::serialize(tensors, Some(header)).map_err(|e| io(path, e.to_string()))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let store = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&bytes)?;
        file.persist(path)?;
        Ok(())
    };
    store().map_err(|e| io(path, e.to_string()))
}

/// The tensors of a file by name, and its line of text; empty where another program wrote the file.
pub(crate) fn read_tensors(path: &Path) -> Result<(BTreeMap<String, Tensor>, String)> {
    let bytes = std::fs::read(path).map_err(|e| io(path, e.to_string()))?;
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes)
        .map_err(|e| io(path, format!("no safetensors file: {e}")))?;
    let text = header.metadata().as_ref().and_then(|texts| texts.get(KEY)).cloned();
    let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)?;
    Ok((tensors.into_iter().collect(), text.unwrap_or_default()))
}

fn io(path: &Path, reason: String) -> Error {
    Error::Io { path: path.display().to_string(), reason }
}
