//! Functions that take a function and give one back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Calls `f` until it succeeds: once, and up to `n` times more while it fails. `f` is told how many
/// failures came before.
///
/// Retry only what may be repeated without harm, and leave room between the attempts when a service is
/// behind it.
///
/// ```
/// use mlnotes::engineering::functional::retry;
/// let flaky = |failures: usize| if failures < 2 { Err("timeout") } else { Ok(failures) };
/// assert_eq!(retry(3, flaky), Ok(2));
/// assert_eq!(retry(1, flaky), Err("timeout"));
/// ```
///
/// # Errors
/// The last error of `f`.
pub fn retry<T, E>(
    n: usize,
    mut f: impl FnMut(usize) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let mut failures = 0;
    loop {
        match f(failures) {
            Err(_) if failures < n => failures += 1,
            last => return last,
        }
    }
}

/// Counts calls; clones share the count.
#[derive(Debug, Clone, Default)]
pub struct Counter(Arc<AtomicUsize>);

impl Counter {
    /// Calls so far.
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// `f` and a [`Counter`] of its calls: the closure and the counter share one state, as a Python closure and
/// its cell do.
///
/// ```
/// use mlnotes::engineering::functional::counted;
/// let (square, calls) = counted(|x: i64| x * x);
/// assert_eq!((square(3), square(4)), (9, 16));
/// assert_eq!(calls.get(), 2);
/// ```
pub fn counted<A, R>(f: impl Fn(A) -> R) -> (impl Fn(A) -> R, Counter) {
    let counter = Counter::default();
    let own = counter.clone();
    let wrapped = move |argument| {
        own.0.fetch_add(1, Ordering::Relaxed);
        f(argument)
    };
    (wrapped, counter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_stops_at_the_first_success_or_the_last_attempt() {
        for (fails, n, attempts, success) in
            [(0, 0, 1, true), (2, 5, 3, true), (2, 2, 3, true), (9, 2, 3, false), (1, 0, 1, false)]
        {
            let mut made = 0;
            let result = retry(n, |failures| {
                made += 1;
                assert_eq!(failures + 1, made);
                if failures < fails { Err(failures) } else { Ok(()) }
            });
            assert_eq!((made, result.is_ok()), (attempts, success));
        }
    }

    #[test]
    fn calls_are_counted_from_many_threads() {
        let (double, calls) = counted(|x: i64| 2 * x);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..250).for_each(|i| assert_eq!(double(i), 2 * i)));
            }
        });
        assert_eq!(calls.get(), 1000);
    }
}
