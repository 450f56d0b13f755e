"""A front end in a few lines."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def pytest_configure(config):
    config.addinivalue_line("markers", "seconds: holds the kernel to a number of seconds, with nothing beside it")


class Front:
    """A kernel and what it says about each cell."""

    def __init__(self, folder=NOTEBOOKS, kernel="mlnotes", env=None):
        self.manager = KernelManager(kernel_name=kernel)
        start = time.monotonic()
        self.manager.start_kernel(cwd=str(folder), env={**os.environ, **(env or {})})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.start_time = time.monotonic() - start

    def send(self, code, **options):
        return self.client.execute(code, **options)

    def collect(self, request, timeout=120):
        """All of a request's IOPub messages up to idle, and its reply."""
        messages, deadline = [], time.monotonic() + timeout
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") != request:
                continue
            messages.append(message)
            if message["content"].get("execution_state") == "idle":
                break
        while True:
            reply = self.client.get_shell_msg(timeout=10)
            if reply["parent_header"].get("msg_id") == request:
                return messages, reply["content"]

    def run(self, code, timeout=120, **options):
        messages, reply = self.collect(self.send(code, **options), timeout)
        return Cell(messages, reply)

    def ask(self, kind, *arguments, **options):
        """The reply to a request of another kind, however long others take."""
        request = getattr(self.client, kind)(*arguments, **options)
        while True:
            reply = self.client.get_shell_msg(timeout=30)
            if reply["parent_header"].get("msg_id") == request:
                return reply["content"]

    @property
    def pid(self):
        return self.manager.provisioner.process.pid

    def family(self, name=""):
        """The processes that the kernel started, by a word of their command lines."""
        rows = subprocess.run(["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True)
        rows = [line.split(None, 2) for line in rows.stdout.splitlines()]
        family = {self.pid}
        for _ in range(6):
            family |= {int(pid) for pid, parent, *_ in rows if int(parent) in family}
        family.discard(self.pid)
        return [int(r[0]) for r in rows if int(r[0]) in family and name in " ".join(r[2:])]

    def cells_process(self):
        (pid,) = self.family("mlnotes-kernel cells")
        return pid

    def interrupted(self, code, wait=1.0):
        """The reply to a cell that is interrupted while it runs, and how long it took to end."""
        request = self.send(code)
        time.sleep(wait)
        start = time.monotonic()
        self.manager.interrupt_kernel()
        messages, reply = self.collect(request, timeout=30)
        return Cell(messages, reply), time.monotonic() - start

    def is_well(self):
        """The next cell answers, and soon."""
        start = time.monotonic()
        cell = self.run("1 + 1")
        return cell.result() == "2" and time.monotonic() - start < 5

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)


class Cell:
    def __init__(self, messages, reply):
        self.messages = messages
        self.reply = reply
        self.status = reply["status"]

    def traceback(self):
        """Without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(self.reply["traceback"]))

    def kinds(self):
        skip = ("status", "execute_input")
        return [m["msg_type"] for m in self.messages if m["msg_type"] not in skip]

    def of(self, kind):
        return [m["content"] for m in self.messages if m["msg_type"] == kind]

    def text(self, name="stdout"):
        return "".join(c["text"] for c in self.of("stream") if c["name"] == name)

    def result(self, mime="text/plain"):
        results = self.of("execute_result")
        return results[0]["data"].get(mime) if results else None


@pytest.fixture(scope="module")
def front():
    front = Front()
    yield front
    front.close()


def kill(pid):
    os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="session", autouse=True)
def own_history(tmp_path_factory):
    """Tests leave the user's history alone."""
    os.environ["MLNOTES_KERNEL_HISTORY"] = str(tmp_path_factory.mktemp("history") / "h.jsonl")

