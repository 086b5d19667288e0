//! Electronic applications: procedures on offer, and applications a month, from a vendor's exports.
//!
//! A month's file replaces that month in all procedures. Where an export has one row an application, the rows are
//! counted and dropped: nothing of a row leaves this folder, not even its hash.

mod month;
mod parse;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod tests;

use super::disclosure_control;
use super::parsed::{ParseError, ParsedFile};
use super::row::words;
use super::source::{DocumentSource, PollContext, Source, SourceKind};
use super::target::{SeriesTarget, SourceContext};
use crate::document::Document;
use contract::catalogue::Shape;
use contract::period::Grain;
use contract::reader::TomlTable;

/// The kind `eapply`.
pub const KIND: SourceKind = SourceKind {
    name: "eapply",
    sample: include_str!("sample.toml"),
    keys: &[
        "rows",
        "month_from",
        "sheet",
        "applications",
        "procedures",
        "breakdown",
        "suppress_below",
        "withdrawn",
        "columns",
    ],
    read,
};

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rows {
    /// One procedure in one month, with its count.
    Counts,
    /// One application.
    Applications,
}

/// Where the month stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MonthFrom {
    /// In each row: the month, or the day of receipt.
    Column,
    /// In the file's name.
    Name,
    /// In a title above the table.
    Title,
}

/// A configured export.
#[derive(Debug)]
struct EApply {
    rows: Rows,
    month_from: MonthFrom,
    sheet: Option<String>,
    /// `None` after a mistake, which keeps the configuration from being used.
    applications: Option<SeriesTarget>,
    procedures: Option<SeriesTarget>,
    breakdown: bool,
    suppress_below: i64,
    withdrawn: Vec<String>,
    columns: Words,
}

/// The words over each column.
#[derive(Debug)]
struct Words {
    procedure: Vec<String>,
    month: Vec<String>,
    count: Vec<String>,
    received: Vec<String>,
    status: Vec<String>,
}

fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    let rows = r.word_if("rows", &[("counts", Rows::Counts), ("applications", Rows::Applications)]);
    let rows = rows.unwrap_or(Rows::Counts);
    let from = [("column", MonthFrom::Column), ("name", MonthFrom::Name), ("title", MonthFrom::Title)];
    let applications = context.target_at(r, "applications");
    if let Some(target) = applications.as_ref().filter(|t| (t.shape, t.grain) != (Shape::Flow, Grain::Month)) {
        r.mistake("applications", format!("an export counts by month, and series `{}` does not", target.series));
    }
    let procedures = if r.has("procedures") { context.target_at(r, "procedures") } else { None };
    if let Some(target) = procedures.as_ref().filter(|target| target.shape != Shape::Level) {
        r.mistake("procedures", format!("procedures on offer are a level, and series `{}` is none", target.series));
    }
    if procedures.is_some() && rows == Rows::Applications {
        r.mistake(
            "procedures",
            "single applications do not tell which procedures are on offer; use `rows = \"counts\"`",
        );
    }
    let columns = r.table("columns");
    let columns = columns.as_ref();
    let mut withdrawn = r.texts("withdrawn");
    if withdrawn.is_empty() {
        withdrawn = ["取下", "取り下げ", "取消", "取り消し", "キャンセル"].map(str::to_owned).to_vec();
    }
    Source::documents(EApply {
        rows,
        month_from: r.word_if("month_from", &from).unwrap_or(MonthFrom::Column),
        sheet: r.text_if("sheet"),
        applications,
        procedures,
        breakdown: r.switch("breakdown"),
        suppress_below: r.integer("suppress_below", 0..=1_000_000, disclosure_control::DEFAULT_BOUND),
        withdrawn,
        columns: Words {
            procedure: words(columns, "procedure", &["手続名", "手続名称", "手続き名", "申請様式名", "手続"]),
            month: words(columns, "month", &["受付年月", "年月", "対象月", "受付月", "月"]),
            count: words(columns, "count", &["受付件数", "申請件数", "利用件数", "件数"]),
            received: words(columns, "received", &["受付日時", "申込日時", "申請日時", "受付日", "到達日時"]),
            status: words(columns, "status", &["処理状況", "状態", "ステータス"]),
        },
    })
}

impl DocumentSource for EApply {
    fn parse(&self, file: &Document, seen: &PollContext) -> Result<ParsedFile, ParseError> {
        parse::parse(self, file.name(), &seen.sheets(file)?, seen)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        let each = [("applications", &self.applications), ("procedures", &self.procedures)];
        each.into_iter().filter_map(|(key, target)| Some((key, target.as_ref()?.series.as_str()))).collect()
    }

    fn is_open(&self) -> bool {
        false
    }
}
