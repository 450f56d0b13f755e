//! Cells, one at a time: execution count, and the order of what the front end is told. Questions that
//! change nothing are answered beside them, by `aside`.

use crate::comms::Comms;
use crate::engine::{
    Assist, Bundle, Cell, CellError, Engine, EngineFactory, Interrupt, Output, Prompt, Sink,
};
use crate::history::History;
use jupyter_protocol::{
    ClearOutput, DisplayData, ErrorOutput, ExecuteInput, ExecuteReply, ExecuteRequest,
    ExecuteResult, ExecutionCount, ExpressionResult, JupyterMessage, JupyterMessageContent, Media,
    Payload, ReplyError, ReplyStatus, Status, Stdio, StreamContent, Transient, UpdateDisplayData,
};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
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

/// What the threads of a session share.
#[derive(Default)]
pub struct Shared {
    /// The engine's answers about code, once there is an engine.
    pub assistant: OnceLock<Arc<dyn Assist>>,
    /// Cells of this session and earlier ones.
    pub history: Mutex<History>,
    /// Open comms.
    pub comms: Mutex<Comms>,
    /// The running engine's interrupter, once there is one.
    pub interrupt: Mutex<Option<Arc<dyn Interrupt>>>,
}

/// A lock whose holder panicked guards data that is still whole.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the session's thread owns.
pub struct Session {
    iopub: UnboundedSender<JupyterMessage>,
    ask: Ask,
    engine: Result<Box<dyn Engine>, CellError>,
    shared: Arc<Shared>,
    count: usize,
    /// Cells that came before this moment are not run: one before them failed.
    abort_until: Option<Instant>,
}

/// Serves requests until their sender is gone. Blocks: it is a thread of its own.
pub fn serve(
    requests: &Receiver<Request>,
    iopub: UnboundedSender<JupyterMessage>,
    ask: Ask,
    factory: EngineFactory,
    shared: Arc<Shared>,
) {
    let engine = catch(factory).unwrap_or_else(Err);
    if let Ok(engine) = &engine {
        let _ = shared.assistant.set(engine.assistant());
        *lock(&shared.interrupt) = Some(engine.interrupter());
    }
    let mut session = Session { iopub, ask, engine, shared, count: 0, abort_until: None };
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
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, CellError> {
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
        match &parent.content {
            JupyterMessageContent::ExecuteRequest(execute) => {
                Some(self.execute(execute, request).into())
            }
            content => {
                let answers = lock(&self.shared.comms).handle(content);
                for answer in answers {
                    let _ = self.iopub.send(JupyterMessage::new(answer, Some(parent)));
                }
                None
            }
        }
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
        }
        if !execute.silent {
            let input = ExecuteInput { code: execute.code.clone(), execution_count: count };
            let _ = self.iopub.send(input.as_child_of(parent));
        }
        let cell =
            Cell { code: execute.code.clone(), number: u32::try_from(number).unwrap_or(u32::MAX) };
        let shown = Arc::new(Mutex::new(Shown::default()));
        let sink = self.sink(parent, count, execute.silent, &shown);
        let prompt = self.prompt(parent, execute.allow_stdin);
        let result = self.run(&cell, sink, Arc::clone(&prompt));
        let Shown { value, pages } = std::mem::take(&mut *lock(&shown));
        if counted {
            lock(&self.shared.history).add(number, &execute.code, &value);
        }
        self.tell_comms(parent);
        let Err(error) = result else {
            let expressions = execute.user_expressions.as_ref();
            let values = expressions
                .into_iter()
                .flatten()
                .map(|(name, code)| (name.clone(), self.expression(code, cell.number, &prompt)));
            return ExecuteReply {
                status: ReplyStatus::Ok,
                execution_count: count,
                user_expressions: Some(values.collect()),
                payload: pages,
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
            user_expressions: Some(HashMap::new()),
            payload: pages,
            error: Some(Box::new(ReplyError { ename, evalue, traceback })),
        }
    }

    fn run(&mut self, cell: &Cell, sink: Sink, prompt: Prompt) -> Result<(), CellError> {
        match &mut self.engine {
            Ok(engine) => catch(|| engine.execute(cell, sink, prompt)).unwrap_or_else(Err),
            Err(error) => Err(error.clone()),
        }
    }

    /// The value of an expression, after the cell that it came with; what it prints is not shown.
    fn expression(&mut self, code: &str, number: u32, prompt: &Prompt) -> ExpressionResult {
        let value = Arc::new(Mutex::new(Bundle::default()));
        let kept = Arc::clone(&value);
        let sink: Sink = Arc::new(move |output| {
            if let Output::Result(bundle) = output {
                *lock(&kept) = bundle;
            }
        });
        let cell = Cell { code: code.to_owned(), number };
        match self.run(&cell, sink, Arc::clone(prompt)) {
            Ok(()) => {
                let Bundle { data, metadata } = std::mem::take(&mut *lock(&value));
                ExpressionResult::Ok { data: media(data), metadata }
            }
            Err(CellError { ename, evalue, traceback }) => {
                ExpressionResult::Error { ename, evalue, traceback }
            }
        }
    }

    /// Those who watch the variables hear of them after each cell.
    fn tell_comms(&self, parent: &JupyterMessage) {
        let Ok(engine) = &self.engine else { return };
        for message in lock(&self.shared.comms).variables(engine.variables()) {
            let _ = self.iopub.send(JupyterMessage::new(message, Some(parent)));
        }
    }

    fn sink(
        &self,
        parent: &JupyterMessage,
        count: ExecutionCount,
        silent: bool,
        shown: &Arc<Mutex<Shown>>,
    ) -> Sink {
        let iopub = self.iopub.clone();
        let parent = parent.clone();
        let shown = Arc::clone(shown);
        Arc::new(move |output| {
            match &output {
                Output::Result(bundle) => {
                    let text = bundle.data.get("text/plain").and_then(Value::as_str);
                    text.unwrap_or_default().clone_into(&mut lock(&shown).value);
                }
                Output::Page(bundle) => {
                    let page = Payload::Page { data: media(bundle.data.clone()), start: 0 };
                    lock(&shown).pages.push(page);
                    return;
                }
                _ => {}
            }
            if !silent {
                let _ = iopub.send(JupyterMessage::new(content(output, count), Some(&parent)));
            }
        })
    }

    fn prompt(&self, parent: &JupyterMessage, allowed: bool) -> Prompt {
        let ask = Arc::clone(&self.ask);
        let parent = parent.clone();
        Arc::new(move |text, password| if allowed { ask(&parent, text, password) } else { None })
    }
}

/// What a cell has shown, as far as its reply and the history want to know.
#[derive(Default)]
struct Shown {
    /// Its value as text.
    value: String,
    /// Pages for the front end's pager.
    pages: Vec<Payload>,
}

pub fn media(data: Map<String, Value>) -> Media {
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
        // Goes into the reply; whatever is left of it here is shown as a display.
        Output::Page(bundle) => {
            let (data, metadata) = parts(bundle);
            DisplayData { data, metadata, transient: None }.into()
        }
    }
}
