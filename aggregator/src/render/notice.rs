//! The notices above every page: whether the pipeline is ready, and which components are degraded.
//!
//! Every typed state has its text in both languages by an exhaustive match.

use super::words;
use crate::health::{Component, DegradedComponent, DegradedReason, HealthSnapshot, Readiness};
use crate::sinks::registry::KINDS;
use contract::time::Micros;

/// Characters of an error that are shown.
const MAX_ERROR: usize = 200;

/// One line above the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// True when the figures shown may be out of date because of it.
    pub grave: bool,
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
    /// The error, for operators.
    pub error: Option<String>,
}

/// The notices of a process in this state.
pub fn notices(health: &HealthSnapshot, now: Micros) -> Vec<Notice> {
    // A degraded store explains why the pipeline is not ready.
    let readiness = Some(health.readiness).filter(|_| !health.degraded.contains_key(&Component::Store));
    let degraded = health.degraded.iter().map(|(component, state)| degraded(*component, state, now));
    readiness.and_then(unready).into_iter().chain(degraded).collect()
}

/// The notice of a replay.
pub fn replay() -> Notice {
    Notice {
        grave: false,
        ja: "再現中：過去の日々をもう一度たどっています。数字は、記入された日か期限の日に届いたものとしています。"
            .to_owned(),
        en:
            "A replay: past days are lived through again, with each figure from the day on which it was entered or due."
                .to_owned(),
        error: None,
    }
}

fn unready(readiness: Readiness) -> Option<Notice> {
    let (ja, en) = match readiness {
        Readiness::Starting => ("起動中のため", "The service is starting"),
        Readiness::Unassigned => ("担当の割り当てを待っているため", "Waiting to be given its plans"),
        Readiness::CatchingUp(_) => ("待っていた記録を読み込み中のため", "Records that waited are being read"),
        Readiness::Ready => return None,
    };
    let (ja, en) =
        (format!("{ja}、数字がまだそろっていません。"), format!("{en}: the figures below are not complete yet."));
    Some(Notice { grave: true, ja, en, error: None })
}

fn degraded(component: Component, state: &DegradedComponent, now: Micros) -> Notice {
    let (since_ja, since_en) = words::lasting((now.0 - state.since.0).max(0) / 1_000_000);
    let (reason_ja, reason_en) = reason(state.reason);
    let (effect_ja, effect_en) = effect(component);
    let (pending_ja, pending_en) = match state.pending.filter(|pending| *pending > 0) {
        Some(1) => ("。1件が待っています".to_owned(), "; 1 change waits".to_owned()),
        Some(pending) => (format!("。{pending}件が待っています"), format!("; {pending} changes wait")),
        None => (String::new(), String::new()),
    };
    let grave = !matches!(component, Component::Sink(..));
    let (end_ja, end_en) = if component == Component::Clock {
        ("その時刻まで、新しい数字に置き換わらないことがあります。", "Some figures may not be corrected until then.")
    } else if grave {
        ("ここにあるのはそれまでの数字です。", "What you see is from before.")
    } else {
        ("この画面の数字には影響ありません。", "The figures on this page are not affected.")
    };
    Notice {
        grave,
        ja: format!("{effect_ja}（{reason_ja}、{since_ja}）{pending_ja}。{end_ja}"),
        en: format!("{effect_en} ({reason_en}, {since_en}){pending_en}. {end_en}"),
        // Causes often repeat each other; the log has the whole error.
        error: Some(state.error.chars().take(MAX_ERROR).collect()),
    }
}

fn effect(component: Component) -> (String, String) {
    let (ja, en) = match component {
        Component::Store => ("新しい数字を保管できません", "New figures cannot be stored"),
        Component::Bus => ("新しい数字を受け取れません", "New figures cannot be received"),
        Component::Outbox => ("集めた数字を記録できません", "Collected figures cannot be recorded"),
        Component::Shipper => ("集めた数字を集計機に送れません", "Collected figures cannot be sent on"),
        Component::Polls => ("集めた数字の一部が届いていません", "A part of the collected figures has not arrived"),
        Component::Clock => ("時計が合っていない収集機があります", "The clock of a collector is wrong"),
        Component::Sink(name, _) => {
            let (ja, en) = sink(name);
            return (format!("{ja}へ送れません"), format!("{en} cannot be written"));
        }
    };
    (ja.to_owned(), en.to_owned())
}

