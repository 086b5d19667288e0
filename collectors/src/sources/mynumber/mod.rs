//! My Number card issuance: editions of 総務省「マイナンバーカード交付状況」, cards and population of one city.
//!
//! An edition gives levels of equal `as_of`, so that both parts of a ratio come from one edition. 交付枚数 (cards ever issued) and
//! 保有枚数 (cards in force) are two definitions; the parser never replaces one by the other. The city is found by its code, or by
//! prefecture and name together, as three municipalities are called 川崎.

mod as_of;
mod config;
mod locate;
mod parse;
mod rate;
#[cfg(test)]
mod tests;

use crate::document::Document;
use crate::sources::parsed::{ParseError, ParsedFile};
use crate::sources::source::{DocumentSource, PollContext, SourceKind};
use config::MyNumberSource;

/// The kind `mynumber`.
pub const KIND: SourceKind = SourceKind {
    name: "mynumber",
    sample: include_str!("sample.toml"),
    fractions: false,
    keys: &[
        "code",
        "prefecture",
        "municipality",
        "single_municipality",
        "sheet",
        "issued",
        "held",
        "population",
        "columns",
    ],
    read: config::read,
};

impl DocumentSource for MyNumberSource {
    fn parse(&self, file: &Document, context: &PollContext) -> Result<ParsedFile, ParseError> {
        parse::parse(self, &context.sheets(file)?, context)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        let each = [("issued", &self.issued), ("held", &self.held), ("population", &self.population)];
        each.into_iter().filter_map(|(key, target)| Some((key, target.as_ref()?.series.as_str()))).collect()
    }

    fn is_open(&self) -> bool {
        false
    }
}
