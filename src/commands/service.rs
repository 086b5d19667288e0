//! What the long-running commands share: the pipeline's thread, the scoreboard, the collectors, and how
//! they end: the collectors are told to stop, the pipeline commits what it has in hand, then all is closed.

use super::progress::ProgressLog;
use crate::clock::SystemClock;
use crate::configuration::Configuration;
use crate::notify;
use crate::settings::Secret;
use crate::transport::RecordReader;
use aggregator::health::{Component, Health, Readiness};
use aggregator::metrics::Metrics;
use aggregator::pipeline::{self, PipelineError, PipelineSetup, Progress};
use aggregator::sinks::ConfiguredSink;
use aggregator::web::{self, Site};
use anyhow::Context;
use bus::{BusError, Consumer, Delivery, Outbox, Partition, Position, PublishError};
use collectors::catalogues::{CatalogueError, publish_catalogues};
use collectors::fetch::Fetcher;
use collectors::poll::{Collector, RetryPolicy};
use collectors::runner::{self, PollObserver, PollReport, Runner, SourceSet};
use contract::time::{Clock, Micros};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

/// How long a command that ends by itself waits for its sinks.
pub(crate) const DRAIN: Duration = Duration::from_mins(10);

/// Pause before catalogues are offered again to an outbox that takes none.
const PUBLISH_PAUSE: Duration = Duration::from_secs(1);

/// Makes the folder of the bus and the stores.
pub(crate) fn make_data_dir(city: &Configuration) -> anyhow::Result<()> {
    let folder = &city.settings.data_dir;
    std::fs::create_dir_all(folder).with_context(|| format!("`data_dir` {} cannot be made", folder.display()))
}

/// The runtime of collectors and scoreboard.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads cannot be started")
}

/// This machine's collector.
pub(crate) fn collector(city: &Configuration) -> Arc<Collector> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let fetcher = Fetcher::new(Arc::clone(&clock));
    let (name, progress) = (city.settings.collector.id.clone(), Arc::new(ProgressLog::default()));
    Arc::new(Collector { name, clock, fetcher, patience: RetryPolicy::default(), progress })
}

/// The texts of the plans' catalogues, by plan id.
pub(crate) fn plans(city: &Configuration) -> Vec<(String, String)> {
    city.plans.iter().map(|p| (p.catalogue.plan.id.clone(), p.text.clone())).collect()
}

/// Publishes the plans' catalogues where they changed.
pub(crate) async fn publish_plans(city: &Configuration, outbox: &dyn Outbox) -> anyhow::Result<()> {
    publish_catalogues(outbox, &SystemClock, &plans(city)).await.context("the catalogues cannot be published")?;
    Ok(())
}

/// Collects until `stop`: first the plans' catalogues, as soon as the outbox takes them, then the sources.
pub(crate) async fn collect_until(
    plans: Vec<(String, String)>,
    runner: Arc<Runner>,
    wanted: watch::Receiver<SourceSet>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let published = publish_with_retry(&plans, runner.outbox.as_ref(), runner.watch.as_ref());
    match stop.run_until_cancelled(published).await {
        Some(Ok(())) => runner::run(runner, wanted, stop.clone()).await.context("the collectors cannot go on"),
        Some(Err(error)) => Err(error),
        None => Ok(()),
    }
}

/// [`publish_plans`] for a service, which waits until the outbox takes them.
async fn publish_with_retry(
    plans: &[(String, String)],
    outbox: &dyn Outbox,
    watch: &dyn PollObserver,
) -> anyhow::Result<()> {
    let mut waited = false;
    loop {
        match publish_catalogues(outbox, &SystemClock, plans).await {
            Ok(_) => break,
            Err(CatalogueError::Publish(error)) if error.is_retriable() => {
                if !waited {
                    tracing::warn!(%error, "the outbox takes no catalogues, polling waits");
                }
                watch.outbox(Some(&error));
                waited = true;
                tokio::time::sleep(PUBLISH_PAUSE).await;
            }
            Err(error) => return Err(error).context("the catalogues cannot be published"),
        }
    }
    if waited {
        watch.outbox(None);
    }
    Ok(())
}

