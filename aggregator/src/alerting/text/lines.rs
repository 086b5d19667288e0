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
                let [before, after] = [&change.before, &change.after].map(|text| text.as_deref().unwrap_or("–"));
                Bilingual {
                    ja: format!("変更: {} {before} → {after}", change.field.ja),
                    en: format!("Changed: {} {before} → {after}", change.field.en),
                }
            })
            .collect(),
        AlertSubjectText::Trend | AlertSubjectText::Landing | AlertSubjectText::Restated { .. } => Vec::new(),
    }
}
