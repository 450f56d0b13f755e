//! The estimators that the laws hold for: how each is fitted, what it learns, and what it says of new rows.

/// What the laws see of a model; before the modules, for they use it.
macro_rules! seen {
    ($model:ident; [$($part:expr),*]; $($method:ident),*) => {{
        let learned: Vec<Vec<f64>> = vec![$($part.numbers()),*];
        let says: Vec<(&'static str, Says)> = vec![$({
            let model = std::rc::Rc::clone(&$model);
            let says: Says = Box::new(move |x| Ok(model.$method(x)?.numbers()));
            (stringify!($method), says)
        }),*];
        Fitted { learned: learned.concat(), says, stored: None }
    }};
}

/// `fitted!(model = FIT; [LEARNED, …]; METHOD, …)`, and the same after `fitted!(boxed ` where learners in boxes cannot
/// be stored.
macro_rules! fitted {
    (boxed $model:ident = $fit:expr; [$($part:expr),* $(,)?]; $($method:ident),* $(,)?) => {{
        let $model = std::rc::Rc::new($fit);
        Ok(seen!($model; [$($part),*]; $($method),*))
    }};
    ($model:ident = $fit:expr; [$($part:expr),* $(,)?]; $($method:ident),* $(,)?) => {{
        let $model = std::rc::Rc::new($fit);
        let mut fitted = seen!($model; [$($part),*]; $($method),*);
        fitted.stored = Some(Stored {
            text: to_json(&*$model)?,
            read: read_as(&$model, |model| {
                let $model = std::rc::Rc::new(model);
                seen!($model; [$($part),*]; $($method),*)
            }),
        });
        Ok(fitted)
    }};
}

mod classes;
mod numbers;
mod rows;

use mlnotes::base::from_json;
use mlnotes::prelude::*;
use ndarray::Dimension;
use serde::de::DeserializeOwned;
use std::rc::Rc;

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
    /// The model as text; none where it holds learners in boxes.
    pub stored: Option<Stored>,
}

/// A model as text, and what the text is read as.
pub struct Stored {
    pub text: String,
    pub read: Read,
}

pub type Read = Box<dyn Fn(&str) -> Result<Fitted>>;

/// Text read as a model of this type.
fn read_as<M: DeserializeOwned>(_: &Rc<M>, see: impl Fn(M) -> Fitted + 'static) -> Read {
    Box::new(move |text| Ok(see(from_json(text)?)))
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
