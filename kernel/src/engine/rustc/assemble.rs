//! A cell on its way to a library: put together, compiled, and put together anew where rustc tells
//! something about the session that was not known before.

use super::advice::Nameless;
use super::asynchronous::{self, Driver};
use super::compile::{self, Compiled};
use super::emit::{self, Emission};
use super::failures::kernel_error;
use super::item::Without;
use super::needs;
use super::plan::Plan;
use super::program::{Fates, Program};
use super::{RustEngine, rounds};
use crate::engine::errors::{CellText, Diagnostic};
use crate::engine::facts::{self, MACROS, VALUES};
use crate::engine::mapped::Mapped;
use crate::engine::source::{Made, Parsed};
use crate::engine::types::{self, Variable};
use crate::engine::{CellError, Output, Sink};
use crate::environment::Environment;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// How often a cell is put together anew.
const ATTEMPTS: usize = 24;

/// A cell that was compiled.
pub(super) struct Ready {
    pub(super) library: PathBuf,
    /// Types of the cell's variables, as cells write them.
    pub(super) types: BTreeMap<String, String>,
    /// Variables that are numbers of no certain type.
    pub(super) loose: BTreeSet<String>,
    /// Variables whose types have no names.
    pub(super) nameless: BTreeMap<String, Nameless>,
    pub(super) fates: Fates,
    /// Variables of earlier cells that it takes.
    pub(super) loaded: Vec<String>,
    /// What the session's items become.
    pub(super) plan: Plan,
    pub(super) without: Without,
}

/// What the runs of rustc over one program gave; the last two only where they were asked for.
struct Runs {
    compiled: std::io::Result<Compiled>,
    asked: Option<std::io::Result<(BTreeMap<String, String>, String)>>,
    made: Option<std::io::Result<Vec<Made>>>,
}

/// What is known of a cell while it is put together.
#[derive(Default)]
struct Draft {
    without: Without,
    fates: Fates,
    /// Types of its variables, as rustc names them.
    types: Option<BTreeMap<String, String>>,
    /// The program that told them.
    program: String,
    /// Whether it gets all items, not only those that it seems to need.
    all: bool,
    expanded: bool,
    /// Whether it waits for futures.
    waits: bool,
    /// What there was to say before numbers were taken as of other types.
    first_error: Option<CellError>,
    /// Variables whose types cannot be written.
    unwritable: BTreeSet<String>,
}

/// The names that a cell binds, whose types are to be told.
fn unknown(parsed: &Parsed, fates: &Fates) -> Vec<String> {
    let bound = parsed.bindings.iter().map(|binding| binding.name.clone());
    bound.filter(|name| !fates.unbound.contains(name)).collect()
}

