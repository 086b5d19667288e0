//! Every address of the interface.

use super::request::ApiRequest;
use super::response::{ApiResponse, ListPage};
use super::{plans, quarantine, records};
use aggregator_core::report::{KpiReport, PlanReport, Report, RollupReport};
use axum::http::StatusCode;
use schemars::{Schema, SchemaGenerator};

/// A parameter of the query.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    /// Whether there is no answer without it.
    pub(super) needed: bool,
    pub(super) text: &'static str,
}

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;
type Answering = fn(&ApiRequest) -> ApiResponse;

/// An address.
pub(super) struct Route {
    /// Whether it changes anything: POST, answered with 202.
    pub(super) writes: bool,
    /// Below `/api/v1`, as the router takes it.
    pub(super) path: &'static str,
    /// Name of the operation.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) query: &'static [Parameter],
    /// Whether a token is needed.
    pub(super) token: bool,
    pub(super) schema: SchemaOf,
    pub(super) answer: Answering,
}

impl Route {
    /// The status when all is well.
    pub(super) fn status(&self) -> StatusCode {
        if self.writes { StatusCode::ACCEPTED } else { StatusCode::OK }
    }
}

const ON: Parameter = Parameter {
    needed: false,
    name: "on",
    text: "The moment asked: a day (2020-03-31), a month (2020-03) or a fiscal year (FY2019); else the plan's own, else today",
};
const KNOWN_AT: Parameter = Parameter {
    needed: false,
    name: "known_at",
    text: "Use only the records and the catalogue known by this time (2020-04-01T12:00:00+09:00)",
};
const LIMIT: Parameter =
    Parameter { needed: false, name: "limit", text: "Items of a page, 1 to 1000; 100 unless it is said" };
const AFTER: Parameter = Parameter { needed: false, name: "after", text: "The `next` of the page before" };
const SERIES: Parameter = Parameter { needed: false, name: "series", text: "Only this series" };
const SOURCE: Parameter = Parameter { needed: false, name: "source", text: "Only this source" };
const GRAIN: Parameter =
    Parameter { needed: false, name: "grain", text: "Only this grain, such as month or fiscal_year" };
const PLAN: Parameter = Parameter { needed: false, name: "plan", text: "Only what names this plan" };
const REASON: Parameter = Parameter { needed: false, name: "reason", text: "Only what was refused for this reason" };

const fn get(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    query: &'static [Parameter],
    (schema, answer): (SchemaOf, Answering),
) -> Route {
    Route { writes: false, path, id, summary, query, token: false, schema, answer }
}

/// All of them but the document itself.
pub(super) static ROUTES: &[Route] = &[
    get("/plans", "plans", "Every plan, by id", &[LIMIT, AFTER], (of::<ListPage<plans::PlanItem>>, plans::plans)),
    get("/plans/{plan}", "plan", "A plan's standing", &[ON, KNOWN_AT], (of::<PlanReport>, plans::plan)),
    get(
        "/plans/{plan}/kpis",
        "kpis",
        "Its KPIs, by id",
        &[ON, KNOWN_AT, LIMIT, AFTER],
        (of::<ListPage<KpiReport>>, plans::kpis),
    ),
    get(
        "/plans/{plan}/kpis/{kpi}",
        "kpi",
        "A KPI, explained down to each file",
        &[ON, KNOWN_AT],
        (of::<crate::explain::Explanation>, plans::kpi),
    ),
    get(
        "/plans/{plan}/kpis/{kpi}/history",
        "history",
        "A KPI's way: how it was judged on each day that a figure is of, and at month ends, up to the moment asked",
        &[ON, KNOWN_AT, LIMIT, AFTER],
        (of::<ListPage<plans::KpiHistoryPoint>>, plans::history),
    ),
    get(
        "/plans/{plan}/rollups",
        "rollups",
        "Rollups, in the order of the export",
        &[ON, KNOWN_AT, SERIES, GRAIN, LIMIT, AFTER],
        (of::<ListPage<RollupReport>>, plans::rollups),
    ),
    get(
        "/plans/{plan}/observations",
        "observations",
        "Observations as they came, in the order of arrival, each with the visit that saw it",
        &[SERIES, SOURCE, LIMIT, AFTER],
        (of::<ListPage<records::ObservationItem>>, records::observations),
    ),
    get(
        "/plans/{plan}/export",
        "export",
        "The canonical export of a plan, with every rollup",
        &[ON, KNOWN_AT],
        (of::<Report>, plans::export),
    ),
    get("/export", "exports", "The canonical export of all plans", &[ON], (of::<Report>, plans::exports)),
    get(
        "/plans/{plan}/known",
        "known",
        "Whether what was known by a time is settled, and why not",
        &[Parameter { needed: true, ..KNOWN_AT }],
        (of::<crate::explain::Vintage>, plans::known),
    ),
    get(
        "/quarantine",
        "quarantine",
        "What came and does not count, with the reason",
        &[PLAN, REASON, LIMIT, AFTER],
        (of::<ListPage<quarantine::QuarantineItem>>, quarantine::list),
    ),
    Route {
        token: true,
        ..get(
            "/quarantine/{number}",
            "quarantined",
            "One such record as it came; it could hold anything, so a token is needed",
            &[],
            (of::<quarantine::QuarantineDetail>, quarantine::show),
        )
    },
    Route {
        writes: true,
        token: true,
        ..get(
            "/quarantine/replay",
            "replay",
            "Has all of them judged again, between two batches",
            &[],
            (of::<quarantine::ReplayAccepted>, quarantine::replay),
        )
    },
];

fn of<T: schemars::JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<T>()
}
