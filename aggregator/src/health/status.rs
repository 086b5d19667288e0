//! The state of the components and the readiness of the pipeline.

use super::component::Component;
use super::reason::DegradedReason;
use super::rejects::RejectBoard;
use contract::time::Micros;
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::collections::BTreeMap;

/// Whether the pipeline has caught up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Readiness {
    /// It has not opened a partition yet.
    #[default]
    Starting,
    /// No partition is assigned to it.
    Unassigned,
    /// It reads what waited on the bus when its partitions were assigned: so many records, where that is known.
    CatchingUp(Option<u64>),
    /// It has caught up.
    Ready,
}

/// A component that does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DegradedComponent {
    /// When the failure was first reported.
    pub since: Micros,
    /// Why.
    pub reason: DegradedReason,
    /// The error with its causes, without secrets, for operators.
    pub error: String,
    /// How many records or changes wait because of it, where that is counted.
    pub pending: Option<u64>,
}

/// Readiness and all degraded components at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthSnapshot {
    /// Whether the pipeline has caught up.
    pub readiness: Readiness,
    /// The components that do not work.
    pub degraded: BTreeMap<Component, DegradedComponent>,
}

impl HealthSnapshot {
    /// Why the process is not ready, for operators; `None` when it is ready. A degraded sink or shipper, and a bus that is
    /// away, leave it ready: the figures of before are served. A bus that must not be read on does not.
    pub fn unready(&self) -> Option<String> {
        let pipeline = match (self.degraded.get(&Component::Store), self.readiness) {
            (Some(store), _) => Some(store.error.clone()),
            (None, Readiness::Starting) => Some("starting".to_owned()),
            (None, Readiness::Unassigned) => Some("no partition is assigned".to_owned()),
            (None, Readiness::CatchingUp(None)) => Some("what waited on the bus is being read".to_owned()),
            (None, Readiness::CatchingUp(Some(left))) => Some(format!("{left} records that waited are not read yet")),
            (None, Readiness::Ready) => None,
        };
        let outbox = self.degraded.get(&Component::Outbox).map(|outbox| format!("polling waits: {}", outbox.error));
        let bus = self.degraded.get(&Component::Bus).filter(|bus| bus.reason.stops_reading());
        let bus = bus.map(|bus| format!("nothing is read: {}", bus.error));
        let reasons: Vec<String> = pipeline.into_iter().chain(outbox).chain(bus).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

impl HealthSnapshot {
    /// What operators must see although the process is ready.
    pub fn warning(&self) -> Option<&str> {
        self.degraded.get(&Component::Clock).map(|clock| clock.error.as_str())
    }
}

/// The health of a process: components report to it, pages, probes and metrics read it.
#[derive(Debug, Default)]
pub struct Health {
    state: RwLock<HealthSnapshot>,
    rejects: RwLock<RejectBoard>,
}

impl Health {
    /// Sets whether the pipeline has caught up.
    pub fn set_readiness(&self, readiness: Readiness) {
        self.state.write().readiness = readiness;
    }

    /// Reports a failure of a component; a repeated report keeps the time of the first.
    pub fn degrade(
        &self,
        component: Component,
        reason: impl Into<DegradedReason>,
        error: String,
        pending: Option<u64>,
        now: Micros,
    ) {
        let mut state = self.state.write();
        let since = state.degraded.get(&component).map_or(now, |earlier| earlier.since);
        state.degraded.insert(component, DegradedComponent { since, reason: reason.into(), error, pending });
    }

    /// Reports that a component works.
    pub fn recover(&self, component: Component) {
        // Reported after each success: most have nothing to remove, and must not wait for a writer's lock.
        if self.state.read().degraded.contains_key(&component) {
            self.state.write().degraded.remove(&component);
        }
    }

    /// The state at this moment.
    pub fn snapshot(&self) -> HealthSnapshot {
        self.state.read().clone()
    }

    /// The rows that could not be read.
    pub fn rejects(&self) -> RwLockReadGuard<'_, RejectBoard> {
        self.rejects.read()
    }

    /// The same, to be changed.
    pub(crate) fn change_rejects(&self) -> RwLockWriteGuard<'_, RejectBoard> {
        self.rejects.write()
    }
}
