//! What a catalogue holds.

use super::grade::{EnteredGrade, GradeScale};
use super::rhythm::Rhythm;
use crate::bilingual::Bilingual;
use crate::business_day::BusinessCalendar;
use crate::decimals::Decimals;
use crate::exact::Exact;
use crate::period::{Grain, Period};
use crate::time::Moment;
use jiff::civil::Date;

/// A plan with all that it names.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The plan itself.
    pub plan: Plan,
    /// Its policies, in the plan's order.
    pub policies: Vec<Policy>,
    /// Its series, in the order of the file.
    pub series: Vec<Series>,
    /// Its KPIs, in the order of the file.
    pub kpis: Vec<Kpi>,
    /// Its scales of grades, in the order of the file.
    pub grades: Vec<GradeScale>,
}

/// A data plan of a city.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Id, the key on the bus.
    pub id: String,
    /// Name.
    pub name: Bilingual,
    /// City it belongs to.
    pub city: Bilingual,
    /// How the city's name is read, in kana: lists of many plans are searched by it too.
    pub kana: Option<String>,
    /// First fiscal year.
    pub first_year: i32,
    /// Last fiscal year: the target year of its KPIs.
    pub last_year: i32,
    /// An invented plan, marked 見本 wherever it appears.
    pub sample: bool,
    /// What reports and the scoreboard show when no date is asked for; today when `None`.
    pub default_on: Option<Period>,
    /// Moments worth a link.
    pub on_dates: Vec<Period>,
    /// The days on which its city hall is open.
    pub calendar: BusinessCalendar,
    /// Where the plan is published.
    pub citation: String,
}

impl Plan {
    /// First instant of the plan.
    pub fn start(&self) -> Moment {
        Period::fiscal_year(self.first_year).start()
    }

    /// First instant after the plan.
    pub fn end(&self) -> Moment {
        Period::fiscal_year(self.last_year).end()
    }
}

/// A policy (施策).
#[derive(Clone, Debug)]
pub struct Policy {
    /// Id.
    pub id: String,
    /// Name.
    pub name: Bilingual,
    /// Department in charge (担当課).
    pub owner: Bilingual,
}

/// What kind of figure a series holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A state at an instant.
    Level,
    /// A count during a period.
    Flow,
    /// A running total.
    Counter,
}

/// How several sources of a series become one figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combine {
    /// Period by period the first in order with a known figure.
    First,
    /// Their sum, complete when each has a figure.
    Sum,
}

/// What a decrease of a counter means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decrease {
    /// The label started again at 0.
    Restart,
    /// Unknown: every period that spans it is unknown until a person decides.
    Break,
}

/// A series of figures.
#[derive(Clone, Debug)]
pub struct Series {
    /// Id.
    pub id: String,
    /// Name.
    pub name: Bilingual,
    /// Unit of its figures.
    pub unit: Bilingual,
    /// Kind of figure.
    pub shape: Shape,
    /// Grain of its flows, or of the instants of its states.
    pub grain: Grain,
    /// How sources combine.
    pub combine: Combine,
    /// What a decrease means (counters).
    pub decrease: Decrease,
    /// Its figures can be negative.
    pub signed: bool,
    /// Its counting rules.
    pub definitions: Vec<Definition>,
    /// Its sources, in order of preference.
    pub sources: Vec<SeriesSource>,
    /// Whom to credit for the figures.
    pub credit: Option<Bilingual>,
    /// Line in the file.
    pub line: u32,
}

/// A counting rule.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Id.
    pub id: String,
    /// First day it was used: a break in the picture, no filter.
    pub from: Option<Date>,
    /// Digits after the point of its figures, which never change.
    pub decimals: Decimals,
    /// The rule in words.
    pub text: Bilingual,
}

/// A source of a series.
#[derive(Clone, Debug)]
pub struct SeriesSource {
    /// Id of the configured source.
    pub id: String,
    /// First instant it takes part.
    pub from: Option<Moment>,
    /// First instant it no longer takes part.
    pub until: Option<Moment>,
    /// When its figures are due.
    pub rhythm: Vec<Rhythm>,
    /// Line in the file.
    pub line: u32,
}

impl SeriesSource {
    /// True when it takes part in a period: the period lies wholly within its from and until.
    pub fn takes_part(&self, from: Moment, to: Moment) -> bool {
        self.from.is_none_or(|first| first <= from) && self.until.is_none_or(|last| to <= last)
    }
}

