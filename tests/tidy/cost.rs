//! The table "Cost of change" of CONTRIBUTING.md is true: what a new thing of each sort touches beside its own files.
//!
//! Counted of the things that are there: which files outside of its own name it.

use super::{code, house_sources, is_test, read, root};
use std::collections::{BTreeMap, BTreeSet};

/// Most existing files that one more thing of any sort may touch.
const MOST: usize = 3;

/// Of each sort, how many existing files the table says are touched.
fn table() -> BTreeMap<String, usize> {
    let text = read(&root().join("CONTRIBUTING.md"));
    let table = text.split("\n## Cost of change\n").nth(1).expect("CONTRIBUTING.md has the table");
    let rows = table.lines().filter(|line| line.starts_with("| a"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (cells[1].to_owned(), cells[3].parse().unwrap_or_else(|_| panic!("no number in: {row}")))
    })
    .collect()
}

/// Files of the house that are no tests and hold one of the words, outside of `own`.
fn naming(words: &[String], own: &str) -> BTreeSet<String> {
    let sources = house_sources().into_iter().filter(|(name, _)| !is_test(name) && !name.starts_with(own));
    sources.filter(|(_, text)| words.iter().any(|word| code(text).contains(word))).map(|(name, _)| name).collect()
}

/// Names of the folders or files in a folder.
fn names(folder: &str) -> Vec<String> {
    let all = std::fs::read_dir(root().join(folder)).unwrap_or_else(|e| panic!("{folder}: {e}"));
    all.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn assert_cost(sort: &str, what: &str, touched: &BTreeSet<String>) {
    let said = table()[sort];
    assert!(touched.len() <= said, "{sort} touches {said} files, says CONTRIBUTING.md; {what} is named by {touched:?}");
}

#[test]
fn nothing_costs_more_than_it_may() {
    let table = table();
    assert_eq!(table.len(), 6, "{table:?}");
    for (sort, touched) in table {
        assert!(touched <= MOST, "{sort} touches {touched} files");
    }
}

#[test]
fn a_kind_of_source_is_named_in_the_list_alone() {
    let folder = "collectors/src/sources";
    for kind in names(folder).into_iter().filter(|name| root().join(folder).join(name).join("sample.toml").exists()) {
        let words = [format!("{kind}::KIND"), format!("sources::{kind}")];
        assert_cost("a kind of source", &kind, &naming(&words, &format!("{folder}/{kind}/")));
    }
}

#[test]
fn a_sink_is_named_in_its_registry() {
    let folder = "aggregator/src/sinks";
    for sink in names(folder).into_iter().filter(|name| root().join(folder).join(name).is_dir()) {
        let words = [format!("mod {sink};"), format!("{sink}::KIND"), format!("sinks::{sink}::"), format!("[{sink}]")];
        let mut touched = naming(&words, &format!("{folder}/{sink}/"));
        touched.insert("config/shihyo.toml".to_owned());
        assert_cost("a sink", &sink, &touched);
    }
}

#[test]
fn a_kind_of_kpi_is_named_in_the_catalogue_and_where_its_value_is_made() {
    let kinds = "contract/src/catalogue/kpi_kind.rs";
    let rules = read(&root().join(kinds));
    let words = rules.split("WORDS").nth(1).and_then(|rest| rest.split("];").next()).expect("the words of the kinds");
    let variants: Vec<&str> = words.split("Self::").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    assert_eq!(variants.len(), 7);
    let variants: Vec<String> = variants.iter().map(|name| format!("KpiKind::{name}")).collect();
    let mut touched = naming(&variants, kinds);
    touched
        .extend([kinds, "contract/src/catalogue/model.rs", "aggregator/core/src/judge/measure.rs"].map(str::to_owned));
    assert_cost("a kind of KPI", "a kind", &touched);
}

#[test]
fn a_subcommand_is_named_where_it_is_dispatched() {
    for name in names("src/commands").iter().filter_map(|name| name.strip_suffix(".rs")) {
        let own = format!("src/commands/{name}.rs");
        if read(&root().join(&own)).contains("\npub(crate) fn run(") {
            let mut touched = naming(&[format!("commands::{name}::"), format!("mod {name};")], &own);
            touched.retain(|file| file.starts_with("src/"));
            assert_cost("a subcommand", name, &touched);
        }
    }
}
