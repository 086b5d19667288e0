//! The pipeline and the store: conservation, restarts, corrections, quarantine, one writer.

use crate::support;
use crate::support::{World, extended, observation, sets, uses, visit, year};
use aggregator::pipeline;
use aggregator::store::{self, StoreError};
use bus::PARTITION;
use contract::record::{Finality, Record, Reject, Value};
use contract::wire;
use std::collections::BTreeSet;

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_year_is_stored_rolled_up_and_judged() {
    let world = World::new();
    world.publish(&year());
    let counts = world.keep(13);
    assert_eq!((counts.stored, counts.duplicate, counts.quarantined, counts.superseded), (13, 0, 0, 0));
    let derived = world.derived();
    assert!(derived.contains("p uses d FY2019 120 complete\n"), "{derived}");
    assert!(derived.contains("p uses d FY2019Q2 30 complete\n"), "{derived}");
    assert!(
        derived.contains(r#"p uses {"id":"uses","phase":"running","status":"off_track","value":120,"#),
        "{derived}"
    );
}

#[test]
fn duplicates_of_every_kind_are_recognised_after_a_restart_too() {
    let world = World::new();
    let reject = Reject {
        plan: "p".into(),
        source: "register".into(),
        visit: "v".into(),
        time: support::micros("2020-05-02"),
        reason: "number".into(),
        file: "f.csv".into(),
        sheet: None,
        row: Some(3),
        column: None,
        hash: "00".into(),
    };
    let records = [
        Record::Observation(uses("2019-04", 1, "2020-05-02")),
        Record::Poll(visit("c1", "2020-05-02")),
        Record::Reject(reject),
        support::catalogue_record(support::PLAN, "2020-05-02"),
    ];
    world.publish(&records);
    world.publish(&records);
    assert_eq!(world.keep(8).duplicate, 4);
    world.publish(&records);
    let counts = world.keep(12);
    assert_eq!((counts.stored, counts.duplicate, counts.quarantined), (4, 8, 0));
}

#[test]
fn a_restart_resumes_and_gives_the_same_export() {
    let (stopped, whole) = (World::new(), World::new());
    let records = year();
    stopped.publish(&records[..5]);
    stopped.keep(5);
    stopped.publish(&records[5..]);
    stopped.keep(13);
    whole.publish(&records);
    whole.keep(13);
    assert_eq!(stopped.export("FY2019"), whole.export("FY2019"));
    assert_eq!(stopped.derived(), whole.derived());
    assert!(stopped.export("FY2019").contains(r#""status":"off_track","value":120,"#));
}

#[test]
fn a_correction_changes_exactly_what_depends_on_it() {
    let world = World::new();
    let mut records = year();
    records.push(Record::Observation(sets("2020-04-01", 20, "2020-05-02")));
    // A daily counter, so that months are rolled up rows too.
    for (date, value) in [("2019-04-01", 0), ("2019-05-01", 5), ("2019-06-01", 9), ("2019-07-01", 12)] {
        let span = contract::record::Span::AsOf(support::at(date));
        records.push(Record::Observation(observation("hits", span, Value::Known(value), "2020-05-02")));
    }
    world.publish(&records);
    world.keep(18);
    let before = lines(&world.derived());
    world.publish(&[Record::Observation(uses("2019-05", 13, "2020-07-01"))]);
    let counts = world.keep(19);
    assert_eq!(counts.superseded, 1);
    let after = lines(&world.derived());
    let changed: Vec<&str> = after.difference(&before).map(|line| &line[..line.len().min(40)]).collect();
    assert_eq!(
        changed,
        [
            "p uses d FY2019 123 complete restated",
            "p uses d FY2019Q1 33 complete restated",
            r#"p uses {"id":"uses","phase":"running","s"#,
        ]
    );
    assert_eq!(before.difference(&after).count(), 3);
}

#[test]
fn a_withdrawn_month_is_unknown_and_not_zero() {
    let world = World::new();
    world.publish(&year());
    let mut gone = uses("2019-05", 0, "2020-07-01");
    gone.value = Value::Unknown("withdrawn".into());
    world.publish(&[Record::Observation(gone)]);
    world.keep(14);
    let derived = world.derived();
    assert!(derived.contains("p uses d FY2019 110\n"), "{derived}");
    assert!(derived.contains("p uses d FY2019Q1 20\n"), "{derived}");
    let export = world.export("FY2019");
    assert!(export.contains(r#""period":"2019-05","value":null,"complete":false"#), "{export}");
}

#[test]
fn records_that_cannot_count_are_quarantined_with_bytes_reason_and_coordinates() {
    let world = World::new();
    let body = |o| wire::encode(&Record::Observation(o));
    let plain = String::from_utf8(body(uses("2019-04", 10, "2020-05-02"))).unwrap();
    let mut other_plan = uses("2019-04", 10, "2020-05-02");
    other_plan.plan = "q".into();
    let mut wrong_series = uses("2019-04", 10, "2020-05-02");
    wrong_series.series = "nothing".into();
    let mut visit_elsewhere = visit("c1", "2020-05-02");
    visit_elsewhere.plan = "q".into();
    let bad_catalogue = support::catalogue_record("[plan]", "2020-05-02");
    let bodies = vec![
        body(uses("2020-06", 10, "2020-05-02")),
        plain.replace("\"value\":10", "\"value\":10.5").into_bytes(),
        body(wrong_series),
        plain.replace("\"schema\":1", "\"schema\":3").into_bytes(),
        plain.replace("\"kind\":\"observation\"", "\"kind\":\"other\"").into_bytes(),
        b"\xff\x00 nothing".to_vec(),
        body(other_plan),
        wire::encode(&Record::Poll(visit_elsewhere)),
        wire::encode(&bad_catalogue),
        plain.clone().into_bytes(),
    ];
    world.publish_bodies(&bodies, 4);
    let counts = world.keep(10);
    assert_eq!((counts.stored, counts.duplicate, counts.quarantined), (1, 0, 9));
    let quarantined = world.reader().quarantined(0, 100).unwrap();
    let listed: Vec<_> =
        quarantined.iter().map(|q| (q.at.offset.unwrap(), q.reason.as_str(), q.plan.as_deref())).collect();
    assert_eq!(
        listed,
        [
            (1, "future", Some("p")),
            (2, "invalid_record", Some("p")),
            (3, "unknown_series", Some("p")),
            (4, "unknown_schema", Some("p")),
            (5, "unknown_kind", Some("p")),
            (6, "malformed", None),
            (7, "unknown_plan", Some("q")),
            (8, "unknown_plan", Some("q")),
            (9, "invalid_catalogue", Some("p")),
        ]
    );
    assert!(quarantined.iter().zip(&bodies).all(|(stored, sent)| stored.body == *sent));
}

#[test]
fn a_longer_catalogue_releases_records_from_quarantine_and_a_shorter_one_returns_them() {
    let mut world = World::new();
    let mut late = uses("2019-04", 7, "2020-05-02");
    late.series = "late".into();
    let mut records = year();
    records.extend([Record::Observation(late.clone()), Record::Observation(late.clone())]);
    late.series = "never".into();
    records.push(Record::Observation(late));
    world.publish(&records);
    let counts = world.keep(16);
    assert_eq!((counts.stored, counts.duplicate, counts.quarantined), (13, 0, 3));
    let before = world.derived();

    world.text = extended();
    let counts = world.keep(16);
    assert_eq!((counts.stored, counts.duplicate, counts.quarantined), (14, 1, 1));
    assert!(world.derived().contains("p late d FY2019 7\n"), "{}", world.derived());

    world.text = support::PLAN.to_owned();
    let counts = world.keep(16);
    assert_eq!((counts.stored, counts.duplicate, counts.quarantined), (13, 1, 2));
    assert_eq!(world.derived(), before);
    let reasons: Vec<_> = world.reader().quarantined(0, 9).unwrap().into_iter().map(|q| q.reason).collect();
    assert_eq!(reasons, ["unknown_series", "unknown_series"]);
}

#[test]
fn a_rebuild_finds_no_difference_and_restores_dropped_rows() {
    let world = World::new();
    world.publish(&year());
    world.keep(13);
    assert_eq!(pipeline::rebuild(&world.setup()).unwrap(), 0);
    let before = world.derived();
    pipeline::drop_derived(&world.data()).unwrap();
    assert_eq!(world.derived(), "");
    let rows = before.lines().count() as u64;
    assert_eq!(pipeline::rebuild(&world.setup()).unwrap(), rows);
    assert_eq!(world.derived(), before);
}

/// Fails when a batch settles only what stands: the earlier figure came late, stands nowhere, and yet tells that
/// a final figure was changed.
#[test]
fn a_late_earlier_figure_marks_the_month_as_restated_at_once() {
    let world = World::new();
    world.publish(&[Record::Observation(uses("2019-06", 12, "2020-07-01"))]);
    world.keep(1);
    let before = world.derived();
    world.publish(&[Record::Observation(uses("2019-06", 11, "2020-06-01"))]);
    let counts = world.keep(2);
    assert_eq!((counts.stored, counts.superseded), (2, 1));
    assert_ne!(world.derived(), before, "nothing was marked");
    assert_eq!(pipeline::rebuild(&world.setup()).unwrap(), 0, "a rebuild found what the batch had missed");
}

#[test]
fn a_second_writer_is_refused_by_the_name_of_the_lock() {
    let world = World::new();
    let first = store::open_writer(&world.data(), PARTITION).unwrap();
    let error = store::open_writer(&world.data(), PARTITION).unwrap_err();
    assert!(matches!(&error, StoreError::Held { lock, .. } if lock.ends_with("store-0.db.lock")), "{error}");
    assert!(matches!(pipeline::rebuild(&world.setup()), Err(pipeline::PipelineError::Store(StoreError::Held { .. }))));
    drop(first);
    assert_eq!(pipeline::rebuild(&world.setup()).unwrap(), 0);
}

#[test]
fn a_new_day_completes_what_time_alone_completes() {
    let mut world = World::new();
    world.text = support::PLAN.replace("default_on = \"FY2019\"\n", "");
    let mut records = year();
    for record in &mut records {
        if let Record::Observation(o) = record {
            o.revision = support::micros("2020-03-30");
            o.finality = Finality::Provisional;
        }
    }
    world.publish(&records);
    world.set_clock(support::micros("2020-03-30"));
    world.keep(13);
    assert!(world.derived().contains("p uses d FY2019 110 provisional\n"), "{}", world.derived());
    world.set_clock(support::micros("2020-04-02"));
    world.keep(13);
    assert!(world.derived().contains("p uses d FY2019 120 complete provisional\n"), "{}", world.derived());
}
