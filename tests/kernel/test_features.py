"""What people ask of a Rust kernel, row by row."""

import json
import subprocess
import time
import uuid

import pytest
from conftest import Front


# Statics and threads of dependencies exist once.


def test_one_thread_pool_for_ten_cells(front):
    count = 'std::fs::read_dir("/proc/self/task").unwrap().count()'
    front.run("let before = rayon::current_num_threads();\nrayon::join(|| 1, || 2);")
    first = int(front.run(count).result())
    for i in range(10):
        assert front.run(f"let s{i} = rayon::join(|| {i}, || 2).0;").status == "ok"
    assert int(front.run(count).result()) == first


def test_a_runtime_for_await(front):
    cell = front.run(
        "async fn later(x: u8) -> Result<u8, String> { if x > 0 { Ok(x) } else { Err(\"zero\".into()) } }\n"
        "let got = later(3).await?;\ngot"
    )
    assert cell.result() == "3"
    assert front.run("later(0).await?").reply["ename"] == "Error"


def test_every_nameable_type_is_kept(front):
    front.run(
        "use std::collections::*;\nuse linfa::prelude::*;\nuse ndarray::prelude::*;\n"
        "let a1 = array![[0.0, 1.0], [1.0, 0.0], [5.0, 5.0]];"
    )
    values = [
        "BTreeMap::from([(1, vec![\"a\"])])",
        "(1u8, 2.5, 'c', \"text\", String::new())",
        "std::rc::Rc::new(std::cell::RefCell::new(vec![Some(1)]))",
        "linfa_clustering::KMeans::params(1).fit(&linfa::DatasetBase::from(a1.clone())).unwrap()",
        "linfa_clustering::KMeans::<f64, _>::params(1)",
        "linfa_reduction::Pca::params(1).fit(&linfa::DatasetBase::from(a1.clone())).unwrap()",
        "mlnotes::decomposition::pca::Pca::params(1).fit(a1.view()).unwrap()",
        "rand_chacha::ChaCha8Rng::from_seed([0; 32])",
        "std::time::Duration::from_secs(1)",
        "vec![1, 2].into_iter()",
        "Box::new(|x: f64| x) as Box<dyn Fn(f64) -> f64>",
        "std::sync::Arc::new(std::sync::Mutex::new(HashMap::<String, [f64; 3]>::new()))",
        "a1.dim()",
        "Array3::<f32>::zeros((1, 2, 3))",
        "linfa::DatasetBase::from(a1.clone())",
        "f64::sqrt as fn(f64) -> f64",
    ]
    front.run("use rand::SeedableRng;")
    for i, value in enumerate(values):
        cell = front.run(f"let kept{i} = {value};")
        assert cell.status == "ok", (value, cell.reply.get("evalue"), cell.reply.get("traceback"))
        cell = front.run(f"let again{i} = &kept{i};")
        assert cell.status == "ok", (value, cell.reply.get("evalue"), cell.reply.get("traceback"))


def test_what_has_no_name_is_explained(front):
    front.run("let shut = |x: f64| x + 1.0;\nlet lazy = (0..3).map(|x| x * 2);\nlet part = &[1, 2][..];")
    assert "Box<dyn Fn" in front.run("shut(1.0)").traceback()
    assert "collect" in front.run("lazy.len()").traceback() or "closure" in front.run("lazy").traceback()


def test_warnings_of_a_good_compile(front):
    cell = front.run('"1".parse::<f64>();')
    assert cell.status == "ok" and "must be used" in cell.text("stderr")
    assert front.run('fn fine() {}\nlet unused = 1;').text("stderr") == ""
    front.run(":warnings")
    assert front.run('"1".parse::<f64>();').text("stderr") == ""
    front.run(":warnings")


def test_a_traceback_has_the_users_frames_only(front):
    front.run(
        "fn inner(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {\n    a.dot(b)\n}\n"
        "fn outer(n: usize) -> Array2<f64> {\n    inner(&Array2::zeros((2, 3)), &Array2::zeros((n, 2)))\n}"
    )
    cell = front.run("let n = 4;\nouter(n).sum()")
    said = cell.traceback()
    assert cell.reply["ename"] == "Panic" and ":2:7" in said and "ndarray-" in said
    frames = [line for line in said.splitlines() if "called from" in line]
    assert len(frames) == 2 and "outer(n).sum()" in frames[1], said


# Lines that are commands.


