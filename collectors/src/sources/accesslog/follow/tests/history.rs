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

#[test]
fn the_last_dated_rotation_that_is_missing_makes_its_hours_unknown() {
    for (dates, first, right) in [
        // The growing log began on the day of the last rotation, or a rotation later.
        (["20220401", "20220402"], 28, "26=1 27=0 28=1"),
        (["20220401", "20220402"], 60, "26=partial_hour 27=partial_hour 28=partial_hour"),
    ] {
        let mut world = World::new("");
        world.write(&format!("a.log-{}", dates[0]), &[-20, 2]);
        world.write(&format!("a.log-{}", dates[1]), &[4, 26]);
        world.write("a.log", &[first, 70]);
        world.poll(70);
        let shown = world.shown(26);
        assert!(shown.starts_with(right), "{shown}");
        assert!(world.shown(1).starts_with("1=0 2=1 3=0 4=1 5=0"), "{}", world.shown(1));
    }
}

#[test]
fn hours_between_finished_files_are_0_where_names_prove_that_none_is_missing() {
    let unknown = "2=partial_hour 3=partial_hour ";
    for (earlier, later, between) in [
        ("access.log-20220401", "access.log-20220402", "2=0 3=0 "),
        ("access.log-20220401.gz", "access.log-20220402", "2=0 3=0 "),
        ("access.log-20220401", "access.log-20220403", unknown),
        ("2022-03.log", "2022-04.log", "2=0 3=0 "),
        ("access.log.2", "access.log.1", "2=0 3=0 "),
        ("access.log.3", "access.log.1", unknown),
        ("1.log", "2.log", "2=0 3=0 "),
        ("a.log", "b.log", unknown),
    ] {
        let mut world = World::new("finished = true");
        world.write("plain", &[0, 1]);
        if earlier.contains(".gz") {
            world.pack("plain", earlier);
        } else {
            world.rename("plain", earlier);
        }
        world.write(later, &[4]);
        world.poll(48);
        assert_eq!(world.shown(0), format!("0=1 1=1 {between}4=1"), "{earlier} {later}");
    }
}

#[test]
fn a_finished_file_that_comes_later_proves_the_hours_around_it() {
    let mut world = World::new("finished = true");
    world.write("access.log-20220401", &[0]);
    world.write("access.log-20220404", &[6]);
    world.poll(48);
    assert_eq!(world.shown(0), "0=1 1=partial_hour 2=partial_hour 3=partial_hour 4=partial_hour 5=partial_hour 6=1");
    world.write("access.log-20220402", &[3]);
    std::fs::write(world.path("access.log-20220403"), "").unwrap();
    world.poll(49);
    assert_eq!(world.shown(0), "0=1 1=0 2=0 3=1 4=0 5=0 6=1", "an empty file proves that nothing was written");
}

#[test]
fn a_quiet_sites_finished_month_is_complete() {
    let mut world = World::new("finished = true");
    let keys = "kind = 'accesslog'\npath = 'logs'\nfinished = true\nhits = { series = 'hits' }";
    world.source = crate::testing::made(world.folder.path(), &[("hits", "回", "flow", "month")], keys).unwrap();
    // A file each day of April 2022 and the day before and after; every third day without a line, named by the day of rotation.
    for day in -1..=30 {
        let name = format!("access.log-{}", contract::time::date_of(19_083 + day + 1).strftime("%Y%m%d"));
        let hours = [i64::from(day) * 24 + 9, i64::from(day) * 24 + 15];
        if day % 3 == 1 {
            std::fs::write(world.path(&name), "").unwrap();
        } else {
            world.write(&name, &hours);
        }
        if day % 2 == 0 && day % 3 != 1 {
            world.pack(&name, &format!("{name}.gz"));
        }
    }
    world.poll(24 * 40);
    assert_eq!(world.shown(0).split(' ').next(), Some("0=40"), "20 days of two accesses: {}", world.shown(0));
    // Without one of its days it is not.
    let mut lacking = World::new("finished = true");
    lacking.source = crate::testing::made(lacking.folder.path(), &[("hits", "回", "flow", "month")], keys).unwrap();
    for entry in std::fs::read_dir(world.path("")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "access.log-20220418" {
            std::fs::copy(entry.path(), lacking.path(entry.file_name().to_str().unwrap())).unwrap();
        }
    }
    lacking.poll(24 * 40);
    assert_eq!(lacking.shown(0).split(' ').next(), Some("0=partial_hour"));
}

#[test]
fn files_that_cannot_be_read_are_named_once_and_their_hours_are_unknown() {
    for ending in ["xz", "zst", "bz2", "Z", "7z", "lz4"] {
        let mut world = World::new("finished = true");
        world.write("access.log-20220401", &[0]);
        world.append(&format!("access.log-20220402.{ending}"), "packed");
        world.write("access.log-20220403", &[3]);
        for hour in [48, 49] {
            world.poll(hour);
        }
        assert_eq!(world.shown(0), "0=1 1=partial_hour 2=partial_hour 3=1");
        let named: Vec<_> = world.rejects.iter().map(|one| (one.reason, one.place.sheet.clone().unwrap())).collect();
        assert_eq!(named, [("unread_file", format!("access.log-20220402.{ending}"))]);
    }
    // By its first bytes, whatever its name; and when there is nothing else.
    let mut world = World::new("finished = true");
    std::fs::write(world.path("a.log"), b"\xFD7zXZ\0\0 packed").unwrap();
    let failed = world.advance().unwrap_err();
    assert_eq!(failed.label(), "unread_file");
    assert_eq!(failed.to_string(), "a.log is packed in a form that is not read: deliver it as .gz or unpacked");
    // One that was read before it was packed is no loss.
    world.write("b.log", &[1]);
    world.poll(48);
    world.write("d.log", &[2]);
    std::fs::remove_file(world.path("b.log")).unwrap();
    std::fs::write(world.path("b.log.xz"), "packed").unwrap();
    world.poll(49);
    assert_eq!(world.rejects.iter().filter(|one| one.place.sheet.as_deref() == Some("b.log.xz")).count(), 0);
}
