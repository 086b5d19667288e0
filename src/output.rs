//! Standard output: a reader that leaves early, as `head` does, ends a command without an error.

use anyhow::Context;
use std::fmt::{Arguments, Display, Formatter};
use std::io::{ErrorKind, Write};

/// The reader of the output has left, so that nothing more is to be printed.
#[derive(Debug)]
pub(crate) struct ClosedOutput;

impl Display for ClosedOutput {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("the reader of the output has left")
    }
}

impl std::error::Error for ClosedOutput {}

/// Prints a line. Fails with [`ClosedOutput`] when its reader has left.
pub(crate) fn line(text: Arguments<'_>) -> anyhow::Result<()> {
    print(format!("{text}\n").as_bytes())
}

/// Prints bytes as they are. Fails with [`ClosedOutput`] when its reader has left.
pub(crate) fn print(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(ClosedOutput.into()),
        outcome => outcome.context("the output cannot be written"),
    }
}
