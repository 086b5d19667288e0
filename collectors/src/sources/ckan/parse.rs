//! The number of datasets and the total of downloads, from the answers of one poll.
//!
//! Both are of the day of the poll, because a portal gives its present state. The portal recomputes the last two days of a total;
//! the next polls include the difference, so every figure is final and none is corrected.

use super::config::{CatalogueDate, CkanSource, PortalFormat};
use super::listing::{Listing, ListingCount};
use super::{response, table};
use crate::document::Document;
use crate::sources::parsed::{Coverage, ParseError, ParsedFigure, ParsedFile, RejectedRow};
use crate::sources::source::PollContext;
use contract::period::Period;
use contract::record::{Finality, Place, Span, Value};
use contract::time::Moment;

const IN_THE_FUTURE: ParseError =
    ParseError::Unfit { label: "in_the_future", why: "the date in the file's name has not come yet; see `as_of`" };

/// Reads the answers of one poll.
pub(super) fn parse(source: &CkanSource, file: &Document, context: &PollContext) -> Result<ParsedFile, ParseError> {
    let at = match source.as_of {
        CatalogueDate::DayOfPoll => context.time,
        CatalogueDate::Name => Moment::midnight(table::date_in(file.name())?),
    };
    if context.is_ahead(at) {
        return Err(IN_THE_FUTURE);
    }
    let (count, downloads, rejects) = read(source, file, context)?;
    let mut parsed = ParsedFile { figures: vec![], rejects, held: vec![], covers: Coverage::Nothing, until: None };
    let counted = count.map(|count| (Value::Known(i64::try_from(count).unwrap_or(i64::MAX)), None));
    for (target, counted) in [(&source.datasets, counted), (&source.downloads, downloads)] {
        let (Some(target), Some((value, breakdown))) = (target, counted) else { continue };
        let period = Period::holding(target.grain.instant(), at);
        let key = target.key(Span::AsOf(period.start()));
        parsed.covers = Coverage::Instant(period.start());
        if source.as_of == CatalogueDate::DayOfPoll {
            parsed.until = Some(parsed.until.map_or(period.end(), |until| until.min(period.end())));
        }
        // A row without a name can be another dataset: the last published figure stays.
        if parsed.rejects.is_empty() {
            let (finality, place) = (Finality::Final, Place::default());
            parsed.figures.push(ParsedFigure { key, value, breakdown, finality, place });
        } else {
            parsed.held.push(key);
        }
    }
    Ok(parsed)
}

/// The number of datasets, the total of downloads, and the unreadable rows.
type CatalogueCounts = (Option<usize>, Option<ListingCount>, Vec<RejectedRow>);

/// Reads the configured figures.
fn read(source: &CkanSource, file: &Document, context: &PollContext) -> Result<CatalogueCounts, ParseError> {
    if source.format == PortalFormat::Table {
        let (count, rejects) = table::count(source, file, context)?;
        return Ok((Some(count), None, rejects));
    }
    let answers = std::iter::once(&file.bytes).chain(&file.more).map(|bytes| response::read(bytes));
    let listing = Listing::new(answers.collect::<Result<_, _>>()?)?;
    let organisation = source.organisation.as_deref();
    let downloads = source.downloads.as_ref().map(|_| listing.downloads(organisation));
    // A single dataset gives downloads, and no number of datasets.
    let wanted = source.datasets.is_some() && !(matches!(listing, Listing::One(_)) && downloads.is_some());
    let count = if wanted { Some(listing.count(source.count, organisation)?) } else { None };
    Ok((count, downloads, Vec::new()))
}
