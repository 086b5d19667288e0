//! Months: of a yearly sum as bars from 0, of a monthly mean as dots with the mean as a short line over its months.

use super::marks::end_labels;
use super::plot::{PictureSize, Plot, Room};
use super::svg::{Anchor, Picture};
use super::words::{ChartContext, text};
use super::year::{outlooks, year_of};
use aggregator_core::chart::{ChartData, ChartPart, ChartRow, GapReason, GuideSegment};
use contract::catalogue::Bilingual;
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;

/// Fiscal years that are shown at most, the latest.
const MOST_YEARS: i32 = 6;

/// The fiscal years of the months.
fn span(data: &ChartData, to_end: bool) -> Option<(Moment, Moment)> {
    let years = || data.rows_of(ChartPart::Month).map(year_of);
    let last = years().max()?;
    let first = years().min()?.max(last - MOST_YEARS + 1);
    let end = Period::fiscal_year(last).end();
    Some((Period::fiscal_year(first).start(), if to_end { end.max(data.plan.1) } else { end }))
}

fn rows(data: &ChartData, from: Moment) -> Vec<&ChartRow> {
    data.rows_of(ChartPart::Month).filter(|row| row.period.start() >= from).collect()
}

fn guide(data: &ChartData, (from, to): (Moment, Moment)) -> Vec<&GuideSegment> {
    data.guide_of(ChartPart::Month).filter(|one| one.span.0 >= from && one.span.1 <= to).collect()
}

fn values(rows: &[&ChartRow], guide: &[&GuideSegment]) -> Vec<Exact> {
    let before = |row: &&ChartRow| row.restated.as_ref()?.before.clone();
    let own = rows.iter().filter_map(|row| row.value.clone()).chain(rows.iter().filter_map(before));
    own.chain(guide.iter().map(|one| one.values.1.clone())).collect()
}

/// The bars of a yearly sum.
pub(crate) fn bars(data: &ChartData, ctx: &ChartContext<'_>, size: PictureSize, id: &str) -> Option<Picture> {
    let span = span(data, false)?;
    let (rows, guide) = (rows(data, span.0), guide(data, span));
    let room =
        Room {
            from_zero: true, per: ctx.one("／月", " a month"), ..Room::new(size, span, values(&rows, &guide), &[])
        };
    let mut plot = Plot::new(data, ctx, size, &room);
    plot.years();
    let zero = plot.frame.y(&whole(0));
    for row in &rows {
        bar(&mut plot, row, zero);
    }
    for one in guide {
        let (left, right, y) = (plot.frame.x(one.span.0), plot.frame.x(one.span.1), plot.frame.y(&one.values.1));
        plot.line("c-path", &[(left, y), (right, y)]);
    }
    plot.breaks();
    plot.today();
    let last = rows.iter().rev().find_map(|row| Some((row, row.value.as_ref()?)));
    if let Some((row, value)) = last {
        let x = f64::midpoint(plot.frame.x(row.period.start()), plot.frame.x(row.period.end()));
        let y = plot.frame.y(value).min(zero) - 5.0;
        let shown = plot.ctx.value(value, row.guide.as_ref(), &plot.magnitude);
        plot.labels.place(
            "lab-value",
            &shown,
            &[((x, y), Anchor::Middle), ((x + 6.0, y), Anchor::End), ((x, y - 14.0), Anchor::End)],
        );
    }
    crosses(&mut plot, &rows);
    let (title, desc) = (super::title::title(data, ctx), ctx.side(&caption()).to_owned());
    Some(plot.finish(format!("{id}-{}", size.width()), title, desc))
}

fn bar(plot: &mut Plot<'_>, row: &ChartRow, zero: f64) {
    let Some(value) = row.value.as_ref() else { return };
    let (left, right) = (plot.frame.x(row.period.start()), plot.frame.x(row.period.end()));
    let (inset, y) = ((right - left) * 0.12, plot.frame.y(value));
    let is_old = plot.data.breaks.iter().any(|rule| rule.own && row.at <= rule.at);
    let class = match (is_old, row.provisional, row.later) {
        (true, ..) => "c-bar old",
        (_, true, _) => "c-bar prov",
        (_, _, true) => "c-bar later",
        _ => "c-bar",
    };
    let title = plot.says(row);
    let (x, width) = (left + inset, right - left - inset * 2.0);
    plot.rect(class, (x, y.min(zero)), (width, (zero - y).abs()), title);
    if let Some(change) = row.restated.as_ref() {
        let number = super::marks::restated_rows(plot.data).iter().position(|one| one.period == row.period);
        let mut top = y.min(zero);
        if let Some(before) = change.before.as_ref() {
            let old = plot.frame.y(before);
            plot.rect("c-ghost", (x, old.min(zero)), (width, (zero - old).abs()), None);
            top = top.min(old);
        }
        let mark = number.and_then(super::marks::note_mark).unwrap_or('○').to_string();
        let at = (f64::midpoint(left, right), top - 4.0);
        let size = plot.labels.size();
        plot.labels.place("lab-note", &mark, &[(at, Anchor::Middle), ((at.0, at.1 - size), Anchor::Middle)]);
    }
}

fn crosses(plot: &mut Plot<'_>, rows: &[&ChartRow]) {
    for row in rows {
        let Some(reason) = row.gap.filter(|reason| *reason != GapReason::Waiting) else { continue };
        let x = f64::midpoint(plot.frame.x(row.period.start()), plot.frame.x(row.period.end()));
        let word = plot.gap_word(reason);
        plot.cross(x, word);
    }
}

