//! One small picture a fiscal year: the sum from April beside what was expected of the same months, and their difference below.

use super::marks;
use super::panel::Panel;
use super::plot::{PictureSize, Plot, Room};
use super::state::fan;
use super::svg::{Anchor, Picture};
use super::words::{ChartContext, text};
use super::year::{outlooks, year_of};
use aggregator_core::chart::{ChartData, ChartPart, ChartRow, GapReason, GuideSegment};
use aggregator_core::landing::Outlook;
use contract::catalogue::Bilingual;
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use num_traits::Signed;
use std::fmt::Write;

/// Years that are shown at most, the latest and the target's.
const MOST_YEARS: usize = 3;
const SUM_HEIGHT: f64 = 232.0;
const DIFFERENCE_HEIGHT: f64 = 96.0;
const BOTTOM: f64 = 26.0;

/// A fiscal year of a picture.
struct PanelYear<'a> {
    number: i32,
    rows: Vec<&'a ChartRow>,
    guide: Vec<&'a GuideSegment>,
    outlook: Option<&'a Outlook>,
}

fn years(data: &ChartData) -> Vec<PanelYear<'_>> {
    let last = Period::closing(Grain::FiscalYear, data.plan.1).index;
    let mut numbers: Vec<i32> = data.rows_of(ChartPart::YearToDate).map(year_of).collect();
    numbers.extend(outlooks(data).iter().map(|one| one.year));
    numbers.extend((data.asked < data.plan.1).then_some(last));
    numbers.sort_unstable();
    numbers.dedup();
    let first = numbers.len().saturating_sub(MOST_YEARS);
    let year = |year: &i32| PanelYear {
        number: *year,
        rows: data.rows_of(ChartPart::YearToDate).filter(|row| year_of(row) == *year).collect(),
        guide: data.guide_of(ChartPart::YearToDate).filter(|one| one.year == *year).collect(),
        outlook: outlooks(data).into_iter().find(|one| one.year == *year),
    };
    numbers[first..].iter().map(year).collect()
}

/// The panels, the earliest year first.
pub(crate) fn panels(data: &ChartData, ctx: &ChartContext<'_>, id: &str) -> Vec<Panel> {
    let panel = |year: PanelYear<'_>| Panel {
        heading: heading(data, year.number),
        text: sentence(ctx, &year),
        pictures: [Some(sum(data, ctx, &year, id)), difference(data, ctx, &year, id)].into_iter().flatten().collect(),
    };
    years(data).into_iter().map(panel).collect()
}

fn heading(data: &ChartData, year: i32) -> Bilingual {
    let asked = Period::closing(Grain::FiscalYear, data.asked).index;
    let last = Period::closing(Grain::FiscalYear, data.plan.1).index;
    let label = contract::era::fiscal_year_label(i16::try_from(year).unwrap_or(contract::time::LAST_YEAR));
    let (ja, en) = match (year == asked, year == last) {
        (_, true) => ("（目標の年度）", ", the target year"),
        (true, false) => ("（この年度）", ", this year"),
        (false, false) => ("", ""),
    };
    text(format!("{label}{ja}"), format!("FY{year}{en}"))
}

/// `4月から11月までの計 19,400 件（8か月）。同じ月の目安 18,833 件。`
fn sentence(ctx: &ChartContext<'_>, year: &PanelYear<'_>) -> Bilingual {
    let Some((row, value)) = year.rows.iter().rev().find_map(|row| Some((row, row.value.as_ref()?))) else {
        return text("まだ数字はありません。", "No figure yet.");
    };
    let months = row.months.unwrap_or_default();
    let shown = |unit: &str| aggregator_core::display::value(ctx.kpi, value, row.guide.as_ref(), unit);
    let guide =
        |unit: &str| row.guide.as_ref().map(|guide| aggregator_core::display::guide(ctx.kpi, guide, Some(value), unit));
    let (ja, en) = (&ctx.kpi.unit.ja, &ctx.kpi.unit.en);
    let mut said = text(format!("{months}か月の計 {}。", shown(ja)), format!("Sum of {months} months: {}.", shown(en)));
    if let Some((own_ja, own_en)) = guide(ja).zip(guide(en)) {
        let _ = write!(said.ja, "同じ月の目安 {own_ja}。");
        let _ = write!(said.en, " Guide for the same months: {own_en}.");
    }
    said
}

