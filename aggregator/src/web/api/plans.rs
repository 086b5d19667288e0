//! Plans, KPIs, their way, and rollups: what the books say.

use super::problem::Problem;
use super::request::ApiRequest;
use super::response::{ApiResponse, one, page, ready};
use crate::explain::{Bilingual, ExplainError, Vintage, explain};
use crate::web::pages;
use aggregator_core::judge::Status;
use aggregator_core::points::KpiPoint;
use aggregator_core::report::CanonicalNumber;
use aggregator_core::report_period::ReportPeriod;
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
}

/// Moments of one KPI: a day each for forty years.
const MAX_POINTS: usize = 15_000;

pub(super) fn plans(call: &ApiRequest) -> ApiResponse {
    call.books(|books| {
        let shown = books.values().filter(|book| call.site.shows(book));
        let plans = shown.map(|book| {
            let plan = &book.catalogue.plan;
            let one = PlanItem {
                id: plan.id.clone(),
                name: (&plan.name).into(),
                city: (&plan.city).into(),
                first_year: plan.first_year,
                last_year: plan.last_year,
                sample: plan.sample,
                kpis: book.catalogue.kpis.len(),
                moments: plan.on_dates.iter().map(ToString::to_string).collect(),
                citation: plan.citation.clone(),
            };
            (plan.id.clone(), one)
        });
        page(call, plans)
    })
}

pub(super) fn plan(call: &ApiRequest) -> ApiResponse {
    one(&call.book(|book| Ok(book.report(ReportPeriod(call.on(book)?), false)))?)
}

pub(super) fn kpis(call: &ApiRequest) -> ApiResponse {
    let report = call.book(|book| Ok(book.report(ReportPeriod(call.on(book)?), false)))?;
    page(call, report.kpis.into_iter().map(|kpi| (kpi.id.clone(), kpi)))
}

pub(super) fn kpi(call: &ApiRequest) -> ApiResponse {
    let stores: Vec<_> = call.stores()?.into_iter().map(|(_, store)| store).collect();
    call.known(|book, known| {
        let kpi = call.param("kpi");
        book.catalogue.kpis.iter().find(|known| known.id == kpi).ok_or(Problem::NoSuch("KPI"))?;
        let known = known.map(|known| (known.at, known.doubts.as_slice()));
        let explained = explain(&stores, book, kpi, ReportPeriod(call.on(book)?), known);
        one(&explained.map_err(|error| match error {
            ExplainError::Store(error) => error.into(),
            ExplainError::UnknownKpi { .. } => Problem::NoSuch("KPI"),
        })?)
    })
}

pub(super) fn history(call: &ApiRequest) -> ApiResponse {
    let mut points = call.book(|book| {
        let kpi = call.param("kpi");
        let index = book.catalogue.kpis.iter().position(|known| known.id == kpi).ok_or(Problem::NoSuch("KPI"))?;
        let mut walk = book.kpi_walk(index, call.on(book)?.end().day() - 1);
        Ok(book.kpi_points(&mut walk, MAX_POINTS))
    })?;
    // It walks back from the last day.
    points.reverse();
    let point = |point: KpiPoint| KpiHistoryPoint {
        date: point.time().date().to_string(),
        phase: point.phase.name(),
        status: point.status.map(Status::name),
        value: point.value.map(CanonicalNumber),
        path: point.path.map(CanonicalNumber),
        progress: point.progress.map(CanonicalNumber),
        provisional: point.provisional,
    };
    page(call, points.into_iter().map(point).map(|point| (point.date.clone(), point)))
}

pub(super) fn rollups(call: &ApiRequest) -> ApiResponse {
    let report = call.book(|book| Ok(book.report(ReportPeriod(call.on(book)?), true)))?;
    let (series, grain) = (call.text("series"), call.text("grain"));
    let all = report.rollups.unwrap_or_default().into_iter();
    let wanted = all.filter(|rollup| {
        series.is_none_or(|series| rollup.series == series) && grain.is_none_or(|grain| rollup.grain == grain)
    });
    let cursor =
        |r: &aggregator_core::report::RollupReport| format!("{}:{}:{}:{}", r.series, r.definition, r.grain, r.period);
    page(call, wanted.map(|rollup| (cursor(&rollup), rollup)))
}

pub(super) fn export(call: &ApiRequest) -> ApiResponse {
    let plans = vec![call.book(|book| Ok(book.report(ReportPeriod(call.on(book)?), true)))?];
    Ok(ready(pages::export(plans)))
}

pub(super) fn exports(call: &ApiRequest) -> ApiResponse {
    let plans = call.books(|books| {
        let shown = books.values().filter(|book| call.site.shows(book));
        shown.map(|book| Ok(book.report(ReportPeriod(call.on(book)?), true))).collect::<Result<Vec<_>, Problem>>()
    })?;
    Ok(ready(pages::export(plans)))
}

pub(super) fn known(call: &ApiRequest) -> ApiResponse {
    let needed = || Problem::parameter("known_at", "is needed here: a time such as 2020-04-01T12:00:00+09:00");
    call.known(|_, known| {
        let known = known.ok_or_else(needed)?;
        one(&Vintage { time: known.at.to_string(), settled: known.is_settled(), doubts: known.doubts.clone() })
    })
}
