//! What `report`, `explain` and `diff` share: options that choose plan, period and vintage, and the figures in the stores.

use crate::clock::SystemClock;
use crate::configuration::{self, Configuration, PlanFile};
use aggregator::store::{self, StoreReader};
use aggregator::vintage::{self, PlanVintage, SharedFacts};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use anyhow::{Context, bail};
use clap::Args;
use contract::catalogue::{Catalogue, Plan};
use contract::period::{Grain, Period};
use contract::reader::Mistake;
use contract::time::{Clock, Micros};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Which plans, judged when.
#[derive(Args)]
pub(crate) struct PlanOptions {
    /// Only this plan.
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Judge as at the end of a day, or the closings of a month or fiscal year (2020-03-31, 2020-03, FY2019).
    #[arg(long, value_name = "PERIOD", value_parser = period)]
    on: Option<Period>,
}

/// Which plans, judged when, from figures known at a time.
#[derive(Args)]
pub(crate) struct VintageOptions {
    #[command(flatten)]
    pub(crate) plans: PlanOptions,
    /// Use only records published by then; a day is meant to its end.
    #[arg(long, value_name = "TIME", value_parser = time_or_day)]
    known_at: Option<Micros>,
}

fn period(text: &str) -> Result<Period, String> {
    Period::parse(text).ok_or_else(|| "use a day (2020-03-31), a month (2020-03) or a fiscal year (FY2019)".into())
}

/// Reads an option that is a time.
pub(crate) fn time(text: &str) -> Result<Micros, String> {
    Micros::parse(text).ok_or_else(|| "use a time with offset such as 2020-04-01T12:00:00+09:00".into())
}

/// Reads an option that is a time, or a day up to its last instant.
fn time_or_day(text: &str) -> Result<Micros, String> {
    let day = Period::parse(text).filter(|period| period.grain == Grain::Day);
    let last = day.map(|day| Micros(day.end().micros().0 - 1));
    last.map_or_else(|| time(text).map_err(|error| format!("{error}, or a day such as 2020-03-31")), Ok)
}

impl PlanOptions {
    /// The configuration: of the plan alone where one is chosen.
    pub(crate) fn configuration(&self, folder: &Path) -> Result<Configuration, Vec<Mistake>> {
        configuration::load_plan(folder, self.plan.as_deref())
    }

    /// Opens the stores and verifies what is read of them: of the plan alone where one is chosen.
    pub(crate) fn readers(&self, configuration: &Configuration) -> anyhow::Result<Vec<StoreReader>> {
        let readers = open(configuration)?;
        let verify = |reader: &StoreReader| match &self.plan {
            Some(plan) => reader.verify_plan(plan),
            None => reader.verify(),
        };
        readers.iter().try_for_each(verify)?;
        Ok(readers)
    }

    /// The chosen plans; an error when the plan of the option does not exist.
    pub(crate) fn chosen<'a>(&self, configuration: &'a Configuration) -> anyhow::Result<Vec<&'a PlanFile>> {
        let ids: Vec<&str> = configuration.plans.iter().map(|p| p.catalogue.plan.id.as_str()).collect();
        if let Some(plan) = self.plan.as_deref().filter(|plan| !ids.contains(plan)) {
            bail!("unknown plan `{plan}`{}", contract::reader::nearest(plan, ids));
        }
        let is_chosen = |p: &&PlanFile| self.plan.as_ref().is_none_or(|plan| *plan == p.catalogue.plan.id);
        Ok(configuration.plans.iter().filter(is_chosen).collect())
    }

    /// The period that a plan is judged at: of the option, else the plan's own, else today.
    pub(crate) fn period(&self, plan: &Plan) -> ReportPeriod {
        let today = || Period::day(SystemClock.now().moment().date());
        ReportPeriod(self.on.or(plan.default_on).unwrap_or_else(today))
    }
}

impl VintageOptions {
    /// The chosen plans with their figures, by plan id, each with its vintage when `--known-at` is given.
    pub(crate) fn states(
        &self,
        configuration: &Configuration,
        readers: &[StoreReader],
    ) -> anyhow::Result<Vec<(PlanState, Option<PlanVintage>)>> {
        self.states_of(configuration, readers, |_| true)
    }

    /// The same of those plans whose catalogue is wanted.
    pub(crate) fn states_of(
        &self,
        configuration: &Configuration,
        readers: &[StoreReader],
        is_wanted: impl Fn(&Catalogue) -> bool,
    ) -> anyhow::Result<Vec<(PlanState, Option<PlanVintage>)>> {
        let chosen = self.plans.chosen(configuration)?.into_iter().filter(|plan| is_wanted(&plan.catalogue));
        let catalogues = chosen.map(|p| (p.catalogue.plan.id.as_str(), &p.catalogue));
        let catalogues: BTreeMap<&str, _> = catalogues.collect();
        let Some(time) = self.known_at else {
            let mut states = configuration.configured().empty_states();
            states.retain(|id, _| catalogues.contains_key(id.as_str()));
            let states = vintage::plan_states(readers, states).context("the store cannot be read")?;
            return Ok(states.into_values().map(|state| (state, None)).collect());
        };
        let shared = SharedFacts::read(readers).context("the store cannot be read")?;
        let vintages = catalogues.into_values().map(|catalogue| {
            let mut vintage = vintage::known_in(&shared, catalogue, time).context("the store cannot be read")?;
            let state = std::mem::replace(&mut vintage.state, PlanState::new(Arc::clone(catalogue)));
            Ok((state, Some(vintage)))
        });
        vintages.collect()
    }
}

/// Opens and verifies the stores; an error when there is none.
pub(crate) fn readers(configuration: &Configuration) -> anyhow::Result<Vec<StoreReader>> {
    let readers = open(configuration)?;
    readers.iter().try_for_each(StoreReader::verify)?;
    Ok(readers)
}

fn open(configuration: &Configuration) -> anyhow::Result<Vec<StoreReader>> {
    let folder = &configuration.settings.data_dir;
    let readers = if folder.is_dir() { store::open_readers(folder)? } else { Vec::new() };
    if readers.is_empty() {
        bail!(
            "nothing is stored in {} yet: run `shihyo run` first (`shihyo run --once` collects once and ends)",
            folder.display()
        );
    }
    Ok(readers)
}
