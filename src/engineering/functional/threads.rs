//! Threads, with and without a global lock.
//!
//! ```text
//! Cpu     needs a core and, where there is one, the lock      Python code
//! Native  needs a core                                        C code that lets the lock go, as NumPy's does
//! Io      needs neither                                       waiting for disk, network, time
//! makespan ≥ max( (Σ Cpu + Σ Native) / cores,  Σ Cpu if locked,  longest task )
//! ```
//!
//! Time is virtual, in whole milliseconds: the same schedule on every machine.

use crate::display::check_interrupt;
use crate::{Error, Result};
use std::collections::VecDeque;

/// Milliseconds after which a running thread makes way for one that waits: `CPython`'s
/// `sys.getswitchinterval()`.
pub const SWITCH_INTERVAL: u64 = 5;

/// Work of all tasks together that [`schedule`] accepts, in milliseconds: more is a mistake of units.
const LONGEST: u64 = 100_000_000;

/// A stretch of a thread's life, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Segment {
    /// Interpreted code: needs a core and the lock.
    Cpu(u64),
    /// Compiled code that lets the lock go: needs a core.
    Native(u64),
    /// Waiting: needs neither.
    Io(u64),
}

impl Segment {
    /// Its length in milliseconds.
    pub fn ms(self) -> u64 {
        match self {
            Self::Cpu(ms) | Self::Native(ms) | Self::Io(ms) => ms,
        }
    }

    fn with_ms(self, ms: u64) -> Self {
        match self {
            Self::Cpu(_) => Self::Cpu(ms),
            Self::Native(_) => Self::Native(ms),
            Self::Io(_) => Self::Io(ms),
        }
    }
}

/// A stretch of time in which a task ran, or waited for its input and output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slice {
    /// The task, from 0.
    pub task: usize,
    /// Start, in milliseconds.
    pub start: u64,
    /// What it did, and for how long.
    pub segment: Segment,
}

impl Slice {
    /// End, in milliseconds.
    pub fn end(&self) -> u64 {
        self.start + self.segment.ms()
    }
}

/// Who ran when.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schedule {
    /// End of the last task, in milliseconds.
    pub makespan: u64,
    /// All slices by task, then by time; neighbours of one kind are one slice.
    pub gantt: Vec<Slice>,
}

/// Runs one thread a task on `cores` cores, in virtual time; with `global_lock`, only the thread that holds
/// the lock may run interpreted code.
///
/// Threads that are ready stand in a queue, first come, first served (ties: the lower number first). One
/// that has run for [`SWITCH_INTERVAL`] goes to the queue's end. Switching is free here; in truth it is not,
/// so the lock's real cost is a little higher.
///
/// ```
/// use mlnotes::engineering::functional::{Segment, schedule};
/// let cpu = vec![vec![Segment::Cpu(100)]; 4];
/// assert_eq!(schedule(&cpu, 4, true)?.makespan, 400); // the lock: one after the other
/// assert_eq!(schedule(&cpu, 4, false)?.makespan, 100);
/// let io = vec![vec![Segment::Io(100)]; 4];
/// assert_eq!(schedule(&io, 4, true)?.makespan, 100); // whoever waits holds no lock
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for no cores, or for work of more than 100 000 seconds.
pub fn schedule(tasks: &[Vec<Segment>], cores: usize, global_lock: bool) -> Result<Schedule> {
    check(tasks, cores)?;
    let mut threads: Vec<Thread> = tasks.iter().map(|task| Thread::new(task)).collect();
    let mut ready: VecDeque<usize> = VecDeque::new();
    // End and task of all that is under way; `lock` tells who holds the lock.
    let mut running: Vec<(u64, usize)> = Vec::new();
    let mut waiting: Vec<(u64, usize)> = Vec::new();
    let mut lock: Option<usize> = None;
    let mut slices: Vec<Vec<Slice>> = vec![Vec::new(); tasks.len()];
    let mut now = 0;
    for task in 0..tasks.len() {
        threads[task].arrive(task, now, &mut ready, &mut waiting, &mut slices[task]);
    }
    loop {
        // Cores go to the first in the queue who may run.
        while running.len() < cores {
            let free = |&task: &usize| {
                !global_lock
                    || lock.is_none()
                    || !matches!(threads[task].now(), Some(Segment::Cpu(_)))
            };
            let Some(place) = ready.iter().position(free) else { break };
            let Some(task) = ready.remove(place) else { break };
            let Some(segment) = threads[task].now() else { continue };
            let ms = segment.ms().min(SWITCH_INTERVAL);
            if matches!(segment, Segment::Cpu(_)) {
                lock = Some(task);
            }
            record(&mut slices[task], Slice { task, start: now, segment: segment.with_ms(ms) });
            running.push((now + ms, task));
        }
        // The next event, and all who are ready by then.
        let Some(next) = running.iter().chain(&waiting).map(|&(end, _)| end).min() else { break };
        check_interrupt();
        let mut ran: Vec<usize> = Vec::new();
        for list in [&mut running, &mut waiting] {
            ran.extend(list.iter().filter(|(end, _)| *end == next).map(|&(_, task)| task));
            list.retain(|(end, _)| *end > next);
        }
        now = next;
        ran.sort_unstable();
        for task in ran {
            lock = lock.filter(|&holder| holder != task);
            threads[task].advance();
            threads[task].arrive(task, now, &mut ready, &mut waiting, &mut slices[task]);
        }
    }
    Ok(Schedule { makespan: now, gantt: slices.concat() })
}

