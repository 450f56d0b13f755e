//! Memory and graphics cards: the two reports, as numbers.

use crate::{Error, Result};

/// Memory of the machine, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemInfo {
    /// All of it.
    pub total: u64,
    /// Used by nobody. Small on a healthy machine: unused memory is lent to the cache.
    pub free: u64,
    /// What a new program can have without swapping: the free, and the cache that can be dropped. The
    /// number to look at.
    pub available: u64,
    /// Buffers of block devices.
    pub buffers: u64,
    /// Pages of files.
    pub cached: u64,
    /// Swap.
    pub swap_total: u64,
    /// Swap that is not used.
    pub swap_free: u64,
}

/// Reads `/proc/meminfo`. Its "kB" are units of 1024 bytes.
///
/// # Errors
/// [`Error::UnknownColumn`] when a field is missing; [`Error::Cell`] when one is no number.
///
/// ```
/// let text = "MemTotal: 2000 kB\nMemFree: 100 kB\nMemAvailable: 1500 kB\nBuffers: 10 kB\n\
///             Cached: 1400 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n";
/// let memory = mlnotes::engineering::shell::parse_meminfo(text)?;
/// assert_eq!((memory.free, memory.available), (100 * 1024, 1500 * 1024));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn parse_meminfo(text: &str) -> Result<MemInfo> {
    let fields: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(':')).collect();
    let field = |name: &str| {
        let row = fields.iter().position(|(known, _)| *known == name);
        let row = row.ok_or_else(|| unknown(name, fields.iter().map(|(known, _)| *known)))?;
        let value = fields[row].1.trim();
        let kilobytes = value.strip_suffix("kB").and_then(|number| number.trim().parse().ok());
        kilobytes
            .and_then(|number: u64| number.checked_mul(1024))
            .ok_or_else(|| cell(name, row, "a number of kB", value))
    };
    Ok(MemInfo {
        total: field("MemTotal")?,
        free: field("MemFree")?,
        available: field("MemAvailable")?,
        buffers: field("Buffers")?,
        cached: field("Cached")?,
        swap_total: field("SwapTotal")?,
        swap_free: field("SwapFree")?,
    })
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known: Vec<&str> = known.collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Error::UnknownColumn { name: name.to_owned(), known }
}

fn cell(column: &str, row: usize, expected: &'static str, got: &str) -> Error {
    Error::Cell { column: column.to_owned(), row, expected, got: format!("`{got}`") }
}

/// One graphics card. What the card does not report (`[N/A]`, `[Not Supported]`) is `None`, and so is
/// a column that was not asked for.
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
pub struct GpuRow {
    /// Its number, from 0.
    pub index: Option<usize>,
    /// Its name.
    pub name: Option<String>,
    /// Memory in use, in MiB.
    pub memory_used_mib: Option<f64>,
    /// Memory, in MiB.
    pub memory_total_mib: Option<f64>,
    /// Share of the last sample during which a kernel ran, in percent. It says nothing of how much of
    /// the card that kernel used.
    pub utilization_percent: Option<f64>,
    /// In degrees Celsius.
    pub temperature_c: Option<f64>,
    /// Power drawn, in watts.
    pub power_w: Option<f64>,
}

