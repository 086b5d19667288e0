//! The four that read the topic, each as it is run, and whether its answer is right.

use crate::child::{Cost, Running, worked};
use crate::inside::Seen;
use crate::workload::Answers;
use anyhow::Context;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One measurement.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// Seconds of the whole process, until its answer is complete.
    pub(crate) whole: f64,
    /// Seconds since its first record, or since the work began; absent where it cannot be told from outside.
    pub(crate) work: Option<f64>,
    pub(crate) cost: Cost,
    /// Seconds that the broker worked meanwhile.
    pub(crate) broker: f64,
    /// What is wrong with the answer.
    pub(crate) wrong: Option<String>,
}

/// Where everything is.
pub(crate) struct Place {
    pub(crate) work: PathBuf,
    pub(crate) brokers: String,
    pub(crate) broker_pid: Option<u32>,
    pub(crate) shihyo: PathBuf,
    pub(crate) telegraf: PathBuf,
    pub(crate) telegraf_config: PathBuf,
    pub(crate) streams: String,
}

/// One round on a topic.
pub(crate) struct Round<'a> {
    pub(crate) place: &'a Place,
    pub(crate) answers: &'a Answers,
    pub(crate) topic: &'a str,
    pub(crate) number: usize,
}

/// What a contender prints about itself.
#[derive(Deserialize)]
pub(crate) struct Told {
    pub(crate) seconds: f64,
}