/// The sheet of a year; `what` stands before the unit.
fn frame<'a>(
    data: &'a ChartData,
    ctx: &'a ChartContext<'a>,
    year: i32,
    values: Vec<Exact>,
    (height, what): (f64, &'static str),
) -> Plot<'a> {
    let period = Period::fiscal_year(year);
    let room = Room {
        from_zero: true,
        height,
        what,
        bottom: BOTTOM,
        lines: if height < SUM_HEIGHT { 2.0 } else { 4.0 },
        ..Room::new(PictureSize::Panel, (period.start(), period.end()), values, &[])
    };
    Plot::new(data, ctx, PictureSize::Panel, &room)
}

fn sum(data: &ChartData, ctx: &ChartContext<'_>, year: &PanelYear<'_>, id: &str) -> Picture {
    let is_last = Period::fiscal_year(year.number).end() == data.plan.1;
    let mut values: Vec<Exact> = year.rows.iter().filter_map(|row| row.value.clone()).collect();
    values.extend(year.guide.iter().map(|one| one.values.1.clone()));
    values.extend(year.outlook.iter().flat_map(|one| [one.interval95.0.clone(), one.interval95.1.clone()]));
    values.extend(is_last.then(|| data.target().map(|step| step.value.clone())).flatten());
    values.push(whole(0));
    let mut plot = frame(data, ctx, year.number, values, (SUM_HEIGHT, ""));
    let zero = (plot.frame.left, plot.frame.y(&whole(0)));
    let place = |plot: &Plot<'_>, row: &ChartRow| Some((plot.frame.x(row.at), plot.frame.y(row.value.as_ref()?)));
    let last = year.rows.iter().rev().find_map(|row| place(&plot, row));
    if let Some(outlook) = year.outlook {
        let right = plot.frame.right;
        fan(&mut plot, last.unwrap_or(zero), right, outlook);
        let [expected, _] = Plot::outlook_texts(ctx, outlook);
        let y = plot.frame.y(&outlook.interval80.0) + plot.labels.size() + 8.0;
        plot.labels.insist("lab-fan", &expected, &[((right - 2.0, y), Anchor::End)]);
    }
    months(&mut plot, year.number);
    let path: Vec<(f64, f64)> =
        year.guide.iter().map(|one| (plot.frame.x(one.span.1), plot.frame.y(&one.values.1))).collect();
    if !path.is_empty() {
        plot.line("c-path", &[vec![zero], path].concat());
    }
    if is_last {
        plot.target(data.plan.1);
    } else if let Some(goal) = year.guide.last().map(|one| one.values.1.clone()) {
        let shown = aggregator_core::display::guide(ctx.kpi, &goal, None, "");
        let words = format!("{} {}", ctx.one("目安", "Guide"), shown.trim_end());
        let y = plot.frame.y(&goal);
        plot.end_label("strong", &words, y);
    }
    lines(&mut plot, year);
    crosses(&mut plot, year.number);
    let title = super::title::title(data, ctx);
    let desc = ctx.side(&sentence(ctx, year)).to_owned();
    let title = format!("{title} {}", ctx.side(&heading(data, year.number)));
    plot.finish(format!("{id}-sum-{}", year.number), title, desc)
}

/// The sums, joined inside their year and not across a missing month.
fn lines(plot: &mut Plot<'_>, year: &PanelYear<'_>) {
    let data = plot.data;
    let start = Period::fiscal_year(year.number).start();
    let mut last = None;
    for line in data.lines(ChartPart::YearToDate) {
        if line.first().is_none_or(|row| year_of(row) != year.number) {
            continue;
        }
        let place = |row: &ChartRow| Some((plot.frame.x(row.at), plot.frame.y(row.value.as_ref()?)));
        let points: Vec<(f64, f64)> = line.iter().filter_map(|row| place(row)).collect();
        let from_zero = line.first().is_some_and(|row| row.period.start() == start);
        let zero = (plot.frame.left, plot.frame.y(&whole(0)));
        let joined: Vec<(f64, f64)> = from_zero.then_some(zero).into_iter().chain(points.iter().copied()).collect();
        if joined.len() > 1 {
            plot.line("c-line", &joined);
        }
        for (row, at) in line.iter().zip(&points) {
            plot.dot(row, *at, 3.0);
            plot.restated(row, *at);
            last = Some((*row, *at));
        }
    }
    if let Some((row, at)) = last {
        let shown = row.value.as_ref().map(|value| plot.ctx.value(value, row.guide.as_ref(), &plot.magnitude));
        let around = plot.around(at, 5.0);
        let candidates = [around[2], around[4], around[0], around[1], around[3], around[5]];
        plot.labels.insist("lab-value", &shown.unwrap_or_default(), &candidates);
    }
}