def test_commands(front):
    help_text = front.run(":help").of("display_data")[0]["data"]["text/plain"]
    for name in (":vars", ":dep", ":timing", ":opt", ":explain"):
        assert name in help_text
    front.run("let shown: Vec<u8> = vec![1];")
    table = front.run(":vars").of("display_data")[0]["data"]
    assert "shown" in table["text/plain"] and "<table>" in table["text/html"]
    front.run(":forget shown")
    assert ":forget" in front.run("shown").traceback()
    timed = front.run(":timing\n1 + 1")
    assert "compiled in" in timed.of("display_data")[0]["data"]["text/plain"]
    front.run(":timing")
    assert "borrow" in front.run(":explain E0382").of("display_data")[0]["data"]["text/plain"]
    assert "ndarray 0.16" in front.run(":deps").text()
    assert front.run("!echo from the shell").text() == "from the shell\n"
    assert front.run("!exit 3").status == "error"
    assert ":help" in front.run(":nonsense").traceback()
    assert front.run(":efmt {:?}\n1 + 1").result() == "2"
    assert front.run("fn gone() {}\n").status == "ok"
    front.run(":clear")
    assert front.run("gone()").status == "error"
    # What the session has forgotten, the next cells of this file bring back.
    front.run("use ndarray::prelude::*;")


def test_timing_stands_in_the_reply(front):
    request = front.send("1 + 1")
    front.collect_reply = None
    while True:
        reply = front.client.get_shell_msg(timeout=30)
        if reply["parent_header"].get("msg_id") == request:
            break
    assert reply["metadata"]["compile_seconds"] > 0


# The protocol on the real engine.


def test_user_expressions(front):
    front.run("let x = 20;")
    cell = front.run("x;", user_expressions={"double": "2 * x", "wrong": "nothing_here"})
    values = cell.reply["user_expressions"]
    assert values["double"]["status"] == "ok" and values["double"]["data"]["text/plain"] == "40"
    assert values["wrong"]["status"] == "error"


def test_stdin(front):
    def answer(code, value, **options):
        request = front.send(code, **options)
        message = front.client.get_stdin_msg(timeout=20)
        front.client.input(value)
        return front.collect(request), message["content"]

    code = 'print!("name? ");\nlet mut line = String::new();\nstd::io::stdin().read_line(&mut line)?;\nline'
    (messages, reply), asked = answer(code, "Ada é")
    assert asked == {"prompt": "name? ", "password": False}
    assert reply["status"] == "ok"
    (result,) = [m["content"] for m in messages if m["msg_type"] == "execute_result"]
    assert result["data"]["text/plain"] == '"Ada é\\n"'
    secret = 'println!("EVCXR_INPUT_REQUEST_PASSWORD:secret?");\n' + code.split("\n", 1)[1]
    _, asked = answer(secret, "hidden")
    assert asked == {"prompt": "secret?", "password": True}
    # Nobody to ask: the end of the input, at once.
    assert front.run(code, allow_stdin=False).result() == '""'


@pytest.mark.seconds
def test_completion_knows_types_and_answers_while_a_cell_runs(front):
    front.run("use ndarray::prelude::*;\nlet grid = array![[1.0, 2.0]];\n/// Doubles it.\nfn twice(x: f64) -> f64 { 2.0 * x }")
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if front.ask("complete", "grid.col")["matches"]:
            break
    request = front.send("std::thread::sleep(std::time::Duration::from_secs(4));")
    start = time.monotonic()
    reply = front.ask("complete", "é; grid.col")
    assert {"column", "columns"} <= set(reply["matches"])
    assert (reply["cursor_start"], reply["cursor_end"]) == (8, 11)
    kinds = {t["text"]: t["type"] for t in reply["metadata"]["_jupyter_types_experimental"]}
    assert kinds["column"] == "function"
    # A flag is two code points, a combining mark is one.
    for before in ("\U0001f1e9\U0001f1ea", "e\u0301", "\r\n"):
        reply = front.ask("complete", f'let s = "{before}"; twi', 99)
        assert "twice" in reply["matches"], reply
        assert reply["cursor_end"] - reply["cursor_start"] == 3
    found = front.ask("inspect", "twice(1.0)", 2)
    assert found["found"] and "Doubles it" in found["data"]["text/plain"]
    assert set(found["data"]) == {"text/plain", "text/markdown", "text/html"}
    assert "column" in front.ask("inspect", "grid.column(0)", 7)["data"]["text/markdown"]
    assert "ArrayBase" in front.ask("inspect", "grid", 1)["data"]["text/plain"]
    assert not front.ask("inspect", "   ", 1)["found"]
    assert ":timing" in front.ask("complete", ":ti")["matches"]
    assert time.monotonic() - start < 4
    front.client.get_shell_msg(timeout=20)
    assert front.run("grid.sum()").result() == "3.0"


def comm(front, kind, **content):
    message = front.client.session.msg(kind, content)
    front.client.shell_channel.send(message)
    return message["header"]["msg_id"]


def heard(front, request):
    messages = []
    while True:
        message = front.client.get_iopub_msg(timeout=10)
        if message["parent_header"].get("msg_id") == request:
            messages.append(message)
            if message["content"].get("execution_state") == "idle":
                return [m for m in messages if m["msg_type"] != "status"]


