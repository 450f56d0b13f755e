"""JupyterLab in a real browser: each notebook runs whole, and its figures are seen."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
ARTEFACTS = ROOT / "tests" / "artefacts"
NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
TOKEN = "notebook-tests"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A server on copies of the notebooks, beside the manifest that names their crates."""
    port = free_port()
    work = NOTEBOOKS / "browser-run"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    for name in NAMES:
        # Without outputs: what is seen has been made here.
        notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, work / name)
    home = tmp_path_factory.mktemp("jupyter")
    environment = dict(os.environ, JUPYTER_CONFIG_DIR=str(home), JUPYTERLAB_SETTINGS_DIR=str(home))
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
        f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={NOTEBOOKS}",
        "--ServerApp.port_retries=0", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    log = open(home / "log", "w")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{url}/api?token={TOKEN}", timeout=2).read()
            break
        except OSError:
            assert server.poll() is None, (home / "log").read_text()
            time.sleep(0.5)
    yield url
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(20)
    shutil.rmtree(work, ignore_errors=True)


def open_and_run(page, url, name):
    page.goto(f"{url}/lab/tree/browser-run/{name}?token={TOKEN}&reset")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    news = page.get_by_role("button", name="No", exact=True)
    if news.count():
        news.first.click()
    # A restart while the page still asks the first kernel for its name loses that question.
    page.wait_for_function(STATE + "().status === 'idle'", timeout=60_000)
    page.locator(".jp-Notebook").click(position={"x": 5, "y": 5})
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Restart Kernel and Run All Cells", exact=False).first.click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()


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


def wait_until_run(page, n_cells):
    """Every cell has run when each has its number and the kernel is idle."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        state = page.evaluate(STATE + "()")
        assert not state["errors"], state["errors"]
        if state["status"] == "idle" and state["counts"] == list(range(1, n_cells + 1)):
            return
        time.sleep(0.5)
    raise AssertionError(f"not finished: {state}")


def scroll_through(page):
    """JupyterLab draws a cell when it comes into view."""
    page.evaluate(
        """async () => {
            const box = document.querySelector('.jp-WindowedPanel-outer') ||
                        document.querySelector('.jp-Notebook');
            for (let y = 0; y <= box.scrollHeight; y += 400) {
                box.scrollTop = y;
                await new Promise(r => setTimeout(r, 120));
            }
        }"""
    )


@pytest.mark.parametrize("name", NAMES)
def test_run_all(name, lab, browser):
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    pictures = sum("<svg" in str(o.get("data", "")) for c in cells for o in c.outputs)
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        open_and_run(page, lab, name)
        path = NOTEBOOKS / "browser-run" / name
        wait_until_run(page, len(cells))
        scroll_through(page)
        page.keyboard.press("Control+s")
        time.sleep(2)
        stored = nbformat.read(path, as_version=4)
        outputs = [o for c in stored.cells if c.cell_type == "code" for o in c.outputs]
        assert not [o for o in outputs if o.output_type == "error"]
        # Words about a slow compile come and go while a cell runs; none may stay.
        assert not [o for o in outputs if o.get("name") == "stderr"]
        assert sum("<svg" in str(o.get("data", "")) for o in outputs) == pictures
        scroll_through(page)
        seen = page.evaluate(SEEN)
        assert seen["broken"] == 0, seen
        assert seen["figures"] >= min(pictures, 1), seen
        assert not errors, errors
        if page.locator(".mlnotes-frames").count():
            check_slider(page)
        page.evaluate(FIRST_FIGURE)
        time.sleep(0.5)
    finally:
        ARTEFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"{Path(name).stem}.png")
        page.close()


# A figure counts when it takes room on the screen; an SVG shown as a picture must have loaded.
SEEN = """() => {
    const out = document.querySelectorAll('.jp-OutputArea-output');
    let figures = 0, broken = 0;
    for (const area of out) {
        for (const e of area.querySelectorAll('svg, img')) {
            if (e.closest('.mlnotes-frame') && e.closest('.mlnotes-frame').style.display === 'none')
                continue;
            const box = e.getBoundingClientRect();
            if (e.tagName === 'IMG' && e.complete && e.naturalWidth === 0) broken += 1;
            if (box.width > 100 && box.height > 60) figures += 1;
        }
    }
    return {figures, broken};
}"""

FIRST_FIGURE = """() => {
    const e = document.querySelector('.jp-OutputArea-output img, .jp-OutputArea-output svg');
    if (e) e.scrollIntoView({block: 'center'});
}"""


def check_slider(page):
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


def test_the_exported_page_keeps_its_slider(browser, tmp_path):
    target = tmp_path / "15.html"
    command = [
        sys.executable, "-m", "nbconvert", "--to", "html", "--output", str(target),
        str(NOTEBOOKS / "15_gmm_em.ipynb"),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    page = browser.new_page()
    page.goto(target.as_uri(), wait_until="domcontentloaded")
    check_slider(page)
    page.close()
