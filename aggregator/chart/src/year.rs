//! Whole years: a dot each and never a line; the guide as one step a year, a cap or a floor with the side that fails, outlooks as boxes.

use super::marks::end_labels;
use super::plot::{PictureSize, Plot, Room};
use super::state::edge;
use super::svg::{Anchor, Picture};
use super::words::{ChartContext, text};
use aggregator_core::chart::{ChartData, ChartPart, ChartRow, GapReason, GuideSegment};
use aggregator_core::landing::Outlook;
use contract::catalogue::{Bilingual, Direction};
use contract::exact::Exact;
use contract::period::{Grain, Period};
use contract::time::Moment;

/// The fiscal year of a row: that which it closes.
pub(crate) fn year_of(row: &ChartRow) -> i32 {
    Period::closing(Grain::FiscalYear, row.at).index
}

/// From the baseline's year to the plan's last, with those that have figures.
fn years(data: &ChartData) -> (i32, i32) {
    let [first, last] = [data.plan.0, Moment(data.plan.1.0 - 1)].map(|at| Period::holding(Grain::FiscalYear, at).index);
    let rows = || data.rows_of(ChartPart::Year).map(year_of);
    let from = rows().chain(data.baseline.as_ref().map(|one| one.year)).min().unwrap_or(first).min(first);
    (from, rows().max().unwrap_or(last).max(last))
}

/// The outlooks of whole years, the target year's last.
pub(crate) fn outlooks(data: &ChartData) -> Vec<&Outlook> {
    data.outlook.iter().flat_map(|outlook| outlook.year.iter().chain([&outlook.target])).collect()
}

pub(crate) fn draw(data: &ChartData, ctx: &ChartContext<'_>, size: PictureSize, id: &str) -> Picture {
    let (first, last) = years(data);
    let span = (Period::fiscal_year(first).start(), Period::fiscal_year(last).end());
    let guide: Vec<&GuideSegment> = data
        .guide_of(ChartPart::Year)
        .filter(|one| data.baseline.as_ref().is_none_or(|base| one.year > base.year))
        .collect();
    let mut values: Vec<Exact> = data.rows_of(ChartPart::Year).filter_map(|row| row.shown().cloned()).collect();
    values.extend(guide.iter().map(|one| edge(data.direction, &one.values.1, &one.slack.1)));
    values.extend(guide.iter().map(|one| one.values.1.clone()));
    values.extend(data.targets.iter().map(|step| step.value.clone()));
    values.extend(data.baseline.iter().map(|one| one.value.clone()));
    values.extend(outlooks(data).iter().flat_map(|one| [one.interval95.0.clone(), one.interval95.1.clone()]));
    let ends = end_labels(data, ctx, data.outlook.as_ref().map(|one| &one.target), &values);
    let mut room = Room::new(size, span, values, &ends);
    room.per = if data.kind.has_path() { ctx.one("／年度", " a year") } else { "" };
    let mut plot = Plot::new(data, ctx, size, &room);
    if !data.kind.has_path() {
        failing_side(&mut plot);
    }
    steps(&mut plot, &guide);
    plot.years();
    plot.breaks();
    plot.target(data.plan.1);
    boxes(&mut plot);
    baseline(&mut plot);
    for row in data.rows_of(ChartPart::Year) {
        one(&mut plot, row);
    }
    future(&mut plot, (first, last));
    let (title, desc) = (super::title::title(data, ctx), ctx.side(&caption(data)).to_owned());
    plot.finish(format!("{id}-{}", size.width()), title, desc)
}

fn middle(year: i32) -> Moment {
    let year = Period::fiscal_year(year);
    Moment(i64::midpoint(year.start().0, year.end().0))
}

fn failing_side(plot: &mut Plot<'_>) {
    let data = plot.data;
    let Some(target) = data.target() else { return };
    let (y, frame) = (plot.frame.y(&target.value), plot.frame);
    let (top, bottom) = match data.direction {
        Direction::AtMost => (frame.top, y),
        Direction::AtLeast => (y, frame.bottom),
    };
    plot.hatch((frame.left, top), (frame.right, bottom));
}

fn steps(plot: &mut Plot<'_>, guide: &[&GuideSegment]) {
    let direction = plot.data.direction;
    for one in guide {
        let (left, right) = (plot.frame.x(one.span.0) + 2.0, plot.frame.x(one.span.1) - 2.0);
        let (y, to) = (plot.frame.y(&one.values.1), plot.frame.y(&edge(direction, &one.values.1, &one.slack.1)));
        plot.rect("c-band", (left, y.min(to)), (right - left, (y - to).abs()), None);
        plot.line("c-path", &[(left, y), (right, y)]);
    }
}

