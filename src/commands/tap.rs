//! `shihyo tap`: records as they travel, a line of JSON each, for whoever wants to see what happens.
//!
//! Reads beside everybody else: it joins no group of the aggregators and leaves nothing behind.

use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::transport::{self, RecordReader};
use crate::{configuration, log};
use anyhow::Context;
use bus::Delivery;
use clap::Args;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Records taken from the bus at once.
const BATCH: usize = 1_000;
/// How long the bus is waited for, and so how late an end is noticed.
const WAIT: Duration = Duration::from_millis(100);

#[derive(Args)]
pub(crate) struct TapOptions {
    /// Only this plan.
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Only observations of this series.
    #[arg(long, value_name = "ID")]
    series: Option<String>,
    /// Only what this source said.
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// Only this kind: observation, visit, reject or catalogue.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Begin with the first record there is, not with the next one.
    #[arg(long)]
    from_start: bool,
    /// End when there is nothing more.
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(folder: &Path, options: &TapOptions) -> Result<(), Failure> {
    let city = configuration::load(folder)?;
    log::start("warn")?;
    let reading = reading(&city)?;
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let runtime = crate::service::runtime()?;
    runtime.spawn(async move {
        crate::service::end_signal().await;
        told.store(true, Ordering::Release);
    });
    Ok(follow(reading, options, &stop)?)
}

/// The bus, under a name of its own: on Kafka a group that nobody else is in.
fn reading(city: &Configuration) -> Result<RecordReader, Failure> {
    let mut kafka = transport::kafka(city)?;
    if let Some(kafka) = &mut kafka {
        kafka.group = format!("{}-tap-{}", kafka.group, std::process::id());
    } else if !city.bus_file().exists() {
        return Err(
            anyhow::anyhow!("there is no bus in {} yet: run `shihyo run` first", city.bus_file().display()).into()
        );
    }
    Ok(RecordReader::open(city, kafka.as_ref(), None)?)
}

fn follow(reading: RecordReader, options: &TapOptions, stop: &AtomicBool) -> anyhow::Result<()> {
    let (is_read, mut consumer) = (reading.is_read(), reading.consumer);
    let (mut out, mut live) = (std::io::stdout().lock(), options.from_start);
    while !stop.load(Ordering::Acquire) {
        match consumer.next(BATCH, WAIT).context("the bus cannot be read")? {
            Delivery::Assigned(partition) => consumer.start(partition, None).context("the bus cannot be read")?,
            Delivery::Revoked(partition) => consumer.release(partition).context("the bus cannot be left")?,
            Delivery::Batch(batch) => {
                for (_, _, body) in batch.iter().filter(|(_, _, body)| live && shown(options, body)) {
                    match out.write_all(body).and_then(|()| out.write_all(b"\n")) {
                        // Whoever read along has seen enough.
                        Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                        outcome => outcome.context("the records cannot be printed")?,
                    }
                }
            }
            Delivery::Idle if is_read() => {
                live = true;
                if options.once {
                    return Ok(());
                }
            }
            Delivery::Idle => {}
        }
    }
    Ok(())
}

/// True for a record that is asked for. What is no record passes when nothing in particular is.
fn shown(options: &TapOptions, body: &[u8]) -> bool {
    let wanted =
        [("plan", &options.plan), ("series", &options.series), ("source", &options.source), ("kind", &options.kind)];
    if wanted.iter().all(|(_, wanted)| wanted.is_none()) {
        // Bytes that are no text would be commands to a terminal.
        return serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    }
    let Ok(record) = serde_json::from_slice::<serde_json::Value>(body) else { return false };
    wanted.iter().all(|(field, wanted)| wanted.as_ref().is_none_or(|wanted| record[*field] == wanted.as_str()))
}
