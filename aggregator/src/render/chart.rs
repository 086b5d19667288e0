//! The history of a KPI as a picture: plain numbers for an SVG, so that the template decides nothing.
//!
//! No script, no style attribute, nothing from outside: classes only, whose colours the style sheet gives in light and dark.

use aggregator_core::points::KpiPoint;
use contract::exact::{Exact, canonical};
use contract::period::{Grain, Period};
use contract::time::{Moment, date_of};
use std::collections::BTreeSet;

/// Size of the picture, and of its margins, in its own units.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 30.0;
const RIGHT: f64 = 12.0;
/// Room for the number above the highest line; numbers stand inside, so that a small screen may show them larger.
const TOP: f64 = 34.0;
const BOTTOM: f64 = 44.0;
/// Lines across the picture, about.
const LINES: f64 = 4.0;
/// Dots that can still be distinguished; of more only the line is drawn.
const MAX_DOTS: usize = 80;

/// Fiscal years that are labelled at most: more would run into each other on a small screen.
const MAX_LABELS: usize = 6;

/// What is marked beside the values.
#[derive(Clone, Copy, Debug)]
pub struct ChartMarks<'a> {
    /// Days on which another counting rule began.
    pub breaks: &'a [i32],
    /// Days whose figures were changed after they were published.
    pub restated: &'a BTreeSet<i32>,
    /// True when a fall is the beginning of a new sum, which no line leads to.
    pub falls: bool,
    /// Whether there is a guide: without one the path equals the target.
    pub guide: bool,
    /// What was changed of the target: the day on which it became known, and the target of before.
    pub changes: &'a [(i32, Option<Exact>)],
    /// The least difference that the numbers at the side can show.
    pub finest: f64,
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// `0 0 760 300`
    pub view: String,
    /// The value's line, as pairs of coordinates; broken where a value is missing.
    pub values: Vec<String>,
    /// Dots of the value.
    pub dots: Vec<(String, String)>,
    /// Rings around dots whose figures were changed.
    pub restated: Vec<(String, String)>,
    /// The guide's line, broken like the value's.
    pub guide: Vec<String>,
    /// Where the target's line is.
    pub target: String,
    /// Lines across, each with its number.
    pub rows: Vec<ChartTick>,
    /// Beginnings of fiscal years, each with its year; where there are many, not all are labelled.
    pub years: Vec<ChartTick>,
    /// Days on which another counting rule began.
    pub breaks: Vec<String>,
    /// Days on which a changed target became known; those outside the picture at its border.
    pub changes: Vec<String>,
    /// The targets of before: from, to, height.
    pub past_targets: Vec<(String, String, String)>,
    /// The ends of lines: left, right, top, bottom.
    pub frame: (String, String, String, String),
}

/// A line with a label.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartTick {
    /// Where it is.
    pub at: String,
    /// Its text.
    pub label: String,
}

fn number(value: &Exact) -> f64 {
    // Canonical numbers are decimal; a picture needs no more digits than a float has.
    canonical(value).parse().unwrap_or_default()
}

fn shown(value: f64) -> String {
    format!("{value:.1}")
}

/// Where days and values are in the picture.
struct Scale {
    first: i32,
    days: f64,
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    fn over(points: &[KpiPoint], (first, last): (i32, i32), targets: &[f64], finest: f64) -> Self {
        let all = points.iter().flat_map(|point| point.value.iter().chain(&point.path)).map(number);
        let all = all.chain(targets.iter().copied());
        let (mut low, mut high) =
            all.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        // A count begins at 0 unless that would flatten the picture.
        if low > 0.0 && low < high / 2.0 {
            low = 0.0;
        }
        let step = round_step((high - low) / LINES).max(finest);
        (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        if high <= low {
            high = low + step;
        }
        Self { first, days: f64::from((last - first).max(1)), low, high, step }
    }

    fn x(&self, day: i32) -> String {
        shown(LEFT + f64::from(day - self.first) / self.days * (WIDTH - LEFT - RIGHT))
    }

    fn y(&self, value: f64) -> String {
        shown(TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM))
    }

    fn at(&self, day: i32, value: &Exact) -> (String, String) {
        (self.x(day), self.y(number(value)))
    }
}

