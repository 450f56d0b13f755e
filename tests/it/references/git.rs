//! `engineering::git` against git itself: names of objects, merge bases, merges byte for byte, lengths
//! of edit scripts. Without git the tests say so and pass, but not on Linux, where it is to be had.
#![cfg(unix)]

use mlnotes::engineering::git::{
    Commit, CommitGraph, CommitNode, Edit, EntryMode, ObjectKind, Oid, Sandbox, Signature,
    TreeEntry, commit_body, diff_lines, merge3, object_id, tree_body,
};
use mlnotes::engineering::shell::{RunOptions, run};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn has_git() -> bool {
    let there = run("git", &["--version"], &RunOptions::new()).is_ok();
    assert!(
        there || !cfg!(target_os = "linux"),
        "no `git` here: install it, or nothing is compared"
    );
    if !there {
        eprintln!("passed over: this machine has no `git`");
    }
    there
}

fn oid(text: &str) -> Oid {
    text.trim().parse().unwrap()
}

#[test]
fn blobs_are_named_as_hash_object_names_them() {
    if !has_git() {
        return;
    }
    let sandbox = Sandbox::new().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for length in [0, 1, 20, 63, 64, 65, 1000, 70_000] {
        let text: String = (0..length).map(|_| rng.random_range(' '..='~')).collect();
        sandbox.write("f", &text).unwrap();
        let theirs = oid(&sandbox.git(&["hash-object", "f"]).unwrap());
        assert_eq!(object_id(ObjectKind::Blob, text.as_bytes()), theirs);
    }
}

