//! Bundles that were lost, cut, changed, swapped or replaced on the way.

use super::*;
use crate::bundle::scan::scan;
use crate::bundle::{BundleFault, BundleName, KEPT_BUNDLES};
use proptest::prelude::*;

fn name(sequence: u32) -> BundleName {
    BundleName { collector: "a".into(), sequence }
}

fn path(media: &TempDir, sequence: u32) -> PathBuf {
    media.path().join(name(sequence).to_string())
}

/// A side that wrote that many bundles of one record, and where they lie.
fn sent(bundles: usize) -> (Zone, TempDir) {
    let (a, media) = (Zone::new("a"), tempfile::tempdir().unwrap());
    numbered(&a, media.path(), 0..bundles);
    (a, media)
}

/// The one problem of the bundle with that sequence.
fn only_problem(done: &BundlesRead, sequence: u32) -> String {
    let said = told(done);
    assert_eq!(done.problems.len(), 1, "{said}");
    assert!(done.problems[0].file.ends_with(&name(sequence).to_string()), "{said}");
    said
}

#[test]
fn every_change_of_one_byte_is_found_in_every_file() {
    let (b, (_a, media)) = (Zone::new("b"), sent(2));
    let outbox = b.outbox();
    for sequence in [2, 1] {
        let bytes = std::fs::read(path(&media, sequence)).unwrap();
        for place in 0..bytes.len() {
            for other in [bytes[place] ^ 1, bytes[place] ^ 0x20, bytes[place] ^ 0x80, b'\n', b'0'] {
                let mut changed = bytes.clone();
                changed[place] = other;
                let found = scan(changed.as_slice(), &name(sequence), |_| ());
                assert!(found.is_err() || other == bytes[place], "byte {place} of {sequence} as {other}: {found:?}");
            }
            let mut changed = bytes.clone();
            changed[place] ^= 4;
            std::fs::write(path(&media, sequence), &changed).unwrap();
            only_problem(&read(&outbox, &b.kept(), media.path()).unwrap(), sequence);
        }
        std::fs::write(path(&media, sequence), &bytes).unwrap();
    }
    // The first was read while the second was bad, and is not read again.
    assert_eq!(b.read_all(media.path()), 1);
    assert_eq!(b.bodies(), [body(0), body(1)]);
}

#[test]
fn every_cut_every_doubled_and_every_lost_line_is_found() {
    let (a, media) = (Zone::new("a"), tempfile::tempdir().unwrap());
    a.publish(&[&body(1), &body(2), &body(3)]);
    a.write(media.path());
    let bytes = std::fs::read(path(&media, 1)).unwrap();
    let check = |bytes: &[u8]| scan(bytes, &name(1), |_| ());
    assert!(check(&bytes).is_ok());
    for cut in 0..bytes.len() {
        let found = check(&bytes[..cut]);
        assert!(matches!(found, Err(BundleFault::CutOff | BundleFault::NoManifest)), "cut at {cut}: {found:?}");
    }
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() {
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        assert!(check(&doubled.concat()).is_err(), "line {at} twice");
        let mut lost = lines.clone();
        lost.remove(at);
        assert!(check(&lost.concat()).is_err(), "line {at} lost");
    }
    let swapped = [lines[1], lines[0], lines[2], lines[3]].concat();
    assert!(matches!(check(&swapped), Err(BundleFault::Differs { what: "sha256", .. })));
    assert!(check(&[&bytes[..], &bytes[..]].concat()).is_err());
    let converted = String::from_utf8(bytes.clone()).unwrap().replace('\n', "\r\n");
    let said = check(converted.as_bytes()).unwrap_err().to_string();
    assert!(said.contains("line ends were converted on the way"), "{said}");
    assert!(check(&[b"\xef\xbb\xbf", &bytes[..]].concat()).is_err());
}

