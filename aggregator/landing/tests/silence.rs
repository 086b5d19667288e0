//! When there is no forecast, and which figures one is made from.

mod support;

use landing::{Bounds, FigureKind, Frequency, LandingRequest, MIN_FIGURES, Silence, forecast};
use support::{figures, period, series};

#[test]
fn fewer_than_six_figures_are_silent_and_six_are_not() {
    for frequency in Frequency::ALL {
        for kind in [FigureKind::Level, FigureKind::RunningTotal, FigureKind::Sum, FigureKind::Mean] {
            let many = series(frequency, kind, &[3.0, 4.0, 6.0, 7.0, 9.0, 11.0]);
            assert!(forecast(&many, &period(6)).is_ok(), "{frequency:?} {kind:?}");
            let few = series(frequency, kind, &[3.0, 4.0, 6.0, 7.0, 9.0]);
            let silence = Silence::TooFewFigures { figures: 5, needed: MIN_FIGURES };
            assert_eq!(forecast(&few, &period(5)), Err(silence));
        }
    }
    let none = series(Frequency::Monthly, FigureKind::Level, &[]);
    assert_eq!(forecast(&none, &period(0)), Err(Silence::TooFewFigures { figures: 0, needed: MIN_FIGURES }));
}

#[test]
fn an_unknown_period_is_never_bridged() {
    let mut gap = series(Frequency::Monthly, FigureKind::Level, &figures(30));
    gap.values[23] = None;
    let after = series(Frequency::Monthly, FigureKind::Level, &figures(30)[24..]);
    let landed = forecast(&gap, &period(31)).unwrap();
    assert_eq!(Ok(&landed), forecast(&after, &period(7)).as_ref());
    assert_eq!(landed.figures, 6);
    gap.values[10] = Some(1e9);
    assert_eq!(Ok(landed), forecast(&gap, &period(31)), "what lies before the gap takes no part");
    gap.values[24] = Some(f64::NAN);
    let silence = Silence::TooFewFigures { figures: 5, needed: MIN_FIGURES };
    assert_eq!(forecast(&gap, &period(31)), Err(silence));
}

#[test]
fn a_new_definition_starts_a_new_series() {
    let mut both = series(Frequency::Quarterly, FigureKind::Level, &figures(30));
    both.definition_start = 18;
    let new = series(Frequency::Quarterly, FigureKind::Level, &figures(30)[18..]);
    assert_eq!(forecast(&both, &period(31)), forecast(&new, &period(13)));
    both.definition_start = 25;
    let silence = Silence::TooFewFigures { figures: 5, needed: MIN_FIGURES };
    assert_eq!(forecast(&both, &period(31)), Err(silence));
}

#[test]
fn months_that_have_not_come_yet_only_move_the_origin_back() {
    let mut late = series(Frequency::Monthly, FigureKind::Level, &figures(24));
    let landed = forecast(&late, &period(26)).unwrap();
    late.values.extend([None, None]);
    assert_eq!(forecast(&late, &period(26)), Ok(landed));
}

#[test]
fn a_sum_needs_each_of_its_past_months() {
    let mut flow = series(Frequency::Monthly, FigureKind::Sum, &figures(28));
    let year = LandingRequest { periods: 24..=35, target: None };
    assert!(forecast(&flow, &year).is_ok());
    flow.values[25] = None;
    flow.values.extend(figures(8).into_iter().map(Some));
    assert_eq!(
        forecast(&flow, &LandingRequest { periods: 24..=36, target: None }),
        Err(Silence::UnknownPeriod { index: 25 })
    );
    flow.values[25] = Some(3.0);
    flow.definition_start = 27;
    assert_eq!(
        forecast(&flow, &LandingRequest { periods: 24..=36, target: None }),
        Err(Silence::UnknownPeriod { index: 24 })
    );
}

#[test]
fn what_is_known_or_too_far_is_not_forecast() {
    for (frequency, most) in [(Frequency::Yearly, 8), (Frequency::Quarterly, 12), (Frequency::Monthly, 36)] {
        let level = series(frequency, FigureKind::Level, &figures(20));
        assert_eq!(forecast(&level, &period(19)), Err(Silence::AllKnown));
        assert!(forecast(&level, &period(19 + most)).is_ok());
        let silence = Silence::TooFarAhead { periods: most + 1, most };
        assert_eq!(forecast(&level, &period(20 + most)), Err(silence));
    }
}

#[test]
fn bounds_that_leave_no_room_are_kept_all_the_same() {
    let mut level = series(Frequency::Yearly, FigureKind::Ratio, &[50.0, 60.0, 70.0, 80.0, 90.0, 100.0]);
    level.bounds = Bounds { lower: Some(0.0), upper: Some(100.0) };
    let landed = forecast(&level, &period(8)).unwrap();
    assert!(landed.interval95.high <= 100.0 && landed.expected <= 100.0, "{landed:?}");
}
