//! Functions as values: binding of arguments, decorators, threads, and what a copy shares.
//!
//! Four things that Python does at run time, each small enough to be stated exactly: [`bind`] says which
//! argument goes to which parameter, [`retry`] and [`counted`] wrap a function, [`schedule`] runs threads in
//! virtual time with or without a global lock ([`parallel_map`] runs them in real time), and [`Graph`] knows
//! which objects are the same object before and after a copy.
//!
//! # References
//! Python language reference 3.11, sections 6.3.4 (calls) and 8.7 (function definitions); PEP 362
//! (signatures), PEP 570 (positional-only parameters), PEP 703 (`CPython` without the lock); `copy` in the
//! Python standard library.

mod binding;
mod decorators;
mod objects;
mod threads;

pub use binding::{BindMistake, Bound, BoundArgs, ParamKind, Parameter, Signature, bind};
pub use decorators::{Counter, counted, retry};
pub use objects::{Graph, NodeId, NodeKind};
pub use threads::{SWITCH_INTERVAL, Schedule, Segment, Slice, parallel_map, schedule};
