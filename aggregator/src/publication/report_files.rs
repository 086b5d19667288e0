//! The files of a publication, made from a report once.

use crate::render::{PlanSheet, csv, html, md};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::{RULES_VERSION, Report};
use aggregator_core::report_period::ReportPeriod;
use contract::time::Micros;

/// A report that is to be published.
#[derive(Clone, Debug)]
pub struct ReportDraft {
    pub(super) plan: String,
    pub(super) name: (String, String),
    pub(super) on: String,
    pub(super) known_at: Option<Micros>,
    pub(super) rules_version: u32,
    /// Name, media type, bytes.
    pub(super) files: Vec<(&'static str, &'static str, Vec<u8>)>,
}

/// The files of a plan's report: what `report` prints in each form, and the answer of the API about the plan.
pub fn draft(state: &PlanState, period: ReportPeriod, known_at: Option<Micros>) -> Result<ReportDraft, askama::Error> {
    let (full, plan) = (state.report_with_landings(period, true), state.report_with_landings(period, false));
    let sheet = [PlanSheet::new(&state.catalogue, &plan)];
    let standing = serde_json::to_string(&plan).unwrap_or_default();
    let standing = format!("{{\"rules_version\":{RULES_VERSION},{}", standing.trim_start_matches('{'));
    let files = vec![
        ("report.html", "text/html; charset=utf-8", html::write(&sheet)?.into_bytes()),
        ("report.md", "text/markdown; charset=utf-8", md::write(&sheet).into_bytes()),
        ("report.csv", "text/csv; charset=utf-8; header=present", csv::write(&sheet).into_bytes()),
        ("report.json", "application/json", (Report::from(vec![full]).canonical_json() + "\n").into_bytes()),
        ("standing.json", "application/json", standing.into_bytes()),
    ];
    let (plan, name) = (&state.catalogue.plan, &state.catalogue.plan.name);
    Ok(ReportDraft {
        plan: plan.id.clone(),
        name: (name.ja.clone(), name.en.clone()),
        on: period.0.to_string(),
        known_at,
        rules_version: RULES_VERSION,
        files,
    })
}
