//! One error type for the whole library: matched by kind, with the names and numbers as fields.

/// What went wrong, where, and what to do about it.
///
/// `what` and `estimator` begin with a public name that was called:
///
/// | called | `what` | `estimator` |
/// |---|---|---|
/// | a function | ``function: `argument` `` | `function` |
/// | a method | ``Type::method: `argument` `` | `Type::method`, or `Type` for a rule of its settings |
/// | the `fit` of settings, a constructor | ``Type: `argument` ``, never `TypeParams` | `Type` |
///
/// What is no argument but was made on the way stands without backticks, as `Svc: the kernel matrix of two classes`.
/// Where a method calls another of the same type, the one that checks is named. Remedies have a field of their own.
/// Functions of one name in two rooms are told apart by the room: `ops::bce_with_logits`.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is outside its allowed range.
    #[error("{estimator}: `{name}` must be {rule}, got {got}")]
    Parameter {
        /// The type, method or function that was called, alone.
        estimator: &'static str,
        /// The setting's name.
        name: &'static str,
        /// What is allowed.
        rule: &'static str,
        /// What came.
        got: String,
    },
    /// An array has the wrong shape.
    #[error("{what}: expected shape {expected}, got {got}")]
    Shape {
        /// The caller and its argument, for example ``Pca::transform: `x` ``.
        what: &'static str,
        /// The shape that is needed.
        expected: String,
        /// The shape that came.
        got: String,
    },
    /// There is nothing to work on.
    #[error("{what} is empty: at least {needed} needed")]
    Empty {
        /// The estimator and argument.
        what: &'static str,
        /// How much is needed, with its unit, for example `2 rows`.
        needed: &'static str,
    },
    /// Too few rows for what was asked.
    #[error("{what} has {got} rows: at least {needed} needed; add rows or ask for less")]
    TooFewSamples {
        /// The estimator and argument.
        what: &'static str,
        /// Rows needed.
        needed: usize,
        /// Rows that came.
        got: usize,
    },
    /// A value is NaN or infinite.
    #[error("{what} holds {value} at row {row}, column {col}: drop or impute that row first")]
    NotFinite {
        /// The estimator and argument.
        what: &'static str,
        /// Row of the first such value, from 0.
        row: usize,
        /// Column of the first such value, from 0.
        col: usize,
        /// The value.
        value: f64,
    },
    /// A label is not one of those allowed.
    #[error(
        "{what} holds the label {got} at position {index}: labels must be {allowed}; recode them"
    )]
    Label {
        /// The estimator and argument.
        what: &'static str,
        /// Position of the first such label, from 0.
        index: usize,
        /// The label.
        got: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// Only one class is present where two are needed.
    #[error("{what} holds only the class {class}: both classes are needed to fit a classifier")]
    SingleClass {
        /// The estimator and argument.
        what: &'static str,
        /// The only class.
        class: usize,
    },
    /// More clusters were asked for than there are distinct rows.
    #[error("{what}: {k} clusters asked for, but `x` has only {distinct} distinct rows; lower k")]
    TooManyClusters {
        /// The estimator.
        what: &'static str,
        /// Clusters asked for.
        k: usize,
        /// Distinct rows present.
        distinct: usize,
    },
    /// What was asked has no answer on these values: a cluster that lost its last row, a sequence that a model
    /// cannot produce.
    #[error("{what}: {problem}; {remedy}")]
    NoSolution {
        /// The estimator or function.
        what: &'static str,
        /// What is missing, and where.
        problem: String,
        /// What to change.
        remedy: &'static str,
    },
    /// A matrix that must be positive definite is not.
    #[error("{what} is not positive definite; {remedy}")]
    NotPositiveDefinite {
        /// Which matrix.
        what: String,
        /// What to change.
        remedy: &'static str,
    },
    /// Numbers that should be the probabilities of a distribution are not.
    #[error("{what} is no distribution: {problem}; divide counts that are >= 0 by their sum")]
    Distribution {
        /// The function and argument.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The iteration stopped before it reached its tolerance and the result would mislead.
    #[error(
        "{estimator} did not converge in {n_iter} iterations (last change {change:e}): {remedy}"
    )]
    NotConverged {
        /// The estimator.
        estimator: &'static str,
        /// Iterations made.
        n_iter: usize,
        /// Size of the last change, in the estimator's own criterion.
        change: f64,
        /// What to change.
        remedy: &'static str,
    },
    /// The optimum does not exist: the loss falls without end.
    #[error(
        "{estimator}: the classes are linearly separable, so the unpenalised optimum is at infinity; add an L2 penalty"
    )]
    Separable {
        /// The estimator.
        estimator: &'static str,
    },
    /// A gradient disagrees with central differences.
    #[error(
        "gradient differs from central differences by {error:e}, more than {tol:e}; check its derivation"
    )]
    Gradient {
        /// The largest relative error.
        error: f64,
        /// What was allowed.
        tol: f64,
    },
    /// A count or another number that cannot be below zero is.
    #[error("{what} holds {value} at position {index}: it must be >= 0; correct or drop it")]
    Negative {
        /// The function and argument.
        what: &'static str,
        /// Position of the first such value, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A probability lies outside `[0, 1]`.
    #[error(
        "{what} holds {value} at position {index}: a probability must be from 0 to 1; pass logits through a sigmoid, or clip"
    )]
    Probability {
        /// The function and argument.
        what: &'static str,
        /// Position of the first such value, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A group that is compared holds nobody.
    #[error("{what}: the {group} is empty; there is nothing to compare it by, give it rows")]
    EmptyGroup {
        /// The function and argument.
        what: &'static str,
        /// Which group.
        group: String,
    },
    /// Values that should vary do not, so that they cannot be scaled or modelled, and a ratio to their spread has
    /// no meaning.
    #[error("{}", constant(what, *col, *value))]
    ZeroVariance {
        /// The function and argument.
        what: &'static str,
        /// For a column of a matrix, which, from 0.
        col: Option<usize>,
        /// The only value.
        value: f64,
    },
    /// Columns of a design matrix are linearly dependent.
    #[error(
        "{what}: columns {columns:?} are linear combinations of the others; drop them, or penalise (ridge)"
    )]
    Collinear {
        /// The estimator and argument.
        what: &'static str,
        /// The columns that add nothing, from 0.
        columns: Vec<usize>,
    },
    /// The groups have nothing in common on which to compare them.
    #[error("{what}: no common support: {problem}; {remedy}")]
    NoSupport {
        /// The estimator and argument.
        what: &'static str,
        /// What is missing.
        problem: String,
        /// What to change.
        remedy: &'static str,
    },
    /// The large-sample theory behind a standard error or an interval does not hold here.
    #[error("{what}: the large-sample theory does not hold: {problem}; {remedy}")]
    NotRegular {
        /// The function and argument.
        what: &'static str,
        /// Which condition fails.
        problem: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// candle refused an operation on tensors. Of the feature `tensor`.
    #[cfg(feature = "tensor")]
    #[error("candle: {reason}")]
    Tensor {
        /// candle's reason, with operation and shapes.
        reason: String,
    },
    /// The named tensors of a model and those of a file, or of a gradient, do not match.
    #[error("{what}: the tensor `{name}` {problem}")]
    Weights {
        /// The function and argument.
        what: &'static str,
        /// The tensor's name.
        name: String,
        /// What does not match, and what to do.
        problem: String,
    },
    /// A table has no column of that name.
    #[error("there is no column `{name}`; the table has {known}")]
    UnknownColumn {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A cell of a table is missing, or of another kind than is needed.
    #[error(
        "column `{column}` holds {got} at row {row} where {expected} is needed; drop that row, or read the column as what it is"
    )]
    Cell {
        /// The column.
        column: String,
        /// The first such row, from 0.
        row: usize,
        /// What is needed.
        expected: &'static str,
        /// What stands there.
        got: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {reason}")]
    Io {
        /// The file.
        path: String,
        /// The system's reason.
        reason: String,
    },
    /// What was asked of something outside of this library was refused: by a database, a program, the operating
    /// system, Python's rules of a call.
    #[error("`{call}`: {reason}")]
    Refused {
        /// The statement, the program with its arguments, the function, the signature.
        call: String,
        /// The reason, in the words of who refused, and what can be done.
        reason: String,
    },
    /// A stored model could not be read or written.
    #[error("stored {model}: {problem}; store it again from a fitted model")]
    Stored {
        /// The model.
        model: String,
        /// What is wrong with it, and where.
        problem: String,
    },
    /// A figure could not be drawn. Of the feature `plot`.
    #[cfg(feature = "plot")]
    #[error("{figure}: {reason}")]
    Plot {
        /// The kind of figure.
        figure: &'static str,
        /// Why.
        reason: String,
    },
}

fn constant(what: &str, col: Option<usize>, value: f64) -> String {
    match col {
        Some(col) => format!("{what}: column {col} is constant at {value}; drop it"),
        None => {
            format!("{what} is constant at {value}: its variance is zero; use values that differ")
        }
    }
}

/// The sentence itself: `unwrap` and a failed `?` show an error by `Debug`, and readers should get the
/// words, not the fields.
impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// `Result` with this library's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
