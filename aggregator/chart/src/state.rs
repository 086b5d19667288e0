//! Level, ratio and running total: dots where something was counted, the guide as a function of time, the outlook as a fan.

use super::marks::end_labels;
use super::plot::{PictureSize, Plot, Room};
use super::svg::{Anchor, Picture};
use super::words::{ChartContext, text};
use aggregator_core::chart::{ChartData, ChartPart, ChartRow, GapReason, GuideSegment};
use contract::catalogue::{Bilingual, Direction};
use contract::exact::Exact;
use contract::period::Period;
use contract::time::Moment;

/// Dots that can still be told apart stand this far from each other.
const LEAST_DISTANCE: f64 = 4.0;

/// From the first figure, the baseline or the plan's start to the plan's end or the last figure.
fn span(data: &ChartData) -> (Moment, Moment) {
    let rows = || data.rows_of(ChartPart::State).map(|row| row.at);
    let baseline = data.baseline.as_ref().map(|one| Period::fiscal_year(one.year).end());
    let from = rows().chain(baseline).chain([data.plan.0]).min().unwrap_or(data.plan.0);
    (from, rows().chain([data.plan.1]).max().unwrap_or(data.plan.1))
}

/// The pieces of the guide inside the picture; cut at its left border.
fn guide(data: &ChartData, from: Moment) -> Vec<GuideSegment> {
    let inside = data.guide_of(ChartPart::State).filter(|one| one.span.1 > from);
    let cut = |one: &GuideSegment| {
        let mut one = one.clone();
        if one.span.0 < from {
            let all = Exact::from_integer((one.span.1.0 - one.span.0.0).into());
            let share = Exact::from_integer((from.0 - one.span.0.0).into()) / all;
            one.values.0 = &one.values.0 + (&one.values.1 - &one.values.0) * share;
            one.span.0 = from;
        }
        one
    };
    inside.map(cut).collect()
}

/// The edge of the tolerance on the failing side.
pub(crate) fn edge(direction: Direction, value: &Exact, slack: &Exact) -> Exact {
    match direction {
        Direction::AtLeast => value - slack,
        Direction::AtMost => value + slack,
    }
}

pub(crate) fn draw(data: &ChartData, ctx: &ChartContext<'_>, size: PictureSize, id: &str) -> Picture {
    let span = span(data);
    let guide = guide(data, span.0);
    let outlook = data.outlook.as_ref().map(|outlook| &outlook.target);
    let mut values: Vec<Exact> = data.rows_of(ChartPart::State).filter_map(|row| row.value.clone()).collect();
    let before = |row: &ChartRow| row.restated.as_ref()?.before.clone();
    values.extend(data.rows_of(ChartPart::State).filter_map(before));
    values.extend(guide.iter().flat_map(|one| {
        let ends = [(&one.values.0, &one.slack.0), (&one.values.1, &one.slack.1)];
        ends.map(|(value, slack)| edge(data.direction, value, slack))
    }));
    values.extend(data.targets.iter().map(|step| step.value.clone()));
    values.extend(data.baseline.iter().map(|one| one.value.clone()));
    values.extend(outlook.iter().flat_map(|one| [one.interval95.0.clone(), one.interval95.1.clone()]));
    let ends = end_labels(data, ctx, outlook, &values);
    let mut plot = Plot::new(data, ctx, size, &Room::new(size, span, values, &ends));
    band_and_fan(&mut plot, &guide);
    plot.years();
    let points = |one: &GuideSegment| {
        [
            (plot.frame.x(one.span.0), plot.frame.y(&one.values.0)),
            (plot.frame.x(one.span.1), plot.frame.y(&one.values.1)),
        ]
    };
    let path: Vec<(f64, f64)> = guide.iter().flat_map(points).collect();
    plot.line("c-path", &path);
    plot.today();
    plot.target(data.plan.1);
    if let Some(outlook) = outlook {
        let x = plot.frame.x(data.plan.1) + 5.0;
        plot.whisker(outlook, x);
    }
    plot.breaks();
    values_of(&mut plot);
    let (title, desc) = (super::title::title(data, ctx), ctx.side(&caption(data)).to_owned());
    plot.finish(format!("{id}-{}", size.width()), title, desc)
}

fn band_and_fan(plot: &mut Plot<'_>, guide: &[GuideSegment]) {
    let data = plot.data;
    let ends = |one: &GuideSegment| {
        [(one.span.0, &one.values.0, &one.slack.0), (one.span.1, &one.values.1, &one.slack.1)].map(
            |(at, value, slack)| {
                (plot.frame.x(at), plot.frame.y(value), plot.frame.y(&edge(data.direction, value, slack)))
            },
        )
    };
    let all: Vec<(f64, f64, f64)> = guide.iter().flat_map(ends).collect();
    let band: Vec<(f64, f64)> =
        all.iter().map(|(x, y, _)| (*x, *y)).chain(all.iter().rev().map(|(x, _, y)| (*x, *y))).collect();
    if !band.is_empty() {
        plot.area("c-band", &band);
    }
    let last = data.rows_of(ChartPart::State).filter(|row| row.value.is_some() && !row.later).last();
    let Some((row, outlook)) = last.zip(data.outlook.as_ref()).filter(|(row, _)| row.at < data.plan.1) else { return };
    let Some(value) = row.value.as_ref() else { return };
    let start = (plot.frame.x(row.at), plot.frame.y(value));
    fan(plot, start, plot.frame.x(data.plan.1), &outlook.target);
}

