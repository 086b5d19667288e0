//! Folders of finished files.

use super::world::World;
use crate::testing::made;
use contract::record::Value;

#[test]
fn visitors_of_finished_files_are_counted_by_whole_days() {
    let mut world = World::new("finished = true");
    let keys = "kind = 'accesslog'\npath = 'logs'\nfinished = true\nvisitors = { series = 'people' }\n\
        hits = { series = 'hits' }";
    let both = [("hits", "回", "flow", "month"), ("people", "人", "flow", "day")];
    world.source = made(world.folder.path(), &both, keys).unwrap();
    let visitors = |world: &World| -> Vec<Value> {
        (0..60).filter_map(|day| Some(world.published.get(&(day * 24))?.0.clone())).collect()
    };
    // Rotated at 06:00 for thirty days; names that sort otherwise than their days.
    for file in 0..30 {
        for hour in file * 24 - 18..file * 24 + 6 {
            let line = world.line(hour).replace("192.0.2.1", &format!("192.0.2.{}", file % 7 + hour % 2));
            world.append(&format!("access.log.{file}"), &line);
        }
    }
    world.poll(24 * 100);
    let shown = visitors(&world);
    assert_eq!(shown.len(), 30);
    assert_eq!(shown[0], Value::Known(3), "visitors 0 and 1 of the first file, 1 and 2 of the second");
    assert!(shown[..29].iter().all(|value| matches!(value, Value::Known(2..=4))), "{shown:?}");
    assert_eq!(shown[29], Value::Unknown("not_counted".into()), "18 of its hours are not there");
    // What comes when the keys are gone cannot be told from the visitors counted before.
    world.write("late", &[30]);
    world.poll(24 * 100);
    let later = visitors(&world);
    assert_eq!(later[1], Value::Unknown("not_counted".into()));
    assert_eq!(later[2..], shown[2..]);
}

#[test]
fn a_file_that_is_replaced_by_a_longer_one_is_read_on() {
    for name in ["day10.log", "day10.log.gz"] {
        let mut world = World::new("finished = true");
        world.write("day10", &[0, 1, 2]);
        let text = std::fs::read_to_string(world.path("day10")).unwrap();
        let deliver = |world: &World| {
            if name.ends_with("gz") { world.pack("day10", name) } else { world.rename("day10", name) }
        };
        deliver(&world);
        world.poll(48);
        assert_eq!(world.shown(0), "0=1 1=1 2=1");
        world.append("day10", &text);
        world.write("day10", &[2, 2, 3, 3, 3, 3, 3]);
        deliver(&world);
        for hour in [49, 50] {
            world.poll(hour);
        }
        assert_eq!(world.shown(0), "0=1 1=1 2=3 3=5", "{name}");
    }
}

#[test]
fn files_that_are_concatenated_under_a_new_name_count_once() {
    // Short files, and files longer than what identifies one.
    for lines in [10, 100] {
        for packed in [false, true] {
            let mut world = World::new("finished = true");
            world.write("10.log", &vec![10; lines]);
            world.write("11.log", &vec![11; lines]);
            world.write("12.log", &vec![12; lines]);
            world.poll(48);
            let right = format!("10={lines} 11={lines} 12={lines}");
            assert_eq!(world.shown(0), right);
            for name in ["10.log", "11.log", "12.log"] {
                let text = std::fs::read_to_string(world.path(name)).unwrap();
                world.append("2022-04.log", &text);
                std::fs::remove_file(world.path(name)).unwrap();
            }
            if packed {
                world.pack("2022-04.log", "2022-04.log.gz");
            }
            for hour in [49, 50] {
                world.poll(hour);
            }
            assert_eq!(world.shown(0), right, "packed: {packed}");
        }
    }
}
