//! The lines in hand: those of the next request, without what need not or cannot be written.

use super::line::LineBuffer;
use super::schema;
use super::written::WrittenPoints;
use aggregator_core::plan_state::PlanState;
use aggregator_core::points::{KpiPoint, figure};
use contract::catalogue::Kpi;
use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_64;

/// Lines, and what is known of lines that were written or refused before.
#[derive(Debug, Default)]
pub(super) struct PendingLines {
    pub(super) buffer: LineBuffer,
    /// Points that line protocol cannot carry, each with the reason.
    pub(super) unwritable: Vec<(String, String)>,
    /// Hashes of the lines that are dead letters.
    pub(super) dead: Option<FxHashSet<u64>>,
    pub(super) written: WrittenPoints,
}

impl PendingLines {
    fn is_dead(&self, hash: u64) -> bool {
        self.dead.as_ref().is_some_and(|dead| dead.contains(&hash))
    }

    pub(super) fn add_figure(&mut self, state: &PlanState, point: &figure::FigurePoint) {
        if let Err(error) = schema::figure(&mut self.buffer, &state.catalogue, point) {
            self.unwritable.push((format!("{} {point:?}", state.catalogue.plan.id), error.to_string()));
        } else if self.is_dead(xxh3_64(self.buffer.last().as_bytes())) {
            self.buffer.pop();
        }
    }

    pub(super) fn add_kpi(&mut self, state: &PlanState, kpi: &Kpi, point: &KpiPoint) {
        let plan = &state.catalogue.plan.id;
        if let Err(error) = schema::kpi(&mut self.buffer, &state.catalogue, kpi, point) {
            self.unwritable.push((format!("{plan} {:?} {point:?}", kpi.id), error.to_string()));
            return;
        }
        let hash = xxh3_64(self.buffer.last().as_bytes());
        // The lines in hand are written before any others, so their points count as written.
        if !self.written.note(plan, &kpi.id, point.day, hash) || self.is_dead(hash) {
            self.buffer.pop();
        }
    }
}
