//! Linked into every cell, as one dynamic library for all of them: where variables live between cells,
//! how a cell's end is told to the kernel, and how the value of its last expression is shown.

#![cfg_attr(mlnotes_specialisation, feature(specialization), allow(incomplete_features))]

use std::any::type_name;
use std::collections::HashMap;
use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

unsafe extern "C" {
    fn write(fd: i32, bytes: *const u8, n: usize) -> isize;
}

/// Tells the kernel something; the descriptor is the kernel's end of a socket of datagrams.
fn event(fields: &[&str]) {
    let mut text = fields.join("\u{1f}");
    let mut end = text.len().min(60_000);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    // SAFETY: the kernel opened this descriptor before the process began; the text outlives the call.
    unsafe { write(102, text.as_ptr(), text.len()) };
}

fn flush() {
    let _ = std::io::stdout().flush();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A variable between cells. The cell that takes it names its type.
struct Slot {
    value: usize,
    type_name: &'static str,
    drop: fn(usize),
}

fn drop_slot<T>(value: usize) {
    // SAFETY: made by `put::<T>` from a box, and taken out of the store before.
    drop(unsafe { Box::from_raw(value as *mut T) });
}

static STORE: Mutex<Option<HashMap<String, Slot>>> = Mutex::new(None);
static CELL_THREAD: Mutex<Option<ThreadId>> = Mutex::new(None);

/// Keeps a variable for later cells; one of the same name before it is dropped.
pub fn put<T: 'static>(name: &str, value: T) {
    let slot = Slot {
        value: Box::into_raw(Box::new(value)) as usize,
        type_name: type_name::<T>(),
        drop: drop_slot::<T>,
    };
    let old = lock(&STORE).get_or_insert_default().insert(name.to_owned(), slot);
    if let Some(old) = old {
        dropping(|| (old.drop)(old.value));
    }
}

/// Drops a value that a later one has replaced.
pub fn discard<T>(value: T) {
    dropping(|| drop(value));
}

/// A destructor that panics fails the cell, and takes nothing else with it.
fn dropping(work: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
        event(&["dropped", &message(&*payload), &raised()]);
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    }
}

/// Takes a variable that an earlier cell kept.
pub fn take<T: 'static>(name: &str) -> T {
    let slot = lock(&STORE).get_or_insert_default().remove(name);
    let Some(slot) = slot else { panic!("the variable `{name}` is not there") };
    let wanted = type_name::<T>();
    if slot.type_name != wanted {
        panic!("the variable `{name}` is of type `{}`, not `{wanted}`", slot.type_name);
    }
    // SAFETY: made by `put` from a box of this type, and no longer in the store.
    *unsafe { Box::from_raw(slot.value as *mut T) }
}

/// A number that its cell left open, as the type that a later cell asks for.
#[track_caller]
pub fn as_number<T: TryFrom<i32>>(name: &str, value: i32) -> T {
    let number = T::try_from(value).ok();
    number.unwrap_or_else(|| {
        panic!("`{name}` is {value}, which a `{}` cannot hold", type_name::<T>())
    })
}

/// Drops a variable that later cells cannot name.
fn forget(name: &str) {
    let slot = lock(&STORE).get_or_insert_default().remove(name);
    if let Some(slot) = slot {
        dropping(|| (slot.drop)(slot.value));
    }
}

/// Called by the process that runs cells, with names parted by commas.
///
/// # Safety
/// `names` points to `n` bytes of UTF-8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mlnotes_forget(names: *const u8, n: usize) {
    // SAFETY: the caller's promise.
    let names = unsafe { std::slice::from_raw_parts(names, n) };
    String::from_utf8_lossy(names).split(',').for_each(forget);
}

/// The error of a `?` that left the cell. Anything that can be printed becomes one. Its name is one that no
/// reader has: messages of the compiler that speak of it are put into other words.
pub struct MlnotesFailure {
    /// As its `Display` says it; empty where there is none.
    words: String,
    text: String,
    kind: &'static str,
    place: &'static Location<'static>,
}

impl<E: Debug> From<E> for MlnotesFailure {
    #[track_caller]
    fn from(error: E) -> Self {
        let mut text = Capped::default();
        let _ = write!(text, "{error:?}");
        let words = error.words();
        Self { words, text: text.finish(), kind: type_name::<E>(), place: Location::caller() }
    }
}

/// What an error says to people. Every `?` of a cell comes through one `From`, which knows of its
/// error no more than `Debug`; where this library may be compiled with specialisation, `Display` is
/// found all the same.
trait Words {
    fn words(&self) -> String;
}

