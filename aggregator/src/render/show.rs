//! How numbers and moments are shown: rounded half up, with separators, units and ages.

use super::lang::Language;
use aggregator_core::display::{self, DataDate};
use aggregator_core::report::ReportedValue;
use aggregator_core::report_period::ReportPeriod;
use contract::catalogue::{Catalogue, Direction, Kpi};
use contract::exact::Exact;
use contract::period::Period;
use contract::time::Moment;

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

/// The moment `as_of` (RFC 3339) as seen at `on`; `None` when it is unreadable.
pub(super) fn data(catalogue: &Catalogue, kpi: &Kpi, as_of: &str, on: Option<Period>) -> Option<DataMoment> {
    let moment = Moment::parse(as_of)?;
    let data = DataDate::of(catalogue, kpi, moment);
    // The end boundary belongs to a period's closing and, as the end of a flow, to a day asked as well.
    let to = |asked: Period| asked.end().day() - i32::from(!data.is_until && !ReportPeriod(asked).is_closing());
    let age_days = on.map(|asked| (to(asked) - moment.day()).max(0));
    let (word_ja, word_en) = (data.word_ja(), data.word_en());
    Some(DataMoment { date: data.date, word_ja, word_en, age_days })
}

pub(super) fn past(
    catalogue: &Catalogue,
    kpi: &Kpi,
    dated: &ReportedValue,
    on: Option<Period>,
    lang: Language,
) -> ShownValue {
    ShownValue { value: value(kpi, &dated.value.0, None, lang), data: data(catalogue, kpi, &dated.as_of, on) }
}

/// A value as it is judged, rounded half up, with its unit; beside its path never on the wrong side.
pub(super) fn value(kpi: &Kpi, value: &Exact, path: Option<&Exact>, lang: Language) -> String {
    display::value(kpi, value, path, lang.unit(&kpi.unit))
}

/// A number with the digits it needs and its unit: `5,000 件`, `13.6 %`.
pub(super) fn plain(kpi: &Kpi, value: &Exact, lang: Language) -> String {
    display::plain(value, lang.unit(&kpi.unit))
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
pub(super) fn guide(kpi: &Kpi, path: &Exact, value: Option<&Exact>, lang: Language) -> String {
    display::guide(kpi, path, value, lang.unit(&kpi.unit))
}

/// A pace a month with its sign: `+1.5 件/月`.
pub(super) fn pace(kpi: &Kpi, value: &Exact, lang: Language) -> String {
    format!("{}{}", display::pace(kpi, value, lang.unit(&kpi.unit)), lang.one("/月", " a month"))
}
