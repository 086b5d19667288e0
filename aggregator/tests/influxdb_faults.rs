//! Faults of an InfluxDB: nothing is lost, nothing goes on for ever, and the other points go on.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support;
#[path = "support/influx_city.rs"]
mod city;
#[path = "support/influx_direct.rs"]
mod direct;
#[path = "support/influx_fake.rs"]
mod fake;

use crate::support::{World, extended, micros, sets, uses, year};
use aggregator::pipeline::{self, PipelineSetup};
use aggregator::sinks::influxdb::InfluxSettings;
use aggregator::sinks::{FillProgress, SinkError};
use city::{City, Make, WRITERS, days};
use contract::record::Record;
use fake::{Answer, Fake, Request, invalid, say};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const ALL_WELL: fn(&Request) -> Answer = |_| Answer::Take;

fn to(fake: &Fake) -> InfluxSettings {
    InfluxSettings { timeout: Duration::from_millis(300), ..InfluxSettings::new(&fake.url, "city", "b", "secret") }
}

fn city(fake: &Fake, make: Make, records: &[Record]) -> City {
    let world = World::new();
    world.set_clock(micros("2024-06-01"));
    let mut city = City::new(world, &to(fake), make);
    city.keep(records);
    city
}

/// The points of a city as a server without faults has them.
fn expected(records: &[Record]) -> BTreeMap<String, String> {
    let fake = Fake::new(ALL_WELL);
    city(&fake, WRITERS[0].1, records).drain(0);
    fake.points()
}

