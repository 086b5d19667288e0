//! Moves the records of a SQLite log to a topic, in order, and trims what has arrived.
//!
//! ```text
//! log     [r1] [r2] [r3] [r4] [r5]          publish appends here
//!          `--arrived--' `-sent-'
//! shipped = 3, noted with the trimming of r1..r3 in one transaction; r5 always stays until r6 is there
//! ```
//!
//! Records follow each other without waiting for an answer. What was sent has arrived once nothing is on its way any more,
//! which is waited for when there is nothing to send, and once a second. When one fails, all behind `arrived` is sent again.
//!
//! It retries for ever and drops nothing: what cannot be delivered stands in [`ShipperState::error`] and
//! stops everything behind it. A crash between arriving and noting sends records twice, which is harmless:
//! figures are a function of the set of records.

mod flight;
mod shared;
mod trimmer;

use super::error::{self, KafkaOperation};
use super::settings::KafkaConfig;
use super::topic_check::TopicWatch;
use crate::error::BusError;
use crate::log::{ShipperLock, ShippingLog};
use contract::error::chain;
use contract::time::Clock;
use flight::{DeliveryReports, InFlight};
use parking_lot::{Condvar, Mutex};
use shared::Shared;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use trimmer::Trimmer;

/// How often new records are looked for, as readers of the log do.
const POLL: Duration = Duration::from_millis(20);
/// The same while there is something on its way, or no room for more.
const BUSY_POLL: Duration = Duration::from_millis(5);
/// How often another shipper's end is looked for.
const TURN_POLL: Duration = Duration::from_millis(200);
/// How long the report of what ended a producer is waited for.
const REPORT_WAIT: Duration = Duration::from_millis(200);
/// How long a look at the topic may hold up shipping.
const CHECK_WAIT: Duration = Duration::from_secs(1);
/// How long a stop waits for records on their way.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// Ships a log for as long as it lives. Dropped, it stops.
pub struct Shipper {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What a shipper has done and has yet to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShipperState {
    /// Records in the log that have not arrived.
    pub records_waiting: u64,
    /// Bytes of the log, as its limit counts them; 0 when no record waits.
    pub bytes_waiting: u64,
    /// How long the oldest of them has waited.
    pub oldest_age: Option<Duration>,
    /// Records that have arrived since this shipper was started.
    pub shipped_total: u64,
    /// Deliveries that failed and were begun again since then.
    pub failures_total: u64,
    /// What keeps the waiting records from arriving, in the words of an error with its causes.
    pub error: Option<String>,
}

impl Shipper {
    /// Starts to ship the log at `path`, which is made when there is none. Waits, working on nothing, while
    /// another shipper works on it. Brokers that cannot be reached are [`ShipperState::error`].
    pub fn start(path: impl AsRef<Path>, kafka: &KafkaConfig, clock: Arc<dyn Clock>) -> Result<Self, BusError> {
        kafka.check()?;
        let path = path.as_ref();
        let shared = Arc::new(Shared {
            clock,
            stopping: Mutex::new(false),
            stop: Condvar::new(),
            shipped: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            error: Mutex::new(None),
            reader: Mutex::new(ShippingLog::open(path)?),
        });
        let work = Work { path: path.to_owned(), kafka: kafka.clone(), shared: Arc::clone(&shared) };
        let thread = thread::Builder::new()
            .name("bus-shipper".to_owned())
            .spawn(move || work.run())
            .map_err(|error| BusError::Io { bus: path.display().to_string(), source: Arc::new(error) })?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// How it stands. Cheap, and right at any time: it is read from the log.
    pub fn state(&self) -> Result<ShipperState, BusError> {
        let shared = &self.shared;
        let waiting = shared.reader.lock().waiting()?;
        let now = shared.clock.now();
        let age = |since: i64| Duration::from_micros(u64::try_from(now.0 - since).unwrap_or(0));
        let error = shared.error.lock().clone();
        Ok(ShipperState {
            records_waiting: waiting.records,
            bytes_waiting: waiting.bytes,
            oldest_age: waiting.oldest.map(|time| age(time.0)),
            shipped_total: shared.shipped.load(Ordering::Relaxed),
            failures_total: shared.failures.load(Ordering::Relaxed),
            // Without a waiting record nothing is kept from arriving.
            error: error.filter(|_| waiting.records > 0),
        })
    }

    /// Stops: waits up to 5 s for what is on its way, notes what has arrived, and lets the next shipper
    /// have the log. The rest stays in it.
    pub fn stop(&self) {
        *self.shared.stopping.lock() = true;
        self.shared.stop.notify_all();
        // A thread that panicked has reported it itself.
        let _ = self.thread.lock().take().map(JoinHandle::join);
    }
}

impl Drop for Shipper {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Shipper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shipper").finish_non_exhaustive()
    }
}

/// What the shipping thread owns.
struct Work {
    path: PathBuf,
    kafka: KafkaConfig,
    shared: Arc<Shared>,
}

impl Work {
    fn run(self) {
        let Some(lock) = self.acquire_lock() else { return };
        while !self.shared.is_stopping() {
            if let Err(error) = self.ship() {
                self.shared.fail(&error);
            }
        }
        drop(lock);
    }

