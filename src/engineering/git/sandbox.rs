//! A repository to try things in.

use super::graph::{CommitGraph, CommitNode};
use super::object::Oid;
use crate::engineering::shell::{RunOptions, RunOutput, Scratch, run};
use crate::{Error, Result};
use std::cell::Cell;
use std::path::Path;

/// 2024-01-01 00:00 UTC.
const EPOCH: u64 = 1_704_067_200;

/// A temporary repository, with a branch `main` and nothing in it, removed when dropped.
///
/// Who commits is fixed (Ada), and so is when: the clock starts at 2024-01-01 00:00 UTC and goes on by a
/// minute a command. The reader's own settings are not read. So the same commands give the same
/// names of commits, on every machine.
///
/// ```
/// use mlnotes::engineering::git::Sandbox;
/// let sandbox = Sandbox::new()?;
/// sandbox.write("f", "one\n")?;
/// sandbox.git(&["add", "f"])?;
/// sandbox.git(&["commit", "-q", "-m", "first"])?;
/// let graph = sandbox.graph()?;
/// assert_eq!(sandbox.git(&["rev-parse", "HEAD"])?.trim(), graph.tip("main")?.to_string());
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug)]
pub struct Sandbox {
    scratch: Scratch,
    commands: Cell<u64>,
}

impl Sandbox {
    /// A new repository.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Refused`] when there is no git.
    pub fn new() -> Result<Self> {
        let sandbox = Self { scratch: Scratch::new()?, commands: Cell::new(0) };
        sandbox.git(&["init", "-q"])?;
        // Older versions cannot be told the branch by `init`.
        sandbox.git(&["symbolic-ref", "HEAD", "refs/heads/main"])?;
        Ok(sandbox)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.scratch.path()
    }

