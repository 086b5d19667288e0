//! Files that are damaged, clocks that are wrong, histories of years.

use super::world::{START, World};
use contract::record::Value;
use std::fs::{self, File};
use std::time::{Duration, UNIX_EPOCH};

/// Sets when a file was last written.
fn written(world: &World, name: &str, hour: i64) {
    let time = UNIX_EPOCH + Duration::from_secs(u64::try_from((START + hour) * 3600).unwrap());
    File::options().append(true).open(world.path(name)).unwrap().set_modified(time).unwrap();
}

/// Cuts a file in half.
fn halve(world: &World, name: &str) {
    let file = File::options().write(true).open(world.path(name)).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
}

#[test]
fn a_truncated_finished_file_is_counted_once_it_is_complete() {
    let mut world = World::new("finished = true");
    world.write("1.log", &[0, 1]);
    world.write("2.log", &vec![2; 3000]);
    world.pack("2.log", "2.log.gz");
    fs::copy(world.path("2.log.gz"), world.path("../whole")).unwrap();
    halve(&world, "2.log.gz");
    written(&world, "2.log.gz", 50);
    for hour in [50, 51, 52, 53] {
        world.poll(hour);
    }
    assert_eq!(world.shown(0), "0=1 1=1", "the others count, and nothing of it");
    let rejects: Vec<_> = world.rejects.iter().map(|reject| (reject.reason, reject.place.sheet.as_deref())).collect();
    assert_eq!(rejects, [("damaged_file", Some("2.log.gz")); 2], "while it may be arriving, and once more");
    fs::copy(world.path("../whole"), world.path("2.log.gz")).unwrap();
    world.poll(54);
    assert_eq!(world.shown(0), "0=1 1=1 2=3000");
}

#[test]
fn hours_of_a_damaged_rotated_file_are_unknown() {
    let mut world = World::new("");
    world.write("a.log", &[0, 1]);
    world.poll(1);
    for hour in [1, 2, 3] {
        world.write("a.log", &vec![hour; 1000]);
    }
    world.pack("a.log", "a.log.1.gz");
    halve(&world, "a.log.1.gz");
    written(&world, "a.log.1.gz", 3);
    world.write("a.log", &[4]);
    world.now = (3, 30);
    let waits = world.advance().unwrap_err();
    assert_eq!(waits.to_string(), "the compressed file a.log.1.gz is truncated or damaged", "it may still be written");
    world.poll(6);
    assert_eq!(world.shown(1), "1=partial_hour 2=partial_hour 3=partial_hour 4=1 5=0? 6=0?");
}

#[test]
fn a_server_that_keeps_its_offset_in_a_truncated_log_loses_nothing() {
    let mut world = World::new("");
    world.write("a.log", &[0]);
    world.poll(0);
    for hour in 1..4 {
        world.write("a.log", &vec![hour; 2000]);
        let place = fs::metadata(world.path("a.log")).unwrap().len();
        if hour > 1 {
            world.rename("a.log.1", &format!("a.log.{hour}"));
        }
        world.copy_and_cut("a.log", "a.log.1");
        File::options().write(true).open(world.path("a.log")).unwrap().set_len(place).unwrap();
        world.write("a.log", &[hour]);
    }
    let zeros = fs::read(world.path("a.log")).unwrap().iter().position(|byte| *byte != 0);
    assert!(zeros > Some(400_000), "{zeros:?} zeros: more than any line, and than any chunk");
    world.write("a.log", &[4]);
    world.poll(5);
    assert_eq!(world.shown(1), "1=2001 2=2001 3=2001 4=1? 5=0?");
    assert_eq!(world.rejects, []);
}

#[test]
fn a_line_of_a_clock_far_ahead_is_bad_and_one_far_behind_stops_nothing() {
    let mut world = World::new("");
    world.write("a.log", &[-8760 * 9, 0, 1]);
    world.append("a.log", &world.line_at("10/Oct/2099:13:55:36 +0900"));
    world.poll(3);
    let hours: Vec<i64> = world.published.keys().copied().collect();
    assert_eq!((hours.len(), hours[0], hours[hours.len() - 1]), (8760 * 9 + 4, -8760 * 9, 3));
    assert_eq!(world.shown(0), "0=1 1=1 2=0? 3=0?");
    assert_eq!(world.most, 24_000, "figures of one poll");
    assert_eq!(world.rejects.iter().map(|reject| reject.place.row).collect::<Vec<_>>(), [Some(4)]);
}

#[test]
fn reports_of_bad_files_are_limited() {
    let mut world = World::new("finished = true");
    for file in 0..200 {
        world.append(&format!("{file}.txt"), &format!("{file} is no log\n").repeat(30));
    }
    world.poll(3);
    assert_eq!(world.rejects.len(), 2_000);
    assert_eq!(world.published.values().filter(|(value, _)| matches!(value, Value::Known(_))).count(), 0);
}

#[test]
fn an_unreadable_compressed_file_is_named_and_a_pipe_is_no_log() {
    let mut world = World::new("");
    world.write("a.log", &[0, 1]);
    let pipe = std::process::Command::new("mkfifo").arg(world.path("a.log.pipe")).status();
    assert!(pipe.unwrap().success());
    fs::write(world.path("a.log.1.gz"), b"\x1F\x8B\x08 and no more of it").unwrap();
    written(&world, "a.log.1.gz", 1);
    world.poll(1);
    assert_eq!(world.shown(1), "1=1?", "it may be on its way");
    world.now = (2, 30);
    assert_eq!(world.advance().unwrap_err().to_string(), "the compressed file a.log.1.gz is truncated or damaged");
}
