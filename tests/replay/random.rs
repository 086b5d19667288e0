//! Random registers: a replayed day is what a city reports whose register had, on that day, only the rows that were known.
//!
//! `SHIHYO_ROUNDS=20` makes a long run, `SHIHYO_SEED=n` begins with that one.

use super::running::{PATIENCE, Running, vintage, without_landings};
use crate::support::City;
use contract::period::{Grain, Period};
use contract::time::{date_of, day_number, parse_date};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Instant;

/// Days with news of each register that are compared, each with the day before.
const COMPARED: usize = 3;

/// A sequence of numbers that a seed decides.
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.roll(all.len() as u64)).unwrap()]
    }

    /// A day (day number) from a first one on.
    fn day(&mut self, first: i32, days: u64) -> i32 {
        first + i32::try_from(self.roll(days)).unwrap()
    }
}

/// A row of the register, and the day from which on it is known.
struct Row {
    text: String,
    known: i32,
}

/// A plan of a few series with a KPI each, and the rows of its register.
fn plan(dice: &mut Dice) -> (String, Vec<Row>) {
    let (mut text, mut rows) = (format!("{}{}", testkit::PLAN, testkit::POLICY), Vec::new());
    for n in 0..4 {
        let (shape, grain, kinds): (_, _, &[&str]) = dice.one_of(&[
            ("flow", Grain::Month, &["flow_per_year", "monthly_mean", "cumulative"][..]),
            ("flow", Grain::FiscalYear, &["ceiling", "maintain", "flow_per_year"]),
            ("level", Grain::Day, &["level", "cumulative", "maintain"]),
        ]);
        let (kind, every) = (dice.one_of(kinds), dice.one_of(&[Grain::Month, Grain::Quarter, Grain::FiscalYear]));
        let every = if grain == Grain::FiscalYear { grain } else { every };
        let (wait, grace) = (dice.one_of(&[0, 5, 20, 45]), dice.one_of(&[0, 10]));
        let id = format!("s{n}");
        let side = if kind == "ceiling" { "at_most" } else { "at_least" };
        let start =
            if matches!(kind, "ceiling" | "maintain") { "" } else { "baseline = { year = \"FY2017\", value = 40 }" };
        let keys = format!("shape = \"{shape}\"\ngrain = \"{}\"", grain.name());
        text += &testkit::series(&id, &keys, "d", "register");
        writeln!(
            text,
            "[[series.source.rhythm]]\nevery = \"{}\"\nexpected_by_days = {wait}\ngrace_days = {grace}\n\
             [[kpi]]\nid = \"k{n}\"\nname = {{ ja = \"名\", en = \"name\" }}\npolicy = \"policy\"\nkind = \"{kind}\"\n\
             series = \"{id}\"\nunit = {{ ja = \"件\", en = \"items\" }}\n{start}\n\
             target = {{ {side} = {} }}\ncitation = \"p\"\nconfirm = {}",
            every.name(),
            50 + dice.roll(900),
            1 + dice.roll(2),
        )
        .unwrap();
        for period in periods(dice, shape, grain) {
            add_rows(dice, &mut rows, (&id, shape, period), (every, wait));
        }
    }
    // Staff add rows in any order.
    for at in (1..rows.len()).rev() {
        rows.swap(at, usize::try_from(dice.roll(at as u64 + 1)).unwrap());
    }
    (text, in_order(rows))
}

fn periods(dice: &mut Dice, shape: &str, grain: Grain) -> Vec<Period> {
    let years = (2017..2021).map(Period::fiscal_year);
    let grain = if shape == "level" { Grain::Month } else { grain };
    let all = years.flat_map(|year| year.parts(grain)).filter(|_| dice.roll(10) > 0);
    let of_day = |period: Period, day: u64| Period::day(date_of(period.start().day() + i32::try_from(day).unwrap()));
    let all: Vec<Period> = all.collect();
    if shape == "level" { all.into_iter().map(|month| of_day(month, dice.one_of(&[0, 0, 14]))).collect() } else { all }
}

