//! The shipped configuration through the binary, from real files to judged KPIs.
#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test may stop at what is wrong"
)]

use crate::support::City;
use bus::{Consumer, Delivery, Outbox, Outgoing, SqliteConsumer, SqliteOutbox};
use contract::record::Record;
use contract::time::{Clock, Micros};
use contract::wire;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ON: [&str; 8] =
    ["2019-11-30", "FY2019", "2020-11-30", "FY2020", "2021-11-30", "2022-04-10", "2022-08-31", "FY2021"];

#[test]
fn the_real_series_is_judged_as_the_plan_says() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let rows = [
        (Some("2018-06-30"), "13.46 %", serde_json::Value::Null, "before", "2018-03-01"),
        (Some("2019-10-31"), "17.97 %", "on_track".into(), "running", "2019-09-16"),
        (Some("2020-04-30"), "19.92 %", "on_track".into(), "running", "2020-04-01"),
        (Some("FY2019"), "19.92 %", "on_track".into(), "running", "2020-04-01"),
        (Some("2020-05-02"), "20.28 %", "achieved".into(), "running", "2020-05-01"),
        (None, "47.98 %", "achieved".into(), "closed", "2022-04-01"),
    ];
    for (on, value, status, phase, as_of) in rows {
        let kpi = city.kpi("kawasaki", on, "mynumber-rate");
        assert_eq!((kpi["value_text"].as_str(), &kpi["status"]), (Some(value), &status), "{on:?}");
        assert_eq!(kpi["phase"], phase);
        assert_eq!(kpi["as_of"], format!("{as_of}T00:00:00+09:00"));
    }
    let today = city.kpi("kawasaki", None, "mynumber-rate");
    assert_eq!(today["value"].to_string(), "47.984834");
    assert_eq!(today["later"]["value"].to_string(), "57.950985");
    let path = city.kpi("kawasaki", Some("2019-10-31"), "mynumber-rate")["path"].to_string();
    assert!(path.starts_with("15.93"), "{path}");
    // June 2022 has two editions: one closes May, one June.
    let export = city.export("kawasaki", "2022-12-31");
    let closing = |month: &str, value: &str| {
        let row = format!(
            "\"series\":\"mynumber-cards\",\"definition\":\"issued\",\"grain\":\"month\",\"period\":\"{month}\",\"value\":{value},"
        );
        assert!(export.contains(&row), "{month} does not close at {value}");
    };
    closing("2022-05", "755255");
    closing("2022-06", "764120");
    closing("2020-03", "298886");
    assert!(export.contains("\"series\":\"mynumber-population\",\"definition\":\"edition\",\"grain\":\"fiscal_year\",\"period\":\"FY2019\",\"value\":1500460,"));
    // The other 13 say that they have no data, and what to connect.
    let paper = city.ok(&["report", "--plan", "kawasaki"]);
    assert_eq!(paper.matches("データの接続 To connect").count(), 13, "{paper}");
    assert!(paper.contains("総務省"), "the figures' credit is missing");
}

#[test]
fn without_the_edition_of_april_the_kpi_is_still_closing() {
    let city = City::shipped();
    let csv = city.read("kawasaki/mynumber-kawasaki.csv");
    let without: String = csv.lines().filter(|l| !l.starts_with("2022-04-01")).map(|l| format!("{l}\n")).collect();
    city.write("kawasaki/mynumber-kawasaki.csv", &without);
    city.ok(&["run", "--once"]);
    let kpi = city.kpi("kawasaki", Some("2022-04-10"), "mynumber-rate");
    assert_eq!((kpi["value_text"].as_str(), kpi["status"].as_str()), (Some("47.02 %"), Some("achieved")));
    assert_eq!(kpi["phase"], "closing");
}

#[test]
fn the_invented_city_shows_every_status_and_says_that_it_is_invented() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for on in ON {
        let report: serde_json::Value =
            serde_json::from_str(&city.ok(&["report", "--format", "json", "--plan", "mihon", "--on", on])).unwrap();
        for kpi in report["plans"][0]["kpis"].as_array().unwrap() {
            let word = |name: &str| kpi[name].as_str().unwrap_or("-").to_owned();
            *seen.entry((word("phase"), word("status"))).or_default() += 1;
        }
    }
    for status in ["achieved", "on_track", "at_risk", "off_track", "stale", "no_data"] {
        assert!(seen.contains_key(&("running".into(), status.into())), "nobody is {status} while running: {seen:?}");
    }
    for status in ["achieved", "missed", "no_data"] {
        assert!(seen.contains_key(&("closed".into(), status.into())), "nobody ends {status}: {seen:?}");
    }
    assert!(seen.keys().any(|(phase, _)| phase == "closing"), "{seen:?}");
    for format in ["md", "html"] {
        assert!(city.ok(&["report", "--plan", "mihon", "--format", format]).contains("見本"), "{format}");
    }
    let rows = city.ok(&["report", "--plan", "mihon", "--format", "csv"]);
    assert!(rows.lines().skip(1).all(|row| row.contains("見本") || row.contains("true")), "{rows}");
    assert!(city.ok(&["report", "--plan", "mihon", "--format", "json"]).contains("\"sample\":true"));
}