impl Round<'_> {
    /// librdkafka's poll loop.
    pub(crate) fn bare(&self) -> anyhow::Result<Sample> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bare", &self.place.brokers, self.topic, &self.answers.records.to_string()]);
        let (cost, broker) = self.run("bare", &command)?;
        let seen: Seen = self.told("bare")?;
        let partitions = seen.partitions.map(|records| records.to_string()).join(", ");
        eprintln!("    the partitions hold {partitions}");
        let wrong = if seen.bytes != self.answers.bytes {
            Some(format!("{} bytes instead of {}", seen.bytes, self.answers.bytes))
        } else if seen.partitions.contains(&0) {
            Some(format!("a partition is empty: {partitions}"))
        } else {
            None
        };
        Ok(Sample { whole: cost.wall, work: Some(seen.seconds), cost, broker, wrong })
    }

    /// Our aggregator, from the topic to durable rollups.
    pub(crate) fn shihyo(&self) -> anyhow::Result<Sample> {
        let data = self.folder("shihyo")?;
        let group = format!("{}-shihyo-{}", self.topic, self.number);
        let command = |words: &[&str]| {
            let mut command = Command::new(&self.place.shihyo);
            command.arg("--config").arg(self.place.work.join("config")).args(words);
            command.env("SHIHYO__KAFKA__BROKERS", &self.place.brokers).env("SHIHYO__KAFKA__TOPIC", self.topic);
            command.env("SHIHYO__KAFKA__GROUP", &group).env("SHIHYO__DATA_DIR", &data);
            command
        };
        let (cost, broker) = self.run("shihyo", &command(&["aggregate", "--once"]))?;
        self.run("shihyo-report", &command(&["report", "--format", "json", "--rollups"]))?;
        let found = exported(&std::fs::read(self.file("shihyo-report.out"))?)?;
        let wrong = difference(&self.answers.months, &found);
        // The clock has stopped at the end of `aggregate`: what is derived must be on the disk by then.
        self.run("shihyo-rebuild", &command(&["rebuild"]))?;
        let rebuilt = std::fs::read_to_string(self.file("shihyo-rebuild.out"))?;
        let is_derived = rebuilt.starts_with("0 derived row(s)");
        let wrong = wrong.or_else(|| (!is_derived).then(|| format!("afterwards {}", rebuilt.trim())));
        std::fs::remove_dir_all(&data)?;
        Ok(Sample { whole: cost.wall, work: None, cost, broker, wrong })
    }

    /// Telegraf, from the topic to a file of line protocol, without any sum.
    pub(crate) fn telegraf(&self) -> anyhow::Result<Sample> {
        let out = self.file("telegraf.lines");
        let _ = std::fs::remove_file(&out);
        let config = std::fs::read_to_string(&self.place.telegraf_config)?
            .replace("BROKERS", &self.place.brokers)
            .replace("TOPIC", self.topic)
            .replace("GROUP", &format!("{}-telegraf-{}", self.topic, self.number))
            .replace("OUT", &out.display().to_string());
        let path = self.file("telegraf.toml");
        std::fs::write(&path, config)?;
        let mut command = Command::new(&self.place.telegraf);
        command.arg("--config").arg(&path);
        let before = worked(self.place.broker_pid);
        let mut running = Running::start("telegraf", &command, &self.place.work)?;
        let mut lines = Lines::default();
        let (mut first, started) = (None, std::time::Instant::now());
        running.until(|| {
            lines.read(&out)?;
            if lines.count > 0 {
                first.get_or_insert_with(|| started.elapsed().as_secs_f64());
            }
            Ok(lines.count >= self.answers.records)
        })?;
        let whole = running.seconds();
        let broker = worked(self.place.broker_pid) - before;
        let cost = running.stopped()?;
        lines.read(&out)?;
        let total = values(&std::fs::read_to_string(&out)?);
        let right = (lines.count, total) == (self.answers.records, self.answers.total);
        let wrong = (!right).then(|| {
            format!("{} lines of {total} instead of {} of {}", lines.count, self.answers.records, self.answers.total)
        });
        std::fs::remove_file(&out)?;
        Ok(Sample { whole, work: first.map(|first| whole - first), cost, broker, wrong })
    }

    /// Kafka Streams: newest revisions and month sums.
    pub(crate) fn streams(&self) -> anyhow::Result<Sample> {
        let (state, sums) = (self.folder("streams")?, self.file("streams.sums"));
        let mut command = Command::new("java");
        command.args(["-cp", &self.place.streams, "MonthSums", &self.place.brokers, self.topic]);
        command.arg(self.answers.records.to_string()).arg(&state).arg(&sums);
        let (cost, broker) = self.run("streams", &command)?;
        let told: Told = self.told("streams")?;
        let text = std::fs::read_to_string(&sums)?;
        let pair = |line: &str| line.split_once('\t').and_then(|(key, sum)| Some((key.to_owned(), sum.parse().ok()?)));
        let found = text.lines().filter_map(pair).collect();
        std::fs::remove_dir_all(&state)?;
        let wrong = difference(&self.answers.months, &found);
        Ok(Sample { whole: cost.wall, work: Some(told.seconds), cost, broker, wrong })
    }

    /// Runs one to its end.
    pub(crate) fn run(&self, name: &str, command: &Command) -> anyhow::Result<(Cost, f64)> {
        let before = worked(self.place.broker_pid);
        let cost = Running::start(name, command, &self.place.work)?.ended()?;
        Ok((cost, worked(self.place.broker_pid) - before))
    }

    /// What one printed.
    pub(crate) fn told<T: for<'de> Deserialize<'de>>(&self, name: &str) -> anyhow::Result<T> {
        let text = std::fs::read_to_string(self.file(&format!("{name}.out")))?;
        serde_json::from_str(&text).with_context(|| format!("{name} printed {text:?}"))
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.place.work.join(name)
    }

    /// An empty folder.
    fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.file(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

/// Counts the lines of a file that grows.
#[derive(Default)]
struct Lines {
    file: Option<File>,
    count: u64,
}

impl Lines {
    fn read(&mut self, path: &Path) -> anyhow::Result<()> {
        if self.file.is_none() {
            self.file = File::open(path).ok();
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut bytes = vec![0; 1 << 20];
        loop {
            match file.read(&mut bytes)? {
                0 => return Ok(()),
                n => self.count += (bytes[..n].split(|byte| *byte == b'\n').count() - 1) as u64,
            }
        }
    }
}

/// The sum of `value` in lines of line protocol.
fn values(lines: &str) -> i64 {
    let value = |line: &str| line.split_once(" value=")?.1.split_once('i')?.0.parse::<i64>().ok();
    lines.lines().filter_map(value).sum()
}

#[derive(Deserialize)]
struct Export<'a> {
    #[serde(borrow)]
    plans: Vec<Plan<'a>>,
}

#[derive(Deserialize)]
struct Plan<'a> {
    id: &'a str,
    #[serde(borrow)]
    rollups: Vec<Rollup<'a>>,
}

#[derive(Deserialize)]
struct Rollup<'a> {
    series: &'a str,
    grain: &'a str,
    period: &'a str,
    value: Option<i64>,
}

/// The month sums of a canonical export.
fn exported(json: &[u8]) -> anyhow::Result<BTreeMap<String, i64>> {
    let export: Export<'_> = serde_json::from_slice(json).context("the export cannot be read")?;
    let rows = export.plans.iter().flat_map(|plan| plan.rollups.iter().map(|row| (plan.id, row)));
    let months = rows.filter(|(_, row)| row.grain == "month");
    Ok(months.filter_map(|(id, row)| Some((format!("{id}|{}|{}", row.series, row.period), row.value?))).collect())
}

/// The first month that is not as it must be.
fn difference(right: &BTreeMap<String, i64>, found: &BTreeMap<String, i64>) -> Option<String> {
    let wrong = right.iter().find(|(key, sum)| found.get(*key) != Some(sum));
    if let Some((key, sum)) = wrong {
        return Some(format!("{key} is {:?} instead of {sum}", found.get(key)));
    }
    (right.len() != found.len()).then(|| format!("{} month sums instead of {}", found.len(), right.len()))
}
