//! A merge of two changes to one text.
//!
//! The two edit scripts from the base are walked together. A place that one side changed takes that
//! side; a place that both changed alike takes it once; places that touch or overlap and differ are a
//! conflict. A conflict is then narrowed to the lines in which the two sides differ, and two
//! conflicts with at most three lines between them, or none that says anything, are shown as one.

use super::diff::{Hunk, hunks};

/// A merged text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Merged {
    /// The text, each conflict between `<<<<<<< ours`, `=======` and `>>>>>>> theirs`.
    pub text: String,
    /// How many conflicts it holds.
    pub conflicts: usize,
}

/// Merges what `ours` and `theirs` made of `base`, line by line, as `git merge-file` does. A merge
/// without conflicts can still be wrong: git knows lines, not what they mean.
///
/// Where lines repeat, shortest scripts are not unique: git's may align them in another way, and so
/// cut other conflicts. Lines end in `\n`.
///
/// ```
/// use mlnotes::engineering::git::merge3;
/// let base = "lr = 0.1\nepochs = 10\nbatch = 32\n";
/// let merged = merge3(base, &base.replace("0.1", "0.3"), &base.replace("10", "20"));
/// assert_eq!(merged.conflicts, 1, "neighbours touch: the sides must be read together");
/// let base = "lr = 0.1\n\nseed = 7\n\nbatch = 32\n";
/// let merged = merge3(base, &base.replace("0.1", "0.3"), &base.replace("32", "64"));
/// assert_eq!((merged.conflicts, merged.text.as_str()), (0, "lr = 0.3\n\nseed = 7\n\nbatch = 64\n"));
/// ```
pub fn merge3(base: &str, ours: &str, theirs: &str) -> Merged {
    let [base, ours, theirs] = [base, ours, theirs].map(lines);
    let (left, right) = (hunks(&base, &ours), hunks(&base, &theirs));
    let lengths = (base.len(), ours.len(), theirs.len());
    let pieces = paired(lengths, &left, &right, |l, r| {
        (l.a, l.a_len) == (r.a, r.a_len) && ours[l.b..l.b + l.b_len] == theirs[r.b..r.b + r.b_len]
    });
    let pieces = pieces.into_iter().flat_map(|piece| narrowed(piece, &ours, &theirs)).collect();
    write(&ours, &theirs, &joined(pieces, &ours))
}

/// Lines with their ends.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Take {
    Ours,
    Theirs,
    /// A conflict.
    Both,
}

/// Lines of our text from `ours.0` to before `ours.1`, and what stands there in theirs. Outside all
/// pieces the two texts agree.
#[derive(Clone, Copy, Debug)]
struct Piece {
    take: Take,
    ours: (usize, usize),
    theirs: (usize, usize),
}

/// The two scripts as one list of pieces.
fn paired(
    (base_len, ours_len, theirs_len): (usize, usize, usize),
    mut left: &[Hunk],
    mut right: &[Hunk],
    alike: impl Fn(Hunk, Hunk) -> bool,
) -> Vec<Piece> {
    // A hunk behind the last: it says how far a side has moved against the base by its end.
    let after = |len| Hunk { a: base_len, a_len: 0, b: len, b_len: 0 };
    let mut pieces: Vec<Piece> = Vec::new();
    while !left.is_empty() || !right.is_empty() {
        let l = left.first().copied().unwrap_or(after(ours_len));
        let r = right.first().copied().unwrap_or(after(theirs_len));
        let (l_end, r_end) = (l.a + l.a_len, r.a + r.a_len);
        // A line of the base before a hunk, in that hunk's side. One inside an earlier hunk of that
        // side has no place there, but then the piece joins the one before, whose start counts.
        let in_side = |line: usize, hunk: Hunk| (hunk.b + line).saturating_sub(hunk.a);
        if right.is_empty() || (!left.is_empty() && l_end < r.a) {
            let theirs = (in_side(l.a, r), in_side(l_end, r));
            push(&mut pieces, Piece { take: Take::Ours, ours: (l.b, l.b + l.b_len), theirs });
            left = &left[1..];
        } else if left.is_empty() || r_end < l.a {
            let ours = (in_side(r.a, l), in_side(r_end, l));
            push(&mut pieces, Piece { take: Take::Theirs, ours, theirs: (r.b, r.b + r.b_len) });
            right = &right[1..];
        } else {
            if !alike(l, r) {
                let (start, end) = (l.a.min(r.a), l_end.max(r_end));
                let around = |h: Hunk| (in_side(start, h), h.b + h.b_len + end - h.a - h.a_len);
                let (ours, theirs) = (around(l), around(r));
                push(&mut pieces, Piece { take: Take::Both, ours, theirs });
            }
            // The longer one may meet the next of the other side too.
            left = &left[usize::from(r_end >= l_end)..];
            right = &right[usize::from(l_end >= r_end)..];
        }
    }
    pieces
}

