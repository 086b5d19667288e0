//! A seeded simulation: random plans and records, judged by the core and by a naive oracle that was written
//! from the rules alone. Both must give the same in every field. One seed replays a failure.
#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test may stop at what is wrong"
)]

mod oracle;
mod random;

use aggregator_core::judge::{DatedValue, Judgement, PaceGoal, Status, judge};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use aggregator_core::scenario::Scenario;
use contract::catalogue::Catalogue;
use contract::exact::Exact;
use contract::period::Period;
use contract::record::Observation;
use contract::time::Moment;
use random::Random;
use std::collections::BTreeMap;

/// Rounds of a plain run; `SHIHYO_ROUNDS` asks for more, `SHIHYO_SEED` for one, and `SHIHYO_KPI` with it
/// prints both answers of one KPI.
const ROUNDS: u64 = 60;

/// What a plain run must have met, and how often at least: rules that the oracle noted where they decided an answer.
const RULES: [(&str, u64); 38] = [
    ("a ceiling settled", 100),
    ("a change waits for confirmation", 50),
    ("a decrease that breaks", 5),
    ("a fall from achieved waits as on_track", 5),
    ("a figure before the baseline year is carried", 100),
    ("a joint as_of below the minimum denominator", 3),
    ("a label that restarts", 3),
    ("a last figure before the last interval", 100),
    ("a last figure before the last year", 50),
    ("a month that a source calls unknown", 50),
    ("a negative figure is refused", 20),
    ("a pace that may still be used", 100),
    ("a quarter's share split in three", 100),
    ("a ratio whose parts have no joint as_of", 20),
    ("a running total settled", 30),
    ("a running total settled with gaps", 100),
    ("a settled bound is not stale", 100),
    ("a verdict by a bound", 30),
    ("a verdict without its last figure", 30),
    ("a tolerance of 3 % at least", 50),
    ("a year's sum settled", 10),
    ("a year's sum settled with gaps", 30),
    ("an edition of the last interval's first instant", 20),
    ("an older value carried past its window", 50),
    ("closing", 100),
    ("complete months that do not adjoin", 100),
    ("counter total with two sources", 10),
    ("no seasons", 100),
    ("no seasons, but far off", 50),
    ("no seasons: at worst at_risk", 100),
    ("a KPI of figures with decimals", 200),
    ("readings that change to labels", 20),
    ("seasons of one year", 100),
    ("seasons of several years", 100),
    ("seasons where an expected rate is not above 0", 20),
    ("seasons: the latest five", 10),
    ("stale by a month although later ones are known", 50),
    ("stale by the first period behind the run", 10),
];

/// Every field of both answers as text, name by name.
fn fields(catalogue: &Catalogue, ours: &Judgement, theirs: &oracle::KpiAnswer) -> Vec<(&'static str, String, String)> {
    let measured = ours.measured.as_ref();
    let past = |p: &Option<DatedValue>| format!("{:?}", p.as_ref().map(|p| (p.value.to_string(), p.at)));
    let pair = |p: &Option<(Exact, Moment)>| format!("{:?}", p.as_ref().map(|(v, at)| (v.to_string(), *at)));
    let number = |n: Option<&Exact>| n.map_or_else(|| "none".into(), ToString::to_string);
    let word = |w: Option<&str>| w.unwrap_or("none").to_owned();
    let months: Vec<String> = ours.missing.iter().map(ToString::to_string).collect();
    vec![
        ("phase", ours.phase.name().into(), theirs.phase.clone()),
        ("status", word(ours.status.map(Status::name)), word(theirs.status.as_deref())),
        ("value", number(measured.map(|m| &m.value)), number(theirs.value.as_ref())),
        ("as_of", format!("{:?}", measured.map(|m| m.at)), format!("{:?}", theirs.as_of)),
        ("provisional", measured.is_some_and(|m| m.provisional).to_string(), theirs.provisional.to_string()),
        ("source", word(ours.source(catalogue)), word(theirs.source.as_deref())),
        ("path", number(ours.path.as_ref()), number(theirs.path.as_ref())),
        ("progress", number(ours.progress.as_ref()), number(theirs.progress.as_ref())),
        ("progress_year", format!("{:?}", ours.progress_year), format!("{:?}", theirs.progress_year)),
        ("pace", number(ours.required_pace.as_ref()), number(theirs.required_pace.as_ref())),
        ("pace_for", word(ours.required_pace_for.map(PaceGoal::name)), word(theirs.required_pace_for)),
        (
            "months",
            ours.months.map_or_else(|| "none".into(), |m| format!("{} of {}", m.known, m.of)),
            theirs.months.map_or_else(|| "none".into(), |(known, of)| format!("{known} of {of}")),
        ),
        ("missing", months.join(" "), theirs.missing.join(" ")),
        ("incomplete", ours.incomplete.to_string(), theirs.incomplete.to_string()),
        ("carried", past(&ours.carried), pair(&theirs.carried)),
        ("later", past(&ours.later), pair(&theirs.later)),
    ]
}

/// What differs between the core and the oracle, by field.
#[derive(Default)]
struct Comparison {
    compared: u64,
    wrong: BTreeMap<&'static str, Vec<String>>,
    notes: BTreeMap<&'static str, u64>,
}

