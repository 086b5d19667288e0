//! Reads the observations of a batch: texts stay in the lines, and ids become numbers.
//!
//! Lines of one figure begin alike, up to its period. What such a begin says is kept from batch to batch, so that the ids of
//! a line cost one look-up. A begin is kept only after it was read, so a line that has it says the same.

#[cfg(test)]
mod tests;

use super::observation_line::{self, Ids, ObservationFields};
use super::rest_of_line::{RestOfLine, position_of};
use super::signature::Signature;
use crate::record::Observation;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Figures whose ids are kept between batches: those of 1,741 plans with 14 KPIs, at about 300 bytes each. Beyond it all are
/// forgotten at the end of a batch, and read again.
const MAX_KEPT: usize = 32_768;
/// The longest begin of a line that is kept: ids are short words, and what is longer is read each time.
const MAX_BEGIN_BYTES: usize = 512;

/// The ids of an observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureIds {
    /// Plan id.
    pub plan: Box<str>,
    /// Series id.
    pub series: Box<str>,
    /// Definition id.
    pub definition: Box<str>,
    /// Source id.
    pub source: Box<str>,
}

/// An observation that was read; its texts lie in its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadObservation<'a> {
    /// The place of its ids among those of the batch.
    pub ids: u32,
    /// All else that it says.
    pub fields: ObservationFields<'a>,
    /// Its signature, which is not verified.
    pub signature: Option<Signature<'a>>,
}

/// Reads the observations of one batch after the other.
///
/// ```
/// use contract::wire::ObservationReader;
///
/// let line = include_bytes!("../../../golden/observation.json").trim_ascii_end();
/// let mut reader = ObservationReader::default();
/// let first = reader.read(line).ok_or("not read")?;
/// let again = reader.read(line).ok_or("not read")?;
/// assert_eq!((first.ids, again.ids), (0, 0));
/// assert_eq!(first.fields.visit, "v1");
/// let ids = reader.end_batch();
/// assert_eq!((ids.len(), &*ids[0].series), (1, "mynumber-cards"));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Default)]
pub struct ObservationReader {
    /// The place in `known` of each begin.
    begins: FxHashMap<Box<[u8]>, usize>,
    known: Vec<KnownIds>,
    /// The ids of this batch.
    batch: Vec<Arc<FigureIds>>,
    /// The number of this batch.
    number: u64,
}

#[derive(Debug)]
struct KnownIds {
    ids: Arc<FigureIds>,
    /// The last batch that had them, and their place among its ids.
    seen: Option<(u64, u32)>,
}

impl ObservationReader {
    /// Reads a line as [`super::encode`] and [`super::encode_signed`] write an observation; `None` leaves it to
    /// [`super::decode_with_signature`].
    pub fn read<'a>(&mut self, line: &'a [u8]) -> Option<ReadObservation<'a>> {
        let (fields, signature) = observation_line::fields(line)?;
        let (begin, rest) = fields.split_at_checked(position_of(b'{', fields)? + 1)?;
        let known = self.begins.get(begin).copied();
        // The rest first: a line that is left to the library must leave nothing here.
        let fields = observation_line::rest(RestOfLine(rest))?;
        let ids = match known {
            Some(known) => self.number_of(known)?,
            None => self.read_begin(begin)?,
        };
        Some(ReadObservation { ids, fields, signature })
    }

    /// The place among the ids of the batch of an observation that was read otherwise.
    pub fn add(&mut self, observation: &Observation) -> u32 {
        let Observation { plan, series, definition, source, .. } = observation;
        self.push(Arc::new(FigureIds::new(Ids { plan, series, definition, source })))
    }

    /// The ids at a place among those of the batch.
    pub fn ids(&self, place: u32) -> Option<&FigureIds> {
        self.batch.get(place as usize).map(AsRef::as_ref)
    }

    /// Ends a batch: gives its ids.
    pub fn end_batch(&mut self) -> Vec<Arc<FigureIds>> {
        self.number += 1;
        if self.known.len() > MAX_KEPT {
            self.known.clear();
            self.begins.clear();
        }
        std::mem::take(&mut self.batch)
    }

    fn number_of(&mut self, known: usize) -> Option<u32> {
        let known = self.known.get_mut(known)?;
        match known.seen {
            Some((batch, place)) if batch == self.number => Some(place),
            _ => {
                let place = u32::try_from(self.batch.len()).ok()?;
                known.seen = Some((self.number, place));
                self.batch.push(Arc::clone(&known.ids));
                Some(place)
            }
        }
    }

    fn read_begin(&mut self, begin: &[u8]) -> Option<u32> {
        let mut line = RestOfLine(begin);
        let ids = observation_line::ids(&mut line).filter(|_| line.0.is_empty())?;
        let ids = Arc::new(FigureIds::new(ids));
        if begin.len() > MAX_BEGIN_BYTES {
            return Some(self.push(ids));
        }
        self.begins.insert(begin.into(), self.known.len());
        self.known.push(KnownIds { ids, seen: None });
        self.number_of(self.known.len() - 1)
    }

    /// Adds ids to the batch, unless they are those that were added last.
    fn push(&mut self, ids: Arc<FigureIds>) -> u32 {
        if self.batch.last().is_none_or(|last| *last != ids) {
            self.batch.push(ids);
        }
        u32::try_from(self.batch.len() - 1).unwrap_or(u32::MAX)
    }
}

impl FigureIds {
    fn new(ids: Ids<'_>) -> Self {
        let Ids { plan, series, definition, source } = ids;
        Self { plan: plan.into(), series: series.into(), definition: definition.into(), source: source.into() }
    }
}
