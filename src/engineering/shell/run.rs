//! A program run with a limit of time and no shell between; a scratch directory to run it in.

use super::io;
use crate::display::check_interrupt;
use crate::{Error, Result};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a program may tidy up between the polite signal and the one it cannot refuse.
#[cfg(unix)]
const GRACE: Duration = Duration::from_millis(500);

/// | setting | default | meaning |
/// |---|---|---|
/// | `dir` | this process's | directory the program runs in |
/// | `timeout_s` | none | seconds after which it is stopped, > 0 |
/// | `stdin` | nothing | what it reads |
/// | `env`, `env_remove` | this process's | variables to add and to take away |
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RunOptions {
    dir: Option<PathBuf>,
    timeout_s: Option<f64>,
    stdin: Vec<u8>,
    env: Vec<(String, Option<String>)>,
}

impl RunOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Directory the program runs in.
    #[must_use]
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().to_owned());
        self
    }

    /// Seconds after which the program is stopped.
    #[must_use]
    pub fn timeout_s(mut self, seconds: f64) -> Self {
        self.timeout_s = Some(seconds);
        self
    }

    /// What the program reads.
    #[must_use]
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().into();
        self
    }

    /// A variable of the program's environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), Some(value.to_owned())));
        self
    }

    /// A variable that the program must not have.
    #[must_use]
    pub fn env_remove(mut self, name: &str) -> Self {
        self.env.push((name.to_owned(), None));
        self
    }

    fn limit(&self) -> Result<Option<Duration>> {
        self.timeout_s
            .map(|seconds| match Duration::try_from_secs_f64(seconds) {
                Ok(limit) if !limit.is_zero() => Ok(limit),
                _ => Err(Error::Parameter {
                    estimator: "run",
                    name: "timeout_s",
                    rule: "> 0 and finite",
                    got: seconds.to_string(),
                }),
            })
            .transpose()
    }
}

/// How a program ended, and what it wrote. Bytes that are no UTF-8 are replaced by `U+FFFD`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunOutput {
    /// Exit status; `128 + s` when signal `s` ended it, as shells count.
    pub status: i32,
    /// What it wrote to its output.
    pub stdout: String,
    /// What it wrote to its errors.
    pub stderr: String,
}

/// Runs a program. Its arguments reach it as they are: no shell reads them, so that `;`, `$( )`, `*`
/// and spaces in a file's name are characters and not commands. A status other than 0 is an answer,
/// no error: `grep` says "nothing found" by 1.
///
/// The program leads a process group of its own. When its time is up the group gets SIGTERM, which
/// a program can handle to put its things in order, and half a second later SIGKILL, which it cannot.
///
/// # Errors
/// [`Error::Refused`] when it cannot be started, or did not end in time; [`Error::Parameter`] for a time
/// that is not > 0.
///
/// ```
/// use mlnotes::Error;
/// use mlnotes::engineering::shell::{RunOptions, run};
/// let told = run("echo", &["two  spaces; $(id) *"], &RunOptions::new())?;
/// assert_eq!((told.status, told.stdout.as_str()), (0, "two  spaces; $(id) *\n"));
/// let late = run("sleep", &["60"], &RunOptions::new().timeout_s(0.1));
/// assert!(matches!(late, Err(Error::Refused { .. })));
/// # Ok::<(), Error>(())
/// ```
pub fn run(cmd: &str, args: &[&str], options: &RunOptions) -> Result<RunOutput> {
    let limit = options.limit()?;
    let started = Instant::now();
    let mut program = Running(start(cmd, args, options)?);
    // Pipes hold 64 kB: whoever does not read both at once can wait for ever.
    let feeder = feed(program.0.stdin.take(), options.stdin.clone());
    let out = drain(program.0.stdout.take());
    let err = drain(program.0.stderr.take());
    let mut pause = Duration::from_micros(500);
    let mut status = None;
    // A grandchild may hold the pipes open after the program has ended: that counts as running.
    while status.is_none() || !out.is_finished() || !err.is_finished() {
        check_interrupt();
        if status.is_none() {
            status = program.0.try_wait().map_err(io(Path::new(cmd)))?;
        }
        if let Some(limit) = limit.filter(|&limit| started.elapsed() >= limit) {
            program.stop();
            let (call, seconds) = (words(cmd, args), limit.as_secs_f64());
            let reason = format!("stopped after {seconds} s; give it more time, or less to do");
            return Err(Error::Refused { call, reason });
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
    let text = |thread: JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&thread.join().unwrap_or_default()).into_owned()
    };
    drop(feeder);
    let status = status.map_or(-1, code);
    Ok(RunOutput { status, stdout: text(out), stderr: text(err) })
}

/// A program with its arguments, as a reader would type it.
pub(crate) fn words(cmd: &str, args: &[&str]) -> String {
    [&[cmd], args].concat().join(" ")
}

