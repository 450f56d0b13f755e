"""Interrupt ends any cell soon, and nothing when nothing runs."""

import time

import pytest
from conftest import Front


def interrupted(front, code, wait):
    request = front.send(code)
    time.sleep(wait)
    start = time.monotonic()
    front.manager.interrupt_kernel()
    messages, reply = front.collect(request, timeout=30)
    return reply, time.monotonic() - start


@pytest.mark.seconds
def test_interrupt():
    front = Front()
    try:
        front.run("use mlnotes::prelude::*;\nuse ndarray::array;\nlet kept = 5;")
        code = "for i in display::progress(0..100_000, 100_000, \"w\") {\n" \
            "    std::thread::sleep(std::time::Duration::from_millis(1));\n}"
        reply, took = interrupted(front, code, 1.5)
        assert reply["ename"] == "Interrupted" and took < 2
        assert front.run("kept").result() == "5"
        # Idle: nothing happens.
        front.manager.interrupt_kernel()
        time.sleep(0.3)
        assert front.run("kept").result() == "5"
        # The library's own loops look.
        code = (
            "let (x, y) = (array![[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]);\n"
            "LogisticRegression::params().solver(Solver::GradientDescent { learning_rate: 1e-9 })"
            ".max_iter(1_000_000_000).tol(1e-300).fit(x.view(), &y)?"
        )
        reply, took = interrupted(front, code, 2.0)
        assert reply["ename"] == "Interrupted" and took < 2, reply
        assert front.run("kept").result() == "5"
        reply, took = interrupted(front, "loop {}", 1.5)
        assert reply["ename"] == "Interrupted" and took < 4
        assert front.run("1 + 1").result() == "2"
    finally:
        front.close()


def test_queued_cells_are_dropped_after_a_failure():
    front = Front()
    try:
        front.run("1;")
        first = front.send('std::thread::sleep(std::time::Duration::from_secs(1)); panic!("x");')
        second = front.send("2;")
        # IOPub of the first is read whole, then the second's reply.
        deadline = time.monotonic() + 60
        replies = {}
        while len(replies) < 2 and time.monotonic() < deadline:
            reply = front.client.get_shell_msg(timeout=60)
            replies[reply["parent_header"]["msg_id"]] = reply["content"]
        assert replies[first]["status"] == "error"
        assert replies[second]["status"] == "aborted"
    finally:
        front.close()
