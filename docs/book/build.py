"""Builds the book: `build.py CATALOGUE.json API_FOLDER WORK_FOLDER BOOK_FOLDER`.

The chapters are the notebooks as they are stored; nothing runs. The table of contents follows the
catalogue, so a notebook that is stored and named there appears by itself, and one that the catalogue
does not name stops the build.
"""

import json
import re
import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import main as sphinx

import api

HERE = Path(__file__).resolve().parent
NOTEBOOKS = HERE.parents[1] / "notebooks"
# Chapters that stand before the parts, and belong to no note.
OPENING = ["00_quickstart"]


def arrange(parts, stems):
    """Pairs of a part's title and its chapters, in the order of their numbers.

    A chapter that serves notes of several parts stands in the first of them that does not turn back; one whose
    notes all lie behind stays with its neighbours.
    """
    titles = ["Begin here", *(part["title"] for part in parts)]
    book = [[] for _ in titles]
    here = 0
    for stem in stems:
        serves = [
            i for i, part in enumerate(parts, 1)
            if any(stem in note["notebooks"] for note in part["notes"])
        ]
        if stem in OPENING:
            serves = [0]
        if not serves:
            sys.exit(f"the book has no place for {stem}: name it in src/catalogue")
        here = next((i for i in serves if i >= here), here)
        book[here].append(stem)
    return [(title, chapters) for title, chapters in zip(titles, book) if chapters]


def short_title(stem):
    """A chapter's heading without the note's Chinese title, which makes a table of contents long."""
    notebook = json.loads((NOTEBOOKS / f"{stem}.ipynb").read_text())
    heading = "".join(notebook["cells"][0]["source"]).splitlines()[0].removeprefix("# ")
    return re.sub(r" \([^)]*[\u4e00-\u9fff].*\)$", "", heading)


def one_title(text):
    """A notebook's text with one heading of the first level; from the second such on, all step down.

    Sphinx takes each heading of the first level for a page's title and lists them all as chapters.
    """
    notebook = json.loads(text)
    prose = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    further = False
    for cell in prose[1:]:
        source = "".join(cell["source"])
        further = further or re.search(r"^# ", source, re.MULTILINE) is not None
        if further:
            cell["source"] = re.sub(r"^#", "##", source, flags=re.MULTILINE)
    return json.dumps(notebook, ensure_ascii=False)


def contents(book, titles):
    """The first page: what the book is, then a list of chapters a part."""
    page = (HERE / "index.md").read_text()
    for title, chapters in book:
        files = "\n".join(f"{titles[stem]} <notebooks/{stem}>" for stem in chapters)
        page += f"\n```{{toctree}}\n:caption: {title}\n:maxdepth: 1\n\n{files}\n```\n"
    return page + "\n```{toctree}\n:caption: Reference\n:maxdepth: 1\n\nnotes\n```\n"


def notes_page(parts, titles, pages):
    """The ninety notes with their chapters and their code, as docs/notes.md has them."""
    page = (HERE / "notes.md").read_text()
    for part in parts:
        page += f"\n## {part['title']}\n\n"
        page += "| | note | chapter | code |\n|---|---|---|---|\n"
        for note in part["notes"]:
            title = note["title"]
            if note["title_zh"] != title:
                title += f" · {note['title_zh']}"
            chapters = [f"[{titles[s]}](notebooks/{s}.ipynb)" for s in note["notebooks"] if s in titles]
            modules = dict.fromkeys(item.rsplit("::", 1)[0] for item in note["items"])
            code = [f'<a href="api/{pages.modules[m]}"><code>{m}</code></a>' for m in modules]
            title = re.sub(r"[|_*<\[]", r"\\\g<0>", title)
            row = [title, "; ".join(chapters), ", ".join(code)]
            page += f"| {note['number']} | " + " | ".join(cell or "-" for cell in row) + " |\n"
    return page


def main():
    catalogue, rustdoc, work, book = map(Path, sys.argv[1:])
    parts = json.loads(catalogue.read_text())
    stems = sorted(path.stem for path in NOTEBOOKS.glob("[!.]*.ipynb"))
    arranged = arrange(parts, stems)
    titles = {stem: short_title(stem) for stem in stems}
    pages = api.Pages(rustdoc)

    shutil.rmtree(work, ignore_errors=True)
    source = work / "source"
    (source / "notebooks").mkdir(parents=True)
    for stem in stems:
        text = (NOTEBOOKS / f"{stem}.ipynb").read_text()
        (source / "notebooks" / f"{stem}.ipynb").write_text(one_title(text))
    (source / "index.md").write_text(contents(arranged, titles))
    (source / "notes.md").write_text(notes_page(parts, titles, pages))

    # Built aside and moved at the end: a build that fails leaves the last book in its place.
    made = work / "html"
    options = ["-q", "-W", "--keep-going", "-b", "html", "-c", str(HERE), "-d", str(work / "doctrees")]
    paths = [f"-Dbook_catalogue={catalogue.resolve()}", f"-Dbook_api={rustdoc.resolve()}"]
    if sphinx([*options, *paths, str(source), str(made)]):
        sys.exit("the book could not be built: see the lines above")
    shutil.rmtree(made / "jupyter_execute", ignore_errors=True)
    # What the download button gives is the notebook itself.
    for stem in stems:
        shutil.copy2(NOTEBOOKS / f"{stem}.ipynb", made / "_sources" / "notebooks")
    api.copy_with_chapters(rustdoc, made / "api", api.Chapters(parts, titles, pages), pages)
    shutil.rmtree(book, ignore_errors=True)
    shutil.move(made, book)
    print(f"{len(stems)} chapters in {book}/index.html")


if __name__ == "__main__":
    main()
