"""Links both ways between the chapters and the pages that rustdoc made.

`Pages` knows where each item of the library is documented, `Linker` turns names in a chapter into
links to them, `Chapters` knows which chapters teach an item, and `copy_with_chapters` says so on the
item's page.
"""

import html
import re
import shutil
from pathlib import Path

CRATE = "mlnotes"
# An address from a chapter to the root of the API: chapters live one folder down.
UP = "../api/"


class Pages:
    """Where each module and item is documented, relative to the root of rustdoc's output."""

    def __init__(self, rustdoc):
        listed = (rustdoc / CRATE / "all.html").read_text()
        self.items = {
            path: f"{CRATE}/{page}"
            for page, path in re.findall(r'<li><a href="([^"]+)">([\w:]+)</a></li>', listed)
        }
        root = rustdoc / CRATE
        self.modules = {
            "::".join(page.parent.relative_to(root).parts): page.relative_to(rustdoc).as_posix()
            for page in sorted(root.rglob("index.html"))
        }
        assert len(self.items) > 100 and len(self.modules) > 20, f"{rustdoc} holds no documentation"
        # A type's bare name stands for it where the library has one of that name only.
        owners = {}
        for path in self.items:
            # The prelude's own entries are other crates' names.
            if path.startswith("prelude::"):
                continue
            owners.setdefault(path.rsplit("::", 1)[-1], []).append(path)
        self.alone = {name: paths[0] for name, paths in owners.items() if len(paths) == 1}

    def item(self, path):
        """The page of an item that the catalogue names; it may live in a module below the named one."""
        if path in self.items:
            return self.items[path]
        module, name = path.rsplit("::", 1)
        below = [p for p in self.items if p.startswith(f"{module}::") and p.endswith(f"::{name}")]
        if len(below) != 1:
            raise SystemExit(f"the catalogue names `{path}`, which has {len(below)} pages in the API")
        return self.items[below[0]]

    def find(self, path):
        """The page of the longest beginning of a path as a reader writes it, or None."""
        segments = path.removeprefix(f"{CRATE}::").split("::")
        for n in range(len(segments), 0, -1):
            begin = "::".join(segments[:n])
            if n > 1 or path.startswith(f"{CRATE}::"):
                known = self.items.get(begin) or self.modules.get(begin)
                if known:
                    return known
                ends = [p for p in self.items if p.endswith(f"::{begin}")]
                if len(ends) == 1:
                    return self.items[ends[0]]
            elif begin[:1].isupper() and begin in self.alone:
                return self.items[self.alone[begin]]
        return None


class Linker:
    """Turns the names in one chapter's page into links to the API."""

    # In highlighted Rust: segments of a path, then the name at its end; not a method after a dot.
    SEGMENT = r'<span class="(?:n|nn|nc|nf|fm|k)">\w+</span>'
    PATH = re.compile(rf'(?<!">\.</span>)(?:{SEGMENT}<span class="[po]">::</span>)*{SEGMENT}')
    BLOCK = re.compile(r'(<div class="highlight-rust[^"]*">)(.*?)(</pre>)', re.DOTALL)
    INLINE = re.compile(
        r'<code class="docutils literal notranslate"><span class="pre">([\w:]+)(?=[<(])'
    )

    def __init__(self, pages, items):
        self.pages = pages
        # A function's bare name stands for it in the chapters that teach it.
        self.taught = {path.rsplit("::", 1)[-1]: pages.item(path) for path in items}

    def page(self, body):
        """The page with links."""
        text = re.sub(r"<[^>]+>", "", body)
        own = set(re.findall(r"\b(?:struct|enum|trait|fn|type|let(?:\s+mut)?)\s+(\w+)", text))

        def block(match):
            return match[1] + self.PATH.sub(lambda path: self.code(path[0], own), match[2]) + match[3]

        body = self.BLOCK.sub(block, body)
        return self.INLINE.sub(lambda m: self.prose(m[0], m[1], own), body)

    def where(self, path, own):
        first = path.split("::")[0]
        if first in own:
            return None
        return self.pages.find(path) or (self.taught.get(path) if "::" not in path else None)

    def code(self, spans, own):
        page = self.where(re.sub(r"<[^>]+>", "", spans), own)
        return f'<a class="api" href="{UP}{page}">{spans}</a>' if page else spans

    def prose(self, tag, path, own):
        page = self.where(path, own)
        if not page:
            return tag
        return tag.replace(f">{path}", f'><a class="api" href="{UP}{page}">{path}</a>')


class Chapters:
    """Which chapters teach an item or a module."""

    def __init__(self, parts, titles, pages):
        self.title = titles
        self.of = {}
        path_of = {page: path for path, page in pages.items.items()}
        for part in parts:
            for note in part["notes"]:
                there = [stem for stem in note["notebooks"] if stem in self.title]
                for item in note["items"]:
                    segments = path_of[pages.item(item)].split("::")
                    for n in range(1, len(segments) + 1):
                        self.of.setdefault("::".join(segments[:n]), set()).update(there)

    def line(self, path, up):
        """A paragraph of links for the page of an item or module, or nothing."""
        stems = sorted(self.of.get(path, ()))
        if not stems:
            return ""
        links = (f'<a href="{up}notebooks/{s}.html">{html.escape(self.title[s])}</a>' for s in stems)
        return f'<p class="chapters">Chapters that teach this: {"; ".join(links)}.</p>'

    def named(self, match, page, up):
        """A link for a notebook that an item's documentation names by its path."""
        if match[1] not in self.title:
            raise SystemExit(f"{page} names notebooks/{match[1]}.ipynb, which is not there")
        return f'<a href="{up}notebooks/{match[1]}.html">{match[0]}</a>'


def copy_with_chapters(rustdoc, target, chapters, pages):
    """Copies the API beside the book: items say which chapters teach them, chapters named are linked."""
    shutil.copytree(rustdoc, target, ignore=shutil.ignore_patterns(".lock"))
    (target / "index.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>{CRATE}</title>'
        f'<meta http-equiv="refresh" content="0; url={CRATE}/index.html">'
        f'<a href="{CRATE}/index.html">{CRATE}</a>'
    )
    for page in target.rglob("*.html"):
        # Documentation of other crates, shown in ours, may show a picture from their site: it goes.
        text = page.read_text()
        new = re.sub(r'<img\b[^>]*\bsrc="?https?://[^>]*>', "", text)
        if new != text:
            page.write_text(new)
    for path, page in (pages.modules | pages.items).items():
        up = "../" * (page.count("/") + 1)
        text = (target / page).read_text()
        line = chapters.line(path, up)
        if path == "":
            book = f'<a href="{up}index.html">The book</a>'
            line = f'<p class="chapters">{book}: the chapters that derive these algorithms.</p>'
        documentation = '<details class="toggle top-doc"'
        new = text.replace(documentation, line + documentation, 1)
        assert not line or new != text, f"{page} has no place for its chapters"
        new = re.sub(r"<code>notebooks/(\w+)\.ipynb</code>", lambda m: chapters.named(m, page, up), new)
        if new != text:
            (target / page).write_text(new)
