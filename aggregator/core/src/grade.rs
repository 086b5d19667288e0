//! Grades (段階評価) beside a status, by the scales of the catalogue. A status never depends on them.
//!
//! Computed ones compare exact numbers: the value that progress is of, or the value expected at the plan's end. Entered ones are
//! what a person wrote, with section and date.

use crate::judge::{Judgement, Phase};
use crate::report_period::ReportPeriod;
use contract::bilingual::Bilingual;
use contract::catalogue::{Catalogue, Direction, EnteredGrade, GradeBasis, GradeMeasure, GradeScale, GradeWord, Kpi};
use contract::exact::{self, Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;
use schemars::JsonSchema;
use serde::Serialize;

/// A grade of a KPI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GradeReport {
    /// Id of the scale.
    pub scale: String,
    /// Name of the scale.
    pub scale_name: Bilingual,
    /// Who published the scale, and where.
    pub source: Option<Bilingual>,
    /// The grade as it is written, such as `S`.
    pub grade: String,
    /// What it means.
    pub name: Bilingual,
    /// The fiscal year that it is of, such as `FY2021`; `null` where there is no value.
    pub year: Option<String>,
    /// The section that entered it; `null` of a computed grade.
    pub entered_by: Option<Bilingual>,
    /// The date on which it was entered.
    pub entered_on: Option<String>,
}

impl GradeReport {
    /// `長与町の評価 A（基準値を上回る）`; of one that a person entered also for which year, by whom and when.
    pub fn text(&self) -> Bilingual {
        let (scale, name, word) = (&self.scale_name, &self.name, &self.grade);
        let meaning = if *word == name.ja { String::new() } else { format!("（{}）", name.ja) };
        let ja = format!("{} {word}{meaning}", scale.ja);
        let en = format!("{}: {word} ({})", scale.en, name.en);
        let (Some(by), Some(on)) = (&self.entered_by, &self.entered_on) else { return Bilingual { ja, en } };
        let year = self.year.as_deref().unwrap_or_default();
        let number = year.trim_start_matches("FY");
        Bilingual {
            ja: format!("{ja}、{number}年度分、{}が{on}に記入", by.ja),
            en: format!("{en}, for {year}, entered by {} on {on}", by.en),
        }
    }
}

/// The value that a grade is of, and its fiscal year.
struct GradedValue {
    value: Exact,
    year: i32,
}

/// The grades of a KPI (its index in the catalogue) in the order of the scales; `landing` is the value expected at the plan's end.
/// None before the plan.
pub fn grades(
    catalogue: &Catalogue,
    index: usize,
    judged: &Judgement,
    landing: Option<&Exact>,
    period: ReportPeriod,
) -> Vec<GradeReport> {
    if judged.phase == Phase::Before {
        return Vec::new();
    }
    let kpi = &catalogue.kpis[index];
    let graded = graded_value(kpi, judged);
    let one = |scale: &GradeScale| {
        if scale.entered {
            let entered = kpi.entered.iter().filter(|entered| entered.scale == scale.id && is_seen(entered, period));
            let latest = entered.max_by_key(|entered| (entered.year, entered.on))?;
            let word = scale.bands.iter().map(|band| &band.grade).find(|grade| grade.word == latest.word)?;
            let report = report(scale, word, Some(latest.year));
            let by = Some(latest.by.clone());
            return Some(GradeReport { entered_by: by, entered_on: Some(latest.on.to_string()), ..report });
        }
        match computed(catalogue, kpi, scale, (graded.as_ref(), landing)) {
            Some(word) => Some(report(scale, word, graded.as_ref().map(|graded| graded.year))),
            None => scale.none.as_ref().map(|none| report(scale, none, None)),
        }
    };
    catalogue.grades.iter().filter(|scale| scale.covers(index)).filter_map(one).collect()
}

/// Of a day, what was entered by then; of a month or fiscal year, what is of its fiscal year or an earlier one.
fn is_seen(entered: &EnteredGrade, period: ReportPeriod) -> bool {
    if period.is_closing() {
        return entered.year <= period.year();
    }
    Moment::midnight(entered.on) < period.cutoff().at
}

