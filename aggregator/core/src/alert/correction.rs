//! Final figures that were changed, and the ledger as it would be without these changes.

use crate::ledger::{Figure, FigureKey, Ledger, LedgerEntry};
use contract::catalogue::Catalogue;
use contract::period::Period;
use contract::time::Micros;

/// A final figure that was changed after a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureCorrection {
    /// Of what.
    pub key: FigureKey,
    /// The period, or the hour or day that starts at the instant.
    pub period: Period,
    /// The revision that stands.
    pub revision: Micros,
}

/// The final figures that were changed after a moment, in the order of their keys. One with a breakdown is left out: the
/// labels of earlier revisions are not in memory.
pub fn corrections(ledger: &Ledger, since: Micros) -> Vec<FigureCorrection> {
    let correction = |key: FigureKey| {
        let entry = ledger.entry(key)?;
        final_before(entry, since)?;
        Some(FigureCorrection { key, period: ledger.period(key.series, key.index), revision: entry.revision })
    };
    ledger.restated().filter_map(correction).collect()
}

/// The same figures without these changes.
pub(super) fn before_corrections(catalogue: &Catalogue, ledger: &Ledger, since: Micros) -> Ledger {
    let mut before = Ledger::new(catalogue);
    for (series, own) in (0..).zip(&catalogue.series) {
        for (definition, _) in (0..).zip(&own.definitions) {
            for entry in ledger.figures(usize::from(series), usize::from(definition)) {
                let key = FigureKey { series, definition, source: entry.source, index: entry.index };
                let figure = final_before(entry, since).unwrap_or_else(|| entry.figure());
                before.insert(key, figure, entry.revision);
            }
        }
    }
    before
}

/// The final figure that stood at a moment, where another value has followed it; `None` where that is not known.
fn final_before(entry: &LedgerEntry, since: Micros) -> Option<Figure> {
    if entry.revision <= since || entry.breakdown().is_some() {
        return None;
    }
    let (value, is_final) = entry.earlier(since)?;
    (is_final && value != entry.value()).then_some(Figure { value, is_final, extras: None })
}
