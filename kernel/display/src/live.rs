//! Displays that change in place: a handle, and a progress bar.

use crate::{Bundle, escape, transport};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Redrawn at most this often.
const REFRESH: Duration = Duration::from_millis(100);

/// A display that later calls replace.
///
/// Where the kernel cannot update a display, the last content is shown once, when the handle goes.
#[derive(Debug)]
pub struct Handle {
    id: String,
    last: Option<String>,
}

/// Shows HTML that [`Handle::update`] replaces in place.
///
/// ```
/// let mut handle = mlnotes_display::html_handle("<b>0</b>");
/// handle.update("<b>1</b>");
/// ```
pub fn html_handle(content: &str) -> Handle {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let id = format!("mlnotes-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    if transport::is_live() {
        transport::show_as(&Bundle::new("text/html", content), &id);
        Handle { id, last: None }
    } else {
        Handle { id, last: Some(content.to_owned()) }
    }
}

impl Handle {
    /// Replaces the content.
    pub fn update(&mut self, content: &str) {
        match &mut self.last {
            Some(last) => content.clone_into(last),
            None => transport::update(&Bundle::new("text/html", content), &self.id),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(last) = &self.last
            && !std::thread::panicking()
        {
            Bundle::new("text/html", last.as_str()).show();
        }
    }
}

/// A progress bar. It also stops the loop, with all variables kept, when the reader interrupts.
#[derive(Debug)]
pub struct Progress {
    handle: Handle,
    label: String,
    total: usize,
    done: usize,
    drawn: Instant,
}

impl Progress {
    /// A bar for `total` steps.
    ///
    /// ```
    /// let mut bar = mlnotes_display::Progress::new(10, "restarts");
    /// for _ in 0..10 {
    ///     bar.inc();
    /// }
    /// assert_eq!(bar.text(), "restarts: 10 of 10");
    /// bar.finish();
    /// ```
    pub fn new(total: usize, label: &str) -> Self {
        let text = format!("{label}: 0 of {total}");
        Self {
            handle: html_handle(&bar(&text, 0, total)),
            label: label.to_owned(),
            total,
            done: 0,
            drawn: Instant::now(),
        }
    }

    /// One step more.
    ///
    /// # Panics
    /// With "Interrupted" when the reader has asked for the cell to stop.
    pub fn inc(&mut self) {
        self.done += 1;
        if self.drawn.elapsed() >= REFRESH {
            self.drawn = Instant::now();
            self.handle.update(&bar(&self.text(), self.done, self.total));
        }
    }

    /// What the bar says. It holds no times, so that stored notebooks stay the same.
    pub fn text(&self) -> String {
        format!("{}: {} of {}", self.label, self.done, self.total)
    }

    /// Replaces the bar by its text.
    pub fn finish(mut self) {
        let text = format!("<p>{}</p>", escape(&self.text()));
        self.handle.update(&text);
    }
}

fn bar(text: &str, done: usize, total: usize) -> String {
    let text = escape(text);
    format!("<progress value=\"{done}\" max=\"{}\"></progress> {text}", total.max(1))
}

/// Runs through an iterator under a progress bar.
#[derive(Debug)]
pub struct ProgressIter<I> {
    inner: I,
    bar: Option<Progress>,
}

/// Runs through `iter`, of about `len` steps, under a progress bar.
///
/// ```
/// let sum: usize = mlnotes_display::progress(1..=4, 4, "adding").sum();
/// assert_eq!(sum, 10);
/// ```
pub fn progress<I: IntoIterator>(iter: I, len: usize, label: &str) -> ProgressIter<I::IntoIter> {
    ProgressIter { inner: iter.into_iter(), bar: Some(Progress::new(len, label)) }
}

impl<I: Iterator> Iterator for ProgressIter<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let item = self.inner.next();
        match (&item, &mut self.bar) {
            (Some(_), Some(bar)) => bar.inc(),
            (None, bar) => {
                if let Some(bar) = bar.take() {
                    bar.finish();
                }
            }
            _ => {}
        }
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}
