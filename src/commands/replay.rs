//! `shihyo run --replay`: the plans lived through again, day by day, in a data folder of its own.

use crate::clock::ReplayClock;
use crate::configuration::{self, Configuration};
use crate::failure::Failure;
use crate::service::{self, AggregatorService, PipelineThread, Replay, ReplayRange};
use crate::{log, settings};
use aggregator::sinks::{ConfiguredSink, WebhookSettings, alert_log};
use anyhow::{Context, bail};
use bus::SqliteOutbox;
use clap::Args;
use contract::period::Period;
use contract::time::{DAY, parse_duration};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Most days of a replay: a century.
const MAX_DAYS: i32 = 36_525;
/// Nanoseconds of a day.
const NANOS_OF_DAY: u64 = DAY.unsigned_abs() * 1_000_000_000;
/// What signs the posts of a replay, which prove nothing.
const WEBHOOK_SECRET: &str = "replay";

#[derive(Args)]
pub(crate) struct ReplayOptions {
    /// Live through these days again (2019-04-01..2022-03-31, or FY2019..FY2021): each figure counts from the day on which it was entered or due. Uses no
    /// store, no Kafka and no sink of this machine; alerts are written to the log.
    #[arg(long = "replay", value_name = "DAYS", value_parser = days, conflicts_with = "once")]
    days: Option<(i32, i32)>,
    /// How fast they pass.
    #[arg(long, value_name = "TIME/s", value_parser = speed, default_value = "30d/s", requires = "days")]
    speed: Duration,
    /// End after the last day, instead of serving it on.
    #[arg(long, requires = "days")]
    exit: bool,
    /// Keep bus and store of the replay in this folder, which must be empty or not exist; else they are removed at the end.
    #[arg(long, value_name = "DIR", requires = "days")]
    data: Option<PathBuf>,
    /// Also post its alerts to this address.
    #[arg(long, value_name = "URL", requires = "days")]
    webhook: Option<String>,
}

/// Reads the first and the last day (day numbers).
fn days(text: &str) -> Result<(i32, i32), String> {
    let read = |text: &str| Period::parse(text.trim());
    let both = text.split_once("..").and_then(|(first, last)| read(first).zip(read(last)));
    let (first, last) = both.ok_or("use two days such as 2019-04-01..2022-03-31, or FY2019..FY2021")?;
    let (first, last) = (first.start().day(), last.end().day() - 1);
    if last < first {
        return Err("the last day lies before the first: write the earlier one first".into());
    }
    if last - first >= MAX_DAYS {
        return Err(format!("at most {MAX_DAYS} days are replayed at once: name fewer"));
    }
    Ok((first, last))
}

/// Reads how long a day takes.
fn speed(text: &str) -> Result<Duration, String> {
    let wrong = || "use a time that passes in a second, such as 30d/s, 12h/s or 10m/s".to_owned();
    let of_second = text.strip_suffix("/s").and_then(parse_duration).filter(|time| !time.is_zero());
    let seconds = of_second.ok_or_else(wrong)?.as_secs();
    Ok(Duration::from_nanos(NANOS_OF_DAY / seconds))
}

impl ReplayOptions {
    /// The days and their speed, where a replay is wanted.
    pub(super) fn range(&self) -> Option<ReplayRange> {
        self.days.map(|(first, last)| ReplayRange { first, last, day: self.speed })
    }
}

pub(super) fn run(folder: &Path, options: &ReplayOptions, range: ReplayRange) -> Result<(), Failure> {
    let runtime = service::runtime()?;
    let mut city = configuration::load(folder)?;
    if let Some(kafka) = &city.settings.kafka {
        let brokers = &kafka.brokers;
        let text = format!(
            "a replay does not publish to Kafka, and {brokers} is configured: replay with a configuration without [kafka]"
        );
        return Err(settings::mistake(folder, "kafka", text).into());
    }
    log::start(&city)?;
    let data = DataFolder::new(options.data.as_deref(), &city)?;
    city.settings.data_dir = data.path();
    // Nobody is woken, and the shipped plans are shown whole.
    city.settings.alerts.samples = true;
    for plan in &mut city.plans {
        // Pages show the day that the replay has come to.
        Arc::make_mut(&mut plan.catalogue).plan.default_on = None;
    }
    let sinks = sinks(&city, options)?;
    Ok(runtime.block_on(replay(&city, sinks, range, options.exit))?)
}

