//! kill -9 at random moments under load: afterwards the export equals the one of a clean run.
#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test may stop at what is wrong"
)]

use crate::support::City;
use aggregator::{pipeline, store};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Kills of a plain run; `SHIHYO_KILLS` asks for more.
const KILLS: u32 = 60;
/// Days in the register: enough that reading, publishing and storing each take their time.
const DAYS: u32 = 1500;
/// Figures that change before each start.
const CHANGES: u32 = 300;

const KPI: &str = r#"[[kpi]]
id = "visits"
policy = "policy"
name = { ja = "件数", en = "visits" }
unit = { ja = "件", en = "visits" }
kind = "flow_per_year"
series = "visits"
baseline = { year = "FY2017", value = 1000 }
target = { at_least = 100000 }
citation = "test"
"#;

const SOURCE: &str = r#"
[[source]]
id = "register"
plan = "p"
kind = "register"
interval = "1s"
path = "register.csv"
[source.columns]
series = ["series"]
period = ["period"]
value = ["value"]
"#;

struct Random(u64);

impl Random {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(n)).unwrap()
    }
}

fn city() -> City {
    let city = City::empty();
    let series = testkit::series("visits", "shape = \"flow\"\ngrain = \"day\"", "all", "register");
    city.write("plans/p.toml", &format!("{}{}{series}{KPI}", testkit::PLAN, testkit::POLICY));
    city.write("sources.d/register.toml", SOURCE);
    city
}

fn register(values: &[u32]) -> String {
    let mut text = String::from("series,period,value\n");
    let first = contract::period::Period::month(2018, 4).start();
    for (day, value) in (0_i64..).zip(values) {
        let date = contract::time::Moment(first.0 + day * contract::time::DAY).date();
        // A withdrawn figure now and then.
        let value = if value % 50 == 7 { "－".to_owned() } else { value.to_string() };
        writeln!(text, "visits,{date},{value}").unwrap();
    }
    text
}

/// How long it takes on this machine until the first figures are stored.
fn millis_to_work(city: &City) -> u32 {
    let begun = Instant::now();
    let mut child = city.start(&["run"]);
    let is_at_work = || {
        let readers = store::open_readers(&city.data()).unwrap_or_default();
        readers.iter().any(|reader| pipeline::check(reader).is_ok_and(|counts| counts.stored > u64::from(DAYS)))
    };
    while !is_at_work() {
        assert!(begun.elapsed() < Duration::from_mins(1), "nothing is stored");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    u32::try_from(begun.elapsed().as_millis()).unwrap()
}

#[test]
fn killed_at_random_moments_it_ends_with_the_export_of_a_clean_run() {
    let kills = std::env::var("SHIHYO_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    let seed = std::env::var("SHIHYO_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(11);
    let mut random = Random(seed);
    let (hurt, clean) = (city(), city());
    let mut values: Vec<u32> = (0..DAYS).map(|_| random.below(1000)).collect();
    let (mut early, mut at_work) = (0, 0);
    hurt.write_new("register.csv", &register(&values));
    let span = millis_to_work(&hurt) * 3 / 2;
    for _ in 0..kills {
        for _ in 0..CHANGES {
            let day = random.below(DAYS) as usize;
            values[day] = random.below(1000);
        }
        hurt.write("register.csv", &register(&values));
        let mut child = hurt.start(&["run"]);
        std::thread::sleep(Duration::from_millis(u64::from(2 + random.below(span))));
        // Killed while it still worked, not after it failed by itself.
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself: seed {seed}");
        child.kill().unwrap();
        child.wait().unwrap();
        if hurt.data().join("store-0.db").exists() { at_work += 1 } else { early += 1 }
    }
    assert!(at_work > kills / 2, "{early} of {kills} kills came before the store was made");
    hurt.ok(&["run", "--once"]);
    clean.write("register.csv", &register(&values));
    clean.ok(&["run", "--once"]);
    for on in ["2019-09-30", "FY2020", "2021-02", "2023-01-01"] {
        assert_eq!(hurt.export("p", on), clean.export("p", on), "on {on}: seed {seed}");
    }
    let reader = store::open_readers(&hurt.data()).unwrap().remove(0);
    let counts = pipeline::check(&reader).unwrap();
    assert!(counts.is_conserved() && counts.quarantined == 0, "{counts:?}");
    assert!(counts.stored > u64::from(DAYS + 10 * CHANGES), "too little was at work when it was killed: {counts:?}");
    assert!(hurt.ok(&["rebuild"]).starts_with("0 derived row(s)"), "derived rows differed from the facts");
}
