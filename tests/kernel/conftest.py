"""A front end in a few lines."""

import time
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


class Front:
    """A kernel and what it says about each cell."""

    def __init__(self, folder=NOTEBOOKS, kernel="mlnotes"):
        self.manager = KernelManager(kernel_name=kernel)
        start = time.monotonic()
        self.manager.start_kernel(cwd=str(folder))
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

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)


class Cell:
    def __init__(self, messages, reply):
        self.messages = messages
        self.reply = reply
        self.status = reply["status"]

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

