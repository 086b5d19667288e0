//! No circle of files inside a crate: what two files need of each other is a leaf beside them.

use super::modules::Modules;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

type Arrows<'a> = BTreeMap<&'a str, BTreeMap<&'a str, String>>;

/// Every file that can be reached from `from`.
fn reached<'a>(arrows: &Arrows<'a>, from: &str) -> BTreeSet<&'a str> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(file) = open.pop() {
        for other in arrows.get(file.as_str()).into_iter().flat_map(BTreeMap::keys) {
            if found.insert(*other) {
                open.push((*other).to_owned());
            }
        }
    }
    found
}

/// The arrows that are part of a circle, one a line.
fn circles(modules: &Modules) -> String {
    let arrows = modules.arrows();
    let reach: BTreeMap<&str, BTreeSet<&str>> = arrows.keys().map(|file| (*file, reached(&arrows, file))).collect();
    let mut text = String::new();
    for (file, others) in &arrows {
        for (other, path) in others.iter().filter(|(other, _)| reach[*other].contains(file)) {
            writeln!(text, "  {file} -> {other} ({path})").unwrap();
        }
    }
    text
}

#[test]
fn no_files_of_a_crate_use_each_other_in_a_circle() {
    let mut text = String::new();
    for (_, folder) in super::source_folders() {
        text += &circles(&Modules::parse(&folder, super::sources(&folder)));
    }
    assert!(text.is_empty(), "these arrows are parts of circles; move what both need to a leaf beside them:\n{text}");
}

#[test]
fn a_parent_and_its_child_that_name_each_other_are_a_circle() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let modules = |child: &str| {
        let root = "mod part; use part::Part; #[cfg(test)] mod tests { use super::part; }";
        let files = vec![file("x/src/lib.rs", root), file("x/src/part.rs", child), file("x/src/leaf.rs", "")];
        circles(&Modules::parse("x/src", files))
    };
    assert_eq!(modules("use crate::leaf::Leaf; mod inner { use super::Own; }"), "");
    for child in ["use super::Limit;", "fn f() { crate::limit() }", "fn f() { log!(\"{}\", super::LIMIT) }"] {
        assert_eq!(modules(child).lines().count(), 2, "{child}");
    }
}
