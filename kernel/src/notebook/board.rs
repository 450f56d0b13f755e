//! What a notebook shows while it runs: the outputs of all its cells, kept as Jupyter's own client
//! (nbclient) keeps them.

use crate::engine::{self, Bundle, CellError};
use crate::session::media;
use jupyter_protocol::ExecutionCount;
use nbformat::v4::{DisplayData, ErrorOutput, ExecuteResult, MultilineString, Output};
use std::collections::{BTreeMap, HashMap};

/// The outputs of all cells, by the cells' places.
#[derive(Default)]
pub struct Board {
    cells: BTreeMap<usize, Vec<Output>>,
    /// The cell that runs, and its execution count; what comes when none runs is nobody's.
    current: Option<(usize, u32)>,
    /// The next output of the cell takes the place of all that it has shown.
    clear_first: bool,
    /// The displays that bear an id: cells and places among their outputs.
    displays: HashMap<String, Vec<(usize, usize)>>,
}

impl Board {
    /// A cell begins.
    pub fn begin(&mut self, cell: usize, number: u32) {
        self.current = Some((cell, number));
        self.clear_first = false;
        self.cells.insert(cell, Vec::new());
    }

    /// The cell that runs shows something.
    pub fn take(&mut self, output: engine::Output) {
        let Some((cell, number)) = self.current else { return };
        match output {
            engine::Output::Stdout(text) => self.text("stdout", text),
            engine::Output::Stderr(text) => self.text("stderr", text),
            engine::Output::Display { bundle, id } => {
                if let Some(id) = &id {
                    self.update(id, &bundle);
                }
                let place = (cell, self.push(Output::DisplayData(display(bundle))));
                if let Some(id) = id {
                    self.displays.entry(id).or_default().push(place);
                }
            }
            engine::Output::Update { bundle, id } => self.update(&id, &bundle),
            engine::Output::Result(bundle) => {
                let DisplayData { data, metadata } = display(bundle);
                let execution_count = ExecutionCount::new(number as usize);
                self.push(Output::ExecuteResult(ExecuteResult { execution_count, data, metadata }));
            }
            engine::Output::Clear { wait: true } => self.clear_first = true,
            engine::Output::Clear { wait: false } => self.clear(),
            // For a front end's pager; a file has none.
            engine::Output::Page(_) => {}
        }
    }

    /// The cell that runs comes to its end.
    pub fn end(&mut self, result: &Result<(), CellError>) {
        if let Err(CellError { ename, evalue, traceback }) = result.clone() {
            self.push(Output::Error(ErrorOutput { ename, evalue, traceback }));
        }
        self.current = None;
    }

    /// What a cell has shown.
    pub fn of(&self, cell: usize) -> &[Output] {
        self.cells.get(&cell).map_or(&[], Vec::as_slice)
    }

    /// Text goes on where the same stream has just stopped: where it was cut depends on time.
    fn text(&mut self, stream: &str, more: String) {
        if !self.clear_first
            && let Some(Output::Stream { name, text }) = self.outputs().and_then(|o| o.last_mut())
            && name == stream
        {
            text.0.push_str(&more);
            return;
        }
        self.push(Output::Stream { name: stream.to_owned(), text: MultilineString(more) });
    }

    fn outputs(&mut self) -> Option<&mut Vec<Output>> {
        self.cells.get_mut(&self.current?.0)
    }

    /// Adds an output; tells its place among those of its cell.
    fn push(&mut self, output: Output) -> usize {
        if std::mem::take(&mut self.clear_first) {
            self.clear();
        }
        let Some(outputs) = self.outputs() else { return 0 };
        outputs.push(output);
        outputs.len() - 1
    }

    fn clear(&mut self) {
        let Some((cell, _)) = self.current else { return };
        self.cells.insert(cell, Vec::new());
        for places in self.displays.values_mut() {
            places.retain(|(of, _)| *of != cell);
        }
    }

