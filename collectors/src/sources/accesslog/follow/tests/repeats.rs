//! Parts, concatenations and rewritten files: each line counts once, or its hour is unknown and the file is named.

use super::world::World;
use std::fs;
use std::time::{Duration, UNIX_EPOCH};

/// The reasons and names of the rejects so far.
fn named(world: &World) -> Vec<(&'static str, String)> {
    world.rejects.iter().map(|one| (one.reason, one.place.sheet.clone().unwrap_or_default())).collect()
}

fn text(world: &World, name: &str) -> String {
    fs::read_to_string(world.path(name)).unwrap()
}

#[test]
fn parts_and_the_whole_count_once_in_whatever_order_they_come() {
    // Parts shorter and longer than what identifies a file, and the whole in both orders.
    for lines in [10, 100] {
        for order in [["10.log", "11.log"], ["11.log", "10.log"]] {
            for packed in [false, true] {
                let mut first = World::new("finished = true");
                first.write("10.log", &vec![10; lines]);
                first.write("11.log", &vec![11; lines]);
                let parts = ["10.log", "11.log"].map(|name| (name, text(&first, name)));
                let whole = order.map(|name| text(&first, name)).concat();
                let right = format!("10={lines} 11={lines}");
                // What is delivered at each poll: 0 and 1 are the parts, 2 is the whole, 3 removes all.
                for polls in [
                    &[&[0, 1, 2][..]][..],
                    &[&[0, 1], &[2], &[3], &[0]],
                    &[&[2], &[0], &[1]],
                    &[&[2], &[3], &[1, 0]],
                    &[&[0], &[2]],
                    &[&[0, 1], &[3, 2], &[3, 0], &[1]],
                ] {
                    let mut world = World::new("finished = true");
                    let mut hour = 48;
                    for poll in polls {
                        for what in *poll {
                            match what {
                                3 => {
                                    fs::remove_dir_all(world.path("")).unwrap();
                                    fs::create_dir(world.path("")).unwrap();
                                }
                                2 if packed => {
                                    world.append("whole", &whole);
                                    world.pack("whole", "2022-04.log.gz");
                                }
                                2 => fs::write(world.path("2022-04.log"), &whole).unwrap(),
                                part => fs::write(world.path(parts[*part].0), &parts[*part].1).unwrap(),
                            }
                        }
                        if fs::read_dir(world.path("")).unwrap().next().is_some() {
                            world.limit = if packed { u64::MAX } else { 700 };
                            world.poll(hour);
                            world.limit = u64::MAX;
                            world.poll(hour + 1);
                            hour += 2;
                        }
                    }
                    assert_eq!(world.shown(0), right, "{lines} {order:?} packed: {packed} {polls:?}");
                    assert_eq!(world.rejects, [], "{polls:?}");
                }
            }
        }
    }
}

#[test]
fn a_whole_of_known_and_new_parts_adds_the_new_ones() {
    let mut world = World::new("finished = true");
    for hour in [1, 2, 3, 4] {
        world.write(&format!("{hour}.log"), &[hour; 5]);
    }
    let all = [1, 4, 2, 3].map(|hour| text(&world, &format!("{hour}.log"))).concat();
    fs::remove_file(world.path("4.log")).unwrap();
    fs::remove_file(world.path("3.log")).unwrap();
    world.poll(48);
    assert_eq!(world.shown(0), "1=5 2=5");
    world.append("all.log", &all);
    world.poll(49);
    assert_eq!(world.shown(0), "1=5 2=5 3=5 4=5", "a new part in the middle, and one at the end");
    assert_eq!(world.rejects, []);
}

#[test]
fn two_logs_of_the_same_hours_are_added() {
    let mut world = World::new("finished = true");
    for name in ["web1.log", "web2.log"] {
        world.write(name, &[1, 2, 2, 3, 3, 3]);
    }
    world.poll(48);
    world.write("web3.log", &[1, 2, 3]);
    world.poll(49);
    assert_eq!(world.shown(0), "1=3 2=5 3=7");
    assert_eq!(world.rejects, []);
}

#[test]
fn a_part_that_differs_in_one_hour_is_named_and_the_hour_is_unknown() {
    let mut world = World::new("finished = true");
    world.write("a.log", &[1, 2, 2, 3, 4]);
    let lines: Vec<String> = text(&world, "a.log").lines().map(|line| format!("{line}\n")).collect();
    world.poll(48);
    world.append("part.log", &lines[2..].concat());
    world.poll(49);
    assert_eq!(world.shown(0), "1=1 2=partial_hour 3=1 4=1");
    assert_eq!(named(&world), [("repeated_file", "part.log".to_owned())]);
}

