//! The rules of alerts over figures: when each holds, since when, and what it names.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use aggregator_core::alert::{AlertRule, AlertSubject, Finding, KpiFacts, detail, evaluate, restated};
use aggregator_core::judge::{OverduePeriod, Status};
use aggregator_core::landing::{TargetChance, evidence};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use contract::exact::whole;
use contract::period::Period;
use contract::record::{Finality, Observation, Span, Value};
use contract::time::{Micros, Moment, parse_date};

/// A register that is counted at the end of each month, due ten days later.
const REGISTER: &str = r#"
[[series.source.rhythm]]
every = "month"
expected_by_days = 10
grace_days = 5
"#;

fn kpi(kind: &str, target: &str) -> String {
    format!(
        r#"[[kpi]]
id = "k"
name = {{ ja = "名", en = "name" }}
policy = "policy"
kind = "{kind}"
series = "s"
unit = {{ ja = "件", en = "items" }}
baseline = {{ year = "FY2018", value = 100 }}
target = {{ {target} }}
citation = "p. 1"
"#
    )
}

fn plan(shape: &str, kpi: &str) -> PlanState {
    let series = testkit::series("s", shape, "d", "source");
    PlanState::new(testkit::catalogue(&format!("{}{series}{REGISTER}{kpi}", testkit::POLICY)))
}

fn level(target: &str) -> PlanState {
    plan("shape = \"level\"\ngrain = \"day\"", &kpi("level", target))
}

fn flow(target: &str) -> PlanState {
    plan("shape = \"flow\"\ngrain = \"month\"", &kpi("flow_per_year", target))
}

fn day(text: &str) -> i32 {
    Moment::midnight(parse_date(text).unwrap()).day()
}

fn observe(state: &mut PlanState, period: Span, value: Option<i64>, seen: &str) {
    let observation = Observation {
        plan: "p".into(),
        series: "s".into(),
        definition: "d".into(),
        source: "source".into(),
        period,
        value: value.map_or_else(|| Value::Unknown("?".into()), Value::Known),
        breakdown: None,
        finality: Finality::Final,
        revision: Micros::parse(&format!("{seen}T12:00:00+09:00")).unwrap(),
        visit: "poll".into(),
        place: None,
    };
    state.insert(&observation).unwrap();
}

fn as_of(date: &str) -> Span {
    Span::AsOf(Moment::midnight(parse_date(date).unwrap()))
}

fn month(text: &str) -> Span {
    Span::of(Period::parse(text).unwrap())
}

/// Evaluates a rule on a day.
fn with<T>(state: &mut PlanState, on: &str, then: impl Fn(&mut KpiFacts<'_>) -> T) -> T {
    let period = ReportPeriod(Period::parse(on).unwrap());
    state.settle(period.cutoff());
    let view = state.view(period.cutoff());
    then(&mut KpiFacts::new(&view, &state.catalogue.kpis[0], period))
}

fn finding(state: &mut PlanState, on: &str, rule: AlertRule) -> Finding {
    with(state, on, |facts| evaluate(facts, rule))
}

fn began(state: &mut PlanState, on: &str, rule: AlertRule) -> Option<String> {
    with(state, on, |facts| detail(facts, rule)).map(|found| found.began.date().to_string())
}

#[test]
fn off_track_begins_a_fall_and_only_the_path_ends_it() {
    // The path goes from 100 to 400 in three years; the tolerance is 30.
    let mut state = level("at_least = 400");
    let figures =
        [("2019-07-01", 130), ("2019-08-01", 90), ("2019-09-01", 128), ("2019-10-01", 149), ("2019-11-01", 160)];
    for (date, value) in figures {
        observe(&mut state, as_of(date), Some(value), date);
    }
    let found = ["2019-07-02", "2019-08-02", "2019-09-02", "2019-10-02", "2019-11-02"]
        .map(|on| finding(&mut state, on, AlertRule::Trend));
    let [clear, off, within, still, met] = found;
    assert_eq!((clear, off), (Finding::Clear, Finding::Holds("off_track")));
    assert_eq!(
        (within, still),
        (Finding::Holds("off_track"), Finding::Holds("off_track")),
        "within the tolerance it goes on"
    );
    assert_eq!(met, Finding::Clear, "and the path ends it");
    let since = ["2019-08-02", "2019-10-02"].map(|on| began(&mut state, on, AlertRule::Trend));
    assert_eq!(since, [Some("2019-08-01".to_owned()), Some("2019-08-01".to_owned())], "one fall, one beginning");
}

#[test]
fn at_risk_alerts_only_where_it_is_asked_for() {
    let mut state = level("at_least = 400");
    observe(&mut state, as_of("2019-10-01"), Some(140), "2019-10-01");
    assert_eq!(finding(&mut state, "2019-10-02", AlertRule::Trend), Finding::Clear);
    let asked = |facts: &mut KpiFacts<'_>| {
        facts.at_risk = true;
        evaluate(facts, AlertRule::Trend)
    };
    assert_eq!(with(&mut state, "2019-10-02", asked), Finding::Holds("at_risk"));
}

