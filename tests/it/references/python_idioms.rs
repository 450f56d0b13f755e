//! Caches, construction, binding and copies against `CPython` 3.11
//! (`tests/references/python_idioms.py`); makespans against a calculation by hand.

use crate::support::{aligned, cases};
use mlnotes::Error;
use mlnotes::engineering::cache::{LruCache, Memo, memoize};
use mlnotes::engineering::construct::{InitBehaviour, NewResult, ObjectProtocol};
use mlnotes::engineering::functional::{
    Bound, Graph, NodeId, SWITCH_INTERVAL, Segment, Signature, bind, counted, schedule,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    keys: Vec<u32>,
    caches: Vec<Cache>,
    fibonacci: Fibonacci,
    constructions: Vec<Construction>,
    switch_interval_ms: u64,
    bindings: Vec<Binding>,
    graphs: Vec<Copies>,
}

#[derive(Deserialize)]
struct Cache {
    capacity: Option<usize>,
    hits: usize,
    misses: usize,
    len: usize,
}

#[derive(Deserialize)]
struct Fibonacci {
    values: Vec<String>,
    hits: usize,
    misses: usize,
    naive_calls_20: usize,
}

#[derive(Deserialize)]
struct Construction {
    name: String,
    new_returns: String,
    init: String,
    how: String,
    steps: Vec<String>,
    outcome: String,
}

#[derive(Deserialize)]
struct Binding {
    signature: String,
    args: Vec<i64>,
    kwargs: Vec<(String, i64)>,
    bound: Option<Vec<(String, Value)>>,
    seen: Option<Vec<(String, Value)>>,
    error: Option<String>,
}

#[derive(Deserialize)]
enum Value {
    One(i64),
    Tuple(Vec<i64>),
    Dict(Vec<(String, i64)>),
}

#[derive(Deserialize)]
struct Copies {
    name: String,
    spec: Vec<(String, Vec<usize>)>,
    additions: Vec<(usize, usize)>,
    root: usize,
    copy: Copied,
    deepcopy: Copied,
}

#[derive(Deserialize)]
struct Copied {
    same: Vec<Vec<bool>>,
    children: Vec<Vec<usize>>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/python_idioms.json")).unwrap()
}

#[test]
fn hits_and_misses_are_those_of_lru_cache() {
    let Reference { keys, caches, .. } = reference();
    assert_eq!(keys.len(), 10_000);
    for expected in cases(caches, 11) {
        let mut cache = match expected.capacity {
            Some(capacity) => LruCache::new(capacity).unwrap(),
            None => LruCache::unbounded(),
        };
        for &key in &keys {
            if let Some(&value) = cache.get(&key) {
                assert_eq!(value, -i64::from(key));
            } else {
                let full = expected.capacity == Some(cache.stats().len);
                assert_eq!(cache.put(key, -i64::from(key)).is_some(), full);
            }
        }
        let stats = cache.stats();
        let got = (stats.hits, stats.misses, stats.len, stats.capacity);
        assert_eq!(got, (expected.hits, expected.misses, expected.len, expected.capacity));
    }
}

fn naive(n: u32, count: &dyn Fn(u32) -> u32) -> u32 {
    match count(n) {
        0 | 1 => n,
        n => naive(n - 1, count) + naive(n - 2, count),
    }
}

#[test]
fn fibonacci_is_exact_and_counted_as_python_counts() {
    let Fibonacci { values, hits, misses, naive_calls_20 } = reference().fibonacci;
    let body = |memo: &mut Memo<usize, u128>, n| match n {
        0 | 1 => n as u128,
        _ => memo.call(n - 1) + memo.call(n - 2),
    };
    let mut cold = memoize(1000, body).unwrap();
    assert_eq!(cold.call(186).to_string(), values[186]);
    assert_eq!((cold.stats().hits, cold.stats().misses), (hits, misses));
    for capacity in [3, 1000] {
        let mut fib = memoize(capacity, body).unwrap();
        for (n, value) in cases(&values, 187).enumerate() {
            assert_eq!(fib.call(n).to_string(), *value, "F({n})");
        }
        assert_eq!(fib.stats().misses, values.len());
    }
    let (identity, calls) = counted(|n: u32| n);
    assert_eq!(naive(20, &identity), 6765);
    assert_eq!(calls.get(), naive_calls_20);
}

#[test]
fn construction_runs_what_type_call_runs() {
    for case in cases(reference().constructions, 13) {
        let Construction { name, new_returns, init, how, steps, outcome } = case;
        let new_returns = match new_returns.as_str() {
            "instance" => NewResult::Instance,
            "subclass" => NewResult::Subclass,
            "shared" => NewResult::Shared,
            "unrelated" => NewResult::Unrelated,
            "nothing" => NewResult::Nothing,
            "raises" => NewResult::Raises,
            other => panic!("{other}"),
        };
        let init = match init.as_str() {
            "none" => InitBehaviour::ReturnsNone,
            "value" => InitBehaviour::ReturnsValue,
            "raises" => InitBehaviour::Raises,
            other => panic!("{other}"),
        };
        let class = ObjectProtocol::new(new_returns, init);
        let trace = match how.as_str() {
            "call" => class.call(),
            "thrice" => class.call_times(3).unwrap(),
            "new" => class.new_directly(),
            "copy" | "pickle" => class.rebuild(),
            other => panic!("{other}"),
        };
        let ran: Vec<String> = trace.steps.iter().map(ToString::to_string).collect();
        assert_eq!(ran, steps, "{name}");
        assert_eq!(trace.outcome.to_string(), outcome, "{name}");
    }
}

