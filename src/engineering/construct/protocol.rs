//! A model of `type.__call__`, and of the ways around it.

use std::fmt;

/// What `C.__new__` returns. `D` is a subclass of `C` with an `__init__` of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewResult {
    /// A new instance of `C`.
    Instance,
    /// An instance of the subclass `D`.
    Subclass,
    /// The one instance of `C` that every call returns: a singleton.
    Shared,
    /// An object of a class that has nothing to do with `C`, here an `int`.
    Unrelated,
    /// Nothing: the `return` was forgotten.
    Nothing,
    /// It raises.
    Raises,
}

/// What `__init__` does when it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitBehaviour {
    /// Returns `None`, as it must.
    ReturnsNone,
    /// Returns something else.
    ReturnsValue,
    /// It raises.
    Raises,
}

/// A method that ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// `C.__new__`.
    New,
    /// `C.__init__`.
    Init,
    /// `D.__init__`: that of the class of the object, which need not be the class that was called.
    SubclassInit,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "C.__new__",
            Self::Init => "C.__init__",
            Self::SubclassInit => "D.__init__",
        })
    }
}

/// What the caller gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// An instance of `C`.
    Instance,
    /// An instance of `D`.
    Subclass,
    /// An `int`.
    Unrelated,
    /// `None`.
    Nothing,
    /// `TypeError`: `__init__` returned something.
    TypeError,
    /// The error that `__new__` or `__init__` raised, here a `ValueError`.
    Raised,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Instance => "C",
            Self::Subclass => "D",
            Self::Unrelated => "int",
            Self::Nothing => "NoneType",
            Self::TypeError => "TypeError",
            Self::Raised => "ValueError",
        })
    }
}

/// Which methods ran, in order, and what came out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trace {
    /// The methods.
    pub steps: Vec<Step>,
    /// The result, by class, or the error.
    pub outcome: Outcome,
}

impl Trace {
    /// How often an `__init__` ran.
    pub fn n_init(&self) -> usize {
        self.steps.iter().filter(|step| **step != Step::New).count()
    }
}

/// A Python class `C`, reduced to what its `__new__` returns and what its `__init__` does.
///
/// ```
/// use mlnotes::engineering::construct::{InitBehaviour, NewResult, ObjectProtocol, Outcome, Step};
/// let forgot = ObjectProtocol::new(NewResult::Nothing, InitBehaviour::ReturnsNone);
/// let trace = forgot.call();
/// assert_eq!(trace.steps, [Step::New]); // no instance, so no __init__
/// assert_eq!(trace.outcome, Outcome::Nothing);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectProtocol {
    /// What `C.__new__` returns.
    pub new_returns: NewResult,
    /// What `C.__init__` and `D.__init__` do.
    pub init: InitBehaviour,
}

impl ObjectProtocol {
    /// A class that behaves so.
    pub fn new(new_returns: NewResult, init: InitBehaviour) -> Self {
        Self { new_returns, init }
    }

    /// `C()`: `type.__call__` runs `__new__`, then the `__init__` of the result's own class if the result is
    /// an instance of `C`, subclasses included.
    pub fn call(&self) -> Trace {
        let mut trace = self.new_directly();
        let init = match trace.outcome {
            Outcome::Instance => Step::Init,
            Outcome::Subclass => Step::SubclassInit,
            _ => return trace,
        };
        trace.steps.push(init);
        match self.init {
            InitBehaviour::ReturnsNone => {}
            InitBehaviour::ReturnsValue => trace.outcome = Outcome::TypeError,
            InitBehaviour::Raises => trace.outcome = Outcome::Raised,
        }
        trace
    }

    /// `C.__new__(C)`: an ordinary call of a static method. Nothing runs after it.
    ///
    /// ```
    /// use mlnotes::engineering::construct::{InitBehaviour, NewResult, ObjectProtocol};
    /// let class = ObjectProtocol::new(NewResult::Instance, InitBehaviour::ReturnsNone);
    /// assert_eq!((class.call().n_init(), class.new_directly().n_init()), (1, 0));
    /// ```
    pub fn new_directly(&self) -> Trace {
        let outcome = match self.new_returns {
            NewResult::Instance | NewResult::Shared => Outcome::Instance,
            NewResult::Subclass => Outcome::Subclass,
            NewResult::Unrelated => Outcome::Unrelated,
            NewResult::Nothing => Outcome::Nothing,
            NewResult::Raises => Outcome::Raised,
        };
        Trace { steps: vec![Step::New], outcome }
    }

    /// `copy.copy(c)` and `pickle.loads(pickle.dumps(c))` of an instance: both rebuild it by
    /// `copyreg.__newobj__`, that is by `__new__` alone, and then restore its attributes.
    ///
    /// ```
    /// use mlnotes::engineering::construct::{InitBehaviour, NewResult, ObjectProtocol};
    /// let class = ObjectProtocol::new(NewResult::Instance, InitBehaviour::ReturnsNone);
    /// assert_eq!(class.rebuild().n_init(), 0);
    /// ```
    pub fn rebuild(&self) -> Trace {
        self.new_directly()
    }

    /// `C()`, `n` times over: all the methods that ran, and the last outcome. A singleton made in `__new__`
    /// is initialised again at every call. Stops at the first error; `None` for `n = 0`.
    ///
    /// ```
    /// use mlnotes::engineering::construct::{InitBehaviour, NewResult, ObjectProtocol};
    /// let singleton = ObjectProtocol::new(NewResult::Shared, InitBehaviour::ReturnsNone);
    /// assert_eq!(singleton.call_times(3).map(|trace| trace.n_init()), Some(3));
    /// ```
    pub fn call_times(&self, n: usize) -> Option<Trace> {
        let mut total: Option<Trace> = None;
        for _ in 0..n {
            let Trace { steps, outcome } = self.call();
            let trace = total.get_or_insert(Trace { steps: Vec::new(), outcome });
            trace.steps.extend(steps);
            if matches!(outcome, Outcome::TypeError | Outcome::Raised) {
                break;
            }
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn init_runs_exactly_for_instances_subclasses_included() {
        use NewResult::{Instance, Nothing, Raises, Shared, Subclass, Unrelated};
        for new in [Instance, Subclass, Shared, Unrelated, Nothing, Raises] {
            let trace = ObjectProtocol::new(new, InitBehaviour::ReturnsNone).call();
            let expected = usize::from(matches!(new, Instance | Subclass | Shared));
            assert_eq!(trace.n_init(), expected, "{new:?}");
        }
    }

    #[test]
    fn an_init_that_does_not_run_cannot_fail() {
        let class = ObjectProtocol::new(NewResult::Unrelated, InitBehaviour::Raises);
        assert_eq!(class.call().outcome, Outcome::Unrelated);
        let class = ObjectProtocol::new(NewResult::Instance, InitBehaviour::Raises);
        assert_eq!(class.call().outcome, Outcome::Raised);
        assert_eq!(class.rebuild().outcome, Outcome::Instance);
        assert_eq!(class.call_times(3).unwrap().steps.len(), 2);
        assert_eq!(class.call_times(0), None);
    }
}
