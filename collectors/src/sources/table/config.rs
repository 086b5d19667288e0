//! The configuration of a table.

use crate::sources::disclosure_control;
use crate::sources::source::Source;
use crate::sources::target::{SeriesTarget, SourceContext};
use crate::table::text::word;
use crate::table::{Cell, LabelledPeriod, date};
use contract::decimals::Decimals;
use contract::reader::TomlTable;

/// A configured table.
#[derive(Debug)]
pub(super) struct TableSource {
    pub(super) sheet: Option<String>,
    pub(super) period: PeriodPlace,
    /// The figures of each row.
    pub(super) figures: Vec<FigurePlace>,
    /// The normalised label of each series, where one column has figures of several.
    pub(super) labels: Vec<(String, SeriesTarget)>,
    /// The words above the column of labels.
    pub(super) label: Vec<String>,
    pub(super) rows: RowAggregation,
    /// Conditions of the rows that count: all must hold.
    pub(super) only: Vec<RowCondition>,
    /// Conditions of rows that are left out: one is enough.
    pub(super) except: Vec<RowCondition>,
    pub(super) keep_totals: bool,
    pub(super) covers: CoverageRule,
    /// The words above the column of the breakdown.
    pub(super) breakdown: Vec<String>,
    pub(super) suppress_below: i64,
    /// The factor from the file's figures to the unit of the series: 1000 for 千円.
    pub(super) scale: i64,
}

impl TableSource {
    /// Digits after the point of the figures of a definition.
    pub(super) fn decimals(&self, series: &str, definition: &str) -> Decimals {
        let labelled = self.labels.iter().map(|(_, target)| target);
        let mut targets = self.figures.iter().filter_map(|figure| figure.target.as_ref()).chain(labelled);
        let found = targets.find(|target| target.series == series);
        found.map_or(Decimals::WHOLE, |target| target.decimals(definition))
    }
}

/// The place of the period of a row.
#[derive(Debug)]
pub(super) enum PeriodPlace {
    /// In one column.
    Column(Vec<String>),
    /// A month's number in one column.
    Month {
        /// The words above it.
        month: Vec<String>,
        /// The place of its year.
        year: YearPlace,
        /// True when January to March belong to the fiscal year before.
        fiscal: bool,
    },
    /// In the header, one column per period.
    Across {
        /// The place of the year of headings that are only months.
        year: Option<YearPlace>,
        /// True when January to March belong to the fiscal year before.
        fiscal: bool,
    },
    /// In the file's name.
    Name,
    /// In a title above the table.
    Title,
    /// In the configuration.
    Fixed(LabelledPeriod),
}

/// The place of a year.
#[derive(Debug)]
pub(super) enum YearPlace {
    Column(Vec<String>),
    Name,
    Fixed(i16),
}

/// A condition of a row.
#[derive(Debug)]
pub(super) struct RowCondition {
    /// The words above the column.
    pub(super) column: Vec<String>,
    /// The texts in it that fulfil the condition, as [`word`]s; `*` stands for anything.
    is: Vec<String>,
}

impl RowCondition {
    /// True for a [`word`] that fulfils the condition.
    pub(super) fn holds(&self, text: &str) -> bool {
        self.is.iter().any(|wanted| fits(wanted, text))
    }
}

/// True when a text has the form of a pattern: 「前年*」 begins so.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(end)
}

/// A figure of each row.
#[derive(Debug)]
pub(super) struct FigurePlace {
    /// `None` with labels, and after a mistake, when the configuration is not used.
    pub(super) target: Option<SeriesTarget>,
    /// The columns that are added up, each with its words.
    pub(super) columns: Vec<Vec<String>>,
}

/// How the rows of one key become a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowAggregation {
    /// There is one row; two that differ are rejected.
    One,
    /// The last row is used, because corrections are appended.
    Last,
    /// They are added up.
    Sum,
    /// They are counted.
    Count,
}

/// The coverage of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CoverageRule {
    /// Everything that it has given.
    Everything,
    /// From its first period to its last.
    Periods,
    /// Nothing.
    Nothing,
}

