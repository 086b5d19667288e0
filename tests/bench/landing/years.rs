//! A city's own question: the fiscal year's total of a monthly series when 3, 6 or 9 of its months are known.

use crate::data::{PublicSeries, mean};
use landing::{FigureKind, FigureSeries, Forecast, Frequency, LandingRequest, LandingTarget, Selection};

/// Targets, as changes against the total of the year before.
const CHANGES: [f64; 5] = [-0.10, -0.05, 0.0, 0.05, 0.10];
const YEAR: usize = 12;
/// Points by which what came may differ from what was said.
const AIM: f64 = 5.0;

/// One series in its last twelve months.
struct YearCase<'a> {
    series: &'a PublicSeries,
    known: usize,
}

impl YearCase<'_> {
    /// Index of the first month of the year asked.
    fn start(&self) -> usize {
        self.series.figures.len() - YEAR
    }

    fn figures(&self) -> FigureSeries {
        self.series.until(self.start() + self.known, FigureKind::Sum)
    }

    fn total(&self, year_back: usize, months: usize) -> f64 {
        let start = self.start() - YEAR * year_back;
        self.series.figures[start..start + months].iter().sum()
    }

    /// The known months, as if the others were like their mean.
    fn run_rate(&self) -> f64 {
        self.total(0, self.known) * YEAR as f64 / self.known as f64
    }

    /// The known months, as if their share of the year were that of the year before.
    fn seasonal_run_rate(&self) -> f64 {
        let before = self.total(1, self.known);
        if before > 0.0 { self.total(0, self.known) * self.total(1, YEAR) / before } else { self.run_rate() }
    }
}

#[derive(Default)]
struct Tally {
    inside80: Vec<f64>,
    inside95: Vec<f64>,
    /// Absolute errors over the year's total: ours, run rate, seasonal run rate.
    errors: [Vec<f64>; 3],
    /// Probability of ours, 0 or 1 of the run rates, 0 or 1 of what came.
    chances: Vec<[f64; 4]>,
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

impl Tally {
    fn of(case: &YearCase) -> Self {
        let mut tally = Self::default();
        let figures = case.figures();
        let selection = Selection::learn(&figures).unwrap();
        let target = |change: &f64| case.total(1, YEAR) * (1.0 + change);
        let request = |change: &f64| LandingRequest {
            periods: case.start()..=case.start() + YEAR - 1,
            target: Some(LandingTarget::AtLeast(target(change))),
        };
        let forecasts = selection.forecasts(&figures, &CHANGES.iter().map(request).collect::<Vec<_>>());
        let forecasts: Vec<Forecast> = forecasts.into_iter().map(Result::unwrap).collect();
        let forecast = &forecasts[0];
        let came = case.total(0, YEAR);
        tally.inside80.push(flag((forecast.interval80.low..=forecast.interval80.high).contains(&came)));
        tally.inside95.push(flag((forecast.interval95.low..=forecast.interval95.high).contains(&came)));
        if came > 0.0 {
            let all = [forecast.expected, case.run_rate(), case.seasonal_run_rate()];
            for (errors, total) in tally.errors.iter_mut().zip(all) {
                errors.push((total - came).abs() / came);
            }
        }
        for (change, forecast) in CHANGES.iter().zip(&forecasts) {
            let (target, probability) = (target(change), forecast.probability.unwrap());
            let reached = [case.run_rate(), case.seasonal_run_rate(), came].map(|total| flag(total >= target));
            tally.chances.push([probability, reached[0], reached[1], reached[2]]);
        }
        tally
    }

    fn join(&mut self, other: &Self) {
        self.inside80.extend(&other.inside80);
        self.inside95.extend(&other.inside95);
        self.chances.extend(&other.chances);
        for (errors, more) in self.errors.iter_mut().zip(&other.errors) {
            errors.extend(more);
        }
    }

    fn print(&self, name: &str) {
        let brier =
            |who: usize| mean(&self.chances.iter().map(|c| (c[who] - c[3]) * (c[who] - c[3])).collect::<Vec<_>>());
        let error = |who: usize| 100.0 * mean(&self.errors[who]);
        println!(
            "| {name} | {} | {:.1} | {:.1} | {:.2}, {:.2}, {:.2} | {:.4}, {:.4}, {:.4} |",
            self.inside80.len(),
            100.0 * mean(&self.inside80),
            100.0 * mean(&self.inside95),
            error(0),
            error(1),
            error(2),
            brier(0),
            brier(1),
            brier(2)
        );
    }

    /// Questions whose probability lies in a decile: how many, the mean of what was said, and of what came.
    fn decile(&self, decile: u8) -> (usize, f64, f64) {
        let (low, high) = (f64::from(decile) / 10.0, f64::from(decile + 1) / 10.0);
        let inside: Vec<&[f64; 4]> = self.chances.iter().filter(|c| low <= c[0] && (c[0] < high)).collect();
        let percent = |who: usize| 100.0 * mean(&inside.iter().map(|c| c[who]).collect::<Vec<_>>());
        (inside.len(), percent(0), percent(3))
    }
}

/// How often came what was said, by the probability; in brackets without the series of which the scores were learned.
fn print_reliability(whole: &Tally, unseen: &Tally) {
    println!("\n<!-- table landing-said -->");
    println!("| said | questions | mean said | came | difference in points | aim |\n|---|---|---|---|---|---|");
    for decile in 0..10 {
        let ((count, said, came), (count2, said2, came2)) = (whole.decile(decile), unseen.decile(decile));
        let off = came - said;
        let missed = format!("{AIM} points: missed ({off:+.1})");
        let aim = if off.abs() <= AIM { format!("{AIM} points: met") } else { missed };
        println!(
            "| 0.{decile} to {:.1} | {count} ({count2}) | {said:.1} ({said2:.1}) | {came:.1} ({came2:.1}) | {off:+.1} ({:+.1}) | {aim} |",
            f64::from(decile + 1) / 10.0,
            came2 - said2
        );
    }
}

/// Prints coverage, errors and Brier scores, then the reliability of the probabilities.
pub(crate) fn test(all: &[PublicSeries]) {
    println!("<!-- table landing-years -->");
    println!(
        "| months known | series | in 80 % | in 95 % | error in % of the year: Shihyo, run rate, seasonal run rate | Brier: the same |"
    );
    println!("|---|---|---|---|---|---|");
    let mut whole = Tally::default();
    let mut unseen = Tally::default();
    for known in [3, 6, 9] {
        let mut tally = Tally::default();
        for series in all.iter().filter(|series| series.frequency == Frequency::Monthly) {
            let own = Tally::of(&YearCase { series, known });
            tally.join(&own);
            whole.join(&own);
            if series.competition != "M1" {
                unseen.join(&own);
            }
        }
        tally.print(&known.to_string());
    }
    whole.print("all");
    unseen.print("all, without M1");
    print_reliability(&whole, &unseen);
}
