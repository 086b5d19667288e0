//! Signed records from the command line: a key is made, a collector signs with it, and an aggregator verifies.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::City;
use std::os::unix::fs::PermissionsExt;

const LISTED: &str = "
[[keys]]
file = \"city.key\"
sources = [\"*\"]

[signed_since]
\"mihon/*\" = \"2020-01-01T00:00:00+09:00\"
";

fn key(city: &City, id: &str) {
    let path = city.config().join(format!("{id}.key"));
    city.ok(&["key", id, "--out", path.to_str().unwrap()]);
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Adds settings to those that are shipped, and the key of the collector.
fn set(city: &City, key: Option<&str>, settings: &str) {
    let shipped = City::shipped().read("shihyo.toml");
    assert!(shipped.contains("\n[collector]\n"));
    let key = key.map_or_else(String::new, |key| format!("key_file = \"{key}\"\n"));
    let collector = shipped.replace("\n[collector]\n", &format!("\n[collector]\n{key}"));
    city.write("shihyo.toml", &format!("{collector}\n{settings}"));
}

#[test]
fn a_city_that_signs_has_the_same_figures_and_unsigned_records_do_not_count() {
    let plain = City::shipped();
    plain.ok(&["run", "--once"]);
    let right = plain.export("mihon", "FY2021");

    let city = City::shipped();
    key(&city, "city");
    set(&city, Some("city.key"), LISTED);
    city.ok(&["run", "--once"]);
    assert_eq!(city.ok(&["quarantine", "list"]), "");
    assert_eq!(city.export("mihon", "FY2021"), right);

    // Another machine publishes without the key, or with one that is not listed.
    for (signer, reason) in [(None, "unsigned"), (Some("other.key"), "unknown_key")] {
        let stranger = City::shipped();
        key(&stranger, "other");
        set(&stranger, signer, "");
        stranger.ok(&["collect", "--once"]);
        std::fs::copy(city.config().join("city.key"), stranger.config().join("city.key")).unwrap();
        set(&stranger, None, LISTED);
        stranger.ok(&["aggregate", "--once"]);
        let list = stranger.ok(&["quarantine", "list", "--plan", "mihon"]);
        assert!(!list.is_empty() && list.lines().all(|line| line.contains(reason)), "{list}");
        assert!(!stranger.export("mihon", "FY2021").contains("\"achieved\""));
    }
}

#[test]
fn mistakes_in_keys_are_named_with_the_remedy() {
    let listed = |more: &str| format!("[[keys]]\nfile = \"city.key\"\nsources = [\"*\"]\n{more}");
    for (settings, expected) in [
        ("[[keys]]\nfile = \"none.key\"\nsources = [\"*\"]\n".to_owned(), "none.key"),
        ("[[keys]]\nfile = \"city.key\"\nsources = []\n".to_owned(), "may speak for"),
        ("[[keys]]\nfile = \"city.key\"\nsources = [\"mihon\"]\n".to_owned(), "plan/source"),
        (listed("until = \"soon\"\n"), "2026-04-01T00:00:00+09:00"),
        (listed("[[keys]]\nfile = \"city.key\"\nsources = [\"*\"]\n"), "two keys have the id"),
        ("[signed_since]\n\"mihon/table\" = \"2020-01-01T00:00:00+09:00\"\n".to_owned(), "[[keys]]"),
        ("[[keys]]\nfile = \"shihyo.toml\"\nsources = [\"*\"]\n".to_owned(), "not a key"),
    ] {
        let city = City::shipped();
        key(&city, "city");
        set(&city, None, &settings);
        let output = city.run(&["check"]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && text.contains(expected), "{settings}: {text}");
    }
    let city = City::shipped();
    key(&city, "city");
    let again = city.run(&["key", "city", "--out", city.config().join("city.key").to_str().unwrap()]);
    assert!(!again.status.success(), "a key is never overwritten");
    assert!(!city.run(&["key", "two words"]).status.success());
}
