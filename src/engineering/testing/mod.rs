//! Testing: laws tried on chance input, and failures made small.
//!
//! An example test asks whether one answer is right; a property test ([`for_all`]) asks whether a law
//! holds for every input, and looks for one that breaks it. What it finds is seldom readable, so it is
//! shrunk; [`ddmin`] does the same for input that came from outside, such as a file that crashes a
//! parser. A property needs no known answer: a round trip (`decode(encode(x)) = x`), an invariant
//! (sorting keeps the elements), a slow program that must agree with the fast one.
//!
//! # References
//! Claessen & Hughes (2000), *`QuickCheck`: a lightweight tool for random testing of Haskell programs*;
//! Zeller & Hildebrandt (2002), *Simplifying and isolating failure-inducing input*.

mod ddmin;
mod property;
mod shrink;

pub use ddmin::ddmin;
pub use property::{CounterExample, for_all};
pub use shrink::Shrink;
