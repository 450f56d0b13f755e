"""The book in a real browser, opened from its files with no network: three widths, light and dark."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
ARTEFACTS = ROOT / "tests" / "artefacts"
STEMS = sorted(path.stem for path in (ROOT / "notebooks").glob("[!.]*.ipynb"))
WIDTHS = {390: 844, 820: 1180, 1440: 900}
THEMES = ("light", "dark")
# The book's own pages, and three of rustdoc's: those need no formulas and have a style of their own.
OTHERS = ["index.html", "notes.html", "api/mlnotes/index.html", "api/mlnotes/linear/index.html",
          "api/mlnotes/linear/logistic/struct.LogisticRegression.html"]  # fmt: skip


@pytest.fixture
def page(browser):
    """A page that notes every complaint, and cannot reach a network."""
    context = browser.new_context(color_scheme="light")
    context.set_offline(True)
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("requestfailed", lambda r: page.complaints.append(f"{r.url} {r.failure}"))

    def local(request):
        if request.url.split(":")[0] not in ("file", "data", "blob", "about"):
            page.complaints.append(f"asks the network for {request.url}")

    page.on("request", local)
    yield page
    context.close()


def visit(page, name):
    page.goto((BOOK / name).as_uri())
    page.wait_for_load_state("load")
    if page.evaluate("!!window.MathJax"):
        page.evaluate("MathJax.startup.promise.then(() => true)")


def look(page, name):
    """Walks through widths and themes, keeps a picture of each, and returns what is wrong."""
    ARTEFACTS.mkdir(exist_ok=True)
    faults = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(150)
            faults += [f"{width} {theme}: {wide}" for wide in page.evaluate(TOO_WIDE)]
            picture = name.replace("/", "-").removesuffix(".html")
            page.screenshot(path=ARTEFACTS / f"book-{picture}-{width}-{theme}.png")
        faults += [f"{theme}: {faint}" for faint in page.evaluate(TOO_FAINT)]
    return faults


# What sticks out of the window, unless something around it scrolls.
TOO_WIDE = """() => {
    const edge = document.documentElement.clientWidth + 1, found = [];
    if (document.documentElement.scrollWidth > edge)
        found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    const main = document.querySelector('main') || document.body;
    for (const e of main.querySelectorAll('*')) {
        if (e.closest('mjx-container') && e.tagName !== 'MJX-CONTAINER') continue;
        const box = e.getBoundingClientRect();
        if (box.width < 2 || box.right <= edge) continue;
        let scrolls = false;
        for (let up = e; up && up !== document.body; up = up.parentElement)
            if (['auto', 'scroll'].includes(getComputedStyle(up).overflowX)) scrolls = true;
        if (!scrolls) found.push(`${e.tagName}.${e.className} ends at ${Math.round(box.right)}`);
    }
    return found.slice(0, 5);
}"""

# Text in outputs whose colour is too near to what is behind it (contrast below 3, WCAG's ratio).
TOO_FAINT = """() => {
    const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
    const light = c => {
        const [r, g, b] = c.slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = e => {
        for (; e; e = e.parentElement) {
            const c = parse(getComputedStyle(e).backgroundColor);
            if (c.length === 3 || c[3] > 0.5) return c;
        }
        return [255, 255, 255];
    };
    const found = [];
    for (const e of document.querySelectorAll('.cell_output *')) {
        if (e.closest('svg') || !e.checkVisibility()) continue;
        const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
        if (!own) continue;
        const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
        if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 3)
            found.push(`faint: ${e.textContent.trim().slice(0, 40)}`);
    }
    return found.slice(0, 5);
}"""

# A formula that MathJax did not take: an error, an empty place, or TeX left in the prose.
FORMULAS = """() => {
    const found = [];
    for (const e of document.querySelectorAll('.math'))
        if (!e.querySelector('mjx-container')) found.push('not set: ' + e.textContent.slice(0, 60));
    for (const e of document.querySelectorAll('mjx-merror, [data-mjx-error]'))
        found.push('error: ' + (e.dataset.mjxError || e.textContent));
    const walk = document.createTreeWalker(document.querySelector('article'), NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const parent = walk.currentNode.parentElement, text = walk.currentNode.textContent;
        if (parent.closest('code, pre, script, style, mjx-container, .cell_output')) continue;
        if (/\\$[^$]+\\$|\\\\[a-z]{2,}|\\\\\\(/.test(text)) found.push('raw: ' + text.slice(0, 80));
    }
    return found;
}"""

FIGURES = """() => {
    const shown = [...document.querySelectorAll('.cell_output img, .cell_output svg')]
        .filter(e => !e.closest('.mlnotes-frames') && !e.closest('mjx-container'));
    return {
        figures: shown.filter(e => e.getBoundingClientRect().width > 50).length,
        broken: [...document.images].filter(e => !e.naturalWidth).map(e => e.src),
        nameless: [...document.images].filter(e => !e.alt).map(e => e.src),
        sliders: document.querySelectorAll('.mlnotes-frames').length,
    };
}"""

SHOWN = """e => [...e.querySelectorAll('.mlnotes-frame')]
    .map((f, i) => f.checkVisibility() ? i : -1).filter(i => i >= 0)"""


def check_sliders(page):
    for frames in page.locator(".mlnotes-frames").all():
        frames.scroll_into_view_if_needed()
        last = frames.locator(".mlnotes-frame").count() - 1
        assert frames.evaluate(SHOWN) == [last]
        frames.locator("input[type=range]").press("Home")
        assert frames.evaluate(SHOWN) == [0]
        frames.get_by_role("button", name="next frame").click()
        assert frames.evaluate(SHOWN) == [min(1, last)]


def stored_figures(stem):
    """How many figures and how many sliders a notebook holds."""
    notebook = json.loads((ROOT / "notebooks" / f"{stem}.ipynb").read_text())
    data = [o.get("data", {}) for cell in notebook["cells"] for o in cell.get("outputs", [])]
    sliders = sum("mlnotes-frames" in "".join(d.get("text/html", "")) for d in data)
    return sum("image/svg+xml" in d for d in data), sliders


@pytest.mark.parametrize("stem", STEMS)
def test_chapter(stem, page):
    name = f"notebooks/{stem}.html"
    visit(page, name)
    assert page.evaluate(FORMULAS) == []
    # Folded answers hold formulas and figures too: everything is looked at unfolded.
    page.evaluate("document.querySelectorAll('article details').forEach(d => d.open = true)")
    seen = page.evaluate(FIGURES)
    figures, sliders = stored_figures(stem)
    assert not seen["broken"] and not seen["nameless"], seen
    assert seen["figures"] >= figures and seen["sliders"] == sliders, (seen, figures, sliders)
    assert look(page, name) == []
    check_sliders(page)
    assert not page.complaints, page.complaints


@pytest.mark.parametrize("name", OTHERS)
def test_other_page(name, page):
    visit(page, name)
    assert look(page, name) == []
    assert not page.complaints, page.complaints


def test_search_finds_a_chapter(page):
    page.goto((BOOK / "search.html").as_uri() + "?q=separable")
    hit = page.locator("#search-results a", has_text="logistic regression").first
    hit.wait_for(timeout=20_000)
    hit.click()
    assert "06_logistic_regression_gradient" in page.url
    assert not page.complaints, page.complaints


def test_code_leads_to_the_api_and_back(page):
    visit(page, "notebooks/06_logistic_regression_gradient.html")
    page.locator(".highlight a.api", has_text=re.compile("^LogisticRegression$")).first.click()
    page.wait_for_url("**/api/mlnotes/linear/logistic/struct.LogisticRegression.html")
    page.locator("p.chapters a", has_text="logistic regression").first.click()
    page.wait_for_url("**/notebooks/06_logistic_regression_gradient.html")
    assert not page.complaints, page.complaints
