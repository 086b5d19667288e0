//! How the process and the sources of a plan are: what does not work, when each was last read, and what could not be read.

use super::parameter::Parameter;
use super::problem::Problem;
use super::request::ApiRequest;
use super::response::{ApiResponse, one, page};
use crate::explain::PollEvidence;
use crate::explain::evidence::poll_evidence;
use crate::health::{SourceHealth, SourceRejects, source_health};
use contract::record::Reject;
use contract::time::Micros;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// How the process is.
#[derive(Serialize, JsonSchema)]
pub(super) struct HealthReport {
    /// Whether the figures are current.
    ready: bool,
    /// Why not; `null` when they are.
    reason: Option<String>,
    /// What does not work.
    degraded: Vec<DegradedItem>,
}

/// A component that does not work; what is shown is from before.
#[derive(Serialize, JsonSchema)]
struct DegradedItem {
    /// `store`, `bus`, `outbox`, `shipper`, or the name of a sink.
    component: String,
    /// A word for the reason.
    reason: String,
    /// Since when.
    since: String,
    /// For how many seconds.
    seconds: i64,
    /// Records or changes that wait, where they are counted.
    pending: Option<u64>,
}

/// A source of a plan.
#[derive(Serialize, JsonSchema)]
pub(super) struct SourceItem {
    /// Id.
    source: String,
    /// The last poll; `null` when none came.
    last_poll: Option<PollEvidence>,
    /// When it was last read whole; that a server says that nothing has changed is no such reading.
    last_read: Option<String>,
    /// What could not be read when its files were last read.
    rejects: RejectReport,
}

/// Rows that could not be read.
#[derive(Serialize, JsonSchema)]
struct RejectReport {
    /// How many.
    count: u64,
    /// How many of each reason.
    reasons: BTreeMap<String, u64>,
    /// The first of them, at most 20.
    places: Vec<RejectItem>,
}

/// A row that could not be read; never its text.
#[derive(Serialize, JsonSchema)]
struct RejectItem {
    /// A word for the reason; `config/README.md` has what to do about it.
    reason: String,
    /// File or address.
    file: String,
    /// Sheet of a workbook.
    sheet: Option<String>,
    /// Row, counted from 1.
    row: Option<u32>,
    /// Column.
    column: Option<String>,
    /// When it was read.
    time: String,
}

pub(super) fn health(request: &ApiRequest) -> ApiResponse {
    let (health, now) = (request.site.health.snapshot(), request.site.clock.now());
    let degraded = health.degraded.iter().map(|(component, state)| DegradedItem {
        component: component.name().to_owned(),
        reason: state.reason.name().to_owned(),
        since: state.since.to_string(),
        seconds: (now.0 - state.since.0).max(0) / 1_000_000,
        pending: state.pending,
    });
    let degraded = degraded.collect();
    let reason = health.unready();
    one(&HealthReport { ready: reason.is_none(), reason, degraded })
}

pub(super) fn list(request: &ApiRequest) -> ApiResponse {
    let stores: Vec<_> = request.stores()?.into_iter().map(|(_, store)| store).collect();
    let wanted = request.text(Parameter::Source);
    let sources = request.plan(|plan| {
        let sources = source_health(&stores, &plan.catalogue, &plan.catalogue.series).map_err(Problem::from)?;
        let (board, plan) = (request.site.health.rejects(), &plan.catalogue.plan.id);
        let sources = sources.into_iter().filter(|source| wanted.is_none_or(|wanted| source.source == wanted));
        Ok(sources.map(|source| item(board.of(plan, &source.source), source)).collect::<Vec<_>>())
    })?;
    page(request, sources.into_iter().map(|source| (source.source.clone(), source)))
}

fn item(rejects: SourceRejects, health: SourceHealth) -> SourceItem {
    let SourceRejects { count, reasons, places } = rejects;
    let place = |Reject { reason, file, sheet, row, column, time, .. }: Reject| RejectItem {
        reason,
        file,
        sheet,
        row,
        column,
        time: time.to_string(),
    };
    SourceItem {
        source: health.source,
        last_poll: health.last_poll.map(poll_evidence),
        last_read: health.last_read.map(|time: Micros| time.to_string()),
        rejects: RejectReport { count, reasons, places: places.into_iter().map(place).collect() },
    }
}
