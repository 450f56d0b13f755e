//! The two runs of rustc over a cell: one makes a library of it, the other, beside it, only tells the
//! types of new variables. What either says about lines of ours is read here.

use super::program::{Line, Program, WANTED, line_at, mark};
use crate::engine::errors::{Diagnostic, Place, is_generated, site};
use crate::engine::holes::{fill, inner_calls};
use crate::engine::mapped::Mapped;
use crate::engine::source::Made;
use crate::environment::Environment;
use crate::toolchain;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How cells are compiled.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Where generated sources and libraries go.
    pub(super) folder: PathBuf,
    /// The runtime library that every cell is linked against.
    pub(super) runtime: PathBuf,
    /// `-C opt-level` of cells.
    pub(super) opt_level: String,
    /// Where rustc's own dynamic libraries are.
    pub(super) std_folder: PathBuf,
    /// Folders of all dynamic libraries, for cells to find when they are loaded.
    pub(super) library_folders: Vec<String>,
    /// cargo's variables, and what `:build_env` has set.
    pub(super) variables: BTreeMap<String, String>,
}

impl Settings {
    /// The library of a cell.
    pub(super) fn library_of(&self, number: usize) -> PathBuf {
        self.folder.join(format!("cell_{number}.so"))
    }

    /// Cells find the libraries of this environment.
    pub(super) fn find_libraries(&mut self, environment: &Environment) {
        let own = [Some(self.std_folder.as_path()), self.runtime.parent()];
        let folders = own.into_iter().flatten().chain(environment.libraries());
        self.library_folders = folders.map(|folder| folder.display().to_string()).collect();
    }
}

/// What came of compiling a cell.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    /// The library, when there were no errors.
    pub(super) library: Option<PathBuf>,
    /// The user's errors.
    pub(super) errors: Vec<Diagnostic>,
    /// rustc's warnings about the user's lines.
    pub(super) warnings: Vec<Diagnostic>,
    /// Variables that the cell cannot leave, because they borrow.
    pub(super) borrowers: BTreeSet<String>,
    /// Variables that the cell has moved away.
    pub(super) moved: BTreeSet<String>,
    /// Variables of the cell that have no value.
    pub(super) empty: BTreeSet<String>,
    /// Variables of earlier cells whose types cannot be written.
    pub(super) unwritable: BTreeSet<String>,
    /// Names in the cell's patterns that are no variables of the cell.
    pub(super) unbound: BTreeSet<String>,
    /// Of each of the user's errors, what it is about in the cells.
    pub(super) blames: Vec<Blame>,
}

/// What an error is about: for a macro, the calls that the cells make.
#[derive(Debug, Clone, Default)]
pub(super) struct Blame {
    pub(super) code: String,
    pub(super) message: String,
    /// Cell and byte, those that the error is mainly about first.
    pub(super) sites: Vec<(usize, usize)>,
}

impl Blame {
    fn read(json: &Value, source: &Mapped) -> Self {
        let spans = json["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of = |primary: bool| {
            let spans = spans.iter().filter(move |span| (span["is_primary"] == true) == primary);
            spans.filter_map(|span| site(source, span)).collect::<Vec<_>>()
        };
        let mut sites = of(true);
        sites.extend(of(false));
        for child in json["children"].as_array().into_iter().flatten() {
            let spans = child["spans"].as_array().into_iter().flatten();
            sites.extend(spans.filter_map(|span| site(source, span)));
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self { code: text(&json["code"]["code"]), message: text(&json["message"]), sites }
    }
}

/// Makes the loader look in a folder. The linker itself parts its arguments at commas, and folders
/// may have some.
pub(super) fn rpath(command: &mut Command, folder: &str) {
    for word in ["-Xlinker", "-rpath", "-Xlinker", folder] {
        command.arg(format!("-Clink-arg={word}"));
    }
}

/// Runs rustc and reads its diagnostics.
pub(super) fn run(
    mut command: Command,
    input: Option<&str>,
) -> std::io::Result<(bool, Vec<Value>, String)> {
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    let mut child = command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output()?;
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&output.status) {
        return Err(std::io::Error::other(format!("the compiler was killed (signal {signal})")));
    }
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let json = words.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    Ok((output.status.success(), json, words))
}

