//! The real InfluxDB: what is written is what is read, and what it holds is what the books say.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "support/influx_books.rs"]
mod books;
#[path = "support/influx_city.rs"]
mod city;
#[path = "support/influx_direct.rs"]
mod direct;
#[path = "support/influx_fake.rs"]
mod fake;
#[path = "support/influx_read.rs"]
mod influx_read;
mod support;

use aggregator::pipeline::{self, PipelineSetup};
use aggregator::sinks::influxdb::{FieldValue, InfluxSettings, LineBuffer};
use books::{expected, number};
use city::{City, WRITERS, days};
use contract::exact::{self, Exact};
use contract::record::{Observation, Record, Value};
use contract::time::Moment;
use fake::{Answer, Fake, Request, say};
use influx_read::{Bucket, Points, fresh};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use support::{World, at, extended, micros, observation, sets, uses, with_target, year};
use tokio_util::sync::CancellationToken;

const BOTH: [&str; 2] = ["series", "kpi"];

fn to(bucket: &Bucket) -> InfluxSettings {
    InfluxSettings::new(&bucket.url, &bucket.org, &bucket.name, &bucket.token)
}

/// A city with every shape: months, states, a counter's readings, and an unknown among them.
fn records() -> Vec<Record> {
    let reading =
        |date: &str, n: i64| observation("hits", contract::record::Span::AsOf(at(date)), Value::Known(n), "2020-05-02");
    let mut records = year();
    let withdrawn = Observation { value: Value::Unknown("closed".into()), ..uses("2020-04", 0, "2020-05-02") };
    records
        .extend([sets("2019-04-01", 10, "2020-05-02"), sets("2020-04-01", 20, "2020-05-02")].map(Record::Observation));
    records.extend([withdrawn, sets("2020-03-15", 5, "2020-05-02")].map(Record::Observation));
    records.extend((1..=30).map(|d| Record::Observation(reading(&format!("2019-06-{d:02}"), i64::from(d * d)))));
    records
}

fn city(bucket: &Bucket, writer: usize) -> City {
    let world = World::new();
    let mut city = City::new(world, &to(bucket), WRITERS[writer].1);
    city.keep(&records());
    city
}

fn assert_same(found: &Points, expected: &Points) {
    let missing: Vec<_> = expected.iter().filter(|(key, _)| !found.contains_key(key)).collect();
    let more: Vec<_> = found.iter().filter(|(key, _)| !expected.contains_key(key)).collect();
    assert!(missing.is_empty() && more.is_empty(), "missing {missing:#?}, more {more:#?}");
    for (key, fields) in expected {
        for (name, value) in fields {
            let read = &found[key][name];
            let same = read == value || (read.is_number() && read.as_f64() == value.as_f64());
            assert!(same, "{key:?} {name}: read {read}, expected {value}");
        }
        assert_eq!(found[key].len(), fields.len(), "{key:?}");
    }
}

#[test]
fn what_is_written_is_what_is_read() {
    let bucket = fresh(0);
    // Anything that is no control character, and often what line protocol treats specially.
    let text = prop_oneof!["[a-z ,=\\\\\"'#]{1,12}", "[\\PC]{1,12}", "[ぁ-ん亜-腕 ,=]{1,6}"]
        .prop_filter("refused", |text: &String| !text.ends_with('\\') && !text.chars().any(char::is_control));
    let numbers = (any::<i64>(), -1_000_000..1_000_000_i64, 1..1_000_i64, any::<bool>());
    let points = prop::collection::vec((text.clone(), text, numbers), 1..60);
    let (mut runner, mut time) = (TestRunner::new(Config::with_cases(40)), 0);
    let mut expected = Points::new();
    let (mut writers, stop) = (WRITERS.map(|(_, make)| make(&to(&bucket)).unwrap()), CancellationToken::new());
    let lines = std::cell::RefCell::new(Vec::new());
    runner
        .run(&points, |points| {
            lines.borrow_mut().push(points);
            Ok(())
        })
        .unwrap();
    for (case, points) in lines.into_inner().into_iter().enumerate() {
        let mut lines = LineBuffer::default();
        for (a, b, (whole, top, bottom, flag)) in points {
            time += 1;
            let ratio = Exact::new(top.into(), bottom.into());
            let fields = [
                ("whole", FieldValue::Whole(whole.into())),
                ("ratio", FieldValue::Exact(&ratio)),
                ("flag", FieldValue::Flag(flag)),
            ];
            if lines.push("written", &[("a", &a), ("b", &b)], &fields, Moment(time)).is_err() {
                continue;
            }
            let fields = [
                ("whole".to_owned(), json!(number(&whole.to_string()))),
                ("ratio".to_owned(), json!(number(&exact::canonical(&ratio)))),
                ("flag".to_owned(), json!(flag)),
            ];
            expected.insert((format!("written,a={a},b={b}"), time), fields.into());
        }
        writers[case % 2].write(lines.text(0..lines.len()).to_owned(), &stop).unwrap_or_else(|e| panic!("{e:?}"));
    }
    assert!(expected.len() > 500, "{}", expected.len());
    assert_same(&bucket.points(&["written"]), &expected);
}

