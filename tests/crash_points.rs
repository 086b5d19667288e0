//! Dies at every named point, at its first and its second time, and starts again: the export, and what a sink was told,
//! are those of a clean run.
#![allow(clippy::unwrap_used, clippy::format_push_string, reason = "a test may stop at what is wrong")]

#[path = "../aggregator/tests/support/influx_fake.rs"]
mod influx_fake;
mod support;

use bus::Failpoint;
use influx_fake::{Answer, Fake};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Output;
use support::City;

/// The signal of `abort`.
const ABORT: i32 = 6;
const TOPIC: &str = "records";

/// Where a point is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Everything in one process, with a sink.
    Embedded,
    /// By Kafka.
    Kafka,
    /// What is derived is damaged, and made again.
    Mended,
    /// More records wait than one batch takes.
    Behind,
}

/// Daily series of a plan, and their days: more figures than a batch takes.
const MANY: (u32, u32) = (24, 900);

const MANY_SOURCE: &str = r#"
[[source]]
id = "many"
plan = "p"
kind = "register"
interval = "1d"
path = "many.csv"
[source.columns]
series = ["series"]
period = ["period"]
value = ["value"]
"#;

/// A plan beside the shipped ones, whose register has more figures than a batch takes.
fn add_many(city: &City) {
    let (series, days) = MANY;
    let (mut plan, mut register) =
        (format!("{}{}", testkit::PLAN, testkit::POLICY), "series,period,value\n".to_owned());
    let first = contract::period::Period::month(2018, 4).start();
    for one in 0..series {
        plan += &testkit::series(&format!("s{one}"), "shape = \"flow\"\ngrain = \"day\"", "all", "many");
        for day in 0..days {
            let date = contract::time::Moment(first.0 + i64::from(day) * contract::time::DAY).date();
            register += &format!("s{one},{date},{}\n", one * day);
        }
    }
    city.write_new("plans/many.toml", &plan);
    city.write_new("sources.d/many.toml", MANY_SOURCE);
    city.write_new("many.csv", &register);
}

/// A new point is placed here, or this does not compile.
fn way(point: Failpoint) -> Way {
    match point {
        Failpoint::ShipperArrived => Way::Kafka,
        Failpoint::DerivedRemoved => Way::Mended,
        Failpoint::FactsStored => Way::Behind,
        Failpoint::LogMigrated
        | Failpoint::OutboxWritten
        | Failpoint::OutboxCommitted
        | Failpoint::PollRead
        | Failpoint::PollPublished
        | Failpoint::StoreMigrated
        | Failpoint::BatchRead
        | Failpoint::StoreWritten
        | Failpoint::BatchStored
        | Failpoint::SinkWritten => Way::Embedded,
    }
}

/// A city, and the servers it speaks to.
struct World {
    city: City,
    influx: Fake,
    cluster: Option<MockCluster<'static, DefaultProducerContext>>,
}

impl World {
    fn new(way: Way) -> Self {
        let (city, influx) = (City::shipped(), Fake::new(|_| Answer::Take));
        let mut settings = city.read("shihyo.toml");
        settings += &format!("\n[influxdb]\nurl = \"{}\"\norg = \"o\"\nbucket = \"b\"\n", influx.url);
        let cluster = (way == Way::Kafka).then(|| {
            let cluster = MockCluster::new(1).unwrap();
            cluster.create_topic(TOPIC, 1, 1).unwrap();
            let brokers = cluster.bootstrap_servers();
            settings += &format!("[kafka]\nbrokers = \"{brokers}\"\ntopic = \"{TOPIC}\"\nsecurity = \"plaintext\"\n");
            cluster
        });
        city.write("shihyo.toml", &settings);
        let world = Self { city, influx, cluster };
        if way == Way::Behind {
            add_many(&world.city);
            // All of it waits before the first batch is read.
            assert!(world.run(&["collect", "--once"], None).status.success());
        }
        if way == Way::Mended {
            assert!(world.run(&["run", "--once"], None).status.success());
            damage_rollups(&world.city.data().join("store-0.db"));
        }
        world
    }