def test_comms(front):
    front.run("let watched: u8 = 1;")
    ident = uuid.uuid4().hex
    opened = comm(front, "comm_open", comm_id=ident, target_name="mlnotes.variables", data={})
    (message,) = heard(front, opened)
    assert message["msg_type"] == "comm_msg"
    assert "watched" in json.dumps(message["content"]["data"])
    assert ident in front.ask("comm_info", "mlnotes.variables")["comms"]
    assert ident in front.ask("comm_info")["comms"]
    assert front.ask("comm_info", "other")["comms"] == {}
    cell = front.run("let watched_too: u8 = 2;")
    assert "watched_too" in json.dumps(cell.of("comm_msg")[0])
    assert heard(front, comm(front, "comm_close", comm_id=ident, data={})) == []
    assert front.ask("comm_info")["comms"] == {}
    other = comm(front, "comm_open", comm_id="x", target_name="nobody", data={})
    assert heard(front, other)[0]["msg_type"] == "comm_close"


def test_history_is_kept_across_restarts():
    front = Front()
    try:
        front.run('let unmistakable = "of the first session";')
        front.run("unmistakable.len()")
        front.manager.restart_kernel()
        front.client.wait_for_ready(timeout=30)
        front.run("1 + 2")
        search = front.ask("history", hist_access_type="search", pattern="*unmistakable*", raw=True, output=False, n=10)
        assert [code for _, _, code in search["history"]][-1] == "unmistakable.len()"
        before = front.ask("history", hist_access_type="range", session=-1, start=1, stop=9, raw=True, output=True)
        assert before["history"][-1][2] == ["unmistakable.len()", "20"]
        tail = front.ask("history", hist_access_type="tail", n=1, raw=True, output=False)
        assert tail["history"][0][2] == "1 + 2"
    finally:
        front.close()


def test_a_long_value_is_cut(front):
    cell = front.run("vec![1u8; 1_000_000]")
    assert len(cell.result()) < 70_000 and "bytes left out" in cell.result()


def test_output_of_a_thread_after_its_cell(front):
    cell = front.run(
        "std::thread::spawn(|| {\n    std::thread::sleep(std::time::Duration::from_millis(400));\n"
        '    println!("late");\n});'
    )
    assert cell.text() == ""
    message = front.client.get_iopub_msg(timeout=5)
    assert message["content"]["text"] == "late\n"


@pytest.fixture(scope="module")
def program():
    from jupyter_client.kernelspec import get_kernel_spec

    return get_kernel_spec("mlnotes").argv[0]


def test_install_and_uninstall(program, tmp_path):
    run = lambda *arguments: subprocess.run([program, *arguments], capture_output=True, text=True)  # noqa: E731
    done = run("install", "--prefix", str(tmp_path), "--name", "other", "--display-name", "Rust (other)")
    assert done.returncode == 0, done.stderr
    spec = json.loads((tmp_path / "share/jupyter/kernels/other/kernel.json").read_text())
    assert spec["display_name"] == "Rust (other)" and spec["interrupt_mode"] == "message"
    assert run("uninstall", "--prefix", str(tmp_path), "--name", "other").returncode == 0
    assert not (tmp_path / "share/jupyter/kernels/other").exists()


def test_statics_of_cells_exist_once(front):
    code = (
        "use std::sync::atomic::*;\nstatic COUNT: AtomicU32 = AtomicU32::new(5);\n"
        'static NAME: &str = "x";\nstatic mut RAW: [u8; 2] = [1, 2];\n'
        "static HELD: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());\n"
        "fn next() -> u32 { static N: AtomicU32 = AtomicU32::new(0); N.fetch_add(1, Ordering::SeqCst) }\n"
        "thread_local! { static HERE: std::cell::Cell<u8> = const { std::cell::Cell::new(1) } }\n"
        "COUNT.fetch_add(1, Ordering::SeqCst); HERE.set(7); HELD.lock()?.push(3); next()"
    )
    assert front.run(code).result() == "0"
    assert front.run("COUNT.fetch_add(1, Ordering::SeqCst); unsafe { RAW[0] = 8 }; next()").result() == "1"
    cell = front.run("(COUNT.load(Ordering::SeqCst), HERE.get(), HELD.lock()?.clone(), NAME, unsafe { RAW }, next())")
    assert cell.result() == '(7, 7, [3], "x", [8, 2], 2)'
    # A new definition begins anew; what lived beside it goes on.
    assert front.run("static COUNT: AtomicU32 = AtomicU32::new(50);\n(COUNT.load(Ordering::SeqCst), next())").result() == "(50, 3)"
    # A lifetime that only the definition may leave out.
    front.run('#[derive(Debug)] struct Word<\'a>(&\'a str);\nstatic WORD: Word = Word("w");')
    assert front.run("WORD.0").result() == '"w"'
    # A process that ended took their values along.
    front.run("std::process::abort()")
    assert front.run("(COUNT.load(Ordering::SeqCst), next())").result() == "(50, 0)"
