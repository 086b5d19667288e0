//! Speed on Kafka, beside peers in the same run. `tests/bench/kafka/run` builds, starts and calls this.

mod child;
mod inside;
mod readers;
mod table;
mod workload;
mod writers;

use clap::{Args, Parser, Subcommand};
use readers::{Place, Round, Sample};
use std::path::PathBuf;
use std::process::ExitCode;
use table::Row;
use workload::{Answers, Workload};

/// Memory that the aggregator may take.
const MEMORY_MB: f64 = 250.0;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure everything.
    All(Options),
    /// librdkafka's poll loop.
    Bare { brokers: String, topic: String, records: u64 },
    /// The shipper alone.
    Ship { log: PathBuf, brokers: String, topic: String },
}

#[derive(Args)]
struct Options {
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    rounds: u16,
    /// Records; rounded down to a multiple of 20.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(3600..=10_000_000))]
    records: u32,
    /// Folder of all that is written.
    #[arg(long)]
    work: PathBuf,
    #[arg(long)]
    brokers: String,
    /// Process of the broker, when it runs here.
    #[arg(long)]
    broker_pid: Option<u32>,
    #[arg(long)]
    shihyo: PathBuf,
    #[arg(long)]
    telegraf: PathBuf,
    #[arg(long)]
    telegraf_config: PathBuf,
    /// Java's class path of Kafka Streams' side.
    #[arg(long)]
    streams: String,
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::All(options) => all(options),
        Command::Bare { brokers, topic, records } => {
            println!("{}", serde_json::to_string(&inside::bare(&brokers, &topic, records)?)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Ship { log, brokers, topic } => {
            println!("{{\"seconds\":{}}}", inside::ship(&log, &brokers, &topic)?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn all(options: Options) -> anyhow::Result<ExitCode> {
    let workload = Workload { records: usize::try_from(options.records / 20 * 20)? };
    let rounds = options.rounds;
    let place = Place {
        work: options.work,
        brokers: options.brokers,
        broker_pid: options.broker_pid,
        shihyo: options.shihyo,
        telegraf: options.telegraf,
        telegraf_config: options.telegraf_config,
        streams: options.streams,
    };
    eprintln!("making {} records", workload.records);
    let answers = workload.write(&place.work.join("lines"))?;
    workload::configure(&place.work.join("config"))?;
    eprintln!("filling the log");
    inside::fill(&place.work.join("filled.db"), &place.work.join("lines"))?;
    let topic = writers::topic(&place.brokers, "readers")?;
    eprintln!("filling the topic");
    Round { place: &place, answers: &answers, topic: &topic, number: 0 }.produce()?;
    let (readers, writers) = measure(&place, &answers, &topic, rounds)?;
    print(&answers, rounds, &readers, &writers);
    let wrong: Vec<_> = readers.iter().chain(&writers).flat_map(Row::wrong).collect();
    for (name, what) in &wrong {
        println!("WRONG: {name}: {what}");
        eprintln!("WRONG: {name}: {what}");
    }
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every contender in every round, so that a machine that slows down slows down all.
fn measure(place: &Place, answers: &Answers, topic: &str, rounds: u16) -> anyhow::Result<(Vec<Row>, Vec<Row>)> {
    let row = |name, aim| Row { name, samples: Vec::new(), aim };
    let mut readers = vec![
        row("Shihyo `aggregate --once`, durable rollups", None),
        row("bare librdkafka poll loop", Some(0.33)),
        row("Telegraf `kafka_consumer`, no sums", Some(5.0)),
        row("Kafka Streams, upsert and month sums", Some(10.0)),
    ];
    let mut writers = vec![
        row("Shihyo's shipper, zstd", None),
        row("`kcat -P`, uncompressed (its default)", Some(0.8)),
        row("`kcat -P -z zstd`", Some(0.8)),
        row("`kcat -P -z zstd`, idempotent as the shipper is", Some(0.8)),
    ];
    for number in 1..=usize::from(rounds) {
        let round = Round { place, answers, topic, number };
        let told = |row: &mut Row, sample: anyhow::Result<Sample>| -> anyhow::Result<()> {
            let sample = sample?;
            eprintln!("  round {number}: {}: {sample:?}", row.name);
            row.samples.push(sample);
            Ok(())
        };
        told(&mut readers[1], round.bare())?;
        told(&mut readers[0], round.shihyo())?;
        told(&mut readers[2], round.telegraf())?;
        told(&mut readers[3], round.streams())?;
        told(&mut writers[0], round.shipper())?;
        told(&mut writers[1], round.kcat("none", false))?;
        told(&mut writers[2], round.kcat("zstd", false))?;
        told(&mut writers[3], round.kcat("zstd", true))?;
    }
    Ok((readers, writers))
}

fn print(answers: &Answers, rounds: u16, readers: &[Row], writers: &[Row]) {
    let size = answers.bytes / answers.records;
    println!(
        "{} observations of {size} B in 4 partitions, {} month sums; median of {rounds} rounds (least to most).\n",
        answers.records,
        answers.months.len()
    );
    println!("{}", table::markdown("kafka-from", readers, answers.records, "from Kafka", Some(MEMORY_MB)));
    println!("{}", table::markdown("kafka-to", writers, answers.records, "to Kafka, acks=all", None));
}
