//! The page of a KPI as a value: its history as a picture and as a table, and the evidence down to each file.

use super::chart::{self, Chart};
use super::lang::Language;
use super::sheet::{KpiRow, PlanSheet, PolicySheet};
use super::show;
use super::source::SourceRow;
use super::targets::TargetChangeRow;
use super::words::{self, StatusMark};
use crate::explain::{Explanation, RestatedFigure, SeriesEvidence};
use aggregator_core::points::KpiPoint;
use contract::catalogue::{Bilingual, Catalogue};
use contract::exact::{Exact, grouped, parse};
use contract::time::{date_of, day_number};
use std::collections::BTreeSet;

/// A KPI's page.
pub struct KpiSheet<'a> {
    /// Its plan.
    pub sheet: &'a PlanSheet<'a>,
    /// Its policy.
    pub policy: &'a PolicySheet<'a>,
    /// Its row of the plan's table.
    pub row: &'a KpiRow<'a>,
    /// Its history; `None` where there is nothing to draw.
    pub chart: Option<Chart>,
    /// The same, latest first.
    pub days: Vec<HistoryPoint<'a>>,
    /// Days on which the counting changed.
    pub breaks: Vec<DefinitionBreak<'a>>,
    /// The figures behind it, and their files; `None` where no store can be read.
    pub explained: Option<Explanation>,
    /// Figures that were changed after they were published, latest period first.
    pub restated: Vec<RestatedFigure>,
    /// How its sources are.
    pub health: Vec<SourceRow>,
    /// True when the stores could not be read.
    pub unreadable: bool,
}

/// The evidence of a KPI in the stores.
#[derive(Debug, Default)]
pub struct KpiEvidence {
    /// The figures behind it, and their files.
    pub explained: Option<Explanation>,
    /// Figures that were changed.
    pub restated: Vec<RestatedFigure>,
    /// How its sources are.
    pub health: Vec<SourceRow>,
    /// True when they could not be read.
    pub unreadable: bool,
}

/// A day on which a counting rule began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionBreak<'a> {
    /// The day (day number).
    pub day: i32,
    /// Whether the KPI counts by it from then on; else the rules are distinguished, never joined.
    pub own: bool,
    /// Id of the rule.
    pub id: &'a str,
    /// The rule in words.
    pub text: &'a Bilingual,
}

impl DefinitionBreak<'_> {
    /// What it means for a reader.
    pub fn ja(&self) -> String {
        let date = date_of(self.day);
        if self.own {
            format!("{date}から数え方が変わりました（{}）", self.id)
        } else {
            format!("{date}から別の数え方（{}）になり、この指標の数字とはつなげません", self.id)
        }
    }

    /// What it means for a reader.
    pub fn en(&self) -> String {
        let date = date_of(self.day);
        if self.own {
            format!("From {date} it is counted anew ({})", self.id)
        } else {
            format!("From {date} the source counts by another rule ({}), which is not joined with this KPI", self.id)
        }
    }
}

/// A day of a KPI's history, or a day on which the counting rule changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPoint<'a> {
    /// The civil date.
    pub date: String,
    /// The counting rule that began on it; the other fields are then empty.
    pub rule: Option<DefinitionBreak<'a>>,
    /// The value with its unit.
    pub value: Option<String>,
    /// The guide with its unit.
    pub guide: Option<String>,
    /// The status.
    pub status: Option<StatusMark>,
    /// 速報値
    pub provisional: bool,
    /// A figure of that day was changed after it was published.
    pub restated: bool,
}