/// Draws points in order of days with the target. `None` where there is nothing to draw.
pub fn draw(
    points: &[KpiPoint],
    target: &Exact,
    marks: &ChartMarks<'_>,
    label: impl Fn(f64) -> String,
) -> Option<Chart> {
    let (first, end) = (points.first()?.day, points.last()?.day);
    let last = marks.breaks.iter().fold(end, |last, day| last.max(*day));
    let target = number(target);
    let past = marks.changes.iter().filter_map(|(_, before)| before.as_ref().map(number));
    let scale = Scale::over(points, (first, last), &past.chain([target]).collect::<Vec<_>>(), marks.finest);
    let known = |point: &KpiPoint| Some((point.day, point.value.clone()?));
    let mut dots: Vec<(String, String)> =
        points.iter().filter_map(known).map(|(day, value)| scale.at(day, &value)).collect();
    if dots.len() > MAX_DOTS {
        dots.clear();
    }
    let changed = points.iter().filter_map(known).filter(|(day, _)| marks.restated.contains(day));
    let restated = changed.map(|(day, value)| scale.at(day, &value)).collect();
    let lines = |of: fn(&KpiPoint) -> Option<&Exact>| lines(points, &scale, marks.falls, of);
    let row = |value: f64| ChartTick { at: scale.y(value), label: label(value) };
    let rows = std::iter::successors(Some(scale.low), |value| Some(value + scale.step));
    Some(Chart {
        view: format!("0 0 {WIDTH} {HEIGHT}"),
        values: lines(|point| point.value.as_ref()),
        dots,
        restated,
        guide: if marks.guide { lines(|point| point.path.as_ref()) } else { Vec::new() },
        target: scale.y(target),
        rows: rows.take_while(|value| *value < scale.high + scale.step / 2.0).map(row).collect(),
        years: years(first, last).into_iter().map(|(day, label)| ChartTick { at: scale.x(day), label }).collect(),
        breaks: marks.breaks.iter().filter(|day| (first..=last).contains(*day)).map(|day| scale.x(*day)).collect(),
        changes: marks.changes.iter().map(|(day, _)| scale.x((*day).clamp(first, last))).collect(),
        past_targets: past_targets(marks.changes, &scale, (first, last)),
        frame: (shown(LEFT), shown(WIDTH - RIGHT), shown(TOP), shown(HEIGHT - BOTTOM)),
    })
}

/// The line of each target of before, from the change that made it to the one that ended it.
fn past_targets(
    changes: &[(i32, Option<Exact>)],
    scale: &Scale,
    (first, last): (i32, i32),
) -> Vec<(String, String, String)> {
    let mut from = first;
    let ended = changes.iter().filter_map(|(day, before)| Some(((*day).clamp(first, last), before.as_ref()?)));
    let line = |(day, before)| (scale.x(std::mem::replace(&mut from, day)), scale.x(day), scale.y(number(before)));
    ended.map(line).collect()
}

/// The lines through the known values; gaps break them, and falls where `falls` is set.
fn lines(points: &[KpiPoint], scale: &Scale, falls: bool, of: fn(&KpiPoint) -> Option<&Exact>) -> Vec<String> {
    let mut lines: Vec<Vec<String>> = vec![Vec::new()];
    let mut before: Option<&Exact> = None;
    for point in points {
        let value = of(point);
        if value.is_none() || falls && before.zip(value).is_some_and(|(before, value)| value < before) {
            lines.push(Vec::new());
        }
        if let (Some(value), Some(line)) = (value, lines.last_mut()) {
            let (x, y) = scale.at(point.day, value);
            line.push(format!("{x},{y}"));
        }
        before = value;
    }
    lines.into_iter().filter(|line| line.len() > 1).map(|line| line.join(" ")).collect()
}

/// The least of 1, 2, 5 and their tens that is not below a width; of no width, the least at all.
fn round_step(width: f64) -> f64 {
    if width <= 0.0 {
        return f64::MIN_POSITIVE;
    }
    let tens = 10_f64.powf(width.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * tens).find(|step| *step >= width).unwrap_or(tens)
}