/// Replaces a line of a file, in place or by another file.
fn edit(world: &World, name: &str, at: usize, with: &str, in_place: bool) {
    let text = text(world, name);
    let mut lines: Vec<&str> = text.lines().collect();
    lines[at] = with;
    lines.retain(|line| !line.is_empty());
    let text = lines.iter().flat_map(|line| [line.trim_end(), "\n"]).collect::<String>();
    if !in_place {
        fs::remove_file(world.path(name)).unwrap();
    }
    fs::write(world.path(name), text).unwrap();
    // A change within one tick of the file system's clock would not be seen.
    let later = UNIX_EPOCH + Duration::from_secs(1_700_000_000 + u64::try_from(world.rejects.len()).unwrap());
    fs::File::options().append(true).open(world.path(name)).unwrap().set_modified(later).unwrap();
}

#[test]
fn a_finished_file_that_is_rewritten_is_named_and_its_changed_hours_are_unknown() {
    // A long file is changed behind the bytes that identify it, a short one within them.
    for (lines, in_place) in [(3, true), (3, false), (100, true), (100, false)] {
        let mut world = World::new("finished = true");
        let hours: Vec<i64> = [1, 2, 3].into_iter().flat_map(|hour| vec![hour; lines]).collect();
        world.write("a.log", &hours);
        world.poll(48);
        assert_eq!(world.shown(0), format!("1={lines} 2={lines} 3={lines}"));
        // Its lines of hour 3 stay as many, with another address; one of hour 2 is gone.
        edit(
            &world,
            "a.log",
            3 * lines - 1,
            &world.line_at("01/Apr/2022:03:59:00 +0900").replace(".1 ", ".9 "),
            in_place,
        );
        world.poll(49);
        assert_eq!(world.shown(0), format!("1={lines} 2={lines} 3={lines}"), "as many lines as before");
        assert_eq!(named(&world), [("changed_file", "a.log".to_owned())], "{lines} {in_place}");
        edit(&world, "a.log", 2 * lines - 1, "", in_place);
        world.poll(50);
        assert_eq!(world.shown(0), format!("1={lines} 2=partial_hour 3={lines}"), "{lines} {in_place}");
        assert_eq!(world.rejects.len(), 2);
        world.poll(51);
        assert_eq!(world.rejects.len(), 2, "named once");
    }
}

#[test]
fn a_file_whose_first_lines_are_rewritten_is_named_and_not_counted_again() {
    for keys in ["finished = true", ""] {
        let mut world = World::new(keys);
        world.write("a.log", &[1, 1, 2, 2, 3]);
        world.poll(3);
        edit(&world, "a.log", 0, "", true);
        for hour in [3, 5] {
            world.poll(hour);
        }
        let shown = world.shown(1);
        assert!(shown.starts_with("1=partial_hour 2=2 3="), "{shown}");
        assert_eq!(named(&world), [("changed_file", "a.log".to_owned())], "{keys}");
    }
}

#[test]
fn a_growing_log_that_is_changed_in_the_middle_is_named() {
    for in_place in [true, false] {
        let mut world = World::new("");
        let hours: Vec<i64> = [1, 2, 3].into_iter().flat_map(|hour| vec![hour; 60]).collect();
        world.write("a.log", &[&[0][..], &hours].concat());
        world.poll(3);
        edit(&world, "a.log", 100, "", in_place);
        world.write("a.log", &[4, 4]);
        world.poll(4);
        world.write("a.log", &[4, 5]);
        world.poll(7);
        assert_eq!(world.shown(1), "1=60 2=partial_hour 3=60 4=3 5=1 6=0? 7=0?", "{in_place}");
        assert_eq!(named(&world), [("changed_file", "a.log".to_owned())]);
    }
}

#[test]
fn a_name_that_is_used_again_for_the_next_lines_is_no_change() {
    let mut world = World::new("finished = true");
    world.write("latest.log", &[1, 2, 3]);
    world.poll(48);
    fs::remove_file(world.path("latest.log")).unwrap();
    world.write("latest.log", &[3, 4]);
    world.poll(49);
    assert_eq!(world.shown(0), "1=1 2=1 3=2 4=1");
    assert_eq!(world.rejects, []);
}