#[cfg(mlnotes_specialisation)]
impl<T: ?Sized> Words for T {
    default fn words(&self) -> String {
        String::new()
    }
}

#[cfg(mlnotes_specialisation)]
impl<T: std::fmt::Display + ?Sized> Words for T {
    fn words(&self) -> String {
        let mut text = Capped::default();
        let _ = write!(text, "{self}");
        text.finish()
    }
}

#[cfg(not(mlnotes_specialisation))]
impl<T: ?Sized> Words for T {
    fn words(&self) -> String {
        String::new()
    }
}

/// How the code of a cell ended, its end told already.
pub struct Ended(bool);

impl Ended {
    /// Whether it ran to its last line.
    pub fn well(&self) -> bool {
        self.0
    }
}

/// Runs the code of a cell, and tells how it ended.
pub fn run(cell: impl FnOnce() -> Result<(), MlnotesFailure>) -> Ended {
    hook();
    *lock(&CELL_THREAD) = Some(std::thread::current().id());
    *lock(&STOP) = Stop::default();
    let outcome = catch_unwind(AssertUnwindSafe(cell));
    let well = matches!(outcome, Ok(Ok(())));
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => {
            flush();
            let MlnotesFailure { words, text, kind, place } = failure;
            let (line, column) = (place.line().to_string(), place.column().to_string());
            event(&["failed", place.file(), &line, &column, kind, &words, &text]);
        }
        Err(payload) => {
            event(&["panicked", &message(&*payload), &raised()]);
            // A payload whose own destructor panics must not end the process.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        }
    }
    Ended(well)
}

/// What is around the code of a cell may fail too; it must not unwind into the caller.
pub fn guard(work: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
        event(&["panicked", &message(&*payload), &raised()]);
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    }
}

/// Runs a cell that waits for futures, on the thread of the cell.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(value) => return value,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

/// Whether the reader wants the cell to end, and whom to wake for it.
#[derive(Default)]
struct Stop {
    wanted: bool,
    waker: Option<std::task::Waker>,
}

static STOP: Mutex<Stop> = Mutex::new(Stop { wanted: false, waker: None });

/// A future that an interrupt ends: it unwinds, so that the variables around it live on.
pub async fn until_stopped<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(move |context| {
        {
            let mut stop = lock(&STOP);
            if stop.wanted {
                drop(stop);
                std::panic::resume_unwind(Box::new("interrupted"));
            }
            stop.waker = Some(context.waker().clone());
        }
        future.as_mut().poll(context)
    })
    .await
}