/// Makes a library of a cell, which finds the statics of others in `homes`.
pub(super) fn compile(
    number: usize,
    source: &Mapped,
    homes: &BTreeSet<usize>,
    environment: &Environment,
    settings: &Settings,
) -> std::io::Result<Compiled> {
    let name = format!("cell_{number}.rs");
    let write = std::fs::write(settings.folder.join(&name), &source.text);
    write.map_err(|error| {
        std::io::Error::other(format!("{} cannot be written: {error}", settings.folder.display()))
    })?;
    let library = settings.library_of(number);
    let mut command = toolchain::rustc();
    command
        .args(["--edition=2024", "--crate-type=cdylib", "--crate-name=cell", "--error-format=json"])
        .args(["--diagnostic-width=100000", "-Cmetadata=mlnotes", "-Cprefer-dynamic"])
        .args(["-Cdebuginfo=line-tables-only", "-Cdebug-assertions=on", "-Coverflow-checks=on"])
        .arg(format!("-Copt-level={}", settings.opt_level))
        .arg(format!("--extern=mlnotes_cell={}", settings.runtime.display()))
        .args(environment.rustc_arguments())
        .arg("-o")
        .arg(&library)
        .arg(&name)
        .envs(&settings.variables)
        .current_dir(&settings.folder);
    for folder in &settings.library_folders {
        rpath(&mut command, folder);
    }
    for home in homes {
        command.arg(format!("-Clink-arg={}", settings.library_of(*home).display()));
    }
    let (success, json, words) = run(command, None)?;
    let mut out = Compiled::default();
    for diagnostic in &json {
        out.read(diagnostic, source);
    }
    if success {
        out.library = Some(library);
    } else if out.errors.is_empty() && !out.has_own_lines() {
        out.errors.push(unplaced(&json, &words));
    }
    Ok(out)
}

/// An error about no line of the user's: the linker, a full disk, a compiler that broke.
fn unplaced(json: &[Value], words: &str) -> Diagnostic {
    let text = |value: &Value| value["message"].as_str().map(str::to_owned);
    let message = json.iter().filter(|json| json["level"] == "error").find_map(text);
    let plain =
        || words.lines().filter(|line| !line.starts_with('{')).collect::<Vec<_>>().join("\n");
    let notes = json.iter().filter_map(|json| json["children"].as_array()).flatten();
    Diagnostic {
        level: "error".to_owned(),
        code: None,
        message: message.unwrap_or_else(|| format!("rustc failed without an error: {}", plain())),
        places: Vec::new(),
        notes: notes.filter_map(text).take(3).map(|note| ("note".to_owned(), note)).collect(),
    }
}

impl Compiled {
    /// Whether rustc found something about lines of ours, so that a second attempt may do.
    pub(super) fn has_own_lines(&self) -> bool {
        let found = [&self.borrowers, &self.moved, &self.empty, &self.unwritable, &self.unbound];
        found.iter().any(|names| !names.is_empty())
    }

    /// Cells whose statics later cells cannot declare.
    pub(super) fn homes_at_fault(&self, homes: &BTreeSet<usize>) -> impl Iterator<Item = usize> {
        let hides = |error: &&Diagnostic| matches!(error.code.as_deref(), Some("E0106" | "E0726"));
        let places = self.errors.iter().filter(hides).flat_map(|error| &error.places);
        places.map(|place| place.cell).filter(|cell| homes.contains(cell))
    }

    fn error(&mut self, json: &Value, source: &Mapped) {
        let Some(error) = user_error(json, source) else { return };
        self.blames.push(Blame::read(json, source));
        self.errors.push(error);
    }

