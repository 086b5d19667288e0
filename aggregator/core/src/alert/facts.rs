//! What the rules look at: one KPI at one moment.

use super::landing::{LandingFall, LandingThresholds, fallen};
use super::restated::RestatedStatus;
use crate::judge::{self, Judgement, Lateness};
use crate::landing::TargetChance;
use crate::report_period::ReportPeriod;
use crate::rollup::LedgerView;
use contract::catalogue::Kpi;
use contract::time::Moment;
use std::cell::OnceCell;

/// What the rules look at, of one KPI at one moment.
pub struct KpiFacts<'a> {
    /// The plan's figures.
    pub view: &'a LedgerView<'a>,
    /// The KPI.
    pub kpi: &'a Kpi,
    /// The moment asked.
    pub period: ReportPeriod,
    /// Whether its `at_risk` alerts too.
    pub at_risk: bool,
    /// When a fallen chance alerts.
    pub thresholds: LandingThresholds,
    /// Its chances of reaching the target, one an evidence date and in order; none where none are known.
    pub chances: &'a [TargetChance],
    /// Its published statuses that corrections have changed of late, the latest day first.
    pub restated: &'a [RestatedStatus],
    /// When its target, or what else it is judged by, was changed of late, in order.
    pub target_changes: &'a [Moment],
    judged: OnceCell<Judgement>,
}

impl<'a> KpiFacts<'a> {
    /// A KPI at the end of a report period, with the usual thresholds and nothing beside the figures.
    pub fn new(view: &'a LedgerView<'a>, kpi: &'a Kpi, period: ReportPeriod) -> Self {
        let (at_risk, thresholds) = (false, LandingThresholds::default());
        let judged = OnceCell::new();
        Self { view, kpi, period, at_risk, thresholds, chances: &[], restated: &[], target_changes: &[], judged }
    }

    /// Its judgement, made when it is first asked for.
    pub fn judged(&self) -> &Judgement {
        self.judged.get_or_init(|| judge::judge(self.view, self.kpi, self.period))
    }

    /// What makes it stale.
    pub fn lateness(&self) -> Lateness {
        judge::lateness(self.view, self.kpi, self.period, self.judged())
    }

    /// The fall of its chance that stands.
    pub fn landing(&self) -> Option<LandingFall> {
        fallen(self.chances, self.thresholds)
    }
}
