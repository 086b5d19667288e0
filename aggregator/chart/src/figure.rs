//! The pictures of a KPI, part by part, with the words beside them.

use super::key::{self, PictureKey};
use super::marks::{note_mark, restated_rows};
use super::panel::Panel;
use super::plot::PictureSize;
use super::svg::Picture;
use super::words::{ChartContext, ChartLanguage, text};
use super::{month, state, to_date, year};
use aggregator_core::chart::{ChartData, ChartPart, ChartRow};
use contract::catalogue::Bilingual;
use contract::period::Grain;

/// One picture of a KPI, in several sizes, or as panels.
#[derive(Clone, Debug, PartialEq)]
pub struct PartPicture {
    /// What it shows.
    pub part: ChartPart,
    /// Its heading.
    pub heading: Bilingual,
    /// What is drawn.
    pub caption: Bilingual,
    /// The same picture in each size.
    pub pictures: Vec<Picture>,
    /// Small pictures beside each other instead.
    pub panels: Vec<Panel>,
    /// The marks that it has.
    pub keys: Vec<PictureKey>,
    /// Restated figures by their numbers.
    pub notes: Vec<Bilingual>,
}

/// All pictures of a KPI; none where nothing was measured.
pub fn figures(data: &ChartData, ctx: &ChartContext<'_>) -> Vec<PartPicture> {
    data.parts().into_iter().filter_map(|part| figure(data, ctx, part)).collect()
}

fn figure(data: &ChartData, ctx: &ChartContext<'_>, part: ChartPart) -> Option<PartPicture> {
    let id = format!("chart-{}", part.name());
    let full = |draw: &dyn Fn(PictureSize) -> Option<Picture>| {
        PictureSize::FULL.into_iter().filter_map(draw).collect::<Vec<_>>()
    };
    let mean = data.kind.is_monthly_mean();
    let (pictures, panels) = match part {
        ChartPart::State => (full(&|size| Some(state::draw(data, ctx, size, &id))), Vec::new()),
        ChartPart::Year => (full(&|size| Some(year::draw(data, ctx, size, &id))), Vec::new()),
        ChartPart::YearToDate => (Vec::new(), to_date::panels(data, ctx, &id)),
        // The months of a mean stand in one picture with it.
        ChartPart::Month if mean => (full(&|size| month::means(data, ctx, size, &id)), Vec::new()),
        ChartPart::Month => (full(&|size| month::bars(data, ctx, size, &id)), Vec::new()),
        ChartPart::Mean => return None,
    };
    let caption = match part {
        ChartPart::State => state::caption(data),
        ChartPart::YearToDate => to_date::caption(data),
        ChartPart::Month if mean => month::mean_caption(),
        ChartPart::Month => month::caption(),
        ChartPart::Year | ChartPart::Mean => year::caption(data),
    };
    let caption = match pictures.first().and_then(|one| one.axis_from.as_ref()) {
        Some(from) => text(
            format!("{}縦の軸は {from} から始まります。", caption.ja),
            format!("{} The upright axis begins at {from}.", caption.en),
        ),
        None => caption,
    };
    let by_number = matches!(part, ChartPart::State | ChartPart::Month) || !data.kind.counts_months();
    let said = if by_number { notes(data, ctx) } else { Vec::new() };
    let keys = key::of(data, ctx, part);
    Some(PartPicture { part, heading: heading(data, part), caption, pictures, panels, keys, notes: said })
}

/// The heading of a part.
fn heading(data: &ChartData, part: ChartPart) -> Bilingual {
    let quarters = month::grain(data) == Grain::Quarter;
    match part {
        ChartPart::State => text("推移", "History"),
        ChartPart::Year if data.kind.counts_months() => text("1年間の数", "Whole years"),
        ChartPart::Year => text("年度ごとの数", "By fiscal year"),
        ChartPart::YearToDate => text("目安と比べた歩み", "Beside the guide, within the year"),
        ChartPart::Month | ChartPart::Mean if quarters => text("四半期ごとの数", "By quarter"),
        ChartPart::Month | ChartPart::Mean => text("月ごとの数", "By month"),
    }
}

/// The restated figures in words, by the numbers in the picture.
fn notes(data: &ChartData, ctx: &ChartContext<'_>) -> Vec<Bilingual> {
    let note = |(n, row): (usize, &ChartRow)| {
        let (mark, change) = (note_mark(n)?, row.restated.as_ref()?);
        let value = row.value.as_ref()?;
        let said = |language: ChartLanguage| {
            let own = ChartContext { language, ..*ctx };
            let when = if row.part == ChartPart::State { own.date(row.at) } else { own.period(row.period) };
            let unit = own.unit();
            let shown = |value| aggregator_core::display::value(ctx.kpi, value, row.guide.as_ref(), unit);
            let known = own.date(change.known_at.moment());
            let before = change.before.as_ref().map_or_else(|| own.one("欠測", "unknown").to_owned(), shown);
            (when, before, shown(value), known)
        };
        let (when_ja, was_ja, is_ja, known_ja) = said(ChartLanguage::Ja);
        let (when_en, was_en, is_en, known_en) = said(ChartLanguage::En);
        Some(text(
            format!("{mark} {when_ja}：{was_ja} → {is_ja}（{known_ja}に訂正）"),
            format!("{mark} {when_en}: {was_en} → {is_en} (restated on {known_en})"),
        ))
    };
    restated_rows(data).into_iter().enumerate().filter_map(note).collect()
}