#[test]
fn whatever_the_server_does_for_a_while_every_point_arrives_and_its_place_waits() {
    let records = year();
    let all = expected(&records);
    assert!(all.len() > 100, "{}", all.len());
    let busy = || Answer::Say(429, "Retry-After: 7\r\n", r#"{"code":"too many requests","message":"slow"}"#.into());
    let https = || Answer::Say(400, "", "Client sent an HTTP request to an HTTPS server.".into());
    let faults = [
        say(401),
        say(403),
        say(404),
        busy(),
        say(500),
        say(502),
        say(503),
        https(),
        Answer::Say(302, "Location: /elsewhere\r\n", String::new()),
        Answer::Hang,
        Answer::Reset,
        Answer::TakeInSilence,
    ];
    for (name, make) in WRITERS {
        for fault in &faults {
            let fake = Fake::new(ALL_WELL);
            let mut city = city(&fake, make, &records);
            let during = fault.clone();
            fake.set_script(move |request| if request.writes() { during.clone() } else { Answer::Take });
            for _ in 0..3 {
                let Err(SinkError::Refused { what, after, .. }) = city.turn() else { panic!("{name} {fault:?}") };
                assert!(what.contains("InfluxDB at http://127.0.0.1"), "{what}");
                if *fault == busy() && name == "reqwest" {
                    assert_eq!(after, Some(Duration::from_secs(7)));
                }
                let waits = Some(FillProgress { plans: 1, written: 0 });
                assert_eq!(city.sink.fill_progress(), waits, "its place waits: {name} {fault:?}");
            }
            assert_eq!(city.dead_letters(), [], "{name} {fault:?}");
            fake.set_script(ALL_WELL);
            city.drain(0);
            assert_eq!(fake.points(), all, "{name} {fault:?}");
            assert_eq!((city.pending(), city.sink.fill_progress()), (Some(0), None));
        }
    }
}

#[test]
fn a_connection_that_is_reset_in_the_middle_of_our_body_costs_nothing() {
    let records = days(2_000);
    let all = expected(&records);
    for (name, make) in WRITERS {
        let fake = Fake::new(ALL_WELL);
        let mut city = city(&fake, make, &records);
        fake.cut(3);
        for _ in 0..3 {
            assert!(matches!(city.turn(), Err(SinkError::Refused { .. })), "{name}");
        }
        city.drain(0);
        assert!(fake.points() == all, "{name}");
    }
}

#[test]
fn one_bad_point_in_five_thousand_is_a_dead_letter_once_and_the_others_are_written() {
    let records = days(4_900);
    let all = expected(&records);
    let (bad, _) = all.iter().nth(3_333).map(|(key, fields)| (key.clone(), fields.clone())).unwrap();
    for (name, make) in WRITERS {
        let fake = Fake::new(ALL_WELL);
        let mut city = city(&fake, make, &records);
        let (key, time) = bad.split_once(' ').map(|(k, t)| (k.to_owned(), t.to_owned())).unwrap();
        let is_bad = move |line: &str| line.starts_with(&key) && line.ends_with(&time);
        fake.set_script(move |r| if r.writes() && r.body.lines().any(&is_bad) { invalid() } else { Answer::Take });
        let (_, dead) = city.drain(0);
        assert_eq!(dead, 1, "{name}");
        let writes = fake.writes();
        assert!((20..40).contains(&writes), "{writes} requests");
        let mut others = all.clone();
        let fields = others.remove(&bad).unwrap();
        assert!(fake.points() == others, "{name}");
        let letter = format!("{} {fields} {}", bad.split_once(' ').unwrap().0, bad.split_once(' ').unwrap().1);
        assert_eq!(city.dead_letters(), [(letter, "unable to parse 'x': bad timestamp".to_owned())]);
        // Told everything again by a new worker: the point is recognised and not even sent.
        city.restart(&to(&fake), make);
        city.keep(&[]);
        pretend_new(&city);
        assert_eq!(city.drain(0).1, 0);
        let writes = fake.writes();
        assert!(writes <= 4, "{writes} requests: halved again");
        // Asked for anew, it is tried again.
        pipeline::resend(&city.world.data(), "influxdb").unwrap();
        fake.set_script(ALL_WELL);
        city.restart(&to(&fake), make);
        assert_eq!(city.drain(0).1, 0);
        assert!(fake.points() == all && city.dead_letters().is_empty(), "{name}");
    }
}

/// Has the sink start with everything, as a changed catalogue would.
fn pretend_new(city: &City) {
    let mut writer = aggregator::store::open_writer(&city.world.data(), bus::PARTITION).unwrap();
    writer.change(|change| change.put_sinks(None, true)).unwrap();
}

#[test]
fn points_beyond_the_retention_are_dead_letters_and_the_newer_ones_are_written() {
    let records: Vec<Record> = days(40).into_iter().chain(year()).collect();
    let all = expected(&records);
    let since = micros("2012-01-01").moment().0;
    let time = |key: &str| key.rsplit(' ').next().unwrap().parse::<i64>().unwrap();
    let old = all.keys().filter(|key| time(key) < since).count();
    assert!(old > 40);
    for (name, make) in WRITERS {
        let fake = Fake::new(ALL_WELL);
        let mut city = city(&fake, make, &records);
        fake.set_script(move |_| Answer::TakeSince(since));
        let (_, dead) = city.drain(0);
        assert_eq!(dead, old as u64, "{name}");
        let newer: BTreeMap<String, String> = all.clone().into_iter().filter(|(key, _)| time(key) >= since).collect();
        assert_eq!(fake.points(), newer);
        assert_eq!(city.dead_letters().len(), old);
        fake.writes();
        city.world.set_clock(micros("2024-06-02"));
        assert_eq!(city.drain(0), (0, 0), "the next day nothing is tried again");
        assert_eq!(fake.writes(), 0);
    }
}

#[test]
fn a_retention_shorter_than_the_plan_is_reported_before_anything_is_written() {
    for (name, make) in WRITERS {
        let fake = Fake::new(ALL_WELL);
        fake.set_retention(30 * 86_400);
        let mut city = city(&fake, make, &year());
        let Err(SinkError::Refused { what, .. }) = city.turn() else { panic!("{name}") };
        let expected = format!(
            "InfluxDB at {} (bucket b of city) keeps points for 30 days only, and the plan p starts on 2019-04-01; \
             lengthen that: influx bucket update --id ID --retention 0",
            fake.url
        );
        assert_eq!(what, expected);
        assert_eq!(fake.writes(), 0);
        fake.set_retention(0);
        city.drain(0);
        assert!(!fake.points().is_empty());
    }
}

#[test]
fn a_request_that_is_too_large_is_halved_and_the_next_ones_stay_small() {
    let records = days(3_000);
    let all = expected(&records);
    for (name, make) in WRITERS {
        let fake = Fake::new(|r| if r.body.lines().count() > 700 { say(413) } else { Answer::Take });
        let mut city = city(&fake, make, &records);
        city.drain(0);
        assert!(fake.points() == all, "{name}");
        let refused = fake.requests().iter().filter(|r| r.body.lines().count() > 700).count();
        assert_eq!(refused, 3, "5,000 and 2,500 and 1,250, each once: {name}");
    }
}

#[test]
fn a_stop_ends_a_request_that_hangs() {
    for (name, make) in WRITERS {
        let fake = Fake::new(ALL_WELL);
        let patient = InfluxSettings { timeout: Duration::from_secs(30), ..to(&fake) };
        let mut city = city(&fake, make, &year());
        city.restart(&patient, make);
        fake.set_script(|request| if request.writes() { Answer::Hang } else { Answer::Take });
        let (stop, started) = (city.stop.clone(), Instant::now());
        let stopper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            stop.cancel();
        });
        assert!(matches!(city.turn(), Err(SinkError::Stopped)), "{name}");
        assert!(started.elapsed() < Duration::from_secs(5));
        stopper.join().unwrap();
    }
}

