use super::TargetHistory;
use crate::plan_state::PlanState;
use contract::catalogue::Catalogue;
use contract::record::CatalogueText;
use contract::time::Micros;
use std::sync::Arc;

/// A plan with one KPI, and its text with a target.
fn text(target: i64) -> String {
    let kpi = "
[[series]]
id = \"uses\"
name = { ja = \"件数\", en = \"uses\" }
unit = { ja = \"件\", en = \"uses\" }
shape = \"flow\"
grain = \"month\"
[[series.definition]]
id = \"d\"
text = { ja = \"規\", en = \"rule\" }
[[series.source]]
id = \"register\"
[[kpi]]
id = \"uses\"
policy = \"policy\"
name = { ja = \"件数\", en = \"uses\" }
unit = { ja = \"件\", en = \"uses\" }
kind = \"flow_per_year\"
series = \"uses\"
baseline = { year = \"FY2017\", value = 100 }
target = { at_least = TARGET }
citation = \"p. 1\"
";
    format!("{}{}{}", testkit::PLAN, testkit::POLICY, kpi.replace("TARGET", &target.to_string()))
}

fn catalogue(target: i64) -> Arc<Catalogue> {
    Arc::new(contract::catalogue::parse("p.toml", &text(target)).unwrap())
}

fn published(revision: i64, text: String) -> CatalogueText {
    CatalogueText { plan: "p".into(), revision: Micros(revision), text }
}

#[test]
fn a_plan_holds_its_catalogue_once_whatever_was_recorded() {
    let configured = catalogue(200);
    let mut state = PlanState::new(Arc::clone(&configured));
    assert!(state.publish(&published(1, text(200))));
    assert!(state.targets().all().is_empty());
    assert!(Arc::ptr_eq(&state.catalogue, &configured));
    // Here, in the state, and in its history of targets, which shares it.
    assert_eq!(Arc::strong_count(&configured), 3);
}

#[test]
fn what_was_asked_before_a_catalogue_came_is_compared_anew_with_it() {
    let mut history = TargetHistory::new(catalogue(150));
    assert!(history.all().is_empty());
    assert!(history.add(&published(2, text(150))));
    assert!(history.all().is_empty());
    assert!(history.add(&published(1, text(200))));
    let changes: Vec<_> = history.of("uses").iter().map(|change| change.known_at).collect();
    assert_eq!(changes, [Some(Micros(2))]);
    assert!(!history.add(&published(1, text(200))), "it is there");
    // One that this version cannot read stands between them and changes nothing.
    history.add(&published(1, "[plan".into()));
    assert_eq!(history.of("uses").len(), 1);
    assert_eq!(history.first("uses").map(|first| first.known_at), Some(Some(Micros(1))));
}
