"""Whatever a cell does to itself, its process or the machine: one clear reply, and `1 + 1` is 2 after."""

import os
import threading
import time
from pathlib import Path

import pytest
from conftest import NOTEBOOKS, Front, kill

LINUX = Path("/proc/self").exists()


@pytest.fixture(autouse=True)
def stays_well(request):
    yield
    if "front" in request.fixturenames:
        assert request.getfixturevalue("front").is_well()


# How a cell can end its process.


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("std::process::abort()", "SIGABRT"),
        ("std::process::exit(0)", "exit code 0"),
        ("std::process::exit(3)", "exit code 3"),
        ("unsafe { *(8 as *mut u8) = 1 };", "SIGSEGV"),
        ("fn deep(n: u64) -> u64 { 1 + deep(n + 1) }\ndeep(0)", "SIGABRT"),
        (
            "struct Twice;\nimpl Drop for Twice { fn drop(&mut self) { panic!(\"second\") } }\n"
            "let twice = Twice;\npanic!(\"first\");",
            "SIGABRT",
        ),
        (
            # 2 GB of address space, and a wish for more.
            "unsafe extern \"C\" { fn setrlimit(what: i32, limit: *const [u64; 2]) -> i32; }\n"
            "unsafe { setrlimit(9, &[2 << 30, 2 << 30]) };\n"
            "let all: Vec<u8> = vec![1; 8 << 30];\nall.len()",
            "SIGABRT",
        ),
    ],
)  # fmt: skip
def test_a_cell_that_ends_its_process(front, code, cause):
    front.run("let precious = 1;\nfn kept() -> u8 { 7 }")
    cell = front.run(code)
    assert cell.reply["ename"] == "Crashed" and cause in cell.reply["evalue"], cell.reply
    assert cell.kinds()[-1] == "error" and cell.kinds().count("error") == 1
    assert "lost: precious" in cell.traceback()
    assert front.run("kept()").result() == "7"
    assert "lost when the process" in front.run("precious").traceback()


def test_memory_that_runs_out_is_named(front):
    cell = front.run("let all: Vec<u8> = Vec::with_capacity(1 << 46);\nall.len()")
    assert cell.reply["ename"] == "Crashed" and "memory allocation" in cell.text("stderr")


def test_a_process_killed_while_it_runs(front):
    front.run("let precious = 1;")
    request = front.send("loop {}")
    time.sleep(1)
    kill(front.cells_process())
    _, reply = front.collect(request)
    assert reply["ename"] == "Crashed" and "SIGKILL" in reply["evalue"]


def test_a_process_killed_while_idle(front):
    front.run("let precious = 1;\nfn here() -> u8 { 5 }")
    kill(front.cells_process())
    # Noticed at once, with the last cell as its place.
    message = front.client.get_iopub_msg(timeout=5)
    assert message["msg_type"] == "stream" and "SIGKILL" in message["content"]["text"]
    assert "lost" in front.run("precious").traceback()
    assert front.run("here()").result() == "5"


def test_a_killed_compiler(front):
    front.run("let kept: usize = 3;")
    # Wide and generic: it takes the compiler seconds.
    code = ":opt 3\n" + "".join(
        f"fn f{i}() -> Vec<String> {{ (0..{i}).map(|x| format!(\"{{x:?}}{{x:>5}}\")).rev().collect() }}\n"
        for i in range(600)
    ) + "let all: Vec<fn() -> Vec<String>> = vec![" + ", ".join(f"f{i}" for i in range(600)) + "];\nall.len() + kept"
    request = front.send(code)
    deadline = time.monotonic() + 20
    while not (found := front.family("--crate-name=cell")) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    for pid in front.family("--crate-name=cell"):
        try:
            kill(pid)
        except ProcessLookupError:
            pass
    _, reply = front.collect(request)
    assert reply["ename"] == "CompileError" and "signal 9" in reply["evalue"], reply
    front.run(":opt 0")
    assert front.run("kept").result() == "3"


