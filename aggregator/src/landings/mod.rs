//! Computes where KPIs are expected to land, on a thread of its own beside the pipeline.
//!
//! A landing takes milliseconds, a history of a plan seconds. So none is computed under the lock of the plan states, in a
//! batch, or while a store is opened: reports say that an answer is pending until it is there.
//!
//! ```text
//! plan states --questions, some at a time--> worker --keys that are new--> answers --> store, then plan states
//! ```
//!
//! An answer depends on its question alone, so nothing has to be remembered of what was done: after a kill the worker asks
//! again and computes what the store lacks. It follows no order of batches and writes nothing that is compared between two
//! aggregators.

mod pass;
mod worker;

pub(crate) use worker::LandingWorker;
