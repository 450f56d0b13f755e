"""The protocol itself, on an engine that runs no Rust and answers in milliseconds."""

import json
import os
import time
from pathlib import Path

import pytest
import zmq
from conftest import Front
from jupyter_client.kernelspec import get_kernel_spec
from jupyter_client.session import Session


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    program = get_kernel_spec("mlnotes").argv[0]
    folder = tmp_path_factory.mktemp("jupyter") / "kernels" / "echo"
    folder.mkdir(parents=True)
    argv = [program, "run", "--engine", "echo", "--connection-file", "{connection_file}"]
    spec = {"argv": argv, "display_name": "echo", "language": "rust", "interrupt_mode": "message"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    before = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = str(folder.parents[1])
    front = Front(kernel="echo")
    yield front
    front.close()
    if before is None:
        del os.environ["JUPYTER_PATH"]
    else:
        os.environ["JUPYTER_PATH"] = before


def test_counts_start_at_one_and_respect_silence(echo):
    first = echo.run("a")
    count = first.reply["execution_count"]
    assert count == 1
    assert first.of("execute_input")[0]["execution_count"] == count
    assert first.of("execute_result")[0]["execution_count"] == count
    assert echo.run("b", silent=True).kinds() == []
    assert echo.run("c", store_history=False).reply["execution_count"] == count + 1
    assert echo.run("d").reply["execution_count"] == count + 1


def test_every_request_is_busy_then_idle(echo):
    for code in ("print x", "fail x", "show x"):
        states = [s["execution_state"] for s in echo.run(code).of("status")]
        assert states == ["busy", "idle"]


def test_an_error_comes_once_and_whole(echo):
    cell = echo.run("fail because")
    assert cell.kinds() == ["error"]
    assert (cell.reply["ename"], cell.reply["evalue"]) == ("Error", "because")
    assert cell.of("error")[0]["traceback"] == cell.reply["traceback"]


def test_a_fault_of_the_engine_answers_the_cell(echo):
    cell = echo.run("panic inside the engine")
    assert cell.reply["ename"] == "KernelError" and "inside the engine" in cell.reply["evalue"]
    assert echo.run("x").result() == "x"


def test_displays_and_updates(echo):
    assert echo.run("show 1").of("display_data")[0]["transient"] == {"display_id": "one"}
    assert echo.run("update 2").of("update_display_data")[0]["data"] == {"text/plain": "2"}
    assert echo.run("clear wait").of("clear_output") == [{"wait": True}]


def test_input(echo):
    request = echo.send("ask name?", allow_stdin=True)
    prompt = echo.client.get_stdin_msg(timeout=10)
    assert prompt["content"] == {"prompt": "name?", "password": False}
    echo.client.input("Ada")
    messages, reply = echo.collect(request)
    texts = [m["content"]["text"] for m in messages if m["msg_type"] == "stream"]
    assert reply["status"] == "ok" and texts == ["Ada"]
    assert echo.run("ask name?", allow_stdin=False).text() == "no answer"


def test_interrupt_and_control_while_busy(echo):
    request = echo.send("wait")
    time.sleep(0.2)
    info = echo.client.kernel_info()
    assert echo.client.get_shell_msg(timeout=5)["parent_header"]["msg_id"] == info
    echo.manager.interrupt_kernel()
    _, reply = echo.collect(request, timeout=5)
    assert reply["ename"] == "Interrupted"


def test_cursor_offsets_count_code_points(echo):
    request = echo.client.complete("é😀x", 3)
    while True:
        reply = echo.client.get_shell_msg(timeout=5)
        if reply["parent_header"]["msg_id"] == request:
            break
    assert (reply["content"]["cursor_start"], reply["content"]["cursor_end"]) == (0, 3)


def test_heartbeat_echoes(echo):
    info = echo.manager.get_connection_info()
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(f"tcp://127.0.0.1:{info['hb_port']}")
        socket.send(b"\x00some bytes")
        assert socket.poll(2000) and socket.recv() == b"\x00some bytes"


def test_bad_frames_do_no_harm(echo):
    info = echo.manager.get_connection_info()
    forger = Session(key=b"not the key", signature_scheme=info["signature_scheme"])
    with zmq.Context() as context:
        for port in (info["shell_port"], info["control_port"], info["stdin_port"]):
            with context.socket(zmq.DEALER) as socket:
                socket.setsockopt(zmq.LINGER, 100)
                socket.connect(f"tcp://127.0.0.1:{port}")
                forger.send(socket, "shutdown_request", {"restart": False})
                forger.send(socket, "execute_request", {"code": "x"})
                for frames in ([b""], [b"junk"], [b"<IDS|MSG>"], [b"<IDS|MSG>", b"", b"{}"]):
                    socket.send_multipart(frames)
                time.sleep(0.2)
    honest = echo.client.session
    message = honest.msg("no_such_request", {})
    echo.client.shell_channel.send(message)
    assert echo.run("still here").result() == "still here"


def test_nothing_is_left_behind(tmp_path):
    front = Front()
    front.run("1 + 1")
    pid = front.manager.provisioner.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        pytest.skip("needs /proc")
    # The process that runs cells was started by another thread of the kernel.
    started = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    assert started
    front.client.stop_channels()
    os.kill(pid, 9)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(Path(f"/proc/{c}").exists() for c in started):
        time.sleep(0.1)
    assert not any(Path(f"/proc/{child}").exists() for child in started)
    front.manager.cleanup_resources()