/// From a dot to an outlook's intervals; straight, because only its end is known.
pub(crate) fn fan(plot: &mut Plot<'_>, start: (f64, f64), x: f64, outlook: &aggregator_core::landing::Outlook) {
    for (class, interval) in [("c-fan95", &outlook.interval95), ("c-fan80", &outlook.interval80)] {
        let (low, high) = (plot.frame.y(&interval.0), plot.frame.y(&interval.1));
        plot.area(class, &[start, (x, high), (x, low)]);
    }
    let middle = plot.frame.y(&outlook.expected);
    plot.line("c-fan", &[start, (x, middle)]);
}

fn values_of(plot: &mut Plot<'_>) {
    let data = plot.data;
    for line in data.lines(ChartPart::State) {
        let place = |row: &ChartRow| Some((plot.frame.x(row.at), plot.frame.y(row.value.as_ref()?)));
        let points: Vec<(f64, f64)> = line.iter().filter_map(|row| place(row)).collect();
        let later = line.first().is_some_and(|row| row.later);
        if points.len() > 1 {
            plot.line(if later { "c-line later" } else { "c-line" }, &points);
        }
        let length = points.last().map_or(0.0, |last| last.0 - points[0].0);
        let apart = length / f64::from(u32::try_from(points.len()).unwrap_or(u32::MAX));
        for (n, (row, at)) in line.iter().zip(&points).enumerate() {
            // Of dots that nobody could tell apart the line alone is drawn, with its last one and those that are marked.
            let is_end = n + 1 == points.len();
            if apart >= LEAST_DISTANCE || is_end || row.provisional || row.restated.is_some() {
                plot.dot(row, *at, 3.5);
            }
            plot.restated(row, *at);
        }
    }
    baseline(plot);
    reached(plot);
    last_value(plot);
    let crosses: Vec<(f64, GapReason)> = data
        .rows_of(ChartPart::State)
        .filter_map(|row| Some((plot.frame.x(row.at), row.gap.filter(|reason| *reason != GapReason::Waiting)?)))
        .collect();
    for (x, reason) in crosses {
        let word = plot.gap_word(reason);
        plot.cross(x, word);
    }
}

fn baseline(plot: &mut Plot<'_>) {
    let Some(baseline) = plot.data.baseline.as_ref() else { return };
    let at = (plot.frame.x(Period::fiscal_year(baseline.year).end()), plot.frame.y(&baseline.value));
    plot.rect("c-base", (at.0 - 3.5, at.1 - 3.5), (7.0, 7.0), None);
    let words =
        if baseline.declared { plot.ctx.one("開始値", "Start") } else { plot.ctx.one("現状値", "Baseline") };
    let value = plot.magnitude.stated(&baseline.value);
    let (x, y, size) = (at.0, at.1, plot.labels.size());
    let candidates = [
        ((x + 7.0, y + size + 4.0), Anchor::Start),
        ((x + 7.0, y - 7.0), Anchor::Start),
        ((x - 7.0, y - 7.0), Anchor::End),
        ((x - 7.0, y + size + 4.0), Anchor::End),
    ];
    plot.labels.place("", &format!("{words} {value}"), &candidates);
}

fn reached(plot: &mut Plot<'_>) {
    let data = plot.data;
    let Some(at) = data.reached else { return };
    let Some(row) = data.rows_of(ChartPart::State).find(|row| row.at == at && row.value.is_some()) else { return };
    let Some(value) = row.value.as_ref() else { return };
    let place = (plot.frame.x(at), plot.frame.y(value));
    plot.circle("c-reached", place, 7.5, None);
    let month = plot.ctx.period(contract::period::Period::closing(contract::period::Grain::Month, at));
    let words = match plot.ctx.language {
        super::words::ChartLanguage::Ja => format!("{month} 到達"),
        super::words::ChartLanguage::En => format!("Reached {month}"),
    };
    let candidates = plot.around(place, 9.0);
    plot.labels.insist("strong", &words, &[candidates[2], candidates[0], candidates[5], candidates[4], candidates[1]]);
}

fn last_value(plot: &mut Plot<'_>) {
    let data = plot.data;
    let known: Vec<&ChartRow> = data.rows_of(ChartPart::State).filter(|row| row.value.is_some()).collect();
    let judged = known.iter().rfind(|row| !row.later);
    let later = known.last().filter(|row| row.later);
    for row in judged.into_iter().chain(later) {
        let Some(value) = row.value.as_ref() else { continue };
        let at = (plot.frame.x(row.at), plot.frame.y(value));
        let shown = plot.ctx.value(value, row.guide.as_ref(), &plot.magnitude);
        let candidates = plot.around(at, 5.0);
        plot.labels.insist("lab-value", &shown, &candidates);
    }
}

/// What is drawn, beside the picture.
pub(crate) fn caption(data: &ChartData) -> Bilingual {
    let total = data.kind.is_running_total();
    let (mut ja, mut en) = if total {
        ("点は、その時点までの累計です。".to_owned(), "Each dot is the total up to its moment.".to_owned())
    } else {
        (
            "点は数えた日だけに打ちます。点の間の線は目を導くだけで、値ではありません。".to_owned(),
            "Dots stand only on days of a count; the line between them guides the eye and is no value.".to_owned(),
        )
    };
    if data.outlook.is_some() {
        ja.push_str("見通しは最後の点から始まり、計算したのは計画の終わりの幅だけです。");
        en.push_str(" The outlook starts at the last dot; only its width at the plan's end is computed.");
    } else if data.reached.is_some() {
        ja.push_str("到達したあとは見通しを描きません。");
        en.push_str(" Once the target is reached, no outlook is drawn.");
    }
    text(ja, en)
}
