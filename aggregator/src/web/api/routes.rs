//! Every address of the API.

use super::parameter::Parameter::{self, After, Grain, KnownAt, Limit, On, Plan, Reason, Series, Source};
use super::request::ApiRequest;
use super::response::{ApiResponse, ListPage};
use super::{plans, publications, quarantine, records, sources};
use crate::explain::{Explanation, Vintage};
use crate::vintage_table::PeriodVintages;
use crate::web::embargo::Access;
use aggregator_core::chart::ChartReport;
use aggregator_core::report::{KpiReport, Report, RollupReport};
use axum::http::StatusCode;
use schemars::{Schema, SchemaGenerator};

/// The path under which the API is found.
pub(crate) const PREFIX: &str = "/api/v1";

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;
type Handler = fn(&ApiRequest) -> ApiResponse;

/// An address.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    /// Whether it changes anything: then POST, answered with 202.
    pub(crate) writes: bool,
    /// The path below [`PREFIX`], as the router takes it.
    pub(crate) path: &'static str,
    /// Name of the operation.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    /// The parameters that it takes.
    pub(super) query: &'static [Parameter],
    /// The parameters without which there is no answer.
    pub(super) required: &'static [Parameter],
    /// Whether a token is needed.
    pub(super) token: bool,
    /// Who may read it under an embargo.
    pub(crate) access: Access,
    pub(super) schema: SchemaOf,
    pub(super) answer: Handler,
}

impl Route {
    /// The status of success.
    pub(super) fn status(&self) -> StatusCode {
        if self.writes { StatusCode::ACCEPTED } else { StatusCode::OK }
    }
}

const fn get(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    query: &'static [Parameter],
    (schema, answer): (SchemaOf, Handler),
) -> Route {
    Route {
        writes: false,
        path,
        id,
        summary,
        query,
        required: &[],
        token: false,
        access: Access::Staff,
        schema,
        answer,
    }
}

/// The same for an address that readers without the token may ask under an embargo; all others are refused to them.
const fn open(access: Access, route: Route) -> Route {
    Route { access, ..route }
}

/// All routes but that of the document itself.
pub(crate) static ROUTES: &[Route] = &[
    get("/plans", "plans", "Every plan, by id", &[Limit, After], (of::<ListPage<plans::PlanItem>>, plans::plans)),
    open(
        Access::Released("standing.json"),
        get("/plans/{plan}", "plan", "A plan's standing", &[On, KnownAt], (of::<plans::PlanStanding>, plans::plan)),
    ),
    get(
        "/plans/{plan}/kpis",
        "kpis",
        "Its KPIs, by id",
        &[On, KnownAt, Limit, After],
        (of::<ListPage<KpiReport>>, plans::kpis),
    ),
    get(
        "/plans/{plan}/kpis/{kpi}",
        "kpi",
        "A KPI, explained down to each file",
        &[On, KnownAt],
        (of::<Explanation>, plans::kpi),
    ),
    get(
        "/plans/{plan}/kpis/{kpi}/history",
        "history",
        "A KPI's way: how it was judged on each day that a figure is of, and at month ends, up to the moment asked",
        &[On, KnownAt, Limit, After],
        (of::<ListPage<plans::KpiHistoryPoint>>, plans::history),
    ),
    get(
        "/plans/{plan}/kpis/{kpi}/chart",
        "chart",
        "A KPI's picture: what was measured at its moment, the gaps, the guide as a function of time, every published target",
        &[On, KnownAt],
        (of::<ChartReport>, plans::chart),
    ),
    get(
        "/plans/{plan}/rollups",
        "rollups",
        "Rollups, in the order of the export",
        &[On, KnownAt, Series, Grain, Limit, After],
        (of::<ListPage<RollupReport>>, plans::rollups),
    ),
    get(
        "/plans/{plan}/observations",
        "observations",
        "Observations as they came, in the order of arrival, each with the visit that saw it",
        &[Series, Source, Limit, After],
        (of::<ListPage<records::ObservationItem>>, records::observations),
    ),
    get(
        "/plans/{plan}/sources",
        "sources",
        "Its sources: the last poll of each, when it was last read whole, and the rows that could not be read",
        &[Source, Limit, After],
        (of::<ListPage<sources::SourceItem>>, sources::list),
    ),
    get(
        "/health",
        "health",
        "Whether the figures are current, and what does not work",
        &[],
        (of::<sources::HealthReport>, sources::health),
    ),
    open(
        Access::Released("report.json"),
        get(
            "/plans/{plan}/export",
            "export",
            "The canonical export of a plan, with every rollup",
            &[On, KnownAt],
            (of::<Report>, plans::export),
        ),
    ),
    get(
        "/plans/{plan}/kpis/{kpi}/vintages",
        "vintages",
        "Every value that was ever known of a KPI, by period",
        &[Limit, After],
        (of::<ListPage<PeriodVintages>>, plans::vintages),
    ),
    open(
        Access::Public,
        get(
            "/plans/{plan}/publications",
            "publications",
            "What was published of a plan, in order, with the hash of every file",
            &[Limit, After],
            (of::<ListPage<publications::PublicationItem>>, publications::list),
        ),
    ),
    open(
        Access::Public,
        get(
            "/plans/{plan}/publications/{publication}",
            "publication",
            "One publication, and whether its files are what was published",
            &[],
            (of::<publications::PublicationItem>, publications::show),
        ),
    ),
    get("/export", "exports", "The canonical export of all plans", &[On], (of::<Report>, plans::exports)),
    Route {
        required: &[KnownAt],
        ..get(
            "/plans/{plan}/known",
            "known",
            "Whether what was known by a time is settled, and why not",
            &[KnownAt],
            (of::<Vintage>, plans::vintage),
        )
    },
    get(
        "/quarantine",
        "quarantine",
        "What came and does not count, with the reason",
        &[Plan, Reason, Limit, After],
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
