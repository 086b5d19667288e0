//! Five years of months with noise and seasons: no alert from seasons alone, and none that flaps.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use aggregator_core::alert::{AlertRule, Finding, KpiFacts, evaluate};
use aggregator_core::judge::Status;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use contract::catalogue;
use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Span, Value};
use contract::time::{Micros, date_of};

/// Five fiscal years; `SERIES` and `KIND` are filled in.
const PLAN: &str = r#"
[plan]
id = "p"
name = { ja = "計画", en = "Plan" }
city = { ja = "市", en = "City" }
first_year = "FY2019"
last_year = "FY2023"
citation = "p. 1"
[[policy]]
id = "policy"
name = { ja = "施策", en = "policy" }
owner = { ja = "課", en = "section" }
[[series]]
id = "s"
name = { ja = "件数", en = "items" }
unit = { ja = "件", en = "items" }
SHAPE
[[series.definition]]
id = "d"
text = { ja = "数え方", en = "rule" }
[[series.source]]
id = "source"
[[series.source.rhythm]]
every = "month"
expected_by_days = 10
grace_days = 5
[[kpi]]
id = "k"
name = { ja = "件数", en = "items" }
policy = "policy"
series = "s"
unit = { ja = "件", en = "items" }
citation = "p. 1"
KPI
"#;

/// Shares of a year's applications, April first, in per cent: the fiscal year begins quietly.
const SEASON: [i64; 12] = [4, 5, 6, 8, 9, 9, 9, 9, 9, 10, 11, 11];

/// Numbers from -1000 to 1000 that look random, the same on every machine.
struct Noise(u64);

impl Noise {
    fn thousandths(&mut self) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % 2001).unwrap() - 1000
    }
}

fn state(shape: &str, kpi: &str) -> PlanState {
    let text = PLAN.replace("SHAPE", shape).replace("KPI", kpi);
    PlanState::new(catalogue::parse("p.toml", &text).unwrap())
}

fn observe(state: &mut PlanState, period: Span, value: i64, end: i32) {
    let observation = Observation {
        plan: "p".into(),
        series: "s".into(),
        definition: "d".into(),
        source: "source".into(),
        period,
        value: Value::Known(value),
        breakdown: None,
        finality: Finality::Final,
        revision: Micros(i64::from(end + 3) * 86_400_000_000),
        visit: "poll".into(),
        place: None,
    };
    state.insert(&observation).unwrap();
}

/// What the months of a plan showed, each asked ten days after its end.
#[derive(Debug, Default, PartialEq, Eq)]
struct Lived {
    off_track: usize,
    status_changes: usize,
    fired: usize,
}

/// Gives the months of FY2016 to FY2023 a value each, and lives through the plan.
fn live(state: &mut PlanState, is_flow: bool, value: impl Fn(i32, usize) -> i64) -> Lived {
    for (year, number) in (2016..2024).flat_map(|year| (0..12).map(move |number| (year, number))) {
        let month = Period::fiscal_year(year).parts(Grain::Month).nth(number).unwrap();
        let span = if is_flow { Span::of(month) } else { Span::AsOf(month.end()) };
        observe(state, span, value(year, number), month.end().day());
    }
    let (mut lived, mut before, mut is_firing) = (Lived::default(), None, false);
    for month in (2019..2024).flat_map(|year| Period::fiscal_year(year).parts(Grain::Month)).take(59) {
        let period = ReportPeriod(Period::day(date_of(month.end().day() + 9)));
        state.settle(period.cutoff());
        let view = state.view(period.cutoff());
        let facts = KpiFacts::new(&view, &state.catalogue.kpis[0], period);
        let status = facts.judged().status;
        let fires = matches!(evaluate(&facts, AlertRule::Trend), Finding::Holds(_));
        lived.off_track += usize::from(status == Some(Status::OffTrack));
        lived.status_changes += usize::from(before.is_some_and(|before| before != status));
        lived.fired += usize::from(fires && !is_firing);
        (before, is_firing) = (Some(status), fires);
    }
    lived
}

fn applications() -> PlanState {
    state(
        "shape = \"flow\"\ngrain = \"month\"",
        "kind = \"flow_per_year\"\nbaseline = { year = \"FY2018\", value = 20000 }\ntarget = { at_least = 30000 }",
    )
}

/// The goal of a fiscal year between 20,000 and 30,000.
fn goal(year: i32) -> i64 {
    20_000 + 2_000 * i64::from((year - 2018).clamp(0, 5))
}

#[test]
fn a_season_alone_is_never_off_track_and_never_alerts() {
    let lived = live(&mut applications(), true, |year, number| goal(year) * SEASON[number] / 100);
    assert_eq!((lived.off_track, lived.fired), (0, 0), "on its goal in each year");
}

#[test]
fn five_noisy_years_on_the_goal_raise_hardly_an_alert() {
    let (mut off_track, mut fired) = (0, 0);
    for seed in 1..=20 {
        let mut noise = Noise(seed * 7919);
        let months: Vec<i64> = (0..96).map(|_| noise.thousandths()).collect();
        let value = |year: i32, number: usize| {
            let plain = goal(year) * SEASON[number] / 100;
            let index = usize::try_from(year - 2016).unwrap() * 12 + number;
            // Four per cent up or down, and two per cent more than the goal.
            plain * 102 / 100 + plain * 4 / 100 * months[index] / 1000
        };
        let lived = live(&mut applications(), true, value);
        off_track += lived.off_track;
        fired += lived.fired;
    }
    assert_eq!((off_track, fired), (0, 0), "20 seeds, 59 months each");
}

#[test]
fn a_value_at_the_border_of_the_tolerance_alerts_without_flapping() {
    let (mut changes, mut fired, mut most) = (0, 0, 0);
    for seed in 1..=20 {
        let mut state = state(
            "shape = \"level\"\ngrain = \"day\"",
            "kind = \"level\"\nbaseline = { year = \"FY2018\", value = 10000 }\ntarget = { at_least = 20000 }",
        );
        let mut noise = Noise(seed * 104_729);
        let months: Vec<i64> = (0..96).map(|_| noise.thousandths()).collect();
        let value = |year: i32, number: usize| {
            let index = usize::try_from(year - 2016).unwrap() * 12 + number;
            // The tolerance is 1,000; the value moves around its border.
            let path = 10_000 + (i64::try_from(index).unwrap() - 35) * 10_000 / 60;
            path - 1_000 + months[index] / 2
        };
        let lived = live(&mut state, false, value);
        changes += lived.status_changes;
        fired += lived.fired;
        most = most.max(lived.fired);
    }
    assert!(changes > 20 * 20, "the statuses change often: {changes}");
    assert_eq!((fired, most), (20, 1), "one alert each");
}
