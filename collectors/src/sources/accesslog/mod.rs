//! Access logs of the city's app: lines of a web server, counted by hour.
//!
//! A log is not a file that is read again as a whole: it grows, and is renamed, truncated and compressed while it is read. So
//! this kind stores in its checkpoint how far it read (`notes`), together with the counts. `follow` reads the files;
//! everything else here is pure but for the random key of `visitors`.

mod agents;
mod config;
#[cfg(test)]
mod equality_tests;
mod figures;
mod follow;
pub mod line;
mod notes;
mod parse;
mod partial;
mod rule;
mod short;
#[cfg(test)]
mod tests;
mod visitors;

use super::source::{LogAdvance, LogSource, Source, SourceKind, SourceNotes};
use crate::fetch::FetchError;
use config::AccessLog;
use contract::time::Moment;
use std::path::Path;
use std::sync::Arc;

/// The kind `accesslog`.
pub const KIND: SourceKind = SourceKind {
    name: "accesslog",
    sample: include_str!("sample.toml"),
    fractions: false,
    keys: &["format", "fields", "finished", "rotated", "hits", "visitors", "rule", "area"],
    read: |r, context| Source::Log(Arc::new(config::read(r, context))),
};

impl LogSource for AccessLog {
    fn follow(&self, path: &Path, notes: &SourceNotes, now: Moment, limit: u64) -> Result<LogAdvance, FetchError> {
        follow::advance(self, path, notes, now, limit)
    }

    fn is_finished(&self) -> bool {
        self.finished
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        let each = [("hits", &self.hits), ("visitors", &self.visitors)];
        each.into_iter().filter_map(|(key, target)| Some((key, target.as_ref()?.series.as_str()))).collect()
    }
}
