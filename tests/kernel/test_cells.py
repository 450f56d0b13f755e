"""What a reader of notebooks relies on: failures are failures, output is whole and in order."""

import re

from conftest import Front


def plain(cell):
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(cell.reply["traceback"]))


def test_the_environment_is_there_without_dep(front):
    cell = front.run("use ndarray::prelude::*;\nlet m = array![[1.0, 2.0], [3.0, 4.0]];\nm.sum()")
    assert cell.status == "ok" and cell.result() == "10.0"
    assert front.run(':dep mlnotes = { path = ".." }\n:dep ndarray = "0.16"').status == "ok"
    wrong = front.run(':dep ndarray = "0.15"')
    assert wrong.status == "error" and "0.16" in wrong.reply["evalue"]


def test_types_are_found(front):
    cell = front.run(
        "use linfa::prelude::*;\n"
        "use linfa_clustering::KMeans;\n"
        "let ds = linfa::DatasetBase::from(m.clone());\n"
        "let km = KMeans::params(1).fit(&ds).unwrap();\n"
        "let (a, mut b, c) = (1, vec![2.5], \"s\");\n"
        "let f = |x: f64| x + b[0];\n"
        "f(1.0)"
    )
    assert cell.status == "ok", cell.reply
    assert front.run("b.push(a as f64); (km.centroids().clone(), b.len(), c)").status == "ok"
    lost = front.run("f(2.0)")
    assert "closure" in plain(lost)


def test_redefinitions(front):
    assert front.run("#[derive(Debug)] struct P { x: f64 }\nlet p = P { x: 1.0 };\np").status == "ok"
    assert front.run("fn twice(x: f64) -> f64 { 2.0 * x }\ntwice(p.x)").result() == "2.0"
    assert front.run("fn twice(x: f64) -> f64 { 3.0 * x }\ntwice(p.x)").result() == "3.0"
    assert front.run('let p = "now a text";\np').result() == '"now a text"'


def test_a_borrow_lives_in_its_cell(front):
    assert front.run("let row = m.row(0);\nrow.sum()").result() == "3.0"
    assert "borrows" in plain(front.run("row.sum()"))
    assert front.run("m.sum()").result() == "10.0"


def test_failures_point_into_the_cell(front):
    cell = front.run("let fine = 1;\nassert_eq!(fine + 1, 3, \"on purpose\");")
    assert cell.status == "error" and cell.reply["ename"] == "Panic"
    assert cell.kinds() == ["error"]
    assert re.search(r"--> cell \[\d+\]:2:1", plain(cell)), plain(cell)
    cell = front.run("let é = 1;\nlet n: i32 = \"x\".parse()?;")
    assert cell.reply["ename"] == "Error" and cell.kinds() == ["error"]
    assert re.search(r"--> cell \[\d+\]:2:14", plain(cell)), plain(cell)
    cell = front.run("let a = 1;\nlet b = a + nothing;")
    assert cell.reply["ename"] == "CompileError" and cell.kinds() == ["error"]
    assert re.search(r"--> cell \[\d+\]:2:13", plain(cell)), plain(cell)
    assert "cannot find value `nothing`" in plain(cell)
    # The line of a function that an earlier cell defined.
    front.run("fn fails() -> u8 {\n    panic!(\"inside\")\n}")
    assert re.search(r"--> cell \[\d+\]:2:5", plain(front.run("fails()")))


def test_variables_survive_a_panic(front):
    front.run("let kept = vec![1, 2, 3];")
    assert front.run("let lost = 1; kept[7]").status == "error"
    assert front.run("kept.len()").result() == "3"


def test_a_crash_says_what_was_lost():
    front = Front()
    try:
        front.run("let precious = 1;\nfn kept() -> u8 { 7 }")
        for code, cause in [
            ("std::process::abort()", "SIGABRT"),
            ("std::process::exit(3)", "exit code 3"),
            ("unsafe { *(8 as *mut u8) = 1 };", "SIGSEGV"),
            ("fn deep(n: u64) -> u64 { 1 + deep(n + 1) }\ndeep(0)", "SIGABRT"),
        ]:
            cell = front.run(code)
            assert cell.reply["ename"] == "Crashed" and cause in cell.reply["evalue"], cell.reply
            if "abort()" in code:
                assert "lost: precious" in plain(cell)
            assert front.run("kept()").result() == "7"
    finally:
        front.close()


