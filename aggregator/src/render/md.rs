//! Markdown for minutes and mails: one section a plan, one table a policy.
//!
//! Texts of the catalogue are escaped, so that a name can neither break a table nor become markup.

use super::lang::inert_document;
use super::sheet::{KpiRow, PlanSheet, PolicySheet, StatusCount};
use super::show::{DataMoment, ShownValue};
use super::words::{GUIDE_EN, GUIDE_JA, SAMPLE_EN, SAMPLE_JA, StatusMark};
use aggregator_core::target_change::RemovedKpiReport;
use contract::catalogue::Bilingual;
use std::fmt::Write;

/// The text of an empty cell.
const NONE: &str = "–";

/// The plans as one Markdown text.
pub fn write(sheets: &[PlanSheet<'_>]) -> String {
    let plans: Vec<String> = sheets.iter().map(|sheet| plan(sheet).join("\n") + "\n").collect();
    inert_document(plans.join("\n"))
}

/// The lines of one plan.
fn plan(sheet: &PlanSheet<'_>) -> Vec<String> {
    let sample = if sheet.sample() { format!("【{SAMPLE_JA} {SAMPLE_EN}】") } else { String::new() };
    let mut lines = vec![
        format!("# {sample}{}", both(&sheet.plan.name)),
        String::new(),
        format!("- 市 City: {}", both(&sheet.plan.city)),
        format!("- 時点 On: {} / {}", escaped(&sheet.on_ja), escaped(sheet.on)),
        format!("- 段階 Phase: {}", sheet.phase.map_or_else(none, mark)),
        format!("- 状態の内訳 Statuses: {}", counts(&sheet.counts)),
    ];
    for policy in &sheet.policies {
        lines.extend(policy_lines(policy, &sample));
    }
    lines.extend(removed(sheet));
    lines.extend(sources(sheet));
    lines
}

/// KPIs that were published and are not in the plan any more.
fn removed(sheet: &PlanSheet<'_>) -> Vec<String> {
    if sheet.removed.is_empty() {
        return Vec::new();
    }
    let one = |kpi: &RemovedKpiReport| {
        let known = kpi.known_at.as_deref().unwrap_or("未記録 not recorded");
        let by = kpi.replaced_by.as_ref().map(|by| format!(" → {}", escaped(by))).unwrap_or_default();
        format!("- {} ({}): {}（{known}）{by}", both(&kpi.name), escaped(&kpi.id), both(&kpi.target))
    };
    let head = ["", "## 計画から外された指標 KPIs that were removed", ""].map(str::to_owned);
    head.into_iter().chain(sheet.removed.iter().map(one)).collect()
}

fn policy_lines(policy: &PolicySheet<'_>, sample: &str) -> Vec<String> {
    let worst = policy
        .worst_row()
        .map_or_else(none, |row| format!("{} {}", row.status.map_or_else(none, mark), both(&row.kpi.name)));
    let mut lines = vec![
        String::new(),
        format!("## {sample}施策{} {}", policy.number, both(&policy.policy.name)),
        String::new(),
        format!("- 担当 Owner: {}", both(&policy.policy.owner)),
        format!("- 状態の内訳 Statuses: {}", counts(&policy.counts)),
        format!("- 最も注意を要する指標 Worst KPI: {worst}"),
        String::new(),
        format!(
            "| 成果指標 KPI | 状態 Status | 実績 Value | 最新データ Last data | {GUIDE_JA} {GUIDE_EN} | 目標 Target | \
             進捗 Progress | 必要ペース Required pace |"
        ),
        "|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(policy.rows.iter().map(table_row));
    lines.push(String::new());
    lines.extend(policy.rows.iter().flat_map(remarks));
    lines
}

fn table_row(row: &KpiRow<'_>) -> String {
    let mut status = row.status.map_or_else(none, mark);
    if let Some(first) = &row.first {
        let by = first.status.map_or_else(|| "判定不能 cannot be judged".to_owned(), mark);
        // Writing to a String cannot fail.
        let _ = write!(
            status,
            "<br>最初に公表した目標では By the first published target ({}): {by}",
            escaped(&first.target)
        );
    }
    let phase = row.phase.map_or_else(none, mark);
    let mut value = row.value.as_deref().map_or_else(none, escaped);
    if row.judged.provisional {
        value.push_str("（速報値 provisional）");
    }
    let last = row.data.as_ref().map_or_else(none, data);
    let text = |text: &Option<String>| text.as_deref().map_or_else(none, escaped);
    let progress = row.progress.as_ref().map_or_else(none, |share| format!("{share} %"));
    format!(
        "| {} | {status}<br>{phase} | {value} | {last} | {} | {} | {progress} | {} |",
        both(&row.kpi.name),
        text(&row.guide),
        escaped(&row.target),
        text(&row.pace)
    )
}

/// What a reader must know of a KPI beside its figures, one list item each.
fn remarks(row: &KpiRow<'_>) -> Vec<String> {
    let name = escaped(&row.kpi.name.ja);
    let mut remarks = Vec::new();
    let mut remark = |what: &str, text: String| remarks.push(format!("- {name}: {what}: {text}"));
    if let Some(baseline) = &row.baseline {
        let label = if row.declared_start { "宣言した開始値 Declared start" } else { "現状値 Baseline" };
        remark(label, escaped(baseline));
    }
    for grade in &row.grades {
        remark("段階評価 Grade", both(grade));
    }
    if let Some(carried) = &row.carried {
        remark("過去の値（判定の対象外） Earlier value (not judged)", past(carried));
    }
    if let Some(later) = &row.later {
        remark("その後（判定の対象外） Later (not judged)", past(later));
    }
    let texts = [
        ("見通し Outlook", row.outlook),
        ("データの接続 To connect", row.connect),
        ("注 Note", row.kpi.note.as_ref()),
        ("開始値の理由 Reason for the start", row.kpi.start_reason.as_ref()),
    ];
    for (what, text) in texts {
        if let Some(text) = text {
            remark(what, both(text));
        }
    }
    for change in &row.changes {
        let known = change.known_at.as_deref().unwrap_or("未記録 not recorded");
        let (before, after) = (both_once(&change.before), both_once(&change.after));
        let (ja, en) = change.label;
        remark(&format!("変更 Changed: {ja} {en}"), format!("{before} → {after}（{}, {known}）", escaped(&change.kpi)));
    }
    remark("出典 Citation", escaped(&row.kpi.citation));
    remarks
}

fn sources(sheet: &PlanSheet<'_>) -> Vec<String> {
    let head = ["", "## 出典 Sources", ""].map(str::to_owned);
    let plan = format!("- 計画 Plan: {}", escaped(&sheet.plan.citation));
    let credits = sheet.credits.iter().map(|credit| format!("- データ Data: {}", both(credit)));
    let grades = sheet.grade_sources.iter().map(|source| format!("- 段階評価 Grades: {}", both(source)));
    head.into_iter().chain([plan]).chain(credits).chain(grades).collect()
}

fn counts(counts: &[StatusCount]) -> String {
    if counts.is_empty() {
        return none();
    }
    let one = |count: &StatusCount| format!("{} {}", mark(count.status), count.kpis);
    counts.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn data(data: &DataMoment) -> String {
    let age = data.age_days.map(|days| format!("（{days}日前 {days} d ago）")).unwrap_or_default();
    format!("{} {}{age}", data.date, data.word_ja)
}

fn past(past: &ShownValue) -> String {
    let when = past.data.as_ref().map(|at| format!("（{}）", data(at))).unwrap_or_default();
    format!("{}{when}", escaped(&past.value))
}

fn mark(mark: StatusMark) -> String {
    let text = format!("{} {} {}", mark.symbol, mark.ja, mark.en);
    text.trim_start().to_owned()
}

fn both(text: &Bilingual) -> String {
    format!("{} / {}", escaped(&text.ja), escaped(&text.en))
}

/// A text that is often the same in both languages.
fn both_once(text: &Bilingual) -> String {
    if text.ja == text.en { escaped(&text.ja) } else { both(text) }
}

fn none() -> String {
    NONE.to_owned()
}

/// A text with every character escaped that Markdown or HTML would read; line breaks become spaces.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.push(' ');
            continue;
        }
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}
