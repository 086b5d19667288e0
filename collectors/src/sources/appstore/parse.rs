//! A report's rows: those of the app that are first downloads, added up by day or month.

use super::super::parsed::{ParseError, ParsedFile, RejectedRow};
use super::super::row::{place, reason, rejected};
use super::super::source::PollContext;
use super::days::{self, Downloads};
use super::{AppStore, Store};
use crate::table::date::{self, LabelledPeriod};
use crate::table::number::{self, NumberCell as Number};
use crate::table::text::normal;
use crate::table::{Columns, RejectReason, Sheet, SheetRow, WantedColumn};
use contract::period::{Grain, Period};
use contract::record::{Place, Value};
use contract::time::Moment;

/// Apple's product types that are a first download of an app: not updates (7..), not downloads again (3..), not
/// purchases inside it (IA..).
const FIRST_DOWNLOADS: [&str; 7] = ["1", "1F", "1T", "1E", "1EP", "1EU", "F1"];

/// Of the App Store a report without the app gives a 0; Google's reports are of one app each.
const NO_SUCH_APP: ParseError =
    ParseError::Unfit { label: "no_such_app", why: "no row is of that app; see `app`, the package's name" };

/// Google's reports by country, device or version have several rows a day; added up they are no first downloads.
const NO_OVERVIEW: ParseError = ParseError::Unfit {
    label: "no_overview",
    why: "a day stands twice, as in reports by country, device or version: take the overview, by `pattern`",
};

/// Why a row is a reject: the role of the column at fault, and the reason.
type RowFault = (&'static str, &'static str);

/// Reads a store's report.
pub(super) fn parse(source: &AppStore, sheets: &[Sheet], seen: &PollContext) -> Result<ParsedFile, ParseError> {
    let words = &source.columns;
    let apple = source.store == Store::Apple;
    let mut wanted = vec![
        WantedColumn { role: "app", words: &words.app, required: true },
        WantedColumn { role: "date", words: &words.date, required: true },
        WantedColumn { role: "count", words: &words.count, required: true },
    ];
    if apple {
        wanted.push(WantedColumn { role: "until", words: &words.until, required: true });
        wanted.push(WantedColumn { role: "kind", words: &words.kind, required: true });
        wanted.push(WantedColumn { role: "sku", words: &words.sku, required: false });
    }
    let (sheet, columns) = Columns::find_sheet(sheets, None, &wanted)?;
    let Some(target) = &source.downloads else { return Err(ParseError::NoRows) };
    let mut report =
        Report { source, sheet, columns: &columns, seen, given: Downloads::new(), rejects: vec![], twice: false };
    let mut rows = 0;
    for row in columns.data(sheet) {
        rows += 1;
        if let Err((role, why)) = report.row(row) {
            report.rejects.push(rejected(&columns, sheet, row, role, why));
        }
    }
    if rows == 0 {
        return Err(ParseError::NoRows);
    }
    if report.twice {
        return Err(NO_OVERVIEW);
    }
    let Report { given, rejects, .. } = report;
    if given.is_empty() && rejects.is_empty() {
        return Err(NO_SUCH_APP);
    }
    // Each day is a file of its own there, and of two files that give one month the later would count.
    if apple && target.grain == Grain::Month && given.keys().any(|period| period.grain == Grain::Day) {
        return Err(ParseError::DailyReport);
    }
    let days::SeriesRead { figures, held, covers, until } = days::read(given, target, seen.time);
    Ok(ParsedFile { figures, rejects, held, covers, until })
}

struct Report<'a> {
    source: &'a AppStore,
    sheet: &'a Sheet,
    columns: &'a Columns,
    seen: &'a PollContext,
    given: Downloads,
    rejects: Vec<RejectedRow>,
    /// True once Google gave a day of the app again.
    twice: bool,
}

impl Report<'_> {
    fn row(&mut self, row: &SheetRow) -> Result<(), RowFault> {
        let period = self.period(row)?;
        if self.seen.is_ahead(period.start()) {
            return Err(("date", reason::IN_THE_FUTURE));
        }
        let ours = self.is_ours(row);
        if self.source.store == Store::Google && !ours {
            return Ok(());
        }
        let counted = ours && (self.source.store == Store::Google || self.is_first_download(row));
        let place = Place { row: None, ..place(self.sheet, row) };
        self.twice |= self.source.store == Store::Google && self.given.contains_key(&period);
        // A report that holds a period without a first download of ours says that there was none.
        let sum = self.given.entry(period).or_insert_with(|| Some((Value::Known(0), place.clone())));
        if !counted {
            return Ok(());
        }
        let read = number::integer(self.columns.cell(row, "count"), None);
        let count = match read.map_err(RejectReason::label) {
            Ok(Number::Known(count)) if count >= 0 || self.source.store == Store::Apple => Ok(Value::Known(count)),
            Ok(Number::Known(_)) => Err(reason::NEGATIVE),
            Ok(Number::Missing(why)) => Ok(Value::Unknown(why.to_owned())),
            Ok(Number::About { .. }) => Err(RejectReason::NotAnInteger.label()),
            Err(why) => Err(why),
        };
        match (count, sum.as_mut()) {
            (Ok(Value::Known(count)), Some((Value::Known(sum), _))) => *sum = sum.saturating_add(count),
            (Ok(unknown @ Value::Unknown(_)), Some((sum, _))) => *sum = unknown,
            (Ok(_), _) => {}
            (Err(why), _) => {
                *sum = None;
                return Err(("count", why));
            }
        }
        Ok(())
    }

    /// A day; of the App Store also the month from its first day to its last.
    fn period(&self, row: &SheetRow) -> Result<Period, RowFault> {
        let day = |role: &'static str| match date::read_date_cell(self.columns.cell(row, role)) {
            Ok(dated) => match dated.when {
                LabelledPeriod::Date(date) => Ok(date),
                _ => Err((role, RejectReason::NotADate.label())),
            },
            Err(why) => Err((role, why.label())),
        };
        let first = day("date")?;
        if self.source.store == Store::Google {
            return Ok(Period::day(first));
        }
        let (from, to) = (Moment::midnight(first), Period::day(day("until")?).end());
        let found = [Grain::Day, Grain::Month].into_iter().find_map(|grain| Period::between(grain, from, to));
        found.ok_or(("until", reason::WRONG_PERIOD))
    }

    fn is_ours(&self, row: &SheetRow) -> bool {
        ["app", "sku"].iter().any(|role| normal(&self.columns.cell(row, role).text()) == self.source.app)
    }

    fn is_first_download(&self, row: &SheetRow) -> bool {
        FIRST_DOWNLOADS.contains(&normal(&self.columns.cell(row, "kind").text()).as_str())
    }
}
