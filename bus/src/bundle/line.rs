//! What a line of a bundle must be, checked alike by who writes it and who reads it.

use crate::limits::{MAX_BODY_BYTES, MAX_NAME_BYTES};
use contract::wire::{self, Envelope, WireError};
use std::str::Utf8Error;

/// Why bytes cannot be a line of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// It has a line end inside.
    #[error("it has a line end inside")]
    Broken,
    /// Something rewrote the line ends on the way.
    #[error("it ends with a carriage return: line ends were converted on the way, carry the file unchanged (binary)")]
    Converted,
    /// It is not UTF-8.
    #[error("it is not UTF-8: {0}")]
    NotUtf8(#[from] Utf8Error),
    /// It is no JSON object with a `plan`, so it has no key.
    #[error("{0}; it must be a JSON object with a text `plan`")]
    NoKey(#[from] WireError),
    /// It or its key is longer than a bus takes.
    #[error("its {part} has {bytes} bytes or more, a bus takes {limit}")]
    TooLong {
        /// Line or plan.
        part: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
}

/// Key and age of the record on a line, given without its line end.
pub(super) fn check(line: &[u8]) -> Result<Envelope, LineFault> {
    within("line", line.len(), MAX_BODY_BYTES)?;
    if line.ends_with(b"\r") {
        return Err(LineFault::Converted);
    }
    if line.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        return Err(LineFault::Broken);
    }
    std::str::from_utf8(line)?;
    let envelope = wire::envelope(line)?;
    within("plan", envelope.plan.len(), MAX_NAME_BYTES)?;
    Ok(envelope)
}

pub(super) fn within(part: &'static str, bytes: usize, limit: usize) -> Result<(), LineFault> {
    if bytes > limit { Err(LineFault::TooLong { part, bytes, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_object_of_text_with_a_key() {
        assert_eq!(check("{\"plan\":\"計画\\u0000\u{2028}\"}".as_bytes()).unwrap().plan, "計画\0\u{2028}");
        let long = format!("{{\"plan\":\"{}\"}}", "x".repeat(MAX_NAME_BYTES + 1));
        let huge = format!("{{\"plan\":\"p\",\"x\":\"{}\"}}", "x".repeat(MAX_BODY_BYTES));
        for (line, expected) in [
            (&b"{\"plan\":\n\"p\"}"[..], "it has a line end inside"),
            (b"{\"plan\":\r\"p\"}", "it has a line end inside"),
            (b"{\"plan\":\"p\"}\r", "carry the file unchanged (binary)"),
            (b"{\"plan\":\"\xff\"}", "it is not UTF-8"),
            (b"{\"series\":\"s\"}", "missing field `plan`"),
            (b"", "not a JSON object"),
            (long.as_bytes(), "its plan has 1025 bytes or more, a bus takes 1024"),
            (huge.as_bytes(), "a bus takes 1048576"),
        ] {
            let error = check(line).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