#[test]
fn trees_and_commits_are_gits_own() {
    if !has_git() {
        return;
    }
    let sandbox = Sandbox::new().unwrap();
    for (name, text) in [("a.txt", "1"), ("a/inner", "2"), ("a0", "3"), ("run.sh", "4"), ("Z", "5")]
    {
        sandbox.write(name, text).unwrap();
    }
    std::os::unix::fs::symlink("a.txt", sandbox.path().join("link")).unwrap();
    sandbox.git(&["add", "."]).unwrap();
    sandbox.git(&["update-index", "--chmod=+x", "run.sh"]).unwrap();
    let tree = oid(&sandbox.git(&["write-tree"]).unwrap());
    let entry = |mode, name: &str, kind, body: &[u8]| TreeEntry {
        mode,
        name: name.to_owned(),
        id: object_id(kind, body),
    };
    let blob = ObjectKind::Blob;
    let inner = tree_body(&[entry(EntryMode::File, "inner", blob, b"2")]).unwrap();
    let body = tree_body(&[
        entry(EntryMode::Executable, "run.sh", blob, b"4"),
        entry(EntryMode::Directory, "a", ObjectKind::Tree, &inner),
        entry(EntryMode::File, "Z", blob, b"5"),
        entry(EntryMode::Symlink, "link", blob, b"a.txt"),
        entry(EntryMode::File, "a.txt", blob, b"1"),
        entry(EntryMode::File, "a0", blob, b"3"),
    ])
    .unwrap();
    assert_eq!(object_id(ObjectKind::Tree, &body), tree);

    let mut parents = Vec::new();
    for message in ["first\n", "second\n\nwith a body: é\n", "third\n"] {
        let mut args = vec!["commit-tree".to_owned(), tree.to_string(), "-m".to_owned()];
        args.push(message.trim_end().to_owned());
        for parent in &parents {
            args.extend(["-p".to_owned(), Oid::to_string(parent)]);
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let theirs = oid(&sandbox.git(&args).unwrap());
        let raw = sandbox.git(&["cat-file", "commit", &theirs.to_string()]).unwrap();
        let time = raw.split("> ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let (name, email) = ("Ada".to_owned(), "ada@example.org".to_owned());
        let who = Signature { name, email, time, offset_minutes: 0 };
        let (author, committer) = (who.clone(), who);
        let message = message.to_owned();
        let ours = Commit { tree, parents: parents.clone(), author, committer, message };
        let body = commit_body(&ours).unwrap();
        assert_eq!(body, raw.as_bytes());
        assert_eq!(object_id(ObjectKind::Commit, &body), theirs);
        parents.push(theirs);
    }
    let tag = format!("object {}\ntype commit\ntag v1\ntagger A <a@b> 0 -0330\n\nx\n", parents[0]);
    sandbox.write("tag", &tag).unwrap();
    let theirs = oid(&sandbox.git(&["hash-object", "-t", "tag", "tag"]).unwrap());
    assert_eq!(object_id(ObjectKind::Tag, tag.as_bytes()), theirs);
}

#[test]
fn merge_bases_are_gits_for_all_pairs() {
    if !has_git() {
        return;
    }
    let sandbox = Sandbox::new().unwrap();
    let tree = sandbox.git(&["write-tree"]).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut nodes: Vec<CommitNode> = Vec::new();
    for i in 0..26_usize {
        let subject = format!("c{i}");
        let mut parents: Vec<Oid> = Vec::new();
        // Two roots, then up to two parents among the last few but one: many crosswise merges.
        if i > 1 {
            for _ in 0..2 {
                let parent = nodes[rng.random_range(i.saturating_sub(5)..i - 1)].id;
                if !parents.contains(&parent) {
                    parents.push(parent);
                }
            }
        }
        let names: Vec<String> = parents.iter().map(ToString::to_string).collect();
        let mut args = vec!["commit-tree", tree.trim(), "-m", &subject];
        args.extend(names.iter().flat_map(|name| ["-p", name.as_str()]));
        let id = oid(&sandbox.git(&args).unwrap());
        let branch = format!("refs/heads/{subject}");
        sandbox.git(&["update-ref", &branch, &id.to_string()]).unwrap();
        nodes.push(CommitNode { id, parents, subject });
    }
    let graph = CommitGraph::new(nodes.clone(), vec![]).unwrap();
    let mut several = 0;
    for a in &nodes {
        for b in &nodes {
            if a.id > b.id {
                continue;
            }
            let ours = graph.merge_bases(a.id, b.id).unwrap();
            let (a, b) = (a.id.to_string(), b.id.to_string());
            let told = sandbox.try_git(&["merge-base", "--all", &a, &b]).unwrap();
            let mut theirs: Vec<Oid> = told.stdout.lines().map(oid).collect();
            theirs.sort();
            assert_eq!(ours, theirs);
            several += usize::from(ours.len() > 1);
        }
    }
    assert!(several > 10, "only {several} pairs with several bases: the test would prove little");
    // The graph that the sandbox reads is the one that was made.
    let read = sandbox.graph().unwrap();
    for node in &nodes {
        assert_eq!(read.commit(node.id).unwrap(), node);
        let count = sandbox.git(&["rev-list", "--count", &node.id.to_string()]).unwrap();
        assert_eq!(read.reachable(node.id).unwrap().len(), count.trim().parse::<usize>().unwrap());
    }
}

/// The lines, each with its end.
fn whole(lines: &[impl AsRef<str>]) -> String {
    lines.iter().flat_map(|line| [line.as_ref(), "\n"]).collect()
}

/// Length of a longest common subsequence, by the table of all prefixes.
fn lcs(a: &[&str], b: &[&str]) -> usize {
    let mut above = vec![0; b.len() + 1];
    for x in a {
        let mut row = vec![0; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            row[j + 1] = if x == y { above[j] + 1 } else { row[j].max(above[j + 1]) };
        }
        above = row;
    }
    above[b.len()]
}

#[test]
fn scripts_are_as_short_as_the_table_says_and_as_gits_minimal() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let words = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let with_git = has_git();
    let sandbox = with_git.then(|| Sandbox::new().unwrap());
    for case in 0..300 {
        let alphabet = 2 + case % 7;
        let mut text = |length: usize| -> Vec<&str> {
            (0..length).map(|_| words[rng.random_range(0..alphabet)]).collect()
        };
        let (a, b) = (text(case % 61), text((case * 7) % 53));
        let script = diff_lines(&a, &b);
        let deleted = script.iter().filter(|edit| matches!(edit, Edit::Delete { .. })).count();
        let inserted = script.iter().filter(|edit| matches!(edit, Edit::Insert { .. })).count();
        let common = lcs(&a, &b);
        assert_eq!((deleted, inserted), (a.len() - common, b.len() - common), "{a:?} {b:?}");
        if let Some(sandbox) = sandbox.as_ref().filter(|_| case % 10 == 1) {
            let (a, b) = (whole(&a), whole(&b));
            sandbox.write("a", &a).unwrap();
            sandbox.write("b", &b).unwrap();
            let args = ["diff", "--no-index", "--minimal", "--numstat", "a", "b"];
            let told = sandbox.try_git(&args).unwrap().stdout;
            let counts: Vec<&str> = told.split('\t').take(2).collect();
            if a != b {
                assert_eq!(counts, [inserted.to_string(), deleted.to_string()]);
            }
        }
    }
}

/// `git merge-file -p` and its count of conflicts.
fn merge_file(sandbox: &Sandbox, base: &str, ours: &str, theirs: &str) -> (String, usize) {
    for (name, text) in [("base", base), ("ours", ours), ("theirs", theirs)] {
        sandbox.write(name, text).unwrap();
    }
    let labels = ["-L", "ours", "-L", "base", "-L", "theirs"];
    let args = [&["merge-file", "-p"][..], &labels, &["ours", "base", "theirs"]].concat();
    let told = sandbox.try_git(&args).unwrap();
    (told.stdout, usize::try_from(told.status).unwrap())
}

/// A text changed at random places; lines that come are of a small stock, so that both sides may
/// bring the same.
fn changed(rng: &mut ChaCha8Rng, base: &[String], stock: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in base {
        match rng.random_range(0..10) {
            0 => {}
            1 => lines.push(format!("new {}", rng.random_range(0..stock))),
            2 => {
                lines.push(format!("new {}", rng.random_range(0..stock)));
                lines.push(line.clone());
            }
            _ => lines.push(line.clone()),
        }
    }
    lines
}

#[test]
fn merges_are_merge_files_byte_for_byte() {
    if !has_git() {
        return;
    }
    let sandbox = Sandbox::new().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let (mut conflicts, mut clean) = (0, 0);
    for case in 0..240 {
        // Every third line says nothing: conflicts on both sides of it are shown as one.
        let base: Vec<String> = (0..case % 25)
            .map(|i| if i % 3 == 2 { "-".repeat(i + 1) } else { format!("line {i}") })
            .collect();
        // A stock so large that a line seldom comes twice on one side: then scripts are unique.
        let (ours, theirs) = (changed(&mut rng, &base, 4000), changed(&mut rng, &base, 4000));
        let join = |lines: &[String]| {
            let end = if case % 4 == 0 { "" } else { "\n" };
            if lines.is_empty() { String::new() } else { lines.join("\n") + end }
        };
        let (base, ours, theirs) = (join(&base), join(&ours), join(&theirs));
        let merged = merge3(&base, &ours, &theirs);
        let (text, count) = merge_file(&sandbox, &base, &ours, &theirs);
        assert_eq!(
            (&merged.text, merged.conflicts),
            (&text, count),
            "{base:?}\n{ours:?}\n{theirs:?}"
        );
        conflicts += merged.conflicts;
        clean += usize::from(merged.conflicts == 0);
    }
    assert!(conflicts > 100 && clean > 30, "{conflicts} conflicts, {clean} clean merges");
}

/// Lines that both sides bring, and lines that repeat: several shortest scripts exist and git may
/// choose another. Most texts agree all the same, and no text is lost.
#[test]
fn merges_of_repeating_lines_agree_nearly_always() {
    if !has_git() {
        return;
    }
    let sandbox = Sandbox::new().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut agree = 0;
    for _ in 0..200 {
        let length = rng.random_range(0..16);
        let base: Vec<String> =
            (0..length).map(|_| format!("l{}", rng.random_range(0..9))).collect();
        let (ours, theirs) = (changed(&mut rng, &base, 3), changed(&mut rng, &base, 3));
        let (base, ours, theirs) = (whole(&base), whole(&ours), whole(&theirs));
        let merged = merge3(&base, &ours, &theirs);
        let (text, count) = merge_file(&sandbox, &base, &ours, &theirs);
        agree += usize::from((&merged.text, merged.conflicts) == (&text, count));
    }
    eprintln!("{agree} of 200 agree to the byte");
    assert!(agree >= 180, "only {agree} of 200 agree");
}
