//! Learns the laws and the scores of `aggregator/landing/src/score_table.rs`, on M1 alone.
//!
//! Every M1 series is cut at its official origin, at later and at earlier ones, so that short histories are there too. At each cut
//! the crate forecasts what came next; the table holds how far off it was, in its own expected errors.

use crate::data::{PublicSeries, asked};
use landing::{FigureKind, Frequency, Selection};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Least figures of each class of lengths.
const LENGTHS: [usize; 4] = [6, 12, 24, 48];
/// From this class on frequencies can share their scores: these are measured in a series' own errors, and with two years
/// of months the season is no longer what is missing.
const SHARED_FROM: usize = 24;
/// A cell with fewer series of its own borrows from the other frequencies.
const ENOUGH_SERIES: usize = 300;
/// Levels of the scores.
pub(crate) const LEVELS: [f64; 17] =
    [0.005, 0.0125, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.9875, 0.995];
/// Mean absolute over median absolute value of a normal variable.
const MEAN_OVER_MEDIAN: f64 = 1.183;

/// Distances of the table.
fn distances(frequency: Frequency) -> &'static [usize] {
    match frequency {
        Frequency::Yearly => &[1, 2, 4, 8],
        Frequency::Quarterly => &[1, 2, 4, 8, 12],
        Frequency::Monthly => &[1, 3, 6, 12, 24, 36],
    }
}

/// Distances at which the crate is asked.
fn asked_distances(frequency: Frequency) -> Vec<usize> {
    let all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 21, 24, 28, 32, 36];
    all.into_iter().filter(|ahead| *ahead <= frequency.max_periods_ahead()).collect()
}

/// Steps between the origins before the official one, and between those from it on.
fn steps(frequency: Frequency) -> (usize, usize) {
    match frequency {
        Frequency::Yearly => (2, 1),
        Frequency::Quarterly => (5, 2),
        Frequency::Monthly => (9, 3),
    }
}

fn cuts(series: &PublicSeries) -> Vec<usize> {
    let (early, late) = steps(series.frequency);
    let before = (LENGTHS[0]..series.known).step_by(early);
    before.chain((series.known..series.figures.len()).step_by(late)).collect()
}

struct Miss {
    series: usize,
    frequency: Frequency,
    sum: bool,
    figures: usize,
    /// At the official origin or later.
    late: bool,
    ahead: usize,
    /// What came less what was expected.
    error: f64,
    expected_error: f64,
    change: f64,
}

fn misses(all: &[PublicSeries]) -> Vec<Miss> {
    let mut misses = Vec::new();
    for series in all.iter().filter(|series| series.competition == "M1") {
        for cut in cuts(series) {
            for (kind, sum) in [(FigureKind::Level, false), (FigureKind::Sum, true)] {
                let figures = series.until(cut, kind);
                let selection = Selection::learn(&figures).unwrap();
                let distances = asked_distances(series.frequency);
                let requests: Vec<_> = distances.iter().map(|ahead| asked(cut, cut + ahead - 1)).collect();
                for (ahead, forecast) in distances.into_iter().zip(selection.forecasts(&figures, &requests)) {
                    let Some(came) = series.figures.get(cut..cut + ahead) else { break };
                    let came = if sum { came.iter().sum() } else { came[ahead - 1] };
                    let forecast = forecast.unwrap();
                    if forecast.expected_error > 0.0 && (!sum || ahead > 1) {
                        misses.push(Miss {
                            series: series.id,
                            frequency: series.frequency,
                            sum,
                            figures: cut,
                            late: cut >= series.known,
                            ahead,
                            error: came - forecast.expected,
                            expected_error: forecast.expected_error,
                            change: selection.change(),
                        });
                    }
                }
            }
        }
    }
    misses
}

fn weighted_quantile(values: &mut [(f64, f64)], level: f64) -> f64 {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = values.iter().map(|(_, weight)| weight).sum();
    let mut sum = 0.0;
    for (value, weight) in values.iter() {
        sum += weight;
        if sum >= level * total {
            return *value;
        }
    }
    values.last().map_or(0.0, |(value, _)| *value)
}

