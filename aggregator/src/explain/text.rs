//! An explanation as text: Japanese first, with the words of the export beside it.

use super::model::{Explanation, FigureEvidence, RevisionEvidence, RollupUsed, SeriesEvidence};
use aggregator_core::grade::GradeReport;
use aggregator_core::landing::LandingReport;
use aggregator_core::report::CanonicalNumber;
use contract::exact::canonical;
use std::fmt::Write as _;

/// Characters of a hash that are shown; the JSON has all.
const SHOWN_HASH: usize = 16;

impl Explanation {
    /// As text, a fact a line.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.head(&mut out);
        for part in &self.parts {
            write_part(&mut out, part);
        }
        let nothing = self.parts.iter().all(|part| part.figures.is_empty());
        if let Some(connect) = self.connect.as_ref().filter(|_| nothing) {
            line(&mut out, format_args!("接続すべきデータ / connect: {} / {}", connect.ja, connect.en));
        }
        if let Some(note) = &self.note {
            line(&mut out, format_args!("注記 / note: {} / {}", note.ja, note.en));
        }
        line(&mut out, format_args!("出典 / citation: {}", self.citation));
        out
    }

    fn head(&self, out: &mut String) {
        let kpi = &self.kpi;
        line(out, format_args!("{} / {} ({} {})", self.name.ja, self.name.en, self.plan, kpi.id));
        if self.sample {
            line(out, format_args!("見本（架空の計画） / sample: an invented plan"));
        }
        line(out, format_args!("基準時点 / on: {}", self.on));
        if let Some(known) = &self.known_at {
            let settled = if known.settled { "確定 settled" } else { "未確定 not settled" };
            line(out, format_args!("既知の時点 / known at: {} ({settled})", known.time));
            for doubt in &known.doubts {
                line(out, format_args!("  - {doubt}"));
            }
        }
        let status = kpi.status.map_or_else(|| "-".to_owned(), |s| format!("{} {s}", self.status_ja.unwrap_or("")));
        line(out, format_args!("種類 / kind: {}  段階 / phase: {}  状態 / status: {status}", self.kind, kpi.phase));
        for grade in kpi.grades.iter().map(GradeReport::text) {
            line(out, format_args!("段階評価 / grade: {} / {}", grade.ja, grade.en));
        }
        let flag = if kpi.provisional { "（速報値 provisional）" } else { "" };
        let value = kpi.value_text.as_deref().unwrap_or("データなし no data");
        let at = kpi.as_of.as_deref().map_or_else(String::new, |at| format!(" ({at})"));
        line(out, format_args!("値 / value: {value}{flag}{at}"));
        if let Some(path) = &kpi.path {
            line(out, format_args!("目安 / path: {}  目標 / target: {}", number(path), number(&kpi.target)));
        } else {
            line(out, format_args!("目標 / target: {}", number(&kpi.target)));
        }
        if let Some(carried) = &kpi.carried {
            line(out, format_args!("以前の値 / carried: {} ({})", number(&carried.value), carried.as_of));
        }
        if let Some(landing) = &kpi.landing {
            write_landing(out, landing);
        }
        if let Some(months) = &self.months {
            let numbers: Vec<String> = months.numbers.iter().map(|k| ((k + 2) % 12 + 1).to_string()).collect();
            line(out, format_args!("対象月 / months: {} {}", months.year, numbers.join(", ")));
        }
        if !kpi.missing.is_empty() {
            let known = kpi.months.map_or_else(String::new, |m| format!(" ({} / {})", m.known, m.of));
            let settled = if kpi.incomplete { "、欠けていても確定 settled without" } else { "" };
            line(out, format_args!("欠けている月 / missing months: {}{known}{settled}", kpi.missing.join(", ")));
        }
    }
}

