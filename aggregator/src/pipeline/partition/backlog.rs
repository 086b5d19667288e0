//! What waited on the bus when a partition was assigned: until it is read, the figures are not current.

/// The records that waited, as far as they are not read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backlog {
    /// `None` while it is not known how many.
    left: Option<u64>,
    /// Idle deliveries in a row.
    idle: u32,
}

impl Backlog {
    /// Reading begins; the bus knows how many records wait, or does not.
    pub(crate) fn begin(&mut self, waiting: Option<u64>) {
        *self = Self { left: waiting, idle: 0 };
    }

    /// Records were read and stored.
    pub(crate) fn read(&mut self, records: usize) {
        self.idle = 0;
        self.left = self.left.map(|left| left.saturating_sub(records as u64));
    }

    /// Nothing came. After `needed` times in a row nothing waits, whatever the bus has counted: Kafka numbers marks of its
    /// own, and a compacted topic has gaps.
    pub(crate) fn idle(&mut self, needed: u32) {
        self.idle = self.idle.saturating_add(1);
        if self.idle >= needed {
            self.left = Some(0);
        }
    }

    /// How many are not read; `None` while that is not known.
    pub(crate) fn left(self) -> Option<u64> {
        self.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_ends_with_its_last_record_or_when_nothing_comes() {
        let mut backlog = Backlog::default();
        assert_eq!(backlog.left(), None);
        backlog.begin(Some(30));
        backlog.read(20);
        assert_eq!(backlog.left(), Some(10));
        backlog.read(20);
        assert_eq!(backlog.left(), Some(0));
        backlog.begin(None);
        backlog.read(20);
        backlog.idle(2);
        backlog.read(1);
        backlog.idle(2);
        assert_eq!(backlog.left(), None);
        backlog.idle(2);
        assert_eq!(backlog.left(), Some(0));
    }
}