    /// Waits for the right to ship; `None` when it is stopped first.
    fn acquire_lock(&self) -> Option<ShipperLock> {
        while !self.shared.is_stopping() {
            match ShipperLock::try_acquire(&self.path) {
                Ok(Some(lock)) => {
                    self.shared.report(None);
                    return Some(lock);
                }
                Ok(None) => {
                    self.shared.report(Some("another shipper works on this log".to_owned()));
                    self.shared.pause(TURN_POLL);
                }
                Err(error) => self.shared.fail(&error),
            }
        }
        None
    }

    /// Ships until it is stopped, or until the log fails. Producers come and go; what has arrived stays.
    fn ship(&self) -> Result<(), BusError> {
        let log = ShippingLog::open(&self.path)?;
        let trimmer = Trimmer::start(&self.path, &self.shared)?;
        let reports = Arc::new(Mutex::new(DeliveryReports::default()));
        let mut arrived = log.shipped()?;
        while !self.shared.is_stopping() {
            let flight = InFlight::new(&self.kafka, &reports, arrived)?;
            if let Some(error) = self.fly(flight, &log, &trimmer, &reports, &mut arrived)? {
                self.shared.failures.fetch_add(1, Ordering::Relaxed);
                self.shared.fail(&error);
            }
        }
        Ok(())
    }

    /// Ships with one producer until it can do no more, and why; `None` when it is stopped.
    fn fly(
        &self,
        mut flight: InFlight,
        log: &ShippingLog,
        trimmer: &Trimmer,
        reports: &Mutex<DeliveryReports>,
        arrived: &mut i64,
    ) -> Result<Option<BusError>, BusError> {
        let mut stop_at = None;
        let mut topic = TopicWatch::default();
        loop {
            if stop_at.is_none() && topic.is_due(&self.kafka) {
                // Why there is no answer, the producer finds out.
                let _ = topic.look(&self.kafka, CHECK_WAIT);
                if let Err(error) = topic.sound() {
                    return Ok(Some(error));
                }
            }
            if stop_at.is_none() && self.shared.is_stopping() {
                stop_at = Some(Instant::now() + STOP_WAIT);
            }
            let more = stop_at.is_none() && flight.send(log)?;
            flight.poll(Duration::ZERO);
            let settled = flight.arrived();
            if let Some(offset) = settled.filter(|offset| *offset > *arrived) {
                *arrived = offset;
                // Whatever the error was, it is over.
                self.shared.report(None);
                trimmer.arrived(offset);
            }
            if let Some(error) = self.failure(&flight, reports) {
                return Ok(Some(error));
            }
            if stop_at.is_some_and(|at| settled.is_some() || Instant::now() >= at) {
                return Ok(None);
            }
            if !more {
                // Asleep: the library's own wait spins for the last millisecond.
                thread::sleep(if settled.is_some() { POLL } else { BUSY_POLL });
            }
        }
    }

    /// Handles what the producer reported: an error when this producer is at its end.
    fn failure(&self, flight: &InFlight, reports: &Mutex<DeliveryReports>) -> Option<BusError> {
        let fatal = flight.fatal();
        if fatal.is_some() && reports.lock().failed.is_none() {
            // The report of the record it ended with says why; it follows at once.
            flight.poll(REPORT_WAIT);
        }
        let (failed, latest) = {
            let mut reports = reports.lock();
            (reports.failed, reports.latest.take())
        };
        if let Some((id, code)) = failed {
            return Some(flight::record_error(&self.kafka, id, code, fatal.or(latest)));
        }
        if let Some(message) = fatal {
            return Some(error::explain(&self.kafka, KafkaOperation::Writing, message));
        }
        if let Some(message) = latest {
            self.shared.report(Some(chain(&error::explain(&self.kafka, KafkaOperation::Writing, message))));
        }
        None
    }
}
