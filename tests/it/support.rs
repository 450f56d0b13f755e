//! Loops that cannot run over nothing: a test that asserts inside a loop over a fixture's list would
//! otherwise pass when that list is empty. And the library's own files, for tests that read them.

use std::path::{Path, PathBuf};

/// The library's files, by their paths below `src`, in order.
pub fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// The cases of a fixture, all `n` of them.
#[track_caller]
pub fn cases<T: IntoIterator>(list: T, n: usize) -> std::vec::IntoIter<T::Item> {
    assert!(n > 0, "a test of no case shows nothing");
    let list: Vec<T::Item> = list.into_iter().collect();
    assert_eq!(list.len(), n, "cases of the fixture");
    list.into_iter()
}

/// What we say beside what the reference says: as many of one as of the other, and not none.
#[track_caller]
pub fn aligned<A: IntoIterator, B: IntoIterator>(
    ours: A,
    theirs: B,
) -> impl ExactSizeIterator<Item = (A::Item, B::Item)> {
    let ours: Vec<A::Item> = ours.into_iter().collect();
    let theirs = cases(theirs, ours.len());
    ours.into_iter().zip(theirs)
}

/// The largest difference of two lists; NaN when one holds a NaN, which a `max` would drop.
#[track_caller]
pub fn apart<'a, 'b>(
    ours: impl IntoIterator<Item = &'a f64>,
    theirs: impl IntoIterator<Item = &'b f64>,
) -> f64 {
    largest(aligned(ours, theirs).map(|(a, b)| a - b))
}

/// The largest magnitude; NaN when there is one.
pub fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values
        .into_iter()
        .map(f64::abs)
        .fold(0.0, |most, v| if v.is_nan() || v > most { v } else { most })
}

#[test]
#[should_panic(expected = "cases of the fixture")]
fn an_emptied_list_is_red() {
    cases(Vec::<f64>::new(), 3);
}

#[test]
#[should_panic(expected = "cases of the fixture")]
fn a_shortened_answer_is_red() {
    let _ = aligned([1.0, 2.0], [1.0]).count();
}

#[test]
#[should_panic(expected = "shows nothing")]
fn two_empty_lists_agree_on_nothing() {
    let _ = aligned([0.0; 0], [0.0; 0]).count();
}
