//! The official hold-outs of M3 and Tourism, beside statsforecast's AutoETS.

use crate::data::{PublicSeries, asked, mean};
use landing::{FigureKind, Forecast, Frequency, Selection, Silence};
use std::collections::BTreeMap;

/// Expected value, both ends of the 80 % and of the 95 % interval.
type Quintet = [f64; 5];

#[derive(Default)]
struct Tally {
    mase: Vec<f64>,
    inside80: Vec<f64>,
    inside95: Vec<f64>,
    interval_score: Vec<f64>,
}

/// Width, and what lies outside by 2 over the level.
fn winkler(low: f64, high: f64, level: f64, came: f64) -> f64 {
    (high - low) + 2.0 / level * ((low - came).max(0.0) + (came - high).max(0.0))
}

impl Tally {
    fn add(&mut self, answers: &[Quintet], came: &[f64], unit: f64) {
        let each = |f: &dyn Fn(&Quintet, f64) -> f64| {
            mean(&answers.iter().zip(came).map(|(answer, came)| f(answer, *came)).collect::<Vec<_>>())
        };
        self.mase.push(each(&|a, y| (y - a[0]).abs() / unit));
        self.inside80.push(each(&|a, y| f64::from(u8::from(a[1] <= y && y <= a[2]))));
        self.inside95.push(each(&|a, y| f64::from(u8::from(a[3] <= y && y <= a[4]))));
        let score = |a: &Quintet, y: f64| f64::midpoint(winkler(a[1], a[2], 0.2, y), winkler(a[3], a[4], 0.05, y));
        self.interval_score.push(each(&|a, y| score(a, y) / unit));
    }

    fn join(&mut self, other: &Self) {
        self.mase.extend(&other.mase);
        self.inside80.extend(&other.inside80);
        self.inside95.extend(&other.inside95);
        self.interval_score.extend(&other.interval_score);
    }

    /// Whether both intervals hold what they say, and, over several cells, whether it is as near as the peer.
    fn aim(&self, peer: &Self, is_cell: bool) -> String {
        let (near, far) = (100.0 * mean(&self.inside80), 100.0 * mean(&self.inside95));
        let (own, other) = (mean(&self.mase), mean(&peer.mase));
        let (text, met) = if is_cell {
            ("80 % in 74 to 88, 95 % >= 90", (74.0..=88.0).contains(&near) && far >= 90.0)
        } else {
            let holds = (77.0..=83.0).contains(&near) && (93.0..=97.0).contains(&far);
            ("80 % in 77 to 83, 95 % in 93 to 97, MASE no worse", holds && own <= other)
        };
        if met { format!("{text}: met") } else { format!("{text}: missed ({near:.1}, {far:.1}, {own:.3})") }
    }

    fn row(&self) -> String {
        let (mase, score) = (mean(&self.mase), mean(&self.interval_score));
        format!("{mase:.3} | {:.1} | {:.1} | {score:.2}", 100.0 * mean(&self.inside80), 100.0 * mean(&self.inside95))
    }
}

fn peer(folder: &str, competition: &str, frequency: Frequency) -> BTreeMap<usize, Vec<Quintet>> {
    let name = format!("{frequency:?}").to_lowercase();
    let path = format!("{folder}/peer-{competition}-{name}.txt");
    let mut answers: BTreeMap<usize, Vec<Quintet>> = BTreeMap::new();
    for line in std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}")).lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let answer = [2, 3, 4, 5, 6].map(|place| words[place].parse().unwrap());
        answers.entry(words[0].parse().unwrap()).or_default().push(answer);
    }
    answers
}

/// Answers of the crate at the official origin; none may be missing.
fn answers(series: &PublicSeries) -> Vec<Quintet> {
    let figures = series.until(series.known, FigureKind::Level);
    let selection = Selection::learn(&figures).unwrap_or_else(|silence| panic!("series {}: {silence:?}", series.id));
    let end = series.known + series.horizon;
    let requests: Vec<_> = (series.known..end).map(|index| asked(index, index)).collect();
    let answer = |forecast: Result<Forecast, Silence>| {
        let forecast = forecast.unwrap();
        let (near, far) = (forecast.interval80, forecast.interval95);
        [forecast.expected, near.low, near.high, far.low, far.high]
    };
    selection.forecasts(&figures, &requests).into_iter().map(answer).collect()
}

/// Prints the table.
pub(crate) fn test(all: &[PublicSeries], peers: &str) {
    println!("<!-- table landing -->");
    println!(
        "| cell | series | Shihyo: MASE | in 80 % | in 95 % | interval score | AutoETS: MASE | in 80 % | in 95 % | interval score | aim |"
    );
    println!("|{}", "---|".repeat(11));
    let (mut ours, mut theirs) = (Tally::default(), Tally::default());
    for competition in ["M3", "Tourism"] {
        for frequency in Frequency::ALL {
            let (own, other) = cell(all, peers, competition, frequency);
            print(&format!("{competition} {frequency:?}"), &own, &other);
            ours.join(&own);
            theirs.join(&other);
        }
    }
    print("all", &ours, &theirs);
    let (own, other) = cell(all, peers, "M3-other", Frequency::Yearly);
    print("M3 without frequency", &own, &other);
}

fn print(name: &str, own: &Tally, other: &Tally) {
    println!(
        "| {name} | {} | {} | {} | {} |",
        own.mase.len(),
        own.row(),
        other.row(),
        own.aim(other, name.contains("ly"))
    );
}

/// Ours and the peer's tally of one cell.
fn cell(all: &[PublicSeries], peers: &str, competition: &str, frequency: Frequency) -> (Tally, Tally) {
    let peer = peer(peers, competition, frequency);
    let (mut own, mut other) = (Tally::default(), Tally::default());
    let cell = all.iter().filter(|s| s.competition == competition && s.frequency == frequency);
    for series in cell.filter(|series| series.unit() > 0.0) {
        let came = &series.figures[series.known..][..series.horizon];
        own.add(&answers(series), came, series.unit());
        other.add(&peer[&series.id], came, series.unit());
    }
    (own, other)
}
