//! The schema that dashboards rely on: measurements, tags, fields and times. `README.md` describes it in prose.

use super::line::{FieldValue, LineBuffer, LineError};
use aggregator_core::judge::{Phase, Status};
use aggregator_core::points::{FigurePoint, KpiPoint};
use contract::catalogue::{Catalogue, Kpi};
use contract::decimals::Decimals;
use contract::exact::Exact;
use contract::period::{Grain, Period};
use contract::time::{FIRST_YEAR, LAST_YEAR, Moment};
use std::fmt::Write as _;

/// Figures.
const SERIES: &str = "series";
/// Judgements.
const KPI: &str = "kpi";

/// The number of a status.
fn status(status: Option<Status>) -> i128 {
    match status {
        None => 0,
        Some(Status::Achieved) => 1,
        Some(Status::OnTrack) => 2,
        Some(Status::AtRisk) => 3,
        Some(Status::OffTrack) => 4,
        Some(Status::Missed) => 5,
        Some(Status::Stale) => 6,
        Some(Status::NoData) => 7,
    }
}

/// The number of a phase.
fn phase(phase: Phase) -> i128 {
    match phase {
        Phase::Before => 0,
        Phase::Running => 1,
        Phase::Closing => 2,
        Phase::Closed => 3,
    }
}

/// Adds the line of a figure.
pub(super) fn figure(lines: &mut LineBuffer, catalogue: &Catalogue, point: &FigurePoint) -> Result<(), LineError> {
    let series = &catalogue.series[usize::from(point.key.series)];
    let definition = &series.definitions[usize::from(point.key.definition)];
    // In the order of their names, as InfluxDB keeps them.
    let tags = [
        ("definition", definition.id.as_str()),
        ("grain", point.key.period.grain.name()),
        ("plan", &catalogue.plan.id),
        ("series", &series.id),
    ];
    let rollup = point.rollup;
    let steps = rollup.value.unwrap_or(0);
    let exact = (definition.decimals != Decimals::WHOLE).then(|| definition.decimals.in_unit(steps));
    let fields = [
        ("value", exact.as_ref().map_or(FieldValue::Whole(steps), FieldValue::Exact)),
        ("value_known", FieldValue::Flag(rollup.value.is_some())),
        ("complete", FieldValue::Flag(rollup.complete)),
        ("provisional", FieldValue::Flag(rollup.provisional)),
    ];
    lines.push(SERIES, &tags, &fields, point.time)
}

/// Adds the line of a KPI on a day.
pub(super) fn kpi(lines: &mut LineBuffer, catalogue: &Catalogue, kpi: &Kpi, point: &KpiPoint) -> Result<(), LineError> {
    let tags = [("kpi", kpi.id.as_str()), ("plan", &catalogue.plan.id), ("policy", &catalogue.policies[kpi.policy].id)];
    let zero = Exact::from_integer(0.into());
    let baseline = kpi.baseline.as_ref().map(|goal| &goal.value);
    let (value, path, progress) = (point.value.as_ref(), point.path.as_ref(), point.progress.as_ref());
    let landing = point.landing.as_ref().map(|landing| &landing.target);
    let fields = [
        ("value", FieldValue::Exact(value.unwrap_or(&zero))),
        ("value_known", FieldValue::Flag(value.is_some())),
        ("baseline", FieldValue::Exact(baseline.unwrap_or(&zero))),
        ("baseline_known", FieldValue::Flag(baseline.is_some())),
        ("target", FieldValue::Exact(&kpi.target)),
        ("path", FieldValue::Exact(path.unwrap_or(&zero))),
        ("path_known", FieldValue::Flag(path.is_some())),
        ("progress", FieldValue::Exact(progress.unwrap_or(&zero))),
        ("progress_known", FieldValue::Flag(progress.is_some())),
        ("status", FieldValue::Whole(status(point.status))),
        ("phase", FieldValue::Whole(phase(point.phase))),
        ("provisional", FieldValue::Flag(point.provisional)),
        ("landing", FieldValue::Exact(landing.map_or(&zero, |outlook| &outlook.expected))),
        ("landing_low80", FieldValue::Exact(landing.map_or(&zero, |outlook| &outlook.interval80.0))),
        ("landing_high80", FieldValue::Exact(landing.map_or(&zero, |outlook| &outlook.interval80.1))),
        ("landing_low95", FieldValue::Exact(landing.map_or(&zero, |outlook| &outlook.interval95.0))),
        ("landing_high95", FieldValue::Exact(landing.map_or(&zero, |outlook| &outlook.interval95.1))),
        ("landing_probability", FieldValue::Exact(landing.map_or(&zero, |outlook| &outlook.probability))),
        ("landing_known", FieldValue::Flag(landing.is_some())),
    ];
    lines.push(KPI, &tags, &fields, point.time())
}

