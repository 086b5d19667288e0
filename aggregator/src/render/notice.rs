//! What does not work just now, as readers are told on every page.

use super::words;
use crate::trouble::{Component, DegradedComponent, DegradedReason};
use contract::time::Micros;
use std::collections::BTreeMap;

/// Characters of an error that are shown.
const MAX_ERROR: usize = 200;

/// One line above the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// True when the figures shown may be old because of it.
    pub grave: bool,
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
    /// The error, for those who mend it.
    pub error: Option<String>,
}

/// All that is to be told: why the pipeline waits, and which parts are in trouble.
pub fn notices(reason: Option<&str>, troubles: &BTreeMap<Component, DegradedComponent>, now: Micros) -> Vec<Notice> {
    let mut told: Vec<Notice> = troubles.iter().map(|(part, trouble)| of_trouble(*part, trouble, now)).collect();
    // The store's trouble is the reason why it is not ready, and has been told.
    if let Some(reason) = reason.filter(|_| !troubles.contains_key(&Component::Store)) {
        told.insert(0, waiting(reason));
    }
    told
}

fn waiting(reason: &str) -> Notice {
    let (ja, en, error) = match reason {
        "starting" => ("起動中のため", "The service is starting", None),
        "no partition is assigned" => ("担当の割り当てを待っているため", "Waiting to be given its plans", None),
        _ => ("準備が終わっていないため", "Not ready yet", Some(reason.to_owned())),
    };
    Notice {
        grave: true,
        ja: format!("{ja}、数字がまだそろっていません。"),
        en: format!("{en}: the figures below are not complete yet."),
        error,
    }
}

fn of_trouble(part: Component, trouble: &DegradedComponent, now: Micros) -> Notice {
    let (since_ja, since_en) = words::lasting((now.0 - trouble.since.0).max(0) / 1_000_000);
    let (why_ja, why_en) = why(trouble.why);
    let (what_ja, what_en) = match part {
        Component::Store => ("新しい数字を保管できません".to_owned(), "New figures cannot be stored".to_owned()),
        Component::Bus => ("新しい数字を受け取れません".to_owned(), "New figures cannot be received".to_owned()),
        Component::Outbox => {
            ("集めた数字を記録できません".to_owned(), "Collected figures cannot be recorded".to_owned())
        }
        Component::Shipper => {
            ("集めた数字を集計機に送れません".to_owned(), "Collected figures cannot be sent on".to_owned())
        }
        Component::Sink(name, _) => {
            let (ja, en) = sink(name);
            (format!("{ja}へ送れません"), format!("{en} cannot be written"))
        }
    };
    let (more_ja, more_en) = match trouble.waiting.filter(|waiting| *waiting > 0) {
        Some(1) => ("。1件が待っています".to_owned(), "; 1 change waits".to_owned()),
        Some(waiting) => (format!("。{waiting}件が待っています"), format!("; {waiting} changes wait")),
        None => (String::new(), String::new()),
    };
    let grave = !matches!(part, Component::Sink(..));
    let (end_ja, end_en) = if grave {
        ("ここにあるのはそれまでの数字です。", "What you see is from before.")
    } else {
        ("この画面の数字には影響ありません。", "The figures on this page are not affected.")
    };
    Notice {
        grave,
        ja: format!("{what_ja}（{why_ja}、{since_ja}）{more_ja}。{end_ja}"),
        en: format!("{what_en} ({why_en}, {since_en}){more_en}. {end_en}"),
        // Causes are often said twice over; the log has all of it.
        error: Some(trouble.error.chars().take(MAX_ERROR).collect()),
    }
}

fn sink(name: &str) -> (&str, &str) {
    match name {
        "influxdb" => ("InfluxDB（グラフ用）", "InfluxDB (for dashboards)"),
        "alertmanager" => ("Alertmanager（通知）", "Alertmanager (alerts)"),
        "webhook" => ("Webhook（通知）", "The webhook (alerts)"),
        other => (other, other),
    }
}

fn why(why: DegradedReason) -> (&'static str, &'static str) {
    match why {
        DegradedReason::Full => ("ディスクに空きがありません", "the disk is full"),
        DegradedReason::Locked => ("ファイルがほかの処理に使われています", "another process holds the file"),
        DegradedReason::OverLimit => ("待てる量の上限に達しました", "no more may wait"),
        DegradedReason::Io => ("ファイルを読み書きできません", "the file cannot be read or written"),
        DegradedReason::Refused => ("接続できないか、受け付けられません", "it cannot be reached, or does not take it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_says_what_why_since_when_and_whether_the_figures_are_touched() {
        let since = Micros(1_000_000_000);
        let trouble =
            |why, waiting| DegradedComponent { since, why, error: "the store s.db is locked".into(), waiting };
        let troubles = BTreeMap::from([
            (Component::Sink("influxdb", 0), trouble(DegradedReason::Refused, Some(120))),
            (Component::Store, trouble(DegradedReason::Locked, None)),
        ]);
        let told = notices(Some("the store s.db is locked"), &troubles, Micros(since.0 + 180_000_000));
        let lines: Vec<(bool, &str, &str)> = told.iter().map(|n| (n.grave, n.ja.as_str(), n.en.as_str())).collect();
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
        let starting = notices(Some("starting"), &BTreeMap::new(), since);
        assert_eq!(starting[0].ja, "起動中のため、数字がまだそろっていません。");
        assert_eq!(notices(None, &BTreeMap::new(), since), []);
    }
}
