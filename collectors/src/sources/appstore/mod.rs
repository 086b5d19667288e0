//! First downloads of the city's app, from the reports of Google Play and the App Store.
//!
//! Each store is a source of its own; the catalogue adds two of them (`combine = "sum"`). A month's report is written
//! anew as the month grows.

mod days;
mod parse;
#[cfg(test)]
mod tests;

use super::parsed::{ParseError, ParsedFile};
use super::row::words;
use super::source::{DocumentSource, PollContext, Source, SourceKind};
use super::target::{SeriesTarget, SourceContext};
use crate::document::Document;
use crate::table::FileFormat;
use contract::catalogue::Shape;
use contract::period::Grain;
use contract::reader::TomlTable;

/// The kind `appstore`.
pub const KIND: SourceKind = SourceKind {
    name: "appstore",
    sample: include_str!("sample.toml"),
    keys: &["store", "app", "downloads", "columns"],
    read,
};

/// Whose report it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Store {
    /// Google Play: `installs_<package>_<YYYYMM>_overview.csv`, a row a day.
    Google,
    /// App Store Connect: a sales report, a row an app, version, kind of sale and country.
    Apple,
}

/// A configured store.
#[derive(Debug)]
struct AppStore {
    store: Store,
    /// Package name, Apple identifier or SKU.
    app: String,
    /// `None` after a mistake, which keeps the configuration from being used.
    downloads: Option<SeriesTarget>,
    columns: Words,
}

/// The words over each column.
#[derive(Debug)]
struct Words {
    app: Vec<String>,
    date: Vec<String>,
    until: Vec<String>,
    count: Vec<String>,
    kind: Vec<String>,
    sku: Vec<String>,
}

fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    let store = r.word("store", &[("google", Store::Google), ("apple", Store::Apple)]);
    let downloads = context.target_at(r, "downloads");
    let fits =
        |target: &&SeriesTarget| target.shape == Shape::Flow && matches!(target.grain, Grain::Day | Grain::Month);
    if let Some(target) = downloads.as_ref().filter(|target| !fits(target)) {
        r.mistake("downloads", format!("a store counts by day or month, and series `{}` does not", target.series));
    }
    let columns = r.table("columns");
    let columns = columns.as_ref();
    let usual = |google: &'static str, apple: &'static str| [if store == Store::Google { google } else { apple }];
    Source::documents(AppStore {
        store,
        app: r.text("app"),
        downloads,
        columns: Words {
            app: words(columns, "app", &usual("Package Name", "Apple Identifier")),
            date: words(columns, "date", &usual("Date", "Begin Date")),
            until: words(columns, "until", &["End Date"]),
            count: words(columns, "count", &usual("Daily User Installs", "Units")),
            kind: words(columns, "kind", &["Product Type Identifier"]),
            sku: words(columns, "sku", &["SKU"]),
        },
    })
}

impl DocumentSource for AppStore {
    fn parse(&self, file: &Document, seen: &PollContext) -> Result<ParsedFile, ParseError> {
        // Apple's reports are called .txt.
        let format = if self.store == Store::Apple { Some(FileFormat::Tsv) } else { None };
        parse::parse(self, &seen.sheets_as(file, format)?, seen)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        self.downloads.iter().map(|target| ("downloads", target.series.as_str())).collect()
    }

    fn is_open(&self) -> bool {
        false
    }
}
