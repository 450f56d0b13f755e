//! Panels, the same units seen over time, and one classic time series.

use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, Axis};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Units seen over the same times, one of which is treated from some time on.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Panel {
    /// The outcome, shape `(n_times, n_units)`.
    pub y: Array2<f64>,
    /// Names of the units.
    pub units: Vec<String>,
    /// The times, rising: years.
    pub times: Vec<i32>,
    /// The column of the treated unit.
    pub treated: usize,
    /// Number of times before the treatment.
    pub t0: usize,
    /// All variables by name, the outcome among them, each of shape `(n_times, n_units)`.
    pub covariates: BTreeMap<String, Array2<f64>>,
    /// Package, version and original publication.
    pub source: &'static str,
}

impl Panel {
    /// Number of times.
    pub fn n_times(&self) -> usize {
        self.y.nrows()
    }

    /// Number of units, the treated one included.
    pub fn n_units(&self) -> usize {
        self.y.ncols()
    }

    /// The column of a unit.
    pub fn unit(&self, name: &str) -> Option<usize> {
        self.units.iter().position(|unit| unit == name)
    }

    /// The outcome of the treated unit, shape `(n_times,)`.
    pub fn treated_outcome(&self) -> ArrayView1<'_, f64> {
        self.y.column(self.treated)
    }

    /// The outcomes of all others, shape `(n_times, n_units − 1)`.
    pub fn donors(&self) -> Array2<f64> {
        self.y.select(Axis(1), &self.donor_columns())
    }

    /// Their names.
    pub fn donor_names(&self) -> Vec<&str> {
        self.donor_columns().into_iter().map(|j| self.units[j].as_str()).collect()
    }

    /// The times as numbers, for the horizontal axis of a figure, shape `(n_times,)`.
    pub fn time_axis(&self) -> Array1<f64> {
        self.times.iter().map(|&t| f64::from(t)).collect()
    }

    /// The mean of a variable over some times, a value a unit, shape `(n_units,)`: one predictor.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a name or a time that the panel does not have, or for no time.
    ///
    /// ```
    /// let panel = mlnotes::data::texas_prisons();
    /// let income = panel.predictor("income", &[1990])?;
    /// assert_eq!(income[panel.treated], 17421.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn predictor(&self, name: &str, times: &[i32]) -> Result<Array1<f64>> {
        let bad = |setting, rule, got| Error::Parameter {
            estimator: "Panel::predictor",
            name: setting,
            rule,
            got,
        };
        let Some(values) = self.covariates.get(name) else {
            return Err(bad("name", "a covariate of the panel", format!("`{name}`")));
        };
        let row = |time: &i32| {
            let row = self.times.iter().position(|t| t == time);
            row.ok_or_else(|| bad("times", "times of the panel", time.to_string()))
        };
        let rows: Vec<usize> = times.iter().map(row).collect::<Result<_>>()?;
        let mean = values.select(Axis(0), &rows).mean_axis(Axis(0));
        mean.ok_or_else(|| bad("times", "one time or more", "none".to_owned()))
    }

    fn donor_columns(&self) -> Vec<usize> {
        (0..self.n_units()).filter(|&j| j != self.treated).collect()
    }
}

/// One value a time.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TimeSeries {
    /// The values, shape `(n_times,)`.
    pub y: Array1<f64>,
    /// The times, rising: years.
    pub times: Vec<i32>,
    /// Package, version and original publication.
    pub source: &'static str,
}

impl TimeSeries {
    /// The times as numbers, for the horizontal axis of a figure, shape `(n_times,)`.
    pub fn time_axis(&self) -> Array1<f64> {
        self.times.iter().map(|&t| f64::from(t)).collect()
    }
}

/// Cigarettes: packs sold per head and year in 39 states of the USA, 1970 to 2000. California's
/// Proposition 99 (a tax of 25 cents a pack and a campaign) took effect in January 1989, so 19 years come
/// before. The set has no covariates: those of Abadie, Diamond & Hainmueller (2010) are not in it.
///
/// ```
/// let panel = mlnotes::data::prop99();
/// assert_eq!((panel.n_times(), panel.n_units(), panel.t0), (31, 39, 19));
/// assert_eq!(panel.units[panel.treated], "California");
/// ```
pub fn prop99() -> &'static Panel {
    static SET: OnceLock<Panel> = OnceLock::new();
    SET.get_or_init(|| {
        let table = Table::parse(include_str!("prop99/data.csv"));
        table.panel("packs", ("California", 1989), include_str!("prop99/SOURCE"))
    })
}

