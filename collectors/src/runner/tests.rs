use super::*;
use crate::document::Document;
use crate::poll::PollFailure;
use crate::sources::{DocumentSource, ParseError, ParsedFile, PollContext, Source};
use crate::testing::{TestClock, collector, outbox, register, source};
use bus::{Checkpoint, Outgoing, Pending, PendingSender};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// Sends every report, and stores the errors of the outbox.
struct ReportSender(mpsc::UnboundedSender<PollReport>, Mutex<Vec<Option<String>>>);

impl PollObserver for ReportSender {
    fn finished(&self, report: &PollReport) {
        let _ = self.0.send(report.clone());
    }

    fn outbox(&self, error: Option<&PublishError>) {
        self.1.lock().unwrap().push(error.map(ToString::to_string));
    }
}

/// An outbox that rejects the first few batches.
struct Refusing {
    inner: Arc<dyn Outbox>,
    refusals: AtomicUsize,
    fatal: bool,
    asked: Mutex<usize>,
}

impl Outbox for Refusing {
    fn publish(&self, batch: Vec<Outgoing>, checkpoint: Checkpoint) -> Pending {
        *self.asked.lock().unwrap() += 1;
        let left = self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_err() {
            return self.inner.publish(batch, checkpoint);
        }
        let bus = || "b".to_owned();
        let (ack, pending): (PendingSender, Pending) = Pending::new("b");
        ack.send(Err(
            if self.fatal { BusError::Closed { bus: bus() } } else { BusError::Overloaded { bus: bus() } }.into()
        ));
        pending
    }

    fn checkpoints(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, BusError> {
        self.inner.checkpoints(prefix)
    }
}

#[derive(Debug)]
struct Faulty;

impl DocumentSource for Faulty {
    fn parse(&self, _: &Document, _: &PollContext) -> Result<ParsedFile, ParseError> {
        panic!("a fault that the test set");
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    fn is_open(&self) -> bool {
        true
    }
}

/// A register in a folder that is polled every 20 ms.
fn polled_source(folder: &Path) -> SourceConfig {
    std::fs::write(folder.join("r.csv"), "指標,期間,値\n申請件数,2022年4月,100\n").unwrap();
    SourceConfig { interval: Duration::from_millis(20), ..source(folder, &register("path = 'r.csv'")) }
}

/// Runs sources that never change.
async fn run(runner: Arc<Runner>, sources: Vec<SourceConfig>, stop: CancellationToken) -> Result<(), BusError> {
    let (_, set) = watch::channel(source_set(sources, &[]));
    super::run(runner, set, stop).await
}

fn source_set(sources: Vec<SourceConfig>, plans: &[&str]) -> SourceSet {
    let plans = plans.iter().map(|&plan| plan.to_owned()).collect();
    SourceSet { sources: sources.into_iter().map(Arc::new).collect(), plans }
}

#[tokio::test]
async fn changed_sources_restart_removed_ones_stop_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let (runner, mut reports) = runner(outbox(folder.path(), &clock), &clock);
    let of = |id: &str| SourceConfig { id: id.into(), ..polled_source(folder.path()) };
    let (change, set) = watch::channel(source_set(vec![of("a"), of("b")], &[]));
    let stop = CancellationToken::new();
    let task = tokio::spawn(super::run(runner, set, stop.clone()));
    let mut next = async |id: &str| loop {
        let report = reports.recv().await.unwrap();
        if report.source == id {
            return report;
        }
    };
    next("a").await;
    next("b").await;
    // With a long interval: polled once at its restart, and then not for an hour.
    let slow = SourceConfig { interval: Duration::from_hours(1), ..of("a") };
    change.send(source_set(vec![slow.clone(), of("c")], &[])).unwrap();
    next("c").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut late = Vec::new();
    while let Ok(report) = reports.try_recv() {
        late.push(report.source);
    }
    assert!(late.iter().filter(|id| *id == "c").count() > 3, "{late:?}");
    assert!(late.iter().filter(|id| *id == "a").count() <= 1 && late.iter().filter(|id| *id == "b").count() <= 1);
    // The source has not changed, but its plan has: it has a new task, and waits on for the moment at which it is due.
    change.send(source_set(vec![slow.clone()], &[slow.plan.as_str()])).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(std::iter::from_fn(|| reports.try_recv().ok()).all(|report| report.source != "a"));
    // One that is read otherwise is polled at once.
    let other = SourceConfig { fingerprint: "keys:other".into(), ..slow.clone() };
    change.send(source_set(vec![other], &[slow.plan.as_str()])).unwrap();
    assert_eq!(reports.recv().await.unwrap().source, "a");
    // Without any source it waits until it is stopped.
    change.send(source_set(Vec::new(), &[])).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!task.is_finished());
    stop.cancel();
    assert!(task.await.unwrap().is_ok());
}

