//! The map of ARCHITECTURE.md fits the tree: what it names is there, and it names what is there.

use super::{HOUSE, is_test, read, root};
use std::collections::BTreeSet;
use std::path::Path;

/// Folders of the root that are built or collected, and stand in no commit.
const UNMAPPED: [&str; 2] = ["data", "target"];

/// The part of ARCHITECTURE.md below "The map".
fn map() -> String {
    let text = read(&root().join("ARCHITECTURE.md"));
    let map = text.split("\n## The map\n").nth(1).expect("ARCHITECTURE.md has a map");
    map.split("\n## ").next().unwrap_or_default().to_owned()
}

/// First cells of the rows of a part, without their quotes and slashes.
fn rows(part: &str) -> BTreeSet<String> {
    let cells = part.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    cells.map(|cell| cell.trim_end_matches('/').to_owned()).collect()
}

/// Names of what a folder holds, without the ends of Rust files; folders alone or with files.
fn entries(folder: &Path, with_files: bool) -> BTreeSet<String> {
    let all = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let wanted = all.map(|entry| entry.unwrap()).filter(|entry| with_files || entry.path().is_dir());
    let names = wanted.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let own = names.filter(|name| !name.starts_with('.') && !is_test(name));
    own.map(|name| name.trim_end_matches(".rs").to_owned()).collect()
}

#[test]
fn the_map_names_every_folder() {
    let rows = rows(map().split("\n### ").next().unwrap_or_default());
    for row in &rows {
        assert!(root().join(row).is_dir(), "the map names {row}, which is no folder");
    }
    let mut there = entries(root(), false);
    there.retain(|name| !UNMAPPED.contains(&name.as_str()));
    there.extend(HOUSE.iter().map(|(_, folder, _)| (*folder).to_owned()).filter(|folder| !folder.is_empty()));
    let missing: Vec<&String> = there.difference(&rows).collect();
    assert!(missing.is_empty(), "the map does not name {missing:?}");
}

#[test]
fn the_map_names_every_module() {
    let map = map();
    for (_, folder, _) in HOUSE {
        let heading = if folder.is_empty() { "src" } else { folder };
        let part = map.split("\n### ").find(|part| part.starts_with(&format!("`{heading}/`")));
        let rows = rows(part.unwrap_or_else(|| panic!("the map has no part on {heading}")));
        let mut there = entries(&root().join(folder).join("src"), true);
        there.retain(|name| name != "lib" && name != "main");
        assert_eq!(rows, there, "left the modules that the map names in {heading}, right those that are there");
    }
}
