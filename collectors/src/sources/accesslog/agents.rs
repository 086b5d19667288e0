//! Which user agents are bots, as they were judged before: the same agents come again and again.

use super::rule::WordFilter;
use super::short::word_at;

/// Agents that are kept.
const SLOTS: usize = 512;
/// Longest agent that is kept, so that a client that sends long ones takes no memory.
const MAX_BYTES: usize = 512;
/// Spreads the bits of a word, see `line::digest`.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// The verdicts on the agents that were met last. They live as long as one file is read.
pub(super) struct AgentVerdicts<'a> {
    bots: &'a WordFilter,
    /// An agent, and whether it is a bot's.
    slots: Vec<(Vec<u8>, bool)>,
}

impl<'a> AgentVerdicts<'a> {
    pub(super) fn new(bots: &'a WordFilter) -> Self {
        Self { bots, slots: vec![(Vec::new(), bots.matches(b"")); SLOTS] }
    }

    /// True for the agent of a bot.
    #[inline]
    pub(super) fn is_bot(&mut self, agent: &[u8]) -> bool {
        let (known, is_bot) = &mut self.slots[slot(agent)];
        if known.as_slice() != agent {
            if agent.len() > MAX_BYTES {
                return self.bots.matches(agent);
            }
            // The slot keeps its memory.
            known.clear();
            known.extend_from_slice(agent);
            *is_bot = self.bots.matches(agent);
        }
        *is_bot
    }
}

/// Agents differ in the middle (device) and at the end (version).
#[inline]
fn slot(agent: &[u8]) -> usize {
    let length = agent.len();
    let [middle, last] = [length / 3, length.saturating_sub(12)].map(|at| word_at(agent, at).unwrap_or_default());
    let mixed = (middle ^ last.rotate_left(23) ^ u64::try_from(length).unwrap_or_default()).wrapping_mul(FACTOR);
    usize::try_from(mixed >> 32).unwrap_or_default() % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_judged_the_same_the_second_time_and_among_many() {
        let bots = WordFilter::new(vec!["bot".to_owned()]);
        let mut verdicts = AgentVerdicts::new(&bots);
        let long = "x".repeat(MAX_BYTES);
        for _ in 0..2 {
            for n in 0..4 * SLOTS {
                let kind = ["Bot", "app"][n % 2];
                for agent in [format!("{kind}/{n}"), format!("{n} {kind}"), format!("{long}{kind}{n}"), kind.to_owned()]
                {
                    assert_eq!(verdicts.is_bot(agent.as_bytes()), n % 2 == 0, "{agent}");
                }
            }
            assert!(!verdicts.is_bot(b""));
        }
        let all = WordFilter::new(vec![String::new()]);
        assert!(AgentVerdicts::new(&all).is_bot(b""), "an empty word is in any agent");
    }
}
