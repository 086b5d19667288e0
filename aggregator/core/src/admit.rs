//! Admission: whether a record may count, decided from the record, the time at which the bus took it and the catalogue.
//!
//! The time is stored on the bus beside the record, so that every replay decides the same. Clocks of readers, arrival order
//! and other records play no part, so that any permutation of the same records quarantines the same ones. The one exception is
//! a retraction; it holds for records that come before and after it alike.

use crate::ledger::{Figure, FigureExtras, FigureKey};
use contract::borrowed::{BorrowedObservation, BorrowedValue};
use contract::catalogue::{Catalogue, Shape};
use contract::record::{Finality, Span};
use contract::time::{DAY, FIRST_YEAR, LAST_YEAR, MAX_AHEAD, Micros, Moment};
use std::collections::HashMap;

/// How far a period may lie ahead of its own revision: a day, for time zones and late clocks.
pub const AHEAD_SECONDS: i64 = DAY;
/// Most characters of an unknown figure's reason.
pub const MAX_REASON: usize = 200;

/// Why a record is quarantined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum AdmissionError {
    /// The record belongs to another plan.
    #[error("no catalogue of that plan")]
    UnknownPlan,
    /// No such series.
    #[error("the catalogue has no such series")]
    UnknownSeries,
    /// No such counting rule.
    #[error("the series has no such definition")]
    UnknownDefinition,
    /// The catalogue does not list the source for the series.
    #[error("the series does not list that source")]
    UnknownSource,
    /// The period is not one of the series' grain, or of the wrong shape.
    #[error("the period is not one of the series' grain")]
    Period,
    /// The period lies too far from our time, or after its own revision; or the revision is later than the record's arrival.
    #[error("the period lies later than the record's own revision plus a day, or the revision after the bus took it")]
    Future,
    /// A negative figure of a series that is not `signed`.
    #[error("a negative figure of a series that is not signed")]
    Negative,
    /// A breakdown or reason that is too long.
    #[error("a text in the record is too long")]
    TooLong,
    /// What its source reported at that revision was taken back.
    #[error("what this source reported then was retracted")]
    Retracted,
}

impl AdmissionError {
    /// The metric label and quarantine reason.
    pub fn label(self) -> &'static str {
        match self {
            Self::UnknownPlan => "unknown_plan",
            Self::UnknownSeries => "unknown_series",
            Self::UnknownDefinition => "unknown_definition",
            Self::UnknownSource => "unknown_source",
            Self::Period => "wrong_period",
            Self::Future => "future",
            Self::Negative => "negative",
            Self::TooLong => "too_long",
            Self::Retracted => "retracted",
        }
    }
}

/// An observation that counts, with its ids resolved against the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmittedObservation {
    /// What it is a figure of.
    pub key: FigureKey,
    /// The figure.
    pub figure: Figure,
    /// Its revision: when the collector read it.
    pub revision: Micros,
}

/// The ids of a catalogue, ready to be looked up.
#[derive(Debug)]
pub struct CatalogueIds {
    plan: String,
    series: HashMap<String, SeriesIds>,
}

#[derive(Debug)]
struct SeriesIds {
    rules: SeriesRules,
    definitions: Vec<String>,
    sources: Vec<String>,
}

/// What admission asks of a series.
#[derive(Clone, Copy, Debug)]
struct SeriesRules {
    index: u16,
    shape: Shape,
    grain: contract::period::Grain,
    signed: bool,
}

/// The ids of an observation, looked up in a catalogue: once for all observations that have them.
#[derive(Clone, Copy, Debug)]
pub struct ResolvedIds {
    series: SeriesRules,
    definition: u8,
    source: u8,
}

fn position(ids: &[String], id: &str) -> Option<u8> {
    ids.iter().position(|known| known == id).and_then(|i| u8::try_from(i).ok())
}

