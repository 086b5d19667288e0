//! Public Wi-Fi: sites or access points of an inventory, or the access points that a controller reports.
//!
//! A row of the national list is a site, not an access point. The definition decides which of the two is counted; the file never
//! does.

mod config;
mod parse;
mod snmp_answer;
#[cfg(test)]
mod tests;

use crate::document::Document;
use crate::sources::parsed::{ParseError, ParsedFile};
use crate::sources::source::{DocumentSource, PollContext, SourceKind};
use config::WifiSource;

/// The kind `wifi`.
pub const KIND: SourceKind = SourceKind {
    name: "wifi",
    sample: include_str!("sample.toml"),
    fractions: false,
    keys: &["count", "points", "code", "as_of", "as_of_from", "sheet", "breakdown", "wards", "closed", "up", "columns"],
    read: config::read,
};

impl DocumentSource for WifiSource {
    fn parse(&self, file: &Document, context: &PollContext) -> Result<ParsedFile, ParseError> {
        if snmp_answer::is_snmp(file) {
            return snmp_answer::parse(self, file, context);
        }
        parse::parse(self, file.name(), &context.sheets(file)?, context)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        self.points.iter().map(|target| ("points", target.series.as_str())).collect()
    }

    fn is_open(&self) -> bool {
        false
    }
}
