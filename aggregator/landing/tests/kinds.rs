//! Each kind of figure gets the answer that it demands.

#![expect(clippy::float_cmp, reason = "what is equal is so to the bit")]

mod support;

use landing::{Bounds, FigureKind, Frequency, LandingRequest, LandingTarget, Method, Selection, forecast};
use support::{figures, period, reach, series};

/// One year of applications a month; the year's total is 1,200.
const YEAR: [f64; 12] = [60.0, 80.0, 90.0, 120.0, 100.0, 90.0, 110.0, 100.0, 80.0, 70.0, 100.0, 200.0];

fn near(a: f64, b: f64, within: f64) -> bool {
    (a - b).abs() <= within
}

#[test]
fn a_fiscal_year_lands_by_its_learnt_seasons() {
    for known in [3, 6, 9] {
        let months: Vec<f64> = (0..36 + known).map(|t| YEAR[t % 12]).collect();
        let mut flow = series(Frequency::Monthly, FigureKind::Sum, &months);
        flow.bounds = Bounds::COUNT;
        let year = LandingRequest { periods: 36..=47, target: Some(LandingTarget::AtLeast(1100.0)) };
        let landed = forecast(&flow, &year).unwrap();
        // The mean of the known months alone would be far off: 920 after three months, 1,080 after six.
        assert!(near(landed.expected, 1200.0, 12.0), "{known} months known: {landed:?}");
        assert!(landed.probability.unwrap() > 0.9, "{landed:?}");
        assert_eq!(landed.periods_ahead, 12 - known);
    }
}

#[test]
fn known_months_count_as_they_are() {
    let months: Vec<f64> = (0..47).map(|t| YEAR[t % 12]).collect();
    let flow = series(Frequency::Monthly, FigureKind::Sum, &months);
    let landed = forecast(&flow, &LandingRequest { periods: 36..=47, target: None }).unwrap();
    let last = forecast(&flow, &period(47)).unwrap();
    assert_eq!(landed.expected, 1000.0 + last.expected, "eleven months are 1,000");
    let width = |i: landing::Interval| i.high - i.low;
    assert!(near(width(landed.interval95), width(last.interval95), 1e-9));
}

#[test]
fn a_mean_is_the_sum_over_its_months() {
    let months = figures(40);
    let year = LandingRequest { periods: 36..=47, target: None };
    let sum = forecast(&series(Frequency::Monthly, FigureKind::Sum, &months), &year).unwrap();
    let mean = forecast(&series(Frequency::Monthly, FigureKind::Mean, &months), &year).unwrap();
    assert_eq!(mean.expected, sum.expected / 12.0);
    assert_eq!(mean.interval80.low, sum.interval80.low / 12.0);
    assert_eq!(mean.expected_error, sum.expected_error / 12.0);
}

#[test]
fn a_running_total_is_the_last_one_and_what_is_added() {
    let months = figures(30);
    let add = |total: &mut f64, month: &f64| {
        *total += month;
        Some(*total)
    };
    let totals: Vec<f64> = months.iter().scan(500.0, add).collect();
    let total = forecast(&series(Frequency::Monthly, FigureKind::RunningTotal, &totals), &period(35)).unwrap();
    let sum = series(Frequency::Monthly, FigureKind::Sum, &months[1..]);
    let sum = forecast(&sum, &LandingRequest { periods: 29..=34, target: None }).unwrap();
    assert!(near(total.expected, totals[29] + sum.expected, 1e-6), "{} {}", total.expected, totals[29] + sum.expected);
    assert_eq!(total.figures, 30);
}

#[test]
fn a_running_total_never_lands_below_its_last_figure() {
    let totals = [3.0, 4.0, 4.0, 4.0, 5.0, 5.0, 5.0, 9.0];
    let total = series(Frequency::Yearly, FigureKind::RunningTotal, &totals);
    let landed = forecast(&total, &reach(9, LandingTarget::AtLeast(8.0))).unwrap();
    assert!(landed.interval95.low >= 9.0, "{landed:?}");
    let corrected = series(Frequency::Yearly, FigureKind::RunningTotal, &[3.0, 4.0, 4.0, 3.0, 5.0, 5.0, 5.0, 9.0]);
    let level = series(Frequency::Yearly, FigureKind::Level, &[3.0, 4.0, 4.0, 3.0, 5.0, 5.0, 5.0, 9.0]);
    assert_eq!(forecast(&corrected, &period(9)), forecast(&level, &period(9)), "one that fell is a level");
}

#[test]
fn a_ratio_bends_below_its_ceiling() {
    let curve = [5.0, 9.0, 16.0, 26.0, 40.0, 55.0, 69.0, 80.0, 87.0, 92.0];
    let mut ratio = series(Frequency::Yearly, FigureKind::Ratio, &curve);
    ratio.bounds = Bounds::PERCENT;
    let landed = forecast(&ratio, &period(12)).unwrap();
    let logistic = landed.methods.iter().find(|m| m.method == Method::Logistic).unwrap();
    assert!(landed.methods.iter().all(|m| m.weight <= logistic.weight), "{:?}", landed.methods);
    assert!(landed.expected > 93.0 && landed.expected < 100.0, "{landed:?}");
    assert!(landed.interval95.high <= 100.0);
}

#[test]
fn a_plans_own_maximum_is_kept() {
    let mut points = series(Frequency::Yearly, FigureKind::Level, &[10.0, 12.0, 14.0, 16.0, 18.0, 19.0]);
    points.bounds = Bounds { lower: Some(0.0), upper: Some(20.0) };
    let landed = forecast(&points, &period(9)).unwrap();
    assert!(landed.expected <= 20.0 && landed.interval80.high <= 20.0 && landed.interval95.high <= 20.0, "{landed:?}");
}

#[test]
fn a_register_that_falls_ever_faster_lands_below_its_path() {
    let register = series(Frequency::Quarterly, FigureKind::Level, &[100.0, 98.0, 95.0, 91.0, 86.0, 81.0]);
    let landed = forecast(&register, &reach(7, LandingTarget::AtLeast(79.97))).unwrap();
    assert!(landed.expected < 79.97, "{landed:?}");
    assert!(landed.probability.unwrap() < 0.5, "{landed:?}");
    let upper = forecast(&register, &reach(7, LandingTarget::AtMost(79.97))).unwrap();
    assert!(upper.probability.unwrap() > 0.5, "{upper:?}");
}

#[test]
fn what_was_learned_serves_for_the_next_figures() {
    let all = figures(40);
    let selection = Selection::learn(&series(Frequency::Monthly, FigureKind::Level, &all[..38])).unwrap();
    let now = series(Frequency::Monthly, FigureKind::Level, &all);
    let landed = selection.forecast(&now, &period(45)).unwrap();
    assert_eq!(landed.figures, 40);
    assert_eq!(landed.periods_ahead, 6);
    assert_eq!(landed.methods, selection.methods());
    let requests = [period(45), period(51), period(39)];
    let several = selection.forecasts(&now, &requests);
    let singly: Vec<_> = requests.iter().map(|request| selection.forecast(&now, request)).collect();
    assert_eq!(several, singly);
}
