"""Sphinx's settings for the book. Nothing that a reader's browser needs comes from a network."""

import hashlib
import html
import json
import re
import sys
from importlib.resources import files
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import api  # noqa: E402

project = "mlnotes"
copyright = "the mlnotes authors, MIT or Apache-2.0"
language = "en"
extensions = ["myst_nb"]
exclude_patterns = ["jupyter_execute"]

# Outputs are shown as they are stored: `make notebooks` is what executes and compares.
nb_execution_mode = "off"
# The notebooks have no ipywidgets, whose scripts would come from a network.
nb_ipywidgets_js = {}
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
myst_heading_anchors = 3
# JupyterLab sets `$$…$$` inside a paragraph, so the book does.
myst_dmath_double_inline = True

html_theme = "sphinx_book_theme"
html_title = "mlnotes"
html_static_path = ["static"]
html_css_files = ["book.css"]
html_js_files = ["book.js"]
# Light or dark as the reader's system is, until the button says otherwise.
html_context = {"default_mode": "auto"}
html_show_sphinx = False
html_theme_options = {
    "show_toc_level": 2,
    "use_download_button": True,
    "home_page_in_toc": True,
    # The sidebar has the search already.
    "navbar_persistent": [],
    "footer_content_items": ["copyright.html"],
}
# The SVG output needs no fonts: Firefox refuses fonts to a page that is opened from a file.
mathjax_path = "mathjax/tex-svg.js"
# The digest of es5/tex-svg.js in the npm package mathjax 3.2.2.
MATHJAX = "d4295dc33744836935c1399feece5159577b34c5c8ffb9f1c6324cd82e03a882"
mathjax3_config = {"options": {"enableMenu": False}}


def mathjax(app, exception):
    """MathJax, and the TeX extensions that it loads when a formula needs one."""
    if exception is None:
        package = Path(str(files("sphinx-mathjax-offline"))) / "static" / "mathjax"
        target = Path(app.outdir) / "_static" / "mathjax"
        for pattern in ("tex-svg.js", "input/tex/extensions/*.js"):
            for path in package.glob(pattern):
                copy = target / path.relative_to(package)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
        digest = hashlib.sha256((target / "tex-svg.js").read_bytes()).hexdigest()
        assert digest == MATHJAX, f"tex-svg.js is not MathJax 3.2.2: {digest}"


def chapter(app, name, template, context, doctree):
    """A chapter's links to the API, a line about the notes that it serves, and its figures' names."""
    if not name.startswith("notebooks/"):
        return
    stem = name.split("/")[1]
    notes = [n for part in app.book_parts for n in part["notes"] if stem in n["notebooks"]]
    items = list(dict.fromkeys(item for note in notes for item in note["items"]))
    body = api.Linker(app.book_pages, items).page(context["body"])
    body = re.sub(r'<img alt="[^"]*" (?=src="[^"]*_images/([^"]+)")', lambda m: image(app, m), body)
    if notes:
        body = body.replace("</h1>", "</h1>" + about(app.book_pages, notes, items), 1)
    context["body"] = body


def about(pages, notes, items):
    """Which notes the chapter serves, and the items that they name, folded."""
    served = "; ".join(f"{note['number']}, {html.escape(note['title'])}" for note in notes)
    head = f'<p class="about">{"Notes" if len(notes) > 1 else "Note"} {served}.</p>'
    if not items:
        return head
    links = ", ".join(
        f'<a class="api" href="{api.UP}{pages.item(item)}"><code>{item}</code></a>' for item in items
    )
    summary = f"<summary>In the library: {len(items)} items</summary>"
    return f'{head}<details class="about">{summary}<p>{links}</p></details>'


def image(app, match):
    """What a reader who does not see the figure is told: the name that the figure carries."""
    for path, (_, name) in app.env.images.items():
        if name == match[1]:
            begin = (Path(app.srcdir) / path).read_text(errors="replace")[:2000]
            label = re.search(r'aria-label="([^"]*)"', begin)
            return f'<img alt="{label[1] if label else "figure"}" '
    return match[0]


def prepare(app):
    app.book_parts = json.loads(Path(app.config.book_catalogue).read_text())
    app.book_pages = api.Pages(Path(app.config.book_api))


def setup(app):
    app.add_config_value("book_catalogue", "", "env")
    app.add_config_value("book_api", "", "env")
    app.connect("builder-inited", prepare)
    app.connect("html-page-context", chapter)
    app.connect("build-finished", mathjax)
