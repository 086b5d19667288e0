//! Finds a plan by its names as people type them: any width, either kana, without marks over Latin letters.

use contract::catalogue::Plan;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// From a katakana to the same hiragana.
const KATAKANA_TO_HIRAGANA: u32 = 0x60;

/// The words of a search; a plan is found when it has all of them.
pub(super) struct SearchWords(Vec<String>);

impl SearchWords {
    /// The words of a text, parted by any space.
    pub(super) fn new(text: &str) -> Self {
        Self(text.split_whitespace().map(folded).filter(|word| !word.is_empty()).collect())
    }

    /// True when each word stands in the plan's id, its names, its city's names or their reading.
    pub(super) fn find_in(&self, plan: &Plan) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let kana = plan.kana.as_deref().unwrap_or_default();
        let texts = [&plan.id, &plan.name.ja, &plan.name.en, &plan.city.ja, &plan.city.en, kana].map(folded);
        self.0.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

/// A text without what people do not type alike: width, case, kind of kana, spaces, and marks over Latin letters.
fn folded(text: &str) -> String {
    // A dakuten is a mark too, and tells が from か: it lies beyond the marks of Latin letters.
    let is_latin_mark = |c: &char| is_combining_mark(*c) && *c < '\u{0370}';
    let plain = text.nfkd().filter(|c| !is_latin_mark(c) && !c.is_whitespace()).flat_map(char::to_lowercase);
    plain.map(hiragana).nfc().collect()
}

fn hiragana(c: char) -> char {
    match c {
        'ァ'..='ヶ' => char::from_u32(u32::from(c) - KATAKANA_TO_HIRAGANA).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::fixture::plan_state;

    #[test]
    fn a_plan_is_found_by_every_name_as_people_type_it() {
        let mut plan = plan_state(false).catalogue.plan.clone();
        plan.city.ja = "岐阜市".into();
        plan.city.en = "Gifu City".into();
        plan.kana = Some("ぎふし".into());
        for text in [
            "",
            "岐阜",
            "ギフ",
            "ぎふ",
            "ｷﾞﾌ",
            "GIFU",
            "ｇｉｆｕ",
            "Gīfu",
            "gifucity",
            "small",
            "小さな　岐阜",
            "小さな ぎふ",
        ] {
            assert!(SearchWords::new(text).find_in(&plan), "{text}");
        }
        for text in ["きふ", "津", "gifu 津", "citysmall"] {
            assert!(!SearchWords::new(text).find_in(&plan), "{text}");
        }
    }
}