    /// Writes a file of the working directory.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, name: &str, content: &str) -> Result<()> {
        self.scratch.write(name, content).map(|_| ())
    }

    /// Reads a file of the working directory, or of `.git`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn read(&self, name: &str) -> Result<String> {
        let path = self.path().join(name);
        std::fs::read_to_string(&path)
            .map_err(|e| Error::Io { path: path.display().to_string(), reason: e.to_string() })
    }

    /// Runs git; returns what it wrote.
    ///
    /// # Errors
    /// [`Error::Refused`] with git's words when it fails, and after 20 seconds.
    pub fn git(&self, args: &[&str]) -> Result<String> {
        let RunOutput { status, stdout, stderr } = self.try_git(args)?;
        if status == 0 {
            return Ok(stdout);
        }
        let said = if stderr.trim().is_empty() { stdout } else { stderr };
        let call = format!("git {}", args.join(" "));
        Err(Error::Refused { call, reason: format!("status {status}: {}", said.trim()) })
    }

    /// Runs git; a failure is an answer.
    ///
    /// # Errors
    /// [`Error::Refused`] when there is no git, and after 20 seconds.
    pub fn try_git(&self, args: &[&str]) -> Result<RunOutput> {
        self.commands.set(self.commands.get() + 1);
        let date = format!("{} +0000", EPOCH + 60 * self.commands.get());
        let nowhere = self.path().join(".git").join("no-settings");
        let nowhere = nowhere.display().to_string();
        let mut options = RunOptions::new().dir(self.path()).timeout_s(20.0);
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
            options = options.env_remove(name);
        }
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", nowhere.as_str()),
            ("GIT_CONFIG_SYSTEM", nowhere.as_str()),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_COUNT", "0"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("HOME", nowhere.as_str()),
            ("XDG_CONFIG_HOME", nowhere.as_str()),
            ("GIT_AUTHOR_NAME", "Ada"),
            ("GIT_AUTHOR_EMAIL", "ada@example.org"),
            ("GIT_COMMITTER_NAME", "Ada"),
            ("GIT_COMMITTER_EMAIL", "ada@example.org"),
            ("GIT_AUTHOR_DATE", &date),
            ("GIT_COMMITTER_DATE", &date),
            ("GIT_EDITOR", "true"),
            ("GIT_SEQUENCE_EDITOR", "true"),
            ("GIT_PAGER", "cat"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_TEMPLATE_DIR", ""),
            ("LC_ALL", "C"),
            ("TZ", "UTC"),
        ] {
            options = options.env(name, value);
        }
        let settings = ["-c", "core.autocrlf=false", "-c", "advice.detachedHead=false"];
        run("git", &[&settings, args].concat(), &options)
    }

    /// The commits that branches and tags can reach, with the branch that is checked out.
    ///
    /// # Errors
    /// As [`Sandbox::git`].
    pub fn graph(&self) -> Result<CommitGraph> {
        self.graph_of(&["--all"])
    }

    /// As [`Sandbox::graph`], with commits that only the log of past positions still knows: what a
    /// `reset --hard` or a rebase left behind.
    ///
    /// # Errors
    /// As [`Sandbox::git`].
    pub fn graph_with_lost(&self) -> Result<CommitGraph> {
        self.graph_of(&["--all", "--reflog"])
    }

    fn graph_of(&self, which: &[&str]) -> Result<CommitGraph> {
        let list = "--format=%(objectname) %(*objectname) %(refname:short)";
        let named = self.git(&["for-each-ref", list, "refs/heads", "refs/tags"])?;
        let mut refs = Vec::new();
        for line in named.lines() {
            let parts: Vec<&str> = line.splitn(3, ' ').collect();
            if let [id, peeled, name] = parts[..] {
                // An annotated tag is an object of its own, which points to the commit.
                let id = if peeled.is_empty() { id } else { peeled };
                refs.push((name.to_owned(), id.parse::<Oid>()?));
            }
        }
        let form = ["log", "--topo-order", "--format=%H%x00%P%x00%s"];
        let told =
            if refs.is_empty() { String::new() } else { self.git(&[&form, which].concat())? };
        let mut commits = Vec::new();
        for line in told.lines() {
            let parts: Vec<&str> = line.splitn(3, '\0').collect();
            if let [id, parents, subject] = parts[..] {
                let parents = parents.split_whitespace().map(str::parse).collect::<Result<_>>()?;
                let subject = subject.to_owned();
                commits.push(CommitNode { id: id.parse()?, parents, subject });
            }
        }
        let graph = CommitGraph::new(commits, refs)?;
        let head = self.try_git(&["symbolic-ref", "--short", "-q", "HEAD"])?;
        Ok(if head.status == 0 { graph.with_head(head.stdout.trim()) } else { graph })
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn commit(sandbox: &Sandbox, name: &str) {
        sandbox.write(name, name).unwrap();
        sandbox.git(&["add", name]).unwrap();
        sandbox.git(&["commit", "-q", "-m", name]).unwrap();
    }

    #[test]
    fn the_same_commands_give_the_same_names() {
        let make = || {
            let sandbox = Sandbox::new().unwrap();
            commit(&sandbox, "a");
            commit(&sandbox, "b");
            sandbox.git(&["tag", "-a", "-m", "note", "v1"]).unwrap();
            sandbox.graph().unwrap()
        };
        let graph = make();
        assert_eq!(graph, make());
        let subjects: Vec<&str> = graph.commits().map(|commit| commit.subject.as_str()).collect();
        assert_eq!(subjects, ["a", "b"]);
        assert_eq!(graph.tip("v1").unwrap(), graph.tip("main").unwrap());
    }

    #[test]
    fn an_empty_repository_and_a_failure() {
        let sandbox = Sandbox::new().unwrap();
        assert_eq!(sandbox.graph().unwrap().commits().count(), 0);
        let wrong = sandbox.git(&["show", "nothing"]);
        assert!(matches!(wrong, Err(Error::Refused { .. })));
    }

    #[test]
    fn what_a_reset_left_behind_is_found() {
        let sandbox = Sandbox::new().unwrap();
        commit(&sandbox, "a");
        commit(&sandbox, "b");
        sandbox.git(&["reset", "-q", "--hard", "HEAD~1"]).unwrap();
        assert_eq!(sandbox.graph().unwrap().commits().count(), 1);
        assert_eq!(sandbox.graph_with_lost().unwrap().commits().count(), 2);
    }
}
