//! The texts and marks of statuses and phases, in Japanese and English.
//!
//! A status has a text and a shape, never a colour alone.

use aggregator_core::judge::{Phase, Status};
use contract::period::{Grain, Period};

/// What marks an invented plan wherever it appears.
pub const SAMPLE_JA: &str = "見本";
/// The same in English.
pub const SAMPLE_EN: &str = "Sample";
/// The label of the path wherever it is shown: the plan itself sets no yearly targets.
pub const GUIDE_JA: &str = "目安（計画の目標ではない）";
/// The same in English.
pub const GUIDE_EN: &str = "Guide (not the plan's target)";

/// A status or a phase as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusMark {
    /// The name in exports, also the class in HTML.
    pub name: &'static str,
    /// The shape that distinguishes it without colour; empty for phases.
    pub symbol: &'static str,
    /// Japanese.
    pub ja: &'static str,
    /// English.
    pub en: &'static str,
}

/// The mark of a status word; `None` for a word that is no status.
pub fn status(name: &str) -> Option<StatusMark> {
    let status = Status::ALL.into_iter().find(|status| status.name() == name)?;
    let (symbol, en) = match status {
        Status::Achieved => ("✔", "achieved"),
        Status::OnTrack => ("●", "on track"),
        Status::AtRisk => ("▲", "at risk"),
        Status::OffTrack => ("■", "off track"),
        Status::Missed => ("✖", "missed"),
        Status::Stale => ("○", "overdue"),
        Status::NoData => ("–", "no data"),
    };
    Some(StatusMark { name: status.name(), symbol, ja: status.name_ja(), en })
}

/// The marks of all statuses, best first.
pub fn statuses() -> Vec<StatusMark> {
    Status::ALL.iter().rev().filter_map(|one| status(one.name())).collect()
}

/// The mark of a phase word; `None` for a word that is no phase.
pub fn phase(name: &str) -> Option<StatusMark> {
    let all = [Phase::Before, Phase::Running, Phase::Closing, Phase::Closed];
    let phase = all.into_iter().find(|phase| phase.name() == name)?;
    let (ja, en) = match phase {
        Phase::Before => ("計画前", "before the plan"),
        Phase::Running => ("実施中", "running"),
        Phase::Closing => ("確定待ち", "awaiting the final figure"),
        Phase::Closed => ("確定", "closed"),
    };
    Some(StatusMark { name: phase.name(), symbol: "", ja, en })
}

/// A time that has passed, in its greatest unit.
pub fn age(seconds: i64) -> (String, String) {
    let units = [(86_400, "日前", "d ago"), (3_600, "時間前", "h ago"), (60, "分前", "min ago")];
    let found = units.into_iter().find(|(length, ..)| seconds >= *length);
    found.map_or_else(
        || ("1分以内".to_owned(), "within a minute".to_owned()),
        |(length, ja, en)| (format!("{}{ja}", seconds / length), format!("{} {en}", seconds / length)),
    )
}

/// A duration until now, in its greatest unit.
pub fn lasting(seconds: i64) -> (String, String) {
    if seconds < 60 {
        return ("今しがたから".to_owned(), "just now".to_owned());
    }
    let (ja, en) = age(seconds);
    (format!("{ja}から"), format!("for {}", en.trim_end_matches(" ago")))
}

/// The text of a link to a period, named by its end: `2019年度末`.
pub fn moment(on: Period) -> (String, String) {
    match on.grain {
        Grain::FiscalYear => (format!("{}年度末", on.index), format!("end of {on}")),
        Grain::Day | Grain::Hour => (on.to_string(), on.to_string()),
        Grain::Month | Grain::Quarter => (format!("{}末", on.label_ja()), format!("end of {on}")),
    }
}
