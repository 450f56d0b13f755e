//! Real data, embedded: each set stands in `src/data/sets/<name>/` with its licence and its source.

mod addresses;
mod earthquakes;
mod experiments;
mod football;
mod novel;
mod panel;
mod passengers;
mod speeches;
mod treatment;

pub use addresses::{Addresses, addresses};
pub use earthquakes::{Earthquakes, SeismicEvent, SeismicKind, earthquakes};
pub use experiments::{
    BanditCampaign, BanditLog, BanditPolicy, HivIncentive, hiv_incentive, open_bandit,
};
pub use football::{Football, FootballMatch, football};
pub use novel::pride_and_prejudice;
pub use panel::{Panel, TimeSeries, nile, prop99, texas_prisons};
pub use passengers::titanic_passengers;
pub use speeches::{Speech, state_of_the_union};
pub use treatment::{OrganDonations, TreatmentSet, nsw, nsw_with_cps, organ_donations};

use ndarray::{Array1, Array2};
use std::sync::OnceLock;

/// A table of numbers with a class per row.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Dataset {
    /// The features, shape `(n_samples, n_features)`.
    pub x: Array2<f64>,
    /// The class of each row, an index into `target_names`, shape `(n_samples,)`.
    pub y: Vec<usize>,
    /// What each column is, with its unit where it has one.
    pub feature_names: Vec<String>,
    /// What each class is.
    pub target_names: Vec<String>,
    /// Package, version and original publication.
    pub source: &'static str,
}

impl Dataset {
    /// Number of rows.
    pub fn n_samples(&self) -> usize {
        self.x.nrows()
    }

    /// Number of columns of `x`.
    pub fn n_features(&self) -> usize {
        self.x.ncols()
    }

    /// The class names as `&str`, which is what plots take.
    pub fn class_names(&self) -> Vec<&str> {
        self.target_names.iter().map(String::as_str).collect()
    }
}

/// A table of numbers with a number to predict per row.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Regression {
    /// The features, shape `(n_samples, n_features)`.
    pub x: Array2<f64>,
    /// What is to be predicted, shape `(n_samples,)`.
    pub y: Array1<f64>,
    /// What each column is, with its unit where it has one.
    pub feature_names: Vec<String>,
    /// What `y` is.
    pub target_name: String,
    /// Package, version and original publication.
    pub source: &'static str,
}

impl Regression {
    /// Number of rows.
    pub fn n_samples(&self) -> usize {
        self.x.nrows()
    }

    /// Number of columns of `x`.
    pub fn n_features(&self) -> usize {
        self.x.ncols()
    }
}

/// Parses one embedded file: `# class,class`, a header, then rows that end in the class index.
///
/// The files are fixed at compile time and a test reads every one, hence no error is returned.
fn parse(text: &str, source: &'static str) -> Dataset {
    let (classes, table) = text.split_once('\n').unwrap_or((text, ""));
    let target_names =
        classes.trim_start_matches(['#', ' ']).split(',').map(str::to_owned).collect();
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let mut feature_names: Vec<String> =
        reader.headers().map(|h| h.iter().map(str::to_owned).collect()).unwrap_or_default();
    feature_names.pop();
    let (mut values, mut y) = (Vec::new(), Vec::new());
    for record in reader.records().map_while(std::result::Result::ok) {
        let mut row: Vec<f64> = record.iter().map_while(|field| field.parse().ok()).collect();
        // The class is a small whole number, so the cast is exact.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "class index")]
        y.extend(row.pop().map(|class| class as usize));
        values.append(&mut row);
    }
    let x = Array2::from_shape_vec((y.len(), feature_names.len()), values).unwrap_or_default();
    Dataset { x, y, feature_names, target_names, source: source.trim_ascii() }
}

/// Parses one embedded file whose last column is a number to predict.
fn parse_regression(text: &str, source: &'static str) -> Regression {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut feature_names: Vec<String> =
        reader.headers().map(|h| h.iter().map(str::to_owned).collect()).unwrap_or_default();
    let target_name = feature_names.pop().unwrap_or_default();
    let (mut values, mut y) = (Vec::new(), Vec::new());
    for record in reader.records().map_while(std::result::Result::ok) {
        let mut row: Vec<f64> = record.iter().map_while(|field| field.parse().ok()).collect();
        y.extend(row.pop());
        values.append(&mut row);
    }
    let x = Array2::from_shape_vec((y.len(), feature_names.len()), values).unwrap_or_default();
    Regression { x, y: y.into(), feature_names, target_name, source: source.trim_ascii() }
}

macro_rules! embedded {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub fn $name() -> &'static Dataset {
            static SET: OnceLock<Dataset> = OnceLock::new();
            SET.get_or_init(|| {
                parse(
                    include_str!(concat!(stringify!($name), "/data.csv")),
                    include_str!(concat!(stringify!($name), "/SOURCE")),
                )
            })
        }
    };
}