/// The row of a figure, and perhaps its correction.
fn add_rows(
    dice: &mut Dice,
    rows: &mut Vec<Row>,
    (id, shape, period): (&str, &str, Period),
    (every, wait): (Grain, i32),
) {
    let end = if shape == "level" { period.start() } else { period.end() };
    for _ in 0..=u64::from(dice.roll(6) == 0) {
        let value = if dice.roll(20) == 0 { "－".to_owned() } else { dice.roll(150).to_string() };
        let entered = (dice.roll(3) > 0).then(|| dice.day(end.day() - 3, 90));
        let due = Period::closing(every, end).end().day() + wait;
        let date = entered.map_or_else(String::new, |day| date_of(day).to_string());
        let known = entered.unwrap_or(due).max(end.day());
        rows.push(Row { text: format!("{id},{period},{value},{date}"), known });
    }
}

/// No row is known before an earlier one of the same figure.
fn in_order(mut rows: Vec<Row>) -> Vec<Row> {
    let mut latest: BTreeMap<String, i32> = BTreeMap::new();
    for row in &mut rows {
        let figure: Vec<&str> = row.text.split(',').take(2).collect();
        let known = latest.entry(figure.join(",")).or_insert(row.known);
        *known = row.known.max(*known);
        row.known = *known;
    }
    rows
}

fn city(plan: &str, rows: &[&Row]) -> City {
    let city = City::empty();
    city.write_new("plans/p.toml", plan);
    city.write_new(
        "sources.d/p.toml",
        "[[source]]\nid = \"register\"\nplan = \"p\"\nkind = \"register\"\ninterval = \"1d\"\npath = \"r.csv\"\n",
    );
    let lines: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    city.write_new("r.csv", &format!("指標,期間,値,記入日\n{}\n", lines.join("\n")));
    city
}

/// Replays some months and compares days of them; gives how many rows became known in them.
fn compare(seed: u64) -> usize {
    let mut dice = Dice(seed);
    let (plan, rows) = plan(&mut dice);
    let first = dice.day(day_number(parse_date("2019-03-01").unwrap()), 600);
    let last = dice.day(first + 60, 120);
    let whole = city(&plan, &rows.iter().collect::<Vec<_>>());
    let kept = tempfile::tempdir().unwrap();
    let (data, range) = (kept.path().join("replay"), format!("{}..{}", date_of(first), date_of(last)));
    let replay = Running::start(&whole, &[&range, "--speed", "400d/s", "--data", data.to_str().unwrap()]);
    let (mut days, began) = (BTreeSet::from([first, last]), Instant::now());
    // A day too early or too late shows only on the day itself and on the one before.
    let known: Vec<i32> = rows.iter().map(|row| row.known).filter(|day| (first + 1..=last).contains(day)).collect();
    for _ in 0..COMPARED.min(known.len()) {
        let day = dice.one_of(&known);
        days.extend([day - 1, day]);
    }
    let shown = loop {
        let found = replay.export("p").filter(|(on, _)| *on == date_of(last).to_string());
        let is_whole =
            |(on, text): &(String, String)| *text == without_landings(&vintage(&whole, &data, "p", (on, on)));
        if let Some((_, text)) = found.filter(is_whole) {
            break text;
        }
        assert!(began.elapsed() < PATIENCE, "seed {seed}: the last day is not what is known on it");
    };
    for day in days {
        let on = date_of(day).to_string();
        let of_then: Vec<&Row> = rows.iter().filter(|row| row.known <= day).collect();
        let as_it_was = city(&plan, &of_then);
        let replayed = vintage(&whole, &data, "p", (&on, &on));
        if of_then.is_empty() {
            continue;
        }
        as_it_was.ok(&["run", "--once"]);
        assert_eq!(replayed, as_it_was.export("p", &on), "seed {seed}, {on}");
        if day == last {
            assert_eq!(shown, without_landings(&replayed), "seed {seed}: the scoreboard");
        }
    }
    known.len()
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn a_replayed_day_is_what_a_register_with_the_rows_of_then_gives() {
    let (seed, rounds) = (number("SHIHYO_SEED", 1), number("SHIHYO_ROUNDS", 3));
    let known: usize = (seed..seed + rounds).map(compare).sum();
    assert!(known as u64 > 5 * rounds, "{known} rows became known");
}