fn start(cmd: &str, args: &[&str], options: &RunOptions) -> Result<Child> {
    let mut command = Command::new(cmd);
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(if options.stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
    for (name, value) in &options.env {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(dir) = &options.dir {
        command.current_dir(dir);
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map_err(|e| Error::Refused { call: words(cmd, args), reason: e.to_string() })
}

fn feed(pipe: Option<impl Write + Send + 'static>, bytes: Vec<u8>) -> JoinHandle<()> {
    thread::spawn(move || {
        // A program may close its input early, as `head` does: no error.
        pipe.map(|mut pipe| pipe.write_all(&bytes).ok());
    })
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.map(|mut pipe| pipe.read_to_end(&mut bytes).ok());
        bytes
    })
}

fn code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().unwrap_or(-1)
}

/// A child that does not outlive its owner, also when a cell is interrupted.
struct Running(Child);

impl Running {
    #[cfg(unix)]
    fn stop(&mut self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = Pid::from_child(&self.0);
        // The group may be gone already: that is what we want.
        kill_process_group(group, Signal::TERM).ok();
        let asked = Instant::now();
        while asked.elapsed() < GRACE {
            if matches!(self.0.try_wait(), Ok(Some(_)) | Err(_)) {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        kill_process_group(group, Signal::KILL).ok();
        self.0.wait().ok();
    }

    #[cfg(not(unix))]
    fn stop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

/// A temporary directory, removed with everything in it when dropped.
#[derive(Debug)]
pub struct Scratch {
    dir: TempDir,
}

impl Scratch {
    /// A new empty directory.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be made.
    ///
    /// ```
    /// let scratch = mlnotes::engineering::shell::Scratch::new()?;
    /// scratch.write("logs/app.log", "one\ntwo\n")?;
    /// assert_eq!(scratch.sh("wc -l < logs/app.log")?.stdout.trim(), "2");
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn new() -> Result<Self> {
        Ok(Self { dir: TempDir::new().map_err(io(&std::env::temp_dir()))? })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file, with the directories on its way; returns its path.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.path().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(io(parent))?;
        }
        std::fs::write(&path, content).map_err(io(&path))?;
        Ok(path)
    }

    /// Runs a script of the shell `sh` here, at most 20 seconds, with messages in English. The script
    /// is code: never build it from data; [`run`] is for that.
    ///
    /// # Errors
    /// As [`run`].
    pub fn sh(&self, script: &str) -> Result<RunOutput> {
        let options = RunOptions::new().dir(self.path()).timeout_s(20.0).env("LC_ALL", "C.UTF-8");
        run("sh", &["-c", script], &options)
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_output_and_errors_are_the_programs() {
        let scratch = Scratch::new().unwrap();
        let told = scratch.sh("cat; echo out; echo err >&2; exit 3").unwrap();
        assert_eq!(
            (told.status, told.stdout.as_str(), told.stderr.as_str()),
            (3, "out\n", "err\n")
        );
        assert_eq!(scratch.sh("kill -KILL $$").unwrap().status, 137);
        let fed = run("tr", &["a-z", "A-Z"], &RunOptions::new().stdin("abc")).unwrap();
        assert_eq!(fed.stdout, "ABC");
    }

    #[test]
    fn more_than_a_pipe_holds_comes_through_both_ways() {
        let many = vec![b'x'; 1 << 20];
        let told = run("cat", &[], &RunOptions::new().stdin(&many)).unwrap();
        assert_eq!(told.stdout.len(), 1 << 20);
        let early = run("head", &["-c", "1"], &RunOptions::new().stdin(&many)).unwrap();
        assert_eq!(early.stdout, "x");
    }

    #[test]
    fn a_late_program_is_stopped_with_its_children() {
        let scratch = Scratch::new().unwrap();
        let script = "trap 'echo tidy > tidied; exit' TERM; sleep 30 & echo $! > pid; wait";
        let options = RunOptions::new().dir(scratch.path()).timeout_s(0.4);
        let begun = Instant::now();
        let late = run("sh", &["-c", script], &options);
        assert!(
            matches!(late, Err(Error::Refused { ref reason, .. }) if reason.contains("0.4 s")),
            "{late:?}"
        );
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert!(scratch.path().join("tidied").exists(), "SIGTERM comes first");
        // A zombie that nobody has reaped yet still has its name: ask for its state.
        let gone = scratch.sh("case $(ps -o stat= -p $(cat pid)) in ''|Z*) echo gone;; esac");
        assert_eq!(gone.unwrap().stdout, "gone\n");
    }

    #[test]
    fn a_deaf_program_is_killed_and_an_orphan_does_not_hold_us() {
        let deaf = ["-c", "trap '' TERM; while :; do sleep 0.05; done"];
        let late = run("sh", &deaf, &RunOptions::new().timeout_s(0.2));
        assert!(matches!(late, Err(Error::Refused { .. })));
        let orphan = run("sh", &["-c", "sleep 30 &"], &RunOptions::new().timeout_s(0.2));
        assert!(matches!(orphan, Err(Error::Refused { .. })));
    }

    #[test]
    fn mistakes_have_names() {
        let none = run("no-such-program", &["a"], &RunOptions::new());
        assert!(matches!(none, Err(Error::Refused { .. })));
        for seconds in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let wrong = run("true", &[], &RunOptions::new().timeout_s(seconds));
            assert!(matches!(wrong, Err(Error::Parameter { name: "timeout_s", .. })));
        }
    }
}
