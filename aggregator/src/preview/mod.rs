//! What a changed catalogue would do: the status of every KPI on each day of its plan, and the alerts, under the recorded
//! catalogue and under the changed one, from the figures that are stored now.
//!
//! Reads the stores and writes nothing, so it can run beside the service. Statuses are those of `report --on DAY`. Alerts are those
//! that follow from figures and catalogue alone: the trend, overdue sources, missing months and a fallen landing.

mod csv;
mod days;
mod md;
mod model;
mod text;

pub use csv::csv;
pub use md::md;
pub use model::{AlertChange, AlertSpan, CataloguePreview, KpiPreview, StatusChange};

use crate::store::{StoreError, StoreReader};
use crate::vintage::{NOW, each_fact_of, recorded_catalogue};
use aggregator_core::alert::AlertPolicy;
use aggregator_core::judge::verdict_day;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::{KpiReport, RULES_VERSION};
use aggregator_core::report_period::ReportPeriod;
use contract::catalogue::{Bilingual, Catalogue, Kpi};
use contract::period::{Grain, Period};
use contract::record::Record;
use contract::time::date_of;
use days::KpiDays;

/// Compares the changed catalogue of a plan with the recorded one; `on` is the period of the values shown, and days are
/// followed up to `today` (a day number). Invented plans have alerts here, whatever `policy` says of them. Reads all observations of
/// the plan.
pub fn preview(
    readers: &[StoreReader],
    changed: &Catalogue,
    (on, today): (ReportPeriod, i32),
    policy: &AlertPolicy,
) -> Result<CataloguePreview, StoreError> {
    let recorded = recorded_catalogue(readers, &changed.plan.id, NOW)?;
    let (recorded_at, recorded) = recorded.unzip();
    let mut before = recorded.map(PlanState::new);
    let mut after = PlanState::new(changed.clone());
    let (mut refused, mut admitted) = (0, 0);
    for reader in readers {
        reader.at_one_moment(|reader| {
            for (record, _) in reader.statements(NOW)? {
                if let Record::Retraction(retraction) = &record
                    && retraction.plan == changed.plan.id
                {
                    for state in before.iter_mut().chain([&mut after]) {
                        state.retract(retraction);
                    }
                }
            }
            each_fact_of(reader, &changed.plan.id, NOW, |observation| {
                let counted = before.as_mut().map(|state| state.insert(observation).is_ok());
                match (counted, after.insert(observation).is_ok()) {
                    (Some(true), false) => refused += 1,
                    (Some(false), true) => admitted += 1,
                    _ => {}
                }
            })
        })?;
    }
    let (first, last) = span(before.as_mut(), &mut after, today);
    let kpis: Vec<KpiPreview> = kpis((before.as_ref(), &after), on, (first, last), policy);
    let all = kpis.len();
    let kpis: Vec<KpiPreview> = kpis.into_iter().filter(KpiPreview::differs).collect();
    Ok(CataloguePreview {
        rules_version: RULES_VERSION,
        plan: changed.plan.id.clone(),
        recorded: recorded_at.map(|at| at.to_string()),
        on: on.0.to_string(),
        from: date_of(first).to_string(),
        to: date_of(last).to_string(),
        unchanged: all - kpis.len(),
        refused,
        admitted,
        kpis,
    })
}

fn on_day(day: i32) -> ReportPeriod {
    ReportPeriod(Period { grain: Grain::Day, index: day })
}

/// The first and the last day to follow: from the earlier start until the last figure is not waited for any more, or today.
fn span(before: Option<&mut PlanState>, after: &mut PlanState, today: i32) -> (i32, i32) {
    let mut span: Option<(i32, i32)> = None;
    for state in before.into_iter().chain([after]) {
        state.settle(on_day(today).cutoff());
        let view = state.view(on_day(today).cutoff());
        let verdicts = state.catalogue.kpis.iter().map(|kpi| verdict_day(&view, kpi));
        let start = state.catalogue.plan.start().day();
        let end = verdicts.max().unwrap_or(start).min(today);
        span = Some(span.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
    }
    span.unwrap_or((today, today))
}

/// Every KPI of both catalogues, in the changed one's order; dropped ones at the end.
fn kpis(
    (before, after): (Option<&PlanState>, &PlanState),
    on: ReportPeriod,
    days: (i32, i32),
    policy: &AlertPolicy,
) -> Vec<KpiPreview> {
    let old: &[Kpi] = before.map_or(&[], |state| &state.catalogue.kpis);
    let new = &after.catalogue.kpis;
    let dropped = old.iter().filter(|kpi| !new.iter().any(|other| other.id == kpi.id));
    let reports = before.map(|state| state.report(on, false).kpis).unwrap_or_default();
    let new_reports = after.report(on, false).kpis;
    let find = |reports: &[KpiReport], id: &str| reports.iter().find(|kpi| kpi.id == id).cloned();
    let one = |kpi: &Kpi| {
        let was = before.map(|state| days::of_kpi(state, &kpi.id, days, policy)).unwrap_or_default();
        let becomes = days::of_kpi(after, &kpi.id, days, policy);
        kpi_preview(&kpi.id, &kpi.name, (&was, &becomes), find(&reports, &kpi.id), find(&new_reports, &kpi.id))
    };
    new.iter().chain(dropped).map(one).collect()
}

fn kpi_preview(
    id: &str,
    name: &Bilingual,
    (was, becomes): (&KpiDays, &KpiDays),
    before: Option<KpiReport>,
    after: Option<KpiReport>,
) -> KpiPreview {
    KpiPreview {
        id: id.to_owned(),
        name: name.clone(),
        statuses: days::differences(was, becomes),
        alerts: days::alert_changes(was, becomes),
        before,
        after,
    }
}
