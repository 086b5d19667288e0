//! Seeded monthly levels above the path of a plan: some turn down and miss the target, the others stay and reach it.

use aggregator_core::landing::TargetChance;

/// Months that are known before the plan begins.
pub(crate) const HISTORY: usize = 24;
/// Months of the plan.
pub(crate) const MONTHS: usize = 36;
/// What the series lies at before the plan and while it is steady; where the path begins, and the target.
const LEVEL: f64 = 1000.0;
const START: f64 = 850.0;
pub(crate) const TARGET: f64 = 950.0;
/// Standard deviation of a month's noise, and how much of it stays in the next month.
const NOISE: f64 = 18.0;
const STAYS: f64 = 0.5;

/// One series.
pub(crate) struct PlanSeries {
    /// Months, those before the plan first.
    pub(crate) values: Vec<f64>,
    /// Chances of the target by month of the plan.
    pub(crate) chances: Vec<TargetChance>,
    /// The month of the plan in which it turns down.
    turn: Option<usize>,
}

/// A small count as a double.
pub(crate) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// What is expected at the end of a month of the plan, from 0.
pub(crate) fn path(month: usize) -> f64 {
    START + (TARGET - START) * number(month + 1) / number(MONTHS)
}

struct Random(u64);

impl Random {
    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        number(usize::try_from(self.0 >> 40).unwrap_or(0)) / number(1 << 24)
    }

    fn below(&mut self, count: usize) -> usize {
        let share = self.share() * number(count);
        (0..count).rfind(|one| number(*one) <= share).unwrap_or(0)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// Nearly normal.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }
}

impl PlanSeries {
    /// The series of a seed. One that does not come out as it must is drawn anew.
    pub(crate) fn make(seed: u64, declines: bool) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        loop {
            let made = Self::draw(&mut random, declines);
            let last = made.values[HISTORY + MONTHS - 1];
            if declines == (last < TARGET) && declines == made.crossing().is_some() {
                return made;
            }
        }
    }

    fn draw(random: &mut Random, declines: bool) -> Self {
        let own = random.between(-0.5, 0.5);
        let turn = declines.then(|| 3 + random.below(20));
        let after = random.between(-16.0, -3.0);
        let season = random.between(0.0, 12.0);
        let (mut level, mut noise) = (LEVEL - own * number(HISTORY), 0.0);
        let mut values = Vec::new();
        for month in 0..HISTORY + MONTHS {
            let has_turned = turn.is_some_and(|turn| month > HISTORY + turn);
            level += if has_turned { after } else { own };
            noise = noise * STAYS + random.normal() * NOISE;
            // A triangle over the year.
            let phase = (number(month % 12) - 6.0).abs() / 3.0 - 1.0;
            values.push((level + noise + phase * season).max(0.0));
        }
        Self { values, chances: Vec::new(), turn }
    }

    /// The month of the plan in which it crosses its path for good.
    fn crossing(&self) -> Option<usize> {
        let below = |month: &usize| self.values[HISTORY + month] < path(*month);
        let first = (0..MONTHS).rev().take_while(below).last()?;
        // A steady one may lie below for some months.
        (first < MONTHS - 1 && self.turn.is_some_and(|turn| first > turn)).then_some(first)
    }

    /// Months from the first alert after the turn to the crossing; `None` without an alert before it.
    pub(crate) fn lead(&self, alarm: &[bool]) -> Option<i64> {
        let (turn, crossing) = (self.turn?, self.crossing()?);
        let warned = (turn..crossing).find(|month| alarm.get(*month).copied().unwrap_or(false))?;
        i64::try_from(crossing - warned).ok()
    }
}
