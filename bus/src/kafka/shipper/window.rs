//! Which of the records on their way have arrived.

use std::collections::VecDeque;

/// Records in order of their offsets, from the first that has not arrived.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Everything up to this offset has arrived.
    arrived: i64,
    /// Of each record behind it that was ever sent: whether it arrived.
    sent: VecDeque<bool>,
}

impl Window {
    pub(super) fn behind(shipped: i64) -> Self {
        Self { arrived: shipped, sent: VecDeque::new() }
    }

    /// The offset up to which everything has arrived.
    pub(super) fn arrived(&self) -> i64 {
        self.arrived
    }

    /// True when this record arrived, although perhaps not all before it.
    pub(super) fn has(&self, id: i64) -> bool {
        id <= self.arrived || self.place(id).and_then(|place| self.sent.get(place)).copied().unwrap_or(false)
    }

    /// Notes that a record is on its way.
    pub(super) fn send(&mut self, id: i64) {
        if let Some(place) = self.place(id)
            && place >= self.sent.len()
        {
            self.sent.resize(place + 1, false);
        }
    }

    /// Notes that a record has arrived.
    pub(super) fn arrive(&mut self, id: i64) {
        if let Some(sent) = self.place(id).and_then(|place| self.sent.get_mut(place)) {
            *sent = true;
        }
        while self.sent.front() == Some(&true) {
            self.sent.pop_front();
            self.arrived += 1;
        }
    }

    fn place(&self, id: i64) -> Option<usize> {
        usize::try_from(id - self.arrived - 1).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrived_is_the_end_of_what_arrived_without_a_hole() {
        let mut window = Window::behind(10);
        for id in 11..=15 {
            window.send(id);
        }
        window.arrive(12);
        window.arrive(14);
        assert_eq!(window.arrived(), 10);
        assert!(window.has(10) && !window.has(11) && window.has(12) && !window.has(13) && window.has(14));
        window.arrive(11);
        assert_eq!(window.arrived(), 12);
        // Sent again, as by a new producer: what arrived stays so.
        window.send(14);
        assert!(window.has(14) && !window.has(16));
        window.arrive(13);
        assert_eq!(window.arrived(), 14);
        // An arrival that is told twice, or of what was never sent.
        window.arrive(13);
        window.arrive(99);
        assert_eq!(window.arrived(), 14);
        window.arrive(15);
        assert_eq!(window.arrived(), 15);
    }
}
