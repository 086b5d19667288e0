//! The components that can fail while the others go on.

/// A component of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    /// The store of the figures.
    Store,
    /// The consumer of the bus.
    Bus,
    /// The log in which collectors publish.
    Outbox,
    /// The shipper from the outbox to the bus.
    Shipper,
    /// The polls of the collectors, as far as they arrived.
    Polls,
    /// The clocks of the collectors, compared with this machine's.
    Clock,
    /// A sink: its name and its partition.
    Sink(&'static str, i32),
}

impl Component {
    /// The label in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Bus => "bus",
            Self::Outbox => "outbox",
            Self::Shipper => "shipper",
            Self::Polls => "polls",
            Self::Clock => "clock",
            Self::Sink(name, _) => name,
        }
    }
}
