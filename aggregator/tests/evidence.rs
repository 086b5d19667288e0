//! What was known when, and where a figure came from.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support;
use crate::support::{World, catalogue_record, configured, micros, sets, uses, visit, with_target, year};
use aggregator::explain::{ExplainError, Explanation, ExplanationDraft, FigureEvidence};
use aggregator::vintage::{NOW, PlanVintage, UnsettledReason, known_at};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::{CanonicalNumber, PlanReport};
use aggregator_core::report_period::ReportPeriod;
use contract::exact::canonical;
use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Record, Span, Value};
use contract::time::Micros;

fn known(world: &World, date: &str) -> PlanVintage {
    let configured = configured(&world.text);
    known_at(&[world.reader()], configured.catalogue("p").unwrap(), micros(date)).unwrap()
}

/// Explains a KPI of `world` from a state.
fn explain(
    world: &World,
    state: &PlanState,
    kpi: &str,
    period: ReportPeriod,
    known: Option<(Micros, &[UnsettledReason])>,
) -> Result<Explanation, ExplainError> {
    let draft = ExplanationDraft::new(state, kpi, period, known)?;
    Ok(draft.read(&[world.reader()]).unwrap())
}

fn report(known: &PlanVintage) -> PlanReport {
    known.state.report(ReportPeriod(Period::fiscal_year(2019)), false)
}

/// A year, its catalogue, a correction in July with another target, and the visits to them.
fn corrected() -> World {
    let mut world = World::new();
    world.publish(&[support::catalogue_record(&with_target(150), "2020-05-01")]);
    world.publish(&year());
    world.publish(&[
        support::catalogue_record(&with_target(300), "2020-07-01"),
        Record::Observation(uses("2019-05", 50, "2020-07-02")),
        Record::Poll(visit("c1", "2020-07-02")),
    ]);
    world.text = with_target(300);
    world.keep(17);
    world
}

#[test]
fn before_a_correction_the_old_value_and_the_old_target_were_known() {
    let world = corrected();
    let (before, after) = (report(&known(&world, "2020-06-01")), report(&known(&world, "2020-07-03")));
    let second_kpi = |report: &PlanReport| serde_json::to_value(&report.kpis[1]).unwrap();
    assert_eq!((second_kpi(&before)["value"].as_i64(), second_kpi(&before)["target"].as_i64()), (Some(120), Some(150)));
    assert_eq!((second_kpi(&after)["value"].as_i64(), second_kpi(&after)["target"].as_i64()), (Some(160), Some(300)));
    let nothing = report(&known(&world, "2020-05-01"));
    assert_eq!(second_kpi(&nothing)["value"].as_i64(), None);
}

#[test]
fn an_answer_is_settled_once_every_collector_has_come_later_and_quarantine_holds_nothing_older() {
    let world = corrected();
    assert!(known(&world, "2020-06-01").is_settled());
    let open = known(&world, "2020-07-02").doubts;
    assert_eq!(open, [UnsettledReason::Silent { collector: "c1".into(), last: micros("2020-07-02") }]);
    world.publish(&[Record::Poll(visit("c2", "2020-05-20"))]);
    world.keep(18);
    let doubts = known(&world, "2020-06-01").doubts;
    assert_eq!(doubts, [UnsettledReason::Silent { collector: "c2".into(), last: micros("2020-05-20") }]);

    let world = corrected();
    world.publish_bodies(&[b"{}".to_vec()], 1);
    world.keep(18);
    assert!(known(&world, "2020-06-01").is_settled(), "it came later");
    // The bus takes it in 2022, in this world; what was seen earlier counts as older.
    let mut unknown = uses("2019-04", 1, "2020-05-02");
    unknown.series = "nothing".into();
    world.publish(&[Record::Observation(unknown)]);
    world.keep(19);
    assert_eq!(known(&world, "2020-06-01").doubts, [UnsettledReason::Quarantine { records: 1 }]);
    assert_eq!(known(&World::new_with_store(), "2020-06-01").doubts, [UnsettledReason::NoCollector]);
}

/// A whole figure.
fn plain(value: Option<&CanonicalNumber>) -> Option<i64> {
    value.map(|value| canonical(&value.0).parse().unwrap())
}

