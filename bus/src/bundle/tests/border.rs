//! Records across the border, and what is said when that is not possible.

use super::*;
use crate::bundle::{BundleFault, BundleName, KEPT_BUNDLES, LineFault, bundled};
use proptest::prelude::*;

#[test]
fn a_bundle_reads_like_its_golden_file() {
    let (zone, media) = (Zone::new("lgwan"), tempfile::tempdir().unwrap());
    zone.publish(&["{\"plan\":\"p\",\"note\":\"件数\u{2028}\\u0000\"}", &body(2)]);
    zone.write(media.path());
    assert_eq!(files(media.path()), ["lgwan-00000001.jsonl"]);
    let text = std::fs::read_to_string(media.path().join("lgwan-00000001.jsonl")).unwrap();
    assert_eq!(text, include_str!("../golden/lgwan-00000001.jsonl"));
}

#[test]
fn records_cross_once_however_often_it_is_written_and_read() {
    let (a, b, media) = (Zone::new("lgwan"), Zone::new("b"), tempfile::tempdir().unwrap());
    assert!(a.write(media.path()).last.is_none());
    assert_eq!(bundled(&a.outbox(), a.id).unwrap(), None);
    numbered(&a, media.path(), 0..3);
    assert_eq!(b.read_all(media.path()), 3);
    assert_eq!(b.read_all(media.path()), 0);
    let nothing = a.write(media.path());
    assert!(nothing.new.is_empty() && nothing.again.is_empty());
    assert_eq!(nothing.last.unwrap().sequence, 3);
    numbered(&a, media.path(), 3..5);
    assert_eq!(b.read_all(media.path()), 2);
    assert_eq!(b.bodies(), a.bodies());
    assert_eq!(bundled(&a.outbox(), a.id).unwrap(), Some(5));
    // The other side may be a border too.
    let (c, further) = (Zone::new("c"), tempfile::tempdir().unwrap());
    b.write(further.path());
    assert_eq!(c.read_all(further.path()), 5);
    assert_eq!(c.bodies(), a.bodies());
}

#[test]
fn bundles_end_at_their_limits_and_nowhere_else() {
    for (limits, counts) in [
        (BundleLimits { records: 2, bytes: 1000 }, vec![2, 2, 1]),
        (BundleLimits { records: 9, bytes: 3 * 19 }, vec![3, 2]),
        (BundleLimits { records: 9, bytes: 1 }, vec![1; 5]),
        (BundleLimits { records: 5, bytes: 1000 }, vec![5]),
    ] {
        let (mut a, b, media) = (Zone::new("a"), Zone::new("b"), tempfile::tempdir().unwrap());
        a.limits = limits;
        let bodies: Vec<String> = (0..5).map(body).collect();
        a.publish(&bodies.iter().map(String::as_str).collect::<Vec<_>>());
        let written = a.write(media.path());
        assert_eq!(written.new.iter().map(|manifest| manifest.count).collect::<Vec<_>>(), counts);
        b.read_all(media.path());
        assert_eq!(b.bodies(), bodies);
    }
}

#[test]
fn what_was_carried_away_is_sent_again_byte_for_byte_and_forgotten_in_time() {
    let (a, media) = (Zone::new("a"), tempfile::tempdir().unwrap());
    let last = KEPT_BUNDLES as usize + 3;
    numbered(&a, media.path(), 0..last);
    let sent: Vec<_> = files(media.path()).iter().map(|f| std::fs::read(media.path().join(f)).unwrap()).collect();
    empty(media.path());
    assert_eq!(a.try_write(media.path(), 0).unwrap().again, []);
    assert_eq!(a.try_write(media.path(), 2).unwrap().again.len(), 2);
    let all = a.try_write(media.path(), KEPT_BUNDLES).unwrap();
    assert_eq!((all.again.len(), all.gone), (KEPT_BUNDLES as usize - 2, vec![]));
    for (name, bytes) in files(media.path()).iter().zip(&sent[3..]) {
        assert_eq!(&std::fs::read(media.path().join(name)).unwrap(), bytes);
    }
    assert_eq!(files(media.path())[0], "a-00000004.jsonl");
    empty(media.path());
    std::fs::remove_file(a.kept().join("a-00000033.jsonl")).unwrap();
    let gone = a.try_write(media.path(), 2).unwrap().gone;
    assert_eq!(gone, [BundleName { collector: "a".into(), sequence: 33 }]);
}

#[test]
fn a_record_that_is_no_line_is_named_and_stays_with_all_behind_it() {
    let (a, b, media) = (Zone::new("a"), Zone::new("b"), tempfile::tempdir().unwrap());
    a.publish(&[&body(1), "{\"plan\":\n\"p\"}", &body(3)]);
    for _ in 0..2 {
        match a.try_write(media.path(), 3).unwrap_err() {
            BundleError::Record { offset: 2, fault: LineFault::Broken } => {}
            other => panic!("{other}"),
        }
        assert_eq!((files(media.path()), a.bodies().len()), (vec!["a-00000001.jsonl".to_owned()], 3));
    }
    b.read_all(media.path());
    assert_eq!(b.bodies(), [body(1)]);
}

