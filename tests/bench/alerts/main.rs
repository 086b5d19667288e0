//! How early `landing` alerts warn of a decline, and how often they warn without one.
//!
//! 500 series that turn down inside a plan of 36 months and miss its target, and 500 that reach it. Each month the chance of
//! the target is computed from the figures known by then, and the alert is stepped as the core does. Beside it stands the
//! naive run rate: the mean change so far, or of the last months, carried on to the plan's end.

mod series;

use aggregator_core::alert::{LandingThresholds, fallen};
use aggregator_core::landing::TargetChance;
use contract::exact::{Exact, whole};
use contract::time::Moment;
use landing::{Bounds, FigureKind, FigureSeries, Frequency, LandingRequest, LandingTarget, Selection};
use series::{HISTORY, MONTHS, PlanSeries, TARGET, path};

/// Series of each kind.
const SERIES: u64 = 500;

/// Gives for each month of the plan whether an alert stands.
type Alarm = Box<dyn Fn(&PlanSeries) -> Vec<bool>>;

fn chances(series: &PlanSeries) -> Vec<TargetChance> {
    let end = HISTORY + MONTHS - 1;
    let request = LandingRequest { periods: end..=end, target: Some(LandingTarget::AtLeast(TARGET)) };
    let chance = |month: usize| {
        let values = series.values[..=HISTORY + month].iter().copied().map(Some).collect();
        let known = FigureSeries {
            frequency: Frequency::Monthly,
            kind: FigureKind::Level,
            bounds: Bounds::COUNT,
            values,
            definition_start: 0,
        };
        let probability = Selection::learn(&known).ok()?.forecast(&known, &request).ok()?.probability?;
        let millionths: i64 = format!("{:.0}", probability * 1e6).parse().ok()?;
        Some(TargetChance { at: Moment(i64::try_from(month).ok()?), probability: whole(millionths) / whole(1_000_000) })
    };
    (0..MONTHS - 1).filter_map(chance).collect()
}

fn by_landing(thresholds: LandingThresholds) -> Alarm {
    Box::new(move |series| {
        let chances = &series.chances;
        (0..chances.len()).map(|month| fallen(&chances[..=month], thresholds).is_some()).collect()
    })
}

/// The change a month over the last `window` months, or since the plan's start, carried on to its end.
fn by_run_rate(window: Option<usize>, margin: f64) -> Alarm {
    Box::new(move |series| {
        let falls_short = |month: usize| {
            let now = HISTORY + month;
            let since = window.map_or(HISTORY - 1, |window| now - window);
            let rate = (series.values[now] - series.values[since]) / series::number(now - since);
            series.values[now] + rate * series::number(MONTHS - 1 - month) < TARGET - margin
        };
        (0..MONTHS - 1).map(falls_short).collect()
    })
}

fn percent(part: usize, of: usize) -> Exact {
    whole(part) * whole(100) / whole(of.max(1))
}

fn main() {
    let make = |declines: bool| -> Vec<PlanSeries> {
        let with_chances = |seed| {
            let mut series = PlanSeries::make(seed, declines);
            series.chances = chances(&series);
            series
        };
        (1..=SERIES).map(with_chances).collect()
    };
    let (declines, steady) = (make(true), make(false));
    let landing = |below, dates, clears_above| by_landing(LandingThresholds { below, dates, clears_above });
    let false_share = |alarm: &Alarm| steady.iter().filter(|series| alarm(series).contains(&true)).count();
    // The run rate with the smallest margin below the target that raises no more false alarms than the alert as shipped.
    let allowed = false_share(&landing(50, 1, 60));
    let calm = |window: Option<usize>| {
        let margins = (0..500).map(|step| series::number(step * 5));
        let found = margins.map(|margin| by_run_rate(window, margin)).find(|alarm| false_share(alarm) <= allowed);
        found.unwrap_or_else(|| by_run_rate(window, f64::MAX))
    };
    let contenders: [(&str, Alarm); 9] = [
        ("run rate since the plan's start, as few false alarms", calm(None)),
        ("run rate of 12 months, as few false alarms", calm(Some(12))),
        ("`landing`, below 50 %, 1 date (as shipped)", landing(50, 1, 60)),
        ("`landing`, below 50 %, 2 dates", landing(50, 2, 60)),
        ("`landing`, below 50 %, 3 dates", landing(50, 3, 60)),
        ("`landing`, below 20 %, 1 date", landing(20, 1, 40)),
        ("run rate since the plan's start", by_run_rate(None, 0.0)),
        ("run rate of 12 months", by_run_rate(Some(12), 0.0)),
        ("run rate of 6 months", by_run_rate(Some(6), 0.0)),
    ];
    println!("<!-- table alerts -->");
    println!("| warning | recall | median lead | false alarms | months in false alarm | alerts a steady series |");
    println!("|---|---|---|---|---|---|");
    for (name, alarm) in contenders {
        let mut leads: Vec<i64> = declines.iter().filter_map(|series| series.lead(&alarm(series))).collect();
        leads.sort_unstable();
        let lead = leads.get(leads.len() / 2).map_or("none".to_owned(), |lead| format!("{lead} months"));
        let alarms: Vec<Vec<bool>> = steady.iter().map(alarm).collect();
        let false_alarms = alarms.iter().filter(|months| months.contains(&true)).count();
        let months: usize = alarms.iter().flatten().filter(|on| **on).count();
        let begun = |months: &Vec<bool>| {
            usize::from(months[0]) + months.windows(2).filter(|pair| pair == &[false, true]).count()
        };
        let alerts: usize = alarms.iter().map(begun).sum();
        let shown = |value: &Exact| contract::exact::fixed(value, 1);
        println!(
            "| {name} | {} % | {lead} | {} % | {} % | {} |",
            shown(&percent(leads.len(), declines.len())),
            shown(&percent(false_alarms, steady.len())),
            shown(&percent(months, alarms.iter().map(Vec::len).sum())),
            contract::exact::fixed(&(whole(alerts) / whole(steady.len())), 2),
        );
    }
    let first = path(0);
    eprintln!("path from {first:.0} to {TARGET:.0} in {MONTHS} months");
}
