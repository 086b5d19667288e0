//! The side that publishes.

use crate::error::BusError;
use crate::pending::Pending;
use contract::time::Micros;

/// One record to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The plan's id, at most [`crate::MAX_NAME_BYTES`]. Records of one key stay in one partition, in order.
    pub key: String,
    /// The revision in the body, repeated here because the bus does not read bodies. Only checked
    /// against the clock ([`crate::MAX_AHEAD`]), not carried.
    pub revision: Micros,
    /// The wire form, at most [`crate::MAX_BODY_BYTES`]; any bytes.
    pub body: Vec<u8>,
}

/// The collector's notes to change together with the records: name and new value, `None` deletes.
/// Applied in order; a name is at most [`crate::MAX_NAME_BYTES`], a value at most [`crate::MAX_BODY_BYTES`].
pub type Checkpoint = Vec<(String, Option<Vec<u8>>)>;

/// Takes records and reports when they are durable.
///
/// ```
/// use bus::{Outbox, Outgoing, SqliteOutbox};
/// use contract::time::Micros;
/// use testkit::TestClock;
///
/// let folder = tempfile::tempdir().unwrap();
/// let outbox = SqliteOutbox::open(folder.path().join("bus.db"), TestClock::at(Micros(7))).unwrap();
/// let record = Outgoing { key: "plan".into(), revision: Micros(7), body: b"{}".to_vec() };
/// let checkpoint = vec![("portal/etag".into(), Some(b"abc".to_vec()))];
/// outbox.publish(vec![record], checkpoint).wait().unwrap();
/// assert_eq!(outbox.checkpoints("portal/").unwrap(), [("portal/etag".to_owned(), b"abc".to_vec())]);
/// ```
pub trait Outbox: Send + Sync {
    /// Publishes all of `batch` and changes all of `checkpoint`, or nothing of either; either may be
    /// empty.
    ///
    /// Never blocks. The order of calls is the order of the records. What is handed in is published
    /// whether or not the answer is waited for. A retriable failure means that nothing was published.
    fn publish(&self, batch: Vec<Outgoing>, checkpoint: Checkpoint) -> Pending;

    /// The notes whose name starts with `prefix`, ordered by the bytes of their names.
    fn checkpoints(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, BusError>;
}
