//! The sockets: the only file that knows `ZeroMQ`. One task a socket; `IOPub` has one writer, so that what
//! the front end sees has one order. The connection's key is never printed.

use crate::aside;
use crate::engine::EngineFactory;
use crate::history::History;
use crate::session::{self, Ask, Request, Shared, lock};
use anyhow::{Context, Result};
use jupyter_protocol::{
    CodeMirrorMode, ConnectionInfo, HelpLink, InputRequest, InterruptReply, IoPubWelcome,
    JupyterMessage, JupyterMessageContent, KernelInfoReply, LanguageInfo, ReplyStatus,
    ShutdownReply, Status,
};
use jupyter_zmq_client as zmq;
use serde_json::{Value, json};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zeromq::{SocketRecv, SocketSend};

type Outgoing = UnboundedSender<JupyterMessage>;
type Answer = Arc<Mutex<Option<Sender<Option<String>>>>>;

/// Serves one front end until it says shutdown, or its process is gone.
///
/// # Errors
/// When a socket cannot be bound.
pub async fn run(info: ConnectionInfo, factory: EngineFactory) -> Result<()> {
    let id = uuid::Uuid::new_v4().to_string();
    let taken = "is another kernel using this connection file?";
    let iopub = zmq::create_kernel_iopub_xpub_connection(&info, &id).await.context(taken)?;
    let shell = zmq::create_kernel_shell_connection(&info, &id).await.context(taken)?;
    let control = zmq::create_kernel_control_connection(&info, &id).await.context(taken)?;
    let stdin = zmq::create_kernel_stdin_connection(&info, &id).await.context(taken)?;
    let heartbeat = zmq::create_kernel_heartbeat_connection(&info).await.context(taken)?;

    let (to_iopub, from_all) = unbounded_channel();
    let (to_stdin, asks) = unbounded_channel();
    let history = Mutex::new(History::open());
    let shared = Arc::new(Shared { history, ..Shared::default() });
    let answer: Answer = Arc::default();
    let (cells, queue) = std::sync::mpsc::channel();
    let (questions, asked) = std::sync::mpsc::channel();

    tokio::spawn(iopub_task(iopub, from_all));
    tokio::spawn(heartbeat_task(heartbeat));
    let (stdin_out, stdin_in) = stdin.split();
    tokio::spawn(writer_task(stdin_out, asks));
    tokio::spawn(stdin_task(stdin_in, Arc::clone(&answer)));
    let (shell_out, shell_in) = shell.split();
    let (to_shell, shell_replies) = unbounded_channel();
    tokio::spawn(writer_task(shell_out, shell_replies));
    let shell = Shell { cells, questions, reply: to_shell, iopub: to_iopub.clone() };
    tokio::spawn(shell_task(shell_in, shell));

    let ask = ask_by(to_stdin, Arc::clone(&answer));
    let session_iopub = to_iopub.clone();
    let session_shared = Arc::clone(&shared);
    std::thread::Builder::new()
        .name("session".to_owned())
        .stack_size(64 << 20)
        .spawn(move || session::serve(&queue, session_iopub, ask, factory, session_shared))?;
    let (aside_iopub, aside_shared) = (to_iopub.clone(), Arc::clone(&shared));
    std::thread::Builder::new()
        .name("aside".to_owned())
        .spawn(move || aside::serve(&asked, &aside_iopub, &aside_shared))?;

    tokio::select! {
        () = control_task(control, to_iopub, &shared, &answer) => {}
        () = parent_gone() => tracing::info!("the parent process is gone"),
        () = terminated() => tracing::info!("asked to terminate"),
    }
    if let Some(interrupt) = &*lock(&shared.interrupt) {
        interrupt.terminate();
    }
    // A sent message is only queued: give the sockets a moment, or the shutdown reply is lost.
    tokio::time::sleep(Duration::from_millis(150)).await;
    Ok(())
}

