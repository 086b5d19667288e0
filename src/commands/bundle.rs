//! `shihyo bundle write|read`: records cross a border that no network crosses, as text files.

use crate::clock::SystemClock;
use crate::configuration::{self, Configuration};
use crate::failure::Failure;
use crate::log;
use crate::service;
use crate::transport::{self, Publisher};
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
    /// Put what was published since the last time into a folder, as text files to carry across.
    ///
    /// It works once and ends: let cron or a systemd timer call it. Files appear whole and are never changed;
    /// take them away, or leave them, as the way across demands. Nothing new makes no file.
    Write(WriteOptions),
    /// Publish the bundles in a folder here; those that were read before change nothing.
    ///
    /// It works once and ends: let cron or a systemd timer call it. A bundle that is missing, changed or of
    /// another log is named, stops its own collector there, and ends this command with exit code 1. The folder
    /// is never written to; only files named like bundles are opened, and no links are followed.
    Read(ReadOptions),
}

#[derive(Args)]
struct WriteOptions {
    /// The folder, which must exist.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Put the last N bundles there again where they are gone, so that a lost one needs nobody's attention.
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
    let city = configuration::load(folder)?;
    log::start(&city.settings.log.level)?;
    service::make_data_dir(&city)?;
    let kafka = transport::kafka(&city)?;
    Ok(match &options.side {
        Side::Write(options) => write(&city, options),
        Side::Read(options) => read(&city, kafka.as_ref(), options),
    }?)
}

fn write(city: &Configuration, options: &WriteOptions) -> anyhow::Result<()> {
    let outbox = SqliteOutbox::open(city.bus_file(), Arc::new(SystemClock))?;
    let mut log = SqliteConsumer::open(city.bus_file())?;
    let kept = city.settings.data_dir.join(bundle::FOLDER);
    let collector = &city.settings.collector.id;
    let source = BundleSource { outbox: &outbox, log: &mut log, collector, kept: &kept, clock: &SystemClock };
    let written = bundle::write(source, &options.to, options.resend);
    tell_written(&written.context("not everything could be bundled")?);
    Ok(())
}

fn tell_written(BundlesWritten { new, again, gone, last }: &BundlesWritten) {
    for name in gone {
        println!("{name}: no longer kept, it cannot be sent again");
    }
    for name in again {
        println!("{name}: sent again");
    }
    for manifest in new {
        let name = BundleName { collector: manifest.collector.clone(), sequence: manifest.sequence };
        println!("{name}: {} record(s), new", manifest.count);
    }
    match last {
        _ if !new.is_empty() => {}
        Some(last) => println!("nothing new since {last}"),
        None => println!("nothing was published here yet, so there is no bundle"),
    }
}

fn read(city: &Configuration, kafka: Option<&KafkaConfig>, options: &ReadOptions) -> anyhow::Result<()> {
    let publishing = Publisher::open(city, kafka)?;
    let read = bundle::read(publishing.outbox.as_ref(), &city.settings.data_dir.join(bundle::FOLDER), &options.from)?;
    tell_read(&read, &options.from);
    for problem in &read.problems {
        eprintln!("{problem}");
    }
    service::runtime()?.block_on(publishing.shipped())?;
    if !read.problems.is_empty() {
        anyhow::bail!("the bundles of {} of {} collector(s) were not all read", read.problems.len(), read.taken.len());
    }
    Ok(())
}

fn tell_read(read: &BundlesRead, folder: &Path) {
    for name in &read.ignored {
        println!("{name}: not the name of a bundle, not opened");
    }
    for (collector, CollectorRead { sequences, records, known }) in &read.taken {
        let which = match sequences[..] {
            [] => String::new(),
            [one] => format!(" ({one})"),
            [first, .., last] => format!(" ({first} to {last})"),
        };
        let count = sequences.len();
        println!("{collector}: {count} bundle(s) read{which}, {records} record(s); {known} read before");
    }
    if read.taken.is_empty() {
        println!("no bundle in {}", folder.display());
    }
}
