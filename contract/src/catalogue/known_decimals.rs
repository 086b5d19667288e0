//! Digits after the point of definitions, as they were published: they never change.
//!
//! A figure travels as an integer of its step. With other digits the figures of before would mean other amounts.

use super::model::Catalogue;
use crate::decimals::Decimals;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Digits after the point of every definition ever seen, by `series/definition`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KnownDecimals(BTreeMap<String, u32>);

/// A definition whose digits a catalogue changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecimalsChange {
    /// Series id.
    pub series: String,
    /// Definition id.
    pub definition: String,
    /// What its figures have.
    pub was: u32,
    /// What the catalogue says.
    pub is: u32,
    /// Line of the series in the file.
    pub line: u32,
}

impl KnownDecimals {
    /// Those of a catalogue.
    pub fn of(catalogue: &Catalogue) -> Self {
        let mut known = Self::default();
        known.learn(catalogue);
        known
    }

    /// Adds the definitions of a catalogue that are not known yet.
    pub fn learn(&mut self, catalogue: &Catalogue) {
        for (series, definition, decimals, _) in definitions(catalogue) {
            self.put(series, definition, decimals.digits());
        }
    }

    /// Adds a definition, unless it is known.
    pub fn put(&mut self, series: &str, definition: &str, digits: u32) {
        self.0.entry(key(series, definition)).or_insert(digits);
    }

    /// Digits of a definition.
    pub fn get(&self, series: &str, definition: &str) -> Option<u32> {
        self.0.get(&key(series, definition)).copied()
    }

    /// The definitions whose digits a catalogue changes, in its order.
    pub fn changed_by(&self, catalogue: &Catalogue) -> Vec<DecimalsChange> {
        let change = |(series, definition, decimals, line): (&str, &str, Decimals, u32)| {
            let (was, is) = (self.get(series, definition)?, decimals.digits());
            let (series, definition) = (series.to_owned(), definition.to_owned());
            (was != is).then_some(DecimalsChange { series, definition, was, is, line })
        };
        definitions(catalogue).filter_map(change).collect()
    }
}

fn key(series: &str, definition: &str) -> String {
    format!("{series}/{definition}")
}

fn definitions(catalogue: &Catalogue) -> impl Iterator<Item = (&str, &str, Decimals, u32)> {
    catalogue.series.iter().flat_map(|series| {
        let line = series.line;
        series.definitions.iter().map(move |one| (series.id.as_str(), one.id.as_str(), one.decimals, line))
    })
}

impl fmt::Display for DecimalsChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { series, definition, was, is, .. } = self;
        write!(
            f,
            "the figures of definition `{definition}` of series `{series}` were published with `decimals = {was}`, not \
             {is}: they would all mean other amounts; set it back to {was}, or add a definition with another id"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(definitions: &[(&str, u32)]) -> Catalogue {
        let series = testkit::series("s", "shape = \"level\"\ngrain = \"day\"", "first", "a");
        let one = |(id, digits): &(&str, u32)| {
            format!("[[series.definition]]\nid = \"{id}\"\ndecimals = {digits}\ntext = {{ ja = \"a\", en = \"a\" }}\n")
        };
        let more: String = definitions.iter().map(one).collect();
        crate::catalogue::parse("t", &format!("{}{series}{more}", testkit::PLAN)).unwrap()
    }

    #[test]
    fn digits_that_were_published_are_never_changed_even_after_an_absence() {
        let mut known = KnownDecimals::of(&catalogue(&[("old", 0), ("survey", 1)]));
        known.learn(&catalogue(&[("survey", 1)]));
        assert_eq!(known.changed_by(&catalogue(&[("old", 0), ("survey", 1), ("new", 3)])), []);
        let changed = known.changed_by(&catalogue(&[("survey", 1), ("old", 2)]));
        assert_eq!(
            changed.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["the figures of definition `old` of series `s` were published with `decimals = 0`, not 2: they would \
              all mean other amounts; set it back to 0, or add a definition with another id"]
        );
        known.learn(&catalogue(&[("old", 2)]));
        assert_eq!(known.get("s", "old"), Some(0), "the first that was published holds");
    }
}
