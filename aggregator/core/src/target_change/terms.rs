//! The terms of a KPI: what it is judged by, each as a text.

use contract::catalogue::{
    Bilingual, Catalogue, Combine, Decrease, Direction, Goal, Kpi, Measure, Rhythm, SeriesRef, Shape, Wait,
};
use contract::exact::{self, Exact};
use contract::period::Period;
use contract::time::{Moment, date_of};
use std::collections::BTreeMap;

/// What of a KPI was changed, in the order in which changes of one catalogue are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetField {
    /// The KPI was taken out of the plan.
    Removed,
    /// The KPI was added to a plan that had been published without it; `before` is the KPI that it replaces.
    Added,
    /// The target.
    Target,
    /// The fiscal years of the plan: the target holds at the end of the last one.
    Years,
    /// Which side of the target is right.
    Direction,
    /// The unit.
    Unit,
    /// The baseline.
    Baseline,
    /// The declared start.
    Start,
    /// The milestones.
    Milestones,
    /// The tolerance.
    Tolerance,
    /// Months on the same side before a status changes.
    Confirm,
    /// What a value is rounded to before it is compared.
    RoundTo,
    /// The kind.
    Kind,
    /// What is measured.
    Measure,
    /// The counting rule: its id, and its words.
    Definition,
    /// How the series is counted: shape, grain, sum of sources, decreases.
    Counting,
    /// Which sources take part, and when.
    Sources,
    /// When figures are due.
    Rhythm,
}

impl TargetField {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Removed,
        Self::Added,
        Self::Target,
        Self::Years,
        Self::Direction,
        Self::Unit,
        Self::Baseline,
        Self::Start,
        Self::Milestones,
        Self::Tolerance,
        Self::Confirm,
        Self::RoundTo,
        Self::Kind,
        Self::Measure,
        Self::Definition,
        Self::Counting,
        Self::Sources,
        Self::Rhythm,
    ];

    /// The word in exports.
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// The words for readers.
    pub fn label(self) -> (&'static str, &'static str) {
        (self.words().1, self.words().2)
    }

    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Removed => ("removed", "指標の削除", "KPI removed"),
            Self::Added => ("added", "指標の追加", "KPI added"),
            Self::Target => ("target", "目標", "Target"),
            Self::Years => ("years", "計画の期間", "Years of the plan"),
            Self::Direction => ("direction", "目標の向き", "Side of the target"),
            Self::Unit => ("unit", "単位", "Unit"),
            Self::Baseline => ("baseline", "現状値", "Baseline"),
            Self::Start => ("start", "開始値", "Declared start"),
            Self::Milestones => ("milestones", "途中の目標", "Milestones"),
            Self::Tolerance => ("tolerance", "許容幅", "Tolerance"),
            Self::Confirm => ("confirm", "状態が変わるまでの月数", "Months of confirmation"),
            Self::RoundTo => ("round_to", "比較前の丸め", "Rounding before comparing"),
            Self::Kind => ("kind", "判定の種類", "Kind of judging"),
            Self::Measure => ("measure", "測るもの", "What is measured"),
            Self::Definition => ("definition", "数え方", "Counting rule"),
            Self::Counting => ("counting", "集計の仕方", "How it is summed"),
            Self::Sources => ("sources", "情報源", "Sources"),
            Self::Rhythm => ("rhythm", "更新の期日", "When figures are due"),
        }
    }
}

/// Each term as it is shown; a term that a KPI has not is absent.
pub(super) type Terms = BTreeMap<TargetField, Bilingual>;

/// The terms of a KPI in a catalogue.
pub(super) fn terms(catalogue: &Catalogue, kpi: &Kpi) -> Terms {
    let mut terms = Terms::new();
    let mut put = |field, text: Option<Bilingual>| terms.extend(text.map(|text| (field, text)));
    let plan = &catalogue.plan;
    let year = |year: i32| Period::fiscal_year(year);
    put(TargetField::Target, Some(same(number(&kpi.target))));
    put(TargetField::Years, Some(same(format!("{}–{}", year(plan.first_year), year(plan.last_year)))));
    put(TargetField::Direction, Some(direction(kpi.direction)));
    put(TargetField::Unit, Some(kpi.unit.clone()));
    put(TargetField::Baseline, kpi.baseline.as_ref().map(|goal| same(dated(goal))));
    put(TargetField::Start, kpi.start.as_ref().map(|goal| same(dated(goal))));
    let milestones: Vec<String> = kpi.milestones.iter().map(dated).collect();
    put(TargetField::Milestones, (!milestones.is_empty()).then(|| same(milestones.join(", "))));
    put(TargetField::Tolerance, kpi.tolerance.as_ref().map(|tolerance| same(number(tolerance))));
    put(TargetField::Confirm, (kpi.confirm != 1).then(|| same(kpi.confirm.to_string())));
    put(TargetField::RoundTo, kpi.round_to.map(|step| same(step.to_string())));
    put(TargetField::Kind, Some(same(kpi.kind.word().to_owned())));
    put(TargetField::Measure, Some(same(measure(catalogue, &kpi.measure))));
    let parts = kpi.measure.parts();
    put(TargetField::Definition, Some(joined(parts.iter().map(|of| definition(catalogue, *of)))));
    put(TargetField::Counting, Some(joined(parts.iter().map(|of| same(counting(catalogue, *of))))));
    put(TargetField::Sources, Some(joined(parts.iter().map(|of| same(sources(catalogue, *of))))));
    put(TargetField::Rhythm, Some(joined(parts.iter().map(|of| same(rhythm(catalogue, *of))))));
    terms.retain(|_, text| !text.ja.is_empty());
    terms
}

