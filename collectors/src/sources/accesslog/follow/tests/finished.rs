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
