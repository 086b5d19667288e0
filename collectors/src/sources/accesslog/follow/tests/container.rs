//! Logs of containers.

use super::world::World;

/// A line as Docker writes it, or a part of one.
fn docker(text: &str, stream: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!("{{\"log\":{text},\"stream\":\"{stream}\",\"time\":\"2022-04-01T00:00:00.123456789Z\"}}\n")
}

#[test]
fn a_container_log_is_read_in_the_configured_format_across_polls_and_rotations() {
    let mut world = World::new("");
    for hour in [0, 1, 1] {
        let text = world.line(hour);
        world.append("a.log", &docker(&text, "stdout"));
    }
    world.append("a.log", &docker("2022/04/01 00:00:00 [notice] 1#1: start worker processes\n", "stderr"));
    world.poll(1);
    assert_eq!(world.shown(1), "1=2?");
    // A long line in three parts, with polls and a message between them.
    let long = world.line(2).replace("/app/", &format!("/app/{}", "x".repeat(40_000)));
    for (at, part) in [&long[..16_384], &long[16_384..32_768], &long[32_768..]].into_iter().enumerate() {
        world.append("a.log", &docker(part, "stdout"));
        world.append("a.log", &docker("a message\n", "stderr"));
        world.poll(2);
        assert_eq!(world.shown(2), if at == 2 { "2=1?" } else { "2=0?" });
    }
    let next = world.line(2);
    world.append("a.log", &docker(&next, "stdout"));
    world.rename("a.log", "a.log.1");
    let after = world.line(3);
    world.append("a.log", &docker(&after, "stdout"));
    world.poll(6);
    assert_eq!(world.shown(1), "1=2 2=2 3=1 4=0 5=0? 6=0?");
    assert_eq!(world.rejects, []);
    let torn = world.line(6).replace(" 200 1 ", " ");
    world.append("a.log", &docker(&torn, "stdout"));
    world.poll(6);
    assert_eq!(world.shown(6), "6=partial_hour?");
    assert_eq!(
        world.rejects.iter().map(|one| (one.reason, one.place.row)).collect::<Vec<_>>(),
        [("not_a_log_line", Some(2))]
    );
}

#[test]
fn json_lines_in_a_container_log_or_behind_a_byte_order_mark_are_read() {
    let row = |hour: i64| {
        let time = super::first_hour(19_083) * 3600 + hour * 3600;
        format!("{{\"time\":{time},\"request\":\"GET /app/a{hour} HTTP/1.1\",\"status\":200,\"user_agent\":\"x\"}}\n")
    };
    for wrapped in [true, false] {
        let mut world = World::new("finished = true\nformat = 'json'");
        let text: String =
            [0, 1, 1].map(|hour| if wrapped { docker(&row(hour), "stdout") } else { row(hour) }).concat();
        world.append("a-json.log", &format!("\u{FEFF}{text}"));
        world.poll(48);
        assert_eq!(world.shown(0), "0=1 1=2");
        assert_eq!(world.rejects, []);
    }
}