fn same(text: String) -> Bilingual {
    Bilingual { ja: text.clone(), en: text }
}

fn joined(all: impl Iterator<Item = Bilingual>) -> Bilingual {
    let all: Vec<Bilingual> = all.filter(|text| !text.ja.is_empty()).collect();
    let join = |of: fn(&Bilingual) -> &str| all.iter().map(of).collect::<Vec<_>>().join("; ");
    Bilingual { ja: join(|text| &text.ja), en: join(|text| &text.en) }
}

/// A number with all the digits that a catalogue wrote, so that no change of it is rounded away.
fn number(value: &Exact) -> String {
    /// Digits that a catalogue may write.
    const MOST_DECIMALS: u32 = 12;
    let is_whole = |decimals: &u32| exact::parse(&exact::fixed(value, *decimals)).as_ref() == Some(value);
    exact::grouped(value, (0..MOST_DECIMALS).find(is_whole).unwrap_or(MOST_DECIMALS))
}

fn dated(goal: &Goal) -> String {
    format!("{} {}", Period::fiscal_year(goal.year), number(&goal.value))
}

fn direction(direction: Direction) -> Bilingual {
    let (ja, en) = match direction {
        Direction::AtLeast => ("以上", "at least"),
        Direction::AtMost => ("以下", "at most"),
    };
    Bilingual { ja: ja.to_owned(), en: en.to_owned() }
}

fn measure(catalogue: &Catalogue, measure: &Measure) -> String {
    let id = |of: &SeriesRef| catalogue.series[of.series].id.as_str();
    match measure {
        Measure::Series(of) => id(of).to_owned(),
        Measure::Ratio { numerator, denominator, per, min_denominator } => {
            format!("{} × {per} / {} (≥ {min_denominator})", id(numerator), id(denominator))
        }
    }
}

fn definition(catalogue: &Catalogue, of: SeriesRef) -> Bilingual {
    let rule = &catalogue.series[of.series].definitions[of.definition];
    let text = |words: &str| format!("{}: {words}", rule.id);
    Bilingual { ja: text(&rule.text.ja), en: text(&rule.text.en) }
}

fn counting(catalogue: &Catalogue, of: SeriesRef) -> String {
    let series = &catalogue.series[of.series];
    let mut words = vec![
        match series.shape {
            Shape::Level => "level",
            Shape::Flow => "flow",
            Shape::Counter => "counter",
        },
        series.grain.name(),
    ];
    words.extend((series.combine == Combine::Sum).then_some("sum"));
    words.extend((series.shape == Shape::Counter && series.decrease == Decrease::Break).then_some("break"));
    words.extend(series.signed.then_some("signed"));
    words.join(" ")
}

fn sources(catalogue: &Catalogue, of: SeriesRef) -> String {
    let all = catalogue.series[of.series].sources.iter();
    all.map(|source| format!("{}{}", source.id, range(source.from, source.until))).collect::<Vec<_>>().join(", ")
}

fn rhythm(catalogue: &Catalogue, of: SeriesRef) -> String {
    let all = catalogue.series[of.series].sources.iter().flat_map(|source| &source.rhythm);
    let wait = |wait: Wait| match wait {
        Wait::Days(days) => format!("+{days} d"),
        Wait::BusinessDays(days) => format!("+{days} 営業日"),
    };
    let one = |rhythm: &Rhythm| {
        let (due, grace) = (wait(rhythm.expected_by), wait(rhythm.grace));
        let closed = rhythm.calendar.closed_days().filter(|_| rhythm.has_business_days());
        let closed: Vec<String> = closed.map(|day| format!(" −{}", date_of(day))).collect();
        format!("{} {due} {grace}{}{}", rhythm.every.name(), closed.concat(), range(rhythm.from, rhythm.until))
    };
    all.map(one).collect::<Vec<_>>().join(", ")
}

/// `[2019-04-01, …)`, or nothing where no border is set.
fn range(from: Option<Moment>, until: Option<Moment>) -> String {
    if from.is_none() && until.is_none() {
        return String::new();
    }
    let border = |at: Option<Moment>| at.map_or_else(|| "…".to_owned(), |at| at.to_string());
    format!(" [{}, {})", border(from), border(until))
}
