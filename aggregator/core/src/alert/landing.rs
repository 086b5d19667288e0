//! When a chance of reaching the target has fallen for long enough, and when it has recovered.
//!
//! Folded over all evidence dates in calendar order, so that it does not depend on when anything was evaluated. Between the
//! two thresholds nothing changes: a chance that moves around one of them raises one alert, not many.

use crate::landing::TargetChance;
use contract::exact::{Exact, whole};
use contract::time::Moment;

/// When a fallen chance alerts, and when that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LandingThresholds {
    /// Per cent that the chance must be below.
    pub below: u32,
    /// Evidence dates in a row on which it must be.
    pub dates: u32,
    /// Per cent that it must be above to end the alert.
    pub clears_above: u32,
}

impl Default for LandingThresholds {
    fn default() -> Self {
        Self { below: 50, dates: 1, clears_above: 60 }
    }
}

/// A chance that has fallen and not recovered.
#[derive(Clone, Debug, PartialEq)]
pub struct LandingFall {
    /// The evidence date on which it had fallen for long enough.
    pub began: Moment,
    /// The chance at the latest evidence date.
    pub chance: Exact,
}

/// The fall that stands at the end of some chances, one an evidence date and in order; `None` where none does.
pub fn fallen(chances: &[TargetChance], thresholds: LandingThresholds) -> Option<LandingFall> {
    let share = |per_cent: u32| whole(per_cent) / whole(100);
    let (below, clears) = (share(thresholds.below), share(thresholds.clears_above));
    let (mut began, mut in_row) = (None, 0);
    for TargetChance { at, probability: chance } in chances {
        in_row = if *chance < below { in_row + 1 } else { 0 };
        if in_row >= thresholds.dates.max(1) {
            began = began.or(Some(*at));
        } else if in_row == 0 && *chance > clears {
            began = None;
        }
    }
    Some(LandingFall { began: began?, chance: chances.last()?.probability.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When the standing fall began, by the number of the date from 1.
    fn began(per_cent: &[u32], thresholds: LandingThresholds) -> Option<i64> {
        let chance = |(at, p): (i64, &u32)| TargetChance { at: Moment(at), probability: whole(*p) / whole(100) };
        let chances: Vec<TargetChance> = (1..).zip(per_cent).map(chance).collect();
        fallen(&chances, thresholds).map(|fall| fall.began.0)
    }

    #[test]
    fn a_fall_begins_after_some_dates_below_and_ends_above_the_other_threshold() {
        let of = |per_cent: &[u32]| began(per_cent, LandingThresholds { dates: 2, ..LandingThresholds::default() });
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[40]), None, "one date is not enough");
        assert_eq!(of(&[40, 50, 40]), None, "50 % is not below 50 %");
        assert_eq!(of(&[70, 49, 40]), Some(3));
        assert_eq!(of(&[49, 40, 55, 60, 30, 51]), Some(2), "between both thresholds nothing changes");
        assert_eq!(of(&[49, 40, 61]), None);
        assert_eq!(of(&[49, 40, 61, 30]), None, "after a recovery it begins anew");
        assert_eq!(of(&[49, 40, 61, 30, 20]), Some(5));
    }

    #[test]
    fn the_thresholds_are_settings() {
        assert_eq!(began(&[70, 49, 40], LandingThresholds::default()), Some(2), "one date is enough unless it is set");
        let at_once = LandingThresholds { below: 30, dates: 1, clears_above: 30 };
        assert_eq!(began(&[40, 29], at_once), Some(2));
        assert_eq!(began(&[40, 29, 31], at_once), None);
        let never_zero = LandingThresholds { dates: 0, ..LandingThresholds::default() };
        assert_eq!(began(&[80], never_zero), None);
    }
}
