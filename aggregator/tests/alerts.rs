//! Alerts: told once a bad status has lasted, and once when it is over; by restarts and dead servers nothing is lost.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "support/alert_fake.rs"]
mod alert_fake;
mod support;

use aggregator::pipeline::{self, Setup};
use aggregator::sinks::SinkMaker;
use aggregator::sinks::alert::{self, Alertmanager, SettingError, Webhook};
use alert_fake::{Fake, Request, until};
use contract::record::Record;
use contract::time::Micros;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;
use support::{World, micros, uses, year};

const LINK: &str = "https://shihyo.example/";
const SECRET: &str = "a secret";
/// Records of [`year`].
const YEAR: u64 = 13;

fn webhook(url: String) -> SinkMaker {
    alert::webhook(Webhook { url, secret: SECRET.into(), link: LINK.into() }).unwrap()
}

fn alertmanager(fake: &Fake) -> SinkMaker {
    alert::alertmanager(Alertmanager { urls: vec![fake.url()], link: LINK.into() }).unwrap()
}

fn setup(world: &World, sink: SinkMaker) -> Setup {
    Setup { sinks: Arc::new([sink]), ..world.setup() }
}

fn start() -> Micros {
    micros("2022-06-01")
}

fn after(seconds: i64) -> Micros {
    Micros(start().0 + seconds * 1_000_000)
}

/// Eleven times as many uses in May as before: 220 of 200 in the year.
fn recovery() -> Record {
    Record::Observation(uses("2019-05", 110, "2020-05-03"))
}

fn ids(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|request| request.header("idempotency-key").to_owned()).collect()
}

fn id(seconds: i64, event: &str) -> String {
    format!("p/uses/trend/{}/{event}", after(seconds).0)
}

/// Long enough for a turn of the sink and an idle tick of the keeper.
fn a_while() {
    std::thread::sleep(Duration::from_millis(700));
}

#[test]
fn a_status_that_stays_bad_is_told_once_and_its_recovery_once_in_both_languages() {
    let (world, fake) = (World::new(), Fake::new());
    world.publish(&year());
    world.keep_with(&setup(&world, webhook(fake.url())), YEAR, || {
        a_while();
        assert!(fake.requests().is_empty(), "nobody is told before the hold is over");
        world.set_clock(after(299));
        a_while();
        assert!(fake.requests().is_empty());
        world.set_clock(after(300));
        until("fired", || !fake.requests().is_empty());
        a_while();
    });
    let told = fake.taken();
    assert_eq!(ids(&told), [id(0, "fired")]);
    let said = told[0].json();
    assert_eq!(said["text"]["summary"]["ja"], "遅れ: 利用件数 120 件（計画）");
    assert_eq!(said["text"]["summary"]["en"], "off track: uses 120 件 (plan)");
    let ja = "成果指標「利用件数」（施策「施策」）が「遅れ」です。\n実績: 120 件（2020-03-31 まで）\n\
              目安（計画の目標ではない）: 150 件\n目標: ≥ 200 件";
    assert_eq!(said["text"]["description"]["ja"], ja);
    world.set_clock(after(400));
    world.publish(&[recovery()]);
    world.keep_with(&setup(&world, webhook(fake.url())), YEAR + 1, || {
        until("resolved", || fake.requests().len() == 2);
        a_while();
    });
    assert_eq!(ids(&fake.taken()), [id(0, "fired"), id(0, "resolved")]);
}
