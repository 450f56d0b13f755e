//! One request at a time: execution count, history, and the order of what the front end is told.

use crate::engine::{
    Bundle, Cell, CellError, Completeness, Engine, EngineFactory, Interrupt, Output, Prompt, Sink,
};
use jupyter_protocol::{
    ClearOutput, CommClose, CommInfoReply, CompleteReply, DisplayData, ErrorOutput, ExecuteInput,
    ExecuteReply, ExecuteRequest, ExecuteResult, ExecutionCount, HistoryEntry, HistoryReply,
    HistoryRequest, InspectReply, IsCompleteReply, JupyterMessage, JupyterMessageContent, Media,
    ReplyError, ReplyStatus, Status, Stdio, StreamContent, Transient, UpdateDisplayData,
};
use serde_json::{Map, Value, json};
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc::UnboundedSender;

/// A request, when it came, and where its reply goes.
pub struct Request {
    /// What is asked.
    pub message: JupyterMessage,
    /// When it was read from its socket.
    pub arrived: Instant,
    /// Takes the reply.
    pub reply: UnboundedSender<JupyterMessage>,
}

/// Asks the front end on the stdin socket: parent, prompt, password.
pub type Ask = Arc<dyn Fn(&JupyterMessage, &str, bool) -> Option<String> + Send + Sync>;

/// The running engine's interrupter, once there is one.
pub type SharedInterrupt = Arc<Mutex<Option<Arc<dyn Interrupt>>>>;

/// What the session's thread owns.
pub struct Session {
    iopub: UnboundedSender<JupyterMessage>,
    ask: Ask,
    engine: Result<Box<dyn Engine>, CellError>,
    count: usize,
    history: Vec<(usize, String)>,
    /// Cells that came before this moment are not run: one before them failed.
    abort_until: Option<Instant>,
}

/// Serves requests until their sender is gone. Blocks: it is a thread of its own.
pub fn serve(
    requests: &Receiver<Request>,
    iopub: UnboundedSender<JupyterMessage>,
    ask: Ask,
    factory: EngineFactory,
    interrupt: &SharedInterrupt,
) {
    let engine = catch(factory).unwrap_or_else(Err);
    if let Ok(engine) = &engine {
        let handle = engine.interrupter();
        *interrupt.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
    }
    let mut session =
        Session { iopub, ask, engine, count: 0, history: Vec::new(), abort_until: None };
    let mut warm = session.engine.is_err();
    loop {
        let request = if warm {
            requests.recv().ok()
        } else {
            match requests.try_recv() {
                Ok(request) => Some(request),
                Err(TryRecvError::Disconnected) => None,
                Err(TryRecvError::Empty) => {
                    warm = session.engine.as_mut().is_ok_and(|engine| engine.warm_up());
                    continue;
                }
            }
        };
        let Some(request) = request else { return };
        session.handle(&request);
    }
}

/// A fault of the engine's own must answer the cell, not end the kernel.
fn catch<T>(work: impl FnOnce() -> T) -> Result<T, CellError> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let text = payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default();
        tracing::error!(text, "the engine panicked");
        let evalue = format!("the kernel's engine failed: {text}");
        let help = "restart the kernel if the next cell fails too".to_owned();
        CellError { ename: "KernelError".to_owned(), traceback: vec![evalue.clone(), help], evalue }
    })
}

impl Session {
    /// Busy, the work, the reply, idle: for every request, whatever happens in between.
    fn handle(&mut self, request: &Request) {
        let parent = &request.message;
        let _ = self.iopub.send(Status::busy().as_child_of(parent));
        if let Some(reply) = self.answer(request) {
            let mut reply = JupyterMessage::new(reply, Some(parent));
            if let (JupyterMessageContent::ExecuteRequest(_), Ok(engine)) =
                (&parent.content, &self.engine)
            {
                reply.metadata = Value::Object(engine.metadata());
            }
            let _ = request.reply.send(reply);
        }
        let _ = self.iopub.send(Status::idle().as_child_of(parent));
    }