/// How a KPI is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KpiKind {
    /// A state against the path.
    Level,
    /// A running total against the path.
    Cumulative,
    /// A ratio of two states against the path.
    Ratio,
    /// A fiscal year's sum.
    FlowPerYear,
    /// A fiscal year's monthly mean.
    MonthlyMean,
    /// A fiscal year's figure against a cap.
    Ceiling,
    /// The latest assessment against a floor.
    Maintain,
}

/// A series and the counting rule a KPI takes from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesRef {
    /// Index into [`Catalogue::series`].
    pub series: usize,
    /// Index into [`Series::definitions`].
    pub definition: usize,
}

/// What a KPI measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// One series.
    Series(SeriesRef),
    /// `numerator * per / denominator` of equal `as_of`.
    Ratio {
        /// Above the line.
        numerator: SeriesRef,
        /// Below the line.
        denominator: SeriesRef,
        /// 100 for per cent.
        per: i64,
        /// Smallest denominator that makes a ratio.
        min_denominator: i64,
    },
}

impl Measure {
    /// The series it needs, one or two.
    pub fn parts(&self) -> Vec<SeriesRef> {
        match *self {
            Self::Series(only) => vec![only],
            Self::Ratio { numerator, denominator, .. } => vec![numerator, denominator],
        }
    }
}

/// A value at the end of a fiscal year, in the KPI's unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// Fiscal year at whose end it holds.
    pub year: i32,
    /// Value.
    pub value: Exact,
}

/// Which side of the target is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The value must reach the target.
    AtLeast,
    /// The value must not exceed the target.
    AtMost,
}

impl Direction {
    /// True when `value` meets `goal`, the goal included.
    pub fn meets(self, value: &Exact, goal: &Exact) -> bool {
        match self {
            Self::AtLeast => value >= goal,
            Self::AtMost => value <= goal,
        }
    }
}

/// A key performance indicator (成果指標).
#[derive(Clone, Debug)]
pub struct Kpi {
    /// Id.
    pub id: String,
    /// Index into [`Catalogue::policies`].
    pub policy: usize,
    /// Name.
    pub name: Bilingual,
    /// Unit of its value.
    pub unit: Bilingual,
    /// How it is judged.
    pub kind: KpiKind,
    /// What it measures.
    pub measure: Measure,
    /// Baseline b, at the end of its fiscal year.
    pub baseline: Option<Goal>,
    /// A declared start that serves as b: the fiscal year before the declared 1 April, and its value.
    pub start: Option<Goal>,
    /// Why a start is declared.
    pub start_reason: Option<Bilingual>,
    /// Target t, at the end of the plan's last fiscal year.
    pub target: Exact,
    /// Which side of the target is right.
    pub direction: Direction,
    /// Goals between baseline and target, by year.
    pub milestones: Vec<Goal>,
    /// What the value can never exceed, such as the number of all schools; a share of a whole needs none.
    pub maximum: Option<Exact>,
    /// Distance from the path that is still `at_risk`; 10 % of |t - b| when `None`.
    pub tolerance: Option<Exact>,
    /// Digits shown after the point; those of its definition where the catalogue names none.
    pub decimals: u32,
    /// Rounds the figure of a ceiling before comparing.
    pub round_to: Option<i64>,
    /// Months on the same side before a status changes; 1 is at once.
    pub confirm: u32,
    /// Grades that persons entered.
    pub entered: Vec<EnteredGrade>,
    /// Where it stands in the plan.
    pub citation: String,
    /// What a reader must know.
    pub note: Option<Bilingual>,
    /// Which source to connect where there is none.
    pub connect: Option<Bilingual>,
    /// Line in the file.
    pub line: u32,
}

impl Kpi {
    /// The baseline, or the declared start that serves as one.
    pub fn origin(&self) -> Option<&Goal> {
        self.baseline.as_ref().or(self.start.as_ref())
    }
}

impl Catalogue {
    /// The series of that id and its index.
    pub fn series_named(&self, id: &str) -> Option<(usize, &Series)> {
        self.series.iter().enumerate().find(|(_, s)| s.id == id)
    }

    /// Whether it has a KPI of that id.
    pub fn has_kpi(&self, id: &str) -> bool {
        self.kpis.iter().any(|kpi| kpi.id == id)
    }

    /// Digits after the point of the figures of a reference.
    pub fn decimals(&self, of: SeriesRef) -> Decimals {
        self.series[of.series].definitions[of.definition].decimals
    }

    /// The same by ids; `None` when the catalogue does not have them.
    pub fn decimals_named(&self, series: &str, definition: &str) -> Option<Decimals> {
        let (_, series) = self.series_named(series)?;
        series.definitions.iter().find(|one| one.id == definition).map(|one| one.decimals)
    }
}
