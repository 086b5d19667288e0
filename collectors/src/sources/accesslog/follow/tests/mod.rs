mod any_order;
mod container;
mod damage;
mod finished;
mod history;
mod repeats;
mod world;

use super::super::line::time::first_hour;
use crate::testing::made;
use contract::record::{Finality, Value};
use std::fs;
use world::{START, World};

#[test]
fn a_growing_log_is_counted_by_hour_and_the_first_hour_is_partial() {
    let mut world = World::new("");
    assert_eq!(first_hour(19_083), START);
    world.write("a.log", &[0, 0, 1, 1, 1, 3]);
    world.poll(3);
    assert_eq!(world.shown(0), "0=partial_hour 1=3 2=0? 3=1?");
    world.write("a.log", &[3, 2, 4]);
    world.poll(4);
    assert_eq!(world.shown(1), "1=3 2=1 3=2? 4=1?", "a late line counts in its own hour");
    world.poll(6);
    assert_eq!(world.shown(1), "1=3 2=1 3=2 4=1 5=0? 6=0?");
}

#[test]
fn a_line_counts_when_it_has_ended() {
    let mut world = World::new("");
    world.write("a.log", &[0]);
    world.poll(0);
    let line = world.line(1);
    let (half, rest) = line.split_at(40);
    world.append("a.log", half);
    world.poll(1);
    assert_eq!(world.shown(1), "1=0?");
    world.append("a.log", rest);
    world.poll(1);
    assert_eq!(world.shown(1), "1=1?");
}

#[test]
fn no_rotation_loses_a_line_or_counts_one_twice() {
    type Rotation = fn(&mut World);
    let rows: [(&str, Rotation); 9] = [
        ("renamed and created", |w| {
            w.write("a.log", &[2]);
            w.rename("a.log", "a.log.1");
            w.write("a.log", &[2]);
        }),
        ("renamed, written to once more, and created", |w| {
            w.rename("a.log", "a.log-20220401");
            w.poll(2);
            w.write("a.log-20220401", &[2]);
            w.write("a.log", &[2]);
        }),
        ("renamed and not created yet", |w| {
            w.write("a.log", &[2]);
            w.rename("a.log", "a.log.1");
            w.poll(2);
            w.write("a.log", &[2]);
        }),
        ("compressed between two polls", |w| {
            w.write("a.log", &[2]);
            w.rename("a.log", "a.log.1");
            w.pack("a.log.1", "a.log.1.gz");
            w.write("a.log", &[2]);
        }),
        ("rotated twice between two polls", |w| {
            w.rename("a.log", "a.log.1");
            w.write("a.log", &[2]);
            w.rename("a.log.1", "a.log.2");
            w.pack("a.log.2", "a.log.2.gz");
            w.rename("a.log", "a.log.1");
            w.write("a.log", &[2]);
        }),
        ("copied and cut", |w| {
            w.write("a.log", &[2]);
            w.copy_and_cut("a.log", "a.log.1");
            w.write("a.log", &[2]);
        }),
        ("copied, polled, and truncated", |w| {
            w.write("a.log", &[2]);
            fs::copy(w.path("a.log"), w.path("a.log.1")).unwrap();
            w.poll(2);
            w.cut("a.log");
            w.write("a.log", &[2]);
        }),
        ("truncated under a writer that keeps its offset, which leaves zeros", |w| {
            w.write("a.log", &[2]);
            let length = fs::metadata(w.path("a.log")).unwrap().len();
            w.copy_and_cut("a.log", "a.log.1");
            fs::OpenOptions::new().write(true).open(w.path("a.log")).unwrap().set_len(length).unwrap();
            w.write("a.log", &[2]);
        }),
        ("a plain file beside its packed twin", |w| {
            w.write("a.log", &[2]);
            w.rename("a.log", "a.log.1");
            let copy = fs::read(w.path("a.log.1")).unwrap();
            w.pack("a.log.1", "a.log.1.gz");
            fs::write(w.path("a.log.1"), copy).unwrap();
            w.write("a.log", &[2]);
        }),
    ];
    for (name, rotate) in rows {
        let mut world = World::new("");
        world.write("a.log", &[0, 1, 1]);
        world.poll(1);
        rotate(&mut world);
        for hour in [2, 4] {
            world.poll(hour);
        }
        assert_eq!(world.shown(1), "1=2 2=2 3=0? 4=0?", "{name}");
        assert_eq!(world.rejects, [], "{name}");
    }
}

