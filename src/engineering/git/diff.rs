//! A shortest edit script, by Myers's greedy algorithm.
//!
//! ```text
//! x lines of a and y of b are used up: diagonal k = x − y
//! V[d][k] = farthest x on diagonal k with d edits
//!         = slide( max( V[d−1][k−1] + 1  (delete),  V[d−1][k+1]  (insert) ) )
//! slide(x): while a[x] = b[y]: x += 1, y += 1          equal lines cost nothing
//! ```
//!
//! The first `d` that reaches the end is the length `D = n + m − 2 LCS(a, b)`. Time `O((n + m) D)`;
//! the farthest points of all `d` are kept to walk back, `O(D²)` numbers.

use crate::display::check_interrupt;

/// A step of an edit script; lines are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Line `a` of the first text is line `b` of the second.
    Keep {
        /// Line of the first text.
        a: usize,
        /// Line of the second text.
        b: usize,
    },
    /// Line `a` of the first text goes.
    Delete {
        /// Line of the first text.
        a: usize,
    },
    /// Line `b` of the second text comes.
    Insert {
        /// Line of the second text.
        b: usize,
    },
}

/// A shortest script that turns `a` into `b`: as few deletions and insertions as there can be. Where
/// lines repeat there are several; as in git, a block of one kind is moved down as far as it goes,
/// and deletions stand before insertions.
///
/// ```
/// use mlnotes::engineering::git::{Edit, diff_lines};
/// let script = diff_lines(&["a", "b", "c"], &["a", "x", "c"]);
/// let (keep, change) = (Edit::Keep { a: 0, b: 0 }, [Edit::Delete { a: 1 }, Edit::Insert { b: 1 }]);
/// assert_eq!(script, [keep, change[0], change[1], Edit::Keep { a: 2, b: 2 }]);
/// ```
pub fn diff_lines(a: &[&str], b: &[&str]) -> Vec<Edit> {
    let mut script = Vec::new();
    let (mut x, mut y) = (0, 0);
    let end = Hunk { a: a.len(), a_len: 0, b: b.len(), b_len: 0 };
    for hunk in hunks(a, b).into_iter().chain([end]) {
        script.extend((x..hunk.a).zip(y..hunk.b).map(|(a, b)| Edit::Keep { a, b }));
        script.extend((hunk.a..hunk.a + hunk.a_len).map(|a| Edit::Delete { a }));
        script.extend((hunk.b..hunk.b + hunk.b_len).map(|b| Edit::Insert { b }));
        (x, y) = (hunk.a + hunk.a_len, hunk.b + hunk.b_len);
    }
    script
}

/// Lines `a .. a + a_len` of the first text are replaced by `b .. b + b_len` of the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hunk {
    pub a: usize,
    pub a_len: usize,
    pub b: usize,
    pub b_len: usize,
}