#[test]
fn what_it_holds_is_what_the_books_say_also_after_a_correction_and_a_removal() {
    for writer in [0, 1] {
        let bucket = fresh(0);
        let mut city = city(&bucket, writer);
        city.drain(0);
        assert_same(&bucket.points(&BOTH), &expected(&city));
        let before = bucket.points(&BOTH);
        let corrected = sets("2020-04-01", 21, "2020-05-03");
        city.keep(&[Record::Observation(uses("2019-05", 11, "2020-05-03")), Record::Observation(corrected)]);
        city.drain(0);
        let after = bucket.points(&BOTH);
        assert_same(&after, &expected(&city));
        assert_eq!(after.len(), before.len(), "overwritten, not added");
        // A series comes, and goes with the catalogue that had it; a target moves.
        city.world.text = extended();
        city.restart(&to(&bucket), WRITERS[writer].1);
        let late = Observation { series: "late".into(), ..uses("2019-05", 3, "2020-05-02") };
        city.keep(&[Record::Observation(late)]);
        city.drain(0);
        assert!(bucket.points(&BOTH).keys().any(|(name, _)| name.ends_with("series=late")));
        assert_same(&bucket.points(&BOTH), &expected(&city));
        city.world.text = with_target(200);
        city.restart(&to(&bucket), WRITERS[writer].1);
        city.keep(&[]);
        city.drain(0);
        assert_same(&bucket.points(&BOTH), &expected(&city));
        assert!(!bucket.points(&BOTH).keys().any(|(name, _)| name.ends_with("series=late")));
    }
}

#[test]
fn a_period_whose_figures_are_not_admitted_any_more_is_removed_and_its_neighbours_stay() {
    let bucket = fresh(0);
    let mut city = city(&bucket, 0);
    let other = Observation { source: "other".into(), ..uses("2021-05", 7, "2021-06-02") };
    city.keep(&[Record::Observation(other)]);
    city.drain(0);
    let month = ("series,definition=d,grain=month,plan=p,series=uses".to_owned(), at("2021-05-01").0);
    assert!(bucket.points(&BOTH).contains_key(&month));
    city.world.text = support::PLAN.replace("[[series.source]]\nid = \"other\"\n", "");
    city.restart(&to(&bucket), WRITERS[0].1);
    city.keep(&[]);
    city.drain(0);
    assert!(!bucket.points(&BOTH).contains_key(&month));
    assert_same(&bucket.points(&BOTH), &expected(&city));
}