#[test]
fn a_first_fill_and_changes_take_turns_and_a_restart_goes_on_with_it() {
    let records = days(4_990);
    let correction = [Record::Observation(sets("2023-08-30", 7_777, "2024-05-03"))];
    let all = expected(&[records.clone(), correction.to_vec()].concat());
    let fake = Fake::new(ALL_WELL);
    let mut city = city(&fake, WRITERS[0].1, &records);
    city.turn().unwrap();
    assert_eq!((city.sink.fill_progress(), city.pending()), (Some(FillProgress { plans: 1, written: 0 }), Some(0)));
    assert!((4_000..5_000).contains(&fake.points().len()), "a request: {}", fake.points().len());
    // What changes now is written next, in the midst of the fill.
    city.keep(&correction);
    city.turn().unwrap();
    let corrected = |points: &BTreeMap<String, String>| points.values().any(|fields| fields.starts_with("value=7777,"));
    assert!(corrected(&fake.points()) && fake.points().len() < all.len());
    // A process that is killed begins this plan again, and only this.
    city.restart(&to(&fake), WRITERS[0].1);
    city.turn().unwrap();
    assert_eq!(city.sink.fill_progress(), Some(FillProgress { plans: 1, written: 0 }));
    city.drain(0);
    assert_eq!((city.sink.fill_progress(), city.pending()), (None, Some(0)));
    assert!(fake.points() == all && corrected(&all));
    city.restart(&to(&fake), WRITERS[0].1);
    city.turn().unwrap();
    assert_eq!(city.sink.fill_progress(), None, "it is over for good");
}

#[test]
fn a_correction_writes_what_it_touches_and_nothing_else() {
    for (name, make) in WRITERS {
        let fake = Fake::new(ALL_WELL);
        let records: Vec<Record> = year().into_iter().chain(days(400)).collect();
        let mut city = city(&fake, make, &records);
        city.drain(0);
        let before = fake.points();
        fake.writes();
        city.keep(&[Record::Observation(uses("2019-05", 11, "2024-05-03"))]);
        let (written, _) = city.drain(0);
        let after = fake.points();
        let changed = after.iter().filter(|(key, fields)| before.get(*key) != Some(fields)).count() as u64;
        assert_eq!(written, changed, "{name}: month, quarter, year and the KPI's days from then on");
        assert!(changed > 3 && changed < 60, "{changed}");
        let may =
            after.iter().find(|(key, _)| key.contains("grain=month,plan=p,series=uses") && key.ends_with(&at_may()));
        assert_eq!(may.unwrap().1, "value=11,value_known=true,complete=true,provisional=false");
        assert_eq!(after.len(), before.len());
    }
}

fn at_may() -> String {
    micros("2019-05-01").moment().0.to_string()
}

#[test]
fn an_unknown_state_stays_as_a_point_without_a_value() {
    let fake = Fake::new(ALL_WELL);
    let mut city = city(&fake, WRITERS[0].1, &[Record::Observation(sets("2020-04-01", 20, "2020-05-02"))]);
    city.drain(0);
    let unknown = contract::record::Value::Unknown("withdrawn".into());
    let withdrawn = contract::record::Observation { value: unknown, ..sets("2020-04-01", 0, "2020-05-03") };
    city.keep(&[Record::Observation(withdrawn)]);
    city.drain(0);
    let points = fake.points();
    let day = points.iter().find(|(key, _)| key.contains("grain=day,plan=p,series=sets")).unwrap();
    assert_eq!(day.1, "value=0,value_known=false,complete=false,provisional=false");
}

