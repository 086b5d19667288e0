//! How numbers and moments are shown: rounded half up, with separators, units and ages.

use super::lang::Language;
use aggregator_core::report::{ReportedValue, value_digits};
use aggregator_core::report_period::ReportPeriod;
use contract::catalogue::{Catalogue, Direction, Kpi, KpiKind, Measure, Shape};
use contract::exact::{Exact, canonical, grouped, parse, whole};
use contract::period::Period;
use contract::time::Moment;

/// Fewest digits after the point of guides and paces: a guide of 3 1/3 shown as 3 would look met at 3.
const MIN_GUIDE_DECIMALS: u32 = 1;
/// Digits after the point of a progress in per cent.
const PROGRESS_DECIMALS: u32 = 1;

/// The moment a figure describes, as readers take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataMoment {
    /// The civil date: of a state its day, of a flow its last day.
    pub date: String,
    /// 現在 for a state, まで for a flow.
    pub word_ja: &'static str,
    /// The same in English.
    pub word_en: &'static str,
    /// Days from it to the moment asked, 0 at least; `None` when that moment is unreadable.
    pub age_days: Option<i32>,
}

impl DataMoment {
    /// `2020-06-01 現在`
    pub fn text_ja(&self) -> String {
        format!("{} {}", self.date, self.word_ja)
    }

    /// `as of 2020-06-01`
    pub fn text_en(&self) -> String {
        format!("{} {}", self.word_en, self.date)
    }

    /// Its age at the moment asked, in Japanese and English.
    pub fn age(&self) -> Option<(String, String)> {
        Some(match self.age_days? {
            0 => ("当日".to_owned(), "the same day".to_owned()),
            1 => ("1日前".to_owned(), "1 day before".to_owned()),
            days => (format!("{days}日前"), format!("{days} days before")),
        })
    }
}

/// A figure of another moment than the one judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownValue {
    /// The value with its unit.
    pub value: String,
    /// The moment it describes.
    pub data: Option<DataMoment>,
}

/// True when the moment of the KPI's value is the end of a period, not the instant of a state.
fn is_until(catalogue: &Catalogue, kpi: &Kpi) -> bool {
    let flow = match kpi.measure {
        Measure::Series(of) => catalogue.series[of.series].shape == Shape::Flow,
        Measure::Ratio { .. } => false,
    };
    flow || matches!(kpi.kind, KpiKind::FlowPerYear | KpiKind::MonthlyMean | KpiKind::Ceiling)
}

/// The moment `as_of` (RFC 3339) as seen at `on`; `None` when it is unreadable.
pub(super) fn data(catalogue: &Catalogue, kpi: &Kpi, as_of: &str, on: Option<Period>) -> Option<DataMoment> {
    let moment = Moment::parse(as_of)?;
    let until = is_until(catalogue, kpi);
    let date = if until { Moment(moment.0 - 1).date() } else { moment.date() };
    // The end boundary belongs to a period's closing and, as the end of a flow, to a day asked as well.
    let to = |asked: Period| asked.end().day() - i32::from(!until && !ReportPeriod(asked).is_closing());
    let age_days = on.map(|asked| (to(asked) - moment.day()).max(0));
    let (word_ja, word_en) = if until { ("まで", "up to") } else { ("現在", "as of") };
    Some(DataMoment { date: date.to_string(), word_ja, word_en, age_days })
}

pub(super) fn past(
    catalogue: &Catalogue,
    kpi: &Kpi,
    dated: &ReportedValue,
    on: Option<Period>,
    lang: Language,
) -> ShownValue {
    ShownValue { value: value(kpi, &dated.value.0, lang), data: data(catalogue, kpi, &dated.as_of, on) }
}

/// A value as it is judged, rounded half up, with its unit.
pub(super) fn value(kpi: &Kpi, value: &Exact, lang: Language) -> String {
    format!("{} {}", value_digits(kpi, value), lang.unit(&kpi.unit))
}

/// A number with the digits it needs and its unit: `5,000 件`, `13.6 %`.
pub(super) fn plain(kpi: &Kpi, value: &Exact, lang: Language) -> String {
    let digits = canonical(value);
    let decimals = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    format!("{} {}", grouped(value, u32::try_from(decimals).unwrap_or(0)), lang.unit(&kpi.unit))
}

/// The target with its side: `≥ 300 件`, in Japanese alone as officers write it, `300 件以上`.
pub(super) fn target(kpi: &Kpi, lang: Language) -> String {
    let number = plain(kpi, &kpi.target, lang);
    match (kpi.direction, lang) {
        (Direction::AtLeast, Language::Ja) => format!("{number}以上"),
        (Direction::AtMost, Language::Ja) => format!("{number}以下"),
        (Direction::AtLeast, _) => format!("≥ {number}"),
        (Direction::AtMost, _) => format!("≤ {number}"),
    }
}

/// A guide: one digit more than a count has, trailing zeros cut.
pub(super) fn guide(kpi: &Kpi, value: &Exact, lang: Language) -> String {
    plain(kpi, &rounded(value, kpi.decimals.max(MIN_GUIDE_DECIMALS)), lang)
}

/// A pace a month with its sign: `+1.5 件/月`.
pub(super) fn pace(kpi: &Kpi, value: &Exact, lang: Language) -> String {
    let sign = if *value > whole(0) { "+" } else { "" };
    let number = plain(kpi, &rounded(value, kpi.decimals + MIN_GUIDE_DECIMALS), lang);
    format!("{sign}{number}{}", lang.one("/月", " a month"))
}

/// A share in per cent, without the sign: `25.0`.
pub(super) fn percent(value: &Exact) -> String {
    grouped(&(value * whole(100)), PROGRESS_DECIMALS)
}

fn rounded(value: &Exact, decimals: u32) -> Exact {
    parse(&contract::exact::fixed(value, decimals)).unwrap_or_else(|| value.clone())
}
