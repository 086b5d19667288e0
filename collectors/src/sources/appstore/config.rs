//! The configuration of an app store.

use crate::sources::columns::ColumnWords;
use crate::sources::source::Source;
use crate::sources::target::{SeriesTarget, SourceContext};
use contract::catalogue::Shape;
use contract::period::Grain;
use contract::reader::TomlTable;

/// The store of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AppStoreVendor {
    /// Google Play: `installs_<package>_<YYYYMM>_overview.csv`, a row per day.
    Google,
    /// App Store Connect: a sales report, a row per app, version, kind of sale and country.
    Apple,
}

/// A configured store.
#[derive(Debug)]
pub(super) struct AppStoreSource {
    pub(super) store: AppStoreVendor,
    /// Package name, Apple identifier or SKU.
    pub(super) app: String,
    /// `None` after a mistake, and then the configuration is not used.
    pub(super) downloads: Option<SeriesTarget>,
    pub(super) columns: ColumnWords,
}

pub(super) fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    let store = r.word("store", &[("google", AppStoreVendor::Google), ("apple", AppStoreVendor::Apple)]);
    let downloads = context.target_at(r, "downloads");
    let fits =
        |target: &&SeriesTarget| target.shape == Shape::Flow && matches!(target.grain, Grain::Day | Grain::Month);
    if let Some(target) = downloads.as_ref().filter(|target| !fits(target)) {
        r.mistake("downloads", format!("a store counts by day or month, and series `{}` does not", target.series));
    }
    let usual =
        |google: &'static str, apple: &'static str| [if store == AppStoreVendor::Google { google } else { apple }];
    let columns = ColumnWords::read(
        r.table("columns").as_ref(),
        &[
            ("app", &usual("Package Name", "Apple Identifier")),
            ("date", &usual("Date", "Begin Date")),
            ("until", &["End Date"]),
            ("count", &usual("Daily User Installs", "Units")),
            ("kind", &["Product Type Identifier"]),
            ("sku", &["SKU"]),
        ],
    );
    Source::documents(AppStoreSource { store, app: r.text("app"), downloads, columns })
}
