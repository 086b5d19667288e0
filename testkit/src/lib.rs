//! What the tests of several crates share: a minimal plan, a minimal poll and a clock that a test sets.

mod clock;
mod plan;
mod poll;

pub use clock::TestClock;
pub use plan::{PLAN, POLICY, catalogue, series};
pub use poll::poll;