#[test]
fn what_a_catalogue_no_longer_has_is_removed() {
    for (name, make) in WRITERS {
        let fake = Fake::new(ALL_WELL);
        let mut world = World::new();
        world.set_clock(micros("2024-06-01"));
        world.text = extended();
        let mut city = City::new(world, &to(&fake), make);
        let late = contract::record::Observation { series: "late".into(), ..uses("2019-05", 3, "2020-05-02") };
        let records: Vec<Record> = year().into_iter().chain([Record::Observation(late)]).collect();
        city.keep(&records);
        city.drain(0);
        let deletes = |fake: &Fake| -> Vec<String> {
            let requests = fake.requests().into_iter().filter(|r| r.path.starts_with("/api/v2/delete"));
            requests
                .map(|r| serde_json::from_str::<serde_json::Value>(&r.body).unwrap()["predicate"].to_string())
                .collect()
        };
        fake.writes();
        city.world.text = support::PLAN.to_owned();
        city.restart(&to(&fake), make);
        city.keep(&[]);
        city.drain(0);
        let removed = deletes(&fake);
        let wanted = r#""_measurement=\"series\" AND \"plan\"=\"p\" AND \"series\"=\"late\" AND \"definition\"=\"d\"""#;
        assert_eq!(removed.iter().filter(|p| *p == wanted).count(), 1, "{name}: {removed:#?}");
        // Of the KPIs of a plan with another catalogue all is removed and shown again.
        assert_eq!(removed.len(), 3, "{removed:#?}");
    }
}

#[test]
fn through_the_pipeline_a_token_that_is_wrong_for_a_while_loses_nothing_and_a_drained_run_writes_everything() {
    let world = World::new();
    world.publish(&year());
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    let fake = Fake::new(move |r| {
        let early = r.writes() && count.fetch_add(1, Ordering::Relaxed) < 2;
        if early { say(401) } else { Answer::Take }
    });
    let sink = to(&fake).sink().unwrap();
    let setup =
        || PipelineSetup { sinks: Arc::new([sink.clone()]), drain: Some(Duration::from_secs(10)), ..world.setup() };
    world.keep_with(&setup(), 13, || {
        let started = Instant::now();
        while fake.points().is_empty() {
            assert!(started.elapsed() < Duration::from_secs(20), "nothing came");
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    assert!(refused.load(Ordering::Relaxed) >= 3);
    assert_eq!(fake.points().keys().filter(|key| key.starts_with("series,")).count(), 12 + 4 + 1);
    world.publish(&[Record::Observation(uses("2019-05", 11, "2020-05-03"))]);
    // Stopped at once: what is left is written before the end.
    world.keep_with(&setup(), 14, || ());
    let points = fake.points();
    let may = points.iter().find(|(key, _)| key.contains("grain=month") && key.ends_with(&at_may())).unwrap();
    assert!(may.1.starts_with("value=11,"), "{}", may.1);
}

#[test]
fn a_drained_run_says_which_sink_failed_and_keeps_what_it_did_not_write() {
    let world = World::new();
    world.publish(&year());
    let fake = Fake::new(|_| say(401));
    let setup = PipelineSetup {
        sinks: Arc::new([to(&fake).sink().unwrap()]),
        drain: Some(Duration::from_secs(10)),
        ..world.setup()
    };
    let stop = std::sync::atomic::AtomicBool::new(false);
    let log = bus::SqliteConsumer::open(world.bus()).unwrap();
    let outcome = std::thread::scope(|scope| {
        let running = scope.spawn(|| pipeline::run(&setup, Box::new(log), &stop));
        while setup.progress.counts().received < 13 {
            std::thread::sleep(Duration::from_millis(1));
        }
        stop.store(true, Ordering::Relaxed);
        running.join().unwrap()
    });
    let error = outcome.unwrap_err().to_string();
    assert!(error.starts_with("not everything was written: influxdb: InfluxDB at http://127.0.0.1"), "{error}");
    assert!(error.contains("answered 401") && error.contains("set influxdb.token"), "{error}");
    assert!(!error.contains("secret"), "{error}");
    assert_eq!(world.reader().tally().unwrap().stored, 13);
}

#[test]
fn writing_a_sink_again_is_refused_while_an_aggregator_runs() {
    let world = World::new_with_store();
    let held = aggregator::store::open_writer(&world.data(), bus::PARTITION).unwrap();
    let error = pipeline::resend(&world.data(), "influxdb").unwrap_err().to_string();
    assert!(error.contains("is being written by another process") && error.contains("stop that one first"), "{error}");
    drop(held);
    assert_eq!(pipeline::resend(&world.data(), "influxdb").unwrap(), 0, "nobody follows it yet");
}