    fn answer(&mut self, request: &Request) -> Option<JupyterMessageContent> {
        let parent = &request.message;
        Some(match &parent.content {
            JupyterMessageContent::ExecuteRequest(execute) => self.execute(execute, request).into(),
            JupyterMessageContent::CompleteRequest(complete) => {
                self.complete(&complete.code, complete.cursor_pos).into()
            }
            JupyterMessageContent::InspectRequest(inspect) => {
                self.inspect(&inspect.code, inspect.cursor_pos).into()
            }
            JupyterMessageContent::IsCompleteRequest(is_complete) => {
                match crate::engine::is_complete(&is_complete.code) {
                    Completeness::Complete => IsCompleteReply::complete(),
                    Completeness::Incomplete { indent } => IsCompleteReply::incomplete(indent),
                    Completeness::Invalid => IsCompleteReply::invalid(),
                }
                .into()
            }
            JupyterMessageContent::HistoryRequest(history) => self.history(history).into(),
            JupyterMessageContent::CommInfoRequest(_) => CommInfoReply::default().into(),
            JupyterMessageContent::CommOpen(open) => {
                // No comm target lives here; the front end is told at once, as the protocol asks.
                let close = CommClose { comm_id: open.comm_id.clone(), data: Map::default() };
                let _ = self.iopub.send(close.as_child_of(parent));
                return None;
            }
            _ => return None,
        })
    }

    fn execute(&mut self, execute: &ExecuteRequest, request: &Request) -> ExecuteReply {
        let parent = &request.message;
        if self.abort_until.is_some_and(|until| request.arrived <= until) {
            return ExecuteReply {
                status: ReplyStatus::Aborted,
                execution_count: ExecutionCount::new(self.count),
                ..ExecuteReply::default()
            };
        }
        let counted = execute.store_history && !execute.silent;
        let number = self.count + 1;
        let count = ExecutionCount::new(number);
        if counted {
            self.count = number;
            self.history.push((number, execute.code.clone()));
        }
        if !execute.silent {
            let input = ExecuteInput { code: execute.code.clone(), execution_count: count };
            let _ = self.iopub.send(input.as_child_of(parent));
        }
        let cell =
            Cell { code: execute.code.clone(), number: u32::try_from(number).unwrap_or(u32::MAX) };
        let sink = self.sink(parent, count, execute.silent);
        let prompt = self.prompt(parent, execute.allow_stdin);
        let result = match &mut self.engine {
            Ok(engine) => catch(|| engine.execute(&cell, sink, prompt)).unwrap_or_else(Err),
            Err(error) => Err(error.clone()),
        };
        let user_expressions = Some(std::collections::HashMap::new());
        let Err(error) = result else {
            let status = ReplyStatus::Ok;
            return ExecuteReply {
                status,
                execution_count: count,
                user_expressions,
                ..ExecuteReply::default()
            };
        };
        if execute.stop_on_error {
            self.abort_until = Some(Instant::now());
        }
        let CellError { ename, evalue, traceback } = error;
        if !execute.silent {
            let (ename, evalue, traceback) = (ename.clone(), evalue.clone(), traceback.clone());
            let output = ErrorOutput { ename, evalue, traceback };
            let _ = self.iopub.send(output.as_child_of(parent));
        }
        ExecuteReply {
            status: ReplyStatus::Error,
            execution_count: count,
            user_expressions,
            error: Some(Box::new(ReplyError { ename, evalue, traceback })),
            ..ExecuteReply::default()
        }
    }

    fn sink(&self, parent: &JupyterMessage, count: ExecutionCount, silent: bool) -> Sink {
        let iopub = self.iopub.clone();
        let parent = parent.clone();
        Arc::new(move |output| {
            if silent {
                return;
            }
            let _ = iopub.send(JupyterMessage::new(content(output, count), Some(&parent)));
        })
    }

    fn prompt(&self, parent: &JupyterMessage, allowed: bool) -> Prompt {
        let ask = Arc::clone(&self.ask);
        let parent = parent.clone();
        Arc::new(move |text, password| if allowed { ask(&parent, text, password) } else { None })
    }

    fn complete(&mut self, code: &str, cursor: usize) -> CompleteReply {
        let at = byte_offset(code, cursor);
        let found = match &mut self.engine {
            Ok(engine) => catch(|| engine.complete(code, at)).unwrap_or_default(),
            Err(_) => crate::engine::Completions { start: at, end: at, ..Default::default() },
        };
        let (start, end) = (code_points(code, found.start), code_points(code, found.end));
        let typed: Vec<Value> = found
            .matches
            .iter()
            .map(|(text, kind)| {
                let kind = kind.as_deref().unwrap_or("<unknown>");
                json!({ "text": text, "type": kind, "start": start, "end": end })
            })
            .collect();
        let mut metadata = Map::new();
        metadata.insert("_jupyter_types_experimental".to_owned(), Value::Array(typed));
        CompleteReply {
            matches: found.matches.into_iter().map(|(text, _)| text).collect(),
            cursor_start: start,
            cursor_end: end,
            metadata,
            status: ReplyStatus::Ok,
            error: None,
        }
    }

