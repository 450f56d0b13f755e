"""JupyterLab as a reader has it: a server of our own, and what can be asked of a page."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
# Copies of the notebooks, beside the manifest that names their crates.
WORK = NOTEBOOKS / "browser-run"
TOKEN = "notebook-tests"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def server(home, trusted):
    """A server with settings and data of its own, where the named notebooks are trusted; its address.

    A notebook that comes from elsewhere is not trusted, and JupyterLab then shows neither SVG nor scripts.
    """
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTER_DATA_DIR")
    environment = dict(os.environ, **dict.fromkeys(folders, str(home)))
    if trusted:
        command = [sys.executable, "-m", "nbformat.sign", *map(str, trusted)]
        subprocess.run(command, env=environment, check=True, capture_output=True)
    port = free_port()
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
        f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={NOTEBOOKS}",
        "--ServerApp.port_retries=0", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    with open(home / "log", "w") as log:
        running = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{url}/api?token={TOKEN}", timeout=2).read()
                break
            except OSError:
                assert running.poll() is None, (home / "log").read_text()
                time.sleep(0.5)
        yield url
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait(20)


# What JupyterLab's own model knows: its view holds only the cells that have been scrolled to.
STATE = """(() => {
    const panel = window.jupyterapp.shell.currentWidget;
    const cells = [...panel.content.model.cells].filter(cell => cell.type === 'code');
    return {
        status: panel.sessionContext.session?.kernel?.status,
        counts: cells.map(cell => cell.executionCount),
        errors: cells.flatMap(cell => cell.outputs.toJSON())
            .filter(output => output.output_type === 'error').map(output => output.evalue),
    };
})"""

# Each cell has its place on the page; until the file has been read there is a single, empty one.
DRAWN = """n_cells => {
    const panel = window.jupyterapp.shell.currentWidget;
    return panel?.context?.isReady && panel.content.widgets?.length === n_cells;
}"""

# The figures of one cell. One counts when it takes room on the screen; an SVG shown as a picture must have
# loaded. Of a slider's frames one is shown at a time.
FIGURES = """(cell => {
    const area = window.jupyterapp.shell.currentWidget.content.widgets[cell].node;
    const seen = [...area.querySelectorAll('.jp-OutputArea-output')].filter(output =>
        [...output.querySelectorAll('svg, img')].some(figure => {
            const box = figure.getBoundingClientRect();
            const loaded = figure.tagName !== 'IMG' || (figure.complete && figure.naturalWidth > 0);
            return loaded && box.width > 100 && box.height > 60;
        }));
    return seen.length;
})"""

SHOW = """async cell => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    await notebook.scrollToItem(cell, 'start');
}"""


def figures(notebook):
    """How many figures each cell of a notebook has, by the number of the cell."""
    counts = {
        number: sum("<svg" in str(output.get("data", "")) for output in cell.outputs)
        for number, cell in enumerate(notebook.cells)
        if cell.cell_type == "code"
    }
    return {number: count for number, count in counts.items() if count}


class Page:
    """A notebook that is open in the browser."""

    def __init__(self, context, url, name, n_cells):
        self.page = context.new_page()
        self.errors = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and self.errors.append(said.text))
        self.page.goto(f"{url}/lab/workspaces/{Path(name).stem}/tree/browser-run/{name}?token={TOKEN}&reset")
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=120_000)
        self.page.wait_for_function(DRAWN, arg=n_cells, timeout=60_000)
        news = self.page.get_by_role("button", name="No", exact=True)
        if news.count():
            news.first.click()

    def state(self):
        return self.page.evaluate(STATE + "()")

    def run_all(self):
        # A restart while the page still asks the first kernel for its name loses that question.
        self.page.wait_for_function(STATE + "().status === 'idle'", timeout=120_000)
        self.page.locator(".jp-Notebook").click(position={"x": 5, "y": 5})
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_text("Restart Kernel and Run All Cells", exact=False).first.click()
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()

    def wait_until_run(self, n_cells):
        """Every cell has run when each has its number and the kernel is idle."""
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            state = self.state()
            assert not state["errors"], state["errors"]
            if state["status"] == "idle" and state["counts"] == list(range(1, n_cells + 1)):
                return
            self.page.wait_for_timeout(300)
        raise AssertionError(f"not finished: {state}")

    def see_figures(self, expected):
        """Scrolls to each cell that has figures, and waits until all of them are seen."""
        missing = {}
        for cell, count in expected.items():
            self.page.evaluate(SHOW, cell)
            try:
                self.page.wait_for_function(f"cell => {FIGURES}(cell) >= {count}", arg=cell, timeout=10_000)
            except Exception:
                missing[cell] = f"{self.page.evaluate(FIGURES, cell)} of {count}"
        assert not missing, f"figures that are not seen, by the number of the cell: {missing}"

    def move_slider(self, cell):
        self.page.evaluate(SHOW, cell)
        check_slider(self.page)

    def close(self, picture):
        """Leaves a picture of the page and ends the kernel that it has started."""
        picture.parent.mkdir(exist_ok=True)
        self.page.screenshot(path=picture)
        self.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.close()


def check_slider(page):
    """The first slider on the page goes to its first frame, and on by its button."""
    frames = page.locator(".mlnotes-frames").first
    frames.scroll_into_view_if_needed()
    shown = "e => [...e.querySelectorAll('.mlnotes-frame')].map(f => f.style.display).indexOf('block')"
    before = frames.evaluate(shown)
    frames.locator("input[type=range]").evaluate(
        "e => { e.value = 0; e.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    assert before > 0 and frames.evaluate(shown) == 0
    frames.get_by_role("button", name="next frame").click()
    assert frames.evaluate(shown) == 1
