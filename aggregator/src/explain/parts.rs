//! Which rollups and figures a KPI's value is about.

use super::model::{RollupUsed, SeriesEvidence};
use aggregator_core::judge::Judgement;
use aggregator_core::report::CanonicalNumber;
use aggregator_core::report_period::{Cutoff, ReportPeriod};
use aggregator_core::rollup::LedgerView;
use contract::catalogue::{Kpi, SeriesRef, Shape};
use contract::period::{Grain, Period};
use contract::record::Span;
use contract::time::Moment;

/// The time that a value is about, and the rollups to show of it.
#[derive(Debug)]
pub(super) struct EvidenceScope {
    /// Figures from here.
    since: Moment,
    /// To here.
    until: Moment,
    cutoff: Cutoff,
    shape: Shape,
    rollups: Vec<Period>,
}

impl EvidenceScope {
    /// True when the value depends on a figure of that period.
    pub(super) fn contains(&self, span: Span) -> bool {
        match (self.shape, span) {
            (Shape::Flow, Span::During(from, to)) => self.since <= from && to <= self.until,
            (Shape::Level | Shape::Counter, Span::AsOf(at)) => {
                self.since <= at && at <= self.until && self.cutoff.sees_instant(at)
            }
            _ => false,
        }
    }
}

/// The scope of the value; where there is none, of the carried value, else of the year of the period.
pub(super) fn scope(
    view: &LedgerView<'_>,
    kpi: &Kpi,
    period: ReportPeriod,
    judged: &Judgement,
    of: SeriesRef,
) -> EvidenceScope {
    let series = view.series(of);
    let at = judged.measured.as_ref().map(|m| m.at).or(judged.carried.as_ref().map(|past| past.at));
    let end = view.cutoff.at;
    let (since, until, rollups) = match series.shape {
        // A state is one instant; other sources may have a figure of it too.
        Shape::Level => {
            // Without an instant, an empty time.
            (at.unwrap_or(Moment(i64::MAX)), at.unwrap_or(Moment(i64::MIN)), Vec::new())
        }
        shape if kpi.kind.is_state(shape) => {
            let since = kpi.origin().map_or(end, |origin| Period::fiscal_year(origin.year).end());
            let until = at.unwrap_or(end);
            (since, until, between(Grain::FiscalYear, since, until))
        }
        _ => {
            let months = judged.measured.as_ref().and_then(|m| m.months.as_ref());
            let year = Period::fiscal_year(months.map_or(period.year(), |months| months.year));
            let until = year.end().min(end);
            (year.start(), until, between(series.grain.max(Grain::Month), year.start(), until))
        }
    };
    let since = match series.shape {
        // The border reading a counter's increases start from lies up to a grain before.
        Shape::Counter => Moment(Period::holding(series.grain, Moment(since.0 - 1)).start().0 + 1),
        Shape::Level | Shape::Flow => since,
    };
    EvidenceScope { since, until, cutoff: view.cutoff, shape: series.shape, rollups }
}

/// The periods of a grain from one instant to another, the last perhaps not ended.
fn between(grain: Grain, since: Moment, until: Moment) -> Vec<Period> {
    let mut periods = Vec::new();
    let mut period = Period::holding(grain, since);
    while period.start() < until {
        periods.push(period);
        period = period.next();
    }
    periods
}

/// One series of the KPI, with the rollups it is about and without figures.
pub(super) fn part(view: &LedgerView<'_>, of: SeriesRef, scope: &EvidenceScope) -> SeriesEvidence {
    let series = view.series(of);
    let definition = &series.definitions[of.definition];
    let used = |period: &Period| {
        let rollup = view.rollup(of, *period)?;
        Some(RollupUsed {
            period: period.to_string(),
            value: rollup.value.map(|steps| CanonicalNumber(view.in_unit(of, steps))),
            complete: rollup.complete,
            provisional: rollup.provisional,
            restated: rollup.restated,
        })
    };
    SeriesEvidence {
        series: series.id.clone(),
        definition: definition.id.clone(),
        name: series.name.clone(),
        rule: definition.text.clone(),
        unit: series.unit.clone(),
        rollups: scope.rollups.iter().filter_map(used).collect(),
        figures: Vec::new(),
        more: 0,
    }
}