    fn inspect(&mut self, code: &str, cursor: usize) -> InspectReply {
        let at = byte_offset(code, cursor);
        let found = match &mut self.engine {
            Ok(engine) => catch(|| engine.inspect(code, at)).unwrap_or_default(),
            Err(_) => None,
        };
        let bundle = found.clone().unwrap_or_default();
        InspectReply {
            found: found.is_some(),
            data: media(bundle.data),
            metadata: bundle.metadata,
            status: ReplyStatus::Ok,
            error: None,
        }
    }

    fn history(&self, request: &HistoryRequest) -> HistoryReply {
        let all = || self.history.iter().map(|(number, code)| (*number, code.clone()));
        let last = |entries: Vec<(usize, String)>, n: i32| {
            let skip = entries.len().saturating_sub(usize::try_from(n).unwrap_or(0));
            entries.into_iter().skip(skip).collect::<Vec<_>>()
        };
        let (entries, output) = match request {
            HistoryRequest::Tail { n, output, .. } => (last(all().collect(), *n), *output),
            HistoryRequest::Range { start, stop, output, .. } => {
                let number = |(n, _): &(usize, String)| i32::try_from(*n).unwrap_or(i32::MAX);
                let inside = |e: &(usize, String)| (*start..*stop).contains(&number(e));
                (all().filter(inside).collect(), *output)
            }
            HistoryRequest::Search { pattern, unique, n, output, .. } => {
                let mut found: Vec<_> = all().filter(|(_, code)| glob(pattern, code)).collect();
                if *unique {
                    let mut seen = std::collections::BTreeSet::new();
                    found.reverse();
                    found.retain(|(_, code)| seen.insert(code.clone()));
                    found.reverse();
                }
                (last(found, *n), *output)
            }
        };
        let entry = |(number, code)| {
            if output {
                HistoryEntry::InputOutput(0, number, (code, String::new()))
            } else {
                HistoryEntry::Input(0, number, code)
            }
        };
        HistoryReply::new(entries.into_iter().map(entry).collect())
    }
}

/// `*` and `?` as a shell has them.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let mut reach = vec![false; text.len() + 1];
    reach[0] = true;
    for p in pattern {
        let before = reach.clone();
        for j in 0..=text.len() {
            reach[j] = match p {
                '*' => before[j] || (j > 0 && reach[j - 1]),
                '?' => j > 0 && before[j - 1],
                c => j > 0 && before[j - 1] && text[j - 1] == c,
            };
        }
    }
    reach[text.len()]
}

/// The wire counts code points; strings here count bytes.
fn byte_offset(code: &str, code_points: usize) -> usize {
    code.char_indices().nth(code_points).map_or(code.len(), |(at, _)| at)
}

fn code_points(code: &str, byte: usize) -> usize {
    code[..byte.min(code.len())].chars().count()
}

fn media(data: Map<String, Value>) -> Media {
    serde_json::from_value(Value::Object(data)).unwrap_or_default()
}

fn content(output: Output, count: ExecutionCount) -> JupyterMessageContent {
    let stream = |name, text| StreamContent { name, text }.into();
    let parts = |bundle: Bundle| (media(bundle.data), bundle.metadata);
    match output {
        Output::Stdout(text) => stream(Stdio::Stdout, text),
        Output::Stderr(text) => stream(Stdio::Stderr, text),
        Output::Display { bundle, id } => {
            let (data, metadata) = parts(bundle);
            let transient = Some(Transient { display_id: id });
            DisplayData { data, metadata, transient }.into()
        }
        Output::Update { bundle, id } => {
            let (data, metadata) = parts(bundle);
            let transient = Transient { display_id: Some(id) };
            UpdateDisplayData { data, metadata, transient }.into()
        }
        Output::Result(bundle) => {
            let (data, metadata) = parts(bundle);
            ExecuteResult {
                execution_count: count,
                data,
                metadata,
                transient: Some(Transient { display_id: None }),
            }
            .into()
        }
        Output::Clear { wait } => ClearOutput { wait }.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_code_points() {
        let code = "é서😀x";
        for (points, bytes) in [(0, 0), (1, 2), (2, 5), (3, 9), (4, 10), (99, 10)] {
            assert_eq!(byte_offset(code, points), bytes);
        }
        assert_eq!(code_points(code, 9), 3);
    }

    #[test]
    fn history_is_searched_as_a_shell_would() {
        assert!(glob("let*", "let x = 1;"));
        assert!(glob("*x?=*", "let x = 1;"));
        assert!(!glob("x*", "let x = 1;"));
    }
}
