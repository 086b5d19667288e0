//! One type name means one thing in the whole workspace, and it is a word of the field.

use super::modules::{Modules, attributes, is_for_tests};
use std::collections::BTreeMap;
use syn::{Item, Visibility};

/// Names that stand in two modules all the same, each with its reason.
const EXCEPTIONS: [(&str, &str); 0] = [];
/// Most exceptions that are bearable.
const MAX_EXCEPTIONS: usize = 10;

/// Words of an earlier private language, which no type bears again; docs/GLOSSARY.md has the field's.
const PRIVATE_WORDS: [&str; 55] = [
    "Keeper",
    "Book",
    "Books",
    "Shelf",
    "Fate",
    "Lost",
    "Doubt",
    "Told",
    "Teller",
    "Poster",
    "Crate",
    "Ear",
    "Eye",
    "Desk",
    "Wish",
    "Wishes",
    "Watch",
    "Patience",
    "Followers",
    "Steps",
    "When",
    "Ask",
    "Cut",
    "Seat",
    "Seats",
    "Tongue",
    "Call",
    "Made",
    "Refusal",
    "Refused",
    "Seen",
    "Said",
    "Known",
    "Held",
    "Turn",
    "Done",
    "Ends",
    "Lane",
    "City",
    "Board",
    "Answer",
    "Reading",
    "Read",
    "Taken",
    "Given",
    "Gathered",
    "Whole",
    "Wanted",
    "Asked",
    "Heard",
    "Doing",
    "Found",
    "Gone",
    "Sent",
    "Question",
];

/// Name, file and visibility of each type of a crate that is no test's.
fn types(modules: &Modules) -> Vec<(String, &str, bool)> {
    let mut found = Vec::new();
    for (file, parsed) in modules.files.values() {
        for item in parsed.items.iter().filter(|item| !attributes(item).is_some_and(is_for_tests)) {
            let (name, visibility) = match item {
                Item::Struct(item) => (&item.ident, &item.vis),
                Item::Enum(item) => (&item.ident, &item.vis),
                Item::Trait(item) => (&item.ident, &item.vis),
                Item::Type(item) => (&item.ident, &item.vis),
                _ => continue,
            };
            found.push((name.to_string(), file.as_str(), !matches!(visibility, Visibility::Inherited)));
        }
    }
    found
}

#[test]
fn a_type_name_stands_in_one_module() {
    let crates: Vec<Modules> = super::source_folders()
        .into_iter()
        .map(|(_, folder)| Modules::parse(&folder, super::sources(&folder)))
        .collect();
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, file, _) in crates.iter().flat_map(types).filter(|(.., visible)| *visible) {
        places.entry(name).or_default().push(file);
    }
    let excepted = |name: &str| EXCEPTIONS.iter().any(|(known, _)| *known == name);
    let twice: Vec<_> = places.iter().filter(|(name, files)| files.len() > 1 && !excepted(name)).collect();
    assert!(twice.is_empty(), "{} names stand in two modules: {twice:#?}", twice.len());
    for (name, _) in EXCEPTIONS {
        assert!(places.get(name).is_some_and(|files| files.len() > 1), "the exception {name} is needed no more");
    }
    const { assert!(EXCEPTIONS.len() <= MAX_EXCEPTIONS) };
}

#[test]
fn no_type_has_a_private_word_for_its_name() {
    for (_, folder) in super::source_folders() {
        for (name, file, _) in types(&Modules::parse(&folder, super::sources(&folder))) {
            assert!(!PRIVATE_WORDS.contains(&name.as_str()), "{file}: `{name}` says nothing to a stranger");
        }
    }
}
