//! The words of an expectation about where a KPI lands, and how numbers are shown beside what is expected.

use crate::landing::{LandingAnswer, LandingSilence};
use contract::exact::{self, Exact, whole};

/// What stands for nothing.
pub(super) const NONE: &str = "-";

/// `47.98` with as many decimals as the expectation has, `-` for none.
pub(super) fn shown(value: Option<&Exact>, like: &str) -> String {
    let decimals = like.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    value.map_or_else(|| NONE.into(), |v| exact::fixed(v, u32::try_from(decimals).unwrap_or_default()))
}

/// A word about the landing; where nothing is said, the reason.
pub(super) fn landed(name: &str, landing: &LandingAnswer, like: &str) -> String {
    let landing = match landing {
        Ok(landing) => landing,
        Err(LandingSilence::TooFewFigures { figures }) if name == "points" => return figures.to_string(),
        Err(LandingSilence::UnknownPeriod { period }) if name == "points" => return period.clone(),
        Err(silence) => return silence.name().to_owned(),
    };
    let number = |value| shown(Some(value), like.split(' ').next_back().unwrap_or_default());
    let ends = |(low, high)| format!("{} {}", number(low), number(high));
    match name {
        "landing" => number(&landing.target.expected),
        "lands_80" => ends((&landing.target.interval80.0, &landing.target.interval80.1)),
        "lands_95" => ends((&landing.target.interval95.0, &landing.target.interval95.1)),
        "chance" => number(&(&landing.target.probability * whole(100))),
        "year_lands" => landing.year.as_ref().map_or_else(|| NONE.into(), |year| number(&year.expected)),
        "points" => landing.figures.to_string(),
        _ => if landing.provisional { "yes" } else { "no" }.into(),
    }
}
