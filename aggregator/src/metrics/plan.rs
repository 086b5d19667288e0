//! How many KPIs of each plan have which status, set at each scrape: few series a plan, so that rules cover all plans.

use super::registry::{MetricsError, gauges, register};
use aggregator_core::judge::Status;
use aggregator_core::plan_summary::PlanSummary;
use prometheus::{GaugeVec, IntGauge, Registry};

#[derive(Debug)]
pub(super) struct PlanMetrics {
    kpis: GaugeVec,
    of_plan: GaugeVec,
    overdue: GaugeVec,
    left_out: IntGauge,
    uncounted: IntGauge,
}

/// A small count as a float.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

impl PlanMetrics {
    pub(super) fn new(r: &Registry) -> Result<Self, MetricsError> {
        let of_plan = "KPIs of a plan by status, at the plan's default moment; a status that none has is absent.";
        let overdue = "Sources of series of a plan whose next figure is overdue.";
        let left_out = "KPIs without series of their own, because their plan is beyond `metrics.plans`.";
        let uncounted = "Plans that `shihyo_kpis` does not count yet, because they are being summed up.";
        Ok(Self {
            kpis: gauges(r, "shihyo_kpis", "KPIs of all plans by status.", &["status"])?,
            of_plan: gauges(r, "shihyo_plan_kpis", of_plan, &["plan", "status"])?,
            overdue: gauges(r, "shihyo_plan_sources_overdue", overdue, &["plan"])?,
            left_out: register(r, IntGauge::new("shihyo_kpis_left_out", left_out)?)?,
            uncounted: register(r, IntGauge::new("shihyo_plans_uncounted", uncounted)?)?,
        })
    }

    pub(super) fn clear(&self) {
        for gauges in [&self.kpis, &self.of_plan, &self.overdue] {
            gauges.reset();
        }
        self.left_out.set(0);
        self.uncounted.set(0);
    }

    /// Counts a plan; `None` while its summary is not known.
    pub(super) fn count(&self, plan: &str, summary: Option<PlanSummary>) {
        let Some(summary) = summary else { return self.uncounted.inc() };
        for status in Status::ALL {
            let kpis = number(summary.count(status));
            self.kpis.with_label_values(&[status.name()]).add(kpis);
            if kpis > 0.0 {
                self.of_plan.with_label_values(&[plan, status.name()]).set(kpis);
            }
        }
        self.overdue.with_label_values(&[plan]).set(number(summary.overdue_sources));
    }

    /// Counts KPIs that have no series of their own.
    pub(super) fn leave_out(&self, kpis: usize) {
        self.left_out.add(i64::try_from(kpis).unwrap_or(i64::MAX));
    }
}
