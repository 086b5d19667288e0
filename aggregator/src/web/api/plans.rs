//! Plans, KPIs, their way, and rollups: what the books say.

use super::answer::{Answer, one, page, ready};
use super::call::Call;
use super::problem::Problem;
use crate::explain::{Bilingual, ExplainError, KnownAt, explain};
use crate::web::pages;
use aggregator_core::ask::Ask;
use aggregator_core::judge::Status;
use aggregator_core::points::KpiPoint;
use aggregator_core::report::Number;
use schemars::JsonSchema;
use serde::Serialize;

/// A plan in the list of them.
#[derive(Serialize, JsonSchema)]
pub(super) struct Plan {
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
pub(super) struct Point {
    /// The day.
    date: String,
    /// Phase word.
    phase: &'static str,
    /// Status word; `null` before the plan and in days to come.
    status: Option<&'static str>,
    /// The value judged.
    value: Option<Number>,
    /// The guide (目安).
    path: Option<Number>,
    /// (v - b) / (t - b).
    progress: Option<Number>,
    /// 速報値
    provisional: bool,
}

/// Moments of one KPI: a day each for forty years.
const MAX_POINTS: usize = 15_000;

pub(super) fn plans(call: &Call) -> Answer {
    call.books(|books| {
        let shown = books.values().filter(|book| call.site.shows(book));
        let plans = shown.map(|book| {
            let plan = &book.catalogue.plan;
            let one = Plan {
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

pub(super) fn plan(call: &Call) -> Answer {
    one(&call.book(|book| Ok(book.report(Ask(call.on(book)?), false)))?)
}

pub(super) fn kpis(call: &Call) -> Answer {
    let report = call.book(|book| Ok(book.report(Ask(call.on(book)?), false)))?;
    page(call, report.kpis.into_iter().map(|kpi| (kpi.id.clone(), kpi)))
}

pub(super) fn kpi(call: &Call) -> Answer {
    let stores: Vec<_> = call.stores()?.into_iter().map(|(_, store)| store).collect();
    call.known(|book, known| {
        let kpi = call.param("kpi");
        book.catalogue.kpis.iter().find(|known| known.id == kpi).ok_or(Problem::NoSuch("KPI"))?;
        let known = known.map(|known| (known.at, known.doubts.as_slice()));
        let explained = explain(&stores, book, kpi, Ask(call.on(book)?), known);
        one(&explained.map_err(|error| match error {
            ExplainError::Store(error) => error.into(),
            ExplainError::UnknownKpi { .. } => Problem::NoSuch("KPI"),
        })?)
    })
}

pub(super) fn history(call: &Call) -> Answer {
    let mut points = call.book(|book| {
        let kpi = call.param("kpi");
        let index = book.catalogue.kpis.iter().position(|known| known.id == kpi).ok_or(Problem::NoSuch("KPI"))?;
        let mut walk = book.kpi_walk(index, call.on(book)?.end().day() - 1);
        Ok(book.kpi_points(&mut walk, MAX_POINTS))
    })?;
    // It walks back from the last day.
    points.reverse();
    let point = |point: KpiPoint| Point {
        date: point.time().date().to_string(),
        phase: point.phase.name(),
        status: point.status.map(Status::name),
        value: point.value.map(Number),
        path: point.path.map(Number),
        progress: point.progress.map(Number),
        provisional: point.provisional,
    };
    page(call, points.into_iter().map(point).map(|point| (point.date.clone(), point)))
}

pub(super) fn rollups(call: &Call) -> Answer {
    let report = call.book(|book| Ok(book.report(Ask(call.on(book)?), true)))?;
    let (series, grain) = (call.text("series"), call.text("grain"));
    let all = report.rollups.unwrap_or_default().into_iter();
    let wanted = all.filter(|rollup| {
        series.is_none_or(|series| rollup.series == series) && grain.is_none_or(|grain| rollup.grain == grain)
    });
    let cursor =
        |r: &aggregator_core::report::RollupReport| format!("{}:{}:{}:{}", r.series, r.definition, r.grain, r.period);
    page(call, wanted.map(|rollup| (cursor(&rollup), rollup)))
}

pub(super) fn export(call: &Call) -> Answer {
    let plans = vec![call.book(|book| Ok(book.report(Ask(call.on(book)?), true)))?];
    Ok(ready(pages::export(plans)))
}

pub(super) fn exports(call: &Call) -> Answer {
    let plans = call.books(|books| {
        let shown = books.values().filter(|book| call.site.shows(book));
        shown.map(|book| Ok(book.report(Ask(call.on(book)?), true))).collect::<Result<Vec<_>, Problem>>()
    })?;
    Ok(ready(pages::export(plans)))
}

pub(super) fn known(call: &Call) -> Answer {
    let needed = || Problem::parameter("known_at", "is needed here: a time such as 2020-04-01T12:00:00+09:00");
    call.known(|_, known| {
        let known = known.ok_or_else(needed)?;
        one(&KnownAt { time: known.at.to_string(), settled: known.is_settled(), doubts: known.doubts.clone() })
    })
}