def test_closed_output_comes_back(front):
    close = "unsafe extern \"C\" { fn close(fd: i32) -> i32; }\nunsafe { close(1); close(2) };"
    assert front.run(close).status == "ok"
    assert front.run('println!("there"); eprintln!("too");').text() == "there\n"


def test_panics_elsewhere(front):
    cell = front.run('let t = std::thread::spawn(|| panic!("elsewhere")); t.join().is_err()')
    assert cell.result() == "true" and "elsewhere" in cell.text("stderr")
    cell = front.run('std::panic::catch_unwind(|| panic!("caught")).is_err()')
    assert cell.result() == "true" and cell.status == "ok"
    cell = front.run(
        "struct Late;\nimpl Drop for Late { fn drop(&mut self) { panic!(\"in drop\") } }\n{ let l = Late; }"
    )
    assert cell.reply["ename"] == "Panic" and cell.reply["evalue"] == "in drop"


# Output.


def memory(front):
    pids = [front.pid, *front.family()]
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.parametrize(
    "code",
    [
        'for i in 0..1_000_000 { println!("{i:0100}"); }\nprintln!("last");',
        'print!("{}", "x".repeat(100_000_000)); println!("\\nlast");',
        'for i in 0..300_000 { eprintln!("{i:0100}"); }\neprintln!("last");',
    ],
)
def test_a_hundred_megabytes(front, code):
    cell = front.run(code, timeout=120)
    text = cell.text() + cell.text("stderr")
    assert cell.status == "ok" and len(text) < 12e6
    assert "bytes left out" in text and text.endswith("last\n")
    if LINUX:
        assert memory(front) < 200


def test_one_long_line_and_eight_threads(front):
    assert front.run('println!("{}", "y".repeat(9_000_000));').text() == "y" * 9_000_000 + "\n"
    code = (
        "std::thread::scope(|s| for t in 0..8 { s.spawn(move || for i in 0..2000 "
        '{ println!("{t} {i}"); }); });'
    )
    lines = front.run(code).text().splitlines()
    assert sorted(lines) == sorted(f"{t} {i}" for t in range(8) for i in range(2000))


def test_text_without_a_newline_stays_in_its_cell(front):
    cell = front.run('print!("half"); panic!("x");')
    assert cell.kinds() == ["stream", "error"] and cell.text() == "half"
    cell = front.run('print!("a"); mlnotes::display::html("b"); print!("c");')
    assert cell.kinds() == ["stream", "display_data", "stream"]
    assert front.run('print!("\\rend");').text() == "\rend"


def test_marker_lines_in_a_cells_own_text(front):
    cell = front.run('println!("EVCXR_BEGIN_CONTENT text/html\\nno end");')
    assert cell.status == "ok" and "no end" in cell.text()
    cell = front.run('print!("EVCXR_"); println!("PANIC_NOTIFICATION");')
    assert cell.status == "ok" and cell.text() == "EVCXR_PANIC_NOTIFICATION\n"


def test_a_code_point_in_two_writes(front):
    cell = front.run(
        "use std::io::Write;\nlet mut out = std::io::stdout();\n"
        "for half in [&b\"\\xf0\\x9f\"[..], b\"\\x98\\x80\\0\\n\"] {\n"
        "    out.write_all(half).unwrap();\n    out.flush().unwrap();\n"
        "    std::thread::sleep(std::time::Duration::from_millis(60));\n}"
    )
    assert cell.text() == "\U0001f600\0\n"


# Interrupts.


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("loop {}", False),
        ('loop { println!("x"); std::thread::sleep(std::time::Duration::from_millis(5)); }', True),
        ("std::thread::sleep(std::time::Duration::from_secs(3600));", False),
        ("let m = std::sync::Mutex::new(1); let a = m.lock(); let b = m.lock();", False),
        ("(0..8).for_each(|_| { std::thread::spawn(|| loop {}); }); loop {}", False),
        ("let mut s = String::new(); std::io::stdin().read_line(&mut s)?;", True),
    ],
)
@pytest.mark.seconds
def test_an_interrupt_ends_any_cell(front, code, kept):
    front.run("let kept = 5;")
    cell, took = front.interrupted(code, 2.5)
    assert cell.reply["ename"] == "Interrupted" and took < 2, (cell.reply, took)
    assert cell.kinds().count("error") == 1
    said = cell.traceback()
    assert ("all variables are kept" in said) == kept
    assert (front.run("kept").result() == "5") == kept