/// Adds a piece; one that touches the piece before becomes part of it, a conflict if they differ.
fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    match pieces.last_mut() {
        Some(last) if piece.ours.0 <= last.ours.1 || piece.theirs.0 <= last.theirs.1 => {
            if last.take != piece.take {
                last.take = Take::Both;
            }
            (last.ours.1, last.theirs.1) = (piece.ours.1, piece.theirs.1);
        }
        _ => pieces.push(piece),
    }
}

/// A conflict cut to where the sides differ: lines that they share are no conflict.
fn narrowed(piece: Piece, ours: &[&str], theirs: &[&str]) -> Vec<Piece> {
    let (o, t) = (piece.ours, piece.theirs);
    // With one side empty there is nothing to share.
    if piece.take != Take::Both || o.0 == o.1 || t.0 == t.1 {
        return vec![piece];
    }
    let differ = hunks(&ours[o.0..o.1], &theirs[t.0..t.1]);
    if differ.is_empty() {
        return vec![Piece { take: Take::Ours, ..piece }];
    }
    let cut = |h: Hunk| Piece {
        take: Take::Both,
        ours: (o.0 + h.a, o.0 + h.a + h.a_len),
        theirs: (t.0 + h.b, t.0 + h.b + h.b_len),
    };
    differ.into_iter().map(cut).collect()
}

/// Conflicts with little between them shown as one: three lines, or more without a letter or digit.
fn joined(pieces: Vec<Piece>, ours: &[&str]) -> Vec<Piece> {
    let mut done: Vec<Piece> = Vec::new();
    for piece in pieces {
        match done.last_mut() {
            Some(last) if last.take == Take::Both && piece.take == Take::Both => {
                let between = &ours[last.ours.1..piece.ours.0];
                let says = |line: &&str| line.bytes().any(|byte| byte.is_ascii_alphanumeric());
                if between.len() <= 3 || !between.iter().any(says) {
                    (last.ours.1, last.theirs.1) = (piece.ours.1, piece.theirs.1);
                    continue;
                }
                done.push(piece);
            }
            _ => done.push(piece),
        }
    }
    done
}

/// Our text with the pieces in their places.
fn write(ours: &[&str], theirs: &[&str], pieces: &[Piece]) -> Merged {
    let (mut text, mut at, mut conflicts) = (String::new(), 0, 0);
    for piece in pieces {
        let (mine, yours) =
            (&ours[piece.ours.0..piece.ours.1], &theirs[piece.theirs.0..piece.theirs.1]);
        text.extend(ours[at..piece.ours.0].iter().copied());
        match piece.take {
            Take::Ours => text.extend(mine.iter().copied()),
            Take::Theirs => text.extend(yours.iter().copied()),
            Take::Both => {
                conflicts += 1;
                text.push_str("<<<<<<< ours\n");
                whole(&mut text, mine);
                text.push_str("=======\n");
                whole(&mut text, yours);
                text.push_str(">>>>>>> theirs\n");
            }
        }
        at = piece.ours.1;
    }
    text.extend(ours[at..].iter().copied());
    Merged { text, conflicts }
}

/// Lines, the last one ended: a marker must start a line.
fn whole(text: &mut String, lines: &[&str]) {
    text.extend(lines.iter().copied());
    if lines.last().is_some_and(|line| !line.ends_with('\n')) {
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        let merged = merge3("a\nb\nc\n", "a\nB\nc\n", "a\nb\nc\nd\n");
        assert_eq!((merged.text.as_str(), merged.conflicts), ("a\nB\nc\nd\n", 0));
        let merged = merge3("a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n");
        let text = "a\n<<<<<<< ours\nX\n=======\nY\n>>>>>>> theirs\nc\n";
        assert_eq!((merged.text.as_str(), merged.conflicts), (text, 1));
        let merged = merge3("a\nb\nc", "a\nb\nc", "b\nc");
        assert_eq!((merged.text.as_str(), merged.conflicts), ("b\nc", 0));
        assert_eq!(merge3("", "", "").text, "");
    }

    #[test]
    fn what_both_did_is_done_once() {
        let merged = merge3("a\n", "a\nnew\n", "a\nnew\n");
        assert_eq!((merged.text.as_str(), merged.conflicts), ("a\nnew\n", 0));
    }

    proptest! {
        #[test]
        fn one_side_that_did_nothing_changes_nothing(
            base in "([abc]\n){0,9}", other in "([abc]\n){0,9}",
        ) {
            for (ours, theirs) in [(&base, &other), (&other, &base), (&other, &other)] {
                let merged = merge3(&base, ours, theirs);
                prop_assert_eq!((&merged.text, merged.conflicts), (&other, 0));
            }
        }

        #[test]
        fn sides_swapped_give_as_many_conflicts(
            base in "([abc]\n){0,9}", ours in "([abc]\n){0,9}", theirs in "([abc]\n){0,9}",
        ) {
            let (one, two) = (merge3(&base, &ours, &theirs), merge3(&base, &theirs, &ours));
            prop_assert_eq!(one.conflicts == 0, two.conflicts == 0);
        }
    }
}