/// The changes of a shortest script, in order.
pub(super) fn hunks(a: &[&str], b: &[&str]) -> Vec<Hunk> {
    let head = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (rest_a, rest_b) = (&a[head..], &b[head..]);
    let tail = rest_a.iter().rev().zip(rest_b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (n, m) = (rest_a.len() - tail, rest_b.len() - tail);
    let kept = kept_pairs(&rest_a[..n], &rest_b[..m]);
    let mut found: Vec<Hunk> = Vec::new();
    let (mut x, mut y) = (0, 0);
    for (i, j) in kept.into_iter().chain([(n, m)]) {
        if i > x || j > y {
            found.push(Hunk { a: head + x, a_len: i - x, b: head + y, b_len: j - y });
        }
        (x, y) = (i + 1, j + 1);
    }
    moved_down(a, b, found)
}

/// Pairs of lines that stay, in order: a longest common subsequence.
fn kept_pairs(a: &[&str], b: &[&str]) -> Vec<(usize, usize)> {
    let rows = farthest(a, b);
    let (mut x, mut y) = (a.len(), b.len());
    let mut kept = Vec::new();
    for d in (0..rows.len()).rev() {
        let (before_x, before_y) = if d == 0 { (0, 0) } else { before(&rows[d - 1], d, x + d - y) };
        // An edit moves one of the two only: the slide after it ends where that one is reached.
        while x > before_x && y > before_y {
            (x, y) = (x - 1, y - 1);
            kept.push((x, y));
        }
        (x, y) = (before_x, before_y);
    }
    kept.reverse();
    kept
}

/// Farthest `x` for each number of edits `d` and diagonal `k`: row `d` holds `k = −d, −d + 2 .. d` at
/// `i = k + d`. There `y = x − k = x + d − i`.
fn farthest(a: &[&str], b: &[&str]) -> Vec<Vec<usize>> {
    let mut rows: Vec<Vec<usize>> = Vec::new();
    loop {
        check_interrupt();
        let d = rows.len();
        let mut row = vec![0; 2 * d + 1];
        for i in (0..=2 * d).step_by(2) {
            let mut x = match rows.last() {
                None => 0,
                Some(last) if inserts(last, d, i) => last[i],
                Some(last) => last[i - 2] + 1,
            };
            while x < a.len() && x + d - i < b.len() && a[x] == b[x + d - i] {
                x += 1;
            }
            row[i] = x;
            if x >= a.len() && x + d - i >= b.len() {
                rows.push(row);
                return rows;
            }
        }
        rows.push(row);
    }
}

/// Whether the farthest way onto diagonal `i` of round `d` comes by an insertion, from `k + 1`.
fn inserts(last: &[usize], d: usize, i: usize) -> bool {
    i == 0 || (i != 2 * d && last[i - 2] < last[i])
}

/// Where round `d` came from on its way to diagonal `i`.
fn before(last: &[usize], d: usize, i: usize) -> (usize, usize) {
    if inserts(last, d, i) {
        (last[i], last[i] + d - 1 - i)
    } else {
        (last[i - 2], last[i - 2] + d + 1 - i)
    }
}

/// Blocks of deletions only or insertions only moved down while the line after them is their first;
/// blocks that then touch are one.
fn moved_down(a: &[&str], b: &[&str], hunks: Vec<Hunk>) -> Vec<Hunk> {
    let mut done: Vec<Hunk> = Vec::new();
    for mut hunk in hunks.into_iter().rev() {
        let (end_a, end_b) = done.last().map_or((a.len(), b.len()), |next| (next.a, next.b));
        while (hunk.a_len == 0) != (hunk.b_len == 0)
            && hunk.a + hunk.a_len < end_a
            && hunk.b + hunk.b_len < end_b
            && a.get(hunk.a..=hunk.a + hunk.a_len).is_some_and(|l| l[0] == l[hunk.a_len])
            && b.get(hunk.b..=hunk.b + hunk.b_len).is_some_and(|l| l[0] == l[hunk.b_len])
        {
            (hunk.a, hunk.b) = (hunk.a + 1, hunk.b + 1);
        }
        match done.last_mut() {
            Some(next) if hunk.a + hunk.a_len == next.a && hunk.b + hunk.b_len == next.b => {
                *next =
                    Hunk { a_len: hunk.a_len + next.a_len, b_len: hunk.b_len + next.b_len, ..hunk };
            }
            _ => done.push(hunk),
        }
    }
    done.reverse();
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The text that a script makes of `a`, and its length; `None` when it does not fit.
    fn apply(a: &[&str], b: &[&str], script: &[Edit]) -> Option<(Vec<String>, usize)> {
        let (mut x, mut made, mut length) = (0, Vec::new(), 0);
        for &edit in script {
            match edit {
                Edit::Keep { a: i, b: j } => {
                    if i != x || j != made.len() || a.get(i) != b.get(j) {
                        return None;
                    }
                    x += 1;
                    made.push(a[i].to_owned());
                }
                Edit::Delete { a: i } => {
                    if i != x {
                        return None;
                    }
                    (x, length) = (x + 1, length + 1);
                }
                Edit::Insert { b: j } => {
                    if j != made.len() {
                        return None;
                    }
                    made.push(b[j].to_owned());
                    length += 1;
                }
            }
        }
        (x == a.len()).then_some((made, length))
    }

    /// Length of a longest common subsequence, by the table of all prefixes.
    fn lcs(a: &[&str], b: &[&str]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 1..=a.len() {
            for j in 1..=b.len() {
                table[i][j] = if a[i - 1] == b[j - 1] {
                    table[i - 1][j - 1] + 1
                } else {
                    table[i - 1][j].max(table[i][j - 1])
                };
            }
        }
        table[a.len()][b.len()]
    }

    #[test]
    fn the_example_of_the_paper() {
        let (a, b) = (["a", "b", "c", "a", "b", "b", "a"], ["c", "b", "a", "b", "a", "c"]);
        let (made, length) = apply(&a, &b, &diff_lines(&a, &b)).unwrap();
        assert_eq!((made, length), (b.map(String::from).to_vec(), 5));
    }

    #[test]
    fn edges() {
        assert!(diff_lines(&[], &[]).is_empty());
        assert_eq!(diff_lines(&["a"], &[]), [Edit::Delete { a: 0 }]);
        assert_eq!(diff_lines(&[], &["a"]), [Edit::Insert { b: 0 }]);
        assert_eq!(diff_lines(&["a"], &["a"]), [Edit::Keep { a: 0, b: 0 }]);
        let down = diff_lines(&["f", "end"], &["f", "end", "g", "end"]);
        assert_eq!(down[2..], [Edit::Insert { b: 2 }, Edit::Insert { b: 3 }]);
    }

    proptest! {
        #[test]
        fn scripts_work_and_none_is_shorter(a in "[abc]{0,24}", b in "[abc]{0,24}") {
            let a: Vec<&str> = a.split("").collect();
            let b: Vec<&str> = b.split("").collect();
            let (made, length) = apply(&a, &b, &diff_lines(&a, &b)).unwrap();
            prop_assert_eq!(made, b.clone());
            prop_assert_eq!(length, a.len() + b.len() - 2 * lcs(&a, &b));
        }
    }
}