    fn run(&self, words: &[&str], die_at: Option<String>) -> Output {
        let mut command = self.city.command(words);
        command.env("SHIHYO__INFLUXDB__TOKEN", "t").env("SHIHYO__LOG__LEVEL", "warn");
        command.envs(die_at.map(|at| ("SHIHYO_DIE_AT", at)));
        command.output().unwrap()
    }

    fn outcome(&self) -> (Vec<String>, BTreeMap<String, String>) {
        let on = ["FY2019", "2020-11-30", "FY2021"];
        let words = |on| ["report", "--format", "json", "--rollups", "--on", on];
        (on.iter().map(|on| self.city.ok(&words(on))).collect(), self.influx.points())
    }
}

/// Every byte of the first page of the table of rollups is another one.
fn damage_rollups(path: &Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'rollups'";
    let page: u32 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    drop(connection);
    let mut bytes = std::fs::read(path).unwrap();
    for byte in &mut bytes[(page as usize - 1) * 4096..][..4096] {
        *byte ^= 0xff;
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_process_that_dies_at_any_point_loses_nothing() {
    let clean = World::new(Way::Embedded);
    assert!(clean.run(&["run", "--once"], None).status.success());
    let right = clean.outcome();
    assert!(right.1.len() > 100, "{} points", right.1.len());
    let many = World::new(Way::Behind);
    assert!(many.run(&["aggregate", "--once"], None).status.success());
    let right_of_many = many.outcome();
    assert!(right_of_many.1.len() > 20_000, "{} points", right_of_many.1.len());
    // One of them alone while it is worked at.
    let asked = std::env::var("SHIHYO_POINT").ok();
    let is_asked = |point: &Failpoint| asked.as_ref().is_none_or(|asked| *asked == format!("{point:?}"));
    for point in Failpoint::ALL.into_iter().filter(is_asked) {
        let way = way(point);
        for hit in 1..=2 {
            let at = format!("{point:?}:{hit}");
            let world = World::new(way);
            let (words, right): (&[&str], _) = match way {
                Way::Mended => (&["rebuild"], &right),
                Way::Behind => (&["aggregate", "--once"], &right_of_many),
                Way::Embedded | Way::Kafka => (&["run", "--once"], &right),
            };
            let died = world.run(words, Some(at.clone()));
            let said = String::from_utf8_lossy(&died.stderr).into_owned();
            match died.status.signal() {
                Some(ABORT) => {}
                _ if hit == 2 => assert!(died.status.success(), "{at}: {said}"),
                _ => panic!("{at} was not reached: {said}"),
            }
            let again = world.run(&["run", "--once"], None);
            assert!(again.status.success(), "{at}: {}", String::from_utf8_lossy(&again.stderr));
            let (exports, points) = world.outcome();
            assert!(exports == right.0, "{at}: another export");
            assert!(points == right.1, "{at}: the sink was told something else");
            drop(world.cluster);
        }
    }
}

#[test]
fn a_store_of_before_whose_upgrade_dies_is_upgraded_by_the_next_start() {
    let upgraded = City::before();
    upgraded.ok(&["rebuild"]);
    let city = City::before();
    let died = city.command(&["rebuild"]).env("SHIHYO_DIE_AT", "StoreMigrated:1").output().unwrap();
    assert_eq!(died.status.signal(), Some(ABORT), "{}", String::from_utf8_lossy(&died.stderr));
    let refused = city.run(&["report"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("run `shihyo rebuild`"), "it is the store of before");
    city.ok(&["rebuild"]);
    for on in ["2020-11-30", "FY2021"] {
        let words = ["report", "--format", "json", "--rollups", "--on", on];
        assert_eq!(city.ok(&words), upgraded.ok(&words));
    }
}
