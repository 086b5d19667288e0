//! No figure of `docs/BENCHMARKS.md` is written by hand: each of its tables is the one that a kept run printed.

use super::{read, root};
use std::collections::{BTreeMap, BTreeSet};

const MARKER: &str = "<!-- table ";
const END: &str = "<!-- end -->";

/// The lines of a table that begin at a marker.
fn table<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.take_while(|line| line.starts_with('|')).map(|line| format!("{line}\n")).collect()
}

/// The name in the line of a marker.
fn marked(line: &str) -> Option<&str> {
    line.strip_prefix(MARKER)?.strip_suffix(" -->")
}

/// The tables of the kept runs, each with its run's text.
fn kept() -> BTreeMap<String, (String, String)> {
    let folder = root().join("docs/benchmarks");
    let mut tables = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let text = read(&entry.unwrap().path());
        let lines: Vec<&str> = text.lines().collect();
        for (at, name) in lines.iter().enumerate().filter_map(|(at, line)| Some((at, marked(line)?))) {
            let before = tables.insert(name.to_owned(), (table(lines[at + 1..].iter().copied()), text.clone()));
            assert!(before.is_none(), "two kept runs have the table `{name}`");
        }
    }
    tables
}

/// The value of a line `key: value` of a kept run.
fn said<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
}

/// What is wrong with a document, given the tables of the kept runs.
fn faults(document: &str, kept: &BTreeMap<String, (String, String)>) -> Vec<String> {
    let (mut faults, mut placed, mut inside) = (Vec::new(), BTreeSet::new(), false);
    let lines: Vec<&str> = document.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        if let Some(name) = marked(line) {
            (inside, _) = (true, placed.insert(name));
            let block = lines[at + 1..].iter().copied();
            // The list of missed aims is made of all tables.
            let Some((right, run)) = kept.get(name) else {
                if name != "missed" {
                    faults.push(format!("no kept run printed the table `{name}`"));
                }
                continue;
            };
            if table(block.clone()) != *right {
                faults.push(format!("the table `{name}` is not the one of its run"));
            }
            let stamp = block.take_while(|line| *line != END).last().unwrap_or_default();
            for key in ["command", "commit", "date", "machine"] {
                if !said(run, key).is_some_and(|value| !value.is_empty() && stamp.contains(value)) {
                    faults.push(format!("the line below the table `{name}` lacks its {key}"));
                }
            }
            let commit = said(run, "commit").unwrap_or_default().split(' ').next().unwrap_or_default();
            if commit.len() < 7 || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                faults.push(format!("the table `{name}` names no commit"));
            }
            if !said(run, "command").is_some_and(|command| root().join(command).is_file()) {
                faults.push(format!("the table `{name}` names no command that is there"));
            }
        } else if *line == END {
            inside = false;
        } else if line.starts_with('|') && !inside {
            faults.push(format!("a table has no marker: {line}"));
        }
    }
    faults.extend(
        kept.keys().filter(|name| !placed.contains(name.as_str())).map(|name| format!("no place for `{name}`")),
    );
    faults
}

#[test]
fn each_table_of_figures_is_the_one_that_its_command_printed() {
    let none: Vec<String> = Vec::new();
    assert_eq!(faults(&read(&root().join("docs/BENCHMARKS.md")), &kept()), none, "run tests/bench/all --write");
}

#[test]
fn tables_by_hand_and_changed_ones_are_found() {
    let run = "command: tests/bench/all\ncommit: 1234567\ndate: 2026\nmachine: m\n";
    let kept = BTreeMap::from([("a".to_owned(), ("| 1 |\n".to_owned(), run.to_owned()))]);
    let right = "<!-- table a -->\n| 1 |\n\n`tests/bench/all` at 1234567, 2026, on m.\n<!-- end -->\n";
    assert_eq!(faults(right, &kept).len(), 0);
    for (from, to) in
        [("| 1 |", "| 2 |"), ("1234567", "7654321"), ("<!-- table a -->\n", ""), (" on m", ""), ("2026", "")]
    {
        assert!(!faults(&right.replace(from, to), &kept).is_empty(), "{from}");
    }
    assert!(!faults(&format!("{right}| by hand |\n"), &kept).is_empty());
    assert!(!faults("", &kept).is_empty());
}

#[test]
fn each_bench_prints_its_machine_and_load() {
    let benches = std::fs::read_dir(root().join("tests/bench")).unwrap().map(|entry| entry.unwrap().path().join("run"));
    let runs: Vec<_> = benches.filter(|path| path.is_file()).collect();
    assert!(runs.len() >= 7, "{runs:?}");
    for path in runs {
        let text = read(&path);
        // The examples that print by themselves begin a `LoadWatch`.
        let example = text.split("--example ").nth(1).and_then(|rest| rest.split_whitespace().next());
        let watches = |name: &str| {
            super::sources("contract/examples")
                .into_iter()
                .chain(super::sources("aggregator/core/examples"))
                .any(|(file, text)| file.ends_with(&format!("/{name}.rs")) && text.contains("LoadWatch::begin()"))
        };
        let is_watched = text.contains("bench.begin()") || text.contains("bench.py") || example.is_some_and(watches);
        assert!(is_watched, "{} prints neither machine nor load", path.display());
    }
    for folder in ["bus/benches", "aggregator/benches", "aggregator/core/benches"] {
        for (name, text) in super::sources(folder).into_iter().filter(|(_, text)| text.contains("fn main()")) {
            assert!(text.contains("LoadWatch::begin()"), "{name} prints neither machine nor load");
        }
    }
}