    fn read(&mut self, json: &Value, source: &Mapped) {
        let spans = json["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
        let own = |span: &&Value| {
            let start = usize::try_from(span["byte_start"].as_u64()?).ok()?;
            Some((line_at(&source.text, start)?, span["is_primary"] == true))
        };
        let closure = json["code"]["code"] == "E0373";
        let notes = json["children"].as_array().into_iter().flatten().filter(|_| closure);
        // A closure that borrows: only a note says that a line of ours asks for more.
        let notes = notes.filter_map(|note| note["spans"].as_array()).flatten();
        let lines: Vec<(Line, bool)> = spans
            .iter()
            .chain(notes)
            .filter(|span| is_generated(span))
            .filter_map(|span| own(&span))
            .collect();
        match json["level"].as_str() {
            Some("error") if !lines.is_empty() => {
                let code = json["code"]["code"].as_str().unwrap_or_default();
                let gone = matches!(code, "E0382" | "E0381");
                for (line, primary) in lines {
                    match line {
                        Line::Binds(name) => self.unbound.insert(name),
                        Line::Put(name) if code == "E0425" => self.unbound.insert(name),
                        Line::Put(name) if code == "E0381" => self.empty.insert(name),
                        Line::Put(name) if gone && primary => self.moved.insert(name),
                        // "cannot move out of `v` because it is borrowed": the borrower is at fault.
                        Line::Put(_) if gone || (code == "E0505" && primary) => false,
                        Line::Put(name) => self.borrowers.insert(name),
                        Line::Take(name) if primary => self.unwritable.insert(name),
                        Line::Take(_) => false,
                    };
                }
                // Else it is the user's own mistake, which only touches a line of ours.
                if !self.has_own_lines() {
                    self.error(json, source);
                }
            }
            Some("error") => self.error(json, source),
            Some("warning") => {
                let warning = Diagnostic::from_rustc(json, source);
                if warning.places.iter().any(|place| place.primary) {
                    self.warnings.push(warning);
                }
            }
            _ => {}
        }
    }
}

/// Tells what the macro calls among a cell's statements stand for, in their order.
pub(super) fn expand(
    program: &Program<'_>,
    environment: &Environment,
    settings: &Settings,
) -> std::io::Result<Vec<Made>> {
    let (_, cell) = program.cell;
    let calls: Vec<&str> = program.parsed.macros.iter().map(|m| &cell[m.range.clone()]).collect();
    let inner: Vec<Vec<Range<usize>>> = calls.iter().map(|call| inner_calls(call)).collect();
    let mut text = expanded(&program.to_expand(&inner), environment, settings)?;
    // A macro may want to see the inner call itself.
    if text.is_empty() && inner.iter().any(|inner| !inner.is_empty()) {
        text = expanded(&program.to_expand(&[]), environment, settings)?;
    }
    let between = |call: usize, begin: &str, end: &str| {
        let (_, rest) = text.split_once(&format!("const {}: () = ();", mark(call, begin)))?;
        Some(rest.split_once(&format!("const {}: () = ();", mark(call, end)))?.0)
    };
    let made = |call: usize| {
        let made = Made::of(between(call, "BEGIN", "END")?);
        let holes = between(call, "HOLES", "FILLED");
        let filled = holes.map(|text| Made::of(&fill(text, call, calls[call], &inner[call])));
        Some(match (made, filled) {
            // What it makes is told by the one text, and written as the other.
            (Made::Items(facts, _), Some(Made::Items(_, text))) => Made::Items(facts, text),
            (made, _) => made,
        })
    };
    Ok((0..calls.len()).map(|call| made(call).unwrap_or(Made::Nothing)).collect())
}

/// A program with its macros expanded; empty where they cannot be.
fn expanded(
    program: &Mapped,
    environment: &Environment,
    settings: &Settings,
) -> std::io::Result<String> {
    let mut command = toolchain::rustc();
    command
        .args(["--edition=2024", "--crate-type=lib", "--crate-name=cell", "--error-format=json"])
        .args(["-Zunpretty=expanded", "-Cprefer-dynamic"])
        .arg(format!("--extern=mlnotes_cell={}", settings.runtime.display()))
        .args(environment.rustc_arguments())
        .arg("-")
        // For the `-Z` flag, in this run that makes no code; see decision 0015.
        .env("RUSTC_BOOTSTRAP", "1")
        .envs(&settings.variables)
        .current_dir(&settings.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(program.text.as_bytes());
    }
    let output = child.wait_with_output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Tells the types of the wanted variables, and the program that told them; those missing in the answer
/// are not known.
pub(super) fn types(
    program: &Program<'_>,
    wanted: &[String],
    environment: &Environment,
    settings: &Settings,
) -> std::io::Result<(BTreeMap<String, String>, String)> {
    let mut crates: BTreeSet<&str> = environment.direct.keys().map(String::as_str).collect();
    crates.extend(environment.added.keys().map(String::as_str));
    loop {
        let source = program.to_ask(wanted, &crates);
        let types = ask(&source.text, environment, settings)?;
        // A crate that came along is written by its private paths unless the source mentions it.
        let named = |name: &str| types.values().any(|ty| starts_path(ty, name));
        let single = environment.externs.keys().filter(|name| named(name));
        // Of two versions of a crate each has a name of its own.
        let several = environment.versions.iter().filter(|(name, _)| named(name));
        let more: Vec<&str> = single
            .chain(several.flat_map(|(_, versions)| versions))
            .map(String::as_str)
            .filter(|name| !crates.contains(name))
            .collect();
        if more.is_empty() {
            return Ok((types, source.text));
        }
        crates.extend(more);
    }
}

/// A run of rustc that makes no code.
fn reader(environment: &Environment, settings: &Settings) -> Command {
    let mut command = toolchain::rustc();
    command
        .args(["--edition=2024", "--crate-type=lib", "--crate-name=cell", "--error-format=json"])
        .args(["--emit=metadata=cell.rmeta", "-Ztrim-diagnostic-paths=no"])
        .args(["-Zwrite-long-types-to-disk=no", "--diagnostic-width=100000", "-Cprefer-dynamic"])
        .arg(format!("--extern=mlnotes_cell={}", settings.runtime.display()))
        .args(environment.rustc_arguments())
        .arg("-")
        // For the two `-Z` flags, in this run that makes no code, and nowhere else.
        .env("RUSTC_BOOTSTRAP", "1")
        .envs(&settings.variables)
        .current_dir(&settings.folder);
    command
}

/// The types that a program asks for.
pub(super) fn ask(
    program: &str,
    environment: &Environment,
    settings: &Settings,
) -> std::io::Result<BTreeMap<String, String>> {
    let (_, json, _) = run(reader(environment, settings), Some(program))?;
    Ok(json.iter().filter_map(|json| wanted_type(json, program)).collect())
}

/// Whether rustc has nothing against a program.
pub(super) fn accepts(
    program: &str,
    environment: &Environment,
    settings: &Settings,
) -> std::io::Result<bool> {
    Ok(run(reader(environment, settings), Some(program))?.0)
}

/// Whether a path in a type begins with a crate's name.
fn starts_path(ty: &str, name: &str) -> bool {
    ty.match_indices(name).any(|(at, _)| {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        !ty[..at].ends_with(word) && ty[at + name.len()..].starts_with("::")
    })
}

/// The variable that one of our own lines asks about, and its type.
fn wanted_type(json: &Value, program: &str) -> Option<(String, String)> {
    let span = json["spans"].as_array()?.iter().find(|span| span["is_primary"] == true)?;
    let start = usize::try_from(span["byte_start"].as_u64()?).ok()?;
    let line_start = program.get(..start)?.rfind('\n').map_or(0, |n| n + 1);
    let name = program[line_start..].lines().next()?.strip_prefix(WANTED)?;
    json["children"].as_array().into_iter().flatten().find_map(|child| {
        let (_, found) = child["message"].as_str()?.split_once("found struct `MlnotesOf<")?;
        found.rsplit_once(">`").map(|(ty, _)| (name.to_owned(), ty.to_owned()))
    })
}

/// An error in the user's terms; `None` for one that only sums up others.
fn user_error(json: &Value, source: &Mapped) -> Option<Diagnostic> {
    let mut diagnostic = Diagnostic::from_rustc(json, source);
    if diagnostic.places.is_empty() && json["spans"].as_array().is_none_or(Vec::is_empty) {
        return None;
    }
    if diagnostic.message.contains("evcxr_display") {
        "the value of the last expression cannot be shown: its type has no `Debug`"
            .clone_into(&mut diagnostic.message);
        diagnostic.code = None;
        diagnostic.places.retain(|place| place.primary);
        for place in &mut diagnostic.places {
            place.label.clear();
        }
        let help = "end the cell with `;`, or derive `Debug` for the type".to_owned();
        diagnostic.notes = vec![("help".to_owned(), help)];
    }
    if diagnostic.code.as_deref() == Some("E0069") {
        "`return;` does not end a cell".clone_into(&mut diagnostic.message);
        diagnostic.code = None;
        diagnostic.places.iter_mut().for_each(|place| place.label.clear());
        let help = "leave the rest of the cell out with `if … else`, put it into a function, or end \
                    the cell early with `return Ok(())`: what it binds is then not kept";
        diagnostic.notes = vec![("help".to_owned(), help.to_owned())];
    }
    of_the_cells_result(&mut diagnostic);
    if diagnostic.places.is_empty() && is_generated(&json["spans"][0]) {
        // What rustc missed after the cell's end, or found in our own words around it.
        diagnostic.places.extend(nearest(json, source));
    }
    diagnostic.notes.retain(|(_, note)| !note.contains("Mlnotes") && !note.contains("mlnotes_"));
    for place in &mut diagnostic.places {
        if place.label.contains("Mlnotes") || place.label.contains("mlnotes_") {
            place.label.clear();
        }
    }
    Some(diagnostic)
}

/// The function that a cell becomes, and the error that its `?` returns, are called what they are to the reader.
fn of_the_cells_result(diagnostic: &mut Diagnostic) {
    const ERROR: &str = "MlnotesFailure";
    let labels = diagnostic.places.iter().map(|place| &place.label);
    let notes = diagnostic.notes.iter().map(|(_, note)| note);
    if !labels.chain(notes).chain([&diagnostic.message]).any(|text| text.contains(ERROR)) {
        return;
    }
    let message = &mut diagnostic.message;
    *message = message.replace("a closure that returns `Result`", "a cell");
    for name in ["mlnotes_cell::MlnotesFailure", ERROR] {
        *message = message.replace(name, "the cell's error");
    }
    for place in &mut diagnostic.places {
        // "use `.ok_or(...)?`" is the remedy; which error it must fit is ours.
        if let Some(at) = place.label.find(" to provide an error compatible with") {
            place.label.truncate(at);
        }
    }
}

/// The last byte of the user's before a message about our own text.
fn nearest(json: &Value, source: &Mapped) -> Option<Place> {
    let mut spans = json["spans"].as_array()?.iter();
    let span = spans.clone().find(|span| span["is_primary"] == true).or_else(|| spans.next())?;
    let start = usize::try_from(span["byte_start"].as_u64()?).ok()?;
    let (cell, at) = source.origin_or_before(start)?;
    Some(Place { cell, range: at..at + 1, label: String::new(), primary: true })
}

/// Finds the runtime library, or makes it: once for each compiler and each text of it.
pub(super) fn runtime(cache: &Path, version: &str, std_folder: &Path) -> std::io::Result<PathBuf> {
    use sha2::Digest;
    const SOURCE: &str = include_str!("runtime.rs");
    let std_folder = std_folder.display();
    let key = sha2::Sha256::digest(format!("{version}\n{std_folder}\n{SOURCE}"));
    let key = format!("{key:x}");
    let folder = cache.join(&key[..16]);
    let file =
        if cfg!(target_os = "macos") { "libmlnotes_cell.dylib" } else { "libmlnotes_cell.so" };
    let library = folder.join(file);
    if library.exists() {
        return Ok(library);
    }
    std::fs::create_dir_all(cache)?;
    let work = tempfile::tempdir_in(cache)?;
    std::fs::write(work.path().join("runtime.rs"), SOURCE)?;
    let build = |extra: &[&str], variable: Option<&str>| {
        let mut command = toolchain::rustc();
        command
            .args(["--edition=2024", "--crate-type=dylib", "--crate-name=mlnotes_cell"])
            .args(["-Cprefer-dynamic", "-Copt-level=2", "-Cdebuginfo=0", "-o", file, "runtime.rs"])
            .args(extra)
            .envs(variable.map(|name| (name, "1")))
            .current_dir(work.path());
        rpath(&mut command, &std_folder.to_string());
        run(command, None)
    };
    // Specialisation tells a `Display` that is known only as `Debug`. A compiler that does not have
    // it, or has changed it, builds the library without.
    let special = ["--cfg=mlnotes_specialisation"];
    let (mut success, _, mut words) = build(&special, Some("RUSTC_BOOTSTRAP"))?;
    if !success {
        (success, _, words) = build(&[], None)?;
    }
    if !success {
        return Err(std::io::Error::other(format!(
            "the kernel's runtime does not build:\n{words}"
        )));
    }
    // Another kernel may have been quicker; its library is the same.
    if std::fs::rename(work.keep(), &folder).is_err() && !library.exists() {
        return Err(std::io::Error::other(format!("{} cannot be written", folder.display())));
    }
    Ok(library)
}