/// Points that were written once and are to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ObsoleteShape {
    /// A plan with all its KPIs.
    Plan(String),
    /// A KPI, under any policy.
    Kpi(String, String),
    /// A definition of a series, of a plan; of one grain, if one is named.
    Rule(String, String, String, Option<Grain>),
    /// The figures of a plan, series, definition and grain from a moment to another, both included.
    Figures(String, String, String, Grain, Moment, Moment),
}

impl ObsoleteShape {
    /// The predicates and the moments that select it.
    pub(super) fn deletes(&self) -> Vec<(String, Moment, Moment)> {
        let (first, last) = (start_of(FIRST_YEAR - 1), start_of(LAST_YEAR + 2));
        let whole = |predicate| (predicate, first, last);
        match self {
            Self::Plan(plan) => {
                [SERIES, KPI].map(|measurement| whole(predicate(measurement, &[("plan", plan)]))).to_vec()
            }
            Self::Kpi(plan, kpi) => vec![whole(predicate(KPI, &[("plan", plan), ("kpi", kpi)]))],
            Self::Rule(plan, series, definition, grain) => {
                let mut tags = vec![("plan", plan.as_str()), ("series", series), ("definition", definition)];
                tags.extend(grain.map(|grain| ("grain", grain.name())));
                vec![whole(predicate(SERIES, &tags))]
            }
            Self::Figures(plan, series, definition, grain, from, to) => {
                let tags =
                    [("plan", plan.as_str()), ("series", series), ("definition", definition), ("grain", grain.name())];
                vec![(predicate(SERIES, &tags), *from, *to)]
            }
        }
    }
}

fn start_of(year: i16) -> Moment {
    Period::month(i32::from(year), 1).start()
}

fn predicate(measurement: &str, tags: &[(&str, &str)]) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let mut text = format!("_measurement=\"{measurement}\"");
    for (key, value) in tags {
        // The name is quoted too: `series` is a keyword of the predicate language.
        let _ = write!(text, " AND \"{key}\"=\"{}\"", quoted(value));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use aggregator_core::rollup::{Rollup, RollupKey};

    #[test]
    fn obsolete_points_are_selected_by_their_tags_and_time() {
        let text = |obsolete: ObsoleteShape| {
            let deletes = obsolete.deletes();
            deletes.iter().map(|(p, from, to)| format!("{p} | {from} {to}")).collect::<Vec<_>>()
        };
        let all = "1899-01-01T00:00:00+09:00 2202-01-01T00:00:00+09:00";
        let (p, s, d) = (|| String::from("p"), || String::from("s"), || String::from("d"));
        assert_eq!(
            text(ObsoleteShape::Plan(p())),
            [
                format!("_measurement=\"series\" AND \"plan\"=\"p\" | {all}"),
                format!("_measurement=\"kpi\" AND \"plan\"=\"p\" | {all}")
            ]
        );
        assert_eq!(
            text(ObsoleteShape::Kpi(p(), s())),
            [format!("_measurement=\"kpi\" AND \"plan\"=\"p\" AND \"kpi\"=\"s\" | {all}")]
        );
        let rule = "_measurement=\"series\" AND \"plan\"=\"p\" AND \"series\"=\"s\" AND \"definition\"=\"d\"";
        assert_eq!(text(ObsoleteShape::Rule(p(), s(), d(), None)), [format!("{rule} | {all}")]);
        let day = Grain::Day;
        assert_eq!(
            text(ObsoleteShape::Rule(p(), s(), d(), Some(day))),
            [format!("{rule} AND \"grain\"=\"day\" | {all}")]
        );
        let at = Period::month(2020, 4).start();
        let exact = "2020-04-01T00:00:00+09:00 2020-04-01T00:00:00+09:00";
        assert_eq!(
            text(ObsoleteShape::Figures(p(), s(), d(), day, at, at)),
            [format!("{rule} AND \"grain\"=\"day\" | {exact}")]
        );
        assert_eq!(predicate("m", &[("a", "b\"\\")]), "_measurement=\"m\" AND \"a\"=\"b\\\"\\\\\"");
    }

    #[test]
    fn a_figure_with_decimals_is_written_in_the_unit_and_a_whole_one_as_ever() {
        let line = |digits: u32| {
            let series = testkit::series("s", "shape = \"flow\"\ngrain = \"month\"", "d", "a");
            let catalogue =
                testkit::catalogue(&series.replace("id = \"d\"\n", &format!("id = \"d\"\ndecimals = {digits}\n")));
            let key = RollupKey { series: 0, definition: 0, period: Period::month(2020, 4) };
            let rollup = Rollup { value: Some(549), complete: true, provisional: false, restated: false };
            let mut lines = LineBuffer::default();
            figure(&mut lines, &catalogue, &FigurePoint { key, time: Moment(7), rollup }).unwrap();
            lines.last().split(' ').nth(1).unwrap().to_owned()
        };
        assert_eq!(line(0), "value=549,value_known=true,complete=true,provisional=false");
        assert_eq!(line(2), "value=5.49,value_known=true,complete=true,provisional=false");
    }
}