    /// New content for all displays of this id, in whichever cell they stand.
    fn update(&mut self, id: &str, bundle: &Bundle) {
        for (cell, place) in self.displays.get(id).into_iter().flatten() {
            let output = self.cells.get_mut(cell).and_then(|outputs| outputs.get_mut(*place));
            if let Some(Output::DisplayData(shown)) = output {
                *shown = display(bundle.clone());
            }
        }
    }
}

fn display(bundle: Bundle) -> DisplayData {
    DisplayData { data: media(bundle.data), metadata: bundle.metadata }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bundle(text: &str) -> Bundle {
        let mut bundle = Bundle::default();
        bundle.data.insert("text/plain".to_owned(), json!(text));
        bundle
    }

    fn show(id: &str, text: &str) -> engine::Output {
        engine::Output::Display { bundle: bundle(text), id: Some(id.to_owned()) }
    }

    /// Kinds and texts of a cell's outputs.
    fn shown(board: &Board, cell: usize) -> String {
        let word = |output: &Output| match output {
            Output::Stream { name, text } => format!("{name}:{}", text.0),
            Output::DisplayData(shown) => {
                format!("display:{}", json!(shown)["data"]["text/plain"][0])
            }
            Output::ExecuteResult(shown) => format!("result:{}", shown.execution_count.0),
            Output::Error(error) => format!("error:{}", error.ename),
        };
        board.of(cell).iter().map(word).collect::<Vec<_>>().join(" ")
    }

    fn board(outputs: impl IntoIterator<Item = engine::Output>) -> Board {
        let mut board = Board::default();
        board.begin(3, 1);
        outputs.into_iter().for_each(|output| board.take(output));
        board
    }

    #[test]
    fn pieces_of_one_stream_are_one_output() {
        let out = |text: &str| engine::Output::Stdout(text.to_owned());
        let err = engine::Output::Stderr("e".to_owned());
        assert_eq!(
            shown(&board([out("a"), out("b"), err, out("c")]), 3),
            "stdout:ab stderr:e stdout:c"
        );
    }

    #[test]
    fn an_update_reaches_displays_of_earlier_cells() {
        let mut board = board([show("bar", "0 %"), show("other", "x")]);
        board.end(&Ok(()));
        board.begin(5, 2);
        board.take(engine::Output::Update { bundle: bundle("50 %"), id: "bar".to_owned() });
        assert_eq!(shown(&board, 3), r#"display:"50 %" display:"x""#);
        // A display with a known id is one more, and renews those before it.
        board.take(show("bar", "100 %"));
        assert_eq!(shown(&board, 3), r#"display:"100 %" display:"x""#);
        assert_eq!(shown(&board, 5), r#"display:"100 %""#);
    }

    #[test]
    fn clearing_waits_for_the_next_output_when_asked_to() {
        let out = || engine::Output::Stdout("a".to_owned());
        let clear = |wait| engine::Output::Clear { wait };
        assert_eq!(shown(&board([out(), clear(false)]), 3), "");
        assert_eq!(shown(&board([out(), clear(true)]), 3), "stdout:a");
        assert_eq!(shown(&board([out(), clear(true), out()]), 3), "stdout:a");
        let cleared = board([show("bar", "0 %"), clear(false), out()]);
        assert_eq!(shown(&cleared, 3), "stdout:a");
        let update = engine::Output::Update { bundle: bundle("late"), id: "bar".to_owned() };
        assert_eq!(shown(&board([show("bar", "0 %"), clear(false), out(), update]), 3), "stdout:a");
    }

    #[test]
    fn an_error_comes_last_and_late_output_is_nobodys() {
        let mut board = board([engine::Output::Result(bundle("1"))]);
        let error =
            CellError { ename: "Panic".to_owned(), evalue: String::new(), traceback: vec![] };
        board.end(&Err(error));
        board.take(engine::Output::Stdout("late".to_owned()));
        assert_eq!(shown(&board, 3), "result:1 error:Panic");
    }
}