pub(super) fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    let _ = r.has("series");
    let labels = context.labelled();
    let label = r.texts("label");
    if labels.is_empty() != label.is_empty() {
        r.mistake("label", "`label` (the words over the column of labels) and [source.series] go together");
    }
    let rows = [
        ("one", RowAggregation::One),
        ("last", RowAggregation::Last),
        ("sum", RowAggregation::Sum),
        ("count", RowAggregation::Count),
    ];
    let rows = r.word_if("rows", &rows).unwrap_or(RowAggregation::One);
    let period = period(r);
    let across = matches!(period, PeriodPlace::Across { .. });
    let none = across || rows == RowAggregation::Count;
    let figures: Vec<FigurePlace> =
        r.tables("figure").iter().map(|figure| figure_at(figure, context, !label.is_empty(), none)).collect();
    if figures.is_empty() {
        r.mistake("figure", "[[source.figure]] is missing: the series, and the column its figures stand in");
    }
    if !label.is_empty() && figures.len() > 1 {
        r.mistake("figure", "with `label` there is one [[source.figure]]: the labels say which series a row is of");
    }
    let breakdown = r.texts("breakdown");
    let only: Vec<_> = r.tables("only").iter().map(condition).collect();
    let except: Vec<_> = r.tables("except").iter().map(condition).collect();
    check_except(r, &only, &except);
    if across
        && (label.is_empty() && only.is_empty() && except.is_empty() && breakdown.is_empty()
            || figures.len() > 1
            || rows == RowAggregation::Count)
    {
        r.mistake(
            "period",
            "`across` needs a column that says what a row is (`label`, [[source.only]] or `breakdown`), one [[source.figure]] \
             without `column`, and rows that are no things to count",
        );
    }
    if !breakdown.is_empty() && matches!(rows, RowAggregation::One | RowAggregation::Last) {
        r.mistake("breakdown", "`breakdown` needs several rows a figure: `rows = \"sum\"` or \"count\"");
    }
    let covers = [
        ("everything", CoverageRule::Everything),
        ("periods", CoverageRule::Periods),
        ("nothing", CoverageRule::Nothing),
    ];
    Source::documents(TableSource {
        sheet: r.text_if("sheet"),
        period,
        figures,
        labels,
        label,
        rows,
        only,
        except,
        keep_totals: r.word_if("total_rows", &[("skip", false), ("keep", true)]).unwrap_or(false),
        covers: r.word_if("covers", &covers).unwrap_or(CoverageRule::Everything),
        breakdown,
        suppress_below: r.integer("suppress_below", 0..=1_000_000, disclosure_control::DEFAULT_BOUND),
        scale: r.integer("scale", 1..=1_000_000_000_000, 1),
    })
}

fn condition(r: &TomlTable<'_>) -> RowCondition {
    let (column, is) = (r.texts("column"), r.texts("is"));
    if column.is_empty() || is.is_empty() {
        r.mistake("column", "`column` and `is` must be there: the words over the column, and what must stand in it");
    }
    RowCondition { column, is: is.iter().map(|text| word(text)).collect() }
}

/// A text that both keys name in one column leaves no row that counts.
fn check_except(r: &TomlTable<'_>, only: &[RowCondition], except: &[RowCondition]) {
    for one in only {
        let out = |text: &String| except.iter().any(|except| except.column == one.column && except.holds(text));
        if let Some(text) = one.is.iter().find(|text| out(text)) {
            r.mistake("except", format!("[[source.except]] leaves out \"{text}\", which [[source.only]] asks for"));
        }
    }
}

fn figure_at(r: &TomlTable<'_>, context: &SourceContext<'_>, labelled: bool, no_column: bool) -> FigurePlace {
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
    FigurePlace { target, columns }
}

fn period(r: &TomlTable<'_>) -> PeriodPlace {
    let fallback = || PeriodPlace::Column(Vec::new());
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
        (false, None, None) => Some(YearPlace::Column(year_column)),
        (true, Some(year), None) => Some(YearPlace::Fixed(year)),
        (true, None, Some(PeriodFrom::Name)) => Some(YearPlace::Name),
        _ => None,
    };
    if p.switch("across") {
        let rest = column.is_empty() && month.is_empty() && fixed.is_none();
        if !rest || matches!((&year_at, from), (Some(YearPlace::Column(_)), _) | (None, Some(_))) {
            p.mistake(
                "across",
                "beside `across` only `year` or `from = \"name\"` may say the year of months, and `fiscal`",
            );
        }
        return PeriodPlace::Across { year: year_at, fiscal };
    }
    match (column.is_empty(), month.is_empty(), fixed, from) {
        (false, true, None, None) => PeriodPlace::Column(column),
        (true, false, None, _) => {
            if let Some(year) = year_at {
                return PeriodPlace::Month { month, year, fiscal };
            }
            p.mistake("month", "`month` needs its year: one of `year_column`, `year`, or `from = \"name\"`");
            fallback()
        }
        (true, true, Some(dated), None) => PeriodPlace::Fixed(dated.when),
        (true, true, None, Some(PeriodFrom::Name)) => PeriodPlace::Name,
        (true, true, None, Some(PeriodFrom::Title)) => PeriodPlace::Title,
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