fn runner(outbox: Arc<dyn Outbox>, clock: &Arc<TestClock>) -> (Arc<Runner>, mpsc::UnboundedReceiver<PollReport>) {
    let (sender, reports) = mpsc::unbounded_channel();
    let collector = Arc::new(collector(clock));
    (
        Arc::new(Runner {
            collector,
            outbox,
            observer: Arc::new(ReportSender(sender, Mutex::default())),
            random: || 0.5,
        }),
        reports,
    )
}

#[tokio::test]
async fn sources_are_polled_at_once_and_then_at_their_interval_until_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let (runner, mut reports) = runner(outbox(folder.path(), &clock), &clock);
    let stop = CancellationToken::new();
    let task = tokio::spawn(run(runner, vec![polled_source(folder.path())], stop.clone()));
    let first = reports.recv().await.unwrap();
    assert_eq!((first.outcome, first.observations, first.rejects, first.age), ("changed", 1, 0, Some(Duration::ZERO)));
    assert_eq!(reports.recv().await.unwrap().outcome, "unchanged");
    assert_eq!(reports.recv().await.unwrap().outcome, "unchanged");
    stop.cancel();
    assert!(task.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_restart_polls_what_is_new_or_failed_and_lets_the_others_wait() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let outbox = outbox(folder.path(), &clock);
    let slow = |id: &str, path: &str| SourceConfig {
        id: id.into(),
        interval: Duration::from_hours(1),
        ..source(folder.path(), &register(&format!("path = '{path}'")))
    };
    polled_source(folder.path());
    let all = || vec![slow("read", "r.csv"), slow("failed", "absent.csv")];
    let polled = async |sources: Vec<SourceConfig>, expected: usize| {
        let (runner, mut reports) = runner(Arc::clone(&outbox), &clock);
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(runner, sources, stop.clone()));
        let mut ids = std::collections::BTreeSet::new();
        while ids.len() < expected {
            ids.insert(reports.recv().await.unwrap().source);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.cancel();
        assert!(task.await.unwrap().is_ok());
        ids.extend(std::iter::from_fn(|| reports.try_recv().ok()).map(|report| report.source));
        ids.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(polled(all(), 2).await, ["failed", "read"]);
    clock.pass(60);
    assert_eq!(polled([all(), vec![slow("new", "r.csv")]].concat(), 2).await, ["failed", "new"]);
    // Configured otherwise while the collector was down.
    clock.pass(60);
    std::fs::copy(folder.path().join("r.csv"), folder.path().join("moved.csv")).unwrap();
    assert_eq!(polled(vec![slow("read", "moved.csv"), slow("new", "r.csv")], 1).await, ["read"]);
}

#[tokio::test]
async fn a_faulty_source_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let (runner, mut reports) = runner(outbox(folder.path(), &clock), &clock);
    let faulty = SourceConfig {
        id: "faulty".into(),
        source: Source::Documents(Arc::new(Faulty)),
        ..polled_source(folder.path())
    };
    let stop = CancellationToken::new();
    let task = tokio::spawn(run(runner, vec![faulty, polled_source(folder.path())], stop.clone()));
    let mut polls = std::collections::BTreeMap::new();
    while polls.values().copied().min().unwrap_or(0) < 3 || polls.len() < 2 {
        let report = reports.recv().await.unwrap();
        let expected = if report.source == "faulty" { PollFailure::Panicked.label() } else { report.outcome };
        assert_eq!(report.outcome, expected);
        *polls.entry(report.source).or_insert(0) += 1;
    }
    stop.cancel();
    assert!(task.await.unwrap().is_ok());
}

