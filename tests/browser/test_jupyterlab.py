"""JupyterLab in a real browser: four notebooks run whole there, and all others open with their figures.

A chapter from elsewhere is not trusted, and JupyterLab shows no stored SVG of such a one. The copies that
are opened here with their stored outputs are trusted first, as `jupyter trust` does; those that run whole
have no outputs to begin with, so what is seen was made here. BROWSER=all runs every chapter whole.
"""

import os
import queue
import shutil
import subprocess
import sys
import threading
import time

import lab
import nbformat
import pytest

ARTEFACTS = lab.ROOT / "tests" / "artefacts"
CHAPTERS = {path.name: nbformat.read(path, as_version=4) for path in sorted(lab.NOTEBOOKS.glob("[!.]*.ipynb"))}
ASKS = "asks_and_fails.ipynb"
# Pages that are open side by side, each in a browser of its own.
PAGES = 2


def code(name):
    return [cell for cell in CHAPTERS[name].cells if cell.cell_type == "code"]


def asks_and_fails():
    """No chapter asks for input or ends a cell as an error, so a notebook of our own does."""
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"display_name": "Rust (mlnotes)", "language": "rust", "name": "mlnotes"}}
    )
    notebook.cells = [
        nbformat.v4.new_code_cell(source)
        for source in (
            'let n: i32 = "12".parse()?;\nn',
            'print!("name? ");\nlet mut name = String::new();\nstd::io::stdin().read_line(&mut name)?;\n'
            'println!("hello {}", name.trim());',
            "assert_eq!(n, 13);",
            'println!("not reached");',
        )
    ]
    return notebook


def notebook_of(name):
    return asks_and_fails() if name == ASKS else CHAPTERS[name]


LONGEST = max(CHAPTERS, key=lambda name: len(code(name)))
ALL = os.environ.get("BROWSER") == "all"
WHOLE = sorted(CHAPTERS if ALL else {"00_quickstart.ipynb", "15_gmm_em.ipynb", LONGEST})
OPENED = [name for name in CHAPTERS if name not in WHOLE]


def run_whole(page, name):
    cells = code(name)
    page.run_all()
    page.wait_until_run(len(cells))
    page.page.keyboard.press("Control+s")
    page.page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty", timeout=30_000)
    stored = nbformat.read(lab.WORK / name, as_version=4)
    outputs = [output for cell in stored.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    # Words about a slow compile come and go while a cell runs; none may stay.
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert lab.figures(stored) == lab.figures(CHAPTERS[name])


def look(page, name):
    """Each figure is seen, and each slider moves."""
    page.see_figures(lab.figures(CHAPTERS[name]))
    for number, cell in enumerate(CHAPTERS[name].cells):
        if cell.cell_type == "code" and "mlnotes-frames" in str([o.get("data", "") for o in cell.outputs]):
            page.move_slider(number)


RUN_LAST = """() => {
    const { shell, commands } = window.jupyterapp;
    shell.currentWidget.content.activeCellIndex = shell.currentWidget.content.widgets.length - 1;
    return commands.execute('notebook:run-cell');
}"""


def run_asking(page, _):
    page.run_all()
    box = page.page.locator(".jp-Stdin-input")
    box.wait_for(timeout=60_000)
    box.fill("Ada")
    box.press("Enter")
    page.page.locator(".jp-OutputArea-output", has_text="left == right").wait_for(timeout=60_000)
    shown = page.page.locator(".jp-OutputArea-output").all_inner_texts()
    assert shown[0] == "12" and any("hello Ada" in text for text in shown), shown
    # What is below the error has not run; the reader may go on there.
    assert not any("not reached" in text for text in shown), shown
    page.page.evaluate(RUN_LAST)
    page.page.locator(".jp-OutputArea-output", has_text="not reached").wait_for(timeout=60_000)


def visit(context, url, name):
    """Opens a notebook and does with it what is its lot; the seconds that this took."""
    begun = time.monotonic()
    page = lab.Page(context, url, name, len(notebook_of(name).cells))
    try:
        if name == ASKS:
            run_asking(page, name)
        else:
            if name in WHOLE:
                run_whole(page, name)
            look(page, name)
        assert not page.errors, page.errors
    finally:
        page.close(ARTEFACTS / f"{name.removesuffix('.ipynb')}.png")
    return time.monotonic() - begun


@pytest.fixture(scope="session")
def visits(request, launch, tmp_path_factory):
    """What came of each notebook that is asked for: seconds, or what was wrong."""
    names = {item.callspec.params["name"] for item in request.session.items if "visits" in item.fixturenames}
    shutil.rmtree(lab.WORK, ignore_errors=True)
    lab.WORK.mkdir()
    for name in names:
        notebook = notebook_of(name)
        nbformat.write(without_outputs(notebook) if name in WHOLE else notebook, lab.WORK / name)
    todo: queue.SimpleQueue[str] = queue.SimpleQueue()
    # The ones that take long come first.
    for name in sorted(names, key=lambda name: (name in OPENED, -len(code(name)) if name != ASKS else 0)):
        todo.put(name)
    came = {}

    def work(url):
        with launch() as found:
            context = found.new_context(viewport={"width": 1400, "height": 1000})
            while True:
                try:
                    name = todo.get_nowait()
                except queue.Empty:
                    return
                try:
                    came[name] = visit(context, url, name)
                except Exception as error:
                    came[name] = error

    home = tmp_path_factory.mktemp("jupyter")
    with lab.server(home, [lab.WORK / name for name in names if name in OPENED]) as url:
        workers = [threading.Thread(target=work, args=[url]) for _ in range(PAGES)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    shutil.rmtree(lab.WORK, ignore_errors=True)
    return came


def without_outputs(notebook):
    bare = nbformat.from_dict(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


def settle(came, record_property):
    if isinstance(came, Exception):
        raise came
    record_property("seconds", round(came, 1))


@pytest.mark.parametrize("name", [*WHOLE, ASKS])
def test_runs_whole(name, visits, record_property):
    settle(visits[name], record_property)


@pytest.mark.parametrize("name", OPENED)
def test_opens_with_what_is_stored(name, visits, record_property):
    settle(visits[name], record_property)


def test_the_exported_page_keeps_its_slider(browser, tmp_path):
    target = tmp_path / "15.html"
    command = [
        sys.executable, "-m", "nbconvert", "--to", "html", "--output", str(target),
        str(lab.NOTEBOOKS / "15_gmm_em.ipynb"),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    page = browser.new_page()
    page.goto(target.as_uri(), wait_until="domcontentloaded")
    lab.check_slider(page)
    page.close()
