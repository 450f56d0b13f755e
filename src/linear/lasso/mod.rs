//! Lasso and elastic net: least squares with a price on the weights' absolute values.
//!
//! ```text
//! minimise  1/(2n) ‖y − b − X w‖² + α ρ ‖w‖₁ + α (1 − ρ)/2 ‖w‖²        ρ: `l1_ratio`; lasso is ρ = 1
//! S(z, t) = sign(z) max(|z| − t, 0)                                     soft threshold
//! step:  wⱼ ← S( xⱼᵀ r/n + aⱼ wⱼ, α ρ ) / ( aⱼ + α (1 − ρ) ),   aⱼ = ‖xⱼ‖²/n,   r = y − b − X w
//! optimal:  gⱼ = xⱼᵀ r/n − α (1 − ρ) wⱼ;   gⱼ = α ρ sign(wⱼ) where wⱼ ≠ 0,  |gⱼ| ≤ α ρ where wⱼ = 0
//! ```
//!
//! `|w|` has a kink at 0, so a whole interval of slopes is balanced there: weights become exactly 0. That
//! is a property of the optimum ([`map_equivalence`]: of the mode under a Laplace prior), not of the prior's
//! mass. Among copies of a feature the lasso keeps any one; the elastic net shares among them. The
//! intercept is free. Standardise first: the penalty reads the units of `x`.
//!
//! Weights are updated one by one (cyclic coordinate descent), mostly the few that are not 0, until the
//! duality gap bounds what is left to gain. With many more rows than columns the rows are read once, for
//! `XᵀX`, and an update then costs `O(n_features)`.
//!
//! # References
//! Tibshirani (1996); Zou & Hastie (2005); Friedman, Hastie & Tibshirani (2010), coordinate descent and
//! covariance updates; Tibshirani et al. (2012), strong rules; Fercoq, Gramfort & Salmon (2015), the gap.

mod descent;
mod elastic_net;
mod optimality;
mod path;
mod threshold;

pub use elastic_net::{ElasticNet, ElasticNetParams, Lasso};
pub use optimality::kkt_violation;
pub use path::{LassoPath, alpha_grid, lasso_path};
pub use threshold::{Prior, map_equivalence, soft_threshold};
