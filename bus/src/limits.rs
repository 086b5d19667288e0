//! What a bus takes at most.

use contract::time::Micros;

/// How far a revision may be ahead of the machine's clock. Clocks of one city differ by seconds; a
/// revision from further ahead would stand above every honest correction until then.
pub const MAX_AHEAD: Micros = Micros(5 * 60 * 1_000_000);
/// Bytes that one body, or one value of a checkpoint, may have. Records are about 250 B; Kafka's own
/// default limit is the same.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// Bytes that a key or the name of a checkpoint may have. Both are ids out of the configuration.
pub const MAX_NAME_BYTES: usize = 1 << 10;
/// Bytes that one published batch may hold in all. It is held in memory until it is durable.
pub const MAX_PUBLISH_BYTES: usize = 64 << 20;
