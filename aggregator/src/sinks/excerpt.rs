//! What is repeated of a server's answer in errors and logs.

/// Most characters of an answer that are repeated.
const MAX_CHARS: usize = 300;

/// The beginning of an answer, without control characters.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_CHARS).collect()
}
