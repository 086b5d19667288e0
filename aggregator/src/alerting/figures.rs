//! The figures of a KPI in the words and units of each language.

use super::notification::AlertFigures;
use super::period_words::period_words;
use aggregator_core::alert::KpiFacts;
use aggregator_core::display;
use aggregator_core::judge::{Judgement, Phase, Status};
use contract::catalogue::{Bilingual, Catalogue, Direction, Kpi};
use contract::exact::{Exact, whole};

/// Chances are shown between these, in per cent: no estimate is certain.
const LEAST_CHANCE: i32 = 5;
const MOST_CHANCE: i32 = 95;

/// The figures of a judged KPI.
pub(super) fn figures(catalogue: &Catalogue, facts: &KpiFacts<'_>) -> AlertFigures {
    let (kpi, judged) = (facts.kpi, facts.judged());
    let value = judged.measured.as_ref().map(|measured| &measured.value);
    let guide = judged.path.as_ref().filter(|_| kpi.kind.has_path() && judged.phase != Phase::Closed);
    let side = if kpi.direction == Direction::AtLeast { "≥" } else { "≤" };
    let per_month = |pace: &Exact| {
        let of = |unit: &str| display::pace(kpi, pace, unit);
        Bilingual { ja: format!("{}/月", of(&kpi.unit.ja)), en: format!("{} a month", of(&kpi.unit.en)) }
    };
    AlertFigures {
        value: value.map(|value| in_units(kpi, |unit| display::value(kpi, value, guide, unit))),
        period: judged.measured.as_ref().map(|measured| period_words(catalogue, kpi, measured)),
        path: guide.map(|path| in_units(kpi, |unit| display::guide(kpi, path, value, unit))),
        gap: gap(kpi, judged),
        target: in_units(kpi, |unit| format!("{side} {}", display::plain(&kpi.target, unit))),
        pace: judged.required_pace.as_ref().map(per_month),
        landing: facts.chances.last().filter(|_| has_outlook(judged)).map(|chance| chance_text(&chance.probability)),
    }
}

/// False where pages give no outlook either: what is achieved, overdue, without data or at its verdict.
fn has_outlook(judged: &Judgement) -> bool {
    let is_silent = matches!(judged.status, Some(Status::Stale | Status::NoData | Status::Achieved));
    judged.phase == Phase::Running && !is_silent
}

fn in_units(kpi: &Kpi, text: impl Fn(&str) -> String) -> Bilingual {
    Bilingual { ja: text(&kpi.unit.ja), en: text(&kpi.unit.en) }
}

/// How far the value is from its guide; from its target behind the plan, and where a kind has no guide.
fn gap(kpi: &Kpi, judged: &Judgement) -> Option<Bilingual> {
    let value = &judged.measured.as_ref()?.value;
    let has_guide = kpi.kind.has_path() && judged.phase != Phase::Closed;
    let (border, border_ja, border_en) = match &judged.path {
        Some(path) if has_guide => (path, "目安", "guide"),
        _ => (&kpi.target, "目標", "target"),
    };
    let apart = value - border;
    if apart == whole(0) {
        return Some(Bilingual {
            ja: format!("{border_ja}に届いています"), en: format!("it meets the {border_en}")
        });
    }
    let is_above = apart > whole(0);
    // The distance of two shares is in points.
    let (unit_ja, unit_en) = match kpi.unit.ja.as_str() {
        "%" => ("ポイント", "percentage points"),
        _ => (kpi.unit.ja.as_str(), kpi.unit.en.as_str()),
    };
    let size = if is_above { apart } else { -apart };
    let distance = |unit: &str| display::guide(kpi, &size, None, unit);
    let verb_ja = match (is_above, kpi.direction) {
        (true, _) => "上回っています",
        (false, Direction::AtLeast) => "足りません",
        (false, Direction::AtMost) => "下回っています",
    };
    let particle = if verb_ja == "足りません" { "に" } else { "を" };
    let verb_en = match (is_above, kpi.direction) {
        (true, _) => "above",
        (false, Direction::AtLeast) => "short of",
        (false, Direction::AtMost) => "below",
    };
    Some(Bilingual {
        ja: format!("{border_ja}{particle} {} {verb_ja}", distance(unit_ja)),
        en: format!("{} {verb_en} the {border_en}", distance(unit_en)),
    })
}

/// A chance in per cent; never 0 or 100.
fn chance_text(chance: &Exact) -> Bilingual {
    let per_cent = chance * whole(100);
    if per_cent < whole(LEAST_CHANCE) {
        return Bilingual { ja: format!("{LEAST_CHANCE} %未満"), en: format!("below {LEAST_CHANCE} %") };
    }
    if per_cent >= whole(MOST_CHANCE) {
        return Bilingual { ja: format!("{MOST_CHANCE} %以上"), en: format!("{MOST_CHANCE} % or more") };
    }
    // Rounded down: 49.9 % is below the threshold of 50 %.
    let text = format!("{} %", per_cent.floor().to_integer());
    Bilingual { ja: text.clone(), en: text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chance_is_never_certain() {
        let shown = |thousandths: i32| chance_text(&(whole(thousandths) / whole(1000))).en;
        assert_eq!([1, 49, 50, 499, 949].map(shown), ["below 5 %", "below 5 %", "5 %", "49 %", "94 %"]);
        assert_eq!(shown(950), "95 % or more");
    }
}