fn write_landing(out: &mut String, landing: &LandingReport) {
    if let Some(text) = &landing.text {
        line(out, format_args!("見通し / outlook: {} / {}", text.ja, text.en));
    }
    let Some((target, record)) = landing.target.as_ref().zip(landing.record) else { return };
    let (low, high) = (number(&target.low95), number(&target.high95));
    line(out, format_args!("  95%区間 / 95 % interval: {low} 〜 {high}"));
    let (method, grain) = (landing.method.as_deref().unwrap_or_default(), landing.grain.unwrap_or_default());
    let figures = landing.figures.unwrap_or_default();
    let provisional = if landing.provisional { "、最後は速報値 the last provisional" } else { "" };
    line(out, format_args!("  方法 / method: {method}; 数字 / figures: {figures} ({grain}){provisional}"));
    let error = landing.backtest_error.as_ref().map(number).unwrap_or_default();
    line(out, format_args!("  過去での誤差の平均 / mean error in the back-test: {error}"));
    let (n, in80, in95) = (record.forecasts, record.inside80, record.inside95);
    line(out, format_args!("  過去での区間の成績 / record of the intervals: 80 %: {in80} / {n}, 95 %: {in95} / {n}"));
}

fn write_part(out: &mut String, part: &SeriesEvidence) {
    line(out, format_args!("\n■ {} / {} ({} {})", part.name.ja, part.name.en, part.series, part.definition));
    line(out, format_args!("  数え方 / rule: {} / {}", part.rule.ja, part.rule.en));
    for RollupUsed { period, value, complete, provisional, restated } in &part.rollups {
        let value = value.as_ref().map_or_else(|| "不明 unknown".to_owned(), number);
        let mut flags = String::new();
        for (flag, text) in
            [(!complete, " 未完 incomplete"), (*provisional, " 速報 provisional"), (*restated, " 訂正 restated")]
        {
            if flag {
                flags.push_str(text);
            }
        }
        line(out, format_args!("  {period}: {value}{flags}"));
    }
    if part.more > 0 {
        line(out, format_args!("  （ほか {0} 件 / {0} earlier figures are left out）", part.more));
    }
    for figure in &part.figures {
        write_figure(out, figure);
    }
    if part.figures.is_empty() {
        line(out, format_args!("  （観測なし / no figures）"));
    }
}

fn write_figure(out: &mut String, figure: &FigureEvidence) {
    line(out, format_args!("  ・{} [{}] {}", figure.period, figure.source, revision(&figure.current)));
    write_evidence(out, "    ", &figure.current);
    for before in &figure.corrections {
        line(out, format_args!("    訂正前 / before: {}", revision(before)));
        write_evidence(out, "      ", before);
    }
    if figure.more_corrections > 0 {
        line(
            out,
            format_args!("    （ほか {0} 回の訂正 / {0} earlier corrections are left out）", figure.more_corrections),
        );
    }
}

fn revision(evidence: &RevisionEvidence) -> String {
    let value = match (&evidence.value, &evidence.unknown) {
        (Some(value), _) => number(value),
        (None, reason) => format!("不明 unknown ({})", reason.as_deref().unwrap_or("")),
    };
    format!("{value} {} {}", evidence.finality, evidence.revision)
}

fn write_evidence(out: &mut String, indent: &str, evidence: &RevisionEvidence) {
    let mut place = String::new();
    if let Some(sheet) = &evidence.sheet {
        let _ = write!(place, " sheet {sheet}");
    }
    if let Some(row) = evidence.row {
        let _ = write!(place, " row {row}");
    }
    let Some(poll) = &evidence.poll else {
        return line(out, format_args!("{indent}visit {} (not delivered yet){place}", evidence.visit));
    };
    let hash = poll
        .sha256
        .as_deref()
        .map_or_else(String::new, |hash| format!(" sha256 {}..", hash.chars().take(SHOWN_HASH).collect::<String>()));
    let bytes = poll.bytes.map_or_else(String::new, |bytes| format!(" {bytes} bytes"));
    line(out, format_args!("{indent}{}{place}{hash}{bytes} {} {}", poll.address, poll.collector, poll.time));
}

fn number(number: &CanonicalNumber) -> String {
    canonical(&number.0)
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}
