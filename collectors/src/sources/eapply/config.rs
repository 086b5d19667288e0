//! The configuration of an export of electronic applications.

use crate::sources::columns::ColumnWords;
use crate::sources::disclosure_control;
use crate::sources::source::Source;
use crate::sources::target::{SeriesTarget, SourceContext};
use contract::catalogue::Shape;
use contract::period::Grain;
use contract::reader::TomlTable;

/// The meaning of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExportRowKind {
    /// One procedure in one month, with its count.
    Counts,
    /// One application.
    Applications,
}

/// The place of the month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MonthFrom {
    /// In each row: the month, or the day of receipt.
    Column,
    /// In the file's name.
    Name,
    /// In a title above the table.
    Title,
}

/// A configured export.
#[derive(Debug)]
pub(super) struct EApplySource {
    pub(super) rows: ExportRowKind,
    pub(super) month_from: MonthFrom,
    pub(super) sheet: Option<String>,
    /// `None` after a mistake, and then the configuration is not used.
    pub(super) applications: Option<SeriesTarget>,
    pub(super) procedures: Option<SeriesTarget>,
    pub(super) breakdown: bool,
    pub(super) suppress_below: i64,
    pub(super) withdrawn: Vec<String>,
    pub(super) columns: ColumnWords,
}

pub(super) fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    let rows = r.word_if("rows", &[("counts", ExportRowKind::Counts), ("applications", ExportRowKind::Applications)]);
    let rows = rows.unwrap_or(ExportRowKind::Counts);
    let from = [("column", MonthFrom::Column), ("name", MonthFrom::Name), ("title", MonthFrom::Title)];
    let applications = context.target_at(r, "applications");
    if let Some(target) = applications.as_ref().filter(|t| (t.shape, t.grain) != (Shape::Flow, Grain::Month)) {
        r.mistake("applications", format!("an export counts by month, and series `{}` does not", target.series));
    }
    let procedures = if r.has("procedures") { context.target_at(r, "procedures") } else { None };
    if let Some(target) = procedures.as_ref().filter(|target| target.shape != Shape::Level) {
        r.mistake("procedures", format!("procedures on offer are a level, and series `{}` is none", target.series));
    }
    if procedures.is_some() && rows == ExportRowKind::Applications {
        r.mistake(
            "procedures",
            "single applications do not tell which procedures are on offer; use `rows = \"counts\"`",
        );
    }
    let mut withdrawn = r.texts("withdrawn");
    if withdrawn.is_empty() {
        withdrawn = ["取下", "取り下げ", "取消", "取り消し", "キャンセル"].map(str::to_owned).to_vec();
    }
    Source::documents(EApplySource {
        rows,
        month_from: r.word_if("month_from", &from).unwrap_or(MonthFrom::Column),
        sheet: r.text_if("sheet"),
        applications,
        procedures,
        breakdown: r.switch("breakdown"),
        suppress_below: r.integer("suppress_below", 0..=1_000_000, disclosure_control::DEFAULT_BOUND),
        withdrawn,
        columns: ColumnWords::read(
            r.table("columns").as_ref(),
            &[
                ("procedure", &["手続名", "手続名称", "手続き名", "申請様式名", "手続"]),
                ("month", &["受付年月", "年月", "対象月", "受付月", "月"]),
                ("count", &["受付件数", "申請件数", "利用件数", "件数"]),
                ("received", &["受付日時", "申込日時", "申請日時", "受付日", "到達日時"]),
                ("status", &["処理状況", "状態", "ステータス"]),
            ],
        ),
    })
}
