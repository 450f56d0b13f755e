//! What most cells start with: `use mlnotes::prelude::*;`.
