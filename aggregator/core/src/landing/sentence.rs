//! A landing, or the silence, as a sentence in both languages; and the words of its method.

use super::model::{Landing, LandingAnswer, Outlook};
use super::silence::LandingSilence;
use crate::display;
use crate::judge::Judgement;
use ::landing::Method;
use contract::bilingual::Bilingual;
use contract::catalogue::{Direction, Kpi};
use contract::era;
use contract::exact::{self, Exact, round_to, whole};
use contract::time::LAST_YEAR;
use num_traits::{Signed, ToPrimitive};

/// Figures of a number that are shown: an estimate has no more.
const MAX_DIGITS: u32 = 4;
/// Per cent below which a probability is not told from others, and above which.
const LEAST_PERCENT: i32 = 5;
const MOST_PERCENT: i32 = 95;

fn text(ja: impl Into<String>, en: impl Into<String>) -> Bilingual {
    Bilingual { ja: ja.into(), en: en.into() }
}

/// The sentence that stands beside a judgement; none where nothing could ever be said.
pub fn sentence(kpi: &Kpi, judged: &Judgement, answer: &LandingAnswer) -> Option<Bilingual> {
    match answer {
        Ok(landing) => Some(spoken(kpi, landing)),
        Err(LandingSilence::Ceiling | LandingSilence::Maintain | LandingSilence::Closed) => None,
        Err(silence) => Some(silent(kpi, judged, silence)),
    }
}

fn silent(kpi: &Kpi, judged: &Judgement, silence: &LandingSilence) -> Bilingual {
    match silence {
        LandingSilence::Ceiling | LandingSilence::Maintain | LandingSilence::Closed => Bilingual::default(),
        LandingSilence::Stale => {
            text("新しい数字が届くまで、見通しは出しません。", "No outlook until a new figure comes.")
        }
        LandingSilence::NoData => text("数字がないため、見通しは出しません。", "No outlook without a figure."),
        LandingSilence::Achieved if judged.measured.as_ref().is_some_and(|m| m.settled.is_some()) => {
            text("目標に届いているため、見通しは出しません。", "No outlook: the target is met for good.")
        }
        LandingSilence::Achieved => {
            let side = if kpi.direction == Direction::AtLeast { "以上" } else { "以下" };
            text(
                format!("計画の終わりまで目標{side}を保てば「達成」が確定します。"),
                "It counts as achieved if it stays there to the plan's end.",
            )
        }
        LandingSilence::TooFewFigures { figures } => text(
            format!("数字が{figures}点だけのため、見通しは出しません。"),
            format!("No outlook: only {figures} {}.", if *figures == 1 { "figure" } else { "figures" }),
        ),
        LandingSilence::TooFarAhead => text(
            "計画の終わりが遠いため、まだ見通せません。",
            "No outlook: the plan's end is too far ahead for these figures.",
        ),
        LandingSilence::UnknownPeriod { period } => text(
            format!("{period} の数字がないため、見通しは出しません。"),
            format!("No outlook: {period} is not known."),
        ),
        LandingSilence::AllKnown => {
            text("計画の終わりまでの数字がそろっています。", "All figures up to the plan's end are there.")
        }
        LandingSilence::Pending => text("見通しは計算中です。", "The outlook is being computed."),
    }
}

fn spoken(kpi: &Kpi, landing: &Landing) -> Bilingual {
    let years: Vec<Bilingual> = landing.year.iter().chain([&landing.target]).map(|year| of_year(kpi, year)).collect();
    let joined = |side: fn(&Bilingual) -> &str, comma| years.iter().map(side).collect::<Vec<_>>().join(comma);
    let (ja, en) = (joined(|year| &year.ja, "、"), joined(|year| &year.en, ", "));
    let target = &landing.target;
    let goal = |unit| display::plain(&target.goal, unit);
    let (chance_ja, chance_en) = percent(&target.probability);
    Bilingual {
        ja: format!("このままだと{ja}。目標 {}の見込み {chance_ja}。", goal(&kpi.unit.ja)),
        en: format!("On its present course {en}; chance of the target of {}: {chance_en}.", goal(&kpi.unit.en)),
    }
}

/// The expected value and the ends of the 80 % interval as they are shown.
pub fn outlook_numbers(kpi: &Kpi, outlook: &Outlook) -> [String; 3] {
    let places = places(kpi, outlook);
    [&outlook.expected, &outlook.interval80.0, &outlook.interval80.1].map(|value| rounded(value, places))
}

/// What is expected of a year: `令和3年度末に …（80%区間 …）`.
fn of_year(kpi: &Kpi, outlook: &Outlook) -> Bilingual {
    let [expected, low, high] = outlook_numbers(kpi, outlook);
    let year_ja = era::fiscal_year_label(i16::try_from(outlook.year).unwrap_or(LAST_YEAR));
    let year_en = format!("FY{}", outlook.year);
    let (unit_ja, unit_en) = (&kpi.unit.ja, &kpi.unit.en);
    let (ja, en) = if kpi.kind.is_yearly_sum() {
        (format!("{year_ja}は年間"), format!("{year_en} would end at {expected} {unit_en}"))
    } else if kpi.kind.is_monthly_mean() {
        (format!("{year_ja}は平均で"), format!("{year_en} would average {expected} {unit_en}"))
    } else {
        (format!("{year_ja}末に"), format!("{expected} {unit_en} at the end of {year_en}"))
    };
    Bilingual {
        ja: format!("{ja} {expected} {unit_ja}（80%区間 {low}〜{high}）"),
        en: format!("{en} (80 % interval {low} to {high})"),
    }
}

/// Places that are shown, negative before the point: four figures, and no more than the value has.
fn places(kpi: &Kpi, outlook: &Outlook) -> i32 {
    let ends = [&outlook.expected, &outlook.interval80.0, &outlook.interval80.1];
    let greatest = ends.into_iter().map(Signed::abs).max().unwrap_or_else(|| whole(0));
    let digits = if greatest < whole(1) { 0 } else { greatest.to_integer().to_string().len() };
    let left = MAX_DIGITS.cast_signed() - i32::try_from(digits).unwrap_or(i32::MAX);
    left.min(kpi.decimals.cast_signed())
}

fn rounded(value: &Exact, places: i32) -> String {
    let step = whole(10).pow(-places);
    exact::grouped(&round_to(value, &step), places.max(0).unsigned_abs())
}

/// A probability in whole per cent, never 0 or 100: 5%未満, 95%以上.
pub(super) fn percent(probability: &Exact) -> (String, String) {
    let percent = probability * whole(100);
    if percent < whole(LEAST_PERCENT) {
        return (format!("{LEAST_PERCENT}%未満"), format!("under {LEAST_PERCENT} %"));
    }
    if percent >= whole(MOST_PERCENT) {
        return (format!("{MOST_PERCENT}%以上"), format!("{MOST_PERCENT} % or more"));
    }
    // 94.6 % is not yet 95 %.
    let shown = round_to(&percent, &whole(1)).to_i32().unwrap_or(0).clamp(LEAST_PERCENT, MOST_PERCENT - 1);
    (format!("{shown}%"), format!("{shown} %"))
}

/// The word of a method in exports.
pub fn method_name(method: Method) -> &'static str {
    match method {
        Method::SeasonalNaive => "seasonal_naive",
        Method::Level => "level",
        Method::DampedTrend => "damped_trend",
        Method::DampedGrowth => "damped_growth",
        Method::Logistic => "logistic",
        Method::RobustSlope => "robust_slope",
        Method::HalfSlope => "half_slope",
    }
}
