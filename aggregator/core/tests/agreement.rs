//! A seeded simulation: random plans and records, judged by the core and by a naive oracle that was written
//! from the rules alone. Both must give the same in every field. One seed replays a failure.
#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test may stop at what is wrong"
)]

mod oracle;

use aggregator_core::judge::{Judgement, judge};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use contract::catalogue::{self, Catalogue};
use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Span, Value};
use contract::time::{Micros, Moment};
use std::fmt::Write;

/// Rounds of a plain run; `SHIHYO_ROUNDS` asks for more, `SHIHYO_SEED` for one.
const ROUNDS: u64 = 80;
const ASKED: [&str; 20] = [
    "2018-05-01",
    "2019-03",
    "2019-03-31",
    "2019-04-01",
    "2019-05-10",
    "2019-08-31",
    "FY2019",
    "2020-02",
    "2020-04-01",
    "FY2020",
    "2020-12-31",
    "2021-07-15",
    "2022-03-31",
    "2022-04-01",
    "2022-04-20",
    "2022-05-20",
    "2022-03",
    "FY2021",
    "2022-06",
    "2023-01-01",
];

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

const NAMES: &str = "name = { ja = 'a', en = 'a' }\nunit = { ja = 'a', en = 'a' }\n";

fn series(r: &mut Random, id: &str, shape: &str, grain: &str) -> String {
    let mut text = format!("[[series]]\nid = '{id}'\n{NAMES}shape = '{shape}'\ngrain = '{grain}'\n");
    if r.one_in(3) {
        text += "combine = 'sum'\n";
    }
    if shape == "counter" && r.one_in(2) {
        text += "decrease = 'restart'\n";
    }
    text += "[[series.definition]]\nid = 'd'\ntext = { ja = 'a', en = 'a' }\n";
    for source in ["a", "b"] {
        if source == "b" && r.one_in(2) {
            continue;
        }
        writeln!(text, "[[series.source]]\nid = '{source}'").unwrap();
        if r.one_in(4) {
            writeln!(text, "from = '{}'", r.pick(&["2019-04-01", "2020-04-01", "2020-04-15"])).unwrap();
        }
        if r.one_in(5) {
            writeln!(text, "until = '{}'", r.pick(&["2021-04-01", "2022-04-01", "2021-10-01"])).unwrap();
        }
        for range in r.pick(&[&[][..], &[""], &["until = '2020-10-01'", "from = '2020-10-01'"]]) {
            let every = r.pick(&["day", "month", "month", "quarter", "fiscal_year"]);
            let (due, grace) = (r.below(60), r.below(20));
            text += &format!(
                "[[series.source.rhythm]]\n{range}\nevery = '{every}'\nexpected_by_days = {due}\ngrace_days = {grace}\n"
            );
        }
    }
    text
}

fn kpi(r: &mut Random, id: &str, kind: &str, measure: &str, scale: u64) -> String {
    let down = kind == "ceiling" || (kind != "maintain" && r.one_in(3));
    let (b, t) = if down { (2 * scale, scale) } else { (scale, 2 * scale) };
    let side = if down { "at_most" } else { "at_least" };
    let mut text = format!("[[kpi]]\nid = '{id}'\npolicy = 'p'\n{NAMES}kind = '{kind}'\n{measure}\ncitation = 'c'\n");
    writeln!(text, "target = {{ {side} = {t} }}\nconfirm = {}", 1 + r.below(3)).unwrap();
    if r.one_in(4) {
        writeln!(text, "start = {{ on = '2019-04-01', value = {b}, reason = {{ ja = 'a', en = 'a' }} }}").unwrap();
    } else {
        writeln!(text, "baseline = {{ year = 'FY2017', value = {b} }}").unwrap();
        if r.one_in(3) && !matches!(kind, "ceiling" | "maintain") {
            writeln!(text, "milestone = [{{ year = 'FY2019', value = {}.5 }}]", scale + scale / 2).unwrap();
        }
    }
    if r.one_in(4) {
        writeln!(text, "tolerance = {}", r.below(scale / 4 + 2)).unwrap();
    }
    text
}