#[test]
fn a_dry_run_prints_records_and_leaves_no_trace() {
    let city = City::shipped();
    let printed = city.ok(&["collect", "--once", "--dry-run", "--plan", "kawasaki"]);
    let records: Vec<Record> = printed.lines().map(|line| wire::decode(line.as_bytes()).unwrap()).collect();
    let observations = records.iter().filter(|r| matches!(r, Record::Observation(_))).count();
    assert_eq!(observations, 94, "47 editions of two series");
    assert!(records.iter().any(|r| matches!(r, Record::Poll(_))));
    assert!(!city.data().exists(), "a dry run made {}", city.data().display());
}

#[test]
fn the_export_is_the_same_after_another_run_a_rebuild_and_a_second_collector() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let exports = |city: &City| -> Vec<String> {
        let plans = ["kawasaki", "mihon"].into_iter();
        plans
            .flat_map(|plan| ON.into_iter().map(move |on| (plan, on)))
            .map(|(plan, on)| city.export(plan, on))
            .collect()
    };
    let first = exports(&city);
    city.ok(&["run", "--once"]);
    assert_eq!(exports(&city), first, "a second run changed the export");
    assert!(city.ok(&["rebuild"]).starts_with("0 derived row(s)"));
    assert_eq!(exports(&city), first, "a rebuild changed the export");
    second_collector(&city);
    city.ok(&["aggregate", "--once"]);
    assert_eq!(exports(&city), first, "a second collector changed the export");
}

struct Now(Micros);

impl Clock for Now {
    fn now(&self) -> Micros {
        self.0
    }
}

/// What another machine collected from the same files arrives on the bus, each record twice.
fn second_collector(city: &City) {
    let other = City::shipped();
    std::thread::sleep(Duration::from_millis(5));
    let output = other.command(&["collect", "--once"]).env("SHIHYO__COLLECTOR__ID", "second").output().unwrap();
    assert!(output.status.success());
    let mut consumer = SqliteConsumer::open(other.data().join("bus.db")).unwrap();
    let (mut batch, mut latest) = (Vec::new(), Micros(0));
    loop {
        match consumer.next(10_000, Duration::from_millis(50)).unwrap() {
            Delivery::Assigned(partition) => consumer.start(partition, None).unwrap(),
            Delivery::Batch(read) => {
                for (_, time, body) in read.iter() {
                    let record = wire::decode(body).unwrap();
                    latest = latest.max(time);
                    batch.extend([body, body].map(|body| Outgoing {
                        key: record.plan().to_owned(),
                        revision: record.revision(),
                        body: body.to_vec(),
                    }));
                }
            }
            Delivery::Revoked(_) | Delivery::Idle => break,
        }
    }
    assert!(batch.len() > 800, "{} records", batch.len());
    let outbox = SqliteOutbox::open(city.data().join("bus.db"), Arc::new(Now(latest))).unwrap();
    outbox.publish(batch, Vec::new()).wait().unwrap();
}

#[test]
fn a_correction_and_a_withdrawal_in_a_register_reach_the_report_and_are_explained() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let before = city.export("mihon", "FY2020");
    let file = "mihon/registers.csv";
    let text = city.read(file);
    let end = if text.ends_with('\n') { "" } else { "\r\n" };
    let corrected = format!("{end}オープンデータのデータセット数,2022-03-31,999,確定,見本太郎,2026-01-01,訂正\r\n");
    city.write(file, &(text + &corrected));
    std::thread::sleep(Duration::from_millis(5));
    let collected = city.run(&["run", "--once"]);
    assert!(
        String::from_utf8_lossy(&collected.stderr).contains("mihon register: changed, 1 figure(s)"),
        "{}",
        String::from_utf8_lossy(&collected.stderr)
    );
    let explained = city.ok(&["explain", "opendata-datasets", "--plan", "mihon", "--on", "2026-01-01"]);
    assert!(explained.contains("999") && explained.contains("registers.csv"), "{explained}");
    assert!(explained.contains("見本（架空の計画）"), "{explained}");
    assert!(!explained.contains("見本太郎"), "a person's name left the register");
    // All rows of one figure leave the register: its months are unknown, not zero, and the KPI has no data.
    assert_eq!(city.kpi("mihon", Some("2020-11-30"), "video-meetings")["status"], "achieved");
    let text = city.read(file);
    let without: Vec<&str> = text.lines().filter(|line| !line.contains("テレビ会議の開催数")).collect();
    city.write(file, &without.join("\r\n"));
    std::thread::sleep(Duration::from_millis(5));
    city.ok(&["run", "--once"]);
    assert_eq!(city.kpi("mihon", Some("2020-11-30"), "video-meetings")["status"], "no_data");
    let export = city.export("mihon", "2020-11-30");
    let month =
        "\"series\":\"video-meetings\",\"definition\":\"held\",\"grain\":\"month\",\"period\":\"2020-06\",\"value\":";
    assert!(export.contains(&format!("{month}null,\"complete\":false")), "{export}");
    let known = city.ok(&[
        "report",
        "--format",
        "json",
        "--rollups",
        "--plan",
        "mihon",
        "--on",
        "FY2020",
        "--known-at",
        "2026-01-02T00:00:00+09:00",
    ]);
    assert_ne!(known, before, "nothing was known before the first run");
    let mistyped = city.run(&["explain", "opendata-datasts"]);
    assert!(String::from_utf8_lossy(&mistyped.stderr).contains("did you mean `opendata-datasets`?"));
}

