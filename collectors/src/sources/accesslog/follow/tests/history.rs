//! The first poll of a folder.

use super::world::World;

#[test]
fn the_day_of_a_missing_or_unread_rotation_is_unknown_and_the_file_is_named() {
    for packed in [true, false] {
        let mut world = World::new("");
        let day = |day: i64| (0..24).map(|hour| day * 24 + hour).collect::<Vec<_>>();
        for (name, at) in [("a.log.4", 0), ("a.log.3", 1), ("a.log.1", 3), ("a.log", 4)] {
            world.write(name, &day(at));
        }
        world.pack("a.log.4", "a.log.4.gz");
        world.pack("a.log.3", "a.log.3.gz");
        if packed {
            world.append("a.log.2.xz", "packed");
        }
        world.poll(119);
        for hour in 1..120 {
            let right = if (47..=72).contains(&hour) { "partial_hour" } else { "1" };
            let shown = world.shown(hour);
            assert!(shown.starts_with(&format!("{hour}={right}")), "{hour}: {shown}");
        }
        let named: Vec<_> = world.rejects.iter().map(|one| (one.reason, one.place.sheet.as_deref())).collect();
        assert_eq!(named, if packed { vec![("unread_file", Some("a.log.2.xz"))] } else { vec![] });
    }
}

#[test]
fn hours_between_a_file_and_its_successor_and_while_it_was_followed_are_0() {
    let mut world = World::new("");
    world.write("a.log.2", &[0, 1]);
    world.write("a.log.1", &[4, 6]);
    world.write("a.log", &[8]);
    world.poll(12);
    assert_eq!(world.shown(1), "1=1 2=0 3=0 4=1 5=0 6=1 7=0 8=1 12=partial_hour?", "nothing proves 9 to 11");
    world.poll(15);
    assert_eq!(world.shown(12), "12=partial_hour 13=0 14=0? 15=0?");
}
