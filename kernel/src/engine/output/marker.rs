//! The lines by which our runtime, and crates written for evcxr, speak on standard output.

pub(super) const END: &str = "EVCXR_END_CONTENT";
const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
const PASSWORD: &str = "EVCXR_INPUT_REQUEST_PASSWORD:";
const INPUT: &str = "EVCXR_INPUT_REQUEST:";
const FLUSH: &str = "EVCXR_FLUSH_OUTPUT";
const RESULT_BEGINS: &str = "\u{1}MLNOTES_RESULT_BEGINS";
const RESULT_ENDS: &str = "\u{1}MLNOTES_RESULT_ENDS";
pub(super) const ALL: [&str; 6] = [BEGIN, PASSWORD, INPUT, FLUSH, RESULT_BEGINS, RESULT_ENDS];

pub(super) enum Found<'a> {
    Begin(&'a str),
    ResultBegins,
    ResultEnds,
    Input { prompt: &'a str, password: bool },
    Flush,
}

/// The first marker of a line that ends with it, and where it starts.
pub(super) fn find(line: &str) -> Option<(usize, Found<'_>)> {
    let whole = |m: &str| line.ends_with(m).then(|| line.len() - m.len());
    let with_rest = |m: &str| line.find(m).map(|at| (at, &line[at + m.len()..]));
    let word = |rest: &&str| !rest.is_empty() && !rest.contains(char::is_whitespace);
    whole(FLUSH)
        .map(|at| (at, Found::Flush))
        .or_else(|| whole(RESULT_BEGINS).map(|at| (at, Found::ResultBegins)))
        .or_else(|| whole(RESULT_ENDS).map(|at| (at, Found::ResultEnds)))
        .or_else(|| {
            let (at, mime) = with_rest(BEGIN)?;
            Some(mime).filter(word).map(|mime| (at, Found::Begin(mime)))
        })
        .or_else(|| {
            let (at, prompt) = with_rest(PASSWORD)?;
            Some((at, Found::Input { prompt, password: true }))
        })
        .or_else(|| {
            let (at, prompt) = with_rest(INPUT)?;
            Some((at, Found::Input { prompt, password: false }))
        })
}

/// Whether a line that has not ended may become a marker.
pub(super) fn may_begin(tail: &[u8]) -> bool {
    !tail.is_empty()
        && ALL.iter().any(|m| {
            let m = m.as_bytes();
            m.starts_with(tail) || tail.starts_with(m)
        })
}
