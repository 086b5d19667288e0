//! Each day that a replay comes to is what `report --on DAY --known-at DAY` says, and nothing of this machine is used.

use super::running::{PATIENCE, Running, day_before, vintage, without_landings};
use crate::support::{City, get};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn each_replayed_day_is_what_was_known_on_it() {
    let (city, kept) = (City::shipped(), tempfile::tempdir().unwrap());
    let data = kept.path().join("replay");
    let replay =
        Running::start(&city, &["2020-10-01..2020-12-05", "--speed", "10d/s", "--data", data.to_str().unwrap()]);
    // Every answer until the last day; of a day the last one stands.
    let (mut seen, mut texts): (BTreeMap<String, String>, BTreeSet<(String, String)>) = Default::default();
    let began = Instant::now();
    while began.elapsed() < PATIENCE && !seen.contains_key("2020-12-05") {
        if let Some((on, text)) = replay.export("mihon") {
            texts.insert((on.clone(), text.clone()));
            seen.insert(on, text);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let page = get(replay.address, "/plans/mihon?lang=en").unwrap();
    assert!(page.contains("A replay: past days are lived through again"), "{page}");
    // What becomes known on the last day is published at its beginning, and stays.
    std::thread::sleep(Duration::from_millis(500));
    let (on, last) = replay.export("mihon").unwrap();
    assert_eq!(on, "2020-12-05");
    assert_eq!(last, without_landings(&vintage(&city, &data, "mihon", (&on, &on))));

    let (mut moved, mut compared) = (0, 0);
    for (on, text) in &texts {
        let (before, after) = (day_before(on), on.clone());
        let [early, full] =
            [before, after].map(|known| without_landings(&vintage(&city, &data, "mihon", (on, &known))));
        assert!(*text == full || *text == early, "{on}: {text} is neither {early} nor {full}");
        compared += 1;
        if early != full && seen[on] == full {
            moved += 1;
        }
    }
    assert!(
        compared >= 30 && moved >= 2,
        "{compared} answers were compared; {moved} days with new figures were seen whole"
    );
    let known = get(replay.address, "/plans/mihon/report.json?rollups=1&on=2020-10-31&known_at=2020-10-31T23:59:59Z");
    assert_eq!(known.unwrap(), vintage(&city, &data, "mihon", ("2020-10-31", "2020-10-31T23:59:59Z")));
}

/// Words, variables, and what the error says.
type Row<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

#[test]
fn a_replay_that_cannot_be_right_is_refused_with_its_remedy() {
    let city = City::shipped();
    let rows: [Row<'_>; 7] = [
        (&["2020-01-02..2020-01-01"], &[], "write the earlier one first"),
        (&["2020"], &[], "use two days such as 2019-04-01..2022-03-31"),
        (&["FY2019..FY2019", "--speed", "fast"], &[], "such as 30d/s, 12h/s or 10m/s"),
        (&["FY2019..FY2019", "--data", "."], &[], "is not empty"),
        (&["FY2019..FY2019", "--webhook", "nowhere"], &[], "https://hooks.example/shihyo"),
        (&["FY2019..FY2019", "--once"], &[], "cannot be used with"),
        (
            &["FY2019..FY2019"],
            &[("SHIHYO__KAFKA__BROKERS", "broker.example:9092")],
            "a replay does not publish to Kafka, and broker.example:9092 is configured",
        ),
    ];
    for (words, variables, expected) in rows {
        let mut command = city.command(&[&["run", "--replay"], words].concat());
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(expected), "{words:?}: {error}");
        assert!(!city.data().exists(), "{words:?}");
    }
}

#[test]
fn a_replay_ends_by_itself_or_at_a_signal_and_leaves_nothing() {
    let (city, temporary) = (City::shipped(), tempfile::tempdir().unwrap());
    let replay = |words: &[&str]| {
        let mut command = city.command(&[&["run", "--replay", "2020-10-01..2020-12-31"], words].concat());
        command.env("TMPDIR", temporary.path()).env("SHIHYO__LOG__LEVEL", "info").stderr(Stdio::piped());
        command
    };
    let output = replay(&["--speed", "1000d/s", "--exit"]).output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{log}");
    assert!(log.contains("alert: [Sample]"), "alerts are written to the log: {log}");

    let mut command = replay(&["--speed", "1d/s"]);
    command.stderr(Stdio::null());
    let (mut running, began) = (Running::spawn(command), Instant::now());
    while get(running.address, "/").is_none() {
        assert!(began.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(running.interrupt());
    assert!(!city.data().exists(), "the data of the city are not touched");
    assert_eq!(temporary.path().read_dir().unwrap().count(), 0, "its own folder is removed");
}
