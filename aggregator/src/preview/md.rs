//! A preview as Markdown, for minutes and mails.

use super::model::{CataloguePreview, KpiPreview};
use super::text::{BASIS, alert, shown};
use crate::render::words;

/// The plans as one Markdown text.
pub fn md(previews: &[CataloguePreview]) -> String {
    previews.iter().map(plan).collect::<Vec<_>>().join("\n")
}

fn plan(preview: &CataloguePreview) -> String {
    let CataloguePreview { plan, from, to, on, refused, admitted, unchanged, .. } = preview;
    let recorded = preview.recorded.as_deref().unwrap_or("–");
    let mut text = format!(
        "# 計画カタログの変更の影響 What the changed catalogue does: {plan}\n\n- 記録済みのカタログ Recorded catalogue: {recorded}\n\
         - 期間 Days: {from} – {to} ({BASIS})\n- 変わる指標 KPIs that differ: {}, 変わらない指標 that stay: {unchanged}\n\
         - 対象外になる数字 Figures that would go to quarantine: {refused}, 対象になる数字 that would count: {admitted}\n",
        preview.kpis.len()
    );
    text += &preview.kpis.iter().map(|one| kpi(one, on)).collect::<String>();
    text
}

fn kpi(one: &KpiPreview, on: &str) -> String {
    let (ja, en) = (escaped(&one.name.ja), escaped(&one.name.en));
    let mut lines = vec![String::new(), format!("## {ja} / {en} (`{}`)", one.id), String::new()];
    lines.push(format!("{on}: {} → {}", escaped(&shown(one.before.as_ref())), escaped(&shown(one.after.as_ref()))));
    if !one.statuses.is_empty() {
        let head = ["", "| から From | まで To | 現在の状態 Status now | 変更後 Would be |", "|---|---|---|---|"];
        lines.extend(head.map(str::to_owned));
    }
    let mark = |word: Option<&'static str>| {
        let mark = word.and_then(words::status);
        mark.map_or_else(|| "–".to_owned(), |mark| format!("{} {} {}", mark.symbol, mark.ja, mark.en))
    };
    lines.extend(one.statuses.iter().map(|change| {
        format!("| {} | {} | {} | {} |", change.from, change.to, mark(change.before), mark(change.after))
    }));
    if !one.alerts.is_empty() {
        lines.push(String::new());
    }
    lines.extend(one.alerts.iter().map(|change| format!("- {}", alert(change))));
    lines.join("\n") + "\n"
}

/// A text of the catalogue without what Markdown or HTML would read.
fn escaped(text: &str) -> String {
    let plain = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let special = |c: char| matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!');
    plain
        .chars()
        .flat_map(|c| special(c).then_some('\\').into_iter().chain([if c.is_control() { ' ' } else { c }]))
        .collect()
}
