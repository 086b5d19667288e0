//! How figures are shown: rounded half up, with separators and a unit.

use contract::catalogue::{Catalogue, Kpi, Shape};
use contract::exact::{self, Exact, whole};
use contract::time::Moment;

/// Fewest digits after the point of guides and paces: a guide of 3 1/3 shown as 3 would look met at 3.
const MIN_GUIDE_DECIMALS: u32 = 1;
/// Digits after the point of a progress in per cent.
const PROGRESS_DECIMALS: u32 = 1;

/// A value as it is judged, with a unit: `17.97 %`.
pub fn value(kpi: &Kpi, value: &Exact, unit: &str) -> String {
    let shown = match kpi.round_to {
        Some(step) => exact::round_to(value, &whole(step)),
        None => value.clone(),
    };
    format!("{} {unit}", exact::grouped(&shown, kpi.decimals))
}

/// A number with the digits it needs and a unit: `5,000 件`, `13.6 %`.
pub fn plain(value: &Exact, unit: &str) -> String {
    let digits = exact::canonical(value);
    let decimals = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    format!("{} {unit}", exact::grouped(value, u32::try_from(decimals).unwrap_or(0)))
}

/// A guide (目安): one digit more than a count has, trailing zeros cut.
pub fn guide(kpi: &Kpi, value: &Exact, unit: &str) -> String {
    plain(&rounded(value, kpi.decimals.max(MIN_GUIDE_DECIMALS)), unit)
}

/// A change with its sign: `+1.5 件`.
pub fn pace(kpi: &Kpi, value: &Exact, unit: &str) -> String {
    let sign = if *value > whole(0) { "+" } else { "" };
    format!("{sign}{}", plain(&rounded(value, kpi.decimals + MIN_GUIDE_DECIMALS), unit))
}

/// A share in per cent, without the sign: `25.0`.
pub fn percent(value: &Exact) -> String {
    exact::grouped(&(value * whole(100)), PROGRESS_DECIMALS)
}

fn rounded(value: &Exact, decimals: u32) -> Exact {
    exact::parse(&exact::fixed(value, decimals)).unwrap_or_else(|| value.clone())
}

/// The civil date of a KPI's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDate {
    /// Of a state its day, of a flow its last day.
    pub date: String,
    /// True for the end of a period, false for the instant of a state.
    pub is_until: bool,
}

impl DataDate {
    /// The date of a value that describes a moment.
    pub fn of(catalogue: &Catalogue, kpi: &Kpi, moment: Moment) -> Self {
        let mut shapes = kpi.measure.parts().into_iter().map(|of| catalogue.series[of.series].shape);
        let is_until = shapes.any(|shape| shape == Shape::Flow || !kpi.kind.is_state(shape));
        let date = if is_until { Moment(moment.0 - 1).date() } else { moment.date() };
        Self { date: date.to_string(), is_until }
    }

    /// 現在 for a state, まで for a flow; it follows the date.
    pub fn word_ja(&self) -> &'static str {
        if self.is_until { "まで" } else { "現在" }
    }

    /// The same in English; it precedes the date.
    pub fn word_en(&self) -> &'static str {
        if self.is_until { "up to" } else { "as of" }
    }
}
