//! Validation: what a model is worth on rows that it has not seen, and what ails it.
//!
//! ```text
//! folds       KFold, TimeSeriesSplit           which rows learn and which judge
//! scores      cross_validate, cross_val_score  one number a fold, of a learner or of any fit
//!             cross_val_outputs                what is said of each row without its fold
//!             learning_curve                   over the number of training rows: would more data help?
//!             validation_curve                 over a setting: too stiff or too free?
//! stopping    EarlyStopping                    how long to train
//! stacking    Stacking                         a model on top of out-of-fold predictions
//! diagnosis   diagnose                         bias, variance, or too few rows to tell
//!             adversarial_validation           are training and test rows alike?
//!             leakage_scan                     does a column know the answer?
//! ```
//!
//! Cross-validation measures and selects; it mends nothing by itself. Whatever is learned from data
//! (scales, selected columns, settings) must be learned inside the training part of each fold.
//!
//! # Example
//! ```
//! use mlnotes::{data, linear::ridge::Ridge};
//! use mlnotes::metrics::validation::{KFold, cross_val_score};
//! let set = data::diabetes();
//! let folds = KFold::params(5).shuffle(true).seed(1).split(set.n_samples())?;
//! let r2 = cross_val_score(
//!     |x, y| Ridge::params(1.0).fit(x, y.view()),
//!     |model, x, y| model.score(x, y.view()),
//!     set.x.view(), set.y.view(), &folds,
//! )?;
//! assert!((r2.sum() / 5.0 - 0.48).abs() < 0.03);
//! # Ok::<(), mlnotes::Error>(())
//! ```
//!
//! # References
//! Stone (1974); Hastie, Tibshirani & Friedman (2009), sections 7.2 and 7.10; Ng (2018), *Machine Learning
//! Yearning*, chapters 20-32, for the diagnosis.

mod adversarial;
mod curves;
mod diagnosis;
mod folds;
mod leakage;
mod learners;
mod time;

pub use crate::base::{Decision, EarlyStopping, Mode, Target};
pub use adversarial::{Shift, adversarial_validation};
pub use curves::{Curve, cross_val_score, learning_curve, validation_curve};
pub use diagnosis::{Diagnosis, diagnose};
pub use folds::{KFold, KFoldParams};
pub use leakage::{Suspect, leakage_scan};
pub use learners::{cross_val_outputs, cross_validate};
pub use time::TimeSeriesSplit;