/// A signal to end: SIGTERM or Ctrl-C. They are taken from this call on, not only once it is awaited: whoever is told that we
/// have begun may end us at once.
pub(crate) fn end_signal() -> impl Future<Output = ()> {
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    async move {
        let [terminate, interrupt] = signals.map(async |signal| match signal {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        });
        tokio::select! {
            () = terminate => {}
            () = interrupt => {}
        }
        notify::stopping();
    }
}

/// The pipeline on a thread of its own.
pub(crate) struct Pipeline {
    stop: Arc<AtomicBool>,
    /// Resolves when it has ended.
    pub(crate) ended: oneshot::Receiver<Result<(), PipelineError>>,
}

impl Pipeline {
    /// Starts it.
    pub(crate) fn start(
        setup: PipelineSetup,
        consumer: Box<dyn Consumer>,
        stop: Arc<AtomicBool>,
    ) -> anyhow::Result<Self> {
        let (tell, ended) = oneshot::channel();
        let flag = Arc::clone(&stop);
        let work = move || {
            // Nobody listens any more when the process is ending anyway.
            let _ = tell.send(pipeline::run(&setup, consumer, &flag));
        };
        std::thread::Builder::new()
            .name("keep".into())
            .spawn(work)
            .context("the pipeline's thread cannot be started")?;
        Ok(Self { stop, ended })
    }

    /// Lets it finish the batches in hand, and waits until it has closed its stores.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Release);
        pipeline_outcome(self.ended.await)
    }
}

/// How the pipeline ended, as the binary reports it.
pub(crate) fn pipeline_outcome(
    ended: Result<Result<(), PipelineError>, oneshot::error::RecvError>,
) -> anyhow::Result<()> {
    ended.context("the pipeline stopped with a fault")?.context("the pipeline cannot go on")
}

/// A consumer that asks its pipeline to stop once it has delivered all there is.
pub(crate) struct DrainingConsumer {
    /// Delivers.
    pub(crate) inner: Box<dyn Consumer>,
    /// Whether an idle bus has nothing more.
    pub(crate) is_read: Box<dyn Fn() -> bool + Send>,
    /// The pipeline's flag.
    pub(crate) stop: Arc<AtomicBool>,
}

impl DrainingConsumer {
    /// Over what an aggregator reads from.
    pub(crate) fn over(reading: RecordReader, stop: &Arc<AtomicBool>) -> Self {
        Self { is_read: reading.is_read(), inner: reading.consumer, stop: Arc::clone(stop) }
    }
}

impl Consumer for DrainingConsumer {
    fn next(&mut self, max_records: usize, max_wait: Duration) -> Result<Delivery, BusError> {
        let delivery = self.inner.next(max_records, max_wait)?;
        if matches!(delivery, Delivery::Idle) && (self.is_read)() {
            self.stop.store(true, Ordering::Release);
        }
        Ok(delivery)
    }

    fn start(&mut self, partition: Partition, from: Option<Position>) -> Result<(), BusError> {
        self.inner.start(partition, from)
    }

    fn release(&mut self, partition: Partition) -> Result<(), BusError> {
        self.inner.release(partition)
    }
}

/// Takes an address, so that a taken one is said before anything is done.
pub(crate) async fn listen(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen on {address}: change `{key}` in shihyo.toml"))
}

/// The parts of an aggregator with a scoreboard.
pub(crate) struct AggregatorService {
    /// The pipeline's setup, which reports to health and metrics.
    pub(crate) setup: PipelineSetup,
    /// The metrics.
    pub(crate) metrics: Arc<Metrics>,
    health: Arc<Health>,
    token: Option<Secret>,
}

