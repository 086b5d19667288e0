//! Plans, KPIs with their history, and rollups, from the plan states.

use super::parameter::Parameter;
use super::problem::Problem;
use super::request::ApiRequest;
use super::response::{ApiResponse, one, page, ready};
use crate::explain::{ExplainError, ExplanationDraft, Vintage};
use crate::web::vintages::of_kpi;
use crate::web::{lookup, pages};
use aggregator_core::chart::ChartReport;
use aggregator_core::judge::Status;
use aggregator_core::points::KpiPoint;
use aggregator_core::report::{CanonicalNumber, PlanReport, RULES_VERSION};
use aggregator_core::report_period::ReportPeriod;
use contract::catalogue::Bilingual;
use schemars::JsonSchema;
use serde::Serialize;

/// A plan in the list of them.
#[derive(Serialize, JsonSchema)]
pub(super) struct PlanItem {
    /// Id.
    id: String,
    name: Bilingual,
    city: Bilingual,
    /// First fiscal year.
    first_year: i32,
    /// Last fiscal year.
    last_year: i32,
    /// An invented plan (見本).
    sample: bool,
    /// How many KPIs it has.
    kpis: usize,
    /// Moments worth asking.
    moments: Vec<String>,
    /// Where it is published.
    citation: String,
}

/// A plan's standing, and the rules it was judged by.
#[derive(Serialize, JsonSchema)]
pub(super) struct PlanStanding {
    /// Version of the rules of judging.
    rules_version: u32,
    #[serde(flatten)]
    plan: PlanReport,
}

/// How a KPI was judged at the end of a day.
#[derive(Serialize, JsonSchema)]
pub(super) struct KpiHistoryPoint {
    /// The day.
    date: String,
    /// Phase word.
    phase: &'static str,
    /// Status word; `null` before the plan and in days to come.
    status: Option<&'static str>,
    /// The value judged.
    value: Option<CanonicalNumber>,
    /// The guide (目安).
    path: Option<CanonicalNumber>,
    /// (v - b) / (t - b).
    progress: Option<CanonicalNumber>,
    /// 速報値
    provisional: bool,
    /// What was expected at the plan's end by the figures up to that day; `null` where nothing was said.
    landing: Option<CanonicalNumber>,
    /// Probability of reaching the target, likewise.
    landing_probability: Option<CanonicalNumber>,
}

/// Moments of one KPI: a day each for forty years.
const MAX_POINTS: usize = 15_000;

pub(super) fn plans(request: &ApiRequest) -> ApiResponse {
    request.plans(|plans| {
        let shown = plans.values().filter(|state| request.site.shows(state));
        let plans = shown.map(|state| {
            let plan = &state.catalogue.plan;
            let one = PlanItem {
                id: plan.id.clone(),
                name: plan.name.clone(),
                city: plan.city.clone(),
                first_year: plan.first_year,
                last_year: plan.last_year,
                sample: plan.sample,
                kpis: state.catalogue.kpis.len(),
                moments: plan.on_dates.iter().map(ToString::to_string).collect(),
                citation: plan.citation.clone(),
            };
            (plan.id.clone(), one)
        });
        page(request, plans)
    })
}

pub(super) fn plan(request: &ApiRequest) -> ApiResponse {
    let plan = request.plan(|plan| Ok(plan.report_with_landings(ReportPeriod(request.on(plan)?), false)))?;
    one(&PlanStanding { rules_version: RULES_VERSION, plan })
}

pub(super) fn kpis(request: &ApiRequest) -> ApiResponse {
    let report = request.plan(|plan| Ok(plan.report_with_landings(ReportPeriod(request.on(plan)?), false)))?;
    page(request, report.kpis.into_iter().map(|kpi| (kpi.id.clone(), kpi)))
}

