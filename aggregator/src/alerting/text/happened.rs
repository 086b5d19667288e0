//! The first sentence of a description: what has happened.

use super::summary::both;
use crate::alerting::notification::{AlertNotification, AlertSubjectText};
use crate::render::words;
use aggregator_core::alert::{AlertRule, AlertTransition};
use contract::catalogue::Bilingual;

/// A status word in both languages.
pub(super) fn word(status: Option<&str>) -> Option<Bilingual> {
    words::status(status?).map(|mark| both(mark.ja, mark.en))
}

/// What has happened to a KPI.
pub(super) fn happened(of: &AlertNotification, event: AlertTransition) -> Bilingual {
    let (kpi, policy) = (&of.kpi.name, &of.policy.name);
    let ja = format!("成果指標「{}」（施策「{}」）", kpi.ja, policy.ja);
    let en = format!("KPI \"{}\" of policy \"{}\"", kpi.en, policy.en);
    let said = match event {
        AlertTransition::Fired { .. } => fired(of),
        AlertTransition::Worsened { .. } => changed(of, "になり、悪化しました。", "got worse, from"),
        AlertTransition::Resolved { .. } => resolved(of),
    };
    Bilingual { ja: format!("{ja}{}", said.ja), en: format!("{en} {}", said.en) }
}

fn fired(of: &AlertNotification) -> Bilingual {
    match of.rule() {
        AlertRule::Trend => changed(of, "になりました。", "went from"),
        AlertRule::Landing => both(
            "は、このままだと目標に届かない見込みです。",
            "will probably not reach its target on its present course.",
        ),
        AlertRule::Overdue => both("の数字が届いていません。", "waits for figures that are overdue."),
        AlertRule::Missing => both("の数字に、届いていない月があります。", "lacks months that were due."),
        AlertRule::Restated => restated(of),
        AlertRule::TargetChanged => {
            both("の目標などが、計画の側で変わりました。", "is judged by something else: its catalogue was changed.")
        }
    }
}

fn changed(of: &AlertNotification, ja: &str, en: &str) -> Bilingual {
    let (before, after) = (word(of.before.as_deref()), word(of.after.as_deref()).unwrap_or_default());
    match before {
        Some(before) if before != after => Bilingual {
            ja: format!("の状態が「{}」から「{}」{ja}", before.ja, after.ja),
            en: format!("{en} \"{}\" to \"{}\".", before.en, after.en),
        },
        _ => Bilingual { ja: format!("の状態は「{}」です。", after.ja), en: format!("is \"{}\".", after.en) },
    }
}

fn restated(of: &AlertNotification) -> Bilingual {
    let AlertSubjectText::Restated { on, before, after, days } = &of.subject else {
        return changed(of, "です。", "from");
    };
    let (before, after) = (word(Some(before)).unwrap_or_default(), word(Some(after)).unwrap_or_default());
    let more = days.saturating_sub(1);
    let (more_ja, more_en) = match more {
        0 => (String::new(), String::new()),
        1 => ("、ほか1時点".to_owned(), ", and at 1 other moment".to_owned()),
        more => (format!("、ほか{more}時点"), format!(", and at {more} other moments")),
    };
    Bilingual {
        ja: format!("は訂正により、{on} の状態が「{}」から「{}」に変わりました{more_ja}。", before.ja, after.ja),
        en: format!("was corrected: on {on} it was \"{}\" and is now \"{}\"{more_en}.", before.en, after.en),
    }
}

fn resolved(of: &AlertNotification) -> Bilingual {
    let Some(now) = word(of.after.as_deref()) else {
        return both("は通知の対象ではなくなりました。", "is not alerted on any more.");
    };
    let (ja, en) = match of.rule() {
        AlertRule::Landing => ("は、目標に届く見込みに戻りました。", "will probably reach its target again."),
        AlertRule::Overdue => {
            ("の届いていなかった数字は、もう待たれていません。", "waits for no overdue figure any more.")
        }
        AlertRule::Missing => ("の届いていなかった月は、もうありません。", "lacks no month any more."),
        AlertRule::Trend | AlertRule::Restated | AlertRule::TargetChanged => {
            let before = word(of.before.as_deref()).unwrap_or_default();
            return Bilingual {
                ja: format!("の「{}」は解消し、「{}」になりました。", before.ja, now.ja),
                en: format!("is no longer \"{}\"; it is \"{}\".", before.en, now.en),
            };
        }
    };
    Bilingual { ja: format!("{ja}状態は「{}」です。", now.ja), en: format!("{en} It is \"{}\".", now.en) }
}
