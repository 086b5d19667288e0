//! The lines of what a rule has found beside the KPI's own figures.

use crate::alerting::notification::{AlertNotification, AlertSubjectText};
use contract::catalogue::Bilingual;

/// Most lines of overdue figures in one description.
const MOST_LINES: usize = 12;

/// The lines of an event, in each language.
pub(super) fn lines(of: &AlertNotification) -> Vec<Bilingual> {
    match &of.subject {
        AlertSubjectText::Late { figures } => figures
            .iter()
            .take(MOST_LINES)
            .map(|late| Bilingual {
                ja: format!(
                    "未着: {} {}（情報源 {}、{} から遅れ）",
                    late.series.ja, late.period, late.source, late.since
                ),
                en: format!(
                    "Not come: {} {} (source {}, overdue since {})",
                    late.series.en, late.period, late.source, late.since
                ),
            })
            .collect(),
        AlertSubjectText::TargetChanged { changes } => changes
            .iter()
            .map(|change| {
                let none = || Bilingual { ja: "–".to_owned(), en: "–".to_owned() };
                let [before, after] = [&change.before, &change.after].map(|text| text.clone().unwrap_or_else(none));
                Bilingual {
                    ja: format!("変更: {} {} → {}", change.field.ja, before.ja, after.ja),
                    en: format!("Changed: {} {} → {}", change.field.en, before.en, after.en),
                }
            })
            .collect(),
        AlertSubjectText::Trend | AlertSubjectText::Landing | AlertSubjectText::Restated { .. } => Vec::new(),
    }
}
