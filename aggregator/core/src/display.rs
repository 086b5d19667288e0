//! How figures are shown: rounded half up, with separators and a unit.

use contract::catalogue::{Catalogue, Kpi, Shape};
use contract::exact::{self, Exact, whole};
use contract::time::Moment;

/// Fewest digits after the point of guides and paces: a guide of 3 1/3 shown as 3 would look met at 3.
const MIN_GUIDE_DECIMALS: u32 = 1;
/// Digits after the point of a progress in per cent.
const PROGRESS_DECIMALS: u32 = 1;
/// Most digits after the point of a number that is shown.
const MOST_DECIMALS: u32 = 12;

/// A value as it is judged, with a unit: `17.97 %`. Beside the target and the path it is shown with as many digits as
/// tell it apart from them: 54.96 % of 55 % is never shown as 55.0 %.
pub fn value(kpi: &Kpi, value: &Exact, path: Option<&Exact>, unit: &str) -> String {
    let shown = match kpi.round_to {
        Some(step) => exact::round_to(value, &whole(step)),
        None => value.clone(),
    };
    let target = digits(kpi, &shown, (&kpi.target, MOST_DECIMALS));
    let path = path.map_or(0, |path| digits(kpi, &shown, (path, guide_decimals(kpi))));
    format!("{} {unit}", exact::grouped(&shown, target.max(path)))
}

/// Fewest digits, at least the KPI's, with which a value is shown on the side of a border where it is; the border has
/// at least digits of its own.
fn digits(kpi: &Kpi, value: &Exact, (border, own): (&Exact, u32)) -> u32 {
    let is_met = kpi.direction.meets(value, border);
    let tells = |decimals: &u32| {
        kpi.direction.meets(&rounded(value, *decimals), &rounded(border, own.max(*decimals))) == is_met
    };
    (kpi.decimals..MOST_DECIMALS).find(tells).unwrap_or(MOST_DECIMALS)
}

fn guide_decimals(kpi: &Kpi) -> u32 {
    kpi.decimals.max(MIN_GUIDE_DECIMALS)
}

/// A number with the digits it needs and a unit: `5,000 件`, `13.6 %`.
pub fn plain(value: &Exact, unit: &str) -> String {
    let digits = exact::canonical(value);
    let decimals = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    format!("{} {unit}", exact::grouped(value, u32::try_from(decimals).unwrap_or(0)))
}

/// A guide (目安): one digit more than a count has, trailing zeros cut; beside a value as many as tell them apart.
pub fn guide(kpi: &Kpi, path: &Exact, value: Option<&Exact>, unit: &str) -> String {
    let own = guide_decimals(kpi);
    let beside = value.map_or(own, |value| digits(kpi, value, (path, own)));
    plain(&rounded(path, own.max(beside)), unit)
}

/// A change with its sign: `+1.5 件`.
pub fn pace(kpi: &Kpi, value: &Exact, unit: &str) -> String {
    let sign = if *value > whole(0) { "+" } else { "" };
    format!("{sign}{}", plain(&rounded(value, kpi.decimals + MIN_GUIDE_DECIMALS), unit))
}

/// A share in per cent, without the sign: `25.0`. Below 100 % it is rounded down, so that 99.96 % is not shown as done.
pub fn percent(value: &Exact) -> String {
    let (shown, scale) = (value * whole(100), whole(10).pow(PROGRESS_DECIMALS.cast_signed()));
    let shown = if *value < whole(1) { (shown * &scale).floor() / scale } else { shown };
    exact::grouped(&shown, PROGRESS_DECIMALS)
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

#[cfg(test)]
mod tests {
    use super::*;

    const KPI: &str = r#"
        [[series]]
        id = "s"
        name = { ja = "件数", en = "items" }
        unit = { ja = "件", en = "items" }
        shape = "level"
        grain = "day"
        [[series.definition]]
        id = "d"
        text = { ja = "数", en = "count" }
        [[kpi]]
        id = "k"
        name = { ja = "割合", en = "share" }
        policy = "policy"
        kind = "level"
        series = "s"
        unit = { ja = "%", en = "%" }
        decimals = 1
        baseline = { year = "FY2018", value = 10 }
        target = { at_least = 55 }
        citation = "p. 1"
    "#;

    fn number(text: &str) -> Exact {
        exact::parse(text).unwrap()
    }

    #[test]
    fn rounding_never_hides_a_border() {
        let mut kpi = testkit::catalogue(&format!("{}{KPI}", testkit::POLICY)).kpis.remove(0);
        let shown = |kpi: &Kpi, v: &str, path: &str| {
            let (v, path) = (number(v), number(path));
            (value(kpi, &v, Some(&path), "%"), guide(kpi, &path, Some(&v), "%"))
        };
        let text = |v: &str, g: &str| (v.to_owned(), g.to_owned());
        assert_eq!(shown(&kpi, "54.94", "30"), text("54.9 %", "30 %"));
        assert_eq!(shown(&kpi, "54.96", "30"), text("54.96 %", "30 %"), "not the 55.0 % that would be met");
        assert_eq!(shown(&kpi, "54.99996", "30"), text("54.99996 %", "30 %"));
        assert_eq!(shown(&kpi, "55", "30"), text("55.0 %", "30 %"));
        assert_eq!(shown(&kpi, "29.98", "30.02"), text("29.98 %", "30.02 %"), "not 30.0 beside 30");
        assert_eq!(shown(&kpi, "30.02", "29.98"), text("30.0 %", "30 %"), "on the right side at this digit too");
        kpi.direction = contract::catalogue::Direction::AtMost;
        assert_eq!(shown(&kpi, "55.04", "60"), text("55.04 %", "60 %"));
    }

    #[test]
    fn progress_below_the_whole_is_rounded_down() {
        let rows =
            [("0.9999", "99.9"), ("1", "100.0"), ("1.00049", "100.0"), ("1.0005", "100.1"), ("-0.00001", "-0.1")];
        for (share, text) in rows {
            assert_eq!(percent(&number(share)), text);
        }
    }
}