embedded! {
    /// Iris: 150 flowers, 4 lengths in cm, 3 species (Fisher 1936).
    ///
    /// ```
    /// assert_eq!(mlnotes::data::iris().x.dim(), (150, 4));
    /// ```
    iris
}
embedded! {
    /// Wine: 178 wines, 13 chemical measurements of very different units, 3 cultivars (Forina 1991).
    ///
    /// ```
    /// assert_eq!(mlnotes::data::wine().x.dim(), (178, 13));
    /// ```
    wine
}
embedded! {
    /// Breast cancer, Wisconsin diagnostic: 569 tumours, 30 measurements; class 0 is malignant, 1 benign.
    ///
    /// ```
    /// let set = mlnotes::data::breast_cancer();
    /// assert_eq!(set.y.iter().filter(|&&y| y == 0).count(), 212);
    /// ```
    breast_cancer
}
embedded! {
    /// Digits: 1797 handwritten digits as 8 × 8 images, row by row, grey levels 0 to 16 (Alpaydin & Kaynak 1998).
    ///
    /// ```
    /// assert_eq!(mlnotes::data::digits().x.dim(), (1797, 64));
    /// ```
    digits
}
embedded! {
    /// Palmer penguins: 342 birds, 4 measurements (mm, mm, mm, g), 3 species (Gorman et al. 2014).
    ///
    /// ```
    /// assert_eq!(mlnotes::data::penguins().feature_names[3], "body_mass_g");
    /// ```
    penguins
}

embedded! {
    /// Credit: 4039 applications for a loan without gaps, 13 measurements; class 1 went bad (1026 of them).
    ///
    /// `home` (0 ignore, 1 other, 2 owner, 3 parents, 4 priv, 5 rent), `marital` (0 divorced, 1 married,
    /// 2 separated, 3 single, 4 widow), `records` (0 no, 1 yes) and `job` (0 fixed, 1 freelance, 2 others,
    /// 3 part-time) are codes without an order; `seniority` and `age` count years, `time` months.
    ///
    /// ```
    /// let set = mlnotes::data::credit();
    /// assert_eq!(set.x.dim(), (4039, 13));
    /// assert_eq!(set.y.iter().sum::<usize>(), 1026);
    /// ```
    credit
}

/// Diabetes: 442 patients, 10 measurements in their own units, and the disease's progression a year later
/// (Efron, Hastie, Johnstone & Tibshirani 2004).
///
/// Serum: total cholesterol `tc`, `ldl`, `hdl`, `tch` (which is `tc / hdl`), `ltg` (logarithm of
/// triglycerides), glucose `glu`; `bp` is the mean blood pressure. The blood lipids nearly depend on each
/// other, which makes the set a classic for shrinkage.
///
/// ```
/// let set = mlnotes::data::diabetes();
/// assert_eq!((set.x.dim(), set.y[0]), ((442, 10), 151.0));
/// assert_eq!(set.feature_names[4], "tc");
/// ```
pub fn diabetes() -> &'static Regression {
    static SET: OnceLock<Regression> = OnceLock::new();
    SET.get_or_init(|| {
        let text = include_str!("diabetes/data.csv");
        parse_regression(text, include_str!("diabetes/SOURCE"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_whole() {
        let shapes = [
            (iris(), (150, 4), vec![50, 50, 50]),
            (wine(), (178, 13), vec![59, 71, 48]),
            (breast_cancer(), (569, 30), vec![212, 357]),
            (digits(), (1797, 64), vec![178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
            (penguins(), (342, 4), vec![151, 68, 123]),
            (credit(), (4039, 13), vec![3013, 1026]),
        ];
        for (set, shape, counts) in shapes {
            assert_eq!(set.x.dim(), shape, "{}", set.source);
            let mut seen = vec![0; set.target_names.len()];
            set.y.iter().for_each(|&class| seen[class] += 1);
            assert_eq!(seen, counts, "{}", set.source);
            assert!(set.x.iter().all(|v| v.is_finite()));
            assert_eq!(set.feature_names.len(), set.n_features());
        }
    }

    #[test]
    fn the_regression_set_is_whole() {
        let set = diabetes();
        assert_eq!((set.n_samples(), set.n_features(), set.y.len()), (442, 10, 442));
        assert!(set.x.iter().chain(&set.y).all(|v| v.is_finite()));
        // Efron et al. (2004): the mean of the target is 152.13.
        assert!((set.y.sum() / 442.0 - 152.13).abs() < 0.01);
        // The first row is data, not a header.
        assert_eq!(set.x.row(0).to_vec()[..3], [59.0, 2.0, 32.1]);
        assert_eq!((set.feature_names.len(), set.target_name.as_str()), (10, "progression"));
    }
}
