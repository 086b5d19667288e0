//! A replay: the shipped cities day by day, and random registers against the files as they were.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

#[path = "replay/days.rs"]
mod days;
#[path = "replay/random.rs"]
mod random;
#[path = "replay/running.rs"]
mod running;
