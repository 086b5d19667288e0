//! What is taken to have arrived, on brokers that are played.

use super::*;
use crate::{Checkpoint, Outbox, Outgoing, SqliteOutbox};
use contract::time::Micros;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::PurgeConfig;
use testkit::TestClock;

/// Far above what anything here needs.
const DEADLINE: Duration = Duration::from_secs(40);

fn until(mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < DEADLINE);
    }
}

#[test]
fn a_record_has_arrived_once_it_was_acknowledged_and_never_when_it_failed() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("records", 2, 1).unwrap();
    let kafka = KafkaConfig { topic: "records".into(), ..KafkaConfig::new(cluster.bootstrap_servers(), "readers") };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    let outbox = SqliteOutbox::open(&path, TestClock::at(Micros(1))).unwrap();
    let record = |n: usize| Outgoing { key: format!("plan-{n}"), revision: Micros(1), body: vec![b'x'; n] };
    outbox.publish((0..10).map(record).collect(), Checkpoint::new()).wait().unwrap();
    let log = ShippingLog::open(&path).unwrap();
    let reports = Arc::new(Mutex::new(DeliveryReports::default()));

    // Given up while no broker answers: nothing is on its way any more, and nothing has arrived.
    cluster.broker_down(-1).unwrap();
    let mut flight = InFlight::new(&kafka, &reports, 0).unwrap();
    assert!(!flight.send(&log).unwrap());
    assert_eq!((flight.arrived(), flight.is_settled()), (None, false));
    flight.producer.purge(PurgeConfig::default().queue().inflight());
    until(|| {
        flight.poll(Duration::ZERO);
        let settled = flight.is_settled();
        assert_eq!(flight.arrived(), None);
        settled
    });
    assert!(matches!(reports.lock().failed, Some((1..=10, Code::PurgeQueue))), "{:?}", reports.lock().failed);
    drop(flight);

    // A new one sends all of it again, and says so when the last was acknowledged.
    cluster.broker_up(-1).unwrap();
    let mut flight = InFlight::new(&kafka, &reports, 0).unwrap();
    assert!(!flight.send(&log).unwrap());
    until(|| {
        flight.poll(Duration::from_millis(1));
        flight.arrived() == Some(10)
    });
    assert_eq!(reports.lock().failed, None);
    // From the middle of a block on.
    let mut flight = InFlight::new(&kafka, &reports, 7).unwrap();
    assert!(!flight.send(&log).unwrap() && flight.sent == 10);
    until(|| {
        flight.poll(Duration::from_millis(1));
        flight.arrived() == Some(10)
    });
}
