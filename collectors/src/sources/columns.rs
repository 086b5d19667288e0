//! The words above the columns of a kind of source.

use crate::table::WantedColumn;
use contract::reader::TomlTable;

/// The words above each column, by role.
#[derive(Debug)]
pub(super) struct ColumnWords(Vec<(&'static str, Vec<String>)>);

impl ColumnWords {
    /// Reads the table `columns` of a source; a role without an entry has its default words.
    pub(super) fn read(configured: Option<&TomlTable<'_>>, default: &[(&'static str, &[&str])]) -> Self {
        let words = |role, default: &[&str]| {
            let own = configured.map(|columns| columns.texts(role)).unwrap_or_default();
            if own.is_empty() { default.iter().map(|word| (*word).to_owned()).collect() } else { own }
        };
        Self(default.iter().map(|(role, default)| (*role, words(role, default))).collect())
    }

    /// The words of a role.
    pub(super) fn of(&self, role: &str) -> &[String] {
        self.0.iter().find(|(known, _)| *known == role).map_or(&[], |(_, words)| words)
    }

    /// The columns of these roles, each with whether it is required.
    pub(super) fn wanted(&self, roles: &[(&'static str, bool)]) -> Vec<WantedColumn<'_>> {
        roles.iter().map(|(role, required)| WantedColumn { role, words: self.of(role), required: *required }).collect()
    }
}
