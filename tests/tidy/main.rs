//! The style guide that runs as a test: which crate may know which, what the pure crates may use, where the
//! clock is read, who names a door, and that every shipped configuration file parses.
#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test may stop at what is wrong"
)]

mod benchmarks;
mod circles;
mod cost;
mod map;
mod merges;
mod modules;
mod names;
mod test_files;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Most lines of a source file.
const MAX_LINES: usize = 400;

/// Crates of the house, their folder, and the only others of the house that each may depend on.
const HOUSE: [(&str, &str, &[&str]); 10] = [
    ("contract", "contract", &[]),
    // Known to tests only: `dependencies` of no crate name it.
    ("testkit", "testkit", &["contract"]),
    ("sqlite", "sqlite", &[]),
    ("bus", "bus", &["contract", "sqlite"]),
    ("collectors", "collectors", &["contract", "bus"]),
    ("landing", "aggregator/landing", &[]),
    ("aggregator-core", "aggregator/core", &["contract", "landing"]),
    ("chart", "aggregator/chart", &["contract", "aggregator-core"]),
    ("aggregator", "aggregator", &["contract", "sqlite", "bus", "aggregator-core", "chart"]),
    ("shihyo", "", &["contract", "bus", "collectors", "aggregator", "aggregator-core"]),
];

/// What a pure crate may use: no runtime, no IO, no clock, no randomness, no logging.
const PURE: [&str; 16] = [
    "aggregator-core",
    "blake3",
    "contract",
    "jiff",
    "landing",
    "num-bigint",
    "num-rational",
    "num-traits",
    "rustc-hash",
    "schemars",
    "serde",
    "serde_json",
    "strsim",
    "thiserror",
    "toml_edit",
    "xxhash-rust",
];

/// Words that only the named places may use, in code outside tests.
const DOORS: [(&str, &[&str]); 8] = [
    // The age of a file is compared with what the same machine wrote.
    ("SystemTime", &["src/clock.rs", "collectors/src/fetch/at_rest.rs"]),
    ("SystemTime::now", &["src/clock.rs"]),
    ("Timestamp::now", &[]),
    ("rusqlite", &["sqlite/src/", "bus/src/log/", "aggregator/src/store/"]),
    ("rdkafka", &["bus/src/kafka/"]),
    ("influxdb2", &["aggregator/src/sinks/influxdb/"]),
    ("reqwest", &["collectors/src/fetch/", "aggregator/src/sinks/"]),
    ("prometheus::", &["aggregator/src/metrics.rs", "aggregator/src/metrics/"]),
];

/// Words that a pure crate never uses.
const IMPURE: [&str; 8] =
    ["std::fs", "std::net", "std::env", "std::thread", "std::process", "std::io", "println!", "Instant::now"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn manifest(folder: &str) -> toml_edit::DocumentMut {
    read(&root().join(folder).join("Cargo.toml")).parse().unwrap()
}

fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest = manifest(folder);
    manifest["dependencies"].as_table().unwrap().iter().map(|(name, _)| name.to_owned()).collect()
}

/// Rust files below a folder, with their path from the root.
fn sources(folder: &str) -> Vec<(String, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push((name, read(&path)));
            }
        }
    }
    assert!(!found.is_empty(), "no source below {folder}");
    found
}

/// Each crate with the folder of its sources.
fn source_folders() -> Vec<(&'static str, String)> {
    let folder = |folder: &str| format!("{folder}/src").trim_start_matches('/').to_owned();
    HOUSE.iter().map(|(name, at, _)| (*name, folder(at))).collect()
}

fn house_sources() -> Vec<(String, String)> {
    source_folders().iter().flat_map(|(_, folder)| sources(folder)).collect()
}

/// Code without line comments and without what follows the tests' module.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn is_test(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    matches!(file, "tests.rs" | "testing.rs" | "fixture.rs") || file.ends_with("_tests.rs") || name.contains("/tests/")
}

#[test]
fn the_arrows_of_the_house_are_the_only_ones() {
    let names: BTreeSet<&str> = HOUSE.iter().map(|(name, ..)| *name).collect();
    for (name, folder, allowed) in HOUSE {
        let used: BTreeSet<String> = dependencies(folder).into_iter().filter(|d| names.contains(d.as_str())).collect();
        let allowed: BTreeSet<String> = allowed.iter().map(|s| (*s).to_owned()).collect();
        assert!(used.is_subset(&allowed), "{name} may use {allowed:?} but uses {used:?}");
    }
    let members = manifest("")["workspace"]["members"].as_array().unwrap().len();
    assert_eq!(members + 1, HOUSE.len(), "a crate of the workspace is missing in this test");
}

#[test]
fn pure_crates_use_nothing_that_acts() {
    for folder in ["contract", "aggregator/landing", "aggregator/core", "aggregator/chart"] {
        let strange: Vec<String> = dependencies(folder).into_iter().filter(|d| !PURE.contains(&d.as_str())).collect();
        assert!(strange.is_empty(), "{folder} uses {strange:?}");
        for (name, text) in sources(&format!("{folder}/src")) {
            let code = code(&text);
            let used: Vec<&str> = IMPURE.into_iter().filter(|word| code.contains(word)).collect();
            assert!(used.is_empty() || is_test(&name), "{name} uses {used:?}");
        }
    }
}

#[test]
fn each_door_is_named_in_its_own_place_only() {
    for (name, text) in house_sources() {
        if is_test(&name) {
            continue;
        }
        let code = code(&text);
        for (word, places) in DOORS {
            let at_home = places.iter().any(|place| name.starts_with(place));
            assert!(at_home || !code.contains(word), "{name} names {word}; only {places:?} may");
        }
    }
    let clock = sources("src").into_iter().filter(|(_, text)| code(text).contains("SystemTime::now")).count();
    assert_eq!(clock, 1, "the clock is read in one file");
}

#[test]
fn dependencies_are_declared_in_one_place() {
    for (name, folder, _) in HOUSE {
        let manifest = manifest(folder);
        for part in ["dependencies", "dev-dependencies"] {
            let Some(table) = manifest.get(part).and_then(|t| t.as_table()) else { continue };
            for (dependency, item) in table {
                let shared = item.as_table_like().is_some_and(|t| t.contains_key("workspace"));
                assert!(shared, "{name}: {part}.{dependency} must say `workspace = true`");
            }
        }
        let linted = manifest["lints"]["workspace"].as_bool();
        assert_eq!(linted, Some(true), "{name} has no `[lints] workspace = true`");
    }
}

#[test]
fn files_stay_small_and_nothing_is_left_behind() {
    let mut long = BTreeMap::new();
    for (name, text) in house_sources() {
        let lines = text.lines().count();
        if lines > MAX_LINES {
            long.insert(name.clone(), lines);
        }
        for word in ["todo!(", "unimplemented!(", "dbg!(", "FIXME"] {
            assert!(!text.contains(word), "{name} holds {word}");
        }
    }
    assert!(long.is_empty(), "over {MAX_LINES} lines: {long:?}");
}

#[test]
fn every_shipped_configuration_file_parses() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_shihyo"))
        .args(["--config", "config", "check"])
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        ["kawasaki: 14 KPIs", "mihon: 14 KPIs", "sapporo: 28 KPIs"].iter().all(|plan| said.contains(plan)),
        "{said}"
    );
}
