//! Data to learn on.
//!
//! | part | what stands there |
//! |---|---|
//! | `sets` | real sets, embedded |
//! | `made` | seeded generators, and worlds whose truth is known |
//! | `prep` | splits, scales, augmentation, duplicates |
//! | [`table`], [`sql`] | tables with names, and the database |
//!
//! A set is a [`Dataset`]: a matrix `x`, `(n_samples, n_features)`, and a class index per row; or a
//! [`Regression`], with a number per row. Each stands in `src/data/sets/<name>/` with its licence and its source.
//!
//! ```text
//!          n_features
//!        ┌───────────┐
//!        │ x₁₁ … x₁ₚ │  y₁        x: numbers, a row a sample
//! n_rows │  ⋮      ⋮  │  ⋮         y: a class from 0, or a number
//!        │ xₙ₁ … xₙₚ │  yₙ        chance: always from a seed
//!        └───────────┘
//! ```
//!
//! ```
//! let penguins = mlnotes::data::penguins();
//! assert_eq!(penguins.x.dim(), (342, 4));
//! assert_eq!(penguins.target_names, ["Adelie", "Chinstrap", "Gentoo"]);
//! ```

mod made;
mod prep;
mod sets;
#[cfg(feature = "sql")]
pub mod sql;
pub mod table;

pub use made::{
    ConfoundedWorld, ShopLog, TwoGroupPanel, blobs, circles, confounded_world, moons,
    sample_mixture, shop_log, two_group_panel,
};
pub(crate) use prep::check_splits;
pub use prep::{
    Split, StandardScaler, StandardScalerParams, Standardized, augment, dedup, k_fold, standardize,
    stratified_k_fold, stratified_train_test_split, train_test_split,
};
pub use sets::{
    Addresses, BanditCampaign, BanditLog, BanditPolicy, Dataset, Earthquakes, Football,
    FootballMatch, HivIncentive, OrganDonations, Panel, Regression, SeismicEvent, SeismicKind,
    Speech, TimeSeries, TreatmentSet, addresses, breast_cancer, credit, diabetes, digits,
    earthquakes, football, hiv_incentive, iris, nile, nsw, nsw_with_cps, open_bandit,
    organ_donations, penguins, pride_and_prejudice, prop99, state_of_the_union, texas_prisons,
    titanic_passengers, wine,
};
