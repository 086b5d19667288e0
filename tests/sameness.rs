//! The same answer everywhere: one workload through the embedded default, through one aggregator on Kafka, and
//! through two collectors and three aggregators that join, leave, are stopped, resumed and killed. The canonical
//! exports are byte-equal, and what InfluxDB says is what the stores say.
//!
//! `SHIHYO_SEED=n` replays one workload; without it the seed is the clock's and is printed.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

#[path = "sameness/city.rs"]
mod city;
#[path = "../aggregator/tests/support/influx_read.rs"]
mod influx_read;
#[path = "sameness/members.rs"]
mod members;
#[path = "sameness/shown.rs"]
mod shown;
mod support;
#[path = "sameness/workload.rs"]
mod workload;

use city::{cities, embedded, kafka, topic};
use members::Members;
use std::time::{Duration, Instant};

/// How long everything may take to come to rest once nothing more is published.
const PATIENCE: Duration = Duration::from_secs(90);

fn seed() -> u64 {
    let clock = || std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos().into();
    let seed = std::env::var("SHIHYO_SEED").map_or_else(|_| clock(), |seed| seed.parse().unwrap());
    println!("SHIHYO_SEED={seed}");
    seed
}

#[test]
fn one_aggregator_on_kafka_and_three_that_come_and_go_give_the_bytes_of_the_embedded_default() {
    let seed = seed();
    let expected = embedded(seed);
    assert!(expected.export.len() > 100_000, "the workload is worth comparing: {}", &expected.export[..500]);

    let topic_of_one = topic("one", 3);
    let one = cities();
    kafka(&topic_of_one).publish(seed, &[0]);
    one.ok_with(&topic_of_one, &["aggregate", "--once"]);
    same(&expected.export, &one.report());
    assert_eq!(expected.polls.lines().count(), 2 * workload::PLANS);
    same(&expected.polls, &one.polls());

    let topic_of_many = topic("many", 6);
    let mut members = Members::new(&topic_of_many, 3);
    std::thread::scope(|scope| {
        let publishing = scope.spawn(|| kafka(&topic_of_many).publish(seed, &[1, 2]));
        members.trouble(seed, || publishing.is_finished());
        publishing.join().unwrap();
    });
    println!("{}", members.story());
    members.all_at_work();
    members.wait(PATIENCE, "three members", |members| members.show(&expected));
    // Each of them shows its own plans; a viewer shows all, and takes none from them.
    let viewer = members.add_viewer();
    members.wait(PATIENCE, "a viewer of all plans", |members| {
        (members.export(viewer) == expected.export).then_some(()).ok_or_else(|| members.export(viewer))
    });
    assert!((0..3).all(|at| members.export(at) != expected.export), "no member has all plans");
    members.end(viewer);
    // The last one takes over everything, also what it never saw.
    let last = members.leave_but_one();
    let started = Instant::now();
    while members.export(last) != expected.export && started.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(200));
    }
    same(&expected.export, &members.export(last));
    members.wait(PATIENCE, "the last member", |members| members.show(&expected));
}

/// Equal, or where they differ first.
fn same(expected: &str, found: &str) {
    if expected == found {
        return;
    }
    let at = expected.bytes().zip(found.bytes()).position(|(a, b)| a != b).unwrap_or(expected.len().min(found.len()));
    let around = |text: &str| {
        String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(200)..(at + 200).min(text.len())]).into_owned()
    };
    panic!("the exports differ at byte {at}:\n  embedded: {}\n  found:    {}", around(expected), around(found));
}
