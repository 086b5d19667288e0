//! Both writers to a real InfluxDB, beside the making of the lines alone: what a million points cost this process.
//!
//! Not criterion's business: what counts is the processor's time of all threads, not the server's pace.

#[path = "../tests/support/influx_direct.rs"]
mod direct;
#[path = "../tests/support/influx_read.rs"]
mod influx_read;

use aggregator::sinks::influxdb::{
    BATCH, FieldValue, InfluxSettings, Influxdb2Client, LineBuffer, PointWriter, WriteError,
};
use contract::time::Moment;
use direct::Direct;
use std::time::{Duration, Instant};
use testkit::bench::{LoadWatch, spread, table};
use tokio_util::sync::CancellationToken;

/// Points of one run.
const POINTS: i64 = 250_000;
/// Runs of each; they take turns, so that what the machine does beside them meets all alike.
const ROUNDS: u32 = 4;

/// Takes every line and does nothing with it.
struct Nowhere;

impl PointWriter for Nowhere {
    fn write(&mut self, lines: String, _: &CancellationToken) -> Result<(), WriteError> {
        std::hint::black_box(lines);
        Ok(())
    }

    fn delete(&mut self, _: Moment, _: Moment, _: &str, _: &CancellationToken) -> Result<(), WriteError> {
        Ok(())
    }

    fn retention(&mut self, _: &CancellationToken) -> Result<Option<i64>, WriteError> {
        Ok(None)
    }
}

/// The processor's time of this process so far, user and system, where the system says so.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after.split(' ').skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    // A hundred ticks a second on every Linux.
    Duration::from_millis(ticks * 10)
}

fn write(writer: &mut dyn PointWriter, stop: &CancellationToken) -> (Duration, Duration) {
    let (started, before) = (Instant::now(), processor());
    let batch = i64::try_from(BATCH).unwrap_or(i64::MAX);
    for first in (0..POINTS).step_by(BATCH) {
        let mut lines = LineBuffer::default();
        for n in first..first + batch {
            let series = format!("series-{}", n % 50);
            let tags = [("definition", "d"), ("grain", "day"), ("plan", "p"), ("series", series.as_str())];
            let fields = [
                ("value", FieldValue::Whole(i128::from(n * 7919 % 1_000_003))),
                ("value_known", FieldValue::Flag(true)),
                ("complete", FieldValue::Flag(n % 3 == 0)),
                ("provisional", FieldValue::Flag(n % 5 == 0)),
            ];
            lines.push("series", &tags, &fields, Moment(1_300_000_000 + n / 50 * 86_400)).expect("a plain line");
        }
        writer.write(lines.text(0..lines.len()).to_owned(), stop).expect("taken");
    }
    (started.elapsed(), processor().saturating_sub(before))
}

fn main() {
    // `cargo test` runs benches too, to see that they build.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let _watch = LoadWatch::begin();
    let bucket = influx_read::fresh(0);
    let to = InfluxSettings::new(&bucket.url, &bucket.org, &bucket.name, &bucket.token);
    let stop = CancellationToken::new();
    let mut writers: [(&str, Box<dyn PointWriter>); 3] = [
        ("lines alone", Box::new(Nowhere)),
        ("influxdb2", Box::new(Influxdb2Client::new(&to).expect("a client"))),
        ("reqwest", Box::new(Direct::new(&to).expect("a client"))),
    ];
    // Once over, so that the server has the series and both have their connection.
    for (_, writer) in &mut writers {
        let _ = write(writer.as_mut(), &stop);
    }
    let million = 1e6 / f64::from(u32::try_from(POINTS).unwrap_or(u32::MAX));
    let mut costs: [Vec<(f64, f64)>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (costs, (_, writer)) in costs.iter_mut().zip(&mut writers) {
            let (took, worked) = write(writer.as_mut(), &stop);
            costs.push((took.as_secs_f64() * million, worked.as_secs_f64() * million));
        }
    }
    let row = |name: &str, costs: &[(f64, f64)]| {
        [name.to_owned(), spread(costs.iter().map(|cost| cost.0), 2), spread(costs.iter().map(|cost| cost.1), 2)]
    };
    let rows: Vec<_> = writers.iter().zip(&costs).map(|((name, _), costs)| row(name, costs)).collect();
    println!("{}", table("influx-writers", ["a million points", "s", "CPU s of this process"], &rows));
}