fn report(scale: &GradeScale, grade: &GradeWord, year: Option<i32>) -> GradeReport {
    GradeReport {
        scale: scale.id.clone(),
        scale_name: scale.name.clone(),
        source: scale.source.clone(),
        grade: grade.word.clone(),
        name: grade.name.clone(),
        year: year.map(|year| Period::fiscal_year(year).to_string()),
        entered_by: None,
        entered_on: None,
    }
}

/// The value that progress is of: a part-year sum is graded by the whole year before it, never by itself.
fn graded_value(kpi: &Kpi, judged: &Judgement) -> Option<GradedValue> {
    let measured = judged.measured.as_ref()?;
    let closed = || Period::closing(Grain::FiscalYear, measured.at).index;
    let year =
        judged.progress_year.unwrap_or_else(|| measured.months.as_ref().map_or_else(closed, |months| months.year));
    let value = match (&judged.progress, kpi.origin()) {
        (Some(progress), Some(origin)) => &origin.value + progress * (&kpi.target - &origin.value),
        // A part-year sum without a whole year before it has no progress either.
        _ if kpi.kind.is_yearly_sum() && measured.months.as_ref().is_some_and(|months| !months.is_whole()) => {
            return None;
        }
        _ => measured.value.clone(),
    };
    let value = kpi.round_to.map_or_else(|| value.clone(), |step| exact::round_to(&value, &whole(step)));
    Some(GradedValue { value, year })
}

/// The first band whose bound is met; `None` where a bound says nothing of such a KPI, or there is no value.
fn computed<'a>(
    catalogue: &Catalogue,
    kpi: &Kpi,
    scale: &'a GradeScale,
    (graded, landing): (Option<&GradedValue>, Option<&Exact>),
) -> Option<&'a GradeWord> {
    let plan = &catalogue.plan;
    let years = plan.last_year - plan.first_year + 1;
    let year = graded.map_or(1, |graded| (graded.year - plan.first_year + 1).clamp(1, years));
    let basis = GradeBasis {
        origin: kpi.origin().map(|origin| &origin.value),
        target: &kpi.target,
        at_least: kpi.direction == Direction::AtLeast,
        year: (year, years),
    };
    for band in &scale.bands {
        let Some(bound) = &band.bound else { return Some(&band.grade) };
        let value = if bound.of == GradeMeasure::Landing { landing? } else { &graded?.value };
        let border = bound.border(&basis)?;
        if kpi.direction.meets(value, &border) && (bound.inclusive || *value != border) {
            return Some(&band.grade);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_state::PlanState;

    const KPI: &str = "[[kpi]]\nid = \"k\"\npolicy = \"policy\"\nname = { ja = \"a\", en = \"a\" }\nunit = { ja = \"a\", en = \"a\" }\n\
        kind = \"level\"\nseries = \"s\"\nbaseline = { year = \"FY2018\", value = 100 }\ntarget = { at_least = 300 }\ncitation = \"c\"\n";
    const SCALE: &str = "[[grade]]\nid = \"lands\"\nname = { ja = \"見通し\", en = \"Outlook\" }\n\
        [[grade.band]]\nword = \"A\"\nja = \"届く\"\nen = \"reaches\"\nof = \"landing\"\nat_least = 1\n\
        [[grade.band]]\nword = \"B\"\nja = \"届かない\"\nen = \"does not\"\n";

    #[test]
    fn a_grade_by_the_landing_needs_one_and_takes_its_border_exactly() {
        let series = testkit::series("s", "shape = \"level\"\ngrain = \"day\"", "listed", "portal");
        let state = PlanState::new(testkit::catalogue(&format!("{}{series}{KPI}{SCALE}", testkit::POLICY)));
        let period = ReportPeriod(Period::parse("2020-03-31").unwrap());
        let judged = crate::judge::judge(&state.view(period.cutoff()), &state.catalogue.kpis[0], period);
        let of = |landing: Option<&str>| -> Vec<String> {
            let landing = landing.map(|text| exact::parse(text).unwrap());
            let all = grades(&state.catalogue, 0, &judged, landing.as_ref(), period);
            all.iter().map(|grade| grade.text().ja).collect()
        };
        assert_eq!(of(None), [""; 0]);
        assert_eq!(of(Some("299.999999")), ["見通し B（届かない）"]);
        assert_eq!(of(Some("300")), ["見通し A（届く）"]);
    }
}
