//! `shihyo quarantine`: what does not count is listed, shown without harm, and counts once the catalogue knows it.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::City;
use bus::{Outbox, Outgoing, SqliteOutbox};
use contract::time::{Clock, Micros};
use std::sync::Arc;

/// A time after all figures of the invented city.
struct Later;

impl Clock for Later {
    fn now(&self) -> Micros {
        Micros(1_900_000_000_000_000)
    }
}

/// Publishes bodies past the collectors, as a strange program on the bus would.
fn publish(city: &City, bodies: &[&[u8]]) {
    let outbox = SqliteOutbox::open(city.data().join("bus.db"), Arc::new(Later)).unwrap();
    let each = bodies.iter().map(|body| Outgoing { key: "mihon".into(), revision: Micros(1), body: body.to_vec() });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(outbox.publish(each.collect(), Vec::new())).unwrap();
}

const UNKNOWN: &str = r#"{"kind":"observation","schema":1,"plan":"mihon","series":"shared-platform-systems","definition":"planned","source":"table","period":{"as_of":"2022-03-31T00:00:00+09:00"},"value":11,"finality":"final","revision":1656601200000000,"visit":"v"}"#;

#[test]
fn what_does_not_count_is_listed_shown_and_counts_once_it_is_known() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let hostile = b"\x1b[2J\x07not a record";
    publish(&city, &[hostile, UNKNOWN.as_bytes()]);
    city.ok(&["aggregate", "--once"]);
    let list = city.ok(&["quarantine", "list"]);
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.len(), 2, "{list}");
    assert_eq!((lines[0][2], lines[0][3], lines[0][4]), ("-", "malformed", "17 B"));
    assert_eq!((lines[1][2], lines[1][3]), ("mihon", "unknown_definition"));
    assert_eq!(city.ok(&["quarantine", "list", "--plan", "mihon"]).lines().count(), 1);
    assert_eq!(city.ok(&["quarantine", "list", "--reason", "nothing"]), "");
    let json = city.ok(&["quarantine", "list", "--reason", "malformed", "--json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["bytes"], 17);
    let shown = city.ok(&["quarantine", "show", lines[0][0]]);
    assert!(shown.ends_with("\n\\x1b[2J\\x07not a record\n") && !shown.contains('\x1b'), "{shown:?}");
    assert!(!city.run(&["quarantine", "show", "0:999"]).status.success());

    assert_eq!(city.ok(&["quarantine", "replay"]), "2 record(s) were in quarantine, 2 are\n");
    let before = city.export("mihon", "FY2021");
    let plan = city.read("plans/mihon.toml");
    let rule = "[[series.definition]]\nid = \"running\"";
    assert!(plan.contains(rule));
    let more = "[[series.definition]]\nid = \"planned\"\ntext = { ja = \"予定\", en = \"planned\" }\n";
    city.write(
        "plans/mihon.toml",
        &plan.replacen(rule, &format!("{more}{rule}"), 1).replacen(
            "id = \"shared-platform-systems\"\npolicy",
            "id = \"shared-platform-systems\"\ndefinition = \"running\"\npolicy",
            1,
        ),
    );
    assert_eq!(city.ok(&["quarantine", "replay"]), "2 record(s) were in quarantine, 1 are\n");
    assert_eq!(
        city.ok(&["quarantine", "replay"]),
        "1 record(s) were in quarantine, 1 are\n",
        "once more changes nothing"
    );
    assert!(city.export("mihon", "FY2021").contains("\"definition\":\"planned\""));
    assert!(!before.contains("\"definition\":\"planned\""));
}
