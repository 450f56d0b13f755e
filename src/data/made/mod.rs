//! Made data: seeded generators, and worlds whose truth is known.

mod causal;
mod generate;
mod shop;

pub use causal::{ConfoundedWorld, TwoGroupPanel, confounded_world, two_group_panel};
pub use generate::{blobs, circles, moons, sample_mixture};
pub use shop::{ShopLog, shop_log};
