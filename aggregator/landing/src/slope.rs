//! The robust slope: the median of the slopes between all pairs of figures (Theil and Sen).

use crate::elementary::{median, real};

/// Figures at the end of the series that the slope looks at.
const MAX_PAIRED_FIGURES: usize = 60;

/// Change per period; 0 of fewer than two figures.
pub(crate) fn robust_slope(figures: &[f64]) -> f64 {
    let recent = &figures[figures.len().saturating_sub(MAX_PAIRED_FIGURES)..];
    let mut slopes = Vec::with_capacity(recent.len() * recent.len().saturating_sub(1) / 2);
    for (t, y) in recent.iter().enumerate() {
        for (k, earlier) in recent[..t].iter().enumerate() {
            slopes.push((y - earlier) / real(t - k));
        }
    }
    median(&mut slopes)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these are exact")]
mod tests {
    use super::*;

    #[test]
    fn a_few_outliers_do_not_bend_the_slope() {
        let mut figures: Vec<f64> = (0..20).map(|t| 5.0 + 3.0 * real(t)).collect();
        assert_eq!(robust_slope(&figures), 3.0);
        figures[4] = 1e6;
        figures[17] = -1e6;
        assert_eq!(robust_slope(&figures), 3.0);
        assert_eq!((robust_slope(&[]), robust_slope(&[7.0])), (0.0, 0.0));
    }
}
