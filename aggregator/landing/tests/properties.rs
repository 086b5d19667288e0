//! What holds for every series, and for constant, step, outlier and zero series.

mod support;

use landing::{Bounds, FigureKind, FigureSeries, Forecast, Frequency, LandingTarget, Silence, forecast};
use proptest::prelude::*;
use support::{period, reach, series};

fn frequency() -> impl Strategy<Value = Frequency> {
    prop::sample::select(Frequency::ALL.to_vec())
}

fn kind() -> impl Strategy<Value = FigureKind> {
    prop::sample::select(vec![
        FigureKind::Level,
        FigureKind::RunningTotal,
        FigureKind::Ratio,
        FigureKind::Sum,
        FigureKind::Mean,
    ])
}

fn is_in_order(landed: &Forecast) -> bool {
    let (near, far) = (landed.interval80, landed.interval95);
    let ends = [far.low, near.low, landed.expected, near.high, far.high];
    ends.iter().all(|end| end.is_finite()) && ends.is_sorted()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn anything_is_forecast_or_silent(
        frequency in frequency(), kind in kind(), bounded: bool,
        values in prop::collection::vec(prop::option::weighted(0.97, -1e12..1e12_f64), 0..60), ahead in 0_usize..40,
    ) {
        let bounds = if bounded { Bounds { lower: Some(-2e12), upper: Some(2e12) } } else { Bounds::NONE };
        let asked = period(values.len() + ahead);
        match forecast(&FigureSeries { frequency, kind, bounds, values, definition_start: 0 }, &asked) {
            Ok(landed) => {
                prop_assert!(is_in_order(&landed), "{landed:?}");
                let weights: f64 = landed.methods.iter().map(|m| m.weight).sum();
                prop_assert!((weights - 1.0).abs() < 1e-9);
            }
            Err(Silence::TooFewFigures { figures, .. }) => prop_assert!(figures < 6),
            Err(Silence::TooFarAhead { periods, most }) => prop_assert!(periods > most),
            Err(Silence::UnknownPeriod { .. } | Silence::AllKnown) => {}
        }
    }

    #[test]
    fn no_number_is_too_strange(
        frequency in frequency(), kind in kind(), values in prop::collection::vec(prop::num::f64::ANY, 6..30),
        usual in prop::collection::vec(prop::num::f64::POSITIVE, 6..9), ends in prop::array::uniform2(prop::num::f64::ANY),
    ) {
        let bounds = Bounds { lower: Some(ends[0]), upper: Some(ends[1]) };
        let values: Vec<Option<f64>> = values.into_iter().chain(usual.into_iter().map(|y| y.min(1e15))).map(Some).collect();
        let asked = reach(values.len() + 1, LandingTarget::AtLeast(ends[0]));
        let landed = forecast(&FigureSeries { frequency, kind, bounds, values, definition_start: 0 }, &asked).unwrap();
        prop_assert_eq!(landed.probability.is_none(), ends[0].is_nan());
        prop_assert!(landed.probability.is_none_or(|p| 0.0 < p && p < 1.0), "{landed:?}");
    }

    #[test]
    fn a_constant_series_stays(frequency in frequency(), count in 6_usize..40, value in -1e6..1e6_f64) {
        for kind in [FigureKind::Level, FigureKind::RunningTotal, FigureKind::Ratio] {
            let level = series(frequency, kind, &vec![value; count]);
            let landed = forecast(&level, &reach(count + 3, LandingTarget::AtLeast(value))).unwrap();
            for end in [landed.expected, landed.interval80.low, landed.interval95.high] {
                prop_assert!((end - value).abs() <= 1e-9 * value.abs(), "{landed:?}");
            }
            prop_assert!(landed.probability.unwrap() > 0.9, "{landed:?}");
        }
    }

    #[test]
    fn zeros_stay_zeros_and_are_never_certain(frequency in frequency(), count in 6_usize..40) {
        let zeros = series(frequency, FigureKind::Sum, &vec![0.0; count]);
        let landed = forecast(&zeros, &reach(count + 1, LandingTarget::AtLeast(1.0))).unwrap();
        prop_assert_eq!((landed.expected, landed.interval95.low, landed.interval95.high), (0.0, 0.0, 0.0));
        let least = 0.5 / (f64::from(u32::try_from(count).unwrap()) + 1.0);
        prop_assert_eq!(landed.probability, Some(least));
        let met = forecast(&zeros, &reach(count + 1, LandingTarget::AtMost(0.0))).unwrap();
        prop_assert_eq!(met.probability, Some(1.0 - least));
    }

    #[test]
    fn after_a_step_the_forecast_is_on_the_new_side(
        frequency in frequency(), before in 8_usize..20, after in 8_usize..20, low in 10.0..100.0_f64, rise in 10.0..100.0_f64,
    ) {
        let mut values = vec![low; before];
        values.extend(vec![low + rise; after]);
        let landed = forecast(&series(frequency, FigureKind::Level, &values), &period(values.len())).unwrap();
        prop_assert!(landed.expected > low + rise / 2.0 && landed.expected < low + 1.5 * rise, "{landed:?}");
        prop_assert!(landed.interval95.low <= low + rise && low + rise <= landed.interval95.high, "{landed:?}");
    }

    #[test]
    fn one_outlier_moves_little(
        frequency in frequency(), count in 12_usize..40, place in 3_usize..8, value in 50.0..100.0_f64, size in 10.0..1000.0_f64,
    ) {
        let mut values = vec![value; count];
        values[count - place] += size;
        let landed = forecast(&series(frequency, FigureKind::Level, &values), &period(count + 1)).unwrap();
        prop_assert!((landed.expected - value).abs() < 0.5 * size, "{landed:?}");
        // A year after the outlier it may have been a season.
        let is_its_season = (place + 1).is_multiple_of(frequency.periods_per_year());
        let holds = landed.interval95.low <= value && value <= landed.interval95.high;
        prop_assert!(holds || is_its_season, "{landed:?}");
    }

    #[test]
    fn a_higher_target_is_less_likely(
        frequency in frequency(), values in prop::collection::vec(0.0..1000.0_f64, 6..50), targets in prop::collection::vec(-500.0..2000.0_f64, 2),
    ) {
        let level = series(frequency, FigureKind::Level, &values);
        let chance = |target| forecast(&level, &reach(values.len() + 2, target)).unwrap().probability.unwrap();
        let (low, high) = (targets[0].min(targets[1]), targets[0].max(targets[1]));
        prop_assert!(chance(LandingTarget::AtLeast(low)) >= chance(LandingTarget::AtLeast(high)));
        prop_assert!(chance(LandingTarget::AtMost(low)) <= chance(LandingTarget::AtMost(high)));
        let both = chance(LandingTarget::AtLeast(low)) + chance(LandingTarget::AtMost(low));
        prop_assert!((both - 1.0).abs() < 1e-9, "{both}");
    }

    #[test]
    fn the_unit_does_not_matter(frequency in frequency(), values in prop::collection::vec(1.0..1000.0_f64, 6..50)) {
        let scaled: Vec<f64> = values.iter().map(|y| y * 1000.0).collect();
        let ones = forecast(&series(frequency, FigureKind::Level, &values), &period(values.len() + 2)).unwrap();
        let thousands = forecast(&series(frequency, FigureKind::Level, &scaled), &period(values.len() + 2)).unwrap();
        prop_assert!((ones.expected * 1000.0 - thousands.expected).abs() < 1e-4 * ones.expected.abs().max(1.0) * 1000.0);
    }

    #[test]
    fn nothing_leaves_its_bounds(frequency in frequency(), kind in kind(), values in prop::collection::vec(0.0..100.0_f64, 6..40), ahead in 1_usize..8) {
        let mut level = series(frequency, kind, &values);
        level.bounds = Bounds::PERCENT;
        let landed = forecast(&level, &period(values.len() + ahead - 1)).unwrap();
        prop_assert!(landed.interval95.low >= 0.0 && landed.interval95.high <= 100.0 && is_in_order(&landed), "{landed:?}");
    }
}