/// An outlook of a whole year: a box for 95 of 100 cases, one for 80, and the expected value.
fn boxes(plot: &mut Plot<'_>) {
    let data = plot.data;
    for outlook in outlooks(data) {
        let x = plot.frame.x(middle(outlook.year));
        for (class, half, interval) in [("c-fan95", 13.0, &outlook.interval95), ("c-fan80", 9.0, &outlook.interval80)] {
            let (low, high) = (plot.frame.y(&interval.0), plot.frame.y(&interval.1));
            plot.rect(class, (x - half, high), (half * 2.0, (low - high).max(1.0)), None);
        }
        let y = plot.frame.y(&outlook.expected);
        plot.line("c-fan-line", &[(x - 13.0, y), (x + 13.0, y)]);
        let [expected, interval] = Plot::outlook_texts(plot.ctx, outlook);
        let size = plot.labels.size();
        let (above, below) =
            (plot.frame.y(&outlook.interval95.1) - 6.0, plot.frame.y(&outlook.interval95.0) + size + 2.0);
        let candidates = [
            ((x, above), Anchor::Middle),
            ((x, below), Anchor::Middle),
            ((x + 17.0, y + 4.0), Anchor::Start),
            ((x - 17.0, y + 4.0), Anchor::End),
        ];
        plot.labels.insist("lab-fan", &expected, &candidates);
        if plot.size.has_side() {
            let more = [
                ((x, below), Anchor::Middle),
                ((x, below + size + 3.0), Anchor::Middle),
                ((x + 17.0, y + 4.0), Anchor::Start),
            ];
            plot.labels.place("", &interval, &more);
        }
    }
}

fn baseline(plot: &mut Plot<'_>) {
    let data = plot.data;
    let Some(baseline) = data.baseline.as_ref() else { return };
    let at = (plot.frame.x(middle(baseline.year)), plot.frame.y(&baseline.value));
    plot.rect("c-base", (at.0 - 3.5, at.1 - 3.5), (7.0, 7.0), None);
    let value = plot.magnitude.stated(&baseline.value);
    let long = format!("{} {value}", plot.ctx.one("現状値", "Baseline"));
    let candidates = plot.around(at, 5.0);
    if !plot.labels.place("", &long, &candidates) {
        plot.labels.place("", &value, &candidates);
    }
}

fn one(plot: &mut Plot<'_>, row: &ChartRow) {
    let x = plot.frame.x(middle(year_of(row)));
    if let Some(reason) = row.gap {
        let word = match (reason, row.months) {
            (GapReason::Incomplete, Some(months)) => match plot.ctx.language {
                super::words::ChartLanguage::Ja => format!("{months}か月分のみ"),
                super::words::ChartLanguage::En => format!("{months} months only"),
            },
            _ => plot.gap_word(reason).to_owned(),
        };
        if reason == GapReason::Waiting {
            let at = (x, plot.frame.bottom - 8.0);
            plot.labels.place("", &word, &[(at, Anchor::Middle)]);
        } else {
            plot.cross(x, &word);
        }
        return;
    }
    let Some(shown) = row.shown() else { return };
    let at = (x, plot.frame.y(shown));
    plot.dot(row, at, 4.0);
    plot.restated(row, at);
    let short = plot.ctx.value(shown, row.guide.as_ref(), &plot.magnitude);
    let long = row.compared.as_ref().zip(row.value.as_ref()).map(|(_, settled)| {
        let settled = plot.ctx.number(settled, &plot.magnitude);
        match plot.ctx.language {
            super::words::ChartLanguage::Ja => format!("{short}（決算 {settled}）"),
            super::words::ChartLanguage::En => format!("{short} (settled {settled})"),
        }
    });
    let candidates = plot.around(at, 5.0);
    let placed = long.is_some_and(|long| plot.labels.place("lab-value", &long, &candidates[..2]));
    if !placed {
        plot.labels.insist("lab-value", &short, &candidates);
    }
}

/// Years of the plan of which nothing is known and nothing is expected.
fn future(plot: &mut Plot<'_>, (first, last): (i32, i32)) {
    let data = plot.data;
    let known = |year: i32| {
        data.rows_of(ChartPart::Year).any(|row| year_of(row) == year)
            || outlooks(data).iter().any(|outlook| outlook.year == year)
            || data.baseline.as_ref().is_some_and(|one| one.year == year)
    };
    let open = (first..=last).filter(|year| !known(*year) && Period::fiscal_year(*year).end() > data.plan.0);
    for year in open.collect::<Vec<_>>() {
        let at = (plot.frame.x(middle(year)), plot.frame.bottom - 8.0);
        let word = plot.ctx.one("まだ", "not yet");
        plot.labels.place("", word, &[(at, Anchor::Middle)]);
    }
}

/// What is drawn, beside the picture.
pub(crate) fn caption(data: &ChartData) -> Bilingual {
    if data.kind.is_ceiling() {
        return text(
            "年度に1点。点は判定に使う値で、斜線は上限を超える側です。年の途中の按分はしません。",
            "One dot a year, the value that is judged; the hatched side is over the cap. Nothing is prorated within a year.",
        );
    }
    if !data.kind.has_path() {
        return text(
            "年度に1点。斜線は保つ水準を割る側です。見通しは出しません。",
            "One dot a year; the hatched side is below the floor. No outlook is given.",
        );
    }
    text(
        "12か月そろった年度だけに点を打ち、年度の間はつなぎません。",
        "A dot only where all twelve months are known; years are not joined.",
    )
}
