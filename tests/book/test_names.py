"""Which names in a chapter lead to the API, and which do not."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "book"))
import api  # noqa: E402


class Pages(api.Pages):
    """A library of four items, without rustdoc."""

    def __init__(self):
        self.items = {
            "tree::cart::Tree": "tree.html",
            "data::iris": "iris.html",
            "stats::maximize": "maximize.html",
            "stats::ab::deep::welch": "welch.html",
        }
        self.modules = {"stats": "stats/index.html"}
        self.alone = {path.rsplit("::")[-1]: path for path in self.items}


def linked(*code):
    """The page that a line of Rust leads to, its tokens given one by one; None when to none."""
    spans = "".join(
        f'<span class="{"n" if token.isidentifier() else "p"}">{token}</span>' for token in code
    )
    body = f'<div class="highlight-rust notranslate"><div class="highlight"><pre>{spans}</pre></div></div>'
    page = api.Linker(Pages(), ["stats::maximize"]).page(body)
    return page.split('href="../api/')[1].split('"')[0] if "href" in page else None


@pytest.mark.parametrize(
    "code, page",
    [
        (["Tree"], "tree.html"),
        (["Tree", "::", "params", "("], "tree.html"),
        (["data", "::", "iris", "("], "iris.html"),
        (["mlnotes", "::", "data", "::", "iris"], "iris.html"),
        # A function by its bare name, where the chapter teaches it.
        (["maximize", "("], "maximize.html"),
        # Not a method, another crate's type, or a function that is not taught here.
        (["model", ".", "maximize", "("], None),
        (["linfa_trees", "::", "Tree"], None),
        (["welch", "("], None),
    ],
)
def test_code(code, page):
    assert linked(*code) == page


def test_what_a_chapter_defines_is_its_own():
    own = '<pre>struct Tree;</pre><code class="docutils literal notranslate"><span class="pre">Tree</span>'
    assert "href" not in api.Linker(Pages(), []).page(own)


def test_prose():
    prose = '<code class="docutils literal notranslate"><span class="pre">mlnotes::stats</span></code>'
    assert 'href="../api/stats/index.html"' in api.Linker(Pages(), []).page(prose)


def test_an_item_may_live_in_a_module_below_the_named_one():
    assert Pages().item("stats::ab::welch") == "welch.html"
    with pytest.raises(SystemExit, match="0 pages"):
        Pages().item("stats::ab::gone")
