//! What `report` and `explain` share: the report period, and the plan states as the stores hold them.

use crate::clock::SystemClock;
use crate::configuration::Configuration;
use aggregator::store::{self, StoreReader};
use aggregator::vintage::{self, PlanVintage};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use anyhow::{Context, bail};
use contract::catalogue::Plan;
use contract::period::Period;
use contract::time::{Clock, Micros};
use std::collections::BTreeMap;

/// Reads `--on`.
pub(crate) fn on(text: &str) -> Result<Period, String> {
    Period::parse(text).ok_or_else(|| "use a day (2020-03-31), a month (2020-03) or a fiscal year (FY2019)".into())
}

/// Reads `--known-at`.
pub(crate) fn time(text: &str) -> Result<Micros, String> {
    Micros::parse(text).ok_or_else(|| "use a time with offset such as 2020-04-01T12:00:00+09:00".into())
}

/// Now.
pub(crate) fn now() -> Micros {
    SystemClock.now()
}

/// The report period of a plan: the given one, else the plan's own, else today.
pub(crate) fn ask(plan: &Plan, on: Option<Period>) -> ReportPeriod {
    ReportPeriod(on.or(plan.default_on).unwrap_or_else(|| Period::day(SystemClock.now().moment().date())))
}

/// Opens and verifies the stores; the error says how to make one.
pub(crate) fn readers(city: &Configuration) -> anyhow::Result<Vec<StoreReader>> {
    let folder = &city.settings.data_dir;
    let readers = if folder.is_dir() { store::open_readers(folder)? } else { Vec::new() };
    if readers.is_empty() {
        bail!(
            "nothing is stored in {} yet: run `shihyo run` first (`shihyo run --once` collects once and ends)",
            folder.display()
        );
    }
    readers.iter().try_for_each(StoreReader::verify)?;
    Ok(readers)
}

/// The plan states of a command, by plan id; each with its vintage when a time is given.
pub(crate) fn states(
    city: &Configuration,
    readers: &[StoreReader],
    plan: Option<&str>,
    known_at: Option<Micros>,
) -> anyhow::Result<Vec<(PlanState, Option<PlanVintage>)>> {
    let ids: Vec<&str> = city.plans.iter().map(|p| p.catalogue.plan.id.as_str()).collect();
    if let Some(plan) = plan.filter(|plan| !ids.contains(plan)) {
        bail!("unknown plan `{plan}`{}", contract::reader::nearest(plan, ids));
    }
    let wanted = |id: &str| plan.is_none_or(|plan| plan == id);
    let Some(time) = known_at else {
        let states = vintage::plan_states(readers, &city.configured()).context("the store cannot be read")?;
        return Ok(states.into_iter().filter(|(id, _)| wanted(id)).map(|(_, state)| (state, None)).collect());
    };
    let plans: BTreeMap<&str, _> = city.plans.iter().map(|p| (p.catalogue.plan.id.as_str(), &p.catalogue)).collect();
    let known = plans.into_iter().filter(|(id, _)| wanted(id)).map(|(_, catalogue)| {
        let mut known = vintage::known_at(readers, catalogue, time).context("the store cannot be read")?;
        let state = std::mem::replace(&mut known.state, PlanState::new(catalogue.clone()));
        Ok((state, Some(known)))
    });
    known.collect()
}
