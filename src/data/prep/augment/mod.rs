//! Augmentation: training examples from training examples, changed in ways that leave the label true.
//!
//! It says what the model should not care about: a word more or less, a turn by some degrees, a little
//! noise. The choice is knowledge of the task, not a free gift: mirrored, a 2 is no digit; upside down, a 6
//! is a 9; without "not", a review turns around. Augment the training part alone, after the split: copies
//! of one picture on both sides are a leak.
//!
//! Each function draws how much it changes, up to the amount given, from `seed`; the amount 0 changes
//! nothing.
//!
//! # References
//! Shorten & Khoshgoftaar (2019), a survey for images; Wei & Zou (2019), EDA, for text; Ko et al. (2015)
//! for audio.

pub mod audio;
pub mod image;
pub mod text;

use crate::{Error, Result};

/// Checks that an amount is a number from 0 to `most`.
fn check_amount(
    estimator: &'static str,
    name: &'static str,
    rule: &'static str,
    amount: f64,
    most: f64,
) -> Result<()> {
    if (0.0..=most).contains(&amount) {
        return Ok(());
    }
    Err(Error::Parameter { estimator, name, rule, got: amount.to_string() })
}
