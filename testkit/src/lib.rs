//! What the tests of several crates share: a minimal plan and a clock that a test sets.

mod clock;
mod plan;

pub use clock::TestClock;
pub use plan::{PLAN, POLICY, catalogue, series};
