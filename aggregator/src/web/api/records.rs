//! Observations as they came, from the stores.

use super::parameter::Parameter;
use super::problem::Problem;
use super::request::ApiRequest;
use super::response::{ApiResponse, ListPage, paged};
use crate::explain::PollEvidence;
use crate::explain::evidence::poll_evidence;
use aggregator_core::report::CanonicalNumber;
use contract::decimals::Decimals;
use contract::record::{Finality, Observation, Span, Value};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// An observation as it came.
#[derive(Serialize, JsonSchema)]
pub(super) struct ObservationItem {
    /// Its number: PARTITION:ID.
    number: String,
    series: String,
    definition: String,
    source: String,
    /// The instant of a level or reading; `null` for a flow.
    as_of: Option<String>,
    /// First instant of a flow's period.
    from: Option<String>,
    /// First instant after a flow's period.
    to: Option<String>,
    /// In the series' unit; `null` when unknown.
    value: Option<CanonicalNumber>,
    /// Why it is unknown.
    unknown: Option<String>,
    /// Labels, each with its part, in the series' unit.
    breakdown: Option<BTreeMap<String, CanonicalNumber>>,
    /// `provisional` or `final`.
    finality: &'static str,
    /// When it was seen.
    revision: String,
    /// Sheet of a workbook.
    sheet: Option<String>,
    /// Row, counted from 1.
    row: Option<u32>,
    /// Id of the visit.
    visit: String,
    /// The visit; `null` while its record has not come.
    #[serde(rename = "seen")]
    poll: Option<PollEvidence>,
}

pub(super) fn observations(request: &ApiRequest) -> ApiResponse {
    // The plan must be configured, and shown here.
    let catalogue = request.plan(|plan| Ok(std::sync::Arc::clone(&plan.catalogue)))?;
    let (plan, limit) = (request.param("plan"), request.limit()?);
    let (partition, after) = match request.text(Parameter::After) {
        None => (i32::MIN, 0),
        Some(text) => number(text).ok_or_else(|| Problem::parameter("after", "must be the `next` of a page before"))?,
    };
    let (mut items, mut more) = (Vec::new(), false);
    for (of, store) in request.stores()? {
        if of < partition || more {
            continue;
        }
        let after = if of == partition { after } else { 0 };
        // One more than wanted, to know whether there is another page.
        let left = limit + 1 - items.len();
        let page = store.at_one_moment(|store| {
            let found = store.observations_after(
                plan,
                (request.text(Parameter::Series), request.text(Parameter::Source)),
                after,
                left,
            )?;
            let with = |(id, o): (i64, Observation)| {
                let poll = store.poll(plan, &o.visit)?.map(poll_evidence);
                let decimals = catalogue.decimals_named(&o.series, &o.definition).unwrap_or_default();
                Ok(observed(format!("{of}:{id}"), o, poll, decimals))
            };
            found.into_iter().map(with).collect::<Result<Vec<_>, crate::store::StoreError>>()
        })?;
        items.extend(page);
        more = items.len() > limit;
    }
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| last.number.clone());
    paged(ListPage { items, next })
}

/// The partition and id of a number as [`ObservationItem`] has it.
pub(super) fn number(text: &str) -> Option<(i32, i64)> {
    let (partition, id) = text.split_once(':')?;
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // Written as we write it, so that one record has one number; ids begin at 1.
    let read = (partition.parse().ok()?, id.parse().ok()?);
    (plain(partition) && plain(id) && read.1 > 0 && text == format!("{}:{}", read.0, read.1)).then_some(read)
}

fn observed(number: String, o: Observation, poll: Option<PollEvidence>, decimals: Decimals) -> ObservationItem {
    let in_unit = |steps: i64| CanonicalNumber(decimals.in_unit(steps));
    let (as_of, from, to) = match o.period {
        Span::AsOf(at) => (Some(at.to_string()), None, None),
        Span::During(from, to) => (None, Some(from.to_string()), Some(to.to_string())),
    };
    let (value, unknown) = match o.value {
        Value::Known(steps) => (Some(in_unit(steps)), None),
        Value::Unknown(reason) => (None, Some(reason)),
    };
    let finality = match o.finality {
        Finality::Provisional => "provisional",
        Finality::Final => "final",
    };
    let (sheet, row) = o.place.map_or((None, None), |place| (place.sheet, place.row));
    ObservationItem {
        number,
        series: o.series,
        definition: o.definition,
        source: o.source,
        as_of,
        from,
        to,
        value,
        unknown,
        breakdown: o.breakdown.map(|labels| labels.into_iter().map(|(label, part)| (label, in_unit(part))).collect()),
        finality,
        revision: o.revision.to_string(),
        sheet,
        row,
        visit: o.visit,
        poll,
    }
}
