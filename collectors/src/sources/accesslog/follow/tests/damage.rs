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
    assert_eq!(
        world.shown(0),
        "0=1 1=partial_hour 2=partial_hour? 3=partial_hour?",
        "the last line may be of any of these"
    );
    assert_eq!(world.most, 24_000, "figures of one poll");
    assert_eq!(world.rejects.iter().map(|reject| reject.place.row).collect::<Vec<_>>(), [Some(4)]);
}

#[test]
fn reports_of_bad_files_are_limited() {
    let mut world = World::new("finished = true");
    for file in 0..200 {
        world.write(&format!("{file}.txt"), &[1]);
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

/// A line of hour 12 that the combined form does not fit.
const OTHER_FORM: &str = "10.0.0.1 - [01/Apr/2022:12:49:51 +0900] \"GET /app/b HTTP/1.1\" 200 163\n";

#[test]
fn the_hour_of_a_line_in_another_format_is_unknown() {
    // The lines before and after, the line, and what is published of a finished file and of a growing log.
    let rows = [
        (vec![12], OTHER_FORM, vec![12], "12=partial_hour", "12=partial_hour 13=0 14=0 15=0? 16=0?"),
        (vec![11], OTHER_FORM, vec![13], "11=1 12=partial_hour 13=1", "11=1 12=partial_hour 13=1 14=0 15=0? 16=0?"),
        (
            vec![12],
            "torn\n",
            vec![14],
            "12=partial_hour 13=partial_hour 14=partial_hour",
            "12=partial_hour 13=partial_hour 14=partial_hour 15=0? 16=0?",
        ),
        (
            vec![12],
            "torn\n",
            vec![],
            "12=partial_hour",
            "12=partial_hour 13=partial_hour 14=partial_hour 15=partial_hour? 16=partial_hour?",
        ),
        (vec![12, 14], "# a remark\n", vec![14], "12=1 13=0 14=2", "12=1 13=0 14=2 15=0? 16=0?"),
    ];
    for (before, line, after, finished, grown) in rows {
        for (keys, right) in [("finished = true", finished), ("", grown)] {
            let mut world = World::new(&format!("{keys}\n[source.rule]\nnot_lines = ['#']"));
            if keys.is_empty() {
                world.write("a.log", &[10]);
                world.poll(10);
            }
            world.write("a.log", &before);
            world.append("a.log", line);
            world.write("a.log", &after);
            for limit in [300, u64::MAX] {
                world.limit = limit;
                world.poll(16);
            }
            let shown = world.shown(before[0]);
            assert_eq!(shown, right, "{keys}: {line}");
            assert_eq!(world.rejects.len(), usize::from(!line.starts_with('#')), "{line}");
        }
    }
}

#[test]
fn a_file_of_which_no_line_can_be_read_fails_the_poll_and_the_message_names_the_format() {
    let mut world = World::new("");
    world.append("a.log", OTHER_FORM);
    let failed = world.advance().unwrap_err();
    assert_eq!(failed.label(), "no_log_line");
    let message = "no line of a.log, from line 1 on, has the `format` \"combined\"; set `format` to that of the lines";
    assert_eq!(failed.to_string(), message);
    world.write("a.log", &[13]);
    world.poll(14);
    assert_eq!(
        world.shown(12),
        "12=partial_hour 13=partial_hour? 14=partial_hour?",
        "nothing proves the hour without lines"
    );
}

#[test]
fn a_request_in_absolute_form_counts_and_one_of_an_unknown_form_makes_its_hour_unknown() {
    let mut world = World::new("finished = true\n[source.rule]\npaths = ['/app/']");
    for (hour, request) in [(1, "GET http://www.example.jp/app/top HTTP/1.1"), (2, "GET app/top HTTP/1.1")] {
        let line = world.line(hour).replace("/app/", "/other/");
        world.append("a.log", &line);
        let other = world.line(hour);
        let (from, to) = (other.find('"').unwrap() + 1, other.find("\" 200").unwrap());
        world.append("a.log", &format!("{}{request}{}", &other[..from], &other[to..]));
    }
    world.poll(48);
    assert_eq!(world.shown(0), "1=1 2=partial_hour");
    assert_eq!(world.rejects.len(), 1);
}