impl RustEngine {
    /// Compiles a cell. Nothing of the session changes.
    pub(super) fn compile(
        &mut self,
        number: usize,
        parsed: &mut Parsed,
        sink: &Sink,
    ) -> Result<Ready, CellError> {
        let text = self.cells[&number].text.clone();
        let shown = self.cells[&number].number;
        let code = &text[parsed.start..];
        let mut draft = Draft {
            expanded: !self.has_unknown_macros(parsed),
            waits: parsed.asynchronous,
            ..Draft::default()
        };
        for attempt in 0..ATTEMPTS {
            let plan = self.items.plan(number, parsed, &draft.without);
            let variables = self.variables_for(code, parsed, &plan, &draft);
            let needed = if draft.all {
                (0..plan.kept.len()).collect()
            } else {
                needs::needed(&plan, parsed, words_of(code, &variables))
            };
            let homes = self.homes(&plan, &needed);
            let default = Environment::default();
            let environment = self.environment.as_ref().unwrap_or(&default);
            let driver = Driver::of(environment);
            let emission =
                Emission { plan: &plan, needed: &needed, number, parsed, cells: &self.cells };
            let program = Program {
                cell: (number, &text),
                shown,
                parsed,
                items: &emission,
                variables: &variables,
                library: environment.library.as_deref(),
                driver: &driver,
                waits: draft.waits,
                attributes: &self.attributes,
                fates: &draft.fates,
            };
            let source = program.to_run();
            let unknown = unknown(parsed, &draft.fates);
            let ask = draft.types.is_none() && !unknown.is_empty();
            let expand = !draft.expanded;
            let wanted = (ask.then_some(unknown.as_slice()), expand);
            let Runs { compiled, asked, made } = self.runs(&program, &source, &homes, wanted);
            let loaded: Vec<String> = variables.keys().map(|name| (*name).to_owned()).collect();
            drop(variables);
            if self.interrupter.requested() {
                return Err(self.interrupted(false));
            }
            let mut compiled = compiled.map_err(|error| self.compiler_fault(&error))?;
            // A cell with errors has no use for the types.
            if let Some(asked) = asked {
                let (types, program) = asked.map_err(|error| self.compiler_fault(&error))?;
                (draft.types, draft.program) = (Some(types), program);
            }
            draft.expanded = true;
            if let Some(made) = made {
                let made = made.map_err(|error| self.compiler_fault(&error))?;
                self.learn_macros(parsed, &made);
                if parsed.made(made) {
                    draft.types = None;
                    self.show_hidden(number, shown, parsed);
                    continue;
                }
            }
            self.sources.insert(number, source);
            if compiled.has_own_lines() {
                self.learn(&mut draft, &mut compiled, attempt);
                continue;
            }
            // The type of a static hides a lifetime that only its definition may leave out.
            if let Some(home) = compiled.homes_at_fault(&homes).next() {
                self.items.copy_statics(home);
                continue;
            }
            if let Some(library) = compiled.library {
                if self.put_functions_as_pointers(parsed, &mut draft) {
                    continue;
                }
                self.warn(number, &compiled.warnings, sink);
                return Ok(self.ready(library, draft, loaded, plan, (parsed, &text)));
            }
            draft.types = None;
            let waits = !draft.waits && asynchronous::wants_to_wait(&compiled.errors);
            draft.waits |= waits;
            if waits || forget_broken(parsed, (number, &text), &compiled, sink) {
                continue;
            }
            let some = needed.len() < plan.kept.len();
            if some && compiled.blames.iter().any(rounds::may_miss_an_item) {
                draft.all = true;
                continue;
            }
            if rounds::learn(&mut draft.without, &plan, (number, parsed), &compiled.blames) {
                continue;
            }
            // In one program, the literal would have had the type that is asked for here.
            let retyped = self.retyped(&loaded, &compiled);
            let error = self.own_errors(number, &draft.without, &plan, compiled);
            if draft.first_error.is_some() || retyped.is_empty() {
                return Err(draft.first_error.unwrap_or(error));
            }
            draft.fates.retyped = retyped;
            draft.first_error = Some(error);
        }
        Err(kernel_error("the cell's variables could not be told apart"))
    }

    /// The cells whose libraries hold the statics of what is needed.
    fn homes(&self, plan: &Plan, needed: &[usize]) -> BTreeSet<usize> {
        let homes = needed.iter().filter_map(|at| plan.kept[*at].home_of_statics());
        // A home that somebody deleted is found missing by a cell that needs it, and by no other.
        homes.filter(|home| self.settings.library_of(*home).exists()).collect()
    }

    /// The runs of rustc over a program, side by side.
    fn runs(
        &self,
        program: &Program<'_>,
        source: &Mapped,
        homes: &BTreeSet<usize>,
        (unknown, expand): (Option<&[String]>, bool),
    ) -> Runs {
        let default = Environment::default();
        let environment = self.environment.as_ref().unwrap_or(&default);
        let settings = &self.settings;
        std::thread::scope(|scope| {
            let asked = unknown.map(|unknown| {
                scope.spawn(move || compile::types(program, unknown, environment, settings))
            });
            let made =
                expand.then(|| scope.spawn(|| compile::expand(program, environment, settings)));
            let compiled = compile::compile(program.cell.0, source, homes, environment, settings);
            let asked = asked.and_then(|thread| thread.join().ok());
            Runs { compiled, asked, made: made.and_then(|thread| thread.join().ok()) }
        })
    }

    fn ready(
        &self,
        library: PathBuf,
        draft: Draft,
        loaded: Vec<String>,
        plan: Plan,
        (parsed, text): (&Parsed, &str),
    ) -> Ready {
        let types = draft.types.unwrap_or_default();
        let loose = types.iter().filter(|(_, ty)| types::is_loose(ty));
        let loose = loose.map(|(name, _)| name.clone()).collect();
        let nameless = nameless(&types, &draft.program, parsed, text);
        let types = types.into_iter().map(|(name, ty)| (name, self.writable(&ty))).collect();
        let (without, fates) = (draft.without, draft.fates);
        Ready { library, types, loose, nameless, fates, loaded, plan, without }
    }

    /// Takes the items of macro calls that hide statics up among the cells, where they can be copied.
    fn show_hidden(&mut self, number: usize, shown: u32, parsed: &Parsed) {
        for (i, item) in parsed.items.iter().enumerate() {
            if let Some(text) = item.expanded.clone() {
                self.cells.insert(emit::hidden_cell(number, i), CellText { number: shown, text });
            }
        }
    }

