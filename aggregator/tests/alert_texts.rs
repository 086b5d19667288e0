//! What an alert says: of each rule, with the pace that is needed, and of events that an earlier version stored.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::alert_fake::{Fake, until};
use crate::support::{World, micros, sets, uses, year};
use aggregator::pipeline::PipelineSetup;
use aggregator::sinks::ConfiguredSink;
use aggregator::sinks::webhook::WebhookSettings;
use aggregator::store;
use aggregator_core::alert::{AlertPolicy, AlertRule, AlertState, AlertTransition};
use contract::record::{CatalogueText, Record};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

fn webhook(url: String) -> ConfiguredSink {
    WebhookSettings { url, secret: "a secret".into(), external_url: "https://shihyo.example/".into() }.sink().unwrap()
}

fn setup(world: &World, fake: &Fake) -> PipelineSetup {
    PipelineSetup { hold: Duration::ZERO, sinks: Arc::new([webhook(fake.url())]), ..world.setup() }
}

/// A plan that is asked about today, with monthly figures of `sets`.
fn living(rhythm: &str) -> World {
    let mut world = World::new();
    let text = world.text.replace("default_on = \"FY2019\"\n", "");
    let sets = text.find("[[series]]\nid = \"sets\"").unwrap();
    world.text = format!("{}{}", &text[..sets], text[sets..].replacen("id = \"register\"\n", rhythm, 1));
    world
}

/// Due ten days behind the end of its month, with two days of grace.
const RHYTHM: &str =
    "id = \"register\"\n[[series.source.rhythm]]\nevery = \"month\"\nexpected_by_days = 10\ngrace_days = 2\n";

fn said(fake: &Fake, at: usize) -> (String, Vec<String>, Value) {
    until("told", || fake.requests().len() > at);
    let said = fake.requests()[at].json();
    let text = |part: &str, language: &str| said["text"][part][language].as_str().unwrap().to_owned();
    let lines = [text("description", "ja"), text("description", "en")];
    (text("summary", "en"), lines.iter().flat_map(|text| text.lines().map(str::to_owned)).collect(), said)
}

