//! Data to learn on: five classic sets, embedded, and seeded generators.
//!
//! A set is a [`Dataset`]: a matrix `x`, `(n_samples, n_features)`, and a class index per row. Each
//! stands in `src/data/sets/<name>/` with its licence and its source.
//!
//! ```
//! let penguins = mlnotes::data::penguins();
//! assert_eq!(penguins.x.dim(), (342, 4));
//! assert_eq!(penguins.target_names, ["Adelie", "Chinstrap", "Gentoo"]);
//! ```

mod addresses;
mod earthquakes;
pub mod experiments;
mod football;
mod generate;
mod novel;
mod scale;
mod split;

pub use addresses::{Addresses, addresses};
pub use earthquakes::{Earthquakes, SeismicEvent, SeismicKind, earthquakes};
pub use football::{Football, FootballMatch, football};
pub use generate::{blobs, circles, moons, sample_mixture};
pub use novel::pride_and_prejudice;
pub use scale::{Standardized, standardize};
pub use split::{Split, train_test_split};

use ndarray::Array2;
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

macro_rules! embedded {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub fn $name() -> &'static Dataset {
            static SET: OnceLock<Dataset> = OnceLock::new();
            SET.get_or_init(|| {
                parse(
                    include_str!(concat!("sets/", stringify!($name), "/data.csv")),
                    include_str!(concat!("sets/", stringify!($name), "/SOURCE")),
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
}
