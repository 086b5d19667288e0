//! A call that ends between any two of its steps, as by a power cut.

use super::*;
use crate::bundle::{BundleFault, BundleName, KEPT_BUNDLES};
use std::io;

fn cut(done: usize, steps: &mut Vec<WriteStage>, step: WriteStage) -> Result<(), BundleError> {
    steps.push(step);
    if steps.len() > done {
        return Err(BundleError::File { action: "go on", path: PathBuf::new(), source: io::Error::other("cut") });
    }
    Ok(())
}

#[test]
fn cut_after_any_step_nothing_is_lost_doubled_or_out_of_order() {
    let mut seen = Vec::new();
    for done in 0.. {
        let (mut a, b, media) = (Zone::new("a"), Zone::new("b"), tempfile::tempdir().unwrap());
        a.limits.records = 2;
        let bodies: Vec<String> = (0..5).map(body).collect();
        a.publish(&bodies.iter().map(String::as_str).collect::<Vec<_>>());
        let mut steps = Vec::new();
        let ended = a.write_until(media.path(), 0, &mut |step| cut(done, &mut steps, step));
        // What is there is carried away and read; the folder is empty again.
        b.read_all(media.path());
        empty(media.path());
        a.publish(&[&body(5)]);
        // Nothing is asked for again: what did not arrive is known without that.
        a.try_write(media.path(), 0).unwrap();
        b.read_all(media.path());
        assert_eq!(b.bodies(), a.bodies(), "cut after {steps:?}");
        assert_eq!(b.bodies().len(), 6);
        seen.extend(steps);
        if ended.is_ok() {
            break;
        }
    }
    for step in [WriteStage::Kept, WriteStage::Noted, WriteStage::Sent, WriteStage::NotedSent] {
        assert!(seen.contains(&step), "{step:?} was never the last");
    }
}

#[test]
fn cut_while_old_bundles_are_dropped_or_sent_again_it_goes_on() {
    let (a, b, media) = (Zone::new("a"), Zone::new("b"), tempfile::tempdir().unwrap());
    numbered(&a, media.path(), 0..KEPT_BUNDLES as usize);
    b.read_all(media.path());
    empty(media.path());
    a.publish(&[&body(99)]);
    for done in 0..40 {
        let mut steps = Vec::new();
        if a.write_until(media.path(), KEPT_BUNDLES, &mut |step| cut(done, &mut steps, step)).is_ok() {
            break;
        }
    }
    b.read_all(media.path());
    assert_eq!(b.bodies(), a.bodies());
    let kept = files(&a.kept()).iter().filter(|file| BundleName::parse(file).is_some()).count();
    assert_eq!(kept, KEPT_BUNDLES as usize);
}

#[test]
fn what_an_interrupted_copy_left_is_overwritten_and_never_followed() {
    let (a, media, elsewhere) = (Zone::new("a"), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let victim = elsewhere.path().join("victim");
    std::fs::write(&victim, "kept").unwrap();
    std::os::unix::fs::symlink(&victim, media.path().join(".a-00000001.jsonl.partial")).unwrap();
    std::fs::create_dir(a.kept()).unwrap();
    std::fs::write(a.kept().join(".a-00000001.jsonl.partial"), "half").unwrap();
    a.publish(&[&body(0)]);
    a.write(media.path());
    assert_eq!(files(media.path()), ["a-00000001.jsonl"]);
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "kept");
    assert_eq!(Zone::new("b").read_all(media.path()), 1);
}

#[test]
fn a_bundle_lost_before_it_was_sent_is_named_and_another_id_bundles_the_whole_log() {
    let (mut a, b, media) = (Zone::new("a"), Zone::new("b"), tempfile::tempdir().unwrap());
    a.publish(&[&body(0)]);
    let mut steps = Vec::new();
    a.write_until(media.path(), 0, &mut |step| cut(1, &mut steps, step)).unwrap_err();
    assert_eq!(steps, [WriteStage::Kept, WriteStage::Noted]);
    let kept = a.kept().join("a-00000001.jsonl");
    let bytes = std::fs::read(&kept).unwrap();
    std::fs::remove_file(&kept).unwrap();
    let error = a.try_write(media.path(), 0).unwrap_err();
    assert!(matches!(error, BundleError::Lost { fault: BundleFault::Io(_), .. }), "{error}");
    std::fs::write(&kept, &bytes[1..]).unwrap();
    let error = a.try_write(media.path(), 0).unwrap_err();
    assert!(matches!(error, BundleError::Lost { fault: BundleFault::Differs { .. }, .. }), "{error}");
    a.id = "a2";
    a.write(media.path());
    assert_eq!(b.read_all(media.path()), 1);
}
