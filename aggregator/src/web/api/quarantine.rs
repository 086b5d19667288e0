//! What came and does not count.

use super::parameter::Parameter;
use super::problem::Problem;
use super::records::number;
use super::request::ApiRequest;
use super::response::{ApiResponse, ListPage, one, paged};
use crate::store::QuarantinedRecord;
use schemars::JsonSchema;
use serde::Serialize;

/// A record that does not count.
#[derive(Serialize, JsonSchema)]
pub(super) struct QuarantineItem {
    /// Its number: PARTITION:ID.
    number: String,
    /// When the bus took it.
    time: String,
    /// Its offset on the bus; `null` for one that counted until the catalogue changed.
    offset: Option<i64>,
    /// The plan it names, as far as it can be read.
    plan: Option<String>,
    /// Why it does not count.
    reason: String,
    /// Its size.
    bytes: usize,
}

/// A record that does not count, whole.
#[derive(Serialize, JsonSchema)]
pub(super) struct QuarantineDetail {
    #[serde(flatten)]
    refused: QuarantineItem,
    /// As it came, what is no printable ASCII escaped.
    body: String,
}

/// What was asked will be done.
#[derive(Serialize, JsonSchema)]
pub(super) struct ReplayAccepted {
    /// Records that will be judged again; see the list, or the metrics, for what came of it.
    waiting: u64,
}

/// Records read at once.
const STEP: usize = 500;

fn refused(one: &QuarantinedRecord) -> QuarantineItem {
    QuarantineItem {
        number: format!("{}:{}", one.at.partition.0, one.id),
        time: one.at.time.to_string(),
        offset: one.at.offset,
        plan: one.plan.clone(),
        reason: one.reason.clone(),
        bytes: one.body.len(),
    }
}

pub(super) fn list(request: &ApiRequest) -> ApiResponse {
    let limit = request.limit()?;
    let (partition, after) = match request.text(Parameter::After) {
        None => (i32::MIN, 0),
        Some(text) => number(text).ok_or_else(|| Problem::parameter("after", "must be the `next` of a page before"))?,
    };
    let wanted = |one: &QuarantinedRecord| {
        request.text(Parameter::Plan).is_none_or(|plan| one.plan.as_deref() == Some(plan))
            && request.text(Parameter::Reason).is_none_or(|reason| one.reason == reason)
    };
    let mut items = Vec::new();
    for (of, store) in request.stores()? {
        if of < partition {
            continue;
        }
        let mut after = if of == partition { after } else { 0 };
        while items.len() <= limit {
            let some = store.quarantined(after, STEP)?;
            let Some(last) = some.last() else { break };
            after = last.id;
            items.extend(some.iter().filter(|one| wanted(one)).map(refused));
        }
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| last.number.clone());
    paged(ListPage { items, next })
}

pub(super) fn show(request: &ApiRequest) -> ApiResponse {
    let no_such = Problem::NoSuch("record in quarantine");
    let (partition, id) = number(request.param("number")).ok_or(no_such.clone())?;
    let stores = request.stores()?;
    let (_, store) = stores.iter().find(|(of, _)| *of == partition).ok_or(no_such.clone())?;
    let found = store.quarantined(id - 1, 1)?.pop().filter(|found| found.id == id).ok_or(no_such)?;
    one(&QuarantineDetail { refused: refused(&found), body: found.body.escape_ascii().to_string() })
}

pub(super) fn replay(request: &ApiRequest) -> ApiResponse {
    let mut waiting = 0;
    for (_, store) in request.stores()? {
        waiting += store.tally()?.quarantined;
    }
    request.authorize()?.requests.replay();
    one(&ReplayAccepted { waiting })
}
