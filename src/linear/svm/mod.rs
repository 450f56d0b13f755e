//! Support vector machines: the boundary that leaves the widest street between two classes.
//!
//! ```text
//! primal   minimise ½ ‖w‖² + C Σᵢ max(0, 1 − yᵢ f(xᵢ)),     f(x) = w·φ(x) + b,   yᵢ = ±1
//! dual     maximise Σ αᵢ − ½ Σᵢⱼ αᵢ αⱼ yᵢ yⱼ K(xᵢ, xⱼ),     0 ≤ αᵢ ≤ C,   Σ αᵢ yᵢ = 0
//! f(x) = Σ αᵢ yᵢ K(xᵢ, x) + b                               K(x, z) = φ(x)·φ(z), the kernel
//! αᵢ = 0: beyond the margin     0 < αᵢ < C: on it, yᵢ f(xᵢ) = 1     αᵢ = C: inside it, or wrong
//! ```
//!
//! Only rows with `αᵢ > 0`, the support vectors, are kept. [`Svc`] solves the dual by sequential minimal
//! optimisation: two multipliers a step, chosen by second-order gain. [`LinearSvc`] has no kernel matrix and
//! takes rows one at a time. Scale the features first: a kernel measures distance in their units. The
//! decision function is a signed score, not a probability.
//!
//! # References
//! Cortes & Vapnik (1995); Platt (1998), SMO; Fan, Chen & Lin (2005), working sets by second-order
//! information (WSS 2); Chang & Lin (2011), LIBSVM, section 4; Hsieh et al. (2008), dual coordinate descent.

mod kernel;
mod linear;
mod smo;
mod svc;

pub use kernel::Kernel;
pub use linear::{HingeLoss, LinearSvc, LinearSvcParams};
pub use svc::{Svc, SvcParams};

use crate::base::{check_classes, check_positive};
use crate::{Error, Result};

/// The classes present, rising; the rules of `check_classes` of labels hold.
fn classes_of(what: &'static str, y: &[usize], n_samples: usize) -> Result<Vec<usize>> {
    check_classes(what, y, n_samples)?;
    let mut classes = y.to_vec();
    classes.sort_unstable();
    classes.dedup();
    Ok(classes)
}

/// As many classes as the largest label tells of.
fn known_classes(classes: &[usize]) -> usize {
    classes.last().map_or(0, |&class| class + 1)
}

/// Two classes or more, each above the one before.
fn rising(classes: &[usize]) -> bool {
    classes.len() > 1 && classes.windows(2).all(|pair| pair[0] < pair[1])
}

/// What both machines ask of their settings.
fn check_settings(estimator: &'static str, c: f64, tol: f64, max_iter: usize) -> Result<()> {
    check_positive(estimator, "c", c)?;
    check_positive(estimator, "tol", tol)?;
    if max_iter == 0 {
        let (name, rule, got) = ("max_iter", ">= 1", "0".to_owned());
        return Err(Error::Parameter { estimator, name, rule, got });
    }
    Ok(())
}
