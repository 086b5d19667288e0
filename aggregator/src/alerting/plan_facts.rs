//! What the rules look at beside the judgements of a plan: chances, corrections and changed targets of late.

use super::notification::ChangedField;
use aggregator_core::alert::{NOTICE_DAYS, RestatedStatus, corrections, restated};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use contract::catalogue::Bilingual;
use contract::period::{Grain, Period};
use contract::time::{Micros, Moment, date_of};
use std::hash::{Hash as _, Hasher as _};

/// The published statuses of a plan that corrections have changed of late, and what they were computed from.
#[derive(Clone, Debug, Default)]
pub(super) struct RestatedPlan {
    fingerprint: u64,
    statuses: Vec<Vec<RestatedStatus>>,
}

impl RestatedPlan {
    /// Computes them again when there are other corrections, or the day has changed: it judges the months of a plan twice.
    pub(super) fn refresh(&mut self, state: &PlanState, now: Micros) {
        let today = now.moment().day();
        let found = corrections(state.ledger(), day_start(today - NOTICE_DAYS).micros());
        let mut hasher = rustc_hash::FxHasher::default();
        today.hash(&mut hasher);
        for one in &found {
            (one.key, one.revision).hash(&mut hasher);
        }
        let fingerprint = hasher.finish();
        if fingerprint == self.fingerprint {
            return;
        }
        self.fingerprint = fingerprint;
        let day = ReportPeriod(Period { grain: Grain::Day, index: today });
        self.statuses = if found.is_empty() { Vec::new() } else { restated(&state.view(day.cutoff()), today) };
    }

    /// Those of a KPI, by its index.
    pub(super) fn of(&self, kpi: usize) -> &[RestatedStatus] {
        self.statuses.get(kpi).map_or(&[], Vec::as_slice)
    }
}

fn day_start(day: i32) -> Moment {
    Moment::midnight(date_of(day))
}

/// What a KPI is judged by that was changed in the last days: when, and what; in order.
pub(super) fn target_changes(state: &PlanState, kpi: &str, now: Micros) -> Vec<(Moment, ChangedField)> {
    let since = day_start(now.moment().day() - NOTICE_DAYS).micros();
    let recent = state.targets().of(kpi).iter().filter_map(|change| {
        // One that is configured and not recorded yet becomes known with its record.
        let known = change.known_at.filter(|known| *known > since)?;
        let (ja, en) = change.field.label();
        let field = Bilingual { ja: ja.to_owned(), en: en.to_owned() };
        Some((known.moment(), ChangedField { field, before: change.before.clone(), after: change.after.clone() }))
    });
    recent.collect()
}
