//! An observation whose texts lie elsewhere: in a batch of records, or in an [`Observation`].
//!
//! Records of one batch share a few ids, so a copy of these texts with every record would cost more than all else.

use crate::breakdown::Breakdown;
use crate::record::{Finality, Observation, Place, Span, Value};
use crate::time::Micros;

/// An [`Observation`] whose texts lie elsewhere; its fields are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BorrowedObservation<'a> {
    /// Plan id.
    pub plan: &'a str,
    /// Series id.
    pub series: &'a str,
    /// Definition id.
    pub definition: &'a str,
    /// Source id.
    pub source: &'a str,
    /// What the figure describes.
    pub period: Span,
    /// Exact integer in steps of the definition, or why there is none.
    pub value: BorrowedValue<'a>,
    /// Label to integer.
    pub breakdown: Option<&'a Breakdown>,
    /// Whether the source holds it for settled.
    pub finality: Finality,
    /// Microseconds since 1970 at which it was seen.
    pub revision: Micros,
    /// Id of the poll that it came from.
    pub visit: &'a str,
    /// Where in the file.
    pub place: Option<BorrowedPlace<'a>>,
}

/// A [`Value`] whose text lies elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BorrowedValue<'a> {
    /// The figure.
    Known(i64),
    /// No figure, and why.
    Unknown(&'a str),
}

/// A [`Place`] whose text lies elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BorrowedPlace<'a> {
    /// Sheet of a workbook.
    pub sheet: Option<&'a str>,
    /// Row, counted from 1.
    pub row: Option<u32>,
}

impl BorrowedValue<'_> {
    /// The value with a text of its own.
    pub fn to_owned(self) -> Value {
        match self {
            Self::Known(number) => Value::Known(number),
            Self::Unknown(reason) => Value::Unknown(reason.to_owned()),
        }
    }
}

impl BorrowedPlace<'_> {
    /// The place with a text of its own.
    pub fn to_owned(self) -> Place {
        Place { sheet: self.sheet.map(str::to_owned), row: self.row }
    }
}

impl BorrowedObservation<'_> {
    /// The observation with texts of its own.
    pub fn to_owned(self) -> Observation {
        Observation {
            plan: self.plan.to_owned(),
            series: self.series.to_owned(),
            definition: self.definition.to_owned(),
            source: self.source.to_owned(),
            period: self.period,
            value: self.value.to_owned(),
            breakdown: self.breakdown.cloned(),
            finality: self.finality,
            revision: self.revision,
            visit: self.visit.to_owned(),
            place: self.place.map(BorrowedPlace::to_owned),
        }
    }
}

impl Observation {
    /// The observation without its texts: they stay here.
    pub fn borrowed(&self) -> BorrowedObservation<'_> {
        BorrowedObservation {
            plan: &self.plan,
            series: &self.series,
            definition: &self.definition,
            source: &self.source,
            period: self.period,
            value: match &self.value {
                Value::Known(number) => BorrowedValue::Known(*number),
                Value::Unknown(reason) => BorrowedValue::Unknown(reason),
            },
            breakdown: self.breakdown.as_ref(),
            finality: self.finality,
            revision: self.revision,
            visit: &self.visit,
            place: self.place.as_ref().map(|place| BorrowedPlace { sheet: place.sheet.as_deref(), row: place.row }),
        }
    }
}
