//! What a bus takes at most.

pub use contract::time::MAX_AHEAD;

/// Bytes that one body, or one value of a checkpoint, may have. Records are about 250 B; Kafka's own
/// default limit is the same.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// Bytes that a key or the name of a checkpoint may have. Both are ids out of the configuration.
pub const MAX_NAME_BYTES: usize = 1 << 10;
/// Bytes that one published batch may hold in all. It is held in memory until it is durable.
pub const MAX_PUBLISH_BYTES: usize = 64 << 20;
