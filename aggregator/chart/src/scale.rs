//! Ticks of an axis, and where moments and values are.

use contract::exact::Exact;
use contract::time::Moment;
use num_traits::ToPrimitive;

/// A number of a figure as a coordinate's: a picture needs no more digits than a float has.
pub(crate) fn float(value: &Exact) -> f64 {
    value.to_f64().filter(|value| value.is_finite()).unwrap_or_default()
}

fn minutes(moment: Moment) -> f64 {
    f64::from(i32::try_from(moment.0.div_euclid(60)).unwrap_or(i32::MAX))
}

/// The ticks of an axis: steps of 1, 2 or 5 and their tens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ticks {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) step: f64,
}

impl Ticks {
    /// About `lines` ticks over all values; from 0 where that does not flatten the picture, or where it must. `finest` is the least
    /// step that numbers at the side can show.
    pub(crate) fn over(values: impl Iterator<Item = f64>, lines: f64, from_zero: bool, finest: f64) -> Self {
        let (mut low, mut high) = values.fold((f64::MAX, f64::MIN), |(low, high), one| (low.min(one), high.max(one)));
        if low > high {
            (low, high) = (0.0, 0.0);
        }
        if from_zero || low > 0.0 && low < high / 2.0 {
            low = low.min(0.0);
        }
        if from_zero {
            high = high.max(0.0);
        }
        let step = round_step((high - low) / lines).max(finest);
        let least = low;
        let (mut low, mut high) = ((low / step).floor() * step, (high / step).ceil() * step);
        // A dot on the axis could be taken for a mark of the axis.
        if !from_zero && low > 0.0 && least - low < step / 8.0 {
            low -= step;
        }
        if high - low < step / 2.0 {
            high = low + step;
        }
        Self { low, high, step }
    }

    pub(crate) fn all(&self) -> Vec<f64> {
        let last = self.high + self.step / 2.0;
        let low = self.low;
        let at = |n: u32| low + f64::from(n) * self.step;
        (0..200).map(at).take_while(|value| *value < last).collect()
    }
}

/// The least of 1, 2, 5 and their tens that is not below a width.
fn round_step(width: f64) -> f64 {
    if width <= 0.0 || !width.is_finite() {
        return f64::MIN_POSITIVE;
    }
    let tens = 10_f64.powf(width.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * tens).find(|step| *step >= width * 0.999).unwrap_or(tens)
}

/// Where moments and values are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlotFrame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    pub(crate) from: Moment,
    pub(crate) to: Moment,
    pub(crate) ticks: Ticks,
}

impl PlotFrame {
    pub(crate) fn x(&self, moment: Moment) -> f64 {
        let all = (minutes(self.to) - minutes(self.from)).max(1.0);
        self.left + (minutes(moment) - minutes(self.from)) / all * (self.right - self.left)
    }

    pub(crate) fn y(&self, value: &Exact) -> f64 {
        self.height(float(value))
    }

    pub(crate) fn height(&self, value: f64) -> f64 {
        let all = self.ticks.high - self.ticks.low;
        self.top + (self.ticks.high - value) / all * (self.bottom - self.top)
    }

    pub(crate) fn shows(&self, moment: Moment) -> bool {
        moment >= self.from && moment <= self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(values: &[f64], from_zero: bool, finest: f64) -> (f64, f64, f64) {
        let ticks = Ticks::over(values.iter().copied(), 5.0, from_zero, finest);
        (ticks.low, ticks.high, ticks.step)
    }

    #[test]
    fn ticks_are_round_and_numbers_at_the_side_differ() {
        assert_eq!(ticks(&[3.0, 11.5], false, 1.0), (0.0, 15.0, 5.0));
        assert_eq!(ticks(&[11.8, 20.7], false, 0.01), (10.0, 22.0, 2.0));
        assert_eq!(ticks(&[14.0, 15.0], false, 1.0), (13.0, 15.0, 1.0));
        assert_eq!(ticks(&[14.0, 14.0], false, 1.0), (13.0, 14.0, 1.0));
        assert_eq!(ticks(&[2000.0, 2400.0], true, 1.0), (0.0, 2500.0, 500.0));
        assert_eq!(ticks(&[-3.0, 4.0], true, 1.0), (-4.0, 4.0, 2.0));
        let none = Ticks::over(std::iter::empty(), 5.0, false, 1.0);
        assert_eq!(none.all(), [0.0, 1.0]);
    }
}
