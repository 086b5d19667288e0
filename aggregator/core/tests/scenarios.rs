//! Runs every file of `scenarios/` : the judgement of a KPI, at the end of each report period, from the figures given.
#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test may stop at what is wrong"
)]

mod support;

use aggregator_core::judge::{DatedValue, Judgement, judge};
use aggregator_core::landing::{LandingAnswer, LandingSilence, question};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use contract::exact::whole;
use contract::period::Period;
use support::{Expect, Scenario, shown};

fn listed(months: &[Period]) -> String {
    let months: Vec<String> = months.iter().map(Period::to_string).collect();
    if months.is_empty() { "-".into() } else { months.join(" ") }
}

/// A word about the landing; where nothing is said, the reason.
fn landed(name: &str, landing: &LandingAnswer, like: &str) -> String {
    let landing = match landing {
        Ok(landing) => landing,
        Err(LandingSilence::TooFewFigures { figures }) if name == "points" => return figures.to_string(),
        Err(LandingSilence::UnknownPeriod { period }) if name == "points" => return period.clone(),
        Err(silence) => return silence.name().to_owned(),
    };
    let number = |value| shown(Some(value), like.split(' ').next_back().unwrap_or_default());
    let ends = |(low, high)| format!("{} {}", number(low), number(high));
    match name {
        "landing" => number(&landing.target.expected),
        "lands_80" => ends((&landing.target.interval80.0, &landing.target.interval80.1)),
        "lands_95" => ends((&landing.target.interval95.0, &landing.target.interval95.1)),
        "chance" => number(&(&landing.target.probability * whole(100))),
        "year_lands" => landing.year.as_ref().map_or_else(|| "-".into(), |year| number(&year.expected)),
        "points" => landing.figures.to_string(),
        _ => if landing.provisional { "yes" } else { "no" }.into(),
    }
}

fn shown_field(state: &PlanState, (judged, landing): (&Judgement, &LandingAnswer), name: &str, like: &str) -> String {
    let past = |past: &Option<DatedValue>| shown(past.as_ref().map(|p| &p.value), like);
    let measured = judged.measured.as_ref();
    match name {
        "as_of" => measured.map_or_else(|| "-".into(), |m| m.at.date().to_string()),
        "path" => shown(judged.path.as_ref(), like),
        "progress" => shown(judged.progress.as_ref(), like),
        "pace" => shown(judged.required_pace.as_ref(), like),
        "carried" => past(&judged.carried),
        "later" => past(&judged.later),
        "pace_for" => judged.required_pace_for.map_or("-", aggregator_core::judge::PaceGoal::name).into(),
        "progress_year" => judged.progress_year.map_or_else(|| "-".into(), |y| Period::fiscal_year(y).to_string()),
        "months" => judged.months.map_or_else(|| "-".into(), |m| format!("{} of {}", m.known, m.of)),
        "missing" => listed(&judged.missing),
        "incomplete" => if judged.incomplete { "yes" } else { "no" }.into(),
        "source" => judged.source(&state.catalogue).unwrap_or("-").into(),
        "provisional" => if measured.is_some_and(|m| m.provisional) { "yes" } else { "no" }.into(),
        "landing" | "lands_80" | "lands_95" | "chance" | "year_lands" | "points" | "landing_provisional" => {
            landed(name, landing, like)
        }
        other => panic!("unknown word `{other}` in an expectation"),
    }
}

fn check(state: &PlanState, expect: &Expect) -> Vec<String> {
    let period = ReportPeriod(expect.on);
    let kpi = &state.catalogue.kpis[0];
    let view = state.view(period.cutoff());
    let judged = judge(&view, kpi, period);
    let landing = question(&view, kpi, &judged, period).and_then(|question| question.answer());
    let status = judged.status.map_or("-", aggregator_core::judge::Status::name).to_owned();
    let value = shown(judged.measured.as_ref().map(|m| &m.value), &expect.value);
    let mut wrong = Vec::new();
    let mut compare = |name: &str, got: String, want: &str| {
        if got != want {
            wrong.push(format!("`{}`: {name} is {got}, not {want}", expect.line.trim()));
        }
    };
    compare("phase", judged.phase.name().into(), &expect.phase);
    compare("status", status, &expect.status);
    compare("value", value, &expect.value);
    for (name, want) in &expect.more {
        compare(name, shown_field(state, (&judged, &landing), name, want), want);
    }
    wrong
}

#[test]
fn every_scenario_says_what_is_expected() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "txt"));
    files.sort();
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let scenario = Scenario::parse(&name, &std::fs::read_to_string(path).unwrap());
        assert!(!scenario.expects.is_empty(), "{name} expects nothing");
        let mut state = PlanState::new(scenario.catalogue);
        for (observation, refused) in &scenario.observations {
            let outcome = state.insert(observation).err().map_or("", |refusal| refusal.label());
            assert_eq!(outcome, refused, "{name}: {observation:?}");
        }
        for expect in &scenario.expects {
            checked += 1;
            wrong.extend(check(&state, expect).into_iter().map(|text| format!("{name}: {text}")));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(files.len() >= 70 && checked >= 450, "{} scenarios with {checked} expectations", files.len());
}
