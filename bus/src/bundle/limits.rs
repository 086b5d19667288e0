//! How many bundles are kept, and what one holds at most.

/// Bundles that are kept to be sent again, and that a reader still compares: a month of daily ones.
pub const KEPT_BUNDLES: u32 = 30;
/// Bundles that are sent again unasked, so that one lost medium needs no action.
pub const DEFAULT_RESEND: u32 = 3;
/// Records of one bundle. It is published in one transaction, held in memory until then.
pub const MAX_BUNDLE_RECORDS: usize = 1 << 16;
/// Bytes of the records of one bundle, for the same reason.
pub const MAX_BUNDLE_BYTES: usize = 16 << 20;
/// Bytes of a manifest: it has about 550.
pub(super) const MAX_MANIFEST_BYTES: usize = 4 << 10;
/// Files that a folder of bundles may hold, far more than read bundles leave.
pub const MAX_FILES: usize = 100_000;