#[test]
fn a_swapped_link_is_another_file_and_the_old_one_is_read_to_its_end() {
    let mut world = World::new("rotated = 'day-*.log'");
    world.write("day-1.log", &[0, 1]);
    std::os::unix::fs::symlink(world.path("day-1.log"), world.path("a.log")).unwrap();
    world.poll(1);
    world.write("day-1.log", &[1]);
    world.write("day-2.log", &[2, 2]);
    fs::remove_file(world.path("a.log")).unwrap();
    std::os::unix::fs::symlink(world.path("day-2.log"), world.path("a.log")).unwrap();
    world.poll(2);
    world.poll(4);
    assert_eq!(world.shown(1), "1=2 2=2 3=0? 4=0?");
}

#[test]
fn hours_of_which_lines_may_be_lost_are_unknown() {
    let mut world = World::new("");
    world.write("a.log", &[0, 1, 2]);
    world.poll(2);
    world.write("a.log", &[3]);
    world.cut("a.log");
    world.write("a.log", &[5, 6]);
    world.poll(6);
    assert_eq!(
        world.shown(1),
        "1=1 2=partial_hour 3=partial_hour 4=partial_hour 5=partial_hour? 6=1?",
        "from when it was last read to the first line after the cut"
    );
    world.write("a.log", &[6, 7]);
    world.poll(9);
    assert_eq!(world.shown(5), "5=partial_hour 6=2 7=1 8=0? 9=0?");
    // One that had been rotated and read is removed by its rotation: nothing is lost.
    let mut world = World::new("");
    world.write("a.log", &[0, 1]);
    world.poll(1);
    world.rename("a.log", "a.log.1");
    world.write("a.log", &[2]);
    world.poll(2);
    fs::remove_file(world.path("a.log.1")).unwrap();
    world.poll(4);
    assert_eq!(world.shown(1), "1=1 2=1 3=0? 4=0?");
}

#[test]
fn bad_lines_are_reported_by_line_number_only() {
    let mut world = World::new("");
    world.write("a.log", &[0, 1]);
    world.poll(1);
    let crlf = world.line(1).replace('\n', "\r\n");
    let long = format!("{}\n", "x".repeat(1 << 20));
    world.append("a.log", &format!("{crlf}\r\n\n192.0.2.9 hello\n{long}\0\0\0{}", "\n"));
    world.write("a.log", &[1]);
    world.poll(3);
    assert_eq!(world.shown(1), "1=partial_hour 2=0? 3=0?");
    let places: Vec<Option<u32>> = world.rejects.iter().map(|reject| reject.place.row).collect();
    assert_eq!(places, [Some(6), Some(7)]);
    assert!(!format!("{:?}", world.rejects).contains("192.0.2.9"));
}

#[test]
fn a_line_without_an_end_is_skipped() {
    let mut world = World::new("");
    world.write("a.log", &[0, 1]);
    world.poll(1);
    world.limit = 2 << 20;
    world.append("a.log", &"x".repeat(5 << 20));
    world.poll(1);
    world.append("a.log", "\n");
    world.write("a.log", &[1]);
    world.poll(3);
    assert_eq!(world.shown(1), "1=partial_hour 2=0? 3=0?");
    assert_eq!(world.rejects.len(), 1);
}

#[test]
fn finished_files_count_once_in_every_form_of_delivery() {
    let mut world = World::new("finished = true");
    world.write("b.log", &[0, 0, 2]);
    let unended = world.line(2).trim_end().to_owned();
    world.append("b.log", &unended);
    world.poll(48);
    assert_eq!(
        world.shown(0),
        "0=2 1=0 2=2",
        "its first hour is whole, its last line counts, and later hours are not known"
    );
    let copy = fs::read(world.path("b.log")).unwrap();
    world.rename("b.log", "c.log");
    world.write("d.log", &[5]);
    fs::write(world.path("e.log"), &copy).unwrap();
    world.pack("e.log", "e.log.gz");
    world.poll(49);
    assert_eq!(world.shown(0), "0=2 1=0 2=2 3=partial_hour 4=partial_hour 5=1");
    for name in ["c.log", "e.log.gz"] {
        fs::remove_file(world.path(name)).unwrap();
    }
    world.poll(50);
    fs::write(world.path("again.log"), &copy).unwrap();
    world.poll(51);
    assert_eq!(world.shown(0), "0=2 1=0 2=2 3=partial_hour 4=partial_hour 5=1", "delivered again after it was removed");
}

