//! Room that is not yet filled.

use crate::{Error, Result};

/// Memory for `n` values, allocated and empty: the `__new__` half of a construction. [`Self::init_with`]
/// is the other half and takes the buffer, so it cannot run twice, and nothing can be read before it.
///
/// ```
/// use mlnotes::engineering::construct::UninitBuffer;
/// let buffer = UninitBuffer::allocate(4)?; // allocation may fail, and says so
/// let squares: Vec<usize> = buffer.init_with(|i| i * i); // initialisation allocates nothing
/// assert_eq!(squares, [0, 1, 4, 9]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// What is not filled has no value to read: the buffer has no index.
///
/// ```compile_fail,E0608
/// use mlnotes::engineering::construct::UninitBuffer;
/// let buffer = UninitBuffer::<u8>::allocate(4)?;
/// let first = buffer[0];
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug)]
pub struct UninitBuffer<T> {
    room: Vec<T>,
    n: usize,
}

impl<T> UninitBuffer<T> {
    /// Room for `n` values.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the system has not that much memory to give.
    pub fn allocate(n: usize) -> Result<Self> {
        let mut room = Vec::new();
        room.try_reserve_exact(n).map_err(|_| Error::Parameter {
            estimator: "UninitBuffer::allocate",
            name: "n",
            rule: "as many values as fit into memory",
            got: n.to_string(),
        })?;
        Ok(Self { room, n })
    }

    /// How many values will be in it.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there is room for nothing.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Fills place `i` with `f(i)`, for each `i` from 0.
    pub fn init_with(mut self, f: impl FnMut(usize) -> T) -> Vec<T> {
        self.room.extend((0..self.n).map(f));
        self.room
    }

    /// As [`Self::init_with`] by an `f` that may fail: the values made so far are dropped, and no half-filled
    /// buffer is ever seen.
    ///
    /// ```
    /// use mlnotes::engineering::construct::UninitBuffer;
    /// let texts = ["1", "2", "x"];
    /// let numbers = UninitBuffer::allocate(3)?.try_init_with(|i| texts[i].parse::<i32>());
    /// assert!(numbers.is_err());
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first error of `f`.
    pub fn try_init_with<E>(
        mut self,
        mut f: impl FnMut(usize) -> std::result::Result<T, E>,
    ) -> std::result::Result<Vec<T>, E> {
        for i in 0..self.n {
            self.room.push(f(i)?);
        }
        Ok(self.room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn filling_moves_nothing() {
        let buffer = UninitBuffer::allocate(1000).unwrap();
        let before = buffer.room.as_ptr();
        assert_eq!(buffer.len(), 1000);
        let filled = buffer.init_with(|i| i as f64);
        assert_eq!(filled.as_ptr(), before);
        assert!(UninitBuffer::<u8>::allocate(0).unwrap().is_empty());
    }

    #[test]
    fn too_much_is_an_error_and_a_failure_frees_what_was_made() {
        let error = UninitBuffer::<u64>::allocate(usize::MAX).unwrap_err();
        assert!(matches!(error, Error::Parameter { name: "n", .. }));
        let one = Rc::new(());
        let buffer = UninitBuffer::allocate(5).unwrap();
        let filled = buffer.try_init_with(|i| if i < 3 { Ok(Rc::clone(&one)) } else { Err(i) });
        assert_eq!(filled.unwrap_err(), 3);
        assert_eq!(Rc::strong_count(&one), 1);
    }
}
