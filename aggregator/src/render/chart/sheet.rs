//! Each picture with the table of its rows, so that both show the same numbers.

use crate::render::lang::Language;
use crate::render::show;
use ::chart::{ChartContext, ChartLanguage, PartPicture, Picture, figures};
use aggregator_core::chart::{ChartData, ChartPart, ChartRow, GapReason};
use askama::filters::HtmlSafe;
use contract::catalogue::Kpi;
use contract::exact::{Exact, canonical};
use contract::period::{Grain, Period};
use contract::time::month_name;
use std::fmt;

/// A picture with its table.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartSection {
    /// The picture in its sizes, and the words beside it.
    pub figure: PartPicture,
    /// Its rows, latest first.
    pub rows: Vec<ChartTableRow>,
}

/// A number: as it is shown with its unit, and in canonical form for programs that read the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownNumber {
    /// Canonical.
    pub canonical: String,
    /// With its unit.
    pub text: String,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartTableRow {
    /// `state`, `year`, `mean`, `year_to_date` or `month`.
    pub part: &'static str,
    /// The period in exports.
    pub period: String,
    /// The period for readers.
    pub when: (String, String),
    /// The value.
    pub value: Option<ShownNumber>,
    /// The guide at the same moment, for the same months.
    pub guide: Option<ShownNumber>,
    /// What a reader must know of it.
    pub remarks: Vec<(String, String)>,
}

/// The pictures of a KPI.
pub fn sheet(data: &ChartData, kpi: &Kpi, lang: Language) -> Vec<ChartSection> {
    let language = if lang == Language::En { ChartLanguage::En } else { ChartLanguage::Ja };
    let ctx = ChartContext { kpi, language };
    let with_rows = |figure: PartPicture| {
        // The mean of a year stands in the picture of its months.
        let parts =
            if data.kind.is_monthly_mean() { vec![ChartPart::Mean, ChartPart::Month] } else { vec![figure.part] };
        let rows = parts.iter().flat_map(|part| {
            let mut rows: Vec<&ChartRow> = data.rows_of(*part).collect();
            rows.reverse();
            rows
        });
        ChartSection { rows: rows.map(|row| table_row(kpi, row, lang)).collect(), figure }
    };
    figures(data, &ctx).into_iter().map(with_rows).collect()
}

fn table_row(kpi: &Kpi, row: &ChartRow, lang: Language) -> ChartTableRow {
    let shown = |value: &Exact, text: String| ShownNumber { canonical: canonical(value), text };
    let value = |value: &Exact| shown(value, show::value(kpi, row.shown().unwrap_or(value), row.guide.as_ref(), lang));
    ChartTableRow {
        part: row.part.name(),
        period: row.period.to_string(),
        when: when(row.period),
        value: row.value.as_ref().map(value),
        guide: row.guide.as_ref().map(|guide| shown(guide, show::guide(kpi, guide, row.value.as_ref(), lang))),
        remarks: remarks(kpi, row, lang),
    }
}

fn when(period: Period) -> (String, String) {
    let date = period.start().date();
    match period.grain {
        Grain::Month => (period.label_ja(), format!("{} {}", month_name(date.month()), date.year())),
        Grain::FiscalYear | Grain::Quarter => (period.label_ja(), period.to_string()),
        Grain::Day | Grain::Hour => (period.to_string(), period.to_string()),
    }
}

fn remarks(kpi: &Kpi, row: &ChartRow, lang: Language) -> Vec<(String, String)> {
    let pair = |ja: &str, en: &str| (ja.to_owned(), en.to_owned());
    let mut said = Vec::new();
    said.extend(row.gap.map(|reason| match reason {
        GapReason::Unknown => pair("欠測（0ではない）", "unknown, which is not 0"),
        GapReason::Overdue => pair("届いていない", "overdue"),
        GapReason::Waiting => pair("まだ届いていない（期限前）", "not due yet"),
        GapReason::Incomplete => pair("そろっていない", "incomplete"),
    }));
    if let (Some(_), Some(settled)) = (row.compared.as_ref(), row.value.as_ref()) {
        let settled = show::plain(kpi, settled, lang);
        said.push((format!("決算 {settled}"), format!("settled {settled}")));
    }
    // Of a whole year twelve go without saying.
    let months = row.months.filter(|months| *months < 12 || row.part == ChartPart::YearToDate);
    said.extend(months.map(|months| (format!("{months}か月分"), format!("{months} months"))));
    if row.incomplete {
        said.push(pair("欠けた月を除く", "without what is missing"));
    }
    if row.provisional {
        said.push(pair("速報値", "provisional"));
    }
    if let Some(change) = row.restated.as_ref() {
        let before = change.before.as_ref().map(|before| show::plain(kpi, before, lang));
        let at = change.known_at.moment().date();
        said.push(match before {
            Some(before) => (format!("訂正（{at}まで {before}）"), format!("restated on {at}, {before} before")),
            None => (format!("訂正（{at}）"), format!("restated on {at}")),
        });
    }
    if row.later {
        said.push(pair("計画の後（判定しない）", "after the plan, not judged"));
    }
    said
}

/// A picture in a page; it escapes its own texts.
#[derive(Clone, Copy, Debug)]
pub struct PictureHtml<'a>(&'a Picture);

/// A picture in a page.
pub fn html(picture: &Picture) -> PictureHtml<'_> {
    PictureHtml(picture)
}

impl fmt::Display for PictureHtml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl HtmlSafe for PictureHtml<'_> {}