def test_text_and_displays_keep_their_order(front):
    cell = front.run(
        "use mlnotes::prelude::*;\n"
        'println!("one"); display::html("<b>two</b>"); println!("three");\n'
        'eprintln!("four"); display::markdown("*five*"); print!("six");\n'
        "display::matrix(array![[1.0]].view(), 1)"
    )
    assert cell.status == "ok", cell.reply
    assert cell.kinds() == [
        "stream", "display_data", "stream", "stream", "display_data", "stream", "execute_result",
    ]  # fmt: skip
    assert cell.messages[-1]["content"]["execution_state"] == "idle"


def test_two_figures_in_one_cell(front):
    cell = front.run(
        "let x = Array1::linspace(0.0, 1.0, 5);\n"
        'let figure = plot::curves(x.view(), &[("y", x.clone())], "a", "x", "y")?;\n'
        "figure.show();\nfigure"
    )
    assert cell.kinds() == ["display_data", "execute_result"]
    assert cell.result("image/svg+xml").startswith("<svg")


def test_a_plotters_figure_shows(front):
    cell = front.run(
        "use plotters::prelude::*;\n"
        "evcxr_figure((320, 200), |root| {\n"
        "    root.fill(&WHITE)?;\n"
        "    Ok(())\n"
        "})"
    )
    assert cell.status == "ok", cell.reply
    assert "<svg" in str(cell.of("execute_result"))


def test_updates_in_place(front):
    cell = front.run('let mut h = display::html_handle("0");\nh.update("1");\ndisplay::clear(true);')
    assert cell.kinds() == ["display_data", "update_display_data", "clear_output"]
    first, second = cell.of("display_data")[0], cell.of("update_display_data")[0]
    assert first["transient"]["display_id"] == second["transient"]["display_id"]


def test_a_hundred_thousand_lines_arrive(front):
    cell = front.run('for i in 0..100_000 { println!("line {i}"); }')
    assert cell.text() == "".join(f"line {i}\n" for i in range(100_000))
    assert len(cell.messages) < 2000


def test_bytes_that_are_no_text_and_markers_that_are_text(front):
    cell = front.run(
        "use std::io::Write;\n"
        'std::io::stdout().write_all(b"a\\xff\\xc3\\xa9\\n").unwrap();\n'
        'println!("EVCXR_EXECUTION_COMPLETE");'
    )
    assert cell.text() == "a\ufffdé\nEVCXR_EXECUTION_COMPLETE\n"
    assert front.run("1 + 1").result() == "2"


def test_a_thread_that_panics_is_news_not_failure(front):
    cell = front.run('std::thread::spawn(|| panic!("elsewhere")).join().is_err()')
    assert cell.status == "ok" and cell.result() == "true"
    assert "elsewhere" in cell.text("stderr")


def test_one_static_for_all_cells(front):
    front.run("let at = std::ptr::from_ref(mlnotes::data::iris()) as usize;")
    assert front.run("at == std::ptr::from_ref(mlnotes::data::iris()) as usize").result() == "true"


def test_a_cell_without_history_keeps_its_own_text(front):
    front.run("fn hidden() -> u8 { 7 }", store_history=False)
    front.run("let visible: u8 = 1; // takes the number of the cell before")
    assert front.run("hidden() + visible").result() == "8"


def test_dep_still_works_for_other_crates():
    front = Front()
    try:
        # One that the environment lacks, and one that came along as a dependency's dependency.
        for code, result in [
            (':dep hex = "0.4"\nlet text: String = hex::encode("ab");\ntext', '"6162"'),
            (':dep itoa = "1"\nlet mut b = itoa::Buffer::new();\nb.format(42).to_owned()', '"42"'),
            ("hex::encode(b.format(7))", '"37"'),
        ]:
            cell = front.run(code, timeout=300)
            assert cell.result() == result, cell.reply
        assert front.run("use mlnotes::prelude::*;\narray![1.0].sum()").result() == "1.0"
    finally:
        front.close()
