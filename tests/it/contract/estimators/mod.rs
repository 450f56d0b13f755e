//! The estimators that the laws hold for: how each is fitted, what it learns, and what it says of new rows.

/// `fitted!(model = FIT; [LEARNED, …]; METHOD, …)`; before the modules, for they use it.
macro_rules! fitted {
    ($model:ident = $fit:expr; [$($part:expr),* $(,)?]; $($method:ident),* $(,)?) => {{
        let $model = std::rc::Rc::new($fit);
        let learned: Vec<Vec<f64>> = vec![$($part.numbers()),*];
        let says: Vec<(&'static str, Says)> = vec![$({
            let model = std::rc::Rc::clone(&$model);
            let says: Says = Box::new(move |x| Ok(model.$method(x)?.numbers()));
            (stringify!($method), says)
        }),*];
        Ok(Fitted { learned: learned.concat(), says })
    }};
}

mod classes;
mod numbers;
mod rows;

use mlnotes::prelude::*;
use ndarray::Dimension;

/// All of them.
pub fn all() -> impl Iterator<Item = Estimator> {
    rows::ESTIMATORS.into_iter().chain(classes::ESTIMATORS).chain(numbers::ESTIMATORS)
}

/// A fitted model as the laws see it.
pub struct Fitted {
    /// What it learned, in numbers that belong to no single row.
    pub learned: Vec<f64>,
    /// What it says of new rows, by the name of the method.
    pub says: Vec<(&'static str, Says)>,
}

pub type Says = Box<dyn Fn(ArrayView2<f64>) -> Result<Vec<f64>>>;

/// How an estimator is fitted: to rows alone, to classes, or to numbers.
#[derive(Clone, Copy)]
pub enum Fit {
    Rows(fn(ArrayView2<f64>) -> Result<Fitted>),
    Classes(fn(ArrayView2<f64>, &[usize]) -> Result<Fitted>),
    Numbers(fn(ArrayView2<f64>, ArrayView1<f64>) -> Result<Fitted>),
}

/// Whether the order of the rows changes what is learned.
#[derive(Clone, Copy)]
pub enum Order {
    /// Not by more than this, as a share of the largest number.
    Free(f64),
    /// It does: chance or the algorithm takes rows by their place.
    Counts,
}

#[derive(Clone, Copy)]
pub struct Estimator {
    pub name: &'static str,
    /// The type of its settings in `src/`; empty for a function.
    pub settings: &'static str,
    pub order: Order,
    /// Whether NaN is a missing value that it knows what to do with.
    pub takes_gaps: bool,
    pub fit: Fit,
}

/// Anything that a model holds or returns, as numbers.
trait Numbers {
    fn numbers(&self) -> Vec<f64>;
}

impl Numbers for f64 {
    fn numbers(&self) -> Vec<f64> {
        vec![*self]
    }
}

impl Numbers for usize {
    fn numbers(&self) -> Vec<f64> {
        vec![*self as f64]
    }
}

impl<T: Numbers> Numbers for Vec<T> {
    fn numbers(&self) -> Vec<f64> {
        self.iter().flat_map(Numbers::numbers).collect()
    }
}

impl<T: Numbers, D: Dimension> Numbers for Array<T, D> {
    fn numbers(&self) -> Vec<f64> {
        self.iter().flat_map(Numbers::numbers).collect()
    }
}

impl<A: Numbers, B: Numbers> Numbers for (A, B) {
    fn numbers(&self) -> Vec<f64> {
        [self.0.numbers(), self.1.numbers()].concat()
    }
}

const fn of(name: &'static str, settings: &'static str, order: Order, fit: Fit) -> Estimator {
    Estimator { name, settings, order, takes_gaps: false, fit }
}

/// Sums in another order round elsewhere.
const ROUNDING: Order = Order::Free(1e-9);
/// An iteration ends within its tolerance, from whichever side.
const ITERATED: Order = Order::Free(1e-3);