/// Reads on until the socket is closed: a wrong signature or a malformed frame is dropped and logged.
async fn read<S: SocketRecv>(
    socket: &mut zmq::Connection<S>,
    name: &str,
) -> Option<JupyterMessage> {
    let mut failures = 0;
    loop {
        let frames = match socket.socket.recv().await {
            Ok(frames) => zmq::RawMessage::from_multipart(frames, &socket.mac),
            Err(error) => Err(error.into()),
        };
        match frames.map_err(anyhow::Error::from).and_then(message) {
            Ok(message) => return Some(message),
            Err(error) => {
                tracing::warn!(name, %error, "dropped a message");
                failures += 1;
                if failures > 1000 {
                    // Not a bad message but a dead socket.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

/// A message from frames whose signature is right. Front ends leave out fields that have a default.
fn message(raw: zmq::RawMessage) -> Result<JupyterMessage> {
    let part = |i: usize| raw.jparts.get(i).map(AsRef::as_ref).context("a frame is missing");
    let header: jupyter_protocol::Header = serde_json::from_slice(part(0)?)?;
    let mut content: Value = serde_json::from_slice(part(3)?)?;
    if let Some(content) = content.as_object_mut() {
        let defaults = match header.msg_type.as_str() {
            "execute_request" => json!({ "silent": false, "store_history": true }),
            "history_request" => json!({
                "raw": true, "output": false, "n": i32::MAX, "unique": false, "pattern": "*",
                "session": 0, "start": 0, "stop": i32::MAX,
            }),
            "shutdown_request" => json!({ "restart": false }),
            _ => json!({}),
        };
        for (name, value) in defaults.as_object().into_iter().flatten() {
            let given = content.entry(name.clone()).or_insert(Value::Null);
            if given.is_null() {
                given.clone_from(value);
            }
        }
    }
    let parsed = JupyterMessageContent::from_type_and_content(&header.msg_type, content)?;
    Ok(JupyterMessage {
        parent_header: serde_json::from_slice(part(1)?).ok(),
        metadata: serde_json::from_slice(part(2)?)?,
        content: parsed,
        buffers: raw.jparts.iter().skip(4).cloned().collect(),
        channel: None,
        header,
        zmq_identities: raw.zmq_identities,
    })
}

async fn iopub_task(
    mut socket: zmq::KernelIoPubXPubConnection,
    mut messages: UnboundedReceiver<JupyterMessage>,
) {
    let starting = JupyterMessage::new(Status::starting(), None);
    let mut queue = vec![starting];
    loop {
        for message in queue.drain(..) {
            if let Err(error) = socket.send(message).await {
                tracing::warn!(%error, "IOPub");
            }
        }
        tokio::select! {
            event = socket.recv_subscription() => {
                if let Ok(zmq::SubscriptionEvent::Subscribe(topic)) = event {
                    queue.push(JupyterMessage::new(IoPubWelcome::new(topic), None));
                }
            }
            message = messages.recv() => match message {
                // Identities route replies; on IOPub they would stand where the topic stands.
                Some(message) => queue.push(message.with_zmq_identities(Vec::new())),
                None => return,
            },
        }
    }
}

async fn heartbeat_task(mut heartbeat: zmq::KernelHeartbeatConnection) {
    loop {
        // An echo, as the protocol asks, from a task of its own: it beats while a cell runs.
        match heartbeat.socket.recv().await {
            Ok(message) => {
                let _ = heartbeat.socket.send(message).await;
            }
            Err(error) => {
                tracing::warn!(%error, "heartbeat");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn writer_task<S: SocketSend>(
    mut socket: zmq::Connection<S>,
    mut messages: UnboundedReceiver<JupyterMessage>,
) {
    while let Some(message) = messages.recv().await {
        if let Err(error) = socket.send(message).await {
            tracing::warn!(%error, "a reply could not be sent");
        }
    }
}

struct Shell {
    /// To the thread that runs cells.
    cells: Sender<Request>,
    /// To the thread that answers beside it.
    questions: Sender<Request>,
    reply: Outgoing,
    iopub: Outgoing,
}

async fn shell_task(mut socket: zmq::Connection<zeromq::RouterRecvHalf>, shell: Shell) {
    while let Some(message) = read(&mut socket, "shell").await {
        // Answered here, so that a front end need not wait for the engine.
        if let JupyterMessageContent::KernelInfoRequest(_) = message.content {
            let _ = shell.iopub.send(Status::busy().as_child_of(&message));
            let _ = shell.reply.send(JupyterMessage::new(kernel_info(), Some(&message)));
            let _ = shell.iopub.send(Status::idle().as_child_of(&message));
            continue;
        }
        let request = Request { message, arrived: Instant::now(), reply: shell.reply.clone() };
        let to =
            if aside::answers(&request.message.content) { &shell.questions } else { &shell.cells };
        if to.send(request).is_err() {
            return;
        }
    }
}

async fn control_task(
    mut socket: zmq::KernelControlConnection,
    iopub: Outgoing,
    shared: &Shared,
    answer: &Answer,
) {
    while let Some(message) = read(&mut socket, "control").await {
        let _ = iopub.send(Status::busy().as_child_of(&message));
        let mut shut_down = false;
        let reply = match &message.content {
            JupyterMessageContent::KernelInfoRequest(_) => Some(kernel_info()),
            JupyterMessageContent::InterruptRequest(_) => {
                let current = lock(&shared.interrupt).clone();
                if let Some(current) = current {
                    // It may take a second; the reply need not.
                    std::thread::spawn(move || current.interrupt());
                }
                give_up_asking(answer);
                Some(InterruptReply::default().into())
            }
            JupyterMessageContent::ShutdownRequest(request) => {
                shut_down = true;
                let (restart, status) = (request.restart, ReplyStatus::Ok);
                let reply = ShutdownReply { restart, status, error: None };
                let _ = iopub.send(reply.as_child_of(&message));
                Some(reply.into())
            }
            _ => None,
        };
        if let Some(reply) = reply {
            let _ = socket.send(JupyterMessage::new(reply, Some(&message))).await;
        }
        let _ = iopub.send(Status::idle().as_child_of(&message));
        if shut_down {
            give_up_asking(answer);
            return;
        }
    }
}

async fn stdin_task(mut socket: zmq::Connection<zeromq::RouterRecvHalf>, answer: Answer) {
    while let Some(message) = read(&mut socket, "stdin").await {
        if let JupyterMessageContent::InputReply(reply) = message.content {
            let waiting = lock(&answer).take();
            if let Some(waiting) = waiting {
                let _ = waiting.send(Some(reply.value));
            }
        }
    }
}

fn ask_by(stdin: Outgoing, answer: Answer) -> Ask {
    Arc::new(move |parent, prompt, password| {
        let (sender, receiver) = std::sync::mpsc::channel();
        *lock(&answer) = Some(sender);
        let request = InputRequest { prompt: prompt.to_owned(), password };
        stdin.send(request.as_child_of(parent)).ok()?;
        receiver.recv().ok().flatten()
    })
}

fn give_up_asking(answer: &Answer) {
    if let Some(waiting) = lock(answer).take() {
        let _ = waiting.send(None);
    }
}

fn kernel_info() -> JupyterMessageContent {
    let link = |text: &str, url: &str| HelpLink { text: text.to_owned(), url: url.to_owned() };
    KernelInfoReply {
        status: ReplyStatus::Ok,
        protocol_version: "5.4".to_owned(),
        implementation: "mlnotes-kernel".to_owned(),
        implementation_version: env!("CARGO_PKG_VERSION").to_owned(),
        language_info: LanguageInfo {
            name: "rust".to_owned(),
            version: rust_version(),
            mimetype: Some("text/rust".to_owned()),
            file_extension: Some(".rs".to_owned()),
            pygments_lexer: Some("rust".to_owned()),
            codemirror_mode: Some(CodeMirrorMode::Simple("rust".to_owned())),
            nbconvert_exporter: Some("script".to_owned()),
        },
        banner: format!("Rust (mlnotes) {}", env!("CARGO_PKG_VERSION")),
        help_links: vec![
            link("The Rust book", "https://doc.rust-lang.org/book/"),
            link("ndarray", "https://docs.rs/ndarray/0.16"),
        ],
        debugger: false,
        error: None,
    }
    .into()
}

fn rust_version() -> String {
    static VERSION: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let ask = || {
        let text = crate::toolchain::tell(&["--version"]).ok()?;
        text.split_whitespace().nth(1).map(str::to_owned)
    };
    VERSION.get_or_init(|| ask().unwrap_or_else(|| "unknown".to_owned())).clone()
}

/// Jupyter names the process that started us; when it is gone nobody will say shutdown.
async fn parent_gone() {
    let parent = std::env::var("JPY_PARENT_PID").ok().and_then(|pid| pid.parse::<i32>().ok());
    let Some(parent) = parent.filter(|&pid| pid > 1) else {
        return std::future::pending().await;
    };
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let there = nix::sys::signal::kill(nix::unistd::Pid::from_raw(parent), None);
        if there == Err(nix::Error::ESRCH) {
            return;
        }
    }
}

async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}
