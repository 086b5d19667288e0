//! A KPI's way as a picture: plain numbers for an SVG, so that the template decides nothing.
//!
//! No script, no style attribute, nothing from outside: classes only, whose colours the style sheet gives in light and dark.

use aggregator_core::points::KpiPoint;
use contract::exact::{Exact, canonical};
use contract::period::{Grain, Period};
use contract::time::{Moment, date_of};

/// Size of the picture, and of its margins, in its own units.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 34.0;
/// Lines across the picture, about.
const LINES: f64 = 4.0;
/// Dots that can still be told apart; of more only the line is drawn.
const MAX_DOTS: usize = 80;

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// `0 0 760 300`
    pub view: String,
    /// The value's line, as pairs of coordinates; broken where a value is missing.
    pub values: Vec<String>,
    /// Dots of the value.
    pub dots: Vec<(String, String)>,
    /// The guide's line.
    pub guide: String,
    /// Where the target's line is.
    pub target: String,
    /// Lines across, each with its number.
    pub rows: Vec<Tick>,
    /// Beginnings of fiscal years, each with its year.
    pub years: Vec<Tick>,
    /// Days on which another counting rule began.
    pub breaks: Vec<String>,
    /// The ends of lines: left, right, top, bottom.
    pub frame: (String, String, String, String),
}

/// A line with a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where it is.
    pub at: String,
    /// What it says.
    pub label: String,
}

fn number(value: &Exact) -> f64 {
    // Canonical numbers are decimal; a picture needs no more digits than a float has.
    canonical(value).parse().unwrap_or_default()
}

fn shown(value: f64) -> String {
    format!("{value:.1}")
}

/// Draws points in order of days with the target; `breaks` are days. `None` where there is nothing to draw.
pub fn draw(points: &[KpiPoint], target: &Exact, breaks: &[i32], label: impl Fn(f64) -> String) -> Option<Chart> {
    let (first, last) = (points.first()?.day, points.last()?.day);
    let target = number(target);
    let all = points.iter().flat_map(|point| point.value.iter().chain(&point.path)).map(number).chain([target]);
    let (mut low, mut high) = all.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    // A count begins at 0 unless that would flatten the picture.
    if low > 0.0 && low < high / 2.0 {
        low = 0.0;
    }
    let step = round_step((high - low).max(1.0) / LINES);
    (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
    if high <= low {
        high = low + step;
    }
    let days = f64::from((last - first).max(1));
    let x = |day: i32| LEFT + f64::from(day - first) / days * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM);
    let pair = |day: i32, value: f64| format!("{},{}", shown(x(day)), shown(y(value)));
    let mut values: Vec<Vec<String>> = vec![Vec::new()];
    let mut dots = Vec::new();
    for point in points {
        match (&point.value, values.last_mut()) {
            (Some(value), Some(line)) => {
                line.push(pair(point.day, number(value)));
                dots.push((shown(x(point.day)), shown(y(number(value)))));
            }
            // Days to come, and gaps, break the line.
            _ => values.push(Vec::new()),
        }
    }
    if dots.len() > MAX_DOTS {
        dots.clear();
    }
    let guide: Vec<String> =
        points.iter().filter_map(|point| Some(pair(point.day, number(point.path.as_ref()?)))).collect();
    let row = |value: f64| Tick { at: shown(y(value)), label: label(value) };
    let rows =
        std::iter::successors(Some(low), |value| Some(value + step)).take_while(|value| *value < high + step / 2.0);
    Some(Chart {
        view: format!("0 0 {WIDTH} {HEIGHT}"),
        values: values.into_iter().filter(|line| line.len() > 1).map(|line| line.join(" ")).collect(),
        dots,
        guide: guide.join(" "),
        target: shown(y(target)),
        rows: rows.map(row).collect(),
        years: years(first, last).into_iter().map(|(day, label)| Tick { at: shown(x(day)), label }).collect(),
        breaks: breaks.iter().filter(|day| (first..=last).contains(*day)).map(|day| shown(x(*day))).collect(),
        frame: (shown(LEFT), shown(WIDTH - RIGHT), shown(TOP), shown(HEIGHT - BOTTOM)),
    })
}

/// The least of 1, 2, 5 and their tens that is not below a width.
fn round_step(width: f64) -> f64 {
    let tens = 10_f64.powf(width.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * tens).find(|step| *step >= width).unwrap_or(tens)
}

/// The fiscal years that begin between two days.
fn years(first: i32, last: i32) -> Vec<(i32, String)> {
    let year = Period::holding(Grain::FiscalYear, Moment::midnight(date_of(first)));
    let all = (0..).map(|n| year.plus(n)).take_while(|year| year.start().day() <= last);
    all.filter(|year| year.start().day() >= first).map(|year| (year.start().day(), year.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aggregator_core::judge::Phase;
    use contract::exact::whole;

    fn point(day: i32, value: Option<i64>, path: Option<i64>) -> KpiPoint {
        let (value, path) = (value.map(whole), path.map(whole));
        KpiPoint { day, phase: Phase::Running, status: None, value, path, progress: None, provisional: false }
    }

    #[test]
    fn values_guide_and_target_share_one_scale_and_a_gap_breaks_the_line() {
        let day = |text: &str| contract::time::parse_date(text).map(contract::time::day_number).unwrap();
        let start = day("2019-03-31");
        let points = [
            point(start, Some(100), Some(100)),
            point(start + 1, Some(50), Some(100)),
            point(start + 2, None, Some(100)),
            point(start + 3, Some(0), None),
            point(start + 4, Some(100), None),
        ];
        let chart = draw(&points, &whole(100), &[start + 1, start + 99], |value| format!("{value:.0}")).unwrap();
        let (left, right, top, bottom) = chart.frame.clone();
        assert_eq!((left.as_str(), right.as_str(), top.as_str(), bottom.as_str()), ("84.0", "748.0", "12.0", "266.0"));
        assert_eq!(chart.values.len(), 2);
        let y = |pair: &str| pair.split(',').nth(1).unwrap().to_owned();
        assert_eq!(y(chart.values[0].split(' ').next().unwrap()), chart.target, "100 lies on the target");
        assert_eq!(y(chart.values[1].split(' ').next().unwrap()), bottom, "0 lies on the bottom");
        let labels: Vec<&str> = chart.rows.iter().map(|row| row.label.as_str()).collect();
        assert_eq!(labels, ["0", "50", "100"]);
        assert_eq!(chart.years, [Tick { at: "250.0".into(), label: "FY2019".into() }]);
        assert_eq!((chart.breaks.len(), chart.dots.len()), (1, 4));
        assert_eq!(draw(&[], &whole(1), &[], |_| String::new()), None);
    }
}