    /// Whether a macro call among the statements may stand for anything.
    fn has_unknown_macros(&self, parsed: &Parsed) -> bool {
        const VALUES_ONLY: [&str; 22] = [
            "println",
            "print",
            "eprintln",
            "eprint",
            "assert",
            "assert_eq",
            "assert_ne",
            "debug_assert",
            "debug_assert_eq",
            "debug_assert_ne",
            "panic",
            "todo",
            "unimplemented",
            "unreachable",
            "vec",
            "format",
            "write",
            "writeln",
            "dbg",
            "matches",
            "include_str",
            "concat",
        ];
        let plain = |name: &str| VALUES_ONLY.contains(&name) || self.plain_macros.contains(name);
        parsed
            .macros
            .iter()
            .any(|call| !plain(&call.name) || self.defines_macro(parsed, &call.name))
    }

    fn defines_macro(&self, parsed: &Parsed, name: &str) -> bool {
        let live = self.items.live().iter().map(|item| &item.facts);
        let mut all = live.chain(parsed.items.iter().map(|item| &item.facts));
        all.any(|facts| facts.defines.iter().any(|(own, spaces)| own == name && *spaces == MACROS))
    }

    /// A crate's macro that was a value once is not asked again.
    fn learn_macros(&mut self, parsed: &Parsed, made: &[Made]) {
        for (call, made) in parsed.macros.iter().zip(made) {
            let nothing = matches!(made, Made::Nothing);
            if nothing && !self.defines_macro(parsed, &call.name) {
                self.plain_macros.insert(call.name.clone());
            }
        }
    }

    /// Variables of earlier cells that the code may name.
    fn variables_for<'a>(
        &'a self,
        code: &str,
        parsed: &Parsed,
        plan: &Plan,
        draft: &Draft,
    ) -> BTreeMap<&'a str, &'a Variable> {
        let named = |name: &str| super::words::has_word(code, name);
        let all = self.variables.iter().filter(|(name, _)| {
            named(name) && !draft.unwritable.contains(*name) && !hides(parsed, name)
        });
        let kept = all.filter(|(_, variable)| plan.keeps(&variable.ty));
        kept.map(|(name, variable)| (name.as_str(), variable)).collect()
    }

    /// What rustc said about lines of ours.
    fn learn(&mut self, draft: &mut Draft, compiled: &mut Compiled, attempt: usize) {
        let Draft { fates, types, .. } = draft;
        // Those that borrow are found one by one; from the second on their types tell more.
        if attempt > 0 && !compiled.borrowers.is_empty() {
            let borrows = |ty: &String| ty.contains('&') || ty.contains("'_");
            let told = types.iter().flatten().filter(|(_, ty)| borrows(ty));
            fates.borrowers.extend(told.map(|(name, _)| name.clone()));
        }
        fates.borrowers.append(&mut compiled.borrowers);
        fates.not_put.append(&mut compiled.moved);
        fates.not_put.extend(compiled.empty.iter().cloned());
        fates.empty.append(&mut compiled.empty);
        fates.not_put.extend(fates.borrowers.iter().cloned());
        fates.unbound.append(&mut compiled.unbound);
        for name in std::mem::take(&mut compiled.unwritable) {
            let ty = self.variables.get(&name).map(|variable| variable.ty.as_str());
            let other = ty.and_then(|ty| types::past_facades(ty, |name| self.is_crate(name)));
            if let (Some(variable), Some(ty)) = (self.variables.get_mut(&name), other) {
                variable.ty = ty;
                continue;
            }
            self.lose_unwritable(&name);
            draft.unwritable.insert(name);
        }
    }

    /// A variable that holds a function has a type without a name; the pointer's has one.
    fn put_functions_as_pointers(&self, parsed: &Parsed, draft: &mut Draft) -> bool {
        let mut more = false;
        for (name, ty) in draft.types.iter().flatten() {
            let bound = parsed.bindings.iter().any(|binding| binding.name == *name);
            let put = bound && !draft.fates.not_put.contains(name);
            if put && types::is_fn_item(ty) && !draft.fates.put_as.contains_key(name) {
                draft.fates.put_as.insert(name.clone(), self.writable(ty));
                more = true;
            }
        }
        more
    }

    /// Numbers of no certain type that errors ask for as of another.
    fn retyped(&self, loaded: &[String], compiled: &Compiled) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for error in &compiled.errors {
            for place in error.places.iter().filter(|place| place.primary) {
                let text =
                    self.cells.get(&place.cell).and_then(|c| c.text.get(place.range.clone()));
                let Some(ty) = types::asked_number(&error.message, &place.label) else { continue };
                let open = |name: &&String| {
                    let variable = self.variables.get(*name);
                    variable.is_some_and(|variable| variable.loose && !variable.mutable)
                };
                let said = super::words::names_in(text.unwrap_or_default());
                let names = loaded.iter().filter(open).filter(|name| said.contains(*name));
                found.extend(names.map(|name| (name.clone(), ty.clone())));
            }
        }
        found
    }

    /// A type as rustc names it, as every cell can write it.
    pub(super) fn writable(&self, ty: &str) -> String {
        types::writable(ty, |name| self.is_crate(name))
    }

    /// Whether cells can name a crate so.
    fn is_crate(&self, name: &str) -> bool {
        let environment = self.environment.as_ref();
        ["std", "core", "alloc", "mlnotes_cell"].contains(&name)
            || environment.is_some_and(|environment| {
                environment.externs.contains_key(name)
                    || environment.added.contains_key(name)
                    || environment.direct.contains_key(name)
                    || environment.versions.values().flatten().any(|own| own == name)
                    || environment.library.as_deref() == Some(name)
            })
    }

    /// The cell's own errors; those of older items would only hide them.
    fn own_errors(
        &self,
        number: usize,
        without: &Without,
        plan: &Plan,
        compiled: Compiled,
    ) -> CellError {
        let Compiled { errors, blames, .. } = compiled;
        let own =
            |blame: &compile::Blame| blame.sites.first().is_none_or(|(cell, _)| *cell == number);
        let mut kept: Vec<Diagnostic> = errors
            .iter()
            .zip(&blames)
            .filter(|(_, blame)| own(blame))
            .map(|(e, _)| e.clone())
            .collect();
        if kept.is_empty() {
            kept = errors;
        }
        self.compile_error(kept, without, plan)
    }

    /// What the cell did to older items, a line each.
    pub(super) fn tell_changes(&self, ready: &Ready, sink: &Sink) {
        let mut lines = Vec::new();
        for (id, reason) in &ready.without.aside {
            let Some(item) = self.items.live().iter().find(|item| item.id == *id) else { continue };
            let cell = self.cells.get(&item.cell).map_or(0, |cell| cell.number);
            lines.push(format!(
                "`{}` of cell [{cell}] no longer fits ({reason}); it is set aside until its cell runs again",
                item.title()
            ));
        }
        for title in &ready.plan.renewed {
            lines.push(format!("`{title}` begins anew: its type has changed"));
        }
        for title in &ready.plan.went {
            lines.push(format!("`{title}` went with the type that it came with"));
        }
        for line in lines {
            sink(Output::Stderr(format!("note: {line}\n")));
        }
    }
}