#[test]
fn a_trend_is_that_of_the_evidence_although_a_source_is_overdue_and_a_verdict_makes_it_worse() {
    let mut state = level("at_least = 400");
    observe(&mut state, as_of("2019-10-01"), Some(90), "2019-10-01");
    assert_eq!(finding(&mut state, "2019-10-02", AlertRule::Trend), Finding::Holds("off_track"));
    let late = ["2020-06-01", "2022-03-31", "2022-04-02"].map(|on| finding(&mut state, on, AlertRule::Trend));
    assert_eq!(late, [Finding::Holds("off_track"); 3], "silence is no recovery");
    assert_eq!(finding(&mut state, "2020-06-01", AlertRule::Overdue), Finding::Holds("stale"));
    observe(&mut state, as_of("2022-03-31"), Some(399), "2022-04-01");
    assert_eq!(finding(&mut state, "2022-05-01", AlertRule::Trend), Finding::Holds("missed"));
    assert_eq!(began(&mut state, "2022-05-01", AlertRule::Trend).unwrap(), "2019-10-01", "still the same fall");
    observe(&mut state, as_of("2022-03-31"), Some(400), "2022-05-02");
    assert_eq!(finding(&mut state, "2022-05-03", AlertRule::Trend), Finding::Clear);
}

fn periods(late: &[OverduePeriod]) -> Vec<(String, String)> {
    late.iter().map(|one| (one.period.to_string(), one.since.date().to_string())).collect()
}

#[test]
fn overdue_names_the_period_and_since_when() {
    let mut state = level("at_least = 400");
    observe(&mut state, as_of("2019-07-31"), Some(200), "2019-08-01");
    // August is due ten days behind 1 September, with five days of grace.
    assert_eq!(finding(&mut state, "2019-09-16", AlertRule::Overdue), Finding::Clear);
    assert_eq!(finding(&mut state, "2019-09-17", AlertRule::Overdue), Finding::Holds("stale"));
    let found = with(&mut state, "2019-12-31", |facts| detail(facts, AlertRule::Overdue)).unwrap();
    let AlertSubject::Overdue(late) = found.subject else { panic!("{found:?}") };
    assert_eq!(periods(&late), [("2019-11".to_owned(), "2019-12-17".to_owned())], "the latest that is owed");
    assert_eq!(finding(&mut state, "2019-12-31", AlertRule::Missing), Finding::Clear);
}

#[test]
fn a_month_inside_the_year_that_never_came_is_missing_not_overdue() {
    let mut state = flow("at_least = 400");
    for (at, seen) in
        [("2019-04", "2019-05-02"), ("2019-06", "2019-07-02"), ("2019-07", "2019-08-02"), ("2019-08", "2019-09-02")]
    {
        observe(&mut state, month(at), Some(40), seen);
    }
    let on = "2019-09-10";
    assert_eq!(finding(&mut state, on, AlertRule::Missing), Finding::Holds("missing"));
    assert_eq!(finding(&mut state, on, AlertRule::Overdue), Finding::Clear);
    let found = with(&mut state, on, |facts| detail(facts, AlertRule::Missing)).unwrap();
    let AlertSubject::Missing(late) = found.subject else { panic!("{found:?}") };
    assert_eq!(periods(&late), [("2019-05".to_owned(), "2019-06-17".to_owned())]);
    // Then September does not come either.
    let both = [AlertRule::Missing, AlertRule::Overdue].map(|rule| finding(&mut state, "2019-10-17", rule));
    assert_eq!(both, [Finding::Holds("missing"), Finding::Holds("stale")]);
    observe(&mut state, month("2019-05"), Some(40), "2019-10-16");
    let both = [AlertRule::Missing, AlertRule::Overdue].map(|rule| finding(&mut state, "2019-10-17", rule));
    assert_eq!(both, [Finding::Clear, Finding::Holds("stale")]);
}

