//! Which points of KPIs were written: a KPI is planned as a whole whenever one of its figures changes, and a point that is the
//! same is not written again.

use rustc_hash::FxHashMap;

/// Points that are remembered, about 22 bytes each: of 24,000 KPIs those of ten years' months. Of more some are written again.
const MOST: usize = 3_000_000;

type Days = FxHashMap<i32, u64>;

/// Hashes of the lines written, by plan, KPI and day.
#[derive(Debug)]
pub(super) struct WrittenPoints {
    plans: FxHashMap<String, FxHashMap<String, Days>>,
    points: usize,
    most: usize,
}

impl Default for WrittenPoints {
    fn default() -> Self {
        Self { plans: FxHashMap::default(), points: 0, most: MOST }
    }
}

impl WrittenPoints {
    /// Notes a line; false when the same one was written before.
    pub(super) fn note(&mut self, plan: &str, kpi: &str, day: i32, line: u64) -> bool {
        if let Some(days) = self.plans.get_mut(plan).and_then(|kpis| kpis.get_mut(kpi)) {
            let before = days.insert(day, line);
            self.points += usize::from(before.is_none());
            return before != Some(line);
        }
        if self.points >= self.most {
            self.make_room(plan);
        }
        self.plans.entry(plan.to_owned()).or_default().entry(kpi.to_owned()).or_default().insert(day, line);
        self.points += 1;
        true
    }

    /// Forgets a KPI whose points were removed.
    pub(super) fn forget_kpi(&mut self, plan: &str, kpi: &str) {
        let days = self.plans.get_mut(plan).and_then(|kpis| kpis.remove(kpi));
        self.points -= days.map_or(0, |days| days.len());
    }

    /// Forgets a plan whose points were removed.
    pub(super) fn forget_plan(&mut self, plan: &str) {
        let kpis = self.plans.remove(plan).unwrap_or_default();
        self.points -= kpis.values().map(Days::len).sum::<usize>();
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        (self.plans, self.points) = (FxHashMap::default(), 0);
    }

    /// Forgets other plans until there is room, this one too when there are no others.
    fn make_room(&mut self, plan: &str) {
        while self.points >= self.most {
            let other = self.plans.keys().find(|other| *other != plan).cloned();
            self.forget_plan(other.as_deref().unwrap_or(plan));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_written_when_it_is_new_or_another_and_memory_is_bounded() {
        let mut written = WrittenPoints { most: 4, ..WrittenPoints::default() };
        assert!(written.note("a", "k", 1, 10) && written.note("a", "k", 2, 20));
        assert!(!written.note("a", "k", 1, 10) && written.note("a", "k", 1, 11));
        assert!(written.note("a", "l", 1, 10) && written.note("b", "k", 1, 10));
        assert_eq!(written.points, 4);
        // No room: the others are forgotten, to be written once more.
        assert!(written.note("b", "l", 1, 10));
        assert_eq!(written.points, 2);
        assert!(!written.note("b", "k", 1, 10) && written.note("a", "k", 1, 11));
        written.forget_kpi("b", "k");
        assert!(written.points == 2 && written.note("b", "k", 1, 10));
        written.forget_plan("b");
        written.forget_plan("c");
        assert_eq!(written.points, 1);
        // A plan that is larger than all the room.
        for kpi in ["k", "l", "m", "n", "o", "p"] {
            assert!(written.note("b", kpi, 1, 10) && written.points <= 4);
        }
        written.clear();
        assert!(written.points == 0 && written.note("b", "p", 1, 10));
    }
}
