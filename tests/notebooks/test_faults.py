"""The planted errors still mean something. That each turns its chapter red, `make mutate` shows."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from faults import Fault, chapters, problems, read
from planting import bodies, planted

ROOT = Path(__file__).resolve().parents[2]
PLANTED = Counter(fault.chapter for fault in read())


@pytest.mark.parametrize("chapter", chapters(ROOT))
def test_each_chapter_has_two_errors_at_least(chapter):
    assert PLANTED[chapter] >= 2


def test_each_text_stands_once_and_each_replacement_differs():
    assert problems(read(), ROOT) == []


def test_all_errors_can_stand_behind_a_switch():
    faults = read()
    for file in {fault.file for fault in faults}:
        own = [(number, fault) for number, fault in enumerate(faults) if fault.file == file]
        text = planted((ROOT / file).read_text(), own)
        for number, fault in own:
            assert text.count(f"crate::planted::is({number})") == 1
            assert fault.replacement.strip() in text


def test_a_switch_holds_both_bodies_of_the_innermost_function():
    source = "fn f(x: f64) -> f64 {\n    fn g() -> char { '}' } // { \n    2.0 * x\n}\n"
    assert [source[a:b].strip()[:5] for a, b in bodies(source)] == ["'}'", "fn g("]
    wrong = Fault("00", "factor", "f.rs", "2.0 * x", "3.0 * x")
    text = planted(source, [(7, wrong)])
    assert text.startswith("fn f(x: f64) -> f64 { if crate::planted::is(7) {\n    fn g()")
    assert text.count("2.0 * x") == 1 and text.count("3.0 * x") == 1
    with pytest.raises(ValueError, match="stands in no body"):
        planted(source, [(7, replace(wrong, text="f(x: f64)"))])


def test_an_entry_that_means_nothing_is_named():
    first = read()[0]
    gone = replace(first, name="gone", text="no such text")
    often = replace(first, name="often", text="let ")
    same = replace(first, name="same", replacement=first.text)
    found = problems([gone, often, same, first, first, replace(first, chapter="99")], ROOT)
    assert len(found) == 5, found
    for name, problem in zip(["gone", "often", "same", "99", first.name], found):
        assert name in problem
