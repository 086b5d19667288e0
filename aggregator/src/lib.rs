//! Keep, roll up, judge, tell: the pipeline, the store and the doors to readers.

pub mod books;
pub mod diff;
pub mod explain;
pub mod known_at;
pub mod metrics;
pub mod pipeline;
pub mod render;
pub mod sinks;
pub mod store;
pub mod trouble;
pub mod web;