/// Called by the process that runs cells when the reader wants the cell to end.
#[unsafe(no_mangle)]
pub extern "C" fn mlnotes_stop() {
    let waker = {
        let mut stop = lock(&STOP);
        stop.wanted = true;
        stop.waker.take()
    };
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// A value that is made once and lives as long as the process, by name: the runtime of `.await`.
pub fn shared<T: Send + Sync + 'static>(name: &str, make: impl FnOnce() -> T) -> &'static T {
    static SHARED: Mutex<Option<HashMap<String, usize>>> = Mutex::new(None);
    let mut shared = lock(&SHARED);
    let entry = shared.get_or_insert_default().entry(name.to_owned());
    let at = *entry.or_insert_with(|| Box::leak(Box::new(make())) as *const T as usize);
    // SAFETY: leaked above under this name, which stands for one type.
    unsafe { &*(at as *const T) }
}

type Hook = Box<dyn Fn(&std::panic::PanicHookInfo<'_>) + Sync + Send + 'static>;

/// Before each cell: panics are told to the kernel, and then to a hook of the user's, if there is one.
fn hook() {
    static OWN: AtomicUsize = AtomicUsize::new(0);
    static DEFAULT: AtomicUsize = AtomicUsize::new(0);
    // Where a hook's data is, and its code: the standard library's own has no data.
    let parts = |hook: &Hook| {
        let pointer: *const _ = &**hook;
        // SAFETY: a pointer to a trait object is two words.
        unsafe { std::mem::transmute::<_, [usize; 2]>(pointer) }
    };
    let current = std::panic::take_hook();
    let [data, code] = parts(&current);
    let first = DEFAULT.compare_exchange(0, code, Ordering::SeqCst, Ordering::SeqCst).is_ok();
    if !first && data == OWN.load(Ordering::SeqCst) {
        std::panic::set_hook(current);
        return;
    }
    let users = (code != DEFAULT.load(Ordering::SeqCst)).then_some(current);
    let own: Hook = Box::new(move |info| {
        tell(info);
        if let Some(users) = &users {
            users(info);
        }
    });
    OWN.store(parts(&own)[0], Ordering::SeqCst);
    std::panic::set_hook(own);
}

fn tell(info: &std::panic::PanicHookInfo<'_>) {
    flush();
    TOLD.with(|told| told.set(true));
    let thread = std::thread::current();
    let own = if *lock(&CELL_THREAD) == Some(thread.id()) { "cell" } else { "other" };
    let (file, line, column) =
        info.location().map_or(("", 0, 0), |l| (l.file(), l.line(), l.column()));
    let message = info.payload_as_str().unwrap_or("a value that is no text");
    let name = thread.name().unwrap_or("unnamed");
    let (line, column) = (line.to_string(), column.to_string());
    event(&["panic", own, name, file, &line, &column, &frames(), message]);
}

thread_local! {
    /// Whether the hook has told of the panic that this thread is about to raise.
    static TOLD: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Where in cells a panic was raised that no hook of ours has told of.
static RAISED: Mutex<String> = Mutex::new(String::new());

/// Called by the process that runs cells before each panic unwinds: the user may have a hook of his
/// own in place of ours.
#[unsafe(no_mangle)]
pub extern "C" fn mlnotes_raising() {
    if TOLD.try_with(|told| told.replace(false)).unwrap_or(true) {
        return;
    }
    if *lock(&CELL_THREAD) == Some(std::thread::current().id()) {
        flush();
        *lock(&RAISED) = frames();
    }
}

/// Takes the places that `mlnotes_raising` has found.
fn raised() -> String {
    std::mem::take(&mut *lock(&RAISED))
}

/// What a panic says.
fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a value that is no text".to_owned())
}

/// The addresses on the stack that lie in cells, innermost first: `file+offset`, parted by spaces.
fn frames() -> String {
    let mut out = String::new();
    let trace = std::backtrace::Backtrace::force_capture().to_string();
    for line in trace.lines() {
        // Without debug information a frame names its function alone; cells carry line tables.
        let Some(at) = line.trim_start().strip_prefix("at ") else { continue };
        let file = at.rsplit('/').next().unwrap_or(at);
        if file.starts_with("cell_") {
            out.push_str(file);
            out.push(' ');
        }
    }
    out
}

/// At the end of a cell: what is printed so far belongs to it.
#[unsafe(no_mangle)]
pub extern "C" fn mlnotes_flush() {
    flush();
}

/// Text that stops growing at 64 KiB: `{:?}` of a large array is hundreds of megabytes.
#[derive(Default)]
struct Capped {
    text: String,
    left_out: usize,
}

impl std::fmt::Write for Capped {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = 65_536_usize.saturating_sub(self.text.len());
        let mut end = if self.left_out == 0 { room.min(text.len()) } else { 0 };
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.text.push_str(&text[..end]);
        self.left_out += text.len() - end;
        Ok(())
    }
}

impl Capped {
    fn finish(mut self) -> String {
        if self.left_out > 0 {
            let _ = write!(self.text, "… ({} bytes left out)", self.left_out);
        }
        self.text
    }
}

/// Shows the value of a cell's last expression. A type's own `evcxr_display` comes before this.
pub trait Show {
    /// Shows the value.
    fn evcxr_display(&self);
}

impl<T: Debug + ?Sized> Show for T {
    fn evcxr_display(&self) {
        if type_name::<T>() != "()" {
            show(format_args!("{self:?}"));
        }
    }
}

/// As the standard library's, at a place that the reader knows.
#[macro_export]
macro_rules! dbg {
    ($at:literal;) => { ::std::eprintln!("[{}]", $at) };
    ($at:literal; $value:expr $(,)?) => {
        match $value {
            value => {
                ::std::eprintln!("[{}] {} = {:#?}", $at, ::std::stringify!($value), &value);
                value
            }
        }
    };
    ($at:literal; $($value:expr),+ $(,)?) => { ($($crate::dbg!($at; $value)),+,) };
}

fn show(value: std::fmt::Arguments<'_>) {
    let mut text = Capped::default();
    let _ = text.write_fmt(value);
    let text = text.finish();
    println!("EVCXR_BEGIN_CONTENT text/plain\n{text}\nEVCXR_END_CONTENT");
}

/// What follows is the value of the cell's last expression.
pub fn result_begins() {
    println!("\u{1}MLNOTES_RESULT_BEGINS");
}

/// The value has been shown.
pub fn result_ends() {
    println!("\u{1}MLNOTES_RESULT_ENDS");
}
