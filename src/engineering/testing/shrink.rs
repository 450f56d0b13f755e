//! Smaller versions of a value, to look for the smallest that still breaks a law.

/// Values that can be made smaller.
///
/// [`Shrink::shrink`] lists candidates, boldest first; each must be simpler than `self` by a measure
/// that cannot fall for ever, or shrinking would not end. The default is: nothing smaller.
///
/// # Example
/// ```
/// use mlnotes::engineering::testing::Shrink;
/// assert_eq!(8i64.shrink(), [0, 4, 6, 7]);
/// assert_eq!((-3i64).shrink(), [3, 0, -2]);
/// assert_eq!(vec![5u64, 6].shrink()[..3], [vec![], vec![6], vec![5]]);
/// ```
pub trait Shrink: Clone {
    /// Simpler values, boldest first.
    fn shrink(&self) -> Vec<Self> {
        Vec::new()
    }
}

macro_rules! shrink_integers {
    ($($signed:ident)* ; $($unsigned:ident)*) => {
        $(impl Shrink for $signed {
            /// The positive twin of a negative number, then towards zero by halving steps.
            fn shrink(&self) -> Vec<Self> {
                let x = *self;
                let twin = if x < 0 { x.checked_neg() } else { None };
                let steps = std::iter::successors(Some(x), |step| Some(step / 2));
                let nearer = steps.take_while(|step| *step != 0).map(|step| x - step);
                twin.into_iter().chain(nearer).collect()
            }
        })*
        $(impl Shrink for $unsigned {
            /// Towards zero by halving steps.
            fn shrink(&self) -> Vec<Self> {
                let steps = std::iter::successors(Some(*self), |step| Some(step / 2));
                steps.take_while(|step| *step != 0).map(|step| *self - step).collect()
            }
        })*
    };
}

shrink_integers!(i8 i16 i32 i64 isize; u8 u16 u32 u64 usize);

impl Shrink for bool {
    /// False is simpler than true.
    fn shrink(&self) -> Vec<Self> {
        if *self { vec![false] } else { Vec::new() }
    }
}

impl Shrink for char {
    /// `a` is simpler than the rest.
    fn shrink(&self) -> Vec<Self> {
        if *self == 'a' { Vec::new() } else { vec!['a'] }
    }
}

impl Shrink for f64 {
    /// Zero, the positive twin, the whole part, its half; NaN and infinities first become finite.
    fn shrink(&self) -> Vec<Self> {
        let x = *self;
        if x == 0.0 {
            return Vec::new();
        }
        if !x.is_finite() {
            let finite = if x.is_nan() { 1.0 } else { f64::MAX.copysign(x) };
            return vec![0.0, finite];
        }
        let mut simpler = vec![0.0];
        if x < 0.0 {
            simpler.push(-x);
        }
        if x.fract() != 0.0 && x.abs() > 1.0 {
            simpler.push(x.trunc());
        }
        if x.abs() >= 2.0 {
            simpler.push((x / 2.0).trunc());
        }
        simpler
    }
}

impl Shrink for String {
    /// As the vector of its characters.
    fn shrink(&self) -> Vec<Self> {
        let characters: Vec<char> = self.chars().collect();
        characters.shrink().into_iter().map(|c| c.into_iter().collect()).collect()
    }
}

impl<T: Shrink> Shrink for Vec<T> {
    /// Without a chunk (all, halves, quarters, ... single elements), then one element simpler.
    fn shrink(&self) -> Vec<Self> {
        let n = self.len();
        let mut simpler = Vec::new();
        let mut size = n;
        while size > 0 {
            for from in (0..n).step_by(size) {
                simpler.push([&self[..from], &self[(from + size).min(n)..]].concat());
            }
            size /= 2;
        }
        for (i, x) in self.iter().enumerate() {
            for y in x.shrink() {
                let mut one = self.clone();
                one[i] = y;
                simpler.push(one);
            }
        }
        simpler
    }
}

impl<A: Shrink, B: Shrink> Shrink for (A, B) {
    /// One side simpler.
    fn shrink(&self) -> Vec<Self> {
        let left = self.0.shrink().into_iter().map(|a| (a, self.1.clone()));
        let right = self.1.shrink().into_iter().map(|b| (self.0.clone(), b));
        left.chain(right).collect()
    }
}

impl<A: Shrink, B: Shrink, C: Shrink> Shrink for (A, B, C) {
    /// One part simpler.
    fn shrink(&self) -> Vec<Self> {
        let (a, b, c) = self;
        let one = a.shrink().into_iter().map(|a| (a, b.clone(), c.clone()));
        let two = b.shrink().into_iter().map(|b| (a.clone(), b, c.clone()));
        let three = c.shrink().into_iter().map(|c| (a.clone(), b.clone(), c));
        one.chain(two).chain(three).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows the last candidate, the timid one, to the end.
    fn steps<T: Shrink>(mut x: T) -> usize {
        let mut n = 0;
        while let Some(next) = x.shrink().pop() {
            (x, n) = (next, n + 1);
        }
        n
    }

    #[test]
    fn integers_shrink_without_overflow_and_end() {
        assert_eq!(i64::MIN.shrink()[0], 0);
        assert_eq!(i8::MIN.shrink(), [0, -64, -96, -112, -120, -124, -126, -127]);
        assert_eq!(u8::MAX.shrink()[..2], [0, 128]);
        assert!(0i32.shrink().is_empty() && steps(-100i64) == 100);
    }

    #[test]
    fn floats_end_at_zero() {
        assert_eq!((-2.5f64).shrink(), [0.0, 2.5, -2.0, -1.0]);
        for x in [f64::NAN, f64::NEG_INFINITY, f64::MAX, 0.3, -7.25] {
            assert!(steps(x) < 1100, "{x}");
        }
        assert!(0.0f64.shrink().is_empty());
    }

    #[test]
    fn no_candidate_is_the_value_itself() {
        let x = (vec![3u8, 0], String::from("ab"), true);
        assert!(!x.shrink().contains(&x));
        assert!(x.0.shrink().contains(&vec![3]) && x.0.shrink().contains(&vec![2, 0]));
        assert!(x.1.shrink().contains(&"b".to_owned()) && x.1.shrink().contains(&"aa".to_owned()));
        assert!(!(1u8, -1i8).shrink().contains(&(1, -1)) && 'z'.shrink() == ['a']);
    }
}
