//! An explanation in two steps: what memory knows, then the evidence from the stores.
//!
//! Pages take the first under the lock of the plan states and the second without it, because the pipeline waits for
//! that lock and a store may be slow.

use super::evidence;
use super::model::{ExplainError, Explanation, MAX_FIGURES, MonthsUsed, RestatedFigure, Vintage};
use super::parts::{self, EvidenceScope};
use crate::store::{StoreError, StoreReader};
use crate::vintage::{NOW, UnsettledReason};
use aggregator_core::judge::judge;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::RULES_VERSION;
use aggregator_core::report_period::ReportPeriod;
use aggregator_core::rollup::LedgerView;
use contract::catalogue::{Kpi, SeriesRef};
use contract::reader::nearest;
use contract::record::Span;
use contract::time::Micros;

/// An explanation whose figures are still to be read.
#[derive(Debug)]
pub struct ExplanationDraft {
    explanation: Explanation,
    /// Of each part, what its figures are about.
    scopes: Vec<(SeriesRef, EvidenceScope)>,
    /// The plan without figures: it admits what the plan admits.
    plan: PlanState,
    kpi: usize,
    period: ReportPeriod,
    upto: Micros,
}

impl ExplanationDraft {
    /// What memory knows of a KPI at a period; the evidence will be that of the vintage (`known`), else all.
    pub fn new(
        plan: &PlanState,
        kpi: &str,
        period: ReportPeriod,
        known: Option<(Micros, &[UnsettledReason])>,
    ) -> Result<Self, ExplainError> {
        let catalogue = &plan.catalogue;
        let Some(index) = catalogue.kpis.iter().position(|k| k.id == kpi) else {
            return Err(ExplainError::UnknownKpi {
                plan: catalogue.plan.id.clone(),
                kpi: kpi.to_owned(),
                hint: nearest(kpi, catalogue.kpis.iter().map(|k| k.id.as_str())),
            });
        };
        let found = &catalogue.kpis[index];
        let view = LedgerView::new(catalogue, plan.ledger(), period.cutoff());
        let judged = judge(&view, found, period);
        let scope = |of| (of, parts::scope(&view, found, period, &judged, of));
        let scopes: Vec<(SeriesRef, EvidenceScope)> = found.measure.parts().into_iter().map(scope).collect();
        let mut report = plan.report_with_landings(period, false);
        let of_report = report.kpis.iter().position(|k| k.id == kpi).unwrap_or(0);
        let explanation = Explanation {
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
            kpi: report.kpis.swap_remove(of_report),
            status_ja: judged.status.map(aggregator_core::judge::Status::name_ja),
            months: judged
                .measured
                .as_ref()
                .and_then(|m| m.months.as_ref())
                .map(|months| MonthsUsed { year: format!("FY{}", months.year), numbers: months.numbers.clone() }),
            parts: scopes.iter().map(|(of, scope)| parts::part(&view, *of, scope)).collect(),
            connect: found.connect.clone(),
            note: found.note.clone(),
            citation: found.citation.clone(),
        };
        let upto = known.map_or(NOW, |(at, _)| at);
        Ok(Self { explanation, scopes, plan: plan.without_figures(), kpi: index, period, upto })
    }

    /// The plan without figures.
    pub fn plan(&self) -> &PlanState {
        &self.plan
    }

    /// The KPI.
    pub fn kpi(&self) -> &Kpi {
        &self.plan.catalogue.kpis[self.kpi]
    }

    /// The explanation with its figures. Reads the runs of their series.
    pub fn read(&self, readers: &[StoreReader]) -> Result<Explanation, StoreError> {
        let mut explanation = self.explanation.clone();
        for (part, (of, scope)) in explanation.parts.iter_mut().zip(&self.scopes) {
            part.figures = evidence::figures(readers, &self.plan, *of, self.upto, scope)?;
            part.more = part.figures.len().saturating_sub(MAX_FIGURES);
            part.figures.drain(..part.more);
        }
        Ok(explanation)
    }

    /// The figures of the KPI's series that count at the period and whose value was changed after it was published, in order
    /// of their days; of many the latest [`MAX_FIGURES`]. Reads what [`Self::read`] does.
    pub fn restated(&self, readers: &[StoreReader]) -> Result<Vec<RestatedFigure>, StoreError> {
        let mut found = Vec::new();
        for (of, _) in &self.scopes {
            let name = &self.plan.catalogue.series[of.series].name;
            for (span, figure) in evidence::changed(readers, &self.plan, *of, self.upto, self.period.cutoff())? {
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
}
