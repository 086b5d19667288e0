//! The shipper alone, beside `kcat -P` on the same lines: each with the processor's time that a million records cost it.

use crate::inside::{PARTITIONS, Wall, held, on};
use crate::readers::{Round, Sample, Told};
use bus::kafka::topics;
use contract::time::Clock;
use std::process::Command;

impl Round<'_> {
    /// The shipper: from its start until nothing waits in the log. The log is a copy, as it is trimmed.
    pub(crate) fn shipper(&self) -> anyhow::Result<Sample> {
        let (topic, log) = (topic(&self.place.brokers, "ship")?, self.file("shipped.db"));
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(self.file(&format!("shipped.db{end}")));
        }
        std::fs::copy(self.file("filled.db"), &log)?;
        // What was just copied is written to the disk before, not during the measurement.
        std::fs::File::open(&log)?.sync_all()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("ship").arg(&log).args([&self.place.brokers, &topic]);
        let (cost, broker) = self.run("ship", &command)?;
        let told: Told = self.told("ship")?;
        let wrong = self.missing(&topic)?;
        Ok(Sample { whole: cost.wall, work: Some(told.seconds), cost, broker, wrong })
    }

    /// `kcat -P` with a compression.
    pub(crate) fn kcat(&self, compression: &str, idempotent: bool) -> anyhow::Result<Sample> {
        let topic = topic(&self.place.brokers, "kcat")?;
        let name = format!("kcat-{compression}");
        let mut command = self.producing(&topic, compression);
        if idempotent {
            command.args(["-X", "enable.idempotence=true"]);
        }
        let (cost, broker) = self.run(&name, &command)?;
        let wrong = self.missing(&topic)?;
        Ok(Sample { whole: cost.wall, work: Some(cost.wall), cost, broker, wrong })
    }

    /// Fills the readers' topic.
    pub(crate) fn produce(&self) -> anyhow::Result<()> {
        self.run("produce", &self.producing(self.topic, "none"))?;
        let wrong = self.missing(self.topic)?;
        anyhow::ensure!(wrong.is_none(), "{wrong:?}");
        Ok(())
    }

    fn producing(&self, topic: &str, compression: &str) -> Command {
        let mut command = Command::new("kcat");
        command.args(["-P", "-b", &self.place.brokers, "-t", topic, "-K", "\\t", "-z", compression]);
        command.args(["-X", "acks=all", "-X", "partitioner=murmur2_random"]);
        command.arg("-l").arg(self.file("lines"));
        command
    }

    fn missing(&self, topic: &str) -> anyhow::Result<Option<String>> {
        let held = held(&self.place.brokers, topic)?;
        Ok((held != self.answers.records)
            .then(|| format!("{held} records arrived instead of {}", self.answers.records)))
    }
}

/// A new topic.
pub(crate) fn topic(brokers: &str, name: &str) -> anyhow::Result<String> {
    let topic = format!("bench.{name}.{}", Wall.now().0);
    topics::ensure(
        &on(brokers, &topic),
        &topics::TopicShape { partitions: PARTITIONS, replication: 1, min_insync: 1 },
    )?;
    Ok(topic)
}