#[test]
fn places_and_names_that_do_not_serve_are_named() {
    let (a, media) = (Zone::new("a"), tempfile::tempdir().unwrap());
    a.publish(&[&body(1)]);
    let refused = |zone: &Zone, to: &Path| zone.try_write(to, 3).unwrap_err().to_string();
    assert!(
        refused(&a, &media.path().join("usb"))
            .ends_with("usb is no folder; make it, or mount the medium that it lies on")
    );
    let capital = Zone::new("Local");
    assert!(
        refused(&capital, media.path()).starts_with("`collector.id` is \"Local\", but bundles are files named after")
    );
    std::fs::create_dir(a.kept()).unwrap();
    assert!(refused(&a, &a.kept()).contains("is where sent bundles are kept"));
    let held = crate::bundle::file::lock(&a.kept(), "write.lock").unwrap();
    assert!(matches!(a.try_write(media.path(), 3), Err(BundleError::Running(_))));
    drop(held);
    let held = crate::bundle::file::lock(&a.kept(), "read.lock").unwrap();
    assert!(matches!(read(&a.outbox(), &a.kept(), media.path()), Err(BundleError::Running(_))));
    drop(held);
    // Another machine with the same id has used the folder.
    std::fs::write(media.path().join("a-00000001.jsonl"), "x").unwrap();
    assert!(refused(&a, media.path()).contains("a-00000001.jsonl is there with other content"));
    empty(media.path());
    assert_eq!(a.write(media.path()).again.len(), 1);
    // An earlier bundle that was spoilt there is told, but what is new does not wait for it.
    std::fs::write(media.path().join("a-00000001.jsonl"), "x").unwrap();
    a.publish(&[&body(2)]);
    assert!(refused(&a, media.path()).contains("a-00000001.jsonl is there with other content"));
    assert_eq!(files(media.path()), ["a-00000001.jsonl", "a-00000002.jsonl"]);
}

#[test]
fn a_bundle_from_the_future_waits_and_names_the_clock_of_its_collector() {
    let (a, b, media) = (Zone::new("a"), Zone::new("b"), tempfile::tempdir().unwrap());
    let late = |revision: i64| format!("{{\"plan\":\"p\",\"revision\":{revision}}}");
    a.publish(&[&body(1), &late(NOW.0 + 6 * 60_000_000)]);
    a.write(media.path());
    let said = told(&b.read(media.path()));
    assert!(
        said.contains("a-00000001.jsonl: the clock of its collector is ahead: a record of p was seen at"),
        "{said}"
    );
    assert_eq!(b.bodies(), [""; 0]);
    b.clock.advance(60_000_000);
    assert_eq!(b.read_all(media.path()), 2);
    a.publish(&[&late(i64::MAX)]);
    a.write(media.path());
    assert!(told(&b.read(media.path())).contains("the clock of its collector is ahead"));
}

#[test]
fn only_plain_files_with_the_name_of_a_bundle_are_opened() {
    let (a, b, media) = (Zone::new("a"), Zone::new("b"), tempfile::tempdir().unwrap());
    numbered(&a, media.path(), 0..1);
    let at = |name: &str| media.path().join(name);
    for name in ["readme.txt", ".a-00000002.jsonl.partial", "a-00000002 (1).jsonl", "A-00000002.JSONL"] {
        std::fs::write(at(name), "x").unwrap();
    }
    std::os::unix::fs::symlink(at("a-00000001.jsonl"), at("link-00000001.jsonl")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", at("zero-00000001.jsonl")).unwrap();
    std::fs::create_dir(at("folder-00000001.jsonl")).unwrap();
    std::fs::File::create(at("large-00000001.jsonl")).unwrap().set_len(1 << 40).unwrap();
    std::fs::write(at("long-00000001.jsonl"), vec![b'x'; 2 << 20]).unwrap();
    let done = b.read(media.path());
    assert_eq!(done.ignored, [".a-00000002.jsonl.partial", "A-00000002.JSONL", "a-00000002 (1).jsonl", "readme.txt"]);
    let faults: Vec<(&str, &BundleFault)> = done.problems.iter().map(|p| (p.collector.as_str(), &p.fault)).collect();
    match faults[..] {
        [
            ("folder", BundleFault::NotPlain),
            ("large", BundleFault::TooLarge { bytes: 1_099_511_627_776, .. }),
            ("link", BundleFault::NotPlain),
            ("long", BundleFault::Line { line: 1, fault: LineFault::TooLong { .. } }),
            ("zero", BundleFault::NotPlain),
        ] => {}
        _ => panic!("{}", told(&done)),
    }
    assert_eq!(b.bodies(), [body(0)]);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), Just("件数\u{2028}\u{2029}\u{85}\0\u{1f}\u{7f}\u{feff}\"\\\r\n".to_owned())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_json_object_with_a_plan_crosses_unchanged(
        records in prop::collection::vec((text(), text(), any::<i64>()), 1..20), in_one in 1_usize..8
    ) {
        let (mut a, b, media) = (Zone::new("a"), Zone::new("b"), tempfile::tempdir().unwrap());
        a.limits.records = in_one;
        let bodies: Vec<String> = records.iter().map(|(plan, text, n)| {
            let plan: String = plan.chars().take(200).collect();
            serde_json::json!({"plan": plan, "text": [text, {text.as_str(): n}]}).to_string()
        }).collect();
        a.publish(&bodies.iter().map(String::as_str).collect::<Vec<_>>());
        a.write(media.path());
        prop_assert_eq!(b.read_all(media.path()), bodies.len() as u64);
        prop_assert_eq!(b.bodies(), bodies);
    }
}
