//! From the answers of one visit to the number of datasets and the total of downloads.
//!
//! Both describe the day of the visit: a portal says what it lists now. A total is re-computed by the portal for its last
//! two days; what it adds then is in the next readings, so no reading is ever corrected, and each is final.

use super::super::parsed::{Coverage, ParseError, ParsedFigure, ParsedFile, ParsedKey, RejectedRow};
use super::super::source::PollContext;
use super::super::target::SeriesTarget;
use super::listing::{Listing, ListingCount};
use super::{AsOf, Ckan, Format, response, table};
use crate::document::Document;
use contract::period::Period;
use contract::record::{Finality, Place, Span, Value};
use contract::time::Moment;

const IN_THE_FUTURE: ParseError =
    ParseError::Unfit { label: "in_the_future", why: "the date in the file's name has not come yet; see `as_of`" };

/// Reads the answers of one visit.
pub(super) fn parse(source: &Ckan, file: &Document, seen: &PollContext) -> Result<ParsedFile, ParseError> {
    let at = match source.as_of {
        AsOf::Visit => seen.time,
        AsOf::Name => Moment::midnight(table::date_in(file.name())?),
    };
    if seen.is_ahead(at) {
        return Err(IN_THE_FUTURE);
    }
    let (count, downloads, rejects) = read(source, file, seen)?;
    let mut parsed = ParsedFile { figures: vec![], rejects, held: vec![], covers: Coverage::Nothing, until: None };
    let counted = count.map(|count| (Value::Known(i64::try_from(count).unwrap_or(i64::MAX)), None));
    for (target, reading) in [(&source.datasets, counted), (&source.downloads, downloads)] {
        let (Some(target), Some((value, breakdown))) = (target, reading) else { continue };
        let period = Period::holding(target.grain.instant(), at);
        let key = key(target, period.start());
        parsed.covers = Coverage::Instant(period.start());
        if source.as_of == AsOf::Visit {
            parsed.until = Some(parsed.until.map_or(period.end(), |until| until.min(period.end())));
        }
        // A row without a name may be one dataset more: the last good figure stands.
        if parsed.rejects.is_empty() {
            let (finality, place) = (Finality::Final, Place::default());
            parsed.figures.push(ParsedFigure { key, value, breakdown, finality, place });
        } else {
            parsed.held.push(key);
        }
    }
    Ok(parsed)
}

/// A number of datasets, a total of downloads, and the rows that could not be read.
type Read = (Option<usize>, Option<ListingCount>, Vec<RejectedRow>);

/// What the answers say, as far as it is wanted.
fn read(source: &Ckan, file: &Document, seen: &PollContext) -> Result<Read, ParseError> {
    if source.format == Format::Table {
        let (count, rejects) = table::count(source, file, seen)?;
        return Ok((Some(count), None, rejects));
    }
    let answers = std::iter::once(&file.bytes).chain(&file.more).map(|bytes| response::read(bytes));
    let listing = Listing::new(answers.collect::<Result<_, _>>()?)?;
    let organisation = source.organisation.as_deref();
    let downloads = source.downloads.as_ref().map(|_| listing.downloads(organisation));
    // A single dataset, kept for its downloads, says nothing of a number.
    let wanted = source.datasets.is_some() && !(matches!(listing, Listing::One(_)) && downloads.is_some());
    let count = if wanted { Some(listing.count(source.count, organisation)?) } else { None };
    Ok((count, downloads, Vec::new()))
}

fn key(target: &SeriesTarget, at: Moment) -> ParsedKey {
    let definition = target.definition.clone().unwrap_or_default();
    ParsedKey { series: target.series.clone(), definition, span: Span::AsOf(at) }
}
