//! `shihyo tap`: prints records as they pass on the bus, one line of JSON each.
//!
//! It does not join the group of the aggregators and leaves no trace.

use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::transport::{self, RecordReader};
use crate::{configuration, log, output};
use anyhow::Context;
use bus::Delivery;
use clap::Args;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Records taken from the bus at once.
const BATCH: usize = 1_000;
/// How long one read waits for records; a stop is noticed that late.
const WAIT: Duration = Duration::from_millis(100);

#[derive(Args)]
pub(crate) struct TapOptions {
    /// Only this plan.
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Only observations of this series.
    #[arg(long, value_name = "ID")]
    series: Option<String>,
    /// Only records of this source.
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// Only this kind: observation, visit, reject or catalogue.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Begin with the first record on the bus, not with the next one.
    #[arg(long)]
    from_start: bool,
    /// End when every record has been printed.
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(folder: &Path, options: &TapOptions) -> Result<(), Failure> {
    let configuration = configuration::load(folder)?;
    log::start_at("warn")?;
    let reader = reader(&configuration)?;
    let stop = Arc::new(AtomicBool::new(false));
    let signalled = Arc::clone(&stop);
    let runtime = crate::service::runtime()?;
    runtime.spawn(async move {
        crate::service::end_signal().await;
        signalled.store(true, Ordering::Release);
    });
    Ok(follow(reader, options, &stop)?)
}

/// Reads the bus; on Kafka as the only member of a group of its own.
fn reader(configuration: &Configuration) -> Result<RecordReader, Failure> {
    let mut kafka = transport::kafka(configuration)?;
    if let Some(kafka) = &mut kafka {
        kafka.group = format!("{}-tap-{}", kafka.group, std::process::id());
    } else if !configuration.bus_file().exists() {
        return Err(anyhow::anyhow!(
            "there is no bus in {} yet: run `shihyo run` first",
            configuration.bus_file().display()
        )
        .into());
    }
    Ok(RecordReader::open(configuration, kafka.as_ref(), None)?)
}

fn follow(reader: RecordReader, options: &TapOptions, stop: &AtomicBool) -> anyhow::Result<()> {
    let (is_read, mut consumer) = (reader.is_read(), reader.consumer);
    let mut live = options.from_start;
    while !stop.load(Ordering::Acquire) {
        match consumer.next(BATCH, WAIT).context("the bus cannot be read")? {
            Delivery::Assigned(partition) => consumer.start(partition, None).context("the bus cannot be read")?,
            Delivery::Revoked(partition) => consumer.release(partition).context("the bus cannot be left")?,
            Delivery::Batch(batch) => {
                for (_, _, body) in batch.iter().filter(|(_, _, body)| live && shown(options, body)) {
                    output::print(&[body, &b"\n"[..]].concat())?;
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

/// True for a record that the options select. Without a filter, anything that is JSON is printed.
fn shown(options: &TapOptions, body: &[u8]) -> bool {
    let wanted =
        [("plan", &options.plan), ("series", &options.series), ("source", &options.source), ("kind", &options.kind)];
    if wanted.iter().all(|(_, wanted)| wanted.is_none()) {
        // Other bytes may hold control characters, which a terminal would execute.
        return serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    }
    let Ok(record) = serde_json::from_slice::<serde_json::Value>(body) else { return false };
    wanted.iter().all(|(field, wanted)| wanted.as_ref().is_none_or(|wanted| record[*field] == wanted.as_str()))
}
