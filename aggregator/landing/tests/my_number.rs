//! The real My Number series of Kawasaki by quarters, asked at each closing for the plan's end.
//!
//! Source: 総務省 「マイナンバーカード交付状況」. The quarter of July 2018 has no edition, so that the series begins behind it.

mod support;

use landing::{Bounds, FigureKind, Frequency, LandingTarget, Silence, forecast};
use support::{reach, series};

/// Closing edition of each quarter from October 2018 on, cards issued, and population of the edition; the last is the
/// plan's end.
const CLOSINGS: [(&str, u32, u32); 14] = [
    ("2018-12-01", 233_104, 1_488_031),
    ("2019-04-01", 248_651, 1_488_031),
    ("2019-07-01", 260_194, 1_488_031),
    ("2019-09-16", 269_641, 1_500_460),
    ("2019-11-01", 274_853, 1_500_460),
    ("2020-04-01", 298_886, 1_500_460),
    ("2020-07-01", 325_067, 1_500_460),
    ("2020-10-01", 359_525, 1_514_299),
    ("2021-01-01", 405_968, 1_514_299),
    ("2021-04-01", 471_242, 1_514_299),
    ("2021-07-01", 562_626, 1_514_299),
    ("2021-10-01", 643_657, 1_521_562),
    ("2022-01-01", 690_733, 1_521_562),
    ("2022-04-01", 730_119, 1_521_562),
];
const PLAN_END: usize = CLOSINGS.len() - 1;

#[test]
fn the_target_is_in_sight_at_the_first_forecast_and_the_campaign_is_not() {
    let rates: Vec<f64> =
        CLOSINGS.iter().map(|(_, cards, people)| 100.0 * f64::from(*cards) / f64::from(*people)).collect();
    let mut told = Vec::new();
    for known in 5..=PLAN_END {
        let mut rate = series(Frequency::Quarterly, FigureKind::Ratio, &rates[..known]);
        rate.bounds = Bounds::PERCENT;
        let (date, ..) = CLOSINGS[known - 1];
        match forecast(&rate, &reach(PLAN_END, LandingTarget::AtLeast(20.0))) {
            Ok(landed) => {
                assert!(landed.probability.is_some_and(|p| p > 0.9), "{date}: {landed:?}");
                let holds =
                    |interval: landing::Interval| interval.low <= rates[PLAN_END] && rates[PLAN_END] <= interval.high;
                told.push((
                    date,
                    format!("{:.1}", landed.expected),
                    holds(landed.interval80),
                    holds(landed.interval95),
                ));
            }
            Err(silence) => {
                assert_eq!((date, silence), ("2019-11-01", Silence::TooFewFigures { figures: 5, needed: 6 }));
            }
        }
    }
    let expected = [
        ("2020-04-01", "24.5", false, false),
        ("2020-07-01", "28.2", false, false),
        ("2020-10-01", "29.5", false, false),
        ("2021-01-01", "33.8", false, true),
        ("2021-04-01", "38.7", true, true),
        ("2021-07-01", "43.3", true, true),
        ("2021-10-01", "46.6", true, true),
        ("2022-01-01", "46.3", true, true),
    ];
    assert_eq!(told, expected.map(|(date, value, near, far)| (date, value.to_owned(), near, far)));
}
