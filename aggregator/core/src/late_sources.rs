//! Sources whose figures begin later than their series is asked for: without a `from` the months before count as missing.

use crate::ledger::Ledger;
use contract::catalogue::{Catalogue, Combine, Kpi, SeriesRef, Shape};
use contract::period::Period;
use contract::time::Moment;

/// A source whose figures begin later than a KPI asks for them.
#[derive(Clone, Debug)]
pub struct LateSource<'a> {
    /// The KPI.
    pub kpi: &'a Kpi,
    /// Index of the series.
    pub series: usize,
    /// Index of the source in it.
    pub source: usize,
    /// From when on the KPI asks for figures of the source.
    pub asked: Moment,
    /// The beginning of its first figure.
    pub first: Moment,
}

/// The late sources of a plan, each once, in the order of its KPIs. Only sums can lack a month: a level has no gaps.
pub fn late_sources<'a>(catalogue: &'a Catalogue, ledger: &Ledger) -> Vec<LateSource<'a>> {
    let mut found: Vec<LateSource<'a>> = Vec::new();
    for kpi in &catalogue.kpis {
        for of in kpi.measure.parts() {
            for late in of_series(catalogue, ledger, kpi, of) {
                if !found.iter().any(|other| (other.series, other.source) == (late.series, late.source)) {
                    found.push(late);
                }
            }
        }
    }
    found
}

fn of_series<'a>(catalogue: &'a Catalogue, ledger: &Ledger, kpi: &'a Kpi, of: SeriesRef) -> Vec<LateSource<'a>> {
    let series = &catalogue.series[of.series];
    if series.shape == Shape::Level {
        return Vec::new();
    }
    let asked = asked_since(catalogue, kpi);
    let first: Vec<Option<Moment>> = (0..series.sources.len()).map(|source| first_figure(ledger, of, source)).collect();
    // Where one source is enough, the earliest of them answers for all.
    let earliest = first.iter().flatten().min().copied();
    let all = series.sources.iter().zip(first).enumerate().filter_map(|(source, (own, first))| {
        let (first, asked) = (first?, own.from.map_or(asked, |from| from.max(asked)));
        let counts = series.combine == Combine::Sum || Some(first) == earliest;
        (counts && first > asked).then_some(LateSource { kpi, series: of.series, source, asked, first })
    });
    all.collect()
}

/// The first instant whose figures a KPI needs: the plan's, of a running total that of its start.
fn asked_since(catalogue: &Catalogue, kpi: &Kpi) -> Moment {
    let start = catalogue.plan.start();
    let origin = kpi.origin().filter(|_| kpi.kind.is_running_total());
    origin.map_or(start, |origin| Period::fiscal_year(origin.year).end())
}

fn first_figure(ledger: &Ledger, of: SeriesRef, source: usize) -> Option<Moment> {
    let series = u16::try_from(of.series).ok()?;
    let mut own = ledger.figures(of.series, of.definition).filter(|entry| usize::from(entry.source) == source);
    let first = own.find(|entry| entry.value().is_some())?;
    Some(ledger.period(series, first.index).start())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_state::PlanState;
    use contract::record::{Finality, Observation, Span, Value};
    use contract::time::Micros;

    /// The late sources of one series with the sources `a` and `b`, from each a figure of some months: source and first day.
    fn late(keys: &str, kind: &str, figures: &[(&str, &str)]) -> Vec<(usize, String)> {
        let series = testkit::series("s", &format!("shape = \"flow\"\ngrain = \"month\"\n{keys}"), "d", "a");
        let kpi = format!(
            "{}{series}[[series.source]]\nid = \"b\"\n[[kpi]]\nid = \"k\"\nname = {{ ja = \"名\", en = \"name\" }}\n\
             policy = \"policy\"\nkind = \"{kind}\"\nseries = \"s\"\nunit = {{ ja = \"件\", en = \"items\" }}\n\
             baseline = {{ year = \"FY2017\", value = 1 }}\ntarget = {{ at_least = 9 }}\ncitation = \"p\"\n",
            testkit::POLICY
        );
        let mut state = PlanState::new(testkit::catalogue(&kpi));
        for (source, month) in figures {
            let figure = Observation {
                plan: "p".into(),
                series: "s".into(),
                definition: "d".into(),
                source: (*source).into(),
                period: Span::of(Period::parse(month).unwrap()),
                value: Value::Known(1),
                breakdown: None,
                finality: Finality::Final,
                revision: Micros(1_900_000_000_000_000),
                visit: "v".into(),
                place: None,
            };
            state.insert(&figure).unwrap();
        }
        let found = late_sources(&state.catalogue, state.ledger());
        found.iter().map(|late| (late.source, late.first.date().to_string())).collect()
    }

    #[test]
    fn a_source_whose_first_figure_comes_after_the_first_month_asked_is_late() {
        let year = "flow_per_year";
        let of_a = |date: &str| vec![(0, date.to_owned())];
        assert_eq!(late("", year, &[]), []);
        assert_eq!(late("", year, &[("a", "2019-04")]), []);
        assert_eq!(late("", year, &[("a", "2019-05"), ("a", "2019-06")]), of_a("2019-05-01"));
        // A running total needs every month since its baseline year.
        assert_eq!(late("", "cumulative", &[("a", "2018-04")]), []);
        assert_eq!(late("", "cumulative", &[("a", "2018-06")]), of_a("2018-06-01"));
    }

    #[test]
    fn another_source_answers_for_a_late_one_but_not_in_a_sum() {
        let figures = [("a", "2019-08"), ("b", "2019-04")];
        assert_eq!(late("", "flow_per_year", &figures), []);
        assert_eq!(late("combine = \"sum\"", "flow_per_year", &figures), [(0, "2019-08-01".to_owned())]);
    }
}
