//! Events: what the process of cells tells about itself and about the cell that runs.

use super::reader::{Input, Reader, Stream};
use super::{Failed, Panic, lock};
use crate::engine::{Output, wire};
use std::io::Read;
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;

impl Reader {
    pub(super) fn handle_event(&mut self, event: &[String]) {
        let field = |i: usize| event.get(i).map_or("", String::as_str);
        let number = |i: usize| field(i).parse().unwrap_or(0);
        match field(0) {
            "hello" => {
                let mut buffer = [0; 16 << 10];
                while let Ok(1..) = self.displays.read(&mut buffer) {}
                self.frame.clear();
                self.shared.pid.store(field(1).parse().unwrap_or(0), Ordering::SeqCst);
                wire::send(self.events.as_fd(), &["go"]);
            }
            "running" => self.shared.running.store(true, Ordering::SeqCst),
            "done" => {
                self.read_displays();
                self.flush_all();
                self.report_caught_panic();
                self.over();
            }
            "exited" => self.exited(event),
            "broken" => lock(&self.shared.report).broken = Some(field(1).to_owned()),
            "panicked" | "dropped" => {
                let mut report = lock(&self.shared.report);
                report.panicked |= field(0) == "panicked";
                report.dropped |= field(0) == "dropped";
                let frames: Vec<String> = field(2).split_whitespace().map(str::to_owned).collect();
                // A hook of the user's own stands before ours: then it is the payload that speaks.
                if report.panic.as_ref().is_none_or(|p| p.message != field(1)) {
                    report.panic = Some(Panic::unheard(field(1), frames));
                }
            }
            "panic" => self.handle_panic(event),
            "failed" => {
                lock(&self.shared.report).failed = Some(Failed {
                    at: (field(1).to_owned(), number(2), number(3)),
                    kind: field(4).to_owned(),
                    words: field(5).to_owned(),
                    text: field(6).to_owned(),
                });
            }
            "input" => self.ask(),
            other => tracing::warn!(other, "an unknown event"),
        }
    }

    /// All that the cell wrote has gone out.
    pub(super) fn over(&mut self) {
        self.release();
        self.input = Input::default();
        self.shared.running.store(false, Ordering::SeqCst);
        *lock(&self.shared.over.0) = true;
        self.shared.over.1.notify_all();
    }

    pub(super) fn exited(&mut self, event: &[String]) {
        let cause = event.get(2).cloned().unwrap_or_default();
        let pid = event.get(1).and_then(|pid| pid.parse().ok()).unwrap_or(0);
        let current = self.shared.pid.compare_exchange(pid, 0, Ordering::SeqCst, Ordering::SeqCst);
        self.read_displays();
        self.flush_all();
        let idle = *lock(&self.shared.over.0);
        // One that died before its first word is the current one, too.
        if current.is_err() && current != Err(0) {
            return;
        }
        if idle {
            *lock(&self.shared.gone) = Some(cause.clone());
            let text = format!(
                "the process that runs cells {cause}: the variables of all cells are lost; functions \
                 and imports are kept\n"
            );
            self.emit(Output::Stderr(text));
        } else {
            lock(&self.shared.report).exited = Some(cause);
            self.over();
        }
    }

    pub(super) fn handle_panic(&mut self, event: &[String]) {
        let field = |i: usize| event.get(i).map_or("", String::as_str);
        let panic = Panic {
            file: field(3).to_owned(),
            line: field(4).parse().unwrap_or(0),
            column: field(5).parse().unwrap_or(0),
            frames: field(6).split_whitespace().map(str::to_owned).collect(),
            message: field(7).to_owned(),
        };
        if field(1) == "cell" {
            let earlier = lock(&self.shared.report).panic.replace(panic);
            if let Some(earlier) = earlier {
                self.text(Stream::Err, panic_text("the cell", &earlier).as_bytes());
            }
        } else {
            // A thread's panic is the cell's failure only where the cell joins it and unwraps.
            let who = format!("thread `{}`", field(2));
            self.text(Stream::Err, panic_text(&who, &panic).as_bytes());
        }
    }

    /// A panic that the cell itself caught is news, not a failure.
    pub(super) fn report_caught_panic(&mut self) {
        let caught = {
            let mut report = lock(&self.shared.report);
            if report.panicked || report.dropped { None } else { report.panic.take() }
        };
        if let Some(panic) = caught {
            self.text(Stream::Err, panic_text("the cell (caught)", &panic).as_bytes());
            self.flush_text(true);
        }
    }
}

fn panic_text(who: &str, panic: &Panic) -> String {
    format!("panic in {who}: {}\n", panic.message)
}
