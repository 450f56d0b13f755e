"""Puts planted errors into Rust sources, each behind a switch.

An error changes the body of one function. The function gets both bodies, the right one and the wrong one, and
asks at run time which one is wanted, so that all errors together need one build:

    fn f(x: f64) -> f64 { if crate::planted::is(3) { 2.0 * x } else { x } }
"""

import re

from faults import Fault

# What asks; `MLNOTES_PLANTED` is the number of an error.
SWITCH = """\
//! Which planted error is wanted.

static WANTED: std::sync::OnceLock<Option<usize>> = std::sync::OnceLock::new();

pub(crate) fn is(number: usize) -> bool {
    let ask = || std::env::var("MLNOTES_PLANTED").ok().and_then(|text| text.parse().ok());
    *WANTED.get_or_init(ask) == Some(number)
}
"""
# What holds no brace that counts: comments, strings, characters; then `fn` and braces.
TOKEN = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | b?r(?P<hashes>\#*)".*?"(?P=hashes) | b?"(?:\\.|[^"\\])*"
    | b?'(?:\\[^']+|[^'\\])' | \bfn\b | [{}()\[\];]""",
    re.VERBOSE | re.DOTALL,
)


def bodies(source: str) -> list[tuple[int, int]]:
    """Where the bodies of functions begin and end, without their braces."""
    found, open_braces, waiting, depth = [], [], None, 0
    for token in TOKEN.finditer(source):
        text = token[0]
        if text == "fn":
            waiting, depth = token.end(), 0
        elif text in ("(", "["):
            depth += 1
        elif text in (")", "]"):
            depth -= 1
        elif text == ";" and waiting is not None and depth == 0:
            # A declaration without a body, or the type of a function.
            waiting = None
        elif text == "{":
            is_body = waiting is not None and depth == 0
            open_braces.append(token.end() if is_body else None)
            waiting = None if is_body else waiting
        elif text == "}" and open_braces:
            start = open_braces.pop()
            if start is not None:
                found.append((start, token.start()))
    return found


def body_of(source: str, text: str) -> tuple[int, int] | None:
    """The innermost body that holds a text which stands once."""
    start = source.index(text)
    # White space at the ends of the text may reach beyond the braces.
    first, last = start + len(text) - len(text.lstrip()), start + len(text.rstrip())
    around = [(a, b) for a, b in bodies(source) if a <= first and last <= b]
    return min(around, key=lambda span: span[1] - span[0], default=None)


def planted(source: str, numbered: list[tuple[int, Fault]]) -> str:
    """A file with all its errors in it, each behind its number."""
    by_body: dict[tuple[int, int], list[tuple[int, Fault]]] = {}
    for number, fault in numbered:
        span = body_of(source, fault.text)
        if span is None:
            raise ValueError(f"{fault.chapter}, {fault.name!r}: the text stands in no body of a function")
        by_body.setdefault(span, []).append((number, fault))
    spans = sorted(by_body, reverse=True)
    for later, earlier in zip(spans, spans[1:]):
        if earlier[1] > later[0]:
            raise ValueError(f"{by_body[later][0][1].file}: errors in a function and in one inside it")
    for start, end in spans:
        right, switched = source[start:end], ""
        for number, fault in by_body[start, end]:
            wrong = (source[:end].replace(fault.text, fault.replacement))[start:]
            switched += f"if crate::planted::is({number}) {{{wrong}}} else "
        source = f"{source[:start]} {switched}{{{right}}} {source[end:]}"
    return source