fn sink(name: &str) -> (&str, &str) {
    KINDS.iter().find(|kind| kind.name == name).map_or((name, name), |kind| kind.title)
}

fn reason(reason: DegradedReason) -> (&'static str, &'static str) {
    match reason {
        DegradedReason::Full => ("ディスクに空きがありません", "the disk is full"),
        DegradedReason::Locked => ("ファイルがほかの処理に使われています", "another process holds the file"),
        DegradedReason::OverLimit => ("待てる量の上限に達しました", "no more may wait"),
        DegradedReason::Io => ("ファイルを読み書きできません", "the file cannot be read or written"),
        DegradedReason::Incomplete => ("届いた件数が足りません", "fewer records arrived than were sent"),
        DegradedReason::Refused => ("接続できないか、受け付けられません", "it cannot be reached, or does not take it"),
        DegradedReason::Topic => ("トピックの設定が正しくありません", "the topic is not set as it must be"),
        DegradedReason::Gap => ("記録が欠けています", "records are missing"),
        DegradedReason::Recreated => ("別のものに作り直されています", "it was made again"),
        DegradedReason::Ahead => ("未来の時刻の記録があります", "records are dated in the future"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(
        readiness: Readiness,
        degraded: impl IntoIterator<Item = (Component, DegradedReason, Option<u64>)>,
    ) -> HealthSnapshot {
        let state = |(component, reason, pending)| {
            let error = "the store s.db is locked".to_owned();
            (component, DegradedComponent { since: Micros(1_000_000_000), reason, error, pending })
        };
        HealthSnapshot { readiness, degraded: degraded.into_iter().map(state).collect() }
    }

    #[test]
    fn a_notice_names_effect_reason_duration_and_whether_the_figures_are_affected() {
        let health = snapshot(
            Readiness::Unassigned,
            [
                (Component::Sink("influxdb", 0), DegradedReason::Refused, Some(120)),
                (Component::Store, DegradedReason::Locked, None),
            ],
        );
        let notices = notices(&health, Micros(1_180_000_000));
        let lines: Vec<(bool, &str, &str)> = notices.iter().map(|n| (n.grave, n.ja.as_str(), n.en.as_str())).collect();
        assert_eq!(
            lines,
            [
                (
                    true,
                    "新しい数字を保管できません（ファイルがほかの処理に使われています、3分前から）。ここにあるのはそれまでの数字です。",
                    "New figures cannot be stored (another process holds the file, for 3 min). What you see is from before."
                ),
                (
                    false,
                    "InfluxDB（グラフ用）へ送れません（接続できないか、受け付けられません、3分前から）。120件が待っています。この画面の数字には影響ありません。",
                    "InfluxDB (for dashboards) cannot be written (it cannot be reached, or does not take it, for 3 min); 120 changes wait. The figures on this page are not affected."
                ),
            ]
        );
    }

    #[test]
    fn every_component_with_every_reason_and_every_unready_state_has_both_languages() {
        let japanese = |text: &str| text.chars().any(|c| ('\u{3041}'..='\u{9fff}').contains(&c));
        let mut texts = std::collections::BTreeSet::new();
        let mut check = |health: HealthSnapshot| {
            let notices = notices(&health, Micros(1_180_000_000));
            let [Notice { ja, en, .. }] = notices.as_slice() else { panic!("{health:?}: {notices:?}") };
            assert!(japanese(ja) && !japanese(en) && en.is_ascii(), "{ja} {en}");
            assert!(texts.insert(ja.clone()) && texts.insert(en.clone()), "two states have one text: {ja} {en}");
        };
        let components = [
            Component::Store,
            Component::Bus,
            Component::Outbox,
            Component::Shipper,
            Component::Polls,
            Component::Clock,
        ];
        let sinks = ["influxdb", "alertmanager", "webhook"].map(|name| Component::Sink(name, 0));
        for component in components.into_iter().chain(sinks) {
            for reason in DegradedReason::ALL {
                check(snapshot(Readiness::Ready, [(component, reason, None)]));
            }
        }
        check(snapshot(Readiness::Starting, []));
        check(snapshot(Readiness::Unassigned, []));
        check(snapshot(Readiness::CatchingUp(Some(3)), []));
        assert_eq!(notices(&snapshot(Readiness::Ready, []), Micros(0)), []);
    }
}
