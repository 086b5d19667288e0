//! The rows of a report: first downloads of the app, added up by day or month.

use super::config::{AppStoreSource, AppStoreVendor};
use super::days::{self, Downloads};
use crate::sources::parsed::{ParseError, ParsedFile, RejectedRow};
use crate::sources::row::{RowFault, non_negative, place, reason, rejected};
use crate::sources::source::PollContext;
use crate::table::date::{self, LabelledPeriod};
use crate::table::number;
use crate::table::text::normal;
use crate::table::{Columns, NumberCell, RejectReason, Sheet, SheetRow};
use contract::period::{Grain, Period};
use contract::record::{Place, Value};
use contract::time::Moment;

/// Product types of Apple for the first download of an app, without updates (7..), repeated downloads (3..) and purchases
/// (IA..).
const FIRST_DOWNLOADS: [&str; 7] = ["1", "1F", "1T", "1E", "1EP", "1EU", "F1"];

/// A report of Google is about one app. In a report of Apple an app without a row has 0 downloads.
const NO_SUCH_APP: ParseError =
    ParseError::Unfit { label: "no_such_app", why: "no row is of that app; see `app`, the package's name" };

/// The reports of Google by country, device or version have several rows per day, whose sum is not the first downloads.
const NO_OVERVIEW: ParseError = ParseError::Unfit {
    label: "no_overview",
    why: "a day stands twice, as in reports by country, device or version: take the overview, by `pattern`",
};

/// Reads a store's report.
pub(super) fn parse(
    source: &AppStoreSource,
    sheets: &[Sheet],
    context: &PollContext,
) -> Result<ParsedFile, ParseError> {
    let apple = source.store == AppStoreVendor::Apple;
    let mut wanted = source.columns.wanted(&[("app", true), ("date", true), ("count", true)]);
    if apple {
        wanted.extend(source.columns.wanted(&[("until", true), ("kind", true), ("sku", false)]));
    }
    let (sheet, columns) = Columns::find_sheet(sheets, None, &wanted)?;
    let Some(target) = &source.downloads else { return Err(ParseError::NoRows) };
    let mut report = StoreReport {
        source,
        sheet,
        columns: &columns,
        context,
        downloads: Downloads::new(),
        rejects: vec![],
        twice: false,
    };
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
    let StoreReport { downloads, rejects, .. } = report;
    if downloads.is_empty() && rejects.is_empty() {
        return Err(NO_SUCH_APP);
    }
    // Apple has one file per day, and of two files for one month only the later would count.
    if apple && target.grain == Grain::Month && downloads.keys().any(|period| period.grain == Grain::Day) {
        return Err(ParseError::DailyReport);
    }
    let days::SeriesRead { figures, held, covers, until } = days::read(downloads, target, context.time);
    Ok(ParsedFile { figures, rejects, held, covers, until })
}

struct StoreReport<'a> {
    source: &'a AppStoreSource,
    sheet: &'a Sheet,
    columns: &'a Columns,
    context: &'a PollContext,
    downloads: Downloads,
    rejects: Vec<RejectedRow>,
    /// True when a report of Google has a day of the app twice.
    twice: bool,
}

impl StoreReport<'_> {
    fn row(&mut self, row: &SheetRow) -> Result<(), RowFault> {
        let period = self.period(row)?;
        if self.context.is_ahead(period.start()) {
            return Err(("date", reason::IN_THE_FUTURE));
        }
        let ours = self.is_ours(row);
        if self.source.store == AppStoreVendor::Google && !ours {
            return Ok(());
        }
        let counted = ours && (self.source.store == AppStoreVendor::Google || self.is_first_download(row));
        let place = Place { row: None, ..place(self.sheet, row) };
        self.twice |= self.source.store == AppStoreVendor::Google && self.downloads.contains_key(&period);
        // A period in the report without a first download of the app has 0.
        let sum = self.downloads.entry(period).or_insert_with(|| Some((Value::Known(0), place.clone())));
        if !counted {
            return Ok(());
        }
        let read = number::integer(self.columns.cell(row, "count"), None);
        let mut count = read.and_then(NumberCell::exact).map_err(RejectReason::label);
        // Apple writes refunds as negative counts.
        if self.source.store == AppStoreVendor::Google {
            count = count.and_then(non_negative);
        }
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

    /// A day, or for Apple also a month from its first day to its last.
    fn period(&self, row: &SheetRow) -> Result<Period, RowFault> {
        let day = |role: &'static str| match date::read_date_cell(self.columns.cell(row, role)) {
            Ok(dated) => match dated.when {
                LabelledPeriod::Date(date) => Ok(date),
                _ => Err((role, RejectReason::NotADate.label())),
            },
            Err(why) => Err((role, why.label())),
        };
        let first = day("date")?;
        if self.source.store == AppStoreVendor::Google {
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
