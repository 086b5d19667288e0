//! Figures that were published and are not remembered: their sources are made to give them once more.

use crate::config::SourceConfig;
use crate::document::Validators;
use crate::poll::published;
use crate::poll::state::{FileNote, SourceState, StateError};
use bus::Outbox;
use std::collections::BTreeSet;

/// Figures of a source that are published, but not remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFigures {
    /// Plan id.
    pub plan: String,
    /// Source id.
    pub source: String,
    /// How many.
    pub figures: usize,
    /// The state in which the next poll publishes them once more, as far as the source still gives them.
    pub checkpoint: bus::Checkpoint,
}

/// The figures of a source that no note remembers; `None` when each is remembered. Withdrawn ones are none. Blocks.
pub fn forget(outbox: &dyn Outbox, source: &SourceConfig) -> Result<Option<UnknownFigures>, StateError> {
    let (plan, id) = (source.plan.as_str(), source.id.as_str());
    let state = SourceState::load(outbox, plan, id)?;
    let notes = outbox.checkpoints(&format!("{}{plan}/{id}/figure/", published::PREFIX))?;
    let known: BTreeSet<String> = notes.into_iter().map(|(name, _)| name).collect();
    let mut next = state.clone();
    let mut figures = 0;
    for (key, note) in &mut next.keys {
        if !note.withdrawn && !known.contains(&published::figure(plan, id, key)) {
            // Differs from every figure.
            note.digest.clear();
            figures += 1;
        }
    }
    if figures == 0 {
        return Ok(None);
    }
    for file in next.files.values_mut() {
        // Asked for and read as if it were new.
        *file = FileNote { sha256: String::new(), validators: Validators::default(), fetched: None, ..file.clone() };
    }
    let checkpoint = state.changes(&next, plan, id);
    Ok(Some(UnknownFigures { plan: plan.to_owned(), source: id.to_owned(), figures, checkpoint }))
}
