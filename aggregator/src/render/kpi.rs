//! The page of a KPI as a value: its history as a picture and as a table, and the evidence down to each file.

use super::chart::{self, ChartSection};
use super::lang::Language;
use super::sheet::{KpiRow, PlanSheet, PolicySheet};
use super::source::SourceRow;
use crate::explain::{Explanation, RestatedFigure, SeriesEvidence};
use aggregator_core::chart::ChartData;
use contract::catalogue::{Bilingual, Catalogue};
use contract::time::{date_of, day_number};

/// A KPI's page.
pub struct KpiSheet<'a> {
    /// Its plan.
    pub sheet: &'a PlanSheet<'a>,
    /// Its policy.
    pub policy: &'a PolicySheet<'a>,
    /// Its row of the plan's table.
    pub row: &'a KpiRow<'a>,
    /// Its pictures with their tables; none where nothing was measured.
    pub figures: Vec<ChartSection>,
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

impl<'a> KpiSheet<'a> {
    /// The page of a KPI of a plan; `None` for one that the plan does not have. `asked` is the last day of the report.
    pub fn new(
        catalogue: &'a Catalogue,
        sheet: &'a PlanSheet<'a>,
        kpi: &str,
        (data, asked): (&ChartData, i32),
        evidence: KpiEvidence,
        lang: Language,
    ) -> Option<Self> {
        let rows = sheet.policies.iter().flat_map(|policy| policy.rows.iter().map(move |row| (policy, row)));
        let (policy, row) = rows.into_iter().find(|(_, row)| row.kpi.id == kpi)?;
        let mut changes = evidence.restated;
        changes.reverse();
        Some(Self {
            sheet,
            policy,
            row,
            figures: chart::sheet(data, row.kpi, lang),
            breaks: breaks(catalogue, row, asked),
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