fn check(tasks: &[Vec<Segment>], cores: usize) -> Result<()> {
    let wrong =
        |name, rule, got: String| Err(Error::Parameter { estimator: "schedule", name, rule, got });
    if cores == 0 {
        return wrong("cores", ">= 1", "0".into());
    }
    let work = tasks.iter().flatten().try_fold(0_u64, |sum, segment| sum.checked_add(segment.ms()));
    match work {
        Some(ms) if ms <= LONGEST => Ok(()),
        _ => wrong("tasks", "at most 100000000 ms of work in all", "more".into()),
    }
}

/// What a thread has still to do, the next segment last.
struct Thread {
    todo: Vec<Segment>,
}

impl Thread {
    fn new(task: &[Segment]) -> Self {
        Self { todo: task.iter().rev().copied().filter(|segment| segment.ms() > 0).collect() }
    }

    fn now(&self) -> Option<Segment> {
        self.todo.last().copied()
    }

    /// Takes off what has just been done: a wait as a whole, work by slices.
    fn advance(&mut self) {
        if let Some(segment) = self.todo.pop() {
            let left = segment.ms().saturating_sub(SWITCH_INTERVAL);
            if left > 0 && !matches!(segment, Segment::Io(_)) {
                self.todo.push(segment.with_ms(left));
            }
        }
    }

    /// Queues for a core, or starts to wait.
    fn arrive(
        &self,
        task: usize,
        now: u64,
        ready: &mut VecDeque<usize>,
        waiting: &mut Vec<(u64, usize)>,
        slices: &mut Vec<Slice>,
    ) {
        match self.now() {
            None => {}
            Some(segment @ Segment::Io(ms)) => {
                record(slices, Slice { task, start: now, segment });
                waiting.push((now + ms, task));
            }
            Some(_) => ready.push_back(task),
        }
    }
}

/// Adds a slice, joined to the one before when they are of one kind and touch.
fn record(slices: &mut Vec<Slice>, slice: Slice) {
    let joins = |last: &&mut Slice| {
        last.end() == slice.start
            && std::mem::discriminant(&last.segment) == std::mem::discriminant(&slice.segment)
    };
    match slices.last_mut().filter(joins) {
        Some(last) => last.segment = last.segment.with_ms(last.segment.ms() + slice.segment.ms()),
        None => slices.push(slice),
    }
}