async fn replay(
    city: &Configuration,
    sinks: Arc<[ConfiguredSink]>,
    range: ReplayRange,
    exit: bool,
) -> anyhow::Result<()> {
    // A signal while sources are read must not leave the folder behind.
    let ending = service::end_signal();
    tokio::pin!(ending);
    let listener = AggregatorService::listen(city).await?;
    let collector = service::collector(city);
    let sources = tokio::select! {
        sources = service::read_sources(city, &collector) => sources,
        () = &mut ending => return Ok(()),
    };
    let clock = Arc::new(ReplayClock::at(range.start()));
    let outbox = Arc::new(SqliteOutbox::open(city.bus_file(), Arc::clone(&clock) as _)?);
    let mut aggregator = AggregatorService::with_sinks(city, sinks)?;
    aggregator.replays = true;
    aggregator.setup.clock = Arc::clone(&clock) as _;
    let consumer = Box::new(outbox.consumer()?);
    let mut pipeline = PipelineThread::start(aggregator.setup.clone(), consumer, Arc::new(AtomicBool::new(false)))?;
    let progress = Arc::clone(&aggregator.setup.progress);
    let mut replay = Replay::new(range, sources, (collector, outbox), (progress, clock));
    tokio::select! {
        begun = replay.begin(city) => begun?,
        () = &mut ending => return pipeline.end().await,
        ended = &mut pipeline.ended => return service::pipeline_outcome(ended),
    }
    let stop = CancellationToken::new();
    let replaying = async {
        let outcome = replay.run(&stop).await;
        if outcome.is_err() || exit {
            stop.cancel();
        } else if !stop.is_cancelled() {
            tracing::info!("the replay has reached its last day, which is served on");
        }
        outcome
    };
    let (replayed, served) =
        tokio::join!(replaying, service::serve_until_end(&aggregator, listener, pipeline, stop.clone()));
    replayed.and(served)
}

/// The sinks of a replay: none that is configured.
fn sinks(city: &Configuration, options: &ReplayOptions) -> anyhow::Result<Arc<[ConfiguredSink]>> {
    let external_url = format!("http://{}", city.settings.http.listen);
    let mut sinks = vec![alert_log(&external_url)];
    if let Some(url) = &options.webhook {
        let settings = WebhookSettings { url: url.clone(), secret: WEBHOOK_SECRET.into(), external_url };
        let sink = settings.sink();
        sinks.push(sink.context("--webhook")?);
    }
    Ok(sinks.into())
}

/// Where bus and store of a replay lie.
enum DataFolder {
    /// Removed at the end.
    Temporary(tempfile::TempDir),
    /// Kept.
    Named(PathBuf),
}

impl DataFolder {
    fn new(named: Option<&Path>, city: &Configuration) -> anyhow::Result<Self> {
        let Some(path) = named else {
            let made = tempfile::Builder::new().prefix("shihyo-replay-").tempdir();
            return Ok(Self::Temporary(made.context("a temporary folder cannot be made; name one with --data")?));
        };
        let shown = path.display();
        if path == city.settings.data_dir {
            bail!("--data {shown} is `data_dir`, where the figures of this city lie: name another folder");
        }
        std::fs::create_dir_all(path).with_context(|| format!("--data {shown} cannot be made"))?;
        let mut entries = path.read_dir().with_context(|| format!("--data {shown} cannot be read"))?;
        if entries.next().is_some() {
            bail!(
                "--data {shown} is not empty: a replay begins anew, so name a folder that is empty or does not exist"
            );
        }
        Ok(Self::Named(path.to_owned()))
    }

    fn path(&self) -> PathBuf {
        match self {
            Self::Temporary(folder) => folder.path().to_owned(),
            Self::Named(path) => path.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::time::date_of;

    #[test]
    fn days_are_two_periods_in_order() {
        let shown = |text: &str| days(text).map(|(first, last)| format!("{} {}", date_of(first), date_of(last)));
        for text in ["2019-04-01..2022-03-31", "FY2019..FY2021", "2019-04..2022-03", "2019-04-01 .. FY2021"] {
            assert_eq!(shown(text), Ok("2019-04-01 2022-03-31".to_owned()), "{text}");
        }
        assert_eq!(shown("2020-02-29..2020-02-29"), Ok("2020-02-29 2020-02-29".to_owned()));
        for (text, error) in [
            ("2019-04-01", "use two days"),
            ("2019-04-01...2020-01-01", "use two days"),
            ("2021-02-29..2022-01-01", "use two days"),
            ("2020-01-02..2020-01-01", "write the earlier one first"),
            ("FY1900..FY2100", "at most 36525 days"),
        ] {
            assert!(days(text).is_err_and(|found| found.contains(error)), "{text}: {:?}", days(text));
        }
    }

    #[test]
    fn a_speed_is_a_time_that_passes_in_a_second() {
        let day = |text: &str| speed(text).map(|day| day.as_millis());
        assert_eq!((day("30d/s"), day("12h/s"), day("86400s/s")), (Ok(33), Ok(2_000), Ok(1_000)));
        for text in ["30d", "0d/s", "fast", "-1d/s", "30d/m", "/s"] {
            assert!(day(text).is_err_and(|error| error.contains("such as 30d/s")), "{text}");
        }
    }
}