#[test]
fn a_flow_is_explained_down_to_the_file_of_each_month_and_of_what_was_corrected() {
    let world = corrected();
    let now = known(&world, "2020-07-03");
    let ask = ReportPeriod(Period::fiscal_year(2019));
    let explanation = explain(&world, &now.state, "uses", ask, None).unwrap();
    let part = &explanation.parts[0];
    assert_eq!((explanation.kind, part.rollups.len(), part.figures.len(), part.more), ("flow_per_year", 12, 12, 0));
    assert_eq!((plain(part.rollups[1].value.as_ref()), part.rollups[1].restated), (Some(50), true));
    let may = &part.figures[1];
    assert_eq!(
        (may.period.as_str(), plain(may.current.value.as_ref()), may.source.as_str()),
        ("2019-05", Some(50), "register")
    );
    assert_eq!((may.current.sheet.as_deref(), may.current.row), (Some("表1"), Some(7)));
    let poll = may.current.poll.as_ref().unwrap();
    assert_eq!(
        (poll.address.as_str(), poll.time.as_str()),
        ("https://data.example/uses.csv", "2020-07-02T00:00:00.000000+09:00")
    );
    assert_eq!((poll.sha256.clone(), poll.bytes, poll.collector.as_str()), (Some("ab".repeat(32)), Some(123), "c1"));
    let old: Vec<_> = may.corrections.iter().map(|c| (plain(c.value.as_ref()), c.visit.as_str())).collect();
    assert_eq!(old, [(Some(10), "v-2020-05-02")]);
    assert!(part.figures.iter().filter(|f| f.period != "2019-05").all(|f| f.corrections.is_empty()));
    let text = explanation.text();
    assert!(text.contains("値 / value: 160 件 (2020-04-01T00:00:00+09:00)"), "{text}");
    assert!(
        text.contains("https://data.example/uses.csv sheet 表1 row 7 sha256 abababababababab.. 123 bytes c1"),
        "{text}"
    );
    assert!(text.contains("訂正前 / before: 10 final"), "{text}");

    let then = known(&world, "2020-06-01");
    let explanation = explain(&world, &then.state, "uses", ask, Some((then.at, &then.doubts))).unwrap();
    assert_eq!(plain(explanation.parts[0].figures[1].current.value.as_ref()), Some(10));
    assert!(explanation.parts[0].figures[1].corrections.is_empty());
    assert!(explanation.known_at.unwrap().settled);
}

#[test]
fn the_months_that_are_missing_are_named_with_how_many_are_known() {
    let world = World::new();
    let all = year();
    let august = Span::of(Period::parse("2019-08").unwrap());
    let is_other = |record: &&Record| !matches!(record, Record::Observation(o) if o.period == august);
    let without: Vec<Record> = all.iter().filter(is_other).cloned().collect();
    assert_eq!(without.len() + 1, all.len());
    world.publish(&without);
    world.keep(without.len() as u64);
    let now = known(&world, "2020-07-03");
    let text = |on: Period| explain(&world, &now.state, "uses", ReportPeriod(on), None).unwrap().text();
    let found = text(Period::fiscal_year(2019));
    assert!(found.contains("\n欠けている月 / missing months: 2019-08 (11 / 12)\n"), "{found}");
    let found = text(Period::parse("2019-07-31").unwrap());
    assert!(!found.contains("missing months"), "{found}");
}

#[test]
fn a_state_is_explained_by_its_instant_and_a_missing_one_by_the_source_to_connect() {
    let world = World::new();
    world.publish(&[
        Record::Observation(sets("2020-02-01", 15, "2020-05-02")),
        Record::Observation(sets("2020-03-01", 20, "2020-05-02")),
    ]);
    world.keep(2);
    let now = known_at(&[world.reader()], configured(&world.text).catalogue("p").unwrap(), NOW).unwrap();
    let ask = ReportPeriod(Period::parse("2020-05-10").unwrap());
    let explanation = explain(&world, &now.state, "sets", ask, None).unwrap();
    let figures = &explanation.parts[0].figures;
    let figures: Vec<_> = figures.iter().map(|f| (f.period.as_str(), plain(f.current.value.as_ref()))).collect();
    assert_eq!(figures, [("2020-03-01", Some(20))]);
    assert!(
        explanation.text().contains("visit v-2020-05-02 (not delivered yet) sheet 表1 row 7"),
        "{}",
        explanation.text()
    );

    let explanation = explain(&world, &now.state, "uses", ask, None).unwrap();
    assert!(explanation.parts[0].figures.is_empty());
    assert!(
        explanation.text().contains("接続すべきデータ / connect: 電子申請 / the application system"),
        "{}",
        explanation.text()
    );
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(
        (json["kpi"]["status"].as_str(), json["connect"]["en"].as_str()),
        (Some("no_data"), Some("the application system"))
    );
    let error = explain(&world, &now.state, "set", ask, None).unwrap_err();
    assert!(matches!(&error, ExplainError::UnknownKpi { .. }));
    assert_eq!(error.to_string(), "the plan p has no KPI set; did you mean `sets`?");
}

