//! The report with the catalogue's names filled in: what every form of rendering shows.

use super::lang::Language;
use super::months;
use super::show::{self, DataMoment, ShownValue};
use super::targets::{self, FirstTargetRow, TargetChangeRow};
use super::words::{self, StatusMark};
use aggregator_core::display;
use aggregator_core::grade::GradeReport;
use aggregator_core::judge::{Phase, Status};
use aggregator_core::report::{KpiReport, PlanReport, PolicyReport};
use aggregator_core::target_change::RemovedKpiReport;
use contract::catalogue::{Bilingual, Catalogue, Kpi, Plan, Policy};
use contract::period::Period;

/// A plan at the moment asked.
#[derive(Clone, Debug)]
pub struct PlanSheet<'a> {
    /// The plan as the city wrote it.
    pub plan: &'a Plan,
    /// The moment asked: `2020-03-31`, `2020-03` or `FY2019`.
    pub on: &'a str,
    /// The moment asked in Japanese.
    pub on_ja: String,
    /// Phase of the least advanced KPI.
    pub phase: Option<StatusMark>,
    /// KPIs by status over the whole plan, worst first.
    pub counts: Vec<StatusCount>,
    /// Policies in the plan's order.
    pub policies: Vec<PolicySheet<'a>>,
    /// Whom to credit for figures, each once, in the order of the catalogue.
    pub credits: Vec<&'a Bilingual>,
    /// KPIs that were published and are not in the plan any more.
    pub removed: &'a [RemovedKpiReport],
    /// Who published the scales of grades.
    pub grade_sources: Vec<&'a Bilingual>,
}

/// How many KPIs have a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusCount {
    /// The status.
    pub status: StatusMark,
    /// KPIs that have it.
    pub kpis: usize,
}

/// A policy with its KPIs.
#[derive(Clone, Debug)]
pub struct PolicySheet<'a> {
    /// Its place in the plan, from 1.
    pub number: usize,
    /// The policy as the city wrote it.
    pub policy: &'a Policy,
    /// KPIs by status, worst first; a status without KPIs is absent.
    pub counts: Vec<StatusCount>,
    /// Index into `rows` of the worst KPI; `None` before the plan.
    pub worst: Option<usize>,
    /// KPIs in the order of the catalogue.
    pub rows: Vec<KpiRow<'a>>,
}

impl PolicySheet<'_> {
    /// The worst KPI; `None` before the plan.
    pub fn worst_row(&self) -> Option<&KpiRow<'_>> {
        self.rows.get(self.worst?)
    }

    /// The heading of its table.
    pub fn caption_ja(&self, sheet: &PlanSheet<'_>) -> String {
        format!("施策{}の成果指標：{}", self.number, sheet.on_ja)
    }

    /// The heading of its table.
    pub fn caption_en(&self, sheet: &PlanSheet<'_>) -> String {
        format!("KPIs of policy {} on {}", self.number, sheet.on)
    }
}

/// A KPI as it is shown.
#[derive(Clone, Debug)]
pub struct KpiRow<'a> {
    /// The KPI as the city wrote it.
    pub kpi: &'a Kpi,
    /// The KPI as it was judged, with exact numbers.
    pub judged: &'a KpiReport,
    /// Phase.
    pub phase: Option<StatusMark>,
    /// Status; `None` before the plan.
    pub status: Option<StatusMark>,
    /// Value with its unit.
    pub value: Option<String>,
    /// How many months of its year the value holds, in Japanese and English.
    pub months: Option<(String, String)>,
    /// The months that are missing, in Japanese and English.
    pub missing: Option<(String, String)>,
    /// The moment the value describes, and its age.
    pub data: Option<DataMoment>,
    /// Baseline with its unit, or the declared start that serves as one.
    pub baseline: Option<String>,
    /// True when the baseline shown is a declared start.
    pub declared_start: bool,
    /// Target with its side and unit.
    pub target: String,
    /// The guide (目安) with its unit; `None` where there is none, or where the verdict is on the target.
    pub guide: Option<String>,
    /// Progress in per cent, without the sign.
    pub progress: Option<String>,
    /// Change per month still needed.
    pub pace: Option<String>,
    /// 過去の値
    pub carried: Option<ShownValue>,
    /// その後
    pub later: Option<ShownValue>,
    /// Grades, in Japanese and English.
    pub grades: Vec<Bilingual>,
    /// Which source to connect: only where there is no data.
    pub connect: Option<&'a Bilingual>,
    /// Where it is expected to land, or why nothing is said.
    pub outlook: Option<&'a Bilingual>,
    /// Whom to credit for its figures.
    pub credits: Vec<&'a Bilingual>,
    /// How it stands by its first published target, where that differs.
    pub first: Option<FirstTargetRow>,
    /// What was changed of what it is judged by, the earliest first.
    pub changes: Vec<TargetChangeRow>,
}

