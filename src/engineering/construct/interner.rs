//! Equal texts as one object.

use crate::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// Stands for a text; equal symbols, equal texts. Compared, hashed and copied as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(usize);

/// Gives each distinct text one [`Symbol`], as Python's `sys.intern` gives it one object: what a caching
/// `__new__` is used for, without an `__init__` that runs again.
///
/// ```
/// use mlnotes::engineering::construct::Interner;
/// let mut names = Interner::default();
/// let (a, b, c) = (names.intern("loss"), names.intern("step"), names.intern("loss"));
/// assert!(a == c && a != b);
/// assert_eq!(names.resolve(a)?, "loss");
/// assert_eq!(names.len(), 2);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Interner {
    symbols: HashMap<Arc<str>, Symbol>,
    texts: Vec<Arc<str>>,
}

impl Interner {
    /// The symbol of `text`, new if the text is.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(&symbol) = self.symbols.get(text) {
            return symbol;
        }
        let (text, symbol) = (Arc::<str>::from(text), Symbol(self.texts.len()));
        self.texts.push(Arc::clone(&text));
        self.symbols.insert(text, symbol);
        symbol
    }

    /// The text of `symbol`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a symbol that this interner has not given.
    pub fn resolve(&self, symbol: Symbol) -> Result<&str> {
        self.texts.get(symbol.0).map(AsRef::as_ref).ok_or_else(|| Error::Parameter {
            estimator: "Interner::resolve",
            name: "symbol",
            rule: "one that this interner gave",
            got: format!("number {} of {}", symbol.0, self.texts.len()),
        })
    }

    /// How many distinct texts there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_foreign_symbol_is_refused() {
        let (mut one, other) = (Interner::default(), Interner::default());
        let symbol = one.intern("");
        assert_eq!(one.resolve(symbol).unwrap(), "");
        assert!(other.is_empty() && other.resolve(symbol).is_err());
    }

    proptest! {
        #[test]
        fn symbols_are_equal_as_their_texts_are(a in ".{0,2}", b in ".{0,2}") {
            let mut interner = Interner::default();
            let (x, y) = (interner.intern(&a), interner.intern(&b));
            prop_assert_eq!(x == y, a == b);
            prop_assert_eq!(interner.resolve(x).unwrap(), a);
            prop_assert_eq!(interner.resolve(y).unwrap(), b);
        }
    }
}
