//! Makes the picture of a KPI from its figures.

use super::guide;
use super::model::{ChartBaseline, ChartData, ChartOutlook, RuleBreak};
use super::row::{ChartPart, ChartRow};
use super::{states, targets, years};
use crate::judge::{self, Judgement, MeasuredValue, path};
use crate::landing::question;
use crate::plan_state::PlanState;
use crate::report_period::ReportPeriod;
use crate::rollup::LedgerView;
use contract::catalogue::{Kpi, Measure};
use contract::period::{Grain, Period};
use contract::time::Moment;

/// Rows of one part, the latest: five years of days.
pub const MAX_ROWS: usize = 2_000;

impl PlanState {
    /// The picture of a KPI (its index in the catalogue) at the end of a report period, with the landings that are known.
    pub fn chart(&self, kpi: usize, period: ReportPeriod) -> ChartData {
        let (of, plan) = (&self.catalogue.kpis[kpi], &self.catalogue.plan);
        let view = self.view(period.cutoff());
        let judged = judge::judge(&view, of, period);
        let known = question(&view, of, &judged, period).and_then(|question| self.landings.answer(&question));
        let outlook = known.ok().map(|landing| ChartOutlook { target: landing.target, year: landing.year });
        let rows = rows(&view, of, &judged, period);
        let origin = of.origin();
        ChartData {
            kind: of.kind,
            direction: of.direction,
            asked: view.cutoff.at,
            plan: (plan.start(), plan.end()),
            baseline: origin.map(|origin| ChartBaseline {
                year: origin.year,
                value: origin.value.clone(),
                declared: of.baseline.is_none(),
            }),
            targets: targets::steps(self.targets(), &self.catalogue, &of.id),
            reached: reached(of, &rows),
            rows,
            guide: match yearly(&view, of) {
                Some(series) => guide::of_years(&view, of, series),
                None if judge::follows_figures(&view, of) => guide::of_states(&view, of),
                None => Vec::new(),
            },
            breaks: breaks(&view, of),
            outlook,
        }
    }
}

/// The series of a KPI that is judged by fiscal years against a path.
fn yearly(view: &LedgerView<'_>, kpi: &Kpi) -> Option<contract::catalogue::SeriesRef> {
    let Measure::Series(of) = kpi.measure else { return None };
    (!judge::follows_figures(view, kpi)).then_some(of)
}

fn rows(view: &LedgerView<'_>, kpi: &Kpi, judged: &Judgement, period: ReportPeriod) -> Vec<ChartRow> {
    let plan = &view.catalogue.plan;
    let origin = kpi.origin().map_or(plan.first_year - 1, |origin| origin.year.min(plan.first_year - 1));
    let after = Period::fiscal_year(origin).start();
    let last = Period::closing(Grain::FiscalYear, view.cutoff.at).index;
    let is_state = judge::follows_figures(view, kpi) && kpi.kind.has_path();
    let mut rows = if is_state {
        states::rows(view, kpi, after, period.day(), MAX_ROWS)
    } else {
        years::rows(view, kpi, last, period.day())
    };
    if let Some(measured) = judged.measured.as_ref().filter(|measured| is_missing(measured, &rows)) {
        rows.push(settled(kpi, measured, is_state));
    }
    let end = plan.end();
    // What comes after the plan is shown where it is known, and not waited for.
    rows.retain(|row| row.at <= end || row.value.is_some());
    for row in &mut rows {
        row.later = row.at > end;
        if is_state && !row.later && row.value.is_some() {
            row.guide = Some(path::at(kpi, plan, row.at));
        }
    }
    rows.sort_by_key(|row| (row.part, row.at, row.period));
    ChartPart::ALL.into_iter().flat_map(|part| latest(&rows, part)).collect()
}

fn latest(rows: &[ChartRow], part: ChartPart) -> Vec<ChartRow> {
    let all: Vec<ChartRow> = rows.iter().filter(|row| row.part == part).cloned().collect();
    all[all.len().saturating_sub(MAX_ROWS)..].to_vec()
}

/// True of a judged value that no row has: a bound that known parts alone settle.
fn is_missing(measured: &MeasuredValue, rows: &[ChartRow]) -> bool {
    measured.settled.is_some() && !rows.iter().any(|row| row.value.as_ref() == Some(&measured.value))
}

fn settled(kpi: &Kpi, measured: &MeasuredValue, is_state: bool) -> ChartRow {
    let year = Period::fiscal_year(measured.months.as_ref().map_or(0, |months| months.year));
    let (part, period) = if is_state {
        (ChartPart::State, Period::closing(Grain::Day, measured.at))
    } else if kpi.kind.counts_months() {
        (ChartPart::YearToDate, Period::closing(Grain::Day, measured.at))
    } else {
        (ChartPart::Year, year)
    };
    let compared = judge::compared(kpi, &measured.value);
    ChartRow {
        compared: (compared != measured.value).then_some(compared),
        provisional: measured.provisional,
        months: measured.months.as_ref().map(|months| months.numbers.len()),
        incomplete: true,
        ..ChartRow::measured(part, period, measured.at, measured.value.clone())
    }
}

/// The first count that met a target which the baseline does not meet.
fn reached(kpi: &Kpi, rows: &[ChartRow]) -> Option<Moment> {
    let origin = kpi.origin()?;
    if !kpi.kind.is_achieved_at_once() || kpi.direction.meets(&origin.value, &kpi.target) {
        return None;
    }
    let meets =
        |row: &&ChartRow| !row.later && row.value.as_ref().is_some_and(|value| kpi.direction.meets(value, &kpi.target));
    rows.iter().find(meets).map(|row| row.at)
}

/// Every dated counting rule of the KPI's series that has begun by the moment asked.
fn breaks(view: &LedgerView<'_>, kpi: &Kpi) -> Vec<RuleBreak> {
    let mut found = Vec::new();
    for of in kpi.measure.parts() {
        for (index, rule) in view.series(of).definitions.iter().enumerate() {
            let Some(at) = rule.from.map(Moment::midnight).filter(|at| *at < view.cutoff.at) else { continue };
            found.push(RuleBreak { at, own: index == of.definition, id: rule.id.clone() });
        }
    }
    found.sort_by_key(|rule| rule.at);
    found
}