/// The fiscal years that begin between two days, at most [`MAX_LABELS`] of them with their number.
fn years(first: i32, last: i32) -> Vec<(i32, String)> {
    let year = Period::holding(Grain::FiscalYear, Moment::midnight(date_of(first)));
    let all = (0..).map(|n| year.plus(n)).take_while(|year| year.start().day() <= last);
    let within: Vec<Period> = all.filter(|year| year.start().day() >= first).collect();
    let every = within.len().div_ceil(MAX_LABELS).max(1);
    let label = |(n, year): (usize, Period)| {
        let label = if n % every == 0 { year.index.to_string() } else { String::new() };
        (year.start().day(), label)
    };
    within.into_iter().enumerate().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aggregator_core::judge::Phase;
    use contract::exact::whole;

    fn point(day: i32, value: Option<i64>, path: Option<i64>) -> KpiPoint {
        let (value, path) = (value.map(whole), path.map(whole));
        KpiPoint {
            day,
            phase: Phase::Running,
            status: None,
            value,
            path,
            progress: None,
            provisional: false,
            landing: None,
        }
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
        let restated = BTreeSet::from([start + 3]);
        let marks = ChartMarks {
            breaks: &[start + 1],
            restated: &restated,
            falls: false,
            guide: true,
            changes: &[(start - 9, Some(whole(100))), (start + 2, Some(whole(50)))],
            finest: 1.0,
        };
        let chart = draw(&points, &whole(100), &marks, |value| format!("{value:.0}")).unwrap();
        let (left, right, top, bottom) = chart.frame.clone();
        assert_eq!((left.as_str(), right.as_str(), top.as_str(), bottom.as_str()), ("30.0", "748.0", "34.0", "256.0"));
        assert_eq!(chart.values.len(), 2);
        let y = |pair: &str| pair.split(',').nth(1).unwrap().to_owned();
        assert_eq!(y(chart.values[0].split(' ').next().unwrap()), chart.target, "100 lies on the target");
        assert_eq!(y(chart.values[1].split(' ').next().unwrap()), bottom, "0 lies on the bottom");
        let labels: Vec<&str> = chart.rows.iter().map(|row| row.label.as_str()).collect();
        assert_eq!(labels, ["0", "50", "100"]);
        assert_eq!(chart.years, [ChartTick { at: "209.5".into(), label: "2019".into() }]);
        assert_eq!((chart.breaks.len(), chart.dots.len()), (1, 4));
        assert_eq!(chart.restated, [("568.5".to_owned(), bottom)]);
        assert_eq!(chart.changes, ["30.0", "389.0"], "before the picture at its border");
        let past = &chart.past_targets;
        assert_eq!(
            (past[0].0.as_str(), past[0].1.as_str(), past[0].2.as_str()),
            ("30.0", "30.0", chart.target.as_str())
        );
        assert_eq!((past[1].0.as_str(), past[1].1.as_str(), past[1].2.as_str()), ("30.0", "389.0", "145.0"));
        assert_eq!(draw(&[], &whole(1), &marks, |_| String::new()), None);
    }

    #[test]
    fn a_sum_that_begins_anew_is_not_joined_with_the_year_before_and_a_later_break_is_still_drawn() {
        let points = [point(0, Some(90), None), point(30, Some(100), None), point(60, Some(8), None)];
        let none = BTreeSet::new();
        let marks =
            |falls| ChartMarks { breaks: &[100], restated: &none, falls, guide: true, changes: &[], finest: 1.0 };
        let lines = |falls| draw(&points, &whole(100), &marks(falls), |_| String::new()).unwrap().values.len();
        assert_eq!((lines(false), lines(true)), (1, 1));
        let more = [points.to_vec(), vec![point(90, Some(16), None)]].concat();
        let chart = draw(&more, &whole(100), &marks(true), |_| String::new()).unwrap();
        assert_eq!((chart.values.len(), chart.breaks), (2, vec!["748.0".to_owned()]));
    }

    #[test]
    fn numbers_at_the_side_differ_and_what_has_no_guide_draws_none() {
        let points = [point(0, Some(14), Some(14)), point(30, Some(15), Some(14))];
        let none = BTreeSet::new();
        let marks = ChartMarks { breaks: &[], restated: &none, falls: false, guide: false, changes: &[], finest: 1.0 };
        let chart = draw(&points, &whole(14), &marks, |value| format!("{value:.0}")).unwrap();
        let labels: Vec<&str> = chart.rows.iter().map(|row| row.label.as_str()).collect();
        assert_eq!((labels, chart.guide), (vec!["14", "15"], Vec::new()));
        let flat = draw(&points[..1], &whole(14), &marks, |value| format!("{value:.0}")).unwrap();
        assert_eq!(flat.rows.len(), 2, "{flat:?}");
    }

    #[test]
    fn of_many_years_some_are_labelled() {
        let labels: Vec<String> = years(10_000, 14_500).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels.iter().filter(|label| !label.is_empty()).count(), 6);
        assert_eq!(labels.len(), 12);
    }
}
