"""The book as files: every link, anchor, picture, script and style that it names is there."""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
STEMS = sorted(path.stem for path in (ROOT / "notebooks").glob("[!.]*.ipynb"))

# What a browser fetches by itself, as against what a reader may follow.
FETCHED = {("img", "src"), ("script", "src"), ("link", "href"), ("iframe", "src"), ("source", "src")}


class Page(HTMLParser):
    """A page's anchors, what it links to, and what it fetches."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.fetched = {"", "top"}, [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors.update(attrs[key] for key in ("id", "name") if attrs.get(key))
        for key in ("href", "src"):
            if attrs.get(key) is None:
                continue
            fetched = (tag, key) in FETCHED and attrs.get("rel") not in ("next", "prev", "canonical")
            (self.fetched if fetched else self.links).append(attrs[key])


@cache
def read(path):
    return Page(path.read_text())


def pages():
    return [path for path in sorted(BOOK.rglob("*.html")) if not path.name.endswith("macros.html")]


def fault(page, address, fetched):
    """What is wrong with an address on a page, or None."""
    parts = urlsplit(address)
    if parts.scheme in ("data", "mailto", "javascript"):
        return None
    if parts.scheme or parts.netloc:
        # Links to other sites, as from rustdoc to the standard library, are not followed.
        return "needs a network" if fetched else None
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if target.is_dir():
        target /= "index.html"
    if not target.is_relative_to(BOOK):
        return "leaves the book"
    if not target.exists():
        return "is not there"
    # Rustdoc makes the anchors of source lines in the browser.
    if target.suffix == ".html" and not target.is_relative_to(BOOK / "api" / "src"):
        # A browser tries an anchor as it is written, then decoded.
        if not {parts.fragment, unquote(parts.fragment)} & read(target).anchors:
            return "has no such anchor"
    return None


def test_every_notebook_is_a_chapter():
    assert BOOK.exists(), "no book: run `make book`"
    assert sorted(path.stem for path in (BOOK / "notebooks").glob("*.html")) == STEMS
    listed = set(read(BOOK / "index.html").links)
    assert not [stem for stem in STEMS if f"notebooks/{stem}.html" not in listed]


def test_links_lead_somewhere():
    faults = []
    for page in pages():
        for fetched, addresses in ((False, read(page).links), (True, read(page).fetched)):
            for address in dict.fromkeys(addresses):
                problem = fault(page, address, fetched)
                # The prelude passes on ndarray's documentation, with dead links of its own.
                ndarrays = page.parent == BOOK / "api" / "mlnotes" / "prelude" and not fetched
                if problem and not ndarrays:
                    faults.append(f"{page.relative_to(BOOK)}: {address} {problem}")
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults[:40])


def test_styles_fetch_nothing_from_elsewhere():
    for style in BOOK.rglob("*.css"):
        for address in re.findall(r"url\(\s*['\"]?([^'\")]+)", style.read_text()):
            parts = urlsplit(address)
            if parts.scheme == "data" or address.startswith("#"):
                continue
            assert not parts.scheme and not parts.netloc, f"{style}: {address}"
            assert (style.parent / parts.path).exists(), f"{style}: {address}"


@pytest.mark.parametrize("stem", [stem for stem in STEMS if stem != "00_quickstart"])
def test_a_chapter_and_its_items_name_each_other(stem):
    page = BOOK / "notebooks" / f"{stem}.html"
    items = {a.split("#")[0] for a in read(page).links if a.startswith("../api/")}
    back = [i for i in items if f"notebooks/{stem}.html" in (page.parent / i).read_text()]
    text = page.read_text()
    if "In the library:" in text:
        assert len(back) >= 1, f"{len(items)} items are linked, none links back"
    assert 'class="about"' in text
