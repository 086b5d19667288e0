//! What the tests of several crates share: a minimal plan, a minimal poll, a clock that a test sets, and what benches
//! print.

pub mod bench;
mod clock;
mod plan;
mod poll;

pub use clock::TestClock;
pub use plan::{PLAN, POLICY, catalogue, series};
pub use poll::poll;