pub(super) fn kpi(request: &ApiRequest) -> ApiResponse {
    let stores: Vec<_> = request.stores()?.into_iter().map(|(_, store)| store).collect();
    let draft = request.vintage(|plan, vintage| {
        let kpi = request.param("kpi");
        lookup::kpi(plan, kpi)?;
        let upto = vintage.map(|vintage| (vintage.at, vintage.doubts.as_slice()));
        let draft = ExplanationDraft::new(plan, kpi, ReportPeriod(request.on(plan)?), upto);
        draft.map_err(|ExplainError::UnknownKpi { .. }| Problem::NoSuch("KPI"))
    })?;
    one(&draft.read(&stores)?)
}

pub(super) fn history(request: &ApiRequest) -> ApiResponse {
    let mut points = request.plan(|plan| {
        let index = lookup::kpi(plan, request.param("kpi"))?;
        let mut walk = plan.kpi_walk(index, request.on(plan)?.end().day() - 1);
        Ok(plan.kpi_points(&mut walk, MAX_POINTS))
    })?;
    // The walk goes back from the last day.
    points.reverse();
    let point = |point: KpiPoint| KpiHistoryPoint {
        date: point.time().date().to_string(),
        phase: point.phase.name(),
        status: point.status.map(Status::name),
        value: point.value.map(CanonicalNumber),
        path: point.path.map(CanonicalNumber),
        progress: point.progress.map(CanonicalNumber),
        provisional: point.provisional,
        landing: point.landing.as_ref().map(|landing| CanonicalNumber(landing.target.expected.clone())),
        landing_probability: point.landing.map(|landing| CanonicalNumber(landing.target.probability)),
    };
    page(request, points.into_iter().map(point).map(|point| (point.date.clone(), point)))
}

pub(super) fn chart(request: &ApiRequest) -> ApiResponse {
    let data = request.plan(|plan| {
        let index = lookup::kpi(plan, request.param("kpi"))?;
        Ok(plan.chart(index, ReportPeriod(request.on(plan)?)))
    })?;
    one(&ChartReport::from(&data))
}

pub(super) fn vintages(request: &ApiRequest) -> ApiResponse {
    let (_, found) = of_kpi(&request.site, request.param("plan"), request.param("kpi"))?;
    page(request, found.into_iter().map(|period| (period.period.clone(), period)))
}

pub(super) fn rollups(request: &ApiRequest) -> ApiResponse {
    let report = request.plan(|plan| Ok(plan.report_with_landings(ReportPeriod(request.on(plan)?), true)))?;
    let (series, grain) = (request.text(Parameter::Series), request.text(Parameter::Grain));
    let all = report.rollups.unwrap_or_default().into_iter();
    let wanted = all.filter(|rollup| {
        series.is_none_or(|series| rollup.series == series) && grain.is_none_or(|grain| rollup.grain == grain)
    });
    let cursor =
        |r: &aggregator_core::report::RollupReport| format!("{}:{}:{}:{}", r.series, r.definition, r.grain, r.period);
    page(request, wanted.map(|rollup| (cursor(&rollup), rollup)))
}

pub(super) fn export(request: &ApiRequest) -> ApiResponse {
    let plans = vec![request.plan(|plan| Ok(plan.report_with_landings(ReportPeriod(request.on(plan)?), true)))?];
    Ok(ready(pages::export(plans)))
}

pub(super) fn exports(request: &ApiRequest) -> ApiResponse {
    let plans = request.plans(|plans| {
        let shown = plans.values().filter(|state| request.site.shows(state));
        shown
            .map(|plan| Ok(plan.report_with_landings(ReportPeriod(request.on(plan)?), true)))
            .collect::<Result<Vec<_>, Problem>>()
    })?;
    Ok(ready(pages::export(plans)))
}

pub(super) fn vintage(request: &ApiRequest) -> ApiResponse {
    let required = || Problem::parameter("known_at", "is needed here: a time such as 2020-04-01T12:00:00+09:00");
    request.vintage(|_, vintage| one(&Vintage::from(vintage.ok_or_else(required)?)))
}
