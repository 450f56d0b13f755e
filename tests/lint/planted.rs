//! What `make lint` must refuse: it shows that warnings are denied at all. No part of any package.
#![crate_type = "lib"]

/// Clippy has a shorter word for this.
pub fn planted(x: Option<u8>) -> bool {
    if let Some(_) = x { true } else { false }
}