@pytest.mark.seconds
def test_an_interrupt_ends_a_compile(front):
    front.run("let kept = 5;")
    code = ":opt 3\n" + "".join(
        f"fn g{i}() -> Vec<String> {{ (0..{i}).map(|x| format!(\"{{x:?}}{{x:>5}}\")).rev().collect() }}\n"
        for i in range(800)
    ) + "let all: Vec<fn() -> Vec<String>> = vec![" + ", ".join(f"g{i}" for i in range(800)) + "];\nall.len()"
    cell, took = front.interrupted(code, 0.5)
    assert cell.reply["ename"] == "Interrupted" and took < 2
    assert front.run(":opt 0\nkept").result() == "5"


@pytest.mark.seconds
def test_an_interrupt_ends_a_shell_line_and_does_nothing_when_idle(front):
    front.run("let kept = 5;")
    cell, took = front.interrupted("!sleep 100")
    assert cell.reply["ename"] == "Interrupted" and took < 2
    for _ in range(2):
        front.manager.interrupt_kernel()
    time.sleep(0.3)
    assert front.run("kept").result() == "5"


def test_queued_cells_are_dropped_by_an_interrupt(front):
    requests = [front.send("loop {}"), front.send("1;"), front.send("2;")]
    time.sleep(1)
    front.manager.interrupt_kernel()
    replies = {}
    while len(replies) < 3:
        reply = front.client.get_shell_msg(timeout=30)
        replies[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
    assert [replies[r] for r in requests] == ["error", "aborted", "aborted"]


# Errors of the compiler.


def test_all_errors_at_the_users_own_places(front):
    cell = front.run('let é = "é"; let a: u8 = é;\nlet b = nothing;\nlet c: u8 = "x";')
    said = cell.traceback()
    # Words about a slow compile come and go.
    assert [kind for kind in cell.kinds() if kind in ("error", "stream", "execute_result")] == ["error"]
    for place in (":1:26", ":2:9", ":3:13"):
        assert place in said, said
    assert "expected `u8`, found `&str`" in said
    cell = front.run("macro_rules! bad { () => { missing_name } }\nbad!()")
    assert "missing_name" in cell.traceback()
    front.run("fn uses_it() -> u8 { helper() }\nfn helper() -> u8 { 1 }")
    # A new definition is taken; what no longer fits is set aside with a word, and says so when it is named.
    cell = front.run("fn helper() -> &'static str { \"x\" }")
    said = "".join(content["text"] for content in cell.of("stream"))
    assert cell.status == "ok" and "`uses_it`" in said and "set aside" in said
    assert "uses_it" in front.run("uses_it()").traceback()
    assert front.run("helper()").result() == '"x"'
    cell = front.run(':dep no-such-crate-of-ours = { path = "/nowhere/at/all" }')
    assert cell.status == "error" and "nowhere" in cell.traceback()


def test_redefinitions_never_show_a_stale_value(front):
    front.run("#[derive(Debug)] struct S { a: u8 }\nlet s = S { a: 1 };\nlet held = vec![S { a: 2 }];")
    front.run("#[derive(Debug)] struct S { a: u8, b: f64 }")
    for name in ("s", "held"):
        assert "changed it" in front.run(name).traceback()
    front.run("let v = vec![1, 2];\nlet w = v;")
    assert "moved away" in front.run("v").traceback()
    assert front.run("let w = w.len();\nw").result() == "2"
    assert front.run("let mut n = 1;\nn += 1;").status == "ok"
    assert front.run("n += 1; n").result() == "3"
    cell = front.run("let Some((x, [y, ..])) = Some((1, [2, 3])) else { panic!() };\n(x, y)")
    assert cell.result() == "(1, 2)"
    assert front.run("let ((p, q), r) = ((x, y), \"t\");").status == "ok"
    assert front.run("(p, q, r)").result() == '(1, 2, "t")'
    # After a failure what was there is there.
    front.run('let n = 100; panic!("late");')
    assert front.run("n").result() == "3"
    # The same impl again, and a changed one.
    for value in (1, 2):
        code = f"struct T;\nimpl T {{ fn value(&self) -> u8 {{ {value} }} }}\nT.value()"
        assert front.run(code).result() == str(value)
    assert front.run("impl T { fn other(&self) -> u8 { 9 } }\nT.other() + T.value()").result() == "11"
    assert front.run("impl T { fn other(&self) -> u8 { 8 } }\nT.other()").result() == "8"


# The machine.


def started_with(**env):
    return Front(env={name: str(value) for name, value in env.items()})


def test_a_cache_that_cannot_be_written(tmp_path):
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    front = started_with(XDG_CACHE_HOME=blocked)
    try:
        assert front.run("let x = 1;\nx + 1").result() == "2"
    finally:
        front.close()


@pytest.mark.skipif(os.geteuid() != 0 or not LINUX, reason="mounts a small file system")
def test_a_full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=96m tmpfs {disk} 2>/dev/null"):
        pytest.skip("no right to mount")
    front = started_with(XDG_CACHE_HOME=disk)
    try:
        assert front.run("let kept = 2;\nkept").result() == "2"
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        cell = front.run("let more = kept + 1;\nmore")
        assert cell.status == "error", cell.reply
        assert "No space left" in cell.traceback() or "cannot be written" in cell.traceback()
        filler.unlink()
        assert front.run("kept + 1").result() == "3"
    finally:
        front.close()
        os.system(f"umount -l {disk}")


def test_a_cache_deleted_under_the_kernel(tmp_path):
    import shutil

    front = started_with(XDG_CACHE_HOME=tmp_path / "cache")
    try:
        assert front.run("let kept = 2;\nkept").result() == "2"
        shutil.rmtree(tmp_path / "cache")
        assert front.run("kept + 1").result() == "3"
    finally:
        front.close()


def test_no_compiler():
    front = started_with(RUSTC="/nowhere/rustc", CARGO="/nowhere/cargo")
    try:
        cell = front.run("1 + 1")
        assert cell.status == "error" and "doctor" in cell.traceback(), cell.reply
        assert front.ask("kernel_info")["language_info"]["name"] == "rust"
    finally:
        front.close()


@pytest.mark.seconds
def test_offline_says_so(front):
    start = time.monotonic()
    cell = front.run(':offline 1\n:dep zz-no-such-crate-here = "1"')
    assert cell.status == "error" and "offline" in cell.traceback()
    assert time.monotonic() - start < 5
    front.run(":offline 0")


def gone(pids, within):
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and any(Path(f"/proc/{p}").exists() for p in pids):
        time.sleep(0.05)
    alive = [p for p in pids if Path(f"/proc/{p}").exists()]
    # A process whose parent has not looked yet is gone all the same.
    return all("Z" in Path(f"/proc/{p}/stat").read_text().split(")")[1][:3] for p in alive)


@pytest.mark.skipif(not LINUX, reason="needs /proc")
@pytest.mark.seconds
def test_a_killed_kernel_leaves_nothing(tmp_path):
    front = started_with(XDG_CACHE_HOME=tmp_path)
    front.run("1;")
    front.send("loop {}")
    time.sleep(1)
    family = front.family()
    assert family
    front.client.stop_channels()
    kill(front.pid)
    assert gone(family, 2)
    front.manager.cleanup_resources()
    # The next kernel sweeps the folder of the one that was killed.
    (old,) = (tmp_path / "mlnotes-kernel/runs").iterdir()
    front = started_with(XDG_CACHE_HOME=tmp_path)
    assert front.is_well() and not old.exists()
    front.close()
    time.sleep(0.5)
    assert list((tmp_path / "mlnotes-kernel/runs").iterdir()) == []


@pytest.mark.parametrize("code", ["loop {}", "let mut s = String::new(); std::io::stdin().read_line(&mut s)?;"])
@pytest.mark.seconds
def test_shutdown_while_busy(code):
    front = Front()
    front.run("1;")
    family = front.family()
    front.send(code)
    time.sleep(0.7)
    process = front.manager.provisioner.process
    front.client.shutdown()
    start = time.monotonic()
    front.client.get_control_msg(timeout=2)
    assert time.monotonic() - start < 1
    process.wait(timeout=2)
    assert gone(family, 2)
    front.client.stop_channels()
    front.manager.cleanup_resources()


def test_restarts_keep_the_ports_and_no_memory():
    front = Front()
    try:
        for _ in range(20):
            assert front.run("let x = 2;\nx").result() == "2"
            front.manager.restart_kernel(now=False)
            front.client.wait_for_ready(timeout=30)
            assert "cannot find value" in front.run("x").traceback()
    finally:
        front.close()


def test_kernels_side_by_side():
    fronts = [None] * 20

    def start(i):
        fronts[i] = Front()

    threads = [threading.Thread(target=start, args=(i,)) for i in range(20)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    try:
        for i, front in enumerate(fronts):
            assert front.run(f"let me = {i};\nme").result() == str(i)
        assert [f.run("me").result() for f in fronts] == [str(i) for i in range(20)]
    finally:
        [front.close() for front in fronts]


MANIFEST = """[package]
name = "tiny-notebooks"
version = "0.1.0"
edition = "2024"
[package.metadata.notebook]
[lib]
path = "lib.rs"
crate-type = ["dylib"]
[dependencies]
tiny = { path = "tiny" }
[workspace]
"""


def test_an_edited_library_is_built_anew_by_the_next_start(tmp_path):
    (tmp_path / "tiny/src").mkdir(parents=True)
    (tmp_path / "Cargo.toml").write_text(MANIFEST)
    (tmp_path / "lib.rs").write_text("pub use tiny;\n")
    (tmp_path / "tiny/Cargo.toml").write_text('[package]\nname = "tiny"\nversion = "0.1.0"\nedition = "2024"\n')
    source = tmp_path / "tiny/src/lib.rs"
    source.write_text("pub fn answer() -> u8 { 1 }\n")
    env = {"CARGO_TARGET_DIR": str(tmp_path / "target")}
    first = Front(folder=tmp_path, env=env)
    second = None
    try:
        assert first.run("tiny::answer()", timeout=120).result() == "1"
        source.write_text("pub fn answer() -> u8 { 2 }\npub fn more() -> u8 { 3 }\n")
        second = Front(folder=tmp_path, env=env)
        assert second.run("tiny::answer() + tiny::more()", timeout=120).result() == "5"
        # The first goes on with what it began with.
        assert first.run("tiny::answer()").result() == "1"
        source.write_text("pub fn answer() -> u8 { broken }\n")
        third = Front(folder=tmp_path, env=env)
        try:
            cell = third.run("tiny::answer()", timeout=120)
            assert cell.status == "error" and "broken" in cell.traceback()
            assert third.is_well()
        finally:
            third.close()
    finally:
        first.close()
        if second:
            second.close()


@pytest.mark.skipif(not LINUX, reason="needs /proc")
def test_an_idle_kernel_is_small_and_still():
    front = Front()
    try:
        # Until what is done beforehand for the first cell is over.
        time.sleep(5)
        assert memory(front) < 80

        def ticks():
            total = 0
            for pid in [front.pid, *front.family()]:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                total += int(fields[11]) + int(fields[12])
            return total

        before = ticks()
        time.sleep(3)
        assert ticks() - before <= 1
    finally:
        front.close()


def test_the_notebooks_folder_is_where_cells_run(front):
    assert front.run("std::env::current_dir().unwrap()").result().strip('"') == str(NOTEBOOKS)
