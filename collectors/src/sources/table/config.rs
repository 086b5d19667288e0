//! The configuration of a table.

use super::{CoversAs, FigureAt, PeriodAt, Rows, Table, YearAt};
use crate::sources::disclosure_control;
use crate::sources::source::{Source, SourceKind};
use crate::sources::target::SourceContext;
use crate::table::{Cell, date};
use contract::reader::TomlTable;

/// The kind `table`.
pub const KIND: SourceKind = SourceKind {
    name: "table",
    sample: include_str!("sample.toml"),
    keys: &[
        "sheet",
        "period",
        "figure",
        "label",
        "series",
        "rows",
        "only",
        "total_rows",
        "covers",
        "breakdown",
        "suppress_below",
        "scale",
    ],
    read,
};

fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    let _ = r.has("series");
    let labels = context.labelled();
    let label = r.texts("label");
    if labels.is_empty() != label.is_empty() {
        r.mistake("label", "`label` (the words over the column of labels) and [source.series] go together");
    }
    let rows = [("one", Rows::One), ("last", Rows::Last), ("sum", Rows::Sum), ("count", Rows::Count)];
    let rows = r.word_if("rows", &rows).unwrap_or(Rows::One);
    let period = period(r);
    let across = matches!(period, PeriodAt::Across { .. });
    let none = across || rows == Rows::Count;
    let figures: Vec<FigureAt> =
        r.tables("figure").iter().map(|figure| figure_at(figure, context, !label.is_empty(), none)).collect();
    if figures.is_empty() {
        r.mistake("figure", "[[source.figure]] is missing: the series, and the column its figures stand in");
    }
    if !label.is_empty() && figures.len() > 1 {
        r.mistake("figure", "with `label` there is one [[source.figure]]: the labels say which series a row is of");
    }
    let breakdown = r.texts("breakdown");
    let only: Vec<_> = r.tables("only").iter().map(only).collect();
    if across
        && (label.is_empty() && only.is_empty() && breakdown.is_empty() || figures.len() > 1 || rows == Rows::Count)
    {
        r.mistake(
            "period",
            "`across` needs a column that says what a row is (`label`, [[source.only]] or `breakdown`), one [[source.figure]] \
             without `column`, and rows that are no things to count",
        );
    }
    if !breakdown.is_empty() && matches!(rows, Rows::One | Rows::Last) {
        r.mistake("breakdown", "`breakdown` needs several rows a figure: `rows = \"sum\"` or \"count\"");
    }
    let covers = [("everything", CoversAs::Everything), ("periods", CoversAs::Periods), ("nothing", CoversAs::Nothing)];
    Source::documents(Table {
        sheet: r.text_if("sheet"),
        period,
        figures,
        labels,
        label,
        rows,
        only,
        keep_totals: r.word_if("total_rows", &[("skip", false), ("keep", true)]).unwrap_or(false),
        covers: r.word_if("covers", &covers).unwrap_or(CoversAs::Everything),
        breakdown,
        suppress_below: r.integer("suppress_below", 0..=1_000_000, disclosure_control::DEFAULT_BOUND),
        scale: r.integer("scale", 1..=1_000_000_000_000, 1),
    })
}

fn only(r: &TomlTable<'_>) -> (Vec<String>, Vec<String>) {
    let (column, is) = (r.texts("column"), r.texts("is"));
    if column.is_empty() || is.is_empty() {
        r.mistake("column", "`column` and `is` must be there: the words over the column, and what must stand in it");
    }
    (column, is)
}

fn figure_at(r: &TomlTable<'_>, context: &SourceContext<'_>, labelled: bool, no_column: bool) -> FigureAt {
    let target = if labelled { None } else { context.target_at(r, "of") };
    let (column, add) = (r.texts("column"), r.texts("add"));
    let columns = match (column.is_empty(), add.is_empty()) {
        (false, true) => vec![column],
        (true, false) => add.into_iter().map(|word| vec![word]).collect(),
        (true, true) if no_column => Vec::new(),
        _ => {
            r.mistake(
                "column",
                "exactly one of `column` (its words) and `add` (columns that are added up) must be there",
            );
            Vec::new()
        }
    };
    FigureAt { target, columns }
}

fn period(r: &TomlTable<'_>) -> PeriodAt {
    let fallback = || PeriodAt::Column(Vec::new());
    let Some(p) = r.table("period") else {
        r.mistake("period", "[source.period] is missing: `column`, `month` and `year`, `across`, `from`, or `is`");
        return fallback();
    };
    let (column, month) = (p.texts("column"), p.texts("month"));
    let year_column = p.texts("year_column");
    let year = p.integer_if("year", 1900..=2200).and_then(|year| i16::try_from(year).ok());
    let from = p.word_if("from", &[("name", PeriodFrom::Name), ("title", PeriodFrom::Title)]);
    let fixed = p.text_if("is").and_then(|text| {
        let read = date::read(&Cell::of_text(&text));
        read.map_err(|why| p.mistake("is", format!("`is` is no period: {why}"))).ok()
    });
    let fiscal = p.switch("fiscal");
    let year_at = match (year_column.is_empty(), year, from) {
        (false, None, None) => Some(YearAt::Column(year_column)),
        (true, Some(year), None) => Some(YearAt::Fixed(year)),
        (true, None, Some(PeriodFrom::Name)) => Some(YearAt::Name),
        _ => None,
    };
    if p.switch("across") {
        let rest = column.is_empty() && month.is_empty() && fixed.is_none();
        if !rest || matches!((&year_at, from), (Some(YearAt::Column(_)), _) | (None, Some(_))) {
            p.mistake(
                "across",
                "beside `across` only `year` or `from = \"name\"` may say the year of months, and `fiscal`",
            );
        }
        return PeriodAt::Across { year: year_at, fiscal };
    }
    match (column.is_empty(), month.is_empty(), fixed, from) {
        (false, true, None, None) => PeriodAt::Column(column),
        (true, false, None, _) => {
            if let Some(year) = year_at {
                return PeriodAt::Month { month, year, fiscal };
            }
            p.mistake("month", "`month` needs its year: one of `year_column`, `year`, or `from = \"name\"`");
            fallback()
        }
        (true, true, Some(dated), None) => PeriodAt::Fixed(dated.when),
        (true, true, None, Some(PeriodFrom::Name)) => PeriodAt::Name,
        (true, true, None, Some(PeriodFrom::Title)) => PeriodAt::Title,
        _ => {
            p.mistake(
                "column",
                "exactly one of `column`, `month`, `across`, `is` and `from` says where the period stands",
            );
            fallback()
        }
    }
}

#[derive(Clone, Copy)]
enum PeriodFrom {
    Name,
    Title,
}