/// `f` of each item, by `threads` threads on neighbouring chunks; results in the order of the items, so the
/// number of threads changes no bit.
///
/// ```
/// use mlnotes::engineering::functional::parallel_map;
/// let squares = parallel_map(&[1, 2, 3, 4, 5], 2, |x| x * x)?;
/// assert_eq!(squares, [1, 4, 9, 16, 25]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for no threads.
///
/// # Panics
/// Only when `f` does, with its message.
pub fn parallel_map<T: Sync, U: Send>(
    items: &[T],
    threads: usize,
    f: impl Fn(&T) -> U + Sync,
) -> Result<Vec<U>> {
    if threads == 0 {
        let (estimator, name, rule) = ("parallel_map", "threads", ">= 1");
        return Err(Error::Parameter { estimator, name, rule, got: "0".into() });
    }
    let chunk = items.len().div_ceil(threads).max(1);
    let f = &f;
    Ok(std::thread::scope(|scope| {
        let work = |items: &'_ [T]| items.iter().map(f).collect::<Vec<U>>();
        // All threads start before the first is waited for.
        let handles: Vec<_> =
            items.chunks(chunk).map(|items| scope.spawn(move || work(items))).collect();
        let joined = handles.into_iter().flat_map(|handle| match handle.join() {
            Ok(part) => part,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Segment::{Cpu, Io, Native};
    use proptest::prelude::*;

    fn makespan(tasks: &[Vec<Segment>], cores: usize, global_lock: bool) -> u64 {
        schedule(tasks, cores, global_lock).unwrap().makespan
    }

    #[test]
    fn makespans_by_hand() {
        // Four threads of 100 ms on two cores: 400 / 2, or all after each other.
        let cpu = vec![vec![Cpu(100)]; 4];
        assert_eq!((makespan(&cpu, 2, false), makespan(&cpu, 2, true)), (200, 400));
        // NumPy lets the lock go.
        let native = vec![vec![Native(100)]; 4];
        assert_eq!((makespan(&native, 2, false), makespan(&native, 2, true)), (200, 200));
        // 10 ms of code, then 90 ms of waiting. Slices of 5 in turn: the last piece of code ends at 40 when
        // locked (then 90), at 10 on four cores.
        let io = vec![vec![Cpu(10), Io(90)]; 4];
        assert_eq!((makespan(&io, 4, false), makespan(&io, 4, true)), (100, 130));
        // Two tasks: A = C5 I10 C5, B = C10. Locked: A 0-5, B 5-10, B 10-15, A waits till 15, runs 15-20.
        let mixed = [vec![Cpu(5), Io(10), Cpu(5)], vec![Cpu(10)]];
        let locked = schedule(&mixed, 2, true).unwrap();
        assert_eq!(locked.makespan, 20);
        let expected = [(0, 0, Cpu(5)), (0, 5, Io(10)), (0, 15, Cpu(5)), (1, 5, Cpu(10))];
        let got: Vec<_> = locked.gantt.iter().map(|s| (s.task, s.start, s.segment)).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn nothing_to_do_takes_no_time_and_nonsense_is_refused() {
        assert_eq!(makespan(&[], 1, true), 0);
        assert_eq!(makespan(&[vec![], vec![Cpu(0), Io(0)]], 1, true), 0);
        assert!(schedule(&[vec![Cpu(1)]], 0, true).is_err());
        assert!(schedule(&[vec![Cpu(u64::MAX), Io(1)]], 1, true).is_err());
        assert!(schedule(&[vec![Cpu(LONGEST + 1)]], 1, true).is_err());
    }

    #[test]
    fn threads_change_nothing_but_time() {
        let items: Vec<f64> = (0..101).map(f64::from).collect();
        let one = parallel_map(&items, 1, |x| x.sin()).unwrap();
        for threads in [2, 3, 100, 101, 500] {
            assert_eq!(parallel_map(&items, threads, |x| x.sin()).unwrap(), one);
        }
        assert!(parallel_map(&items, 0, |x| *x).is_err());
        assert!(parallel_map(&[] as &[u8], 4, |x| *x).unwrap().is_empty());
    }

    #[test]
    fn several_threads_are_under_way_at_once() {
        // Each waits for the other: one thread alone would never come through.
        let barrier = std::sync::Barrier::new(2);
        let met = parallel_map(&[(), ()], 2, |()| barrier.wait().is_leader()).unwrap();
        assert!(met[0] != met[1]);
    }

    #[test]
    #[should_panic(expected = "item 3")]
    fn a_panic_of_the_function_is_the_callers() {
        let _ = parallel_map(&[1, 2, 3], 3, |&x| assert!(x != 3, "item {x}"));
    }

    fn tasks() -> impl Strategy<Value = Vec<Vec<Segment>>> {
        let segment = (0_u8..3, 0_u64..40).prop_map(|(kind, ms)| match kind {
            0 => Cpu(ms),
            1 => Native(ms),
            _ => Io(ms),
        });
        prop::collection::vec(prop::collection::vec(segment, 0..5), 0..6)
    }

    proptest! {
        #[test]
        fn a_schedule_keeps_order_cores_and_lock(
            tasks in tasks(), cores in 1_usize..4, lock in any::<bool>(),
        ) {
            let Schedule { makespan, gantt } = schedule(&tasks, cores, lock).unwrap();
            let total = |f: fn(&Segment) -> bool| -> u64 {
                tasks.iter().flatten().filter(|s| f(s)).map(|s| s.ms()).sum()
            };
            let cpu = total(|s| matches!(s, Cpu(_)));
            let work = total(|s| !matches!(s, Io(_)));
            prop_assert!(makespan >= work.div_ceil(cores as u64));
            prop_assert!(!lock || makespan >= cpu);
            for (i, task) in tasks.iter().enumerate() {
                let own: Vec<&Slice> = gantt.iter().filter(|s| s.task == i).collect();
                let length: u64 = task.iter().map(|s| s.ms()).sum();
                prop_assert_eq!(own.iter().map(|s| s.segment.ms()).sum::<u64>(), length);
                prop_assert!(makespan >= length);
                prop_assert!(own.windows(2).all(|pair| pair[0].end() <= pair[1].start));
            }
            for t in 0..makespan {
                let at: Vec<Segment> = gantt.iter()
                    .filter(|s| s.start <= t && t < s.end()).map(|s| s.segment).collect();
                prop_assert!(!at.is_empty(), "idle at {}", t);
                prop_assert!(at.iter().filter(|s| !matches!(s, Io(_))).count() <= cores);
                prop_assert!(!lock || at.iter().filter(|s| matches!(s, Cpu(_))).count() <= 1);
            }
        }
    }
}
