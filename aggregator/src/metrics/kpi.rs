//! Value, target, guide and status of every KPI, set at each scrape.

use super::registry::{MetricsError, gauges};
use aggregator_core::judge::Status;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::{CanonicalNumber, KpiReport};
use aggregator_core::report_period::ReportPeriod;
use contract::exact::canonical;
use prometheus::{GaugeVec, Registry};

const PLAN_KPI: [&str; 2] = ["plan", "kpi"];

#[derive(Debug)]
pub(super) struct KpiMetrics {
    value: GaugeVec,
    target: GaugeVec,
    path: GaugeVec,
    status: GaugeVec,
}

impl KpiMetrics {
    pub(super) fn new(r: &Registry) -> Result<Self, MetricsError> {
        let status = "1 for the status that a KPI has, 0 for the others; all 0 before the plan.";
        Ok(Self {
            value: gauges(r, "shihyo_kpi_value", "Value in the KPI's unit; absent where there is none.", &PLAN_KPI)?,
            target: gauges(r, "shihyo_kpi_target", "Target in the KPI's unit.", &PLAN_KPI)?,
            path: gauges(r, "shihyo_kpi_path", "Guide (not the plan's target) at the value's moment.", &PLAN_KPI)?,
            status: gauges(r, "shihyo_kpi_status", status, &["plan", "kpi", "status"])?,
        })
    }

    pub(super) fn clear(&self) {
        for gauges in [&self.value, &self.target, &self.path, &self.status] {
            gauges.reset();
        }
    }

    pub(super) fn refresh(&self, id: &str, plan: &PlanState, period: ReportPeriod) {
        for kpi in &plan.report(period, false).kpis {
            self.show(id, kpi);
        }
    }

    fn show(&self, plan: &str, kpi: &KpiReport) {
        let labels = [plan, kpi.id.as_str()];
        let numbers =
            [(&self.value, kpi.value.as_ref()), (&self.target, Some(&kpi.target)), (&self.path, kpi.path.as_ref())];
        for (gauges, number) in numbers {
            if let Some(number) = number {
                gauges.with_label_values(&labels).set(float(number));
            }
        }
        for status in Status::ALL {
            let has = kpi.status == Some(status.name());
            self.status.with_label_values(&[plan, &kpi.id, status.name()]).set(f64::from(u8::from(has)));
        }
    }
}

/// A canonical number as the nearest float, the only number of Prometheus.
fn float(number: &CanonicalNumber) -> f64 {
    canonical(&number.0).parse().unwrap_or(f64::NAN)
}
