//! A collector whose clock was nine hours ahead once: its poll is named, `shihyo retract` takes it back, and the source goes on.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::City;
use bus::{Outbox, Outgoing, SqliteOutbox};
use contract::time::{Clock, Micros};
use std::sync::Arc;

/// The machine's clock, and nine hours more.
struct Ahead;

impl Clock for Ahead {
    #[expect(clippy::disallowed_methods, reason = "the binary reads the machine's clock too")]
    fn now(&self) -> Micros {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Micros(i64::try_from(now.as_micros()).unwrap() + 9 * 3_600_000_000)
    }
}

/// Publishes a mistyped figure and the record of its poll, as the collector did while its clock was ahead.
fn collect_ahead(city: &City) -> Micros {
    let now = Ahead.now();
    let observation = format!(
        r#"{{"kind":"observation","schema":1,"plan":"mihon","series":"shared-platform-systems","definition":"running","source":"table","period":{{"as_of":"2022-03-31T00:00:00+09:00"}},"value":1005,"finality":"final","revision":{},"visit":"v"}}"#,
        now.0
    );
    let poll = format!(
        r#"{{"kind":"visit","schema":1,"plan":"mihon","source":"table","id":"v","collector":"local","time":{},"outcome":"changed","address":"a"}}"#,
        now.0
    );
    let bodies = [observation, poll];
    let outbox = SqliteOutbox::open(city.data().join("bus.db"), Arc::new(Ahead)).unwrap();
    let each =
        bodies.iter().map(|body| Outgoing { key: "mihon".into(), revision: now, body: body.clone().into_bytes() });
    let clock = ("source/mihon/table/clock".to_owned(), Some(format!("{{\"last\":{}}}", now.0).into_bytes()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(outbox.publish(each.collect(), vec![clock])).unwrap();
    now
}

#[test]
fn a_poll_that_was_ahead_is_taken_back_and_its_source_is_published_once_more() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let right = city.export("mihon", "FY2021");
    let ahead = collect_ahead(&city);
    city.ok(&["aggregate", "--once"]);
    assert!(city.export("mihon", "FY2021").contains("1005"));
    let polled = city.run(&["collect", "--once", "--source", "table", "--plan", "mihon"]);
    let error = String::from_utf8(polled.stderr).unwrap();
    assert!(!polled.status.success() && error.contains("shihyo retract"), "{error}");

    let words = ["retract", "mihon/table", "--ahead", "--reason", "the clock was ahead"];
    let listed = city.ok(&words);
    assert!(listed.starts_with(&format!("mihon/table\t{ahead}\n")) && listed.contains("--yes"), "{listed}");
    assert!(city.export("mihon", "FY2021").contains("1005"), "it was only listed");
    city.ok(&[&words[..], &["--yes"]].concat());
    city.ok(&["run", "--once"]);
    assert_eq!(city.export("mihon", "FY2021"), right);
    let list = city.ok(&["quarantine", "list"]);
    assert!(list.lines().count() == 1 && list.contains("\tretracted\t"), "{list}");
    assert!(!city.run(&words).status.success(), "nothing is ahead any more");
    // The store made anew from the log has the same figures.
    std::fs::remove_dir_all(city.data().join("store")).ok();
    for entry in std::fs::read_dir(city.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("store-") {
            std::fs::remove_file(path).unwrap();
        }
    }
    city.ok(&["aggregate", "--once"]);
    assert_eq!(city.export("mihon", "FY2021"), right);
}

#[test]
fn a_source_or_time_that_does_not_exist_is_named() {
    let city = City::shipped();
    for (words, expected) in [
        (vec!["retract", "mihon/nothing", "--ahead", "--reason", "r"], "there is no source"),
        (vec!["retract", "mihon/table", "--at", "yesterday", "--reason", "r"], "2026-04-01T09:00:00"),
        (vec!["retract", "mihon/table", "--reason", "r"], "--at <TIME>"),
        (vec!["retract", "mihon/table", "--ahead"], "--reason"),
    ] {
        let output = city.run(&words);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(expected), "{words:?}: {error}");
    }
}