#[test]
fn every_mistake_is_found_at_once_with_exit_code_78() {
    let city = City::shipped();
    let plan = city.read("plans/kawasaki.toml").replacen("kind = \"ratio\"", "kind = \"ration\"", 1);
    city.write("plans/kawasaki.toml", &plan);
    city.write("shihyo.toml", "[http]\nlistn = \"127.0.0.1:1\"\n");
    let output = city.run(&["check"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("unknown kind `ration`; did you mean `ratio`?"), "{said}");
    assert!(said.contains("shihyo.toml:2: unknown key `listn`; did you mean `listen`?"), "{said}");
}

#[test]
fn a_source_that_nobody_lists_and_a_limit_shorter_than_the_rhythm_are_mistakes() {
    let city = City::shipped();
    let sources = city.read("sources.d/kawasaki.toml").replacen("id = \"mynumber\"", "id = \"mynumbr\"", 1);
    city.write("sources.d/kawasaki.toml", &sources);
    let said = String::from_utf8(city.run(&["check"]).stderr).unwrap();
    assert!(said.contains("mynumbr"), "{said}");
    let city = City::shipped();
    let sources = city.read("sources.d/kawasaki.toml").replacen("interval = \"1d\"", "interval = \"60d\"", 1);
    city.write("sources.d/kawasaki.toml", &sources);
    let output = city.run(&["check"]);
    assert_eq!(output.status.code(), Some(78), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_command_about_one_plan_reads_that_plan_alone() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let words: [&[&str]; 3] = [
        &["report", "--plan", "mihon", "--format", "json", "--rollups", "--on", "FY2021"],
        &["explain", "eapply-procedures", "--plan", "mihon", "--json", "--on", "FY2021"],
        &[
            "diff",
            "--plan",
            "mihon",
            "--from",
            "2020-01-01T00:00:00+09:00",
            "--to",
            "2090-01-01T00:00:00+09:00",
            "--json",
        ],
    ];
    let ask = || words.map(|words| city.ok(words));
    let whole = city.ok(&["report", "--format", "json", "--rollups", "--on", "FY2021"]);
    let before = ask();
    let plan: serde_json::Value = serde_json::from_str(&before[0]).unwrap();
    let all: serde_json::Value = serde_json::from_str(&whole).unwrap();
    assert!(all["plans"].as_array().unwrap().contains(&plan["plans"][0]));
    // Another plan, and all sources, cannot be read.
    city.write("plans/kawasaki.toml", "[plan]\nid = 7\n");
    city.write("sources.d/mihon.toml", "nothing");
    assert_eq!(ask(), before);
    assert_eq!(city.run(&["report"]).status.code(), Some(78));
    let absent = city.run(&["report", "--plan", "mihonn"]);
    assert_eq!(absent.status.code(), Some(78), "all is read to say what there is");
}

#[test]
fn the_service_answers_is_watched_and_ends_within_five_seconds() {
    let city = City::shipped();
    let mut child = city.start(&["run"]);
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let address = loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "the service ended before it listened");
        if let Some((_, rest)) = line.split_once("http://") {
            break rest.split('/').next().unwrap().to_owned();
        }
    };
    let drain = std::thread::spawn(move || log.read_to_string(&mut String::new()));
    let deadline = Instant::now() + Duration::from_secs(20);
    while !get(&address, "/plans/mihon").1.contains("見本")
        || !get(&address, "/metrics").1.contains("shihyo_polls_total")
    {
        assert!(Instant::now() < deadline, "the figures never arrived");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(get(&address, "/readyz").0, 200);
    assert_eq!(get(&address, "/livez").0, 200);
    assert_eq!(get(&address, "/?on=never").0, 400);
    let (_, metrics) = get(&address, "/metrics");
    assert!(metrics.contains("shihyo_records_total{disposition=\"quarantined\"} 0"), "{metrics}");
    let told = Instant::now();
    std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    let status = child.wait().unwrap();
    assert!(status.success(), "{status}");
    assert!(told.elapsed() < Duration::from_secs(5), "it took {:?} to end", told.elapsed());
    drain.join().unwrap().unwrap();
}

/// Status and text of one request.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}
