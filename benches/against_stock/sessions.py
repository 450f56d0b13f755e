"""A case is a session: what is done in it, what must come of it, and what came of it on a kernel."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

OURS = "mlnotes"
# Seconds: for a cell, and for one that may build crates.
TIMEOUT, BUILD = 60, 900


@dataclass
class Case:
    """What is done, in order, and what the last of it must give (`right` says in which words).

    A step is the text of a cell, a function of the session's folder, or one of the classes below; a step
    that must give something itself is a pair with it. A cell that begins with an empty line is written
    indented. `FOLDER` in cells, files and variables is the folder that the session is made in.
    """

    title: str
    cells: list
    wanted: str
    # Why the kernels differ, where they do.
    why: str = ""
    files: dict = field(default_factory=dict)
    # Variables of the kernel's own process.
    env: dict = field(default_factory=dict)
    # The folder in the session's that the kernel is started in.
    place: str = "."
    # A cell that the stock kernel needs first; `None` where it has nothing of the kind.
    stock: str | None = ""


@dataclass
class Interrupt:
    """A cell that is interrupted after a second."""

    code: str


@dataclass
class Reader:
    """A cell that asks its reader, and what the reader types."""

    code: str
    typed: str


@dataclass
class Question:
    """A question about code: `complete`, `inspect` or `is_complete`; the answer's text is the value."""

    kind: str
    code: str


@dataclass
class Tool:
    """A command line of the kernel's program, in a home of its own; it fails by its exit code."""

    words: list
    home: str = "home"


class Restart:
    """The front end shuts the kernel down and starts it again."""


@dataclass
class Answer:
    """What a step gave."""

    value: str = ""
    text: str = ""
    failure: str | None = None
    # What was shown, by its MIME type.
    shown: dict = field(default_factory=dict)
    seconds: float = 0.0
    # Nothing can follow: the kernel hangs, or is gone.
    over: bool = False

    def said(self):
        return "\n".join(part for part in (self.failure, self.text, self.value) if part)