impl AggregatorService {
    /// Makes the parts of a process that keeps: with the sinks.
    pub(crate) fn with_sinks(city: &Configuration, sinks: Arc<[ConfiguredSink]>) -> anyhow::Result<Self> {
        let mut board = Self::new(city)?;
        board.setup.sinks = sinks;
        board.setup.hold = Duration::from_secs(city.settings.alerts.hold_s.into());
        Ok(board)
    }

    /// Makes the parts.
    pub(crate) fn new(city: &Configuration) -> anyhow::Result<Self> {
        let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION")).context("the metrics cannot be made")?);
        let health = Arc::new(Health::default());
        let mut setup = PipelineSetup::new(city.settings.data_dir.clone(), city.configured(), Arc::new(SystemClock));
        setup.progress = Arc::new(Progress::new(Arc::clone(&health), Some(Arc::clone(&metrics))));
        let token = city.settings.http_token(&city.folder).map_err(|m| anyhow::anyhow!("{m}"))?;
        Ok(Self { setup, metrics, health, token })
    }

    /// Takes the address, so that a taken one is said before anything is done.
    pub(crate) async fn listen(city: &Configuration) -> anyhow::Result<TcpListener> {
        listen(city.settings.http.listen, "http.listen").await
    }

    /// For a process that has nothing to catch up with.
    pub(crate) fn set_ready(&self) {
        self.health.set_readiness(Readiness::Ready);
    }

    /// Watches collectors for its metrics and pages.
    pub(crate) fn poll_reporter(&self) -> Arc<PollReporter> {
        Arc::new(PollReporter { metrics: Arc::clone(&self.metrics), health: Arc::clone(&self.health) })
    }

    /// The health of the process.
    pub(crate) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    /// What its pages and probes are made from.
    pub(crate) fn site(&self) -> Site {
        let (states, metrics) = (Arc::clone(&self.setup.states), Arc::clone(&self.metrics));
        let site = Site::new(states, Arc::new(SystemClock), metrics, Arc::clone(&self.health));
        let site = site.of_many(self.setup.shared).with_store(self.setup.data.clone());
        match &self.token {
            Some(token) => site.with_token(token, Arc::clone(&self.setup.control)),
            None => site,
        }
    }

    /// Serves the scoreboard until `stop`.
    pub(crate) async fn serve(&self, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "the scoreboard is at http://{address}/");
        }
        notify::ready();
        web::serve(listener, web::router(self.site()), stop.cancelled_owned()).await.context("the scoreboard stopped")
    }
}

/// Tells the metrics of every poll, and the pages of an outbox that takes nothing.
pub(crate) struct PollReporter {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

impl PollObserver for PollReporter {
    fn finished(&self, report: &PollReport) {
        let now: Micros = SystemClock.now();
        self.metrics.observe_poll(&report.plan, &report.source, report.outcome, report.duration, now);
    }

    fn outbox(&self, error: Option<&PublishError>) {
        match error {
            None => self.health.recover(Component::Outbox),
            Some(error) => {
                self.health.degrade(Component::Outbox, error, error.to_string(), None, SystemClock.now());
            }
        }
    }
}

/// Serves the scoreboard beside a pipeline until we are told to end or the pipeline cannot go on; then
/// cancels `stop`, and ends both.
pub(crate) async fn serve_until_end(
    board: &AggregatorService,
    listener: TcpListener,
    mut pipeline: Pipeline,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let ending = end_signal();
    let serving = board.serve(listener, stop.clone());
    tokio::pin!(serving);
    tokio::select! {
        () = ending => tracing::info!("told to end"),
        () = stop.cancelled() => {}
        ended = &mut pipeline.ended => {
            stop.cancel();
            serving.await?;
            return pipeline_outcome(ended);
        }
        served = &mut serving => {
            stop.cancel();
            served?;
            return pipeline.end().await;
        }
    }
    stop.cancel();
    let (served, ended) = tokio::join!(serving, pipeline.end());
    served.and(ended)
}