fn chances(per_cent: &[u32]) -> Vec<TargetChance> {
    let chance = |(at, p): (i64, &u32)| TargetChance { at: Moment(at), probability: whole(*p) / whole(100) };
    (1..).zip(per_cent).map(chance).collect()
}

#[test]
fn a_chance_that_falls_alerts_while_the_plan_runs_and_the_target_is_open() {
    let mut state = level("at_least = 400");
    observe(&mut state, as_of("2019-10-01"), Some(300), "2019-10-01");
    let of = |state: &mut PlanState, on: &str, per_cent: &[u32]| {
        let own = chances(per_cent);
        with(state, on, |facts| {
            let mut asked = KpiFacts::new(facts.view, facts.kpi, facts.period);
            asked.chances = &own;
            evaluate(&asked, AlertRule::Landing)
        })
    };
    assert_eq!(of(&mut state, "2019-10-02", &[]), Finding::Open, "not known yet: an alert stays as it is");
    assert_eq!(of(&mut state, "2019-10-02", &[70, 50]), Finding::Clear);
    assert_eq!(of(&mut state, "2019-10-02", &[70, 40, 30]), Finding::Holds("landing"));
    let mut off_track = level("at_least = 400");
    observe(&mut off_track, as_of("2019-10-01"), Some(90), "2019-10-01");
    assert_eq!(of(&mut off_track, "2019-10-02", &[70, 40]), Finding::Holds("landing"), "it was warned of before");
    let late =
        [TargetChance { at: Moment::midnight(parse_date("2019-10-31").unwrap()), probability: whole(1) / whole(10) }];
    let found = with(&mut off_track, "2019-11-02", |facts| {
        let mut asked = KpiFacts::new(facts.view, facts.kpi, facts.period);
        asked.chances = &late;
        evaluate(&asked, AlertRule::Landing)
    });
    assert_eq!(found, Finding::Clear, "off its path already");
    observe(&mut state, as_of("2019-11-01"), Some(400), "2019-11-01");
    assert_eq!(of(&mut state, "2019-11-02", &[70, 40, 30]), Finding::Clear, "it is achieved");
    assert_eq!(of(&mut state, "2022-06-01", &[70, 40, 30]), Finding::Clear, "the verdict speaks");
}

/// Statuses that corrections have changed as of a day: the day, what it was and what it is.
fn changed(state: &mut PlanState, on: &str) -> Vec<(String, &'static str, &'static str)> {
    let period = ReportPeriod(Period::parse(on).unwrap());
    state.settle(period.cutoff());
    let found = restated(&state.view(period.cutoff()), day(on)).remove(0);
    let date = |day| contract::time::date_of(day).to_string();
    found.iter().map(|one| (date(one.day), one.before.name(), one.after.name())).collect()
}

#[test]
fn a_correction_that_changes_a_published_status_is_named_for_a_week() {
    let mut state = level("at_least = 400");
    for (date, value) in [("2019-07-01", 130), ("2019-08-01", 140), ("2019-09-01", 150), ("2019-10-01", 160)] {
        observe(&mut state, as_of(date), Some(value), date);
    }
    assert_eq!(changed(&mut state, "2019-10-20"), []);
    observe(&mut state, as_of("2019-09-01"), Some(80), "2019-10-20");
    let expected = [("2019-09-30".to_owned(), "on_track", "off_track")];
    assert_eq!(changed(&mut state, "2019-10-20"), expected);
    assert_eq!(changed(&mut state, "2019-10-27"), expected);
    assert_eq!(changed(&mut state, "2019-10-28"), [], "what happened is not news for ever");
    // The correction is taken back in time.
    observe(&mut state, as_of("2019-09-01"), Some(150), "2019-10-21");
    assert_eq!(changed(&mut state, "2019-10-22"), []);
}

