//! What a picture says to readers who do not see it.

use super::words::{ChartContext, ChartLanguage};
use aggregator_core::chart::{ChartData, ChartPart};

/// One sentence with the last value.
pub(crate) fn title(data: &ChartData, ctx: &ChartContext<'_>) -> String {
    let order = [ChartPart::State, ChartPart::YearToDate, ChartPart::Mean, ChartPart::Year, ChartPart::Month];
    let known = |part: ChartPart| data.rows_of(part).filter(|row| row.value.is_some() && !row.later).last();
    let name = ctx.side(&ctx.kpi.name);
    let Some(row) = order.into_iter().find_map(known) else { return name.to_owned() };
    let (guide, unit) = (row.guide.as_ref(), ctx.unit());
    let shown =
        row.shown().map(|value| aggregator_core::display::value(ctx.kpi, value, guide, unit)).unwrap_or_default();
    let when = if row.part == ChartPart::State { ctx.date(row.at) } else { ctx.period(row.period) };
    let target = data.target().map(|step| aggregator_core::display::plain(&step.value, unit)).unwrap_or_default();
    let guide = guide.map(|guide| aggregator_core::display::guide(ctx.kpi, guide, row.value.as_ref(), unit));
    match ctx.language {
        ChartLanguage::Ja => {
            let guide = guide.map(|guide| format!("、目安 {guide}")).unwrap_or_default();
            format!("{name}：{when} {shown}{guide}、{} {target}。", ctx.target_word())
        }
        ChartLanguage::En => {
            let guide = guide.map(|guide| format!(", guide {guide}")).unwrap_or_default();
            format!("{name}: {shown} ({when}){guide}, {} {target}.", ctx.target_word().to_lowercase())
        }
    }
}