/// Prisons: black men in prison (a count, not a rate) in 51 states of the USA, 1985 to 2000, with seven
/// covariates. Texas opened its new prisons from 1993 on; as in Cunningham (2021, section 10.3) the
/// years up to 1993 count as before.
///
/// ```
/// let panel = mlnotes::data::texas_prisons();
/// assert_eq!((panel.n_times(), panel.n_units(), panel.t0), (16, 51, 9));
/// assert!(panel.covariates.contains_key("aidscapita"));
/// ```
pub fn texas_prisons() -> &'static Panel {
    static SET: OnceLock<Panel> = OnceLock::new();
    SET.get_or_init(|| {
        let table = Table::parse(include_str!("texas/data.csv"));
        table.panel("bmprison", ("Texas", 1994), include_str!("texas/SOURCE"))
    })
}

/// The Nile at Aswan: its flow in each of the years 1871 to 1970, in 10⁸ m³. It falls about 1898.
///
/// ```
/// let nile = mlnotes::data::nile();
/// assert_eq!((nile.y.len(), nile.times[0], nile.y[0]), (100, 1871, 1120.0));
/// ```
pub fn nile() -> &'static TimeSeries {
    static SET: OnceLock<TimeSeries> = OnceLock::new();
    SET.get_or_init(|| {
        let table = Table::parse(include_str!("nile/data.csv"));
        let y = table.values.column(0).to_owned();
        TimeSeries { y, times: table.times, source: include_str!("nile/SOURCE").trim_ascii() }
    })
}

/// A file of `unit,time,value,...` sorted by unit, then time; the unit is missing in a single series.
///
/// The files are fixed at compile time and a test reads every one, hence no error is returned.
struct Table {
    units: Vec<String>,
    times: Vec<i32>,
    names: Vec<String>,
    values: Array2<f64>,
}

impl Table {
    fn parse(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header: Vec<String> =
            reader.headers().map(|h| h.iter().map(str::to_owned).collect()).unwrap_or_default();
        let names = header.get(2..).unwrap_or_default().to_vec();
        let (mut units, mut times, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for record in reader.records().map_while(std::result::Result::ok) {
            units.extend(record.get(0).map(str::to_owned));
            times.extend(record.get(1).and_then(|time| time.parse::<i32>().ok()));
            values.extend(record.iter().skip(2).map_while(|field| field.parse::<f64>().ok()));
        }
        let values = Array2::from_shape_vec((times.len(), names.len()), values).unwrap_or_default();
        Self { units, times, names, values }
    }

    fn panel(mut self, outcome: &str, treated: (&str, i32), source: &'static str) -> Panel {
        let n_times =
            self.units.iter().take_while(|unit| Some(*unit) == self.units.first()).count();
        self.units.dedup();
        self.times.truncate(n_times);
        let n_units = self.units.len();
        let mut covariates: BTreeMap<String, Array2<f64>> = BTreeMap::new();
        for (name, column) in self.names.into_iter().zip(self.values.columns()) {
            let table = Array2::from_shape_fn((n_times, n_units), |(t, j)| column[j * n_times + t]);
            covariates.insert(name, table);
        }
        Panel {
            y: covariates.get(outcome).cloned().unwrap_or_default(),
            treated: self.units.iter().position(|unit| unit == treated.0).unwrap_or(0),
            t0: self.times.iter().filter(|&&time| time < treated.1).count(),
            units: self.units,
            times: self.times,
            covariates,
            source: source.trim_ascii(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_panels_are_whole() {
        for (panel, n_covariates, first, last) in
            [(prop99(), 1, "Alabama", "Wyoming"), (texas_prisons(), 8, "Alabama", "Wyoming")]
        {
            assert_eq!(
                (panel.units[0].as_str(), panel.units.last().unwrap().as_str()),
                (first, last)
            );
            assert!(panel.times.windows(2).all(|t| t[1] == t[0] + 1), "{}", panel.source);
            assert_eq!(panel.covariates.len(), n_covariates);
            for table in panel.covariates.values() {
                assert_eq!(table.dim(), (panel.n_times(), panel.n_units()));
                assert!(table.iter().all(|v| v.is_finite() && *v >= 0.0));
            }
            assert_eq!(panel.donors().ncols(), panel.donor_names().len());
            assert!(!panel.donor_names().contains(&panel.units[panel.treated].as_str()));
        }
        assert!((prop99().treated_outcome()[0] - 123.0).abs() < 1e-9);
        let texas = texas_prisons();
        assert!((texas.y[[15, texas.unit("Texas").unwrap()]] - 61_861.0).abs() < 1e-9);
        assert!((nile().y.sum() - 91_935.0).abs() < 1e-9 && nile().times[99] == 1970);
    }

    #[test]
    fn a_wrong_name_or_time_is_named() {
        let said =
            |name, times: &[i32]| texas_prisons().predictor(name, times).unwrap_err().to_string();
        assert!(said("wealth", &[1990]).contains("`wealth`"));
        assert!(said("income", &[1984]).contains("1984"));
        assert!(said("income", &[]).contains("none"));
    }
}
