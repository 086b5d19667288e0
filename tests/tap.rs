//! `shihyo tap` and `shihyo check --connect`.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support;
use crate::support::City;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

#[test]
fn records_are_printed_as_they_travel_and_chosen_by_their_fields() {
    let city = City::shipped();
    assert!(!city.run(&["tap"]).status.success(), "there is no bus yet");
    city.ok(&["collect", "--once"]);
    let all = city.ok(&["tap", "--from-start", "--once"]);
    let count = |words: &[&str]| city.ok(&[&["tap", "--from-start", "--once"], words].concat()).lines().count();
    assert_eq!(count(&["--kind", "catalogue"]), 3);
    assert_eq!(count(&["--plan", "mihon", "--series", "wifi-access-points", "--source", "wifi"]), 2);
    assert_eq!(
        count(&["--kind", "observation"]) + count(&["--kind", "visit"]) + count(&["--kind", "reject"]) + 3,
        all.lines().count()
    );
    assert_eq!(city.ok(&["tap", "--once"]), "", "what is there already is passed over");
    // What comes while it looks on.
    let mut tap = city.command(&["tap", "--kind", "visit", "--source", "wifi"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(tap.stdout.take().unwrap()).lines();
    std::thread::sleep(std::time::Duration::from_secs(1));
    city.ok(&["collect", "--once", "--source", "wifi"]);
    let visit: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!((&visit["source"], &visit["outcome"]), (&"wifi".into(), &"unchanged".into()));
    // Nobody reads on: it ends by itself with the next record.
    drop(lines);
    city.ok(&["collect", "--once", "--source", "wifi"]);
    assert!(tap.wait().unwrap().success());
}

#[test]
fn everything_that_the_configuration_names_is_asked_once_and_nothing_is_changed() {
    let city = City::shipped();
    let text = city.ok(&["check", "--connect"]);
    assert!(text.contains("source mihon wifi: read, 2 figure(s), 0 reject(s)\n"), "{text}");
    assert!(!city.data().exists());
    std::fs::remove_dir_all(city.config().join("mihon/wifi")).unwrap();
    let nobody = support::free_address();
    // An Alertmanager that takes what it is sent, and a webhook whose host is there.
    let taker = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let there = taker.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in taker.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let length = std::io::Read::read(&mut stream, &mut head).unwrap();
            if length > 0 {
                assert!(head.starts_with(b"POST /api/v2/alerts "), "{}", String::from_utf8_lossy(&head[..length]));
                std::io::Write::write_all(&mut stream, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            }
        }
    });
    city.write(
        "shihyo.toml",
        &format!(
            "{}\n[influxdb]\nurl = \"http://{nobody}\"\norg = \"o\"\nbucket = \"b\"\ntoken_file = \"t\"\n\
             [alerts]\nexternal_url = \"http://localhost\"\n[alerts.alertmanager]\nurls = [\"http://{there}\"]\n\
             [alerts.webhook]\nurl = \"http://{there}/hook\"\nsecret_file = \"t\"\n",
            city.read("shihyo.toml")
        ),
    );
    city.write("t", "token");
    let output = city.run(&["check", "--connect"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(&format!("influxdb: InfluxDB at http://{nobody} (bucket b of o) ")), "{text}");
    assert!(text.contains("alertmanager: would take what is written\n"), "{text}");
    assert!(text.contains("webhook: its host answers; nothing was sent\n"), "{text}");
    assert!(
        text.contains(
            "source mihon wifi: not_found, 0 figure(s), 0 reject(s): mihon/wifi: no such file or folder; see `path`"
        ),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_command_whose_reader_has_left_ends_without_an_error() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let figures = "eapply-procedures";
    for words in [
        &["tap", "--from-start", "--once"][..],
        &["explain", figures],
        &["explain", figures, "--json"],
        &["diff", "--from", "2020-01-01T00:00:00+09:00"],
        &["report"],
        &["report", "--format", "json", "--rollups"],
        &["collect", "--once", "--dry-run"],
        &["check"],
        &["check", "--connect"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = city.command(words).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !error.contains("panicked"), "{words:?}: {} {error}", output.status);
        assert!(!error.contains("shihyo: "), "{words:?}: {error}");
    }
}

#[test]
fn stores_and_bus_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let mut files: Vec<_> = std::fs::read_dir(city.data()).unwrap().map(|entry| entry.unwrap()).collect();
    files.retain(|file| file.file_name().to_string_lossy().contains(".db"));
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file:?}: {mode:o}");
    }
}
