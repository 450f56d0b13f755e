//! What every room stands on: errors, checks of input, scores, special functions, blocks of rows, tests of
//! hypotheses, finite differences, and what it takes to be a learner. It knows no other room.

mod as_views;
mod blocks;
mod check;
mod differences;
mod error;
mod learner;
mod linalg;
mod score;
mod seed;
mod setters;
mod special;
mod stopping;
mod stored;
mod test;

mod weights;

pub use as_views::{AsImages, AsLabels, AsMatrix, AsVector};
pub(crate) use blocks::{BLOCK, map_blocks, rows};
pub(crate) use check::{
    check_classes, check_length, check_matrix, check_positive, check_probabilities, check_rows,
    check_target, check_unit, check_vector, check_width,
};
pub(crate) use differences::{difference_step, relative_gap};
pub use error::{Error, Result};
pub use learner::{Classifier, Clusterer, Fitted, Learner, Regressor, Target, Transformer};
pub(crate) use learner::{seeded_regressor, votes, widened};
pub(crate) use linalg::{cholesky, from_faer, to_column, to_faer};
pub(crate) use mlnotes_macros::views;
pub use score::{accuracy, argmax, log_loss, mae, r2, rmse};
pub(crate) use score::{accuracy_of, quantile_of_sorted, r_squared, r2_of};
pub use seed::stream;
pub(crate) use setters::setters;
pub use special::{log_sum_exp, sigmoid, softplus, trigamma};
pub use stopping::{Decision, EarlyStopping, Mode};
pub(crate) use stored::{Sound, finite, holds, maybe_infinite, pairs, shape, stored};
pub use stored::{from_json, to_json};
pub use test::Test;
pub(crate) use weights::{Present, check_weights};
