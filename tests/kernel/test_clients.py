"""Several clients of one kernel, clients that behave badly, and what turns notebooks into pages."""

import queue
import time

import nbformat
import pytest
from conftest import NOTEBOOKS, Front
from jupyter_client.session import Session
from nbclient import NotebookClient
from nbconvert import HTMLExporter


def another(front, start=True):
    """A client with a session of its own, as each open page has."""
    client = front.manager.client()
    key, scheme = front.manager.session.key, front.manager.session.signature_scheme
    client.session = Session(key=key, signature_scheme=scheme)
    if start:
        client.start_channels()
    return client


def test_three_clients_and_one_that_comes_back():
    front = Front()
    clients = [another(front) for _ in range(2)]
    try:
        for client in clients:
            # Each is told that it now hears everything, and nobody else is.
            message = client.get_iopub_msg(timeout=5)
            assert message["msg_type"] == "iopub_welcome"
        assert front.run("let shared = 4;\nshared").result() == "4"
        for client in clients:
            kinds = []
            while not kinds or kinds[-1] != "execute_result":
                kinds.append(client.get_iopub_msg(timeout=5)["msg_type"])
            request = client.execute("shared + 1")
            reply = client.get_shell_msg(timeout=20)
            assert reply["parent_header"]["msg_id"] == request and reply["content"]["status"] == "ok"
        clients.pop().stop_channels()
        clients.append(another(front))
        assert clients[-1].get_iopub_msg(timeout=5)["msg_type"] == "iopub_welcome"
        assert front.run("shared").result() == "4"
    finally:
        [client.stop_channels() for client in clients]
        front.close()


def test_a_client_that_never_listens_holds_nobody_up():
    front = Front()
    deaf = another(front, start=False)
    deaf.iopub_channel.start()  # subscribed, and never read
    try:
        cell = front.run('for i in 0..200_000 { println!("{i:060}"); }\n7')
        assert cell.result() == "7" and front.is_well()
    finally:
        deaf.stop_channels()
        front.close()


def test_a_client_that_leaves_at_the_prompt():
    front = Front()
    asker = another(front)
    try:
        front.run("let kept = 5;")
        asker.execute("let mut s = String::new(); std::io::stdin().read_line(&mut s)?;", allow_stdin=True)
        asker.get_stdin_msg(timeout=20)
        asker.stop_channels()
        # The others get on by an interrupt.
        front.manager.interrupt_kernel()
        time.sleep(1)
        assert front.run("kept").result() == "5"
    finally:
        front.close()


def test_requests_that_make_no_sense(front):
    front.run("1;")
    # Unknown: busy and idle, no reply. Known with a content that is none: an answer or silence, no harm.
    for kind, content in [
        ("no_such_request", {}),
        ("execute_request", {"code": 5}),
        ("complete_request", {"code": "x", "cursor_pos": -7}),
        ("inspect_request", {"code": "x", "cursor_pos": 10**9}),
        ("history_request", {"hist_access_type": "sideways"}),
        ("comm_msg", {"comm_id": "nobody", "data": {}}),
        ("execute_request", {"code": "/*" + "x" * 20_000_000 + "*/ 1", "silent": True, "stop_on_error": False}),
    ]:
        front.client.shell_channel.send(front.client.session.msg(kind, content))
        front.client.control_channel.send(front.client.session.msg(kind, content))
    time.sleep(1)
    while True:
        try:
            front.client.get_shell_msg(timeout=1)
        except queue.Empty:
            break
    assert front.run("2 + 2", timeout=60).result() == "4"


@pytest.mark.seconds
def test_interrupts_twice_and_between_cells(front):
    front.run("let kept = 5;")
    request = front.send("loop {}")
    time.sleep(1)
    front.manager.interrupt_kernel()
    front.manager.interrupt_kernel()
    _, reply = front.collect(request)
    assert reply["ename"] == "Interrupted"
    number = front.run("1;").reply["execution_count"]
    for wait in (0.0, 0.01, 0.03, 0.06, 0.1):
        # Before, while and after it compiles: it ends, and the next cell is as ever.
        cell, took = front.interrupted("let x = 1;\nx", wait)
        assert cell.status == "ok" or cell.reply["ename"] == "Interrupted", cell.reply
        assert took < 2
        again = front.run("1 + 1")
        assert again.result() == "2" and again.reply["execution_count"] == number + 2
        number += 2


COMPILES_LONG = "".join(
    f"fn h{i}() -> Vec<String> {{ (0..{i}).map(|x| format!(\"{{x:?}}{{x:>5}}\")).rev().collect() }}\n"
    for i in range(800)
) + "let all: Vec<fn() -> Vec<String>> = vec![" + ", ".join(f"h{i}" for i in range(800)) + "];"


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.seconds
def test_shutdown_and_restart_while_compiling(restart):
    front = Front()
    front.run(":opt 3\n1;")
    front.send(COMPILES_LONG)
    deadline = time.monotonic() + 10
    while not front.family("--crate-name=cell") and time.monotonic() < deadline:
        time.sleep(0.02)
    start = time.monotonic()
    if restart:
        front.manager.restart_kernel(now=False)
        front.client.wait_for_ready(timeout=30)
        assert front.is_well()
        front.close()
    else:
        front.close()
        assert time.monotonic() - start < 3


@pytest.mark.seconds
def test_an_interrupt_while_the_environment_is_built(tmp_path):
    (tmp_path / "Cargo.toml").write_text(
        '[package]\nname = "slow-notebooks"\nversion = "0.1.0"\nedition = "2024"\n'
        '[package.metadata.notebook]\n[lib]\npath = "lib.rs"\ncrate-type = ["dylib"]\n[workspace]\n'
    )
    (tmp_path / "lib.rs").write_text("pub fn answer() -> u8 { 6 }\n")
    (tmp_path / "build.rs").write_text(
        "fn main() { std::thread::sleep(std::time::Duration::from_secs(6)); }\n"
    )
    front = Front(folder=tmp_path, env={"CARGO_TARGET_DIR": str(tmp_path / "target")})
    try:
        cell, took = front.interrupted("1 + 1", 3)
        assert cell.reply["ename"] == "Interrupted" and took < 2, cell.reply
        assert "preparing the notebooks' crates" in str(cell.of("display_data"))
        # It is built by the next cell that needs it.
        assert front.run("slow_notebooks::answer()").result() == "6"
    finally:
        front.close()


def test_figures_stand_in_pages():
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "mlnotes", "display_name": "Rust"}})
    notebook.cells = [
        nbformat.v4.new_code_cell(code)
        for code in (
            "use mlnotes::prelude::*;\nuse plotters::prelude::*;\n"
            "evcxr_figure((320, 200), |root| { root.fill(&RED)?; Ok(()) })",
            'display::markdown("**bold** and $x^2$");',
            'display::latex("$$\\\\int_0^1 x$$");',
        )
    ]
    NotebookClient(notebook, kernel_name="mlnotes", resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    kinds = [set(o.data) for cell in notebook.cells for o in cell.outputs]
    # VS Code and nbconvert show whichever of these a figure brings along.
    assert kinds[0] & {"image/png", "image/svg+xml", "text/html"}
    assert "text/markdown" in kinds[1] and "text/latex" in kinds[2]
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "<svg" in page or "image/svg+xml;base64" in page
    assert "<strong>bold</strong>" in page and "int_0^1" in page