#[test]
fn a_missing_log_is_a_failed_poll() {
    let world = World::new("");
    assert_eq!(world.advance().unwrap_err().label(), "not_found");
    assert_eq!(World::new("finished = true").advance().unwrap_err().label(), "no_files");
}

#[test]
fn another_rule_counts_from_the_next_hour_on() {
    let mut world = World::new("");
    world.write("a.log", &[0, 1]);
    world.poll(1);
    let keys =
        "kind = 'accesslog'\npath = 'logs/a.log'\nhits = { series = 'hits' }\n[source.rule]\nstatuses = ['2xx']\n";
    world.source = made(world.folder.path(), &[("hits", "回", "flow", "hour")], keys).unwrap();
    world.published.clear();
    world.write("a.log", &[1, 2]);
    world.poll(2);
    world.write("a.log", &[2, 3]);
    world.poll(3);
    world.poll(6);
    assert_eq!(world.shown(0), "2=partial_hour 3=1 4=0 5=0? 6=0?");
}

#[test]
fn visitors_are_counted_from_the_beginning_of_a_day_and_are_unknown_after_a_restart() {
    let mut world = World::new("");
    let keys = "kind = 'accesslog'\npath = 'logs/a.log'\nhits = { series = 'hits' }\nvisitors = { series = 'people' }";
    let both = [("hits", "回", "flow", "month"), ("people", "人", "flow", "day")];
    let begin = || made(world.folder.path(), &both, keys).unwrap();
    let visitors = |world: &World| -> Vec<(i64, Value)> {
        world
            .published
            .iter()
            .filter(|(hour, _)| **hour >= 0 && **hour < 48)
            .map(|(hour, figure)| (*hour, figure.0.clone()))
            .collect()
    };
    let (first, second, third) = (begin(), begin(), begin());
    world.source = first;
    world.write("a.log", &[-30]);
    world.poll(-1);
    for address in ["192.0.2.1", "192.0.2.1", "198.51.100.7", "2001:db8::7"] {
        let line = world.line(3).replace("192.0.2.1", address);
        world.append("a.log", &line);
    }
    world.poll(23);
    let visitors_of = |count| Value::Known(count);
    assert_eq!(visitors(&world), [(0, visitors_of(3))]);
    world.source = second;
    world.write("a.log", &[23, 25]);
    world.poll(26);
    let unknown = || Value::Unknown("not_counted".to_owned());
    assert_eq!(visitors(&world), [(0, unknown()), (24, unknown())], "its key is gone");
    world.poll(47);
    world.write("a.log", &[49, 50]);
    world.poll(71);
    world.published.clear();
    world.source = third;
    world.poll(73);
    assert_eq!(
        world.published.get(&48),
        Some(&(visitors_of(1), Finality::Final)),
        "a day that was over stands as it was counted"
    );
    world.write("a.log", &[71]);
    world.poll(74);
    assert_eq!(world.published.get(&48), Some(&(unknown(), Finality::Final)), "until something of it comes late");
    let stored: Vec<u8> = world.notes.values().flatten().copied().collect();
    for secret in ["192.0.2.1", "198.51.100.7", "2001:db8::7", "Mozilla"] {
        assert!(!String::from_utf8_lossy(&stored).contains(secret), "{secret} is in the notes");
    }
}

#[test]
fn days_and_months_are_sums_of_whole_hours_with_their_areas() {
    let mut world = World::new("");
    let keys = "kind = 'accesslog'\npath = 'logs'\nfinished = true\nhits = { series = 'hits' }\n[[source.area]]\nname = '一'\npaths = ['/app/1']\n";
    world.source = made(world.folder.path(), &[("hits", "回", "flow", "day")], keys).unwrap();
    let hours: Vec<i64> = (0..48).filter(|hour| *hour != 30).collect();
    world.write("1.log", &hours[..20]);
    world.now = (99, 0);
    let advanced = world.advance().unwrap();
    assert_eq!(advanced.parsed.figures[0].value, Value::Unknown("partial_hour".into()), "four hours are not there yet");
    world.notes = advanced.notes;
    world.write("2.log", &hours[20..]);
    let figures = world.advance().unwrap().parsed.figures;
    let shown: Vec<String> = figures.iter().map(crate::testing::show).collect();
    assert_eq!(shown, ["hits/d 2022-04-01..2022-04-02 = 24", "hits/d 2022-04-02..2022-04-03 = 23"]);
    let areas = figures[0].breakdown.as_ref().unwrap();
    assert_eq!(areas.values().sum::<i64>(), 24);
    assert_eq!(areas["一"], 11, "1 and 10 to 19");
}
