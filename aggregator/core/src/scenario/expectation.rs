//! A line of the part `expect`: `on | phase | status | value | more`.

use super::figure::{columns, pairs};
use super::outlook::{NONE, landed, shown};
use super::parse::NumberedLine;
use crate::grade::grades;
use crate::judge::{DatedValue, Judgement, PaceGoal, Phase, Status, judge};
use crate::landing::question;
use crate::plan_state::PlanState;
use crate::report_period::ReportPeriod;
use contract::catalogue::Catalogue;
use contract::exact;
use contract::period::Period;
use contract::reader::nearest;

/// The words of `more`.
const WORDS: [&str; 21] = [
    "as_of",
    "path",
    "progress",
    "pace",
    "carried",
    "later",
    "pace_for",
    "progress_year",
    "months",
    "missing",
    "incomplete",
    "source",
    "provisional",
    "landing",
    "lands_80",
    "lands_95",
    "chance",
    "year_lands",
    "points",
    "landing_provisional",
    "grades",
];
const PHASES: [Phase; 4] = [Phase::Before, Phase::Running, Phase::Closing, Phase::Closed];

/// What is expected at the end of a period.
#[derive(Debug)]
pub(super) struct Expectation {
    pub(super) line: u32,
    pub(super) on: Period,
    /// Names and what is expected of each, in the order of the columns.
    fields: Vec<(String, String)>,
}

/// Reads the expectations.
pub(super) fn read(lines: &[NumberedLine<'_>], mut mistake: impl FnMut(u32, String)) -> Vec<Expectation> {
    let mut expectations = Vec::new();
    for (line, text) in lines {
        match expectation(*line, text) {
            Ok(expectation) => expectations.push(expectation),
            Err(message) => mistake(*line, message),
        }
    }
    expectations
}

fn expectation(line: u32, text: &str) -> Result<Expectation, String> {
    let columns = columns(text);
    let [on, phase, status, value, more @ ..] = columns.as_slice() else {
        return Err("an expectation is `on | phase | status | value | more`".into());
    };
    let on = Period::parse(on).ok_or_else(|| format!("`{on}` is no day, month or fiscal year"))?;
    let is_one_of = |what: &str, word: &str, words: &[&str]| {
        let unknown = || format!("unknown {what} `{word}`{}", nearest(word, words.iter().copied()));
        if words.contains(&word) { Ok(()) } else { Err(unknown()) }
    };
    is_one_of("phase", phase, &PHASES.map(Phase::name))?;
    if *status != NONE {
        is_one_of("status", status, &Status::ALL.map(Status::name))?;
    }
    let plain = value.replace(['_', ','], "");
    if plain != NONE && exact::parse(&plain).is_none() {
        return Err(format!("`{value}` is no number, nor `-` for none"));
    }
    let column = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let mut fields = vec![column("phase", phase), column("status", status), column("value", &plain)];
    fields.extend(pairs(&more.join(","), &WORDS)?);
    Ok(Expectation { line, on, fields })
}

impl Expectation {
    /// Everything in which the judgement of a KPI is unlike it.
    pub(super) fn unlike(&self, state: &PlanState, kpi_index: usize) -> Vec<String> {
        let period = ReportPeriod(self.on);
        let catalogue = &state.catalogue;
        let (view, kpi) = (state.view(period.cutoff()), &catalogue.kpis[kpi_index]);
        let judged = judge(&view, kpi, period);
        let landing = || question(&view, kpi, &judged, period).and_then(|question| question.answer());
        let graded = || {
            let all = grades(catalogue, kpi_index, &judged, None, period);
            let marks: Vec<String> = all.iter().map(|grade| format!("{}={}", grade.scale, grade.grade)).collect();
            if marks.is_empty() { NONE.to_owned() } else { marks.join(" ") }
        };
        let got = |name: &str, want: &str| {
            if name == "grades" {
                return graded();
            }
            let said = shown_field(catalogue, &judged, name, want);
            said.unwrap_or_else(|| landed(name, &landing(), want))
        };
        let pairs = self.fields.iter().map(|(name, want)| (name, want, got(name, want)));
        let unlike = pairs.filter(|(_, want, got)| *want != got);
        unlike.map(|(name, want, got)| format!("on {}: {name} is {got}, expected: {want}", self.on)).collect()
    }
}

fn listed(months: &[Period]) -> String {
    let months: Vec<String> = months.iter().map(Period::to_string).collect();
    if months.is_empty() { NONE.into() } else { months.join(" ") }
}

/// A word about the judgement; `None` for one about the landing.
fn shown_field(catalogue: &Catalogue, judged: &Judgement, name: &str, like: &str) -> Option<String> {
    let past = |past: &Option<DatedValue>| shown(past.as_ref().map(|p| &p.value), like);
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let none = || NONE.to_owned();
    let measured = judged.measured.as_ref();
    Some(match name {
        "phase" => judged.phase.name().into(),
        "status" => judged.status.map_or(NONE, Status::name).into(),
        "value" => shown(measured.map(|m| &m.value), like),
        "as_of" => measured.map_or_else(none, |m| m.at.date().to_string()),
        "path" => shown(judged.path.as_ref(), like),
        "progress" => shown(judged.progress.as_ref(), like),
        "pace" => shown(judged.required_pace.as_ref(), like),
        "carried" => past(&judged.carried),
        "later" => past(&judged.later),
        "pace_for" => judged.required_pace_for.map_or(NONE, PaceGoal::name).into(),
        "progress_year" => judged.progress_year.map_or_else(none, |y| Period::fiscal_year(y).to_string()),
        "months" => judged.months.map_or_else(none, |m| format!("{} of {}", m.known, m.of)),
        "missing" => listed(&judged.missing),
        "incomplete" => yes(judged.incomplete),
        "source" => judged.source(catalogue).unwrap_or(NONE).into(),
        "provisional" => yes(measured.is_some_and(|m| m.provisional)),
        _ => return None,
    })
}