/// Reads `nvidia-smi --query-gpu=index,name,memory.used,memory.total,utilization.gpu,temperature.gpu,power.draw
/// --format=csv`, with or without `nounits`; columns in any order, others ignored.
///
/// # Errors
/// [`Error::Empty`] without the line of names; [`Error::Cell`] for a value that is no number, or a row
/// that is too short; [`Error::UnknownColumn`] when no column is known.
///
/// ```
/// use mlnotes::engineering::shell::parse_smi_csv;
/// let text = "index, name, memory.used [MiB], memory.total [MiB], utilization.gpu [%]\n\
///             0, NVIDIA A100-SXM4-40GB, 4012 MiB, 40960 MiB, 87 %\n\
///             1, NVIDIA A100-SXM4-40GB, 3 MiB, 40960 MiB, [N/A]\n";
/// let cards = parse_smi_csv(text)?;
/// assert_eq!(cards[0].memory_used_mib, Some(4012.0));
/// assert_eq!((cards[1].index, cards[1].utilization_percent), (Some(1), None));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn parse_smi_csv(text: &str) -> Result<Vec<GpuRow>> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let header = lines.next().ok_or(Error::Empty {
        what: "parse_smi_csv: `text`",
        needed: "the line of names (do not ask for noheader)",
    })?;
    // `memory.used [MiB]`: the unit belongs to the column, not to its name.
    let names: Vec<&str> =
        header.split(',').map(|name| name.split('[').next().unwrap_or(name).trim()).collect();
    let known = [
        "index",
        "name",
        "memory.used",
        "memory.total",
        "utilization.gpu",
        "temperature.gpu",
        "power.draw",
    ];
    if !names.iter().any(|name| known.contains(name)) {
        return Err(unknown("index", names.into_iter()));
    }
    lines.enumerate().map(|(row, line)| card(&names, row, line)).collect()
}

fn card(names: &[&str], row: usize, line: &str) -> Result<GpuRow> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    let mut card = GpuRow::default();
    for (i, &name) in names.iter().enumerate() {
        let value = *cells.get(i).ok_or_else(|| cell(name, row, "a value", ""))?;
        if value.starts_with('[') || value == "N/A" {
            continue;
        }
        let number = || {
            let digits = value.split_whitespace().next().unwrap_or_default();
            let number: Option<f64> = digits.parse().ok().filter(|v: &f64| v.is_finite());
            number.ok_or_else(|| cell(name, row, "a number, its unit after a space", value))
        };
        match name {
            "index" => {
                let index = value.parse().map_err(|_| cell(name, row, "a whole number", value))?;
                card.index = Some(index);
            }
            "name" => card.name = Some(value.to_owned()),
            "memory.used" => card.memory_used_mib = Some(number()?),
            "memory.total" => card.memory_total_mib = Some(number()?),
            "utilization.gpu" => card.utilization_percent = Some(number()?),
            "temperature.gpu" => card.temperature_c = Some(number()?),
            "power.draw" => card.power_w = Some(number()?),
            _ => {}
        }
    }
    Ok(card)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_in_any_order_units_or_not() {
        let with = "temperature.gpu, power.draw [W], uuid, index\n41, 61.50 W, GPU-1, 3\n";
        let without = "index, temperature.gpu, power.draw [W]\n3, 41, 61.50\n";
        let (a, b) = (parse_smi_csv(with).unwrap(), parse_smi_csv(without).unwrap());
        assert_eq!(a, b);
        assert_eq!(
            (a[0].temperature_c, a[0].power_w, a[0].name.clone()),
            (Some(41.0), Some(61.5), None)
        );
    }

    #[test]
    fn what_is_not_told_is_no_zero() {
        let text = "index, power.draw [W], temperature.gpu\n0, [Not Supported], N/A\n";
        let card = &parse_smi_csv(text).unwrap()[0];
        assert_eq!((card.power_w, card.temperature_c), (None, None));
        assert!(parse_smi_csv("index, name\n").unwrap().is_empty());
    }

    #[test]
    fn mistakes_have_names() {
        assert!(matches!(parse_smi_csv("\n"), Err(Error::Empty { .. })));
        assert!(matches!(parse_smi_csv("a, b\n1, 2\n"), Err(Error::UnknownColumn { .. })));
        assert!(matches!(parse_smi_csv("index\nx\n"), Err(Error::Cell { row: 0, .. })));
        assert!(matches!(parse_smi_csv("index, name\n0\n"), Err(Error::Cell { .. })));
        let nan = parse_smi_csv("temperature.gpu\nnan\n");
        assert!(matches!(nan, Err(Error::Cell { .. })));
        assert!(matches!(parse_meminfo(""), Err(Error::UnknownColumn { .. })));
        let wrong = parse_meminfo("MemTotal: many kB\n");
        assert!(matches!(wrong, Err(Error::Cell { row: 0, .. })));
    }
}
