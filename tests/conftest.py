"""A browser, if there is one: Debian's chromium, Chrome, or the one that Playwright brings."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest
from playwright.sync_api import Error, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "no browser: install chromium (Debian: apt install chromium), or run "
    "`.venv/bin/playwright install chromium`; the checks in a browser did not run"
)


def find():
    return next((path for path in map(shutil.which, NAMES) if path), None)


def provide():
    """The path of a browser; None for Playwright's own."""
    path = find()
    if path:
        return path
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
        subprocess.run(["apt-get", "update", "-q"], **quiet)
        subprocess.run(["apt-get", "install", "-qy", "chromium"], **quiet)
        if find():
            return find()
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    subprocess.run(command, capture_output=True, timeout=600, check=False)
    return None


@contextmanager
def launched(path):
    """A browser for the thread that asks: Playwright's objects stay in theirs."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def browser_path():
    """The browser that is there, tried once; without one the tests that need it are skipped, and fail in CI."""
    path = provide()
    try:
        with launched(path):
            return path
    except Error as error:
        # Where nobody reads along, a check that did not run is no check that passed.
        if os.environ.get("CI"):
            pytest.fail(f"{MISSING}: {error}")
        print(MISSING, error)
        pytest.skip(MISSING)


@pytest.fixture(scope="session")
def launch(browser_path):
    """Opens a browser of its own for whoever calls, as a context."""
    return lambda: launched(browser_path)


@pytest.fixture(scope="session")
def browser(launch):
    with launch() as found:
        yield found