class Session:
    """A kernel in a folder."""

    def __init__(self, kernel, folder, env):
        self.kernel, self.folder = kernel, folder
        self.env = {**os.environ, **env}
        if "RUST_BACKTRACE" not in env:
            self.env.pop("RUST_BACKTRACE", None)
        self.start()

    def start(self):
        self.manager = KernelManager(kernel_name=self.kernel)
        nowhere = subprocess.DEVNULL
        self.manager.start_kernel(cwd=str(self.folder), env=self.env, stdout=nowhere, stderr=nowhere)
        self.group = os.getpgid(self.manager.provisioner.process.pid)
        self.client = self.manager.client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=180)
        except RuntimeError:
            self.close()
            raise

    def restart(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)
        self.start()
        return Answer()

    def close(self):
        """Ends the kernel and the processes that it started, also those that would never end by themselves."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        if self.group != os.getpgrp():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.group, signal.SIGKILL)

    def run(self, code, seconds, late=0.0, interrupt=None, typed=None):
        """Runs a cell; text is taken from whichever cell it says it is of, and for a while after the end:
        the stock kernel sends what comes late on stderr so.
        """
        request = self.client.execute(code, allow_stdin=typed is not None)
        answer, start = Answer(), time.monotonic()
        end = start + seconds
        while time.monotonic() < end:
            if interrupt is not None and time.monotonic() > start + interrupt:
                self.manager.interrupt_kernel()
                interrupt = None
            if typed is not None and self.client.stdin_channel.msg_ready():
                self.client.get_stdin_msg(timeout=1)
                self.client.input(typed)
            try:
                message = self.client.get_iopub_msg(timeout=0.2)
            except Empty:
                if answer.seconds and not late:
                    return answer
                if not self.manager.is_alive():
                    answer.failure, answer.over = "the kernel ended", True
                    return answer
                continue
            self.take(message, request, answer)
            state = message["content"].get("execution_state")
            if state == "idle" and message["parent_header"].get("msg_id") == request:
                answer.seconds = time.monotonic() - start
                if not late:
                    return answer
                end, late = time.monotonic() + late, 0.0
        if not answer.seconds:
            answer.failure, answer.over = f"no answer in {seconds} s", True
        return answer

    def take(self, message, request, answer):
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            answer.text += content["text"]
        elif message["parent_header"].get("msg_id") != request:
            return
        elif kind in ("execute_result", "display_data"):
            for mime, data in content["data"].items():
                answer.shown.setdefault(mime, []).append(data if isinstance(data, str) else str(data))
            answer.value = content["data"].get("text/plain", answer.value)
        elif kind == "error":
            words = "\n".join([content["ename"], content["evalue"], *content["traceback"]])
            answer.failure = re.sub(r"\x1b\[[0-9;]*m", "", words)

    def ask(self, question, seconds):
        position = () if question.kind == "is_complete" else (len(question.code),)
        request = getattr(self.client, question.kind)(question.code, *position)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                reply = self.client.get_shell_msg(timeout=1)
            except Empty:
                if not self.manager.is_alive():
                    return Answer(failure="the kernel ended", over=True)
                continue
            if reply["parent_header"].get("msg_id") == request:
                return Answer(value=str(reply["content"]))
        return Answer(failure=f"no answer in {seconds} s", over=True)


def tool(step, folder):
    home = folder / step.home
    home.mkdir(parents=True, exist_ok=True)
    program = KernelSpecManager().get_kernel_spec(OURS).argv[0]
    command = [program, *step.words]
    env = {**os.environ, **kept_homes(), "HOME": str(home)}
    env.pop("JUPYTER_DATA_DIR", None)
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=BUILD, check=False)
    words = done.stdout + done.stderr
    return Answer(text=words, failure=words if done.returncode else None)


def kept_homes():
    """Cargo and rustup stay where they are when a case moves the home."""
    homes = {"CARGO_HOME": ".cargo", "RUSTUP_HOME": ".rustup"}
    return {name: os.environ.get(name, str(Path.home() / folder)) for name, folder in homes.items()}


def right(wanted, answer, before=""):
    """Whether a step gave what it must:

    `error:R` it fails, in words that R is found in; `heard:R` it fails, and R is found in what it says or what
    was said before; `said:R` R is found in whatever it says, failed or not; `text:R` it does not fail, and R is
    found in what it writes or gives; `TYPE/SUBTYPE:R` the same of what it shows; `within:S` it does not fail, and
    takes no longer than S seconds; anything else is its value.
    """
    how, _, words = wanted.partition(":")
    if how == "error":
        return answer.failure is not None and re.search(words, answer.failure, re.M) is not None
    if how == "heard":
        return answer.failure is not None and re.search(words, before + answer.said(), re.M) is not None
    if how == "said":
        return re.search(words, answer.said(), re.M) is not None
    if answer.failure is not None:
        return False
    if how == "within":
        return answer.seconds <= float(words)
    if how == "text":
        return re.search(words, answer.text + answer.value, re.M) is not None
    if re.fullmatch(r"(text|image)/[\w+]+", how):
        return re.search(words, "\n".join(answer.shown.get(how, [])), re.M) is not None
    return answer.value.strip() == wanted


def outcome(case, kernel):
    """`right`, or the first words of what came instead; all of it goes to stderr."""
    top = Path(tempfile.mkdtemp(prefix="session-")).resolve()
    folder = top / "folder"
    folder.mkdir()
    try:
        return tried(case, kernel, folder)
    finally:
        with suppress(OSError):
            folder.chmod(0o755)
        shutil.rmtree(top, ignore_errors=True)


def tried(case, kernel, folder):
    here = lambda text: text.replace("FOLDER", str(folder))  # noqa: E731
    for name, content in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(here(content))
    (folder / case.place).mkdir(parents=True, exist_ok=True)
    env = {"MLNOTES_KERNEL_HISTORY": str(folder.parent / "history.jsonl")}
    env |= {name: here(value) for name, value in case.env.items()}
    if "HOME" in env:
        env |= kept_homes()
    cells = list(case.cells)
    if kernel != OURS and case.stock:
        cells.insert(0, case.stock)
    try:
        session = Session(kernel, folder / case.place, env)
    except RuntimeError:
        return "`the kernel does not start`"
    before, first = "", None
    try:
        for number, step in enumerate(cells, start=1):
            step, wanted = step if isinstance(step, tuple) else (step, None)
            wanted = case.wanted if number == len(cells) else wanted
            slow = ":dep" in str(step) or any(name.endswith("Cargo.toml") for name in case.files)
            answer = take_step(session, step, folder, here, BUILD if slow else TIMEOUT, 0.3 if wanted else 0.0)
            fine = not answer.over and (wanted is None or right(wanted, answer, before))
            before += answer.said() + "\n"
            if fine:
                # Where a step goes wrong, an unexpected failure before it says more.
                first = first or (answer if wanted is None and answer.failure else None)
            else:
                print(f"--- {case.title}, on {kernel}, step {number}: {str(step)[:500]}", file=sys.stderr)
                print(f"    wanted {wanted!r}\n    {answer!r:.5000}", file=sys.stderr, flush=True)
                return told(answer if answer.over else first or answer, wanted or "")
    finally:
        session.close()
    return "right"


def take_step(session, step, folder, here, seconds, late):
    if isinstance(step, Tool):
        return tool(step, folder)
    if isinstance(step, Question):
        return session.ask(step, seconds)
    if isinstance(step, Interrupt):
        return session.run(here(step.code), seconds, late, interrupt=1.0)
    if isinstance(step, Reader):
        return session.run(here(step.code), seconds, late, typed=step.typed)
    if step is Restart:
        try:
            return session.restart()
        except RuntimeError:
            return Answer(failure="the kernel does not start again", over=True)
    if callable(step):
        return Answer(value=str(step(folder) or ""))
    code = textwrap.dedent(step[1:]).rstrip() if re.match(r"\n +\S", step) else step
    return session.run(here(code), seconds, late)


def told(answer, wanted):
    if wanted.startswith("within:") and answer.failure is None:
        return f"{answer.seconds:.1f} s"
    lines = [line.strip() for line in (answer.failure or answer.text or answer.value).splitlines() if line.strip()]
    lines = [line for line in lines if line not in ("Error", "CompileError", "Panic", "Crashed")]
    words = re.sub(r"\x1b\[[0-9;]*m", "", lines[0] if lines else "nothing")[:70]
    return "`" + words.replace("|", "\\|").replace("`", "'") + "`"
