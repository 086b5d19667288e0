//! A KPI judged by its first published target.

use crate::judge::{Judgement, judge};
use crate::ledger::Ledger;
use crate::report_period::ReportPeriod;
use crate::rollup::{LedgerView, PlanRollups};
use contract::catalogue::{Bilingual, Catalogue, Direction, Kpi, Measure, SeriesRef};
use contract::exact::Exact;
use contract::time::Micros;

/// The terms of a KPI as they were first published, over the series of today's catalogue.
#[derive(Clone, Debug)]
pub struct FirstTarget {
    /// When they were published.
    pub known_at: Option<Micros>,
    /// The id that the KPI had then.
    pub kpi: String,
    /// The target.
    pub target: Exact,
    /// Its side.
    pub direction: Direction,
    /// Its unit.
    pub unit: Bilingual,
    /// The fiscal year at whose end it holds.
    pub year: i32,
    /// Today's catalogue with those terms; `None` when it lacks the series or the counting rule that they are of.
    catalogue: Option<Catalogue>,
}

impl FirstTarget {
    pub(super) fn new(
        known_at: Option<Micros>,
        (then, old): (&Catalogue, &Kpi),
        (now, kpi): (&Catalogue, &Kpi),
    ) -> Self {
        let catalogue = measure(then, &old.measure, now).map(|measure| {
            let mut catalogue = now.clone();
            (catalogue.plan.first_year, catalogue.plan.last_year) = (then.plan.first_year, then.plan.last_year);
            catalogue.kpis = vec![Kpi { measure, policy: kpi.policy, ..old.clone() }];
            catalogue
        });
        let (target, unit, year) = (old.target.clone(), old.unit.clone(), then.plan.last_year);
        Self { known_at, kpi: old.id.clone(), target, direction: old.direction, unit, year, catalogue }
    }

    /// The KPI as it would be judged by the first published terms, from today's figures; `None` when they cannot be applied
    /// any more, because what they measure is not in the catalogue.
    pub fn judge(&self, ledger: &Ledger, settled: Option<&PlanRollups>, period: ReportPeriod) -> Option<Judgement> {
        let catalogue = self.catalogue.as_ref()?;
        let view = match settled {
            Some(settled) => LedgerView::with_rollups(catalogue, ledger, period.cutoff(), settled),
            None => LedgerView::new(catalogue, ledger, period.cutoff()),
        };
        Some(judge(&view, catalogue.kpis.first()?, period))
    }
}

/// What was measured then, in today's catalogue.
fn measure(then: &Catalogue, measure: &Measure, now: &Catalogue) -> Option<Measure> {
    let find = |of: SeriesRef| {
        let old = &then.series[of.series];
        let (series, new) = now.series_named(&old.id)?;
        let definition = new.definitions.iter().position(|rule| rule.id == old.definitions[of.definition].id)?;
        Some(SeriesRef { series, definition })
    };
    Some(match *measure {
        Measure::Series(of) => Measure::Series(find(of)?),
        Measure::Ratio { numerator, denominator, per, min_denominator } => {
            Measure::Ratio { numerator: find(numerator)?, denominator: find(denominator)?, per, min_denominator }
        }
    })
}