/// What a macro of std's expands to is not for cells; then its statics are each cell's own, with a word.
fn forget_broken(
    parsed: &mut Parsed,
    (number, text): (usize, &str),
    compiled: &Compiled,
    sink: &Sink,
) -> bool {
    let mut broken = false;
    for (i, item) in parsed.items.iter_mut().enumerate() {
        let cell = emit::hidden_cell(number, i);
        let mut sites = compiled.blames.iter().flat_map(|blame| &blame.sites);
        if sites.any(|site| site.0 == cell) {
            (item.expanded, item.statics, broken) = (None, Vec::new(), true);
            let call = text[item.range.clone()].split('!').next().unwrap_or_default().trim();
            sink(Output::Stderr(format!(
                "note: the statics that `{call}!` makes are each cell's own, since only the standard library \
                 may use what they are made of\n"
            )));
        }
    }
    broken
}

/// What is to be known of variables whose types have no names, should a later cell ask for them.
fn nameless(
    types: &BTreeMap<String, String>,
    program: &str,
    parsed: &Parsed,
    text: &str,
) -> BTreeMap<String, Nameless> {
    let mut found = BTreeMap::new();
    let program: std::sync::Arc<str> = program.into();
    for (name, ty) in types.iter().filter(|(_, ty)| types::has_no_name(ty)) {
        let binding = parsed.bindings.iter().find(|binding| binding.name == *name);
        let Some((statement, value)) = binding.and_then(|b| b.alone.clone()) else { continue };
        let nameless = Nameless::new(ty, &program, &text[statement], &text[value]);
        found.insert(name.clone(), nameless);
    }
    found
}

/// Whether the cell defines an item that is meant where an older variable was.
pub(super) fn hides(parsed: &Parsed, name: &str) -> bool {
    let item = |item: &crate::engine::source::CellItem| {
        item.uses.is_empty() && item.facts.defines(name, VALUES)
    };
    parsed.items.iter().any(item) && !parsed.bindings.iter().any(|binding| binding.name == name)
}

/// What a cell says: its own words, and those of its variables' types.
fn words_of(code: &str, variables: &BTreeMap<&str, &Variable>) -> BTreeSet<String> {
    let mut words = super::words::names_in(code);
    for variable in variables.values() {
        words.extend(super::words::names_in(&variable.ty));
    }
    if let Ok(tokens) = code.parse() {
        // Raw identifiers, as rustc compares them.
        facts::words(tokens, &mut words);
        proc_macro2::extra::invalidate_current_thread_spans();
    }
    words
}
