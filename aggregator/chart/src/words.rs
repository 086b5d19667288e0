//! The words in and beside pictures, in Japanese and English.

use contract::catalogue::{Bilingual, Direction, Kpi};
use contract::era;
use contract::exact::{self, Exact, whole};
use contract::period::{Grain, Period};
use contract::time::{LAST_YEAR, Moment, month_name};

/// The language inside a picture, which has no room for two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartLanguage {
    /// Japanese.
    Ja,
    /// English.
    En,
}

/// Whose picture it is, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct ChartContext<'a> {
    /// The KPI.
    pub kpi: &'a Kpi,
    /// The language.
    pub language: ChartLanguage,
}

/// A text in both languages.
pub(crate) fn text(ja: impl Into<String>, en: impl Into<String>) -> Bilingual {
    Bilingual { ja: ja.into(), en: en.into() }
}

/// What large numbers are counted in beside an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Magnitude {
    pub(crate) divisor: Exact,
    word: &'static str,
}

impl Magnitude {
    /// A number of the catalogue with the digits it has.
    pub(crate) fn stated(&self, value: &Exact) -> String {
        plain(&(value / &self.divisor))
    }
}

/// Numbers from here on are counted in greater units: `840,000,000` has no room beside an axis.
const LARGE: i64 = 10_000_000;

impl<'a> ChartContext<'a> {
    pub(crate) fn one<'t>(&self, ja: &'t str, en: &'t str) -> &'t str {
        if self.language == ChartLanguage::En { en } else { ja }
    }

    pub(crate) fn side<'t>(&self, text: &'t Bilingual) -> &'t str {
        self.one(&text.ja, &text.en)
    }

    pub(crate) fn unit(&self) -> &'a str {
        if self.language == ChartLanguage::En { &self.kpi.unit.en } else { &self.kpi.unit.ja }
    }

    /// The unit that numbers of a size are counted in.
    pub(crate) fn magnitude(&self, greatest: &Exact) -> Magnitude {
        let steps: [(i64, &'static str); 2] = match self.language {
            ChartLanguage::Ja => [(100_000_000, "億"), (10_000, "万")],
            ChartLanguage::En => [(1_000_000_000, "billion "), (1_000_000, "million ")],
        };
        let large = *greatest >= whole(LARGE);
        let found = steps.into_iter().find(|(size, _)| large && *greatest >= whole(*size));
        let (divisor, word) = found.unwrap_or((1, ""));
        Magnitude { divisor: whole(divisor), word }
    }

    /// The unit beside an axis: `億円`.
    pub(crate) fn axis_unit(&self, magnitude: &Magnitude, per: &str) -> String {
        format!("{}{}{per}", magnitude.word, self.unit())
    }

    /// A number with as many digits as the KPI is shown with; counted in greater units with as many as it needs, up to three.
    pub(crate) fn number(&self, value: &Exact, magnitude: &Magnitude) -> String {
        if magnitude.divisor == whole(1) {
            return exact::grouped(value, self.kpi.decimals);
        }
        plain(&exact::round_to(&(value / &magnitude.divisor), &Exact::new(1.into(), 1000.into())))
    }

    /// A value beside its guide and the target: with as many digits as tell them apart.
    pub(crate) fn value(&self, value: &Exact, guide: Option<&Exact>, magnitude: &Magnitude) -> String {
        if magnitude.divisor == whole(1) {
            let text = aggregator_core::display::value(self.kpi, value, guide, "");
            return text.trim_end().to_owned();
        }
        self.number(value, magnitude)
    }

    /// A month, a fiscal year or a day in words.
    pub(crate) fn period(&self, period: Period) -> String {
        let date = period.start().date();
        match (self.language, period.grain) {
            (ChartLanguage::Ja, Grain::FiscalYear) => format!("{}年度", period.index),
            (ChartLanguage::Ja, _) => period.label_ja(),
            (ChartLanguage::En, Grain::Month) => format!("{} {}", month_name(date.month()), date.year()),
            (ChartLanguage::En, _) => period.to_string(),
        }
    }

    /// A day within a known year.
    pub(crate) fn day(&self, at: Moment) -> String {
        let date = at.date();
        match self.language {
            ChartLanguage::Ja => format!("{}月{}日", date.month(), date.day()),
            ChartLanguage::En => format!("{} {}", date.day(), short_month(date.month())),
        }
    }

    /// A whole date.
    pub(crate) fn date(&self, at: Moment) -> String {
        let date = at.date();
        match self.language {
            ChartLanguage::Ja => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
            ChartLanguage::En => format!("{} {} {}", date.day(), short_month(date.month()), date.year()),
        }
    }

    pub(crate) fn month(&self, month: i8) -> String {
        match self.language {
            ChartLanguage::Ja => format!("{month}月"),
            ChartLanguage::En => short_month(month).to_owned(),
        }
    }

    /// The word before a target's number, in both languages.
    pub(crate) fn target_words(&self) -> (&'static str, &'static str) {
        if self.kpi.kind.is_ceiling() {
            ("上限", "Cap")
        } else if !self.kpi.kind.has_path() {
            ("保つ水準", "Floor")
        } else if self.kpi.direction == Direction::AtMost {
            ("目標（以下）", "Target (at most)")
        } else {
            ("目標", "Target")
        }
    }

    /// The word before a target's number.
    pub(crate) fn target_word(&self) -> &'static str {
        let (ja, en) = self.target_words();
        self.one(ja, en)
    }

    /// A fiscal year beneath an axis, from the longest form to the shortest; each as one or two lines.
    pub(crate) fn year_forms(&self, year: i32) -> [(String, String); 3] {
        let long = era::fiscal_year_label(i16::try_from(year).unwrap_or(LAST_YEAR));
        let era = long.rsplit('/').next().unwrap_or_default().to_owned();
        let line = String::new;
        match self.language {
            ChartLanguage::Ja => [(era, year.to_string()), (format!("{year}年度"), line()), (year.to_string(), line())],
            ChartLanguage::En => [
                (format!("FY{year}"), format!("Apr {year} – Mar {}", year + 1)),
                (format!("FY{year}"), line()),
                (year.to_string(), line()),
            ],
        }
    }
}

fn short_month(month: i8) -> &'static str {
    month_name(month).get(..3).unwrap_or_default()
}

/// With the digits it needs.
pub(crate) fn plain(value: &Exact) -> String {
    aggregator_core::display::plain(value, "").trim_end().to_owned()
}
