//! Lines of which a part was read: up to the end of a chunk, or up to the next part of a container's line.

/// Longest line: most servers limit a request line to 8 kB, and a cookie in an own format to as much.
pub(super) const MAX_LINE_BYTES: usize = 64 << 10;

/// Lines that begin in one chunk and end in another.
#[derive(Debug, Default)]
pub(super) struct PartialLine {
    pub(super) raw: PartialText,
    /// Lines of a container that come in parts: of its output, and of its errors.
    pub(super) parts: [PartialText; 2],
    /// Ended lines of the file that hold such parts.
    pub(super) part_lines: u64,
    /// Bytes in the file behind the last whole line.
    pub(super) behind: usize,
}

/// The beginning of a text.
#[derive(Debug, Default)]
pub(super) struct PartialText {
    pub(super) bytes: Vec<u8>,
    /// True once it is too long: the rest is skipped.
    pub(super) overlong: bool,
}

impl PartialLine {
    /// An empty line, or the middle of one that is too long.
    pub(super) fn of(overlong: bool) -> Self {
        Self { raw: PartialText { overlong, ..PartialText::default() }, ..Self::default() }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.raw.add(if self.raw.bytes.is_empty() { without_zeros(bytes) } else { bytes });
    }
}

impl PartialText {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && !self.overlong
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        if self.overlong || self.bytes.len() + bytes.len() > MAX_LINE_BYTES {
            self.overlong = true;
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }
}

/// The line without leading zeros: a server that keeps its offset in a truncated file leaves them.
#[inline]
pub(super) fn without_zeros(line: &[u8]) -> &[u8] {
    if line.first() == Some(&0) { line.iter().position(|byte| *byte != 0).map_or(&[], |at| &line[at..]) } else { line }
}