#[test]
fn every_figure_whose_value_changed_is_found_also_where_the_judged_value_is_of_another_day() {
    let mut world = corrected();
    let mut early = sets("2019-10-01", 7, "2020-05-02");
    early.finality = Finality::Provisional;
    let again = Observation { revision: micros("2020-05-03"), finality: Finality::Final, ..early.clone() };
    let later = Observation { revision: micros("2020-06-02"), value: Value::Known(9), ..again.clone() };
    world.publish(&[early, again, later, sets("2020-04-01", 20, "2020-05-02")].map(Record::Observation));
    world.keep(21);
    world.text = with_target(300);
    let known = known(&world, "2020-07-03");
    let changed = |kpi: &str, on: &str, upto: &str| -> Vec<(String, Option<i64>, Vec<Option<i64>>)> {
        let ask = ReportPeriod(Period::parse(on).unwrap());
        let draft = ExplanationDraft::new(&known.state, kpi, ask, Some((micros(upto), &[]))).unwrap();
        let changes = draft.restated(&[world.reader()]).unwrap();
        let values = |figure: &FigureEvidence| figure.corrections.iter().map(|was| plain(was.value.as_ref())).collect();
        changes
            .iter()
            .map(|c| (c.figure.period.clone(), plain(c.figure.current.value.as_ref()), values(&c.figure)))
            .collect()
    };
    assert_eq!(changed("uses", "FY2019", "2020-07-03"), [("2019-05".into(), Some(50), vec![Some(10)])]);
    assert_eq!(changed("uses", "2019-05-30", "2020-07-03"), [], "the month had not ended");
    assert_eq!(changed("uses", "FY2019", "2020-07-01"), [], "it was not known by then");
    let state = [("2019-10-01".to_owned(), Some(9), vec![Some(7), Some(7)])];
    assert_eq!(changed("sets", "FY2019", "2020-07-03"), state, "though the value is that of 2020-04-01");
    assert_eq!(changed("sets", "FY2019", "2020-06-01"), [], "said again, but no other value");
}

#[test]
fn what_is_read_once_for_all_plans_answers_each_as_if_it_were_alone() {
    let world = World::new();
    let mut records = year();
    records.insert(0, catalogue_record(support::PLAN, "2020-05-01"));
    records.push(catalogue_record(&with_target(300), "2020-06-01"));
    // Nobody admits it, and one is of a plan that is not configured.
    let other = uses("2019-05", 7, "2020-05-03");
    records.push(Record::Observation(contract::record::Observation { series: "unknown".into(), ..other.clone() }));
    records.push(Record::Observation(contract::record::Observation { plan: "elsewhere".into(), ..other }));
    world.publish(&records);
    world.keep(records.len() as u64);
    let readers = [world.reader()];
    let (configured, second) = (configured(&world.text), configured(&world.text.replace("id = \"p\"", "id = \"q\"")));
    let shared = aggregator::vintage::SharedFacts::read(&readers).unwrap();
    for (catalogue, waiting) in [(configured.catalogue("p").unwrap(), 2), (second.catalogue("q").unwrap(), 1)] {
        for date in ["2020-05-01", "2020-05-10", "2020-06-10"] {
            // A reader of its own: the first one is held at its moment.
            let alone = known_at(&[world.reader()], catalogue, micros(date)).unwrap();
            let among = aggregator::vintage::known_in(&shared, catalogue, micros(date)).unwrap();
            let report =
                |one: &PlanVintage| format!("{:?}", one.state.report(ReportPeriod(Period::fiscal_year(2019)), true));
            assert_eq!(report(&among), report(&alone), "{date}");
            assert_eq!((&among.doubts, among.catalogue), (&alone.doubts, alone.catalogue), "{date}");
        }
        let last = aggregator::vintage::known_in(&shared, catalogue, NOW).unwrap();
        assert!(last.doubts.contains(&UnsettledReason::Quarantine { records: waiting }), "{:?}", last.doubts);
    }
}

#[test]
fn evidence_reads_the_runs_of_its_series_alone() {
    let world = World::new();
    let mut records = year();
    let days = Period::fiscal_year(2019).parts(Grain::Day);
    records.extend(days.map(|day| Record::Observation(sets(&day.to_string(), 7, "2020-05-02"))));
    world.publish(&records);
    world.keep(records.len() as u64);
    // The figures of the other series are damaged: whoever reads them is told so.
    let path = aggregator::store::path(&world.data(), bus::PARTITION);
    let store = rusqlite::Connection::open(path).unwrap();
    let sql = "UPDATE runs SET body = zeroblob(length(body)) WHERE series = (SELECT id FROM names WHERE text = 'sets')";
    assert!(store.execute(sql, ()).unwrap() > 0);
    drop(store);
    let mut state = PlanState::new(configured(&world.text).catalogue("p").unwrap().clone());
    for record in &records {
        if let Record::Observation(observation) = record {
            state.insert(observation).unwrap();
        }
    }
    let ask = ReportPeriod(Period::fiscal_year(2019));
    let explanation = explain(&world, &state, "uses", ask, None).unwrap();
    assert_eq!(explanation.parts[0].figures.len(), 12);
    let error = ExplanationDraft::new(&state, "sets", ask, None).unwrap().read(&[world.reader()]).unwrap_err();
    assert!(contract::error::chain(&error).contains("the run of plan p, series sets"), "{error:?}");
}
