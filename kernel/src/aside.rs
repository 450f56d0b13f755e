//! Questions that change nothing: completion, documentation, history. A thread of its own answers
//! them, so that Tab works while a cell runs.

use crate::engine::{self, Completeness};
use crate::session::{Request, Shared, catch, lock, media};
use jupyter_protocol::{
    CompleteReply, HistoryEntry, HistoryReply, HistoryRequest, InspectReply, IsCompleteReply,
    JupyterMessage, JupyterMessageContent, ReplyStatus, Status,
};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// How often what is not used is let go.
const TIDY: Duration = Duration::from_mins(1);

/// Whether a request is answered here.
pub fn answers(content: &JupyterMessageContent) -> bool {
    matches!(
        content,
        JupyterMessageContent::CompleteRequest(_)
            | JupyterMessageContent::InspectRequest(_)
            | JupyterMessageContent::IsCompleteRequest(_)
            | JupyterMessageContent::HistoryRequest(_)
            | JupyterMessageContent::CommInfoRequest(_)
    )
}

/// Serves requests until their sender is gone. Blocks: it is a thread of its own.
pub fn serve(
    requests: &Receiver<Request>,
    iopub: &UnboundedSender<JupyterMessage>,
    shared: &Arc<Shared>,
) {
    loop {
        let request = match requests.recv_timeout(TIDY) {
            Ok(request) => request,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(assistant) = shared.assistant.get() {
                    assistant.tidy();
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let parent = &request.message;
        let _ = iopub.send(Status::busy().as_child_of(parent));
        if let Some(reply) = answer(&parent.content, shared) {
            let _ = request.reply.send(JupyterMessage::new(reply, Some(parent)));
        }
        let _ = iopub.send(Status::idle().as_child_of(parent));
    }
}

fn answer(content: &JupyterMessageContent, shared: &Shared) -> Option<JupyterMessageContent> {
    Some(match content {
        JupyterMessageContent::CompleteRequest(ask) => {
            complete(shared, &ask.code, ask.cursor_pos).into()
        }
        JupyterMessageContent::InspectRequest(ask) => {
            inspect(shared, &ask.code, ask.cursor_pos).into()
        }
        JupyterMessageContent::IsCompleteRequest(ask) => match engine::is_complete(&ask.code) {
            Completeness::Complete => IsCompleteReply::complete(),
            Completeness::Incomplete { indent } => IsCompleteReply::incomplete(indent),
            Completeness::Invalid => IsCompleteReply::invalid(),
        }
        .into(),
        JupyterMessageContent::HistoryRequest(ask) => history(shared, ask).into(),
        JupyterMessageContent::CommInfoRequest(ask) => {
            lock(&shared.comms).info(ask.target_name.as_deref()).into()
        }
        _ => return None,
    })
}

fn complete(shared: &Shared, code: &str, cursor: usize) -> CompleteReply {
    let at = byte_offset(code, cursor);
    let none = engine::Completions { start: at, end: at, ..Default::default() };
    let found = match shared.assistant.get() {
        Some(assistant) => catch(|| assistant.complete(code, at)).unwrap_or(none),
        None => none,
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

fn inspect(shared: &Shared, code: &str, cursor: usize) -> InspectReply {
    let at = byte_offset(code, cursor);
    let assistant = shared.assistant.get();
    let found = assistant.and_then(|it| catch(|| it.inspect(code, at)).unwrap_or_default());
    let is_found = found.is_some();
    let bundle = found.unwrap_or_default();
    InspectReply {
        found: is_found,
        data: media(bundle.data),
        metadata: bundle.metadata,
        status: ReplyStatus::Ok,
        error: None,
    }
}

fn history(shared: &Shared, ask: &HistoryRequest) -> HistoryReply {
    let output = match ask {
        HistoryRequest::Tail { output, .. }
        | HistoryRequest::Range { output, .. }
        | HistoryRequest::Search { output, .. } => *output,
    };
    let entries = lock(&shared.history).find(ask).into_iter().map(|entry| {
        if output {
            HistoryEntry::InputOutput(entry.session, entry.line, (entry.code, entry.output))
        } else {
            HistoryEntry::Input(entry.session, entry.line, entry.code)
        }
    });
    HistoryReply::new(entries.collect())
}

/// The wire counts code points; strings here count bytes.
fn byte_offset(code: &str, code_points: usize) -> usize {
    code.char_indices().nth(code_points).map_or(code.len(), |(at, _)| at)
}

fn code_points(code: &str, byte: usize) -> usize {
    code[..byte.min(code.len())].chars().count()
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
}
