//! The configuration of a portal.

use crate::sources::columns::ColumnWords;
use crate::sources::source::Source;
use crate::sources::target::{SeriesTarget, SourceContext};
use contract::catalogue::Shape;
use contract::reader::TomlTable;

/// The format of the portal's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PortalFormat {
    /// CKAN's action interface, or a file with an answer of it.
    Api,
    /// A catalogue as csv or xlsx: a row is a dataset or one of its files.
    Table,
}

/// The datasets that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DatasetCountRule {
    /// All datasets that the portal lists.
    Listed,
    /// Listed datasets that are active and not private.
    Active,
    /// Active datasets with at least one file.
    WithResources,
}

/// The date of a catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CatalogueDate {
    /// The day of the poll.
    DayOfPoll,
    /// The date in the file's name.
    Name,
}

/// A configured portal.
#[derive(Debug)]
pub(super) struct CkanSource {
    pub(super) format: PortalFormat,
    pub(super) count: DatasetCountRule,
    pub(super) as_of: CatalogueDate,
    pub(super) datasets: Option<SeriesTarget>,
    pub(super) downloads: Option<SeriesTarget>,
    pub(super) organisation: Option<String>,
    pub(super) fq: Option<String>,
    pub(super) sheet: Option<String>,
    pub(super) columns: ColumnWords,
}

pub(super) fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    let format =
        r.word_if("format", &[("api", PortalFormat::Api), ("table", PortalFormat::Table)]).unwrap_or(PortalFormat::Api);
    let rules = [
        ("listed", DatasetCountRule::Listed),
        ("active", DatasetCountRule::Active),
        ("with_resources", DatasetCountRule::WithResources),
    ];
    let target = |key: &'static str, shape: Shape, what: &str| {
        let target = if r.has(key) { context.target_at(r, key)? } else { return None };
        if target.shape != shape {
            r.mistake(key, format!("`{key}` are {what}, and series `{}` is none", target.series));
        }
        Some(target)
    };
    let datasets = target("datasets", Shape::Level, "a level");
    let downloads = target("downloads", Shape::Counter, "a counter");
    if !r.has("datasets") && !r.has("downloads") {
        r.mistake(
            "datasets",
            "`datasets` is missing; it, or `downloads`, must be { series = \"..\", definition = \"..\" }",
        );
    }
    let count = if r.has("datasets") { r.word("count", &rules) } else { DatasetCountRule::Listed };
    let as_of = r
        .word_if("as_of", &[("visit", CatalogueDate::DayOfPoll), ("name", CatalogueDate::Name)])
        .unwrap_or(CatalogueDate::DayOfPoll);
    let (organisation, fq) = (r.text_if("organisation"), r.text_if("fq"));
    let columns =
        ColumnWords::read(r.table("columns").as_ref(), &[("name", &[]), ("resource", &[]), ("organisation", &[])]);
    let ckan =
        CkanSource { format, count, as_of, datasets, downloads, organisation, fq, sheet: r.text_if("sheet"), columns };
    ckan.check(r);
    Source::documents(ckan)
}

impl CkanSource {
    /// Reports keys that contradict each other.
    fn check(&self, r: &TomlTable<'_>) {
        let (table, lacks) = (self.format == PortalFormat::Table, |role: &str| self.columns.of(role).is_empty());
        let resources = self.count == DatasetCountRule::WithResources && lacks("resource");
        let organisation = self.organisation.is_some() && lacks("organisation");
        let wrong = [
            (table && lacks("name"), "columns", "`columns.name` is missing: the word over the datasets' names"),
            (table && resources, "columns", "`columns.resource` is missing: `with_resources` needs it"),
            (table && organisation, "columns", "`columns.organisation` is missing: `organisation` needs it"),
            (
                table && self.count == DatasetCountRule::Active,
                "count",
                "a table does not say what is active: `listed` or `with_resources`",
            ),
            (table && self.downloads.is_some(), "downloads", "a table does not count downloads"),
            (table && self.fq.is_some(), "fq", "`fq` is for the interface; a table has `organisation`"),
            (
                self.organisation.as_ref().is_some_and(|name| name.contains(['"', '\\'])),
                "organisation",
                "a name has no quotes",
            ),
        ];
        wrong.into_iter().filter(|(is, ..)| *is).for_each(|(_, key, message)| r.mistake(key, message));
    }
}