#[test]
fn what_was_changed_is_named() {
    let (_a, media) = sent(1);
    let text = std::fs::read_to_string(path(&media, 1)).unwrap();
    for (from, to, said) in [
        ("\"n\":0", "\"n\":7", "it was changed: sha256 is "),
        ("\"n\":0}", "\"n\":0", "(line 1: not a record: EOF while parsing an object"),
        ("\"count\":1", "\"count\":2", "it was changed: count is 1, its manifest says 2; copy it again"),
        ("\"last\":1", "\"last\":2", "it was changed: last is 1, its manifest says 2; copy it again"),
        ("\"written\":\"2020", "\"written\":\"2021", "it was changed: the seal of its manifest does not fit"),
        ("\"sequence\":1", "\"sequence\":2", "the seal of its manifest does not fit"),
        ("\"first\":1,", "\"first\":1, ", "the seal of its manifest does not fit"),
        ("{\"bundle\":1", "{\"bundle\":2", "it has format 2, this program knows 1; update the side that is older"),
        ("{\"bundle\":1,", "{\"bundle\":1,\"more\":1,", "its last line is no manifest"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = scan(text.replacen(from, to, 1).as_bytes(), &name(1), |_| ()).unwrap_err().to_string();
        assert!(error.contains(said), "{from}: {error}");
    }
}

#[test]
fn a_gap_is_named_with_all_that_is_missing_and_heals() {
    let (b, (a, media)) = (Zone::new("b"), sent(8));
    for sequence in [2, 5, 6] {
        std::fs::remove_file(path(&media, sequence)).unwrap();
    }
    let done = b.read(media.path());
    let said = only_problem(&done, 3);
    assert!(said.contains("there is a gap before it, missing: 2, 5 to 6; look for them"), "{said}");
    assert!(said.contains("`shihyo bundle write --to DIR --resend 7`"), "{said}");
    assert_eq!((done.taken["a"].sequences.as_slice(), b.bodies().len()), (&[1][..], 1));
    a.try_write(media.path(), 7).unwrap();
    assert_eq!(b.read_all(media.path()), 7);
    assert_eq!(b.bodies(), a.bodies());
    // A new reader has no memory: what came before the folder's first bundle is a gap too.
    std::fs::remove_file(path(&media, 1)).unwrap();
    assert!(told(&Zone::new("c").read(media.path())).contains("missing: 1; look for them"));
}

#[test]
fn swapped_and_renamed_bundles_are_named() {
    let (b, (_a, media)) = (Zone::new("b"), sent(3));
    let aside = media.path().join("aside");
    std::fs::rename(path(&media, 2), &aside).unwrap();
    std::fs::rename(path(&media, 3), path(&media, 2)).unwrap();
    std::fs::rename(&aside, path(&media, 3)).unwrap();
    let said = only_problem(&b.read(media.path()), 2);
    assert!(said.contains("it was renamed: its manifest says a-00000003.jsonl"), "{said}");
    assert_eq!(b.bodies(), [body(0)]);
}

#[test]
fn bundles_of_another_log_with_the_same_id_are_named_also_long_after() {
    let (b, (_a, media)) = (Zone::new("b"), sent(2));
    b.read_all(media.path());
    let other = Zone { clock: TestClock::at(Micros(NOW.0 - 1)), ..Zone::new("a") };
    let others = tempfile::tempdir().unwrap();
    numbered(&other, others.path(), 0..3);
    let said = only_problem(&b.read(others.path()), 1);
    assert!(said.contains("it is of another log"), "{said}");
    std::fs::copy(path(&others, 3), path(&media, 3)).unwrap();
    let said = only_problem(&b.read(media.path()), 3);
    assert!(said.contains("it is of another log"), "{said}");
    // Also where the bundle itself is too old to be remembered.
    let (b, (_a, media)) = (Zone::new("b"), sent(KEPT_BUNDLES as usize + 2));
    b.read_all(media.path());
    only_problem(&b.read(others.path()), 1);
    assert_eq!(b.bodies().len(), KEPT_BUNDLES as usize + 2);
}

#[test]
fn a_replaced_bundle_with_a_good_seal_is_named() {
    // The same log up to its second record: a copy that went its own way.
    let (b, (a, media)) = (Zone::new("b"), sent(1));
    let twin = Zone::new("a");
    std::fs::copy(a.bus(), twin.bus()).unwrap();
    std::fs::create_dir(twin.kept()).unwrap();
    std::fs::copy(path(&media, 1), twin.kept().join(name(1).to_string())).unwrap();
    let twins = tempfile::tempdir().unwrap();
    numbered(&twin, twins.path(), 70..72);
    numbered(&a, media.path(), 1..2);
    b.read_all(media.path());
    let said = only_problem(&b.read(twins.path()), 2);
    assert!(said.contains("it was read before with other content (SHA-256 "), "{said}");
    std::fs::copy(path(&twins, 3), path(&media, 3)).unwrap();
    let said = only_problem(&b.read(media.path()), 3);
    assert!(said.contains("it does not follow the bundle before it: that has SHA-256 "), "{said}");
    assert_eq!(b.bodies(), [body(0), body(1)]);
}

#[test]
fn a_writer_that_was_restored_from_a_backup_is_led_out_by_its_message() {
    let (b, (a, media)) = (Zone::new("b"), sent(1));
    let (backup, kept) = (std::fs::read(a.bus()).unwrap(), files(&a.kept()));
    numbered(&a, media.path(), 1..3);
    b.read_all(media.path());
    for file in files(&a.kept()).iter().filter(|file| !kept.contains(file)) {
        std::fs::remove_file(a.kept().join(file)).unwrap();
    }
    for file in files(a.folder.path()).iter().filter(|file| file.starts_with("bus.db-")) {
        std::fs::remove_file(a.folder.path().join(file)).unwrap();
    }
    std::fs::write(a.bus(), backup).unwrap();
    a.publish(&[&body(70)]);
    let remedy = "if the data of its collector was restored from a backup, give that collector another `collector.id`";
    // The folder still has the bundles of before.
    let error = a.try_write(media.path(), 1).unwrap_err().to_string();
    assert!(error.contains(remedy), "{error}");
    // Another folder takes it, and its reader leads out.
    let others = tempfile::tempdir().unwrap();
    a.try_write(others.path(), 1).unwrap();
    let said = only_problem(&b.read(others.path()), 2);
    assert!(said.contains(remedy), "{said}");
    // As it says: the whole log comes again, and with it what is new.
    let renamed = Zone { id: "a-2", ..a };
    empty(others.path());
    renamed.write(others.path());
    b.read_all(others.path());
    assert!(b.bodies().contains(&body(70)), "{:?}", b.bodies());
}

#[test]
fn a_bad_bundle_stops_its_collector_only() {
    let (b, (_a, media)) = (Zone::new("b"), sent(3));
    let other = Zone::new("other");
    numbered(&other, media.path(), 10..12);
    std::fs::write(path(&media, 2), "{}\n").unwrap();
    let done = b.read(media.path());
    only_problem(&done, 2);
    assert_eq!((done.taken["a"].records, done.taken["other"].records), (1, 2));
    assert_eq!(b.bodies(), [body(0), body(10), body(11)]);
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(scan(bytes.as_slice(), &name(1), |_| ()).is_err());
    }
}