#[test]
fn written_again_it_holds_the_same_and_dashboards_find_every_point_meanwhile() {
    let bucket = fresh(0);
    let mut city = city(&bucket, 0);
    city.keep(&days(1_000));
    city.drain(0);
    let before = bucket.points(&BOTH);
    assert_eq!(pipeline::resend(&city.world.data(), "influxdb").unwrap(), 1);
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let count =
        |series: Vec<serde_json::Value>| series.iter().map(|s| s["values"][0][1].as_u64().unwrap()).sum::<u64>();
    let all = || BOTH.map(|m| count(bucket.query(&format!("SELECT count(value) FROM \"{m}\""))));
    let full = all();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert_eq!(all(), full);
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
        city.restart(&to(&bucket), WRITERS[0].1);
        assert_eq!(city.drain(0), (before.len() as u64, 0), "each point once");
        done.store(true, Ordering::Relaxed);
    });
    assert!(asked.load(Ordering::Relaxed) > 0);
    assert_same(&bucket.points(&BOTH), &before);
    // The same into an empty bucket.
    let empty = fresh(0);
    pipeline::resend(&city.world.data(), "influxdb").unwrap();
    city.restart(&to(&empty), WRITERS[1].1);
    city.drain(0);
    assert_same(&empty.points(&BOTH), &before);
}

#[test]
fn faults_before_the_real_server_lose_nothing() {
    for (name, make) in WRITERS {
        let bucket = fresh(0);
        let mut round = 0;
        let faults = move |request: &Request| {
            round += 1;
            match (request.writes(), round % 9) {
                (true, 0) => say(401),
                (true, 1) => say(503),
                (true, 2) => Answer::Hang,
                (true, 3) => Answer::Reset,
                (true, 4) => Answer::TakeInSilence,
                (true, 5) => say(429),
                _ => Answer::Take,
            }
        };
        let proxy = Fake::before(Some(bucket.address().to_owned()), faults);
        let through = InfluxSettings { url: proxy.url.clone(), timeout: Duration::from_millis(700), ..to(&bucket) };
        let mut city = City::new(World::new(), &through, make);
        city.keep(&records());
        city.keep(&days(200));
        city.drain(20);
        assert_eq!(city.dead_letters(), [], "{name}");
        assert_same(&bucket.points(&BOTH), &expected(&city));
    }
}

#[test]
fn points_beyond_the_buckets_retention_are_dead_letters_and_the_others_are_there() {
    for (_, make) in WRITERS {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let since = micros("2020-01-15").moment().0;
        let bucket = fresh(i64::try_from(now).unwrap() - since);
        let mut city = City::new(World::new(), &to(&bucket), make);
        city.keep(&records());
        let all = expected(&city);
        let (_, dead) = city.drain(0);
        let newer: Points = all.clone().into_iter().filter(|((_, time), _)| *time >= since).collect();
        assert_eq!(dead, (all.len() - newer.len()) as u64);
        assert_eq!(city.dead_letters().len(), all.len() - newer.len());
        assert!(city.dead_letters()[0].1.contains("outside retention policy"), "{:?}", city.dead_letters()[0]);
        assert_same(&bucket.points(&BOTH), &newer);
    }
}

#[test]
fn a_wrong_token_and_a_missing_bucket_are_named_with_their_remedy() {
    let bucket = fresh(0);
    let wrong = [
        (
            InfluxSettings { token: "wrong".into(), ..to(&bucket) },
            "answered 401: unauthorized access; its token is wrong",
        ),
        (
            InfluxSettings { bucket: "none".into(), ..to(&bucket) },
            "answered 404: bucket \"none\" not found; make the bucket",
        ),
        (InfluxSettings { org: "none".into(), ..to(&bucket) }, "answered 404: organization name \"none\" not found"),
        (InfluxSettings { url: "http://127.0.0.1:9".into(), ..to(&bucket) }, "cannot be reached; is it running"),
    ];
    for (_, make) in WRITERS {
        for (to, text) in &wrong {
            let mut city = City::new(World::new(), to, make);
            city.keep(&year());
            let error = city.turn().unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}

#[test]
fn through_the_pipeline_it_holds_what_the_books_say() {
    let bucket = fresh(0);
    let mut world = World::new();
    world.text = support::PLAN.to_owned();
    world.publish(&records());
    let setup = PipelineSetup {
        sinks: Arc::new([to(&bucket).sink().unwrap()]),
        drain: Some(Duration::from_secs(20)),
        ..world.setup()
    };
    let total = records().len() as u64;
    world.keep_with(&setup, total, || ());
    let city = City { books: setup.states.clone(), ..City::new(world, &to(&bucket), WRITERS[0].1) };
    assert_same(&bucket.points(&BOTH), &expected(&city));
}