/// Months without a figure, in the middle of each.
fn crosses(plot: &mut Plot<'_>, year: i32) {
    let data = plot.data;
    let gaps = data.rows_of(ChartPart::Month).filter(|row| year_of(row) == year);
    for row in gaps {
        let Some(reason) = row.gap.filter(|reason| *reason != GapReason::Waiting) else { continue };
        let x = f64::midpoint(plot.frame.x(row.period.start()), plot.frame.x(row.period.end()));
        let month = plot.ctx.month(row.period.start().date().month());
        let word = format!("{month} {}", plot.gap_word(reason));
        plot.cross(x, &word);
    }
}

/// The months of the axis.
fn months(plot: &mut Plot<'_>, year: i32) {
    let (left, right, bottom) = (plot.frame.left, plot.frame.right, plot.frame.bottom);
    plot.line("axis", &[(left, bottom), (right, bottom)]);
    for quarter in Period::fiscal_year(year).parts(Grain::Quarter) {
        let x = plot.frame.x(quarter.start());
        plot.line("axis", &[(x, bottom), (x, bottom + 5.0)]);
        let month = plot.ctx.month(quarter.start().date().month());
        let y = bottom + plot.labels.size() + 5.0;
        plot.labels.place("", &month, &[((x + 2.0, y), Anchor::Start)]);
    }
    plot.line("axis", &[(right, bottom), (right, bottom + 5.0)]);
}

/// The differences from the guide, which a sum of thousands hides.
fn difference(data: &ChartData, ctx: &ChartContext<'_>, year: &PanelYear<'_>, id: &str) -> Option<Picture> {
    let gap = |row: &ChartRow| Some(row.value.as_ref()? - row.guide.as_ref()?);
    let mut values: Vec<Exact> = year.rows.iter().filter_map(|row| gap(row)).collect();
    let last = values.last().cloned()?;
    values.push(whole(0));
    let words = ctx.one("目安との差", "Difference from the guide");
    let mut plot = frame(data, ctx, year.number, values, (DIFFERENCE_HEIGHT, words));
    let zero = plot.frame.y(&whole(0));
    let (left, right) = (plot.frame.left, plot.frame.right);
    plot.line("c-path", &[(left, zero), (right, zero)]);
    let mut end = (left, zero);
    for line in data.lines(ChartPart::YearToDate) {
        if line.first().is_none_or(|row| year_of(row) != year.number) {
            continue;
        }
        let points: Vec<(f64, f64)> =
            line.iter().filter_map(|row| Some((plot.frame.x(row.at), plot.frame.y(&gap(row)?)))).collect();
        if points.len() > 1 {
            plot.line("c-line", &points);
        }
        for (row, at) in line.iter().zip(&points) {
            plot.circle(if row.provisional { "c-dot prov" } else { "c-dot" }, *at, 2.5, None);
            end = *at;
        }
    }
    let sign = if last.is_negative() { "" } else { "+" };
    let shown = aggregator_core::display::plain(&rounded(ctx, &last), "");
    let candidates = plot.around(end, 4.0);
    plot.labels.place("lab-value", &format!("{sign}{}", shown.trim_end()), &candidates);
    let desc = ctx.side(&sentence(ctx, year)).to_owned();
    let title = format!("{}: {}", ctx.side(&heading(data, year.number)), words);
    Some(plot.finish(format!("{id}-gap-{}", year.number), title, desc))
}

fn rounded(ctx: &ChartContext<'_>, value: &Exact) -> Exact {
    contract::exact::round_to(value, &whole(10).pow(-ctx.kpi.decimals.cast_signed()))
}

/// What is drawn, beside the panels.
pub(crate) fn caption(data: &ChartData) -> Bilingual {
    let mut said = text(
        "4月からの計を年度ごとに。年度が変わると0から数え直し、年度の間はつなぎません。",
        "The sum from April, by fiscal year: each begins at 0, and years are not joined.",
    );
    if !marks::restated_rows(data).is_empty() {
        said.ja.push_str("茶色の輪は、あとで訂正された月です。");
        said.en.push_str(" Brown rings are months that were restated.");
    }
    said
}