/// A plan of four random series, every KPI kind that fits them, and how large the figures of each are.
fn plan(r: &mut Random) -> (Catalogue, Vec<(&'static str, Grain)>) {
    let mut text = String::from(
        "[plan]\nid='p'\nname={ja='a',en='a'}\ncity={ja='a',en='a'}\nfirst_year='FY2019'\nlast_year='FY2021'\n\
         citation='c'\n[[policy]]\nid='p'\nname={ja='a',en='a'}\nowner={ja='a',en='a'}\n",
    );
    let (mut kpis, mut shapes) = (String::new(), Vec::new());
    for i in 0..4 {
        let shape = if i < 2 { "level" } else { r.pick(&["flow", "flow", "counter"]) };
        let grain = match shape {
            "level" => "day",
            "counter" => r.pick(&["day", "month"]),
            _ => r.pick(&["day", "month", "month", "quarter", "fiscal_year"]),
        };
        shapes.push((shape, Grain::named(grain).unwrap()));
        text += &series(r, &format!("s{i}"), shape, grain);
        let kinds: &[&str] = match (shape, grain) {
            ("level", _) => &["level", "cumulative", "maintain"],
            ("flow", "fiscal_year") => &["cumulative", "flow_per_year", "monthly_mean", "ceiling", "maintain"],
            _ => &["cumulative", "flow_per_year", "monthly_mean", "ceiling"],
        };
        for kind in kinds {
            let scale = match *kind {
                "cumulative" if shape != "level" => 600,
                "flow_per_year" | "ceiling" => 150,
                "monthly_mean" => 15,
                _ => 100,
            };
            kpis += &kpi(r, &format!("{kind}-{i}"), kind, &format!("series = 's{i}'"), scale);
        }
    }
    let ratio = "numerator = { series = 's0' }\ndenominator = { series = 's1' }\nmin_denominator = 20";
    kpis += &kpi(r, "ratio", "ratio", ratio, 60);
    let catalogue = catalogue::parse("random", &(text + &kpis)).unwrap_or_else(|m| panic!("{m:#?}"));
    (catalogue, shapes)
}

fn records(r: &mut Random, shapes: &[(&'static str, Grain)]) -> Vec<Observation> {
    let mut records = Vec::new();
    let day_of =
        |day: u64| Moment(Moment::parse("2018-01-01T00:00:00+09:00").unwrap().0 + 86_400 * i64::try_from(day).unwrap());
    for (i, (shape, grain)) in shapes.iter().enumerate() {
        let mut add = |r: &mut Random, at: Moment, source: &str| {
            let span = if *shape == "flow" { Span::of(Period::holding(*grain, at)) } else { Span::AsOf(at) };
            let months = (at.0 - day_of(0).0) / 2_600_000;
            let known = match *shape {
                "level" => 60 + months * 2 + i64::try_from(r.below(60)).unwrap(),
                "counter" => months * 10 + i64::try_from(r.below(12)).unwrap(),
                _ => i64::try_from(match grain {
                    Grain::Day => r.below(2),
                    Grain::Month => r.below(30),
                    Grain::Quarter => r.below(90),
                    _ => r.below(350),
                })
                .unwrap(),
            };
            let labels = *shape == "counter" && i == 3;
            let breakdown = (labels && !r.one_in(9)).then(|| {
                let mut labels = std::collections::BTreeMap::new();
                for label in ["x", "y", "z"] {
                    if !r.one_in(5) {
                        labels.insert(label.to_owned(), known / 3 + i64::try_from(r.below(9)).unwrap());
                    }
                }
                labels
            });
            records.push(Observation {
                plan: "p".into(),
                series: format!("s{i}"),
                definition: "d".into(),
                source: source.into(),
                period: span,
                value: if r.one_in(25) { Value::Unknown("x".into()) } else { Value::Known(known) },
                breakdown,
                finality: if r.one_in(20) { Finality::Provisional } else { Finality::Final },
                revision: Micros(day_of(4000).micros().0 + i64::try_from(r.below(50)).unwrap()),
                visit: "v".into(),
                place: None,
            });
        };
        let dense = r.below(4) != 0;
        let last = 1400 + r.below(500);
        for day in (0..last).filter(|_| dense) {
            let at = day_of(day);
            let first_of_month = at.date().day() == 1;
            if (*shape == "flow" && *grain == Grain::Day || first_of_month) && !r.one_in(200) {
                add(r, at, "a");
                if r.one_in(2) {
                    add(r, at, "b");
                }
            }
        }
        for _ in 0..40 {
            let at = day_of(r.below(365 * 5));
            let at = if r.one_in(2) { Period::holding(Grain::Month, at).start() } else { at };
            let source = r.pick(&["a", "b"]);
            add(r, at, source);
        }
    }
    for i in (1..records.len()).rev() {
        let j = usize::try_from(r.below(i as u64 + 1)).unwrap();
        records.swap(i, j);
    }
    let again = records.iter().step_by(7).cloned().collect::<Vec<_>>();
    records.extend(again);
    records
}

/// Every field of both answers as text, name by name.
fn fields(ours: &Judgement, theirs: &oracle::KpiAnswer) -> Vec<(&'static str, String, String)> {
    let measured = ours.measured.as_ref();
    let past = |p: &Option<aggregator_core::judge::DatedValue>| {
        format!("{:?}", p.as_ref().map(|p| (p.value.to_string(), p.at)))
    };
    let pair =
        |p: &Option<(contract::exact::Exact, Moment)>| format!("{:?}", p.as_ref().map(|(v, at)| (v.to_string(), *at)));
    let number = |n: Option<&contract::exact::Exact>| format!("{:?}", n.map(ToString::to_string));
    vec![
        ("phase", ours.phase.name().into(), theirs.phase.clone()),
        (
            "status",
            format!("{:?}", ours.status.map(aggregator_core::judge::Status::name)),
            format!("{:?}", theirs.status.as_deref()),
        ),
        ("value", number(measured.map(|m| &m.value)), number(theirs.value.as_ref())),
        ("as_of", format!("{:?}", measured.map(|m| m.at)), format!("{:?}", theirs.as_of)),
        ("provisional", measured.is_some_and(|m| m.provisional).to_string(), theirs.provisional.to_string()),
        ("path", number(ours.path.as_ref()), number(theirs.path.as_ref())),
        ("progress", number(ours.progress.as_ref()), number(theirs.progress.as_ref())),
        ("pace", number(ours.required_pace.as_ref()), number(theirs.required_pace.as_ref())),
        ("carried", past(&ours.carried), pair(&theirs.carried)),
        ("later", past(&ours.later), pair(&theirs.later)),
    ]
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

fn oracle_rows(answer: &oracle::Answer) -> Vec<String> {
    let row = |r: &oracle::RollupAnswer| {
        let value = r.value.as_ref().map(|v| v.to_string().parse::<i128>().unwrap());
        format!("{} {:?} {} {value:?} {} {}", r.series, r.grain, r.period, r.complete, r.provisional)
    };
    answer.rollups.iter().map(row).collect()
}

#[test]
fn the_core_and_a_naive_oracle_say_the_same() {
    let seed = std::env::var("SHIHYO_SEED").ok().and_then(|s| s.parse().ok());
    let rounds = std::env::var("SHIHYO_ROUNDS").ok().and_then(|s| s.parse().ok()).unwrap_or(ROUNDS);
    let seeds: Vec<u64> = seed.map_or_else(|| (1..=rounds).collect(), |seed| vec![seed]);
    let mut compared = 0_u64;
    let mut wrong: std::collections::BTreeMap<&str, Vec<String>> = std::collections::BTreeMap::new();
    for seed in seeds {
        let r = &mut Random(seed);
        let (catalogue, shapes) = plan(r);
        let records = records(r, &shapes);
        let mut state = PlanState::new(catalogue.clone());
        let answers = state.insert_all(&records);
        for (record, answer) in records.iter().zip(&answers) {
            assert_eq!(oracle::quarantined(&catalogue, record), answer.is_err(), "seed {seed}: {record:?}");
        }
        state.settle(ReportPeriod(Period::parse("2021-11-11").unwrap()).cutoff());
        for on in ASKED.iter().map(|on| Period::parse(on).unwrap()) {
            if r.below(3) != 0 && seed != 1 {
                continue;
            }
            let answer = oracle::report(&catalogue, &records, on);
            for theirs in &answer.kpis {
                let kpi = catalogue.kpis.iter().find(|k| k.id == theirs.id).unwrap();
                let ours = judge(&state.view(ReportPeriod(on).cutoff()), kpi, ReportPeriod(on));
                for (name, ours, theirs_) in fields(&ours, theirs) {
                    compared += 1;
                    if ours != theirs_ {
                        let text = format!("seed {seed} on {on} {}: {name} ours {ours} oracle {theirs_}", kpi.id);
                        wrong.entry(name).or_default().push(text);
                    }
                }
            }
            let (ours, theirs) = (rows(&state, ReportPeriod(on)), oracle_rows(&answer));
            compared += ours.len() as u64;
            for (ours, theirs) in ours.iter().zip(&theirs).filter(|(a, b)| a != b).take(1) {
                wrong.entry("rollup").or_default().push(format!("seed {seed} on {on}: ours {ours} oracle {theirs}"));
            }
            if ours.len() != theirs.len() {
                wrong.entry("rollups").or_default().push(format!(
                    "seed {seed} on {on}: {} {}",
                    ours.len(),
                    theirs.len()
                ));
            }
        }
    }
    let summary: Vec<String> =
        wrong.values().map(|list| format!("{} like {}", list.len(), list[..list.len().min(6)].join("\n   "))).collect();
    assert!(wrong.is_empty(), "\n{}", summary.join("\n"));
    assert!(seed.is_some() || compared > 50_000, "only {compared} fields were compared");
}
