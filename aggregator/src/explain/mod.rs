//! From a KPI to the files its figures came from.
//!
//! ```text
//! KPI --judged--> value --made of--> rollups --of--> figures --read by--> polls (address, hash, time)
//!                                                        `--replaced--> corrections, with theirs
//! ```
//!
//! An [`Explanation`] is a value with two forms: text ([`Explanation::text`]) and JSON. It computes no figures: the core
//! judges and rolls up, the store has the evidence.

pub(crate) mod evidence;
mod model;
mod parts;
mod text;

pub use model::{
    ExplainError, Explanation, FigureEvidence, MAX_CORRECTIONS, MAX_FIGURES, MonthsUsed, PollEvidence, RestatedFigure,
    RevisionEvidence, RollupUsed, SeriesEvidence, Vintage,
};

use crate::store::{StoreError, StoreReader};
use crate::vintage::{NOW, UnsettledReason};
use aggregator_core::judge::judge;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::RULES_VERSION;
use aggregator_core::report_period::ReportPeriod;
use aggregator_core::rollup::LedgerView;
use contract::catalogue::Kpi;
use contract::reader::nearest;
use contract::record::Span;
use contract::time::Micros;

/// Explains a KPI of a plan at a period, with evidence up to the time of the vintage (`known`), else all. Reads all
/// observations: may take a second at a million of them.
pub fn explain(
    readers: &[StoreReader],
    plan: &PlanState,
    kpi: &str,
    period: ReportPeriod,
    known: Option<(Micros, &[UnsettledReason])>,
) -> Result<Explanation, ExplainError> {
    let catalogue = &plan.catalogue;
    let Some(found) = catalogue.kpis.iter().find(|k| k.id == kpi) else {
        return Err(ExplainError::UnknownKpi {
            plan: catalogue.plan.id.clone(),
            kpi: kpi.to_owned(),
            hint: nearest(kpi, catalogue.kpis.iter().map(|k| k.id.as_str())),
        });
    };
    let view = LedgerView::new(catalogue, plan.ledger(), period.cutoff());
    let judged = judge(&view, found, period);
    let mut parts = Vec::new();
    for of in found.measure.parts() {
        let scope = parts::scope(&view, found, period, &judged, of);
        let upto = known.map_or(NOW, |(at, _)| at);
        let figures = evidence::figures(readers, plan, of, upto, &scope)?;
        parts.push(parts::part(&view, of, &scope, figures));
    }
    let mut report = plan.report_with_landings(period, false);
    let index = report.kpis.iter().position(|k| k.id == kpi).unwrap_or(0);
    Ok(Explanation {
        rules_version: RULES_VERSION,
        plan: catalogue.plan.id.clone(),
        sample: catalogue.plan.sample,
        on: period.0.to_string(),
        known_at: known.map(|(at, doubts)| Vintage {
            time: at.to_string(),
            settled: doubts.is_empty(),
            doubts: doubts.to_vec(),
        }),
        name: found.name.clone(),
        unit: found.unit.clone(),
        kind: found.kind.word(),
        kpi: report.kpis.swap_remove(index),
        status_ja: judged.status.map(aggregator_core::judge::Status::name_ja),
        months: judged
            .measured
            .as_ref()
            .and_then(|m| m.months.as_ref())
            .map(|months| MonthsUsed { year: format!("FY{}", months.year), numbers: months.numbers.clone() }),
        parts,
        connect: found.connect.clone(),
        note: found.note.clone(),
        citation: found.citation.clone(),
    })
}

/// The figures of a KPI's series that count at a period and whose value was changed after it was published, in order of
/// their days; of many the latest [`MAX_FIGURES`]. Reads all observations, as [`explain`] does.
pub fn restated(
    readers: &[StoreReader],
    plan: &PlanState,
    kpi: &Kpi,
    period: ReportPeriod,
    upto: Option<Micros>,
) -> Result<Vec<RestatedFigure>, StoreError> {
    let mut found = Vec::new();
    for of in kpi.measure.parts() {
        let name = &plan.catalogue.series[of.series].name;
        for (span, figure) in evidence::changed(readers, plan, of, upto.unwrap_or(NOW), period.cutoff())? {
            let day = match span {
                Span::AsOf(at) => at.day(),
                Span::During(from, to) => (to.day() - 1).max(from.day()),
            };
            found.push(RestatedFigure { day, series: name.clone(), figure });
        }
    }
    found.sort_by_key(|change| change.day);
    found.drain(..found.len().saturating_sub(MAX_FIGURES));
    Ok(found)
}
