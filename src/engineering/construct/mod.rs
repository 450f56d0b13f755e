//! How an object comes into being: allocation, initialisation, and what a type can demand before it exists.
//!
//! ```text
//! C(x) = type.__call__(C, x):   o ← C.__new__(C, x)                      make
//!                               if isinstance(o, C): type(o).__init__(o, x)   fill
//!                               return o
//! ```
//!
//! Rust has no constructor to run behind one's back: a value is written field by field, so nobody sees it
//! half made. [`ObjectProtocol`] models Python's two steps, [`UninitBuffer`] keeps room and contents apart,
//! [`Interner`] makes equal things the same thing, and [`ServerConfig::builder`] has `build` only once
//! nothing is missing.
//!
//! # References
//! Python language reference 3.11, section 3.3.1 (`__new__`, `__init__`); `type_call` in `CPython`'s
//! `Objects/typeobject.c`; Strom & Yemini (1986), *Typestate*.

mod builder;
mod interner;
mod protocol;
mod uninit;

pub use builder::{Missing, Present, ServerConfig, ServerConfigBuilder};
pub use interner::{Interner, Symbol};
pub use protocol::{InitBehaviour, NewResult, ObjectProtocol, Outcome, Step, Trace};
pub use uninit::UninitBuffer;