impl<'a> KpiSheet<'a> {
    /// The page of a KPI of a plan; `None` for one that the plan does not have. `points` in order of days, `asked` the
    /// last day of the report.
    pub fn new(
        catalogue: &'a Catalogue,
        sheet: &'a PlanSheet<'a>,
        kpi: &str,
        (points, asked): (&[KpiPoint], i32),
        evidence: KpiEvidence,
        lang: Language,
    ) -> Option<Self> {
        let rows = sheet.policies.iter().flat_map(|policy| policy.rows.iter().map(move |row| (policy, row)));
        let (policy, row) = rows.into_iter().find(|(_, row)| row.kpi.id == kpi)?;
        let breaks = breaks(catalogue, row, asked);
        let restated: BTreeSet<i32> = evidence.restated.iter().map(|change| change.day).collect();
        let decimals = row.kpi.decimals;
        let label = |value: f64| {
            // As many digits as the KPI is shown with; the text of a float is a decimal number.
            parse(&format!("{value:.6}")).map_or_else(String::new, |value| grouped(&value, decimals))
        };
        // One that is not recorded yet became known no earlier than now.
        let change = |change: &TargetChangeRow| {
            (change.day().unwrap_or(i32::MAX), change.targets.as_ref().map(|(before, _)| before.clone()))
        };
        let retargeted: Vec<(i32, Option<Exact>)> = row.changes.iter().map(change).collect();
        let borders: Vec<i32> = breaks.iter().map(|rule| rule.day).collect();
        // A year's sum begins anew each year: a line between the sums of two years would mean nothing.
        let marks = chart::ChartMarks {
            breaks: &borders,
            restated: &restated,
            falls: row.kpi.kind.is_yearly_sum(),
            guide: row.kpi.kind.has_path(),
            changes: &retargeted,
            finest: 0.1_f64.powi(i32::try_from(decimals).unwrap_or(0)),
        };
        let mut days: Vec<HistoryPoint<'a>> =
            points.iter().map(|point| day(row, point, restated.contains(&point.day), lang)).collect();
        days.extend(breaks.iter().map(|rule| HistoryPoint::of(rule.clone())));
        days.sort_by(|a, b| (&b.date, b.rule.is_some()).cmp(&(&a.date, a.rule.is_some())));
        let mut changes = evidence.restated;
        changes.reverse();
        Some(Self {
            sheet,
            policy,
            row,
            chart: chart::draw(points, &row.kpi.target, &marks, label),
            days,
            breaks,
            explained: evidence.explained,
            restated: changes,
            health: evidence.health,
            unreadable: evidence.unreadable,
        })
    }

    /// How many figures a part has.
    pub fn files_ja(&self, part: &SeriesEvidence) -> String {
        format!("{}件の数字とファイル", part.figures.len())
    }

    /// How many figures a part has.
    pub fn files_en(&self, part: &SeriesEvidence) -> String {
        match part.figures.len() {
            1 => "1 figure and its file".to_owned(),
            many => format!("{many} figures and their files"),
        }
    }
}

impl<'a> HistoryPoint<'a> {
    fn of(rule: DefinitionBreak<'a>) -> Self {
        Self {
            date: date_of(rule.day).to_string(),
            rule: Some(rule),
            value: None,
            guide: None,
            status: None,
            provisional: false,
            restated: false,
        }
    }
}

/// Every dated counting rule of the KPI's series that has begun by a day.
fn breaks<'a>(catalogue: &'a Catalogue, row: &KpiRow<'_>, asked: i32) -> Vec<DefinitionBreak<'a>> {
    let mut found: Vec<DefinitionBreak<'a>> = Vec::new();
    for of in row.kpi.measure.parts() {
        for (index, rule) in catalogue.series[of.series].definitions.iter().enumerate() {
            let Some(day) = rule.from.map(day_number).filter(|day| *day <= asked) else { continue };
            found.push(DefinitionBreak { day, own: index == of.definition, id: &rule.id, text: &rule.text });
        }
    }
    found.sort_by_key(|rule| rule.day);
    found
}

fn day<'a>(row: &KpiRow<'_>, point: &KpiPoint, restated: bool, lang: Language) -> HistoryPoint<'a> {
    HistoryPoint {
        date: date_of(point.day).to_string(),
        rule: None,
        value: point.value.as_ref().map(|value| show::value(row.kpi, value, point.path.as_ref(), lang)),
        guide: point
            .path
            .as_ref()
            .filter(|_| row.kpi.kind.has_path())
            .map(|path| show::guide(row.kpi, path, point.value.as_ref(), lang)),
        status: point.status.and_then(|status| words::status(status.name())),
        provisional: point.provisional,
        restated,
    }
}
