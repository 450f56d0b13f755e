//! `engineering::shell` against the real `tail`, `grep`, `find`, `du`, `stat`, `chmod` and `free`, on
//! trees made here, byte for byte. A tool that the machine lacks is named and its test passed over, but
//! not on Linux, where all are to be had.
#![cfg(unix)]

use crate::support::aligned;
use mlnotes::engineering::shell::{
    FileKind, FindOptions, Follower, GrepOptions, RunOptions, Scratch, apply_mode, disk_usage,
    find, format_mode, grep, parse_meminfo, run, tail, tail_bytes,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Whether the machine has a tool; says so when not.
fn has(tool: &str) -> bool {
    let there = Command::new(tool).arg("--version").output().is_ok_and(|told| {
        // BSD's tools of the same names know no `--version`.
        told.status.success()
    });
    assert!(
        there || !cfg!(target_os = "linux"),
        "no GNU `{tool}` here: install it, or nothing is compared"
    );
    if !there {
        eprintln!("passed over: this machine has no (GNU) `{tool}`");
    }
    there
}

fn out(scratch: &Scratch, script: &str) -> String {
    let told = scratch.sh(script).unwrap();
    assert!(told.stderr.is_empty(), "{script}: {}", told.stderr);
    told.stdout
}

#[test]
fn tail_is_tails() {
    if !has("tail") {
        return;
    }
    let scratch = Scratch::new().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for case in 0..24 {
        // Lines about as long as the blocks that are read, so that ends of lines meet ends of blocks.
        let mut text = String::new();
        for _ in 0..rng.random_range(0..12) {
            let long = [0, 1, 80, 4095, 8190, 8191, 8192, 20_000][rng.random_range(0..8)];
            text.extend(std::iter::repeat_n('x', long));
            text.push('\n');
        }
        if case % 3 == 0 {
            text.push_str("no end");
        }
        let path = scratch.write("f", &text).unwrap();
        for n in [0, 1, 2, 3, 7, 100] {
            let theirs = out(&scratch, &format!("tail -n {n} f"));
            assert_eq!(tail_bytes(&path, n).unwrap(), theirs.as_bytes(), "case {case}, n {n}");
            let lines: Vec<&str> = theirs.lines().collect();
            assert_eq!(tail(&path, n).unwrap(), lines);
        }
    }
}

#[test]
fn a_follower_tells_what_tail_does() {
    if !has("tail") {
        return;
    }
    let scratch = Scratch::new().unwrap();
    let log = scratch.write("log", "").unwrap();
    let told = scratch.path().join("told");
    let file = std::fs::File::create(&told).unwrap();
    let mut real = Command::new("tail")
        .args(["-n", "+1", "-s", "0.02", "-F", "log"])
        .current_dir(scratch.path())
        .stdout(file)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut follower = Follower::from_start(&log).unwrap();
    let mut ours = String::new();
    let mut equal = true;
    for step in [
        "echo one >> log; echo two >> log",
        "echo three >> log; mv log log.1; echo four > log",
        "echo five >> log",
        ": > log; sleep 0.2; echo six >> log",
        "rm log; sleep 0.2; echo seven > log",
    ] {
        scratch.sh(step).unwrap();
        for line in follower.poll().unwrap() {
            writeln!(ours, "{line}").unwrap();
        }
        // `tail` looks when it is told or when its time comes: it may be later.
        let begun = Instant::now();
        while std::fs::read_to_string(&told).unwrap() != ours {
            if begun.elapsed() > Duration::from_secs(8) {
                equal = false;
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    real.kill().unwrap();
    real.wait().unwrap();
    assert!(equal, "ours {ours:?}, tail -F {:?}", std::fs::read_to_string(&told).unwrap());
    assert_eq!(ours, "one\ntwo\nthree\nfour\nfive\nsix\nseven\n");
}

/// Lines as `grep -n` with context writes them, `--` where lines are left out.
fn shown(scratch: &Scratch, pattern: &str, options: &GrepOptions, context: bool) -> String {
    let mut text = String::new();
    let mut last = None;
    for line in grep(scratch.path().join("f"), pattern, options).unwrap() {
        if context && last.is_some_and(|last| last + 1 < line.number) {
            text.push_str("--\n");
        }
        writeln!(text, "{line}").unwrap();
        last = Some(line.number);
    }
    text
}

#[test]
fn grep_is_greps() {
    if !has("grep") {
        return;
    }
    let scratch = Scratch::new().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let words = ["loss", "Loss", "0.25", "0x25", "nan", "epoch", "loss_val", "", "naïve", "[ok]"];
    let new = GrepOptions::new;
    let mut n_lines = 0;
    for _ in 0..6 {
        let mut text = String::new();
        for _ in 0..40 {
            let line: Vec<&str> = (0..4).map(|_| words[rng.random_range(0..10)]).collect();
            writeln!(text, "{}", line.join(" ").trim()).unwrap();
        }
        scratch.write("f", text.trim_end()).unwrap();
        for pattern in
            ["loss", "^loss", "0.25", "(nan|epoch) +loss$", "[0-9]x", "l.ss ?", "ï", "^$"]
        {
            for (options, flags, context) in [
                (new(), "", false),
                (new().ignore_case(), "-i", false),
                (new().invert(), "-v", false),
                (new().word(), "-w", false),
                (new().word().ignore_case().invert(), "-w -i -v", false),
                (new().max_count(3), "-m 3", false),
                (new().context(2, 1), "-B 2 -A 1", true),
                (new().context(0, 2).max_count(2), "-A 2 -m 2", true),
            ] {
                let script = format!("grep -nE {flags} -e '{pattern}' f || true");
                let ours = shown(&scratch, pattern, &options, context);
                assert_eq!(ours, out(&scratch, &script), "{script}\n{text}");
                n_lines += ours.lines().count();
            }
        }
        for pattern in ["0.25", "[ok]"] {
            let theirs = out(&scratch, &format!("grep -nF '{pattern}' f || true"));
            assert_eq!(shown(&scratch, pattern, &new().fixed(), false), theirs);
        }
    }
    // 384 searches through 40 lines.
    assert!(n_lines > 3000, "only {n_lines} lines were found");
}

/// Directories, files of several sizes, links, hard links, odd names.
fn tree() -> Scratch {
    let scratch = Scratch::new().unwrap();
    for (name, size) in [
        ("a.csv", 10),
        ("data/train.csv", 100_000),
        ("data/test.csv", 4096),
        ("data/raw/[odd] name*.csv", 4097),
        ("data/raw/empty.txt", 0),
        ("data/raw/.hidden.csv", 1),
        ("models/m1/weights.bin", 1_500_000),
        ("models/m1/B.txt", 8192),
        ("models/naïve.csv", 5),
    ] {
        scratch.write(name, vec![b'x'; size]).unwrap();
    }
    let script = "mkdir -p empty models/none; ln -s data/train.csv link.csv; ln -s ../data models/up; \
                  ln models/m1/weights.bin models/m1/again.bin; truncate -s 3M data/hole.bin; \
                  touch -d 2001-01-01 a.csv data/test.csv; touch -d 2002-02-02 data/raw/empty.txt";
    out(&scratch, script);
    scratch
}

#[test]
fn find_is_finds() {
    if !has("find") {
        return;
    }
    let scratch = tree();
    let new = FindOptions::new;
    let time = scratch.path().join("data/raw/empty.txt").metadata().unwrap().modified().unwrap();
    for (options, flags) in [
        (new(), ""),
        (new().name("*.csv"), "-name '*.csv'"),
        (new().name("*.csv").kind(FileKind::File), "-name '*.csv' -type f"),
        (new().name("[a-l]*"), "-name '[a-l]*'"),
        (new().name("[!a-l]*"), "-name '[!a-l]*'"),
        (new().name("?.csv"), "-name '?.csv'"),
        (new().name("na?ve.csv"), "-name 'na?ve.csv'"),
        (new().name(r"\[odd\]*\*.csv"), r"-name '\[odd\]*\*.csv'"),
        (new().kind(FileKind::Directory), "-type d"),
        (new().kind(FileKind::Symlink), "-type l"),
        (new().depth(1, 1), "-mindepth 1 -maxdepth 1"),
        (new().depth(0, 0), "-maxdepth 0"),
        (new().depth(2, 3).kind(FileKind::File), "-mindepth 2 -maxdepth 3 -type f"),
        (new().kind(FileKind::File).larger_than(4096), "-type f -size +4096c"),
        (new().kind(FileKind::File).smaller_than(4096), "-type f -size -4096c"),
        (new().newer_than(time), "-newer data/raw/empty.txt"),
        (new().empty(), "-empty"),
    ] {
        let flags = flags.replace("data/raw", "./data/raw");
        // Before a slash comes nothing: sorted so, a directory stands before what is in it.
        let script = format!(
            "find . {flags} -print0 | tr '/\\0' '\\001\\n' | LC_ALL=C sort | tr '\\001' '/'"
        );
        let mut ours = String::new();
        for path in find(scratch.path(), &options).unwrap() {
            let below = path.strip_prefix(scratch.path()).unwrap().display().to_string();
            writeln!(ours, ".{}{below}", if below.is_empty() { "" } else { "/" }).unwrap();
        }
        assert!(!ours.is_empty(), "{flags}");
        // `.` as a name of the root is find's own spelling.
        if flags.contains("?.csv") || !flags.contains("-name") {
            assert_eq!(ours, out(&scratch, &script), "{flags}");
        } else {
            let root = scratch.path().file_name().unwrap().to_string_lossy().into_owned();
            let named = ours.strip_prefix(".\n").unwrap_or(&ours);
            let theirs = out(&scratch, &script);
            let theirs = theirs.strip_prefix(".\n").unwrap_or(&theirs);
            assert_eq!(named, theirs, "{flags} in {root}");
        }
    }
}

#[test]
fn disk_usage_is_dus() {
    if !has("du") {
        return;
    }
    let scratch = tree();
    let compare = |root: &str| {
        let mut ours: Vec<String> = disk_usage(scratch.path().join(root))
            .unwrap()
            .into_iter()
            .map(|(path, bytes)| format!("{bytes}\t{}", path.display()))
            .collect();
        let path = scratch.path().join(root).display().to_string();
        let told = run("du", &["-B1", &path], &RunOptions::new()).unwrap();
        let mut theirs: Vec<&str> = told.stdout.lines().collect();
        // `du` takes a directory's entries as they lie on the disk.
        ours.sort();
        theirs.sort_unstable();
        assert_eq!(ours, theirs);
        ours
    };
    assert_eq!(compare("data").len(), 2);
    assert_eq!(compare("models").len(), 3);
    compare("a.csv");
    // A second name in another directory: who counts it depends on the order, the sum does not.
    out(&scratch, "ln data/train.csv empty/train.csv");
    let path = scratch.path().display().to_string();
    let told = run("du", &["-s", "-B1", &path], &RunOptions::new()).unwrap();
    let total = disk_usage(scratch.path()).unwrap().pop().unwrap().1;
    assert_eq!(told.stdout, format!("{total}\t{path}\n"));
}

#[test]
fn every_mode_is_written_as_stat_does() {
    if !has("stat") {
        return;
    }
    let scratch = Scratch::new().unwrap();
    out(&scratch, "mkdir d; ln -s d l; mkfifo p");
    let modes: Vec<u32> = (0..0o10000).filter(|mode| mode % 5 == 0 || *mode >= 0o7700).collect();
    for &mode in &modes {
        let path = scratch.write(&format!("m/{mode:04o}"), "").unwrap();
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let theirs = out(&scratch, "stat -c '%f %A' d l p /dev/null m/*");
    for line in theirs.lines() {
        let (raw, written) = line.split_once(' ').unwrap();
        assert_eq!(format_mode(u32::from_str_radix(raw, 16).unwrap()), written);
    }
    assert_eq!(theirs.lines().count(), modes.len() + 4);
}

#[test]
fn modes_change_as_chmod_changes_them() {
    if !has("chmod") || !has("stat") {
        return;
    }
    let scratch = Scratch::new().unwrap();
    let starts = [
        0o000, 0o644, 0o755, 0o700, 0o640, 0o111, 0o604, 0o4755, 0o2755, 0o6711, 0o1777, 0o7777,
        0o2644, 0o3050,
    ];
    let mut names = Vec::new();
    for start in starts {
        for kind in ["d", "f"] {
            names.push(format!("{kind}{start:04o}"));
        }
    }
    for name in &names {
        let make = if name.starts_with('d') { "mkdir" } else { "touch" };
        out(&scratch, &format!("{make} {name}"));
    }
    let reset = || {
        for name in &names {
            let mode = u32::from_str_radix(&name[1..], 8).unwrap();
            let path = scratch.path().join(name);
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        }
    };
    let list = names.join(" ");
    reset();
    let before = out(&scratch, &format!("stat -c '%f' {list}"));
    for change in [
        "755",
        "0",
        "4755",
        "00755",
        "0644",
        "u+x",
        "+x",
        "-w",
        "+w",
        "=r",
        "a=rX",
        "a+X",
        "u=rwX,go=rX",
        "g=u",
        "o=g",
        "u=o",
        "o+u",
        "g-u",
        "u+s",
        "g+s",
        "+s",
        "-s",
        "u-s,g+s",
        "+t",
        "o+t",
        "u+t",
        "-t",
        "a=",
        "u=",
        "=",
        "go-rwx",
        "ug+rw,o-x",
        "u=s",
        "g=s",
        "a=rwxs",
        "u+x-r+w",
        "u=rwx-x",
        "+rwxst",
        "g=rx",
        "o=t",
        "ugo=rwx",
        "a-X",
    ] {
        for umask in [0o022, 0o077, 0o000] {
            // `chmod -w` complains when the umask keeps it from taking all: it has changed the rest.
            let script =
                format!("umask {umask:03o}; chmod -- {change} {list}; stat -c '%f' {list}");
            let after = scratch.sh(&script).unwrap().stdout;
            for ((before, after), name) in aligned(aligned(before.lines(), after.lines()), &names) {
                let hex = |text| u32::from_str_radix(text, 16).unwrap();
                let ours = apply_mode(hex(before), change, umask).unwrap();
                assert_eq!(
                    format!("{ours:o}"),
                    format!("{:o}", hex(after)),
                    "chmod {change} {name}, umask {umask:o}"
                );
            }
            reset();
        }
    }
}

#[test]
fn memory_is_what_free_says() {
    let Ok(text) = std::fs::read_to_string("/proc/meminfo") else {
        eprintln!("passed over: this machine has no /proc/meminfo");
        return;
    };
    let memory = parse_meminfo(&text).unwrap();
    assert!(memory.free <= memory.total && memory.available <= memory.total);
    if !has("free") {
        return;
    }
    let told = run("free", &["-b"], &RunOptions::new().env("LC_ALL", "C")).unwrap().stdout;
    let row = |name: &str| -> Vec<u64> {
        let line = told.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().skip(1).map(|number| number.parse().unwrap()).collect()
    };
    // Total and swap stand still between the two readings; the others within a tenth of all.
    assert_eq!((memory.total, memory.swap_total), (row("Mem:")[0], row("Swap:")[0]));
    assert!(memory.available.abs_diff(row("Mem:")[5]) < memory.total / 10);
    assert!(memory.free.abs_diff(row("Mem:")[2]) < memory.total / 5);
}

#[test]
fn arguments_are_no_commands() {
    let scratch = Scratch::new().unwrap();
    for word in
        ["$(touch pwned)", "; touch pwned", "`touch pwned`", "a b  c", "*", "\"'\\", "-n", "é"]
    {
        let options = RunOptions::new().dir(scratch.path());
        let told = run("printf", &["%s", word], &options).unwrap();
        assert_eq!((told.status, told.stdout.as_str()), (0, word));
    }
    assert!(!scratch.path().join("pwned").exists());
    // What a shell makes of the same words.
    out(&scratch, "printf %s $(touch pwned)");
    assert!(scratch.path().join("pwned").exists());
}