/// Rows of `LAWS`: the power law through the median errors.
pub(crate) fn laws(all: &[PublicSeries]) -> String {
    let misses = misses(all);
    let mut text = String::new();
    for frequency in Frequency::ALL {
        text += "    [";
        for sum in [false, true] {
            let (mut n, mut x1, mut x2, mut y1, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for ahead in asked_distances(frequency) {
                let same = misses.iter().filter(|m| m.frequency == frequency && m.sum == sum && m.ahead == ahead);
                let mut errors: Vec<(f64, f64)> = same.map(|m| (m.error.abs() / m.change, 1.0)).collect();
                if errors.is_empty() {
                    continue;
                }
                let x = (ahead as f64).ln();
                let y = (weighted_quantile(&mut errors, 0.5) * MEAN_OVER_MEDIAN).ln();
                (n, x1, x2, y1, xy) = (n + 1.0, x1 + x, x2 + x * x, y1 + y, xy + x * y);
            }
            let exponent = (n * xy - x1 * y1) / (n * x2 - x1 * x1);
            let factor = ((y1 - exponent * x1) / n).exp();
            write!(text, "Law {{ factor: {factor:.3}, exponent: {exponent:.3} }}, ").unwrap();
        }
        text = text.trim_end_matches(", ").to_owned() + "],\n";
    }
    text
}

/// Scores at each level, from the outcomes above and below what was expected apart; `above` is the share of those above.
fn two_sided(ratios: &[(f64, f64)], above: f64) -> [f64; 17] {
    let side = |sign: f64| -> Vec<(f64, f64)> {
        ratios.iter().filter(|(ratio, _)| ratio * sign >= 0.0).map(|(ratio, weight)| (ratio.abs(), *weight)).collect()
    };
    let (mut high, mut low) = (side(1.0), side(-1.0));
    LEVELS.map(|level| {
        let below = 1.0 - above;
        if level > below {
            weighted_quantile(&mut high, (level - below) / above)
        } else {
            -weighted_quantile(&mut low, (below - level) / below)
        }
    })
}

/// Share of the outcomes above what was expected. How far outcomes of a side go is alike elsewhere; how many there are on
/// each side is not, so that it is half unless the latest origins of the frequency itself say otherwise.
fn share_above(same: &[&Miss], frequency: Frequency) -> f64 {
    if !same.iter().all(|m| m.late && m.frequency == frequency) {
        return 0.5;
    }
    let weight = |above: bool| -> f64 {
        weighted(same).iter().filter(|(m, _)| !above || m.error > 0.0).map(|(_, weight)| weight).sum()
    };
    weight(true) / weight(false)
}

/// Each series weighs 2: its origins from the official one on, and those before it, 1 each.
fn weighted<'a>(misses: &[&'a Miss]) -> Vec<(&'a Miss, f64)> {
    let mut counts: BTreeMap<(usize, bool), f64> = BTreeMap::new();
    for miss in misses {
        *counts.entry((miss.series, miss.late)).or_default() += 1.0;
    }
    misses.iter().map(|m| (*m, 1.0 / counts[&(m.series, m.late)])).collect()
}

fn length_class(figures: usize) -> usize {
    LENGTHS.into_iter().filter(|least| *least <= figures).max().unwrap_or(LENGTHS[0])
}

/// The distance of the table that is nearest by ratio.
fn nearest(frequency: Frequency, ahead: usize) -> usize {
    let ratio = |other: usize| (ahead as f64 / other as f64).ln().abs();
    let near = distances(frequency).iter().copied().min_by(|a, b| ratio(*a).total_cmp(&ratio(*b)));
    near.unwrap_or(1)
}

/// The misses that a cell is learned from: those of the latest origins of its own frequency where these are enough, else
/// of all its origins, else of all frequencies.
fn cell<'a>(misses: &'a [Miss], frequency: Frequency, shared: bool, fits: &dyn Fn(&Miss) -> bool) -> Vec<&'a Miss> {
    let all: Vec<&Miss> = misses.iter().filter(|m| fits(m) && m.ahead <= frequency.max_periods_ahead()).collect();
    let own: Vec<&Miss> = all.iter().copied().filter(|m| m.frequency == frequency).collect();
    let late: Vec<&Miss> = own.iter().copied().filter(|m| m.late).collect();
    let enough = |some: &[&Miss]| some.iter().map(|m| m.series).collect::<BTreeSet<_>>().len() >= ENOUGH_SERIES;
    match shared {
        true if enough(&late) => late,
        true if !enough(&own) => all,
        _ => own,
    }
}

/// Rows of `ROWS`.
pub(crate) fn scores(all: &[PublicSeries]) -> String {
    let misses = misses(all);
    let mut text = String::new();
    for (place, frequency) in Frequency::ALL.into_iter().enumerate() {
        for sum in [false, true] {
            for figures in LENGTHS {
                for ahead in distances(frequency) {
                    let fits = |m: &Miss| {
                        m.sum == sum && length_class(m.figures) == figures && nearest(frequency, m.ahead) == *ahead
                    };
                    let same = cell(&misses, frequency, figures >= SHARED_FROM, &fits);
                    let ratio = |(m, weight): (&Miss, f64)| (m.error / m.expected_error, weight);
                    let ratios: Vec<(f64, f64)> = weighted(&same).into_iter().map(ratio).collect();
                    if ratios.is_empty() {
                        continue;
                    }
                    let scores = two_sided(&ratios, share_above(&same, frequency)).map(|score| format!("{score:.3}"));
                    writeln!(
                        text,
                        "    ScoreRow {{ frequency: {place}, sum: {sum}, figures: {figures}, ahead: {ahead}, scores: [{}] }},",
                        scores.join(", ")
                    )
                    .unwrap();
                }
            }
        }
    }
    text
}
