//! Records cross a border that no network crosses: as text files, carried by hand or by a file gateway.
//!
//! A collector in the LGWAN or the My Number zone reaches no Kafka. [`write()`] turns what its outbox took
//! since the last time into bundles, [`read`] publishes them on the other side. Neither side ever hears
//! from the other, so a bundle proves by itself that it is whole, unchanged and the next one. Both are
//! called from outside (cron, a systemd timer); nothing here runs on its own.
//!
//! ```text
//! lgwan-00000002.jsonl
//!   {"kind":"observation","schema":1,"plan":"kawasaki",..}      one record a line, as it lies on the log
//!   {"kind":"visit",..}
//!   {"bundle":1,"collector":"lgwan","sequence":2,..,"before":"<SHA-256 of lgwan-00000001.jsonl>",..,"seal":".."}
//! ```
//!
//! The **manifest** is the last line of the same file, not a file beside it: the two cannot be separated,
//! nor can those of two bundles be mixed; a file that was copied in part has no manifest and is refused.
//! `head -n -1 FILE | sha256sum` is its `sha256`, and `sha256sum FILE` is `before` of the next bundle.
//! The **seal** is the SHA-256 of all that stands before it, so that a change of the manifest is seen
//! without waiting for the next bundle. The **chain** names the log: two collectors with one id, or a
//! log that was made anew, are never mixed up.
//!
//! What this does not do: it signs nothing. Who can write files there and knows this page can make a bundle
//! that passes; the folder's permissions and the carrier's rules guard against that.

mod checkpoint;
mod error;
mod file;
mod limits;
mod line;
mod manifest;
mod name;
mod pull;
mod read;
mod scan;
#[cfg(test)]
mod tests;
mod write;

pub use checkpoint::bundled;
pub use error::{BundleError, BundleFault, BundleProblem};
pub use limits::{DEFAULT_RESEND, KEPT_BUNDLES, MAX_BUNDLE_BYTES, MAX_BUNDLE_RECORDS, MAX_FILES};
pub use line::LineFault;
pub use manifest::Manifest;
pub use name::BundleName;
pub use read::{BundlesRead, CollectorRead, read};
pub use write::{BundleSource, BundlesWritten, write};

/// Name of the folder, in the data folder, of the bundles that can be sent again and of the locks.
pub const FOLDER: &str = "bundles";