#[tokio::test]
async fn polling_waits_while_the_outbox_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let inner = outbox(folder.path(), &clock);
    let refusing = Arc::new(Refusing { inner, refusals: AtomicUsize::new(2), fatal: false, asked: Mutex::new(0) });
    let (runner, mut reports) = runner(Arc::clone(&refusing) as Arc<dyn Outbox>, &clock);
    let stop = CancellationToken::new();
    let task = tokio::spawn(run(runner, vec![polled_source(folder.path())], stop.clone()));
    let first = reports.recv().await.unwrap();
    assert_eq!((first.outcome, first.observations), ("changed", 1));
    assert!(*refusing.asked.lock().unwrap() >= 3);
    stop.cancel();
    assert!(task.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_full_outbox_is_reported_and_so_is_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let inner = outbox(folder.path(), &clock);
    let refusing = Refusing { inner, refusals: AtomicUsize::new(2), fatal: false, asked: Mutex::new(0) };
    let (sender, mut reports) = mpsc::unbounded_channel();
    let observer = Arc::new(ReportSender(sender, Mutex::default()));
    let reported = Arc::clone(&observer);
    let runner =
        Runner { collector: Arc::new(collector(&clock)), outbox: Arc::new(refusing), observer, random: || 0.5 };
    let stop = CancellationToken::new();
    let task = tokio::spawn(run(Arc::new(runner), vec![polled_source(folder.path())], stop.clone()));
    reports.recv().await.unwrap();
    let full = Some(BusError::Overloaded { bus: "b".to_owned() }.to_string());
    assert_eq!(reported.1.lock().unwrap()[..3], [full.clone(), full, None]);
    stop.cancel();
    assert!(task.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_broken_outbox_ends_the_run_with_its_error() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let inner = outbox(folder.path(), &clock);
    let broken = Refusing { inner, refusals: AtomicUsize::new(usize::MAX), fatal: true, asked: Mutex::new(0) };
    let (runner, _reports) = runner(Arc::new(broken), &clock);
    let error = run(runner, vec![polled_source(folder.path())], CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "the bus b is closed");
}

#[tokio::test]
async fn a_run_stops_even_while_its_outbox_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let inner = outbox(folder.path(), &clock);
    let full = Refusing { inner, refusals: AtomicUsize::new(usize::MAX), fatal: false, asked: Mutex::new(0) };
    let (runner, _reports) = runner(Arc::new(full), &clock);
    let stop = CancellationToken::new();
    let task = tokio::spawn(run(runner, vec![polled_source(folder.path())], stop.clone()));
    tokio::time::sleep(Duration::from_millis(50)).await;
    stop.cancel();
    assert!(task.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_clock_set_back_is_reported_and_publishes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at("2022-07-01");
    let (runner, mut reports) = runner(outbox(folder.path(), &clock), &clock);
    let stop = CancellationToken::new();
    let task = tokio::spawn(run(runner, vec![polled_source(folder.path())], stop.clone()));
    assert_eq!(reports.recv().await.unwrap().outcome, "changed");
    clock.pass(-3600);
    let mut outcome = reports.recv().await.unwrap().outcome;
    while outcome == "unchanged" {
        outcome = reports.recv().await.unwrap().outcome;
    }
    assert_eq!(outcome, "clock_behind");
    stop.cancel();
    assert!(task.await.unwrap().is_ok());
}