fn same(ours: &[(String, Bound)], python: &[(String, Value)]) -> bool {
    ours.len() == python.len()
        && ours.iter().zip(python).all(|((a, x), (b, y))| {
            a == b
                && match (x, y) {
                    (Bound::One(x), Value::One(y)) => x == y,
                    (Bound::Tuple(x), Value::Tuple(y)) => x == y,
                    (Bound::Dict(x), Value::Dict(y)) => x == y,
                    _ => false,
                }
        })
}

#[test]
fn arguments_are_bound_as_inspect_binds_them() {
    let (mut bound, mut refused) = (0, 0);
    for case in cases(reference().bindings, 1512) {
        let signature = Signature::parse(&case.signature).unwrap();
        let kwargs: Vec<(&str, i64)> = case.kwargs.iter().map(|(n, v)| (n.as_str(), *v)).collect();
        let about = format!("({}) called by {:?} {kwargs:?}", case.signature, case.args);
        match (bind(&signature, &case.args, &kwargs), case.error) {
            (Ok(ours), None) => {
                // `bind` of 3.11 refuses a few calls that Python makes; then only `seen` is known.
                if let Some(expected) = case.bound {
                    assert!(same(&ours.arguments, &expected), "{about}: {ours:?}");
                }
                let seen = ours.with_defaults(&signature);
                assert!(same(&seen.arguments, &case.seen.unwrap()), "{about}: {seen:?}");
                bound += 1;
            }
            (Err(Error::Refused { reason, .. }), Some(error)) => {
                assert_eq!(reason, error, "{about}");
                refused += 1;
            }
            (ours, error) => panic!("{about}: {ours:?}, Python: {error:?}"),
        }
    }
    assert!(bound > 200 && refused > 200, "{bound} {refused}");
}

#[test]
fn copies_share_what_pythons_copies_share() {
    for case in cases(reference().graphs, 68) {
        for (how, expected) in [("copy", &case.copy), ("deepcopy", &case.deepcopy)] {
            let mut graph = Graph::default();
            let mut ids: Vec<NodeId> = Vec::new();
            for (kind, children) in &case.spec {
                let held: Vec<NodeId> = children.iter().map(|&i| ids[i]).collect();
                ids.push(match kind.as_str() {
                    "atom" => graph.atom("atom"),
                    "list" => graph.list("list", &held).unwrap(),
                    "tuple" => graph.tuple("tuple", &held).unwrap(),
                    other => panic!("{other}"),
                });
            }
            for &(list, child) in &case.additions {
                graph.append(ids[list], ids[child]).unwrap();
            }
            let root = ids[case.root];
            let before = graph.reachable(root).unwrap();
            let copy = match how {
                "copy" => graph.shallow_copy(root).unwrap(),
                _ => graph.deep_copy(root).unwrap(),
            };
            let after = graph.reachable(copy).unwrap();
            let same = graph.identity_matrix(&before, &after);
            let rows: Vec<Vec<bool>> = same.rows().into_iter().map(|row| row.to_vec()).collect();
            assert_eq!(rows, expected.same, "{how} of {}", case.name);
            let place = |id| after.iter().position(|&other| other == id).unwrap();
            for (&id, children) in aligned(after.iter(), &expected.children) {
                let held: Vec<usize> = graph.children(id).unwrap().into_iter().map(place).collect();
                assert_eq!(held, *children, "{how} of {}", case.name);
            }
        }
    }
}

/// By hand, with slices of 5 ms. Locked, all interpreted code runs one piece after the other.
#[test]
fn makespans_are_those_of_a_pencil() {
    use Segment::{Cpu, Io, Native};
    assert_eq!(SWITCH_INTERVAL, reference().switch_interval_ms);
    let cases: [(Vec<Vec<Segment>>, usize, u64, u64); 6] = [
        // 4 x 60 of code: 240 locked; on four cores 60, on two 120.
        (vec![vec![Cpu(60)]; 4], 4, 240, 60),
        (vec![vec![Cpu(60)]; 4], 2, 240, 120),
        // NumPy's work needs no lock.
        (vec![vec![Native(60)]; 4], 4, 60, 60),
        // 4 x (5 of code, 50 of waiting): the last starts to wait at 20, or at 5.
        (vec![vec![Cpu(5), Io(50)]; 4], 4, 70, 55),
        // Three pieces in turn: code ends at 10, 20 and 30 (locked, slices of 5: at 20, 25, 30).
        (vec![vec![Cpu(10), Io(20)]; 3], 3, 50, 30),
        // One core: the lock changes nothing.
        (vec![vec![Cpu(30)], vec![Cpu(20), Io(15)]], 1, 55, 55),
    ];
    for (tasks, cores, locked, free) in cases {
        assert_eq!(schedule(&tasks, cores, true).unwrap().makespan, locked, "{tasks:?}");
        assert_eq!(schedule(&tasks, cores, false).unwrap().makespan, free, "{tasks:?}");
    }
}
