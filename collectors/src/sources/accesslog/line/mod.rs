//! The formats of a line, and the fields that are read of it.

pub(super) mod container;
mod digest;
pub mod format;
pub mod json;
#[cfg(test)]
pub(super) mod plain;
mod request;
mod scan;
mod step;
pub mod time;

use format::LineFormat;
use json::JsonKeys;

/// How a line is read.
#[derive(Clone, Debug)]
pub enum LineForm {
    /// A format of nginx or Apache.
    Fields(LineFormat),
    /// JSON lines.
    Json(JsonKeys),
}

impl LineForm {
    /// Text that identifies the form. Checkpoints hold a hash of it, so it must not change.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::Fields(format) => format!("Fields({})", format.identity()),
            Self::Json(keys) => format!("Json({})", keys.identity()),
        }
    }
}