impl Comparison {
    /// Asks both for a report and compares every field of it.
    fn ask(&mut self, name: &str, state: &PlanState, oracle: &oracle::Oracle<'_>, on: Period) {
        let answer = oracle.report(on);
        let view = state.view(ReportPeriod(on).cutoff());
        for theirs in &answer.kpis {
            let kpi = state.catalogue.kpis.iter().find(|k| k.id == theirs.id).unwrap();
            let ours = judge(&view, kpi, ReportPeriod(on));
            if std::env::var("SHIHYO_SEED").is_ok() && std::env::var("SHIHYO_KPI").is_ok_and(|id| id == kpi.id) {
                println!("{on}\n  core {ours:?}\n  oracle {theirs:?}");
            }
            for (field, ours, theirs) in fields(&state.catalogue, &ours, theirs) {
                self.compare(field, &format!("{name} on {on} {}", kpi.id), &ours, &theirs);
            }
        }
    }

    /// Compares every rollup of the canonical export.
    fn ask_rollups(&mut self, name: &str, state: &PlanState, oracle: &oracle::Oracle<'_>, on: Period) {
        let name = format!("{name} on {on}");
        let (ours, theirs) = (rows(state, ReportPeriod(on)), oracle_rows(&oracle.rollups(on)));
        self.compare("rollups", &name, &ours.len().to_string(), &theirs.len().to_string());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            self.compare("rollup", &name, ours, theirs);
        }
    }

    fn compare(&mut self, field: &'static str, name: &str, ours: &str, theirs: &str) {
        self.compared += 1;
        if ours != theirs {
            self.wrong.entry(field).or_default().push(format!("{name}: {field} core {ours} oracle {theirs}"));
        }
    }

    fn keep_notes(&mut self, oracle: &oracle::Oracle<'_>) {
        for (rule, times) in oracle.notes() {
            *self.notes.entry(rule).or_default() += times;
        }
    }

    /// Stops the test at the first differences of each field.
    fn finish(&self) {
        let few = |list: &Vec<String>| format!("{} like {}", list.len(), list[..list.len().min(6)].join("\n   "));
        let summary: Vec<String> = self.wrong.values().map(few).collect();
        assert!(self.wrong.is_empty(), "\n{}", summary.join("\n"));
    }
}

fn rows(state: &PlanState, period: ReportPeriod) -> Vec<String> {
    let series = |i: u16| &state.catalogue.series[usize::from(i)];
    let all = state.view(period.cutoff()).all();
    let row = |(key, r): &(aggregator_core::rollup::RollupKey, aggregator_core::rollup::Rollup)| {
        format!(
            "{} {:?} {} {:?} {} {}",
            series(key.series).id,
            key.period.grain,
            key.period,
            r.value,
            r.complete,
            r.provisional
        )
    };
    all.iter().map(row).collect()
}

fn oracle_rows(rollups: &[oracle::RollupAnswer]) -> Vec<String> {
    let row = |r: &oracle::RollupAnswer| {
        format!("{} {:?} {} {:?} {} {}", r.series, r.grain, r.period, r.value, r.complete, r.provisional)
    };
    rollups.iter().map(row).collect()
}

#[test]
fn the_core_and_a_naive_oracle_say_the_same() {
    let seed = std::env::var("SHIHYO_SEED").ok().and_then(|s| s.parse().ok());
    let rounds = std::env::var("SHIHYO_ROUNDS").ok().and_then(|s| s.parse().ok()).unwrap_or(ROUNDS);
    let seeds: Vec<u64> = seed.map_or_else(|| (1..=rounds).collect(), |seed| vec![seed]);
    let mut found = Comparison::default();
    for seed in seeds {
        let r = &mut Random(seed);
        let (catalogue, specs) = random::plan(r);
        let records = random::records(r, &specs);
        let mut state = PlanState::new(catalogue.clone());
        let answers = state.insert_all(&records);
        for (record, answer) in records.iter().zip(&answers) {
            assert_eq!(oracle::quarantined(&catalogue, record), answer.is_err(), "seed {seed}: {record:?}");
        }
        state.settle(ReportPeriod(Period::parse("2021-11-11").unwrap()).cutoff());
        let oracle = oracle::Oracle::of(&catalogue, &records);
        let name = format!("seed {seed}");
        for (i, on) in random::questions(r).into_iter().enumerate() {
            found.ask(&name, &state, &oracle, on);
            // Rollups are many and tell little that is new.
            if i % 4 == 0 {
                found.ask_rollups(&name, &state, &oracle, on);
            }
        }
        found.keep_notes(&oracle);
    }
    for (rule, times) in &found.notes {
        println!("{times:7} {rule}");
    }
    println!("{} fields compared", found.compared);
    found.finish();
    for (rule, least) in RULES {
        let times = found.notes.get(rule).copied().unwrap_or(0);
        assert!(seed.is_some() || times >= least, "`{rule}` came up only {times} times");
    }
    assert!(seed.is_some() || found.compared > 100_000, "only {} fields were compared", found.compared);
}

#[test]
fn the_oracle_says_of_every_scenario_what_the_core_says() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "txt"));
    files.sort();
    let mut found = Comparison::default();
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let scenario = Scenario::parse(&name, &std::fs::read_to_string(path).unwrap(), &[]).unwrap();
        let records: Vec<Observation> = scenario.observations().cloned().collect();
        let mut state = PlanState::new(scenario.catalogue().clone());
        state.insert_all(&records);
        let oracle = oracle::Oracle::of(scenario.catalogue(), &records);
        for on in scenario.periods() {
            found.ask(&name, &state, &oracle, on);
            found.ask_rollups(&name, &state, &oracle, on);
        }
    }
    println!("{} fields compared", found.compared);
    found.finish();
}