#[test]
fn late_and_provisional_figures_and_corrections_without_effect_are_no_news() {
    let mut state = level("at_least = 400");
    for (date, value) in [("2019-07-01", 130), ("2019-10-01", 160)] {
        observe(&mut state, as_of(date), Some(value), date);
    }
    observe(&mut state, as_of("2019-09-01"), Some(80), "2019-10-20");
    assert_eq!(changed(&mut state, "2019-10-20"), [], "a figure that came late is no correction");
    observe(&mut state, as_of("2019-07-01"), Some(131), "2019-10-20");
    assert_eq!(changed(&mut state, "2019-10-20"), [], "and this one changes no status");
    observe(&mut state, as_of("2019-10-01"), None, "2019-10-20");
    assert_eq!(changed(&mut state, "2019-10-20"), [], "no status of October was published yet");
}

#[test]
fn any_order_of_arrival_gives_the_same_findings() {
    let figures = [
        ("2019-07-01", 130, "2019-07-01"),
        ("2019-08-01", 90, "2019-08-01"),
        ("2019-09-01", 128, "2019-09-01"),
        ("2019-09-01", 120, "2019-10-18"),
        ("2019-08-01", 141, "2019-10-19"),
        ("2019-10-01", 149, "2019-10-01"),
    ];
    let all = |order: &[usize]| {
        let mut state = level("at_least = 400");
        for at in order {
            let (date, value, seen) = figures[*at];
            observe(&mut state, as_of(date), Some(value), seen);
        }
        let found =
            AlertRule::ALL.map(|rule| (finding(&mut state, "2019-10-20", rule), began(&mut state, "2019-10-20", rule)));
        (found, changed(&mut state, "2019-10-20"))
    };
    let forward = all(&[0, 1, 2, 3, 4, 5]);
    assert_eq!(forward.1.len(), 1, "{forward:?}");
    for order in [[5, 4, 3, 2, 1, 0], [3, 2, 5, 0, 4, 1], [4, 1, 0, 5, 2, 3]] {
        assert_eq!(all(&order), forward);
    }
}

/// The chances at each of some dates, as the figures stand now.
fn chances_at(state: &mut PlanState, dates: &[&str]) -> Vec<TargetChance> {
    let chance = |on: &&str| {
        let period = ReportPeriod(Period::parse(on).unwrap());
        let landing = evidence(&state.view(period.cutoff()), &state.catalogue.kpis[0], period).answer().ok()?;
        Some(TargetChance { at: landing.at, probability: landing.target.probability })
    };
    dates.iter().filter_map(chance).collect()
}

#[test]
fn a_register_that_falls_fires_landing_before_it_crosses_its_path() {
    // The path goes from 65 to 125; on 31 December 2019 it is at 79.97.
    let kpi = kpi("level", "at_least = 125").replace("value = 100", "value = 65");
    let mut state = plan("shape = \"level\"\ngrain = \"day\"", &kpi);
    let figures = [
        ("2019-07-31", 100),
        ("2019-08-31", 98),
        ("2019-09-30", 95),
        ("2019-10-31", 91),
        ("2019-11-30", 86),
        ("2019-12-31", 81),
    ];
    for (date, value) in figures {
        observe(&mut state, as_of(date), Some(value), date);
    }
    let (status, path) = with(&mut state, "2020-01-05", |facts| {
        let judged = facts.judged();
        (judged.status, contract::exact::fixed(judged.path.as_ref().unwrap(), 2))
    });
    assert_eq!((status, path.as_str()), (Some(Status::OnTrack), "79.97"));
    let dates = ["2019-08-05", "2019-09-05", "2019-10-05", "2019-11-05", "2019-12-05", "2020-01-05"];
    let chances = chances_at(&mut state, &dates);
    assert_eq!(chances.len(), 1, "the first five dates have too few figures");
    let found = with(&mut state, "2020-01-05", |facts| {
        let mut asked = KpiFacts::new(facts.view, facts.kpi, facts.period);
        asked.chances = &chances;
        [AlertRule::Landing, AlertRule::Trend].map(|rule| evaluate(&asked, rule))
    });
    assert_eq!(found, [Finding::Holds("landing"), Finding::Clear]);
}
