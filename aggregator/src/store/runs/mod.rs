//! Runs: observations column by column, a few dozen to a few thousand in one row.
//!
//! A row an observation costs more in SQLite than the observation holds. A run is one row with a body of columns; it belongs
//! to one series of one plan, to several series of a plan, or to several plans, and is found by that. Every observation
//! keeps its id for ever, whichever run it moves to.
//!
//! - **entry**: one observation as numbers.
//! - **head**: what is known of a run without its body.
//! - **totals**: what the heads of a plan add up to, so that a run that is missing is found.

mod codec;
mod column;
mod entry;
mod header;
mod migrate;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub(super) use entry::{EntrySignature, EntryValue, RunEntry};
pub(super) use migrate::from_rows;
pub(super) use read::{count, each_in_run, each_of_all, each_of_plan, runs_of};
pub(super) use write::{RunWriter, give_out_ids};