#[test]
fn a_fall_says_value_guide_gap_and_the_pace_that_is_needed_in_each_language() {
    let (world, fake) = (living(RHYTHM), Fake::new());
    world.set_clock(micros("2019-10-02"));
    world.publish(&[Record::Observation(sets("2019-10-01", 12, "2019-10-01"))]);
    let setup = setup(&world, &fake);
    world.keep_with(&setup, 1, || until("fired", || !fake.requests().is_empty()));
    let (summary, lines, _) = said(&fake, 0);
    assert_eq!(summary, "off track: sets 12 sets (plan)");
    let expected = [
        "成果指標「データセット数」（施策「施策」）の状態は「遅れ」です。",
        "実績: 12 件（2019年10月1日現在）",
        "目安（計画の目標ではない）: 25 件",
        "目標: ≥ 50 件",
        "差: 目安に 13 件 足りません",
        "進捗: 5.0 %",
        "必要ペース: +1.3 件/月",
        "担当: 課",
        "https://shihyo.example/plans/p/kpis/sets",
        "KPI \"sets\" of policy \"policy\" is \"off track\".",
        "Value: 12 sets (as of 1 October 2019)",
        "Guide (not the plan's target): 25 sets",
        "Target: ≥ 50 sets",
        "Gap: 13 sets short of the guide",
        "Progress: 5.0 %",
        "Required pace: +1.3 sets a month",
        "Owner: section",
        "https://shihyo.example/plans/p/kpis/sets",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_register_that_falls_is_told_before_it_crosses_its_path() {
    // The path goes from 65 to 125 in the plan's three years; on 31 December 2019 it is at 79.97.
    let (mut world, fake) = (living("id = \"register\"\n"), Fake::new());
    world.text =
        world.text.replace("value = 10 }\ntarget = { at_least = 50", "value = 65 }\ntarget = { at_least = 125");
    world.text =
        world.text.replace("baseline = { year = \"FY2017\", value = 65", "baseline = { year = \"FY2018\", value = 65");
    world.set_clock(micros("2020-01-05"));
    let figures = [(7, 31, 100), (8, 31, 98), (9, 30, 95), (10, 31, 91), (11, 30, 86), (12, 31, 81)];
    let record = |(month, day, value): (i32, i32, i64)| {
        let date = format!("2019-{month:02}-{day}");
        Record::Observation(sets(&date, value, &date))
    };
    world.publish(&figures.map(record));
    let setup = PipelineSetup { alerts: Arc::default(), ..setup(&world, &fake) };
    world.keep_with(&setup, 6, || until("fired", || !fake.requests().is_empty()));
    let (summary, lines, body) = said(&fake, 0);
    assert_eq!(summary, "will probably miss its target: sets 81 sets (plan)");
    assert_eq!((&body["rule"], &body["status"]["after"]), (&Value::from("landing"), &Value::from("on_track")));
    assert!(lines.contains(&"目安（計画の目標ではない）: 80 件".to_owned()), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("目標に届く見込み: ")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("Chance of reaching the target: ")), "{lines:?}");
    // A restart tells nobody again, and a fall off the path is another alert.
    world.keep_with(&setup, 6, || std::thread::sleep(Duration::from_millis(700)));
    assert_eq!(fake.requests().len(), 1);
}

#[test]
fn overdue_names_source_period_and_since_when() {
    let (world, fake) = (living(RHYTHM), Fake::new());
    world.set_clock(micros("2021-08-01"));
    world.publish(&[Record::Observation(sets("2021-05-01", 48, "2021-05-02"))]);
    let setup = setup(&world, &fake);
    world.keep_with(&setup, 1, || until("fired", || !fake.requests().is_empty()));
    let (summary, lines, _) = said(&fake, 0);
    assert_eq!(summary, "overdue: sets 48 sets (plan)");
    assert_eq!(lines[0], "成果指標「データセット数」（施策「施策」）の数字が届いていません。");
    assert_eq!(lines[1], "未着: データセット数 2021-06（情報源 register、2021-07-14 から遅れ）");
    assert!(
        lines.contains(&"Not come: sets 2021-06 (source register, overdue since 2021-07-14)".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn a_correction_of_a_published_status_is_told_once_and_ends_silently() {
    let (world, fake) = (living("id = \"register\"\n"), Fake::new());
    world.set_clock(micros("2020-01-20"));
    let figures = [("2019-10-01", 30), ("2019-11-01", 31), ("2019-12-01", 32), ("2020-01-01", 33)];
    let mut records: Vec<Record> =
        figures.iter().map(|(date, value)| Record::Observation(sets(date, *value, date))).collect();
    records.push(Record::Observation(sets("2019-12-01", 12, "2020-01-19")));
    world.publish(&records);
    let setup = setup(&world, &fake);
    world.keep_with(&setup, 5, || until("told", || !fake.requests().is_empty()));
    let (summary, lines, body) = said(&fake, 0);
    assert_eq!(summary, "status changed by a correction: sets 33 sets (plan)");
    let sentence = "was corrected: on 2019-12-31 it was \"on track\" and is now \"off track\".";
    assert!(lines.contains(&format!("KPI \"sets\" of policy \"policy\" {sentence}")), "{lines:?}");
    assert_eq!((&body["rule"], &body["severity"]), (&Value::from("restated"), &Value::from("info")));
    world.set_clock(micros("2020-01-28"));
    world.keep_with(&setup, 5, || {
        until("over", || world.reader().alerts().unwrap().is_empty());
        std::thread::sleep(Duration::from_millis(500));
    });
    assert_eq!(fake.requests().len(), 1, "what happened is over without a message");
}

#[test]
fn a_target_that_was_changed_is_told_with_what_it_was_and_what_it_is() {
    let (mut world, fake) = (living("id = \"register\"\n"), Fake::new());
    world.set_clock(micros("2019-10-05"));
    let catalogue = |text: &str, seen: &str| {
        Record::Catalogue(CatalogueText { plan: "p".into(), revision: micros(seen), text: text.to_owned() })
    };
    let first = world.text.clone();
    world.text = world.text.replace("at_least = 50", "at_least = 40");
    let long_ago =
        [catalogue(&first.replace("at_least = 50", "at_least = 60"), "2019-04-01"), catalogue(&first, "2019-05-01")];
    let state = Record::Observation(sets("2019-10-01", 39, "2019-10-01"));
    world.publish(&[long_ago.as_slice(), &[state, catalogue(&world.text, "2019-10-04")]].concat());
    let setup = setup(&world, &fake);
    world.keep_with(&setup, 4, || {
        until("told", || !fake.requests().is_empty());
        std::thread::sleep(Duration::from_millis(500));
    });
    assert_eq!(fake.requests().len(), 1);
    let (summary, lines, body) = said(&fake, 0);
    assert_eq!(
        (summary.as_str(), &body["rule"]),
        ("target changed: sets 39 sets (plan)", &Value::from("target_changed"))
    );
    assert_eq!(lines[1], "変更: 目標 50 → 40");
    assert!(lines.contains(&"Changed: Target 50 → 40".to_owned()), "{lines:?}");
}

#[test]
fn an_invented_plan_alerts_only_when_it_is_asked_to_and_a_rule_only_when_it_is_followed() {
    let (mut world, fake) = (World::new(), Fake::new());
    world.text =
        world.text.replace("citation = \"test\"\n\n[[policy]]", "sample = true\ncitation = \"test\"\n\n[[policy]]");
    world.publish(&year());
    let with = |policy: AlertPolicy| PipelineSetup { alerts: Arc::new(policy), ..setup(&world, &fake) };
    let quietly = |policy: AlertPolicy| {
        let rules = policy.rules.iter().copied().filter(|rule| *rule != AlertRule::Landing).collect();
        world.keep_with(&with(AlertPolicy { rules, ..policy }), 13, || std::thread::sleep(Duration::from_millis(700)));
        assert!(world.reader().alerts().unwrap().is_empty());
        assert!(fake.requests().is_empty());
    };
    quietly(AlertPolicy::default());
    let samples = AlertPolicy { samples: true, rules: vec![AlertRule::Trend], ..AlertPolicy::default() };
    quietly(AlertPolicy { rules: vec![AlertRule::Overdue], ..samples.clone() });
    world.keep_with(&with(samples), 13, || until("fired", || !fake.requests().is_empty()));
    assert_eq!(said(&fake, 0).0, "[Sample] off track: uses 120 uses (plan)");
    // What is not followed any more is over.
    world.keep_with(
        &with(AlertPolicy { samples: false, rules: vec![AlertRule::Trend], ..AlertPolicy::default() }),
        13,
        || until("resolved", || fake.requests().len() == 2),
    );
    let (summary, lines, _) = said(&fake, 1);
    assert_eq!(summary, "[Sample] resolved: uses 120 uses (plan)");
    assert_eq!(lines[0], "成果指標「利用件数」（施策「施策」）は通知の対象ではなくなりました。");
}

/// An event as the version before stored it.
const BEFORE: &str = r#"{"plan":{"id":"p","name":{"ja":"計画","en":"plan"}},"sample":false,
    "policy":{"id":"policy","name":{"ja":"施策","en":"policy"}},"kpi":{"id":"uses","name":{"ja":"利用件数","en":"uses"}},
    "owner":{"ja":"課","en":"section"},"rule":"trend","before":null,"after":"off_track","value_text":"120 件",
    "as_of":"2020-04-01T00:00:00+09:00","data":{"ja":"2020-03-31 まで","en":"up to 2020-03-31"},"path_text":"150 件",
    "target_text":"≥ 200 件","progress_text":"20.0 %","required_pace_text":"+1.5 件/月","unit":{"ja":"件","en":"uses"}}"#;

#[test]
fn an_alert_that_the_version_before_stored_goes_on_and_is_told_in_its_figures() {
    let (world, fake) = (World::new(), Fake::new());
    world.publish(&year());
    world.keep(13);
    let since = micros("2022-05-20");
    let mut writer = store::open_writer(&world.data(), bus::PARTITION).unwrap();
    let alert = store::StoredAlert { state: AlertState::Firing { since }, was: None, status: "off_track".into() };
    writer
        .change(|change| {
            change.put_alert_followers(&["webhook"])?;
            change.put_alert(&("p".into(), "uses".into(), AlertRule::Trend), Some(&alert))?;
            change.add_alert_event("p/uses/trend", AlertTransition::Fired { since }, since, BEFORE)
        })
        .unwrap();
    drop(writer);
    let setup = setup(&world, &fake);
    world.keep_with(&setup, 13, || {
        until("told", || !fake.requests().is_empty());
        std::thread::sleep(Duration::from_millis(500));
    });
    let (_, lines, body) = said(&fake, 0);
    assert_eq!(fake.requests().len(), 1, "it goes on, and is not fired again");
    assert_eq!(body["id"], format!("p/uses/trend/{}/fired", since.0));
    for line in
        ["実績: 120 件（2020-03-31 まで）", "必要ペース: +1.5 件/月", "Required pace: +1.5 件/月", "Target: ≥ 200 件"]
    {
        assert!(lines.contains(&line.to_owned()), "{line}: {lines:?}");
    }
    world.publish(&[Record::Observation(uses("2019-05", 110, "2020-05-03"))]);
    world.keep_with(&setup, 14, || until("resolved", || fake.requests().len() == 2));
    assert_eq!(fake.requests()[1].header("idempotency-key"), format!("p/uses/trend/{}/resolved", since.0));
}

#[test]
fn another_store_gives_the_same_alerts_the_same_names_in_any_order_of_arrival() {
    let mut figures = year();
    let told = |records: &[Record]| {
        let (world, fake) = (World::new(), Fake::new());
        world.publish(records);
        let setup = setup(&world, &fake);
        world.keep_with(&setup, 13, || until("fired", || !fake.requests().is_empty()));
        let mut said = fake.requests()[0].json();
        // The text may have a chance of the target, which is computed beside the pipeline.
        for part in ["time", "text"] {
            said.as_object_mut().unwrap().remove(part);
        }
        (fake.requests()[0].header("idempotency-key").to_owned(), said)
    };
    let first = told(&figures);
    figures.reverse();
    assert_eq!(told(&figures), first);
    figures.rotate_left(5);
    assert_eq!(told(&figures), first);
}

#[test]
fn a_first_start_with_years_of_evidence_alerts_once_for_what_is_bad_now() {
    let (world, fake) = (living("id = \"register\"\n"), Fake::new());
    world.set_clock(micros("2022-03-20"));
    // A figure a month, in turn on its path and far off it, and each corrected later.
    let mut records = Vec::new();
    for month in 0..34 {
        let (year, month_number) = (2019 + (month + 4) / 12, (month + 4) % 12 + 1);
        let (date, later) = (format!("{year}-{month_number:02}-01"), format!("{year}-{month_number:02}-20"));
        records.push(Record::Observation(sets(&date, if month % 2 == 0 { 50 } else { 1 }, &date)));
        records.push(Record::Observation(sets(&date, if month % 2 == 0 { 49 } else { 2 }, &later)));
    }
    let total = records.len() as u64;
    world.publish(&records);
    let setup = setup(&world, &fake);
    world.keep_with(&setup, total, || std::thread::sleep(Duration::from_secs(1)));
    let all: Vec<Value> = fake.requests().iter().map(|request| request.json()["alert"].clone()).collect();
    assert_eq!(all, ["p/sets/trend"], "one for what is bad now, none for what was");
}