/// The months of a mean, and the mean over its months.
pub(crate) fn means(data: &ChartData, ctx: &ChartContext<'_>, size: PictureSize, id: &str) -> Option<Picture> {
    let (from, to) = span(data, true)?;
    let baseline = data.baseline.as_ref().map(|one| Period::fiscal_year(one.year).start());
    let span = (baseline.map_or(from, |start| start.min(from)), to);
    let (rows, guide) = (rows(data, span.0), guide(data, span));
    let mut all = values(&rows, &guide);
    all.extend(data.rows_of(ChartPart::Mean).filter_map(|row| row.value.clone()));
    all.extend(data.targets.iter().map(|step| step.value.clone()));
    all.extend(data.baseline.iter().map(|one| one.value.clone()));
    all.extend(outlooks(data).iter().flat_map(|one| [one.interval95.0.clone(), one.interval95.1.clone()]));
    let ends = end_labels(data, ctx, data.outlook.as_ref().map(|one| &one.target), &all);
    let room = Room { per: ctx.one("／月", " a month"), ..Room::new(size, span, all, &ends) };
    let mut plot = Plot::new(data, ctx, size, &room);
    expected_means(&mut plot);
    plot.years();
    for one in guide {
        let (left, right, y) = (plot.frame.x(one.span.0), plot.frame.x(one.span.1), plot.frame.y(&one.values.1));
        plot.line("c-path", &[(left, y), (right, y)]);
    }
    plot.today();
    plot.breaks();
    plot.target(data.plan.1);
    if let Some(outlook) = data.outlook.as_ref() {
        let x = plot.frame.x(data.plan.1) + 5.0;
        plot.whisker(&outlook.target, x);
    }
    if let Some(baseline) = data.baseline.as_ref() {
        let year = Period::fiscal_year(baseline.year);
        let at = (f64::midpoint(plot.frame.x(year.start()), plot.frame.x(year.end())), plot.frame.y(&baseline.value));
        plot.rect("c-base", (at.0 - 3.5, at.1 - 3.5), (7.0, 7.0), None);
        let words = format!("{} {}", ctx.one("現状値", "Baseline"), plot.magnitude.stated(&baseline.value));
        let candidates = plot.around(at, 5.0);
        plot.labels.place("", &words, &candidates);
    }
    dots(&mut plot, &rows);
    crosses(&mut plot, &rows);
    let (title, desc) = (super::title::title(data, ctx), ctx.side(&mean_caption()).to_owned());
    Some(plot.finish(format!("{id}-{}", size.width()), title, desc))
}

fn dots(plot: &mut Plot<'_>, rows: &[&ChartRow]) {
    let data = plot.data;
    for row in rows {
        let Some(value) = row.value.as_ref() else { continue };
        let x = f64::midpoint(plot.frame.x(row.period.start()), plot.frame.x(row.period.end()));
        let at = (x, plot.frame.y(value));
        plot.dot(row, at, if plot.size.has_side() { 3.0 } else { 2.5 });
        plot.restated(row, at);
    }
    for row in data.rows_of(ChartPart::Mean) {
        let Some(value) = row.value.as_ref().filter(|_| row.at > plot.frame.from) else { continue };
        let (left, right) = (plot.frame.x(row.period.start()), plot.frame.x(row.at));
        let y = plot.frame.y(value);
        plot.line("c-mean", &[(left, y), (right, y)]);
        let shown = plot.ctx.value(value, row.guide.as_ref(), &plot.magnitude);
        let size = plot.labels.size();
        let middle = f64::midpoint(left, right);
        let candidates = [
            ((middle, y - 7.0), Anchor::Middle),
            ((middle, y + size + 4.0), Anchor::Middle),
            ((left + 2.0, y - 7.0), Anchor::Start),
            ((right - 2.0, y - 7.0), Anchor::End),
            ((left + 2.0, y + size + 4.0), Anchor::Start),
        ];
        plot.labels.insist("lab-value", &shown, &candidates);
    }
}

/// The outlook of a year's mean: a box over its months that are still open.
fn expected_means(plot: &mut Plot<'_>) {
    let data = plot.data;
    for outlook in outlooks(data) {
        let year = Period::fiscal_year(outlook.year);
        let (left, right) = (plot.frame.x(year.start().max(data.asked)), plot.frame.x(year.end()));
        for (class, interval) in [("c-fan95", &outlook.interval95), ("c-fan80", &outlook.interval80)] {
            let (low, high) = (plot.frame.y(&interval.0), plot.frame.y(&interval.1));
            plot.rect(class, (left, high), ((right - left).max(2.0), (low - high).max(1.0)), None);
        }
        let y = plot.frame.y(&outlook.expected);
        plot.line("c-fan", &[(left, y), (right, y)]);
    }
}

/// What is drawn, beside the bars.
pub(crate) fn caption() -> Bilingual {
    text("棒は0から。短い横線は、その月の目安です。", "Bars begin at 0; the short line is the guide of that month.")
}

/// What is drawn, beside the means.
pub(crate) fn mean_caption() -> Bilingual {
    text(
        "点は月ごとの数字、太い横線はそろった月の平均、細い横線はその月の目安です。月や年度の間はつなぎません。",
        "Dots are months, the thick line is the mean of the known months, thin lines are the guide of each month; nothing is joined.",
    )
}

/// The grain of the months: a quarterly series has quarters.
pub(crate) fn grain(data: &ChartData) -> Grain {
    data.rows_of(ChartPart::Month).map(|row| row.period.grain).next().unwrap_or(Grain::Month)
}