impl<'a> PlanSheet<'a> {
    /// The report of a plan with the names of the catalogue it was made with, for readers of both languages.
    pub fn new(catalogue: &'a Catalogue, report: &'a PlanReport) -> Self {
        Self::in_lang(catalogue, report, Language::Both)
    }

    /// The same with units and numbers as a language has them.
    pub fn in_lang(catalogue: &'a Catalogue, report: &'a PlanReport, lang: Language) -> Self {
        let on = Period::parse(&report.on);
        let policy = |(index, policy): (usize, &'a Policy)| {
            let own = catalogue.kpis.iter().filter(|kpi| kpi.policy == index);
            let rows: Vec<KpiRow<'a>> = own.filter_map(|kpi| row(catalogue, report, kpi, on, lang)).collect();
            let summary = report.policies.iter().find(|p| p.id == policy.id);
            let worst = summary.and_then(|s| rows.iter().position(|row| Some(&row.kpi.id) == s.worst.as_ref()));
            PolicySheet { number: index + 1, policy, counts: summary.map(counts).unwrap_or_default(), worst, rows }
        };
        let policies: Vec<PolicySheet<'a>> = catalogue.policies.iter().enumerate().map(policy).collect();
        let mut credits: Vec<&Bilingual> = Vec::new();
        for credit in catalogue.series.iter().filter_map(|series| series.credit.as_ref()) {
            if !credits.contains(&credit) {
                credits.push(credit);
            }
        }
        Self {
            plan: &catalogue.plan,
            on: &report.on,
            on_ja: on.map(Period::label_ja).unwrap_or_default(),
            phase: words::phase(report.phase),
            counts: total(&policies),
            policies,
            credits,
            removed: &report.removed_kpis,
            grade_sources: catalogue.grades.iter().filter_map(|scale| scale.source.as_ref()).collect(),
        }
    }

    /// True for an invented plan, to be marked 見本 wherever it appears.
    pub fn sample(&self) -> bool {
        self.plan.sample
    }
}

fn counts(report: &PolicyReport) -> Vec<StatusCount> {
    let of = |status: Status| {
        let kpis = *report.statuses.get(status.name())?;
        Some(StatusCount { status: words::status(status.name())?, kpis })
    };
    Status::ALL.into_iter().filter_map(of).collect()
}

fn total(policies: &[PolicySheet<'_>]) -> Vec<StatusCount> {
    let all = || policies.iter().flat_map(|policy| &policy.counts);
    let of = |status: Status| {
        let status = words::status(status.name())?;
        let kpis = all().filter(|count| count.status == status).map(|count| count.kpis).sum();
        (kpis > 0).then_some(StatusCount { status, kpis })
    };
    Status::ALL.into_iter().filter_map(of).collect()
}

fn row<'a>(
    catalogue: &'a Catalogue,
    report: &'a PlanReport,
    kpi: &'a Kpi,
    on: Option<Period>,
    lang: Language,
) -> Option<KpiRow<'a>> {
    let judged = report.kpis.iter().find(|judged| judged.id == kpi.id)?;
    let has_guide = kpi.kind.has_path() && judged.phase != Phase::Closed.name();
    let past = |dated| show::past(catalogue, kpi, dated, on, lang);
    // Before the plan there is no status, and still nothing to show until a source is connected.
    let no_data = judged.status == Some(Status::NoData.name()) || judged.value.is_none();
    let parts = kpi.measure.parts();
    let mut credits: Vec<&Bilingual> =
        parts.iter().filter_map(|of| catalogue.series[of.series].credit.as_ref()).collect();
    credits.dedup();
    let connect = kpi.connect.as_ref().filter(|_| no_data);
    let value = judged.value.as_ref().map(|value| &value.0);
    let path = judged.path.as_ref().filter(|_| has_guide).map(|path| &path.0);
    Some(KpiRow {
        kpi,
        judged,
        phase: words::phase(judged.phase),
        status: judged.status.and_then(words::status),
        value: value.map(|value| show::value(kpi, value, path, lang)),
        months: months::known(judged),
        // Where no source is connected, that is what is said.
        missing: months::missing(judged).filter(|_| connect.is_none()),
        data: judged.as_of.as_ref().and_then(|at| show::data(catalogue, kpi, at, on)),
        baseline: kpi.origin().map(|goal| show::plain(kpi, &goal.value, lang)),
        declared_start: kpi.baseline.is_none() && kpi.start.is_some(),
        target: show::target(kpi, lang),
        guide: path.map(|path| show::guide(kpi, path, value, lang)),
        progress: judged.progress.as_ref().map(|share| display::percent(&share.0)),
        pace: judged.required_pace.as_ref().map(|pace| show::pace(kpi, &pace.0, lang)),
        carried: judged.carried.as_ref().map(past),
        later: judged.later.as_ref().map(past),
        grades: judged.grades.iter().map(GradeReport::text).collect(),
        connect,
        outlook: judged.landing.as_ref().and_then(|landing| landing.text.as_ref()),
        credits,
        first: targets::first(judged, lang),
        changes: judged.target_changes.iter().map(TargetChangeRow::from).collect(),
    })
}
