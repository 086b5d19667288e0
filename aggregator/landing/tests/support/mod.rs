//! Series and requests that several tests share.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses some of them, and may stop at what is wrong")]

use landing::{Bounds, FigureKind, FigureSeries, Frequency, LandingRequest, LandingTarget};

/// A series without bounds and gaps.
pub(crate) fn series(frequency: Frequency, kind: FigureKind, figures: &[f64]) -> FigureSeries {
    let values = figures.iter().copied().map(Some).collect();
    FigureSeries { frequency, kind, bounds: Bounds::NONE, values, definition_start: 0 }
}

/// The request for one period.
pub(crate) fn period(index: usize) -> LandingRequest {
    LandingRequest { periods: index..=index, target: None }
}

/// The request for one period, with a target.
pub(crate) fn reach(index: usize, target: LandingTarget) -> LandingRequest {
    LandingRequest { periods: index..=index, target: Some(target) }
}

/// Rising figures with a yearly season and noise, the same on every machine.
pub(crate) fn figures(count: usize) -> Vec<f64> {
    let mut seed = 20_190_401_u64;
    (0..count)
        .map(|t| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let noise = f64::from(u32::try_from(seed >> 48).unwrap()) / 65_536.0;
            let season = [4.0, 6.0, 9.0, 12.0, 9.0, 5.0, 2.0, 1.0, 3.0, 8.0, 6.0, 5.0][t % 12];
            100.0 + f64::from(u32::try_from(t).unwrap()) + 3.0 * season + 6.0 * noise
        })
        .collect()
}
