//! Displays of cells: frames on a socket of their own, each answered before the cell goes on.

use super::reader::{Reader, Stream};
use crate::engine::{Bundle, Output};
use serde_json::{Map, Value};
use std::io::{Read, Write};
use std::sync::atomic::Ordering;

/// A display longer than this is a mistake in the cell, not a picture.
const MAX_DISPLAY: usize = 256 << 20;

impl Reader {
    pub(super) fn read_displays(&mut self) {
        let mut buffer = [0; 16 << 10];
        while let Ok(n @ 1..) = self.displays.read(&mut buffer) {
            self.frame.extend_from_slice(&buffer[..n]);
        }
        while let Some(message) = self.take_frame() {
            self.drain();
            let line = std::mem::take(&mut self.out.line);
            self.text(Stream::Out, &line);
            self.flush_bundle();
            self.flush_text(true);
            self.handle_display(&message);
            let stop = self.shared.interrupted.load(Ordering::SeqCst);
            let _ = self.displays.write_all(if stop { b"i" } else { b"k" });
        }
    }

    pub(super) fn take_frame(&mut self) -> Option<Vec<u8>> {
        let head = *self.frame.first_chunk::<4>()?;
        let n = u32::from_le_bytes(head) as usize;
        if n > MAX_DISPLAY {
            self.frame.clear();
            return None;
        }
        if self.frame.len() < 4 + n {
            return None;
        }
        let message = self.frame[4..4 + n].to_vec();
        self.frame.drain(..4 + n);
        Some(message)
    }

    pub(super) fn handle_display(&mut self, message: &[u8]) {
        let Ok(Value::Object(mut message)) = serde_json::from_slice(message) else {
            tracing::warn!("a display message that is no JSON object");
            return;
        };
        let mut object = |name: &str| match message.remove(name) {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let bundle = Bundle { data: object("data"), metadata: object("metadata") };
        let id = message.get("display_id").and_then(Value::as_str).map(str::to_owned);
        let flag = |name: &str| message.get(name).and_then(Value::as_bool).unwrap_or(false);
        match (message.get("type").and_then(Value::as_str), id) {
            (Some("display_data"), None) if flag("result") => self.emit(Output::Result(bundle)),
            (Some("display_data"), id) => self.emit(Output::Display { bundle, id }),
            (Some("update_display_data"), Some(id)) => self.emit(Output::Update { bundle, id }),
            (Some("clear_output"), _) => self.emit(Output::Clear { wait: flag("wait") }),
            (Some("interrupt_check"), _) => {}
            other => tracing::warn!(?other, "an unknown display message"),
        }
    }
}
