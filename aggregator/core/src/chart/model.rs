//! A picture of a KPI as a value.

use super::row::{ChartPart, ChartRow};
use super::targets::TargetStep;
use crate::landing::Outlook;
use contract::catalogue::{Direction, KpiKind};
use contract::exact::Exact;
use contract::period::{Grain, Period};
use contract::time::Moment;

/// What the plan says of the time before it: printed, not measured by us.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartBaseline {
    /// The fiscal year at whose end it holds.
    pub year: i32,
    /// In the KPI's unit.
    pub value: Exact,
    /// A declared start that serves as a baseline.
    pub declared: bool,
}

/// A straight piece of the guide (目安). Of whole years and months both ends are equal.
#[derive(Clone, Debug, PartialEq)]
pub struct GuideSegment {
    /// The rows that it belongs to.
    pub part: ChartPart,
    /// The fiscal year that it belongs to.
    pub year: i32,
    /// Its ends in time.
    pub span: (Moment, Moment),
    /// Its ends in value.
    pub values: (Exact, Exact),
    /// How far a value on the failing side may be from it at either end; 0 where no tolerance applies.
    pub slack: (Exact, Exact),
}

/// A day on which a counting rule began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleBreak {
    /// Its first instant.
    pub at: Moment,
    /// Whether the KPI counts by it from then on.
    pub own: bool,
    /// Id of the rule.
    pub id: String,
}

/// Where the KPI is expected to land.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartOutlook {
    /// At the plan's end.
    pub target: Outlook,
    /// At the end of the fiscal year asked; of yearly kinds before the target year.
    pub year: Option<Outlook>,
}

/// All that a picture shows.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartData {
    /// How the KPI is judged.
    pub kind: KpiKind,
    /// Which side of the target is right.
    pub direction: Direction,
    /// The moment asked: everything known lies before it.
    pub asked: Moment,
    /// First instant of the plan, and the first after it.
    pub plan: (Moment, Moment),
    /// The baseline, or the declared start.
    pub baseline: Option<ChartBaseline>,
    /// Every target in the order in which it became known; the last one holds. Never empty.
    pub targets: Vec<TargetStep>,
    /// Measured values and gaps, by part, then in order of time.
    pub rows: Vec<ChartRow>,
    /// The guide, by part, then in order of time.
    pub guide: Vec<GuideSegment>,
    /// Counting rules that began, in order.
    pub breaks: Vec<RuleBreak>,
    /// Where it is expected to land; `None` where nothing is said.
    pub outlook: Option<ChartOutlook>,
    /// When the target was first met; `None` where the baseline meets it.
    pub reached: Option<Moment>,
}

impl ChartData {
    /// The target that holds.
    pub fn target(&self) -> Option<&TargetStep> {
        self.targets.last()
    }

    /// True when nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(|row| row.value.is_none())
    }

    /// The rows of a part.
    pub fn rows_of(&self, part: ChartPart) -> impl Iterator<Item = &ChartRow> {
        self.rows.iter().filter(move |row| row.part == part)
    }

    /// The parts that have rows, in the order of a page; none where nothing was measured.
    pub fn parts(&self) -> Vec<ChartPart> {
        let has_rows = |part: &ChartPart| !self.is_empty() && self.rows_of(*part).next().is_some();
        ChartPart::ALL.into_iter().filter(has_rows).collect()
    }

    /// The guide of a part.
    pub fn guide_of(&self, part: ChartPart) -> impl Iterator<Item = &GuideSegment> {
        self.guide.iter().filter(move |segment| segment.part == part)
    }

    /// The rows of a part that may be joined by a line: inside one definition, one fiscal year (sums to date), without a gap, and
    /// not across the plan's end. Whole years, means and months are never joined.
    pub fn lines(&self, part: ChartPart) -> Vec<Vec<&ChartRow>> {
        let mut lines: Vec<Vec<&ChartRow>> = vec![Vec::new()];
        for row in self.rows_of(part) {
            let joined = lines.last().and_then(|line| line.last()).is_some_and(|before| self.joins(before, row));
            if !joined {
                lines.push(Vec::new());
            }
            if let Some(line) = lines.last_mut().filter(|_| row.value.is_some()) {
                line.push(row);
            }
        }
        lines.retain(|line| !line.is_empty());
        lines
    }

    fn joins(&self, before: &ChartRow, after: &ChartRow) -> bool {
        let year = |row: &ChartRow| Period::closing(Grain::FiscalYear, row.at);
        let may = match after.part {
            ChartPart::State => true,
            ChartPart::YearToDate => year(before) == year(after),
            ChartPart::Year | ChartPart::Mean | ChartPart::Month => false,
        };
        let breaks = |rule: &RuleBreak| before.at < rule.at && rule.at <= after.at;
        may && after.gap.is_none() && before.later == after.later && !self.breaks.iter().any(breaks)
    }
}
