//! What must hold between the parts of a catalogue.

use super::model::{Catalogue, Kpi, Measure, Plan, Series};
use crate::exact;
use crate::reader::TomlTable;
use num_traits::Signed;
use std::collections::BTreeSet;

/// Most series and KPIs of a plan, and definitions and sources of a series.
const MAX_ENTRIES: usize = 250;

/// Ids that stand twice, and lists that are too long.
pub(super) fn whole(top: &TomlTable<'_>, catalogue: &Catalogue) {
    let unique = |key: &'static str, ids: Vec<&str>| {
        let mut seen = BTreeSet::new();
        for id in ids.iter().filter(|id| !id.is_empty()) {
            if !seen.insert(*id) {
                top.mistake(key, format!("the {key} id `{id}` stands twice"));
            }
        }
        if ids.len() > MAX_ENTRIES {
            top.mistake(key, format!("{} entries of {key}; at most {MAX_ENTRIES}", ids.len()));
        }
    };
    unique("policy", catalogue.policies.iter().map(|p| p.id.as_str()).collect());
    unique("series", catalogue.series.iter().map(|s| s.id.as_str()).collect());
    unique("grade", catalogue.grades.iter().map(|g| g.id.as_str()).collect());
    unique("kpi", catalogue.kpis.iter().map(|k| k.id.as_str()).collect());
    for series in &catalogue.series {
        unique("series", series.definitions.iter().map(|d| d.id.as_str()).collect());
        unique("series", series.sources.iter().map(|s| s.id.as_str()).collect());
    }
}

/// One KPI against its series and its own numbers.
pub(super) fn kpi(r: &TomlTable<'_>, plan: &Plan, series: &[Series], kpi: &Kpi) {
    shapes(r, series, kpi);
    if kpi.kind.has_path() && kpi.origin().is_none() {
        r.mistake(
            "baseline",
            "a KPI with a path needs a `baseline`, or a `start` declared on a 1 April with its reason",
        );
    }
    if kpi.round_to.is_some() && !kpi.kind.may_round() {
        r.mistake("round_to", "only a ceiling has `round_to`");
    }
    if kpi.maximum.as_ref().is_some_and(|maximum| kpi.target > *maximum) {
        r.mistake("maximum", "`maximum` is below the target, which could then never be met");
    }
    if kpi.tolerance.as_ref().is_some_and(Signed::is_negative) {
        r.mistake("tolerance", "`tolerance` must not be negative");
    }
    if let Some((_, message)) = kpi.kind.direction().filter(|(direction, _)| *direction != kpi.direction) {
        r.mistake("target", message);
    }
    goals(r, plan, kpi);
}

fn goals(r: &TomlTable<'_>, plan: &Plan, kpi: &Kpi) {
    let Some(origin) = kpi.origin() else { return };
    if origin.year >= plan.last_year {
        r.mistake("baseline", "the baseline must lie before the plan's last year");
    }
    if kpi.kind.has_path() && kpi.target != origin.value && !kpi.direction.meets(&kpi.target, &origin.value) {
        let (from, to) = (exact::canonical(&origin.value), exact::canonical(&kpi.target));
        r.mistake(
            "target",
            format!("the direction runs against the target: from {from} to {to}; `at_least` or `at_most`?"),
        );
    }
    let mut before = origin.clone();
    for goal in &kpi.milestones {
        if goal.year <= before.year || goal.year >= plan.last_year {
            let message = "milestones must stand in order of years, after the baseline and before the plan's last year";
            r.mistake("milestone", message);
        }
        let towards = kpi.direction.meets(&goal.value, &before.value) && kpi.direction.meets(&kpi.target, &goal.value);
        if !towards {
            let value = exact::canonical(&goal.value);
            r.mistake("milestone", format!("the milestone of FY{} ({value}) is not towards the target", goal.year));
        }
        before = goal.clone();
    }
}

fn shapes(r: &TomlTable<'_>, series: &[Series], kpi: &Kpi) {
    for part in kpi.measure.parts() {
        let Some(series) = series.get(part.series) else { continue };
        let fits = kpi.kind.is_fed_by(series.shape, series.grain);
        if !fits {
            let word = kpi.kind.word();
            let key = if matches!(kpi.measure, Measure::Ratio { .. }) { "numerator" } else { "series" };
            r.mistake(
                key,
                format!("a KPI of kind {word} cannot be fed by the {:?} series `{}`", series.shape, series.id)
                    .to_lowercase(),
            );
        }
    }
}