impl CatalogueIds {
    /// The admission rules of a catalogue.
    pub fn new(catalogue: &Catalogue) -> Self {
        let ids = |(index, series): (usize, &contract::catalogue::Series)| {
            let entry = SeriesIds {
                rules: SeriesRules {
                    index: u16::try_from(index).unwrap_or(u16::MAX),
                    shape: series.shape,
                    grain: series.grain,
                    signed: series.signed,
                },
                definitions: series.definitions.iter().map(|d| d.id.clone()).collect(),
                sources: series.sources.iter().map(|s| s.id.clone()).collect(),
            };
            (series.id.clone(), entry)
        };
        Self { plan: catalogue.plan.id.clone(), series: catalogue.series.iter().enumerate().map(ids).collect() }
    }

    /// Looks up the ids of an observation, or gives the reason for which it must be quarantined.
    pub fn resolve(
        &self,
        (plan, series, definition, source): (&str, &str, &str, &str),
    ) -> Result<ResolvedIds, AdmissionError> {
        if plan != self.plan {
            return Err(AdmissionError::UnknownPlan);
        }
        let series = self.series.get(series).ok_or(AdmissionError::UnknownSeries)?;
        let definition = position(&series.definitions, definition).ok_or(AdmissionError::UnknownDefinition)?;
        let source = position(&series.sources, source).ok_or(AdmissionError::UnknownSource)?;
        Ok(ResolvedIds { series: series.rules, definition, source })
    }
}

impl ResolvedIds {
    /// Admits an observation that has these ids, or gives the reason for which it must be quarantined.
    pub fn admit(self, observation: &BorrowedObservation<'_>) -> Result<AdmittedObservation, AdmissionError> {
        let Self { series, definition, source } = self;
        let period = match series.shape {
            Shape::Flow => observation.period.flow(series.grain),
            Shape::Level | Shape::Counter => observation.period.instant(series.grain),
        };
        let index = period.ok_or(AdmissionError::Period)?.index;
        in_time(observation)?;
        if !series.signed && is_negative(observation) {
            return Err(AdmissionError::Negative);
        }
        let (value, reason) = match observation.value {
            BorrowedValue::Known(n) => (Some(n), None),
            BorrowedValue::Unknown(reason) if reason.len() <= MAX_REASON => (None, Some(reason.to_owned())),
            BorrowedValue::Unknown(_) => return Err(AdmissionError::TooLong),
        };
        let breakdown = observation.breakdown.cloned();
        let extras = (breakdown.is_some() || reason.is_some()).then(|| Box::new(FigureExtras { breakdown, reason }));
        let is_final = observation.finality == Finality::Final;
        Ok(AdmittedObservation {
            key: FigureKey { series: series.index, definition, source, index },
            figure: Figure { value, is_final, extras },
            revision: observation.revision,
        })
    }
}

/// True when a revision is so far ahead of the time at which the bus took the record that the clock of its maker was wrong:
/// it would stand above every honest correction until then.
pub fn is_ahead(revision: Micros, appended: Micros) -> bool {
    revision.0 > appended.0.saturating_add(MAX_AHEAD.0)
}

/// True when the value or a label is negative.
fn is_negative(observation: &BorrowedObservation<'_>) -> bool {
    let labels = observation.breakdown.into_iter().flat_map(|labels| labels.values());
    matches!(observation.value, BorrowedValue::Known(n) if n < 0) || labels.into_iter().any(|n| *n < 0)
}

fn in_time(observation: &BorrowedObservation<'_>) -> Result<(), AdmissionError> {
    let latest = Moment(observation.revision.moment().0.saturating_add(AHEAD_SECONDS));
    let (first, last) = match observation.period {
        Span::AsOf(at) => (at, at),
        Span::During(from, to) if observation.finality == Finality::Final => (from, to),
        Span::During(from, _) => (from, from),
    };
    let year = first.date().year();
    if last > latest || !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
        return Err(AdmissionError::Future);
    }
    Ok(())
}
