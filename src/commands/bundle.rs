//! `shihyo bundle write|read`: moves records between networks as text files.

use crate::clock::SystemClock;
use crate::configuration::{self, Configuration};
use crate::failure::Failure;
use crate::log;
use crate::output;
use crate::service;
use crate::topic;
use crate::transport::Publisher;
use anyhow::Context;
use bus::bundle::{
    self, BundleName, BundleSource, BundlesRead, BundlesWritten, CollectorRead, DEFAULT_RESEND, KEPT_BUNDLES,
};
use bus::kafka::KafkaConfig;
use bus::{SqliteConsumer, SqliteOutbox};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Args)]
pub(crate) struct BundleOptions {
    #[command(subcommand)]
    side: Side,
}

#[derive(Subcommand)]
enum Side {
    /// Write the records published since the last time into a folder, as text files.
    ///
    /// It runs once and ends: call it from cron or a systemd timer. Files appear whole and are never changed;
    /// they may be moved or left. Without new records no file is written.
    Write(WriteOptions),
    /// Publish the bundles of a folder here; a bundle that was read before changes nothing.
    ///
    /// It runs once and ends: call it from cron or a systemd timer. A bundle that is missing, changed or of another
    /// log is reported; the later ones of its collector are not read, and the exit code is 1. The folder is never
    /// written to; only files named like bundles are opened, and no links are followed.
    Read(ReadOptions),
}

#[derive(Args)]
struct WriteOptions {
    /// The folder, which must exist.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Write the last N bundles again where they are gone, so that a lost one is replaced without help.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_RESEND,
          value_parser = clap::value_parser!(u32).range(..=i64::from(KEPT_BUNDLES)))]
    resend: u32,
}

#[derive(Args)]
struct ReadOptions {
    /// The folder.
    #[arg(value_name = "DIR")]
    from: PathBuf,
}

pub(crate) fn run(folder: &Path, options: &BundleOptions) -> Result<(), Failure> {
    let configuration = configuration::load(folder)?;
    log::start(&configuration)?;
    service::make_data_dir(&configuration)?;
    Ok(match &options.side {
        Side::Write(options) => write(&configuration, options),
        Side::Read(options) => read(&configuration, topic::usable(&configuration)?.as_ref(), options),
    }?)
}

fn write(configuration: &Configuration, options: &WriteOptions) -> anyhow::Result<()> {
    let outbox = SqliteOutbox::open(configuration.bus_file(), Arc::new(SystemClock))?;
    let mut log = SqliteConsumer::open(configuration.bus_file())?;
    let kept = configuration.settings.data_dir.join(bundle::FOLDER);
    let collector = &configuration.settings.collector.id;
    let source = BundleSource { outbox: &outbox, log: &mut log, collector, kept: &kept, clock: &SystemClock };
    let written = bundle::write(source, &options.to, options.resend);
    print_written(&written.context("not everything could be bundled")?)
}

fn print_written(BundlesWritten { new, again, gone, last }: &BundlesWritten) -> anyhow::Result<()> {
    for name in gone {
        output::line(format_args!("{name}: no longer kept, it cannot be sent again"))?;
    }
    for name in again {
        output::line(format_args!("{name}: sent again"))?;
    }
    for manifest in new {
        let name = BundleName { collector: manifest.collector.clone(), sequence: manifest.sequence };
        output::line(format_args!("{name}: {} record(s), new", manifest.count))?;
    }
    match last {
        _ if !new.is_empty() => {}
        Some(last) => output::line(format_args!("nothing new since {last}"))?,
        None => output::line(format_args!("nothing was published here yet, so there is no bundle"))?,
    }
    Ok(())
}

fn read(configuration: &Configuration, kafka: Option<&KafkaConfig>, options: &ReadOptions) -> anyhow::Result<()> {
    let publisher = Publisher::open(configuration, kafka)?;
    let read =
        bundle::read(publisher.outbox.as_ref(), &configuration.settings.data_dir.join(bundle::FOLDER), &options.from)?;
    // What was read is shipped even if the reader of the output has left.
    let printed = print_read(&read, &options.from);
    for problem in &read.problems {
        eprintln!("{problem}");
    }
    service::runtime()?.block_on(publisher.shipped())?;
    if !read.problems.is_empty() {
        anyhow::bail!("the bundles of {} of {} collector(s) were not all read", read.problems.len(), read.taken.len());
    }
    printed
}

fn print_read(read: &BundlesRead, folder: &Path) -> anyhow::Result<()> {
    for name in &read.ignored {
        output::line(format_args!("{name}: not the name of a bundle, not opened"))?;
    }
    for (collector, CollectorRead { sequences, records, known }) in &read.taken {
        let which = match sequences[..] {
            [] => String::new(),
            [one] => format!(" ({one})"),
            [first, .., last] => format!(" ({first} to {last})"),
        };
        let count = sequences.len();
        output::line(format_args!(
            "{collector}: {count} bundle(s) read{which}, {records} record(s); {known} read before"
        ))?;
    }
    if read.taken.is_empty() {
        output::line(format_args!("no bundle in {}", folder.display()))?;
    }
    Ok(())
}
