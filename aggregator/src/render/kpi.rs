//! One KPI's page as a value: its way as a picture and as a table, and the explanation down to each file.

use super::chart::{self, Chart};
use super::sheet::{Row, Sheet};
use super::show;
use super::words::{self, Mark};
use crate::explain::{Explanation, Part};
use aggregator_core::points::KpiPoint;
use contract::catalogue::Catalogue;
use contract::exact::{grouped, parse};
use contract::time::{date_of, day_number};

/// A KPI's page.
pub struct KpiSheet<'a> {
    /// Its plan.
    pub sheet: &'a Sheet<'a>,
    /// Its row of the plan's table.
    pub row: &'a Row<'a>,
    /// Its way; `None` where there is nothing to draw.
    pub chart: Option<Chart>,
    /// The same, latest first.
    pub days: Vec<Day>,
    /// Counting rules that began on a day: that day, the id, and the rule in both languages.
    pub breaks: Vec<(String, &'a str, &'a contract::catalogue::Text)>,
    /// The figures behind it, and their files; `None` where no store can be read.
    pub explained: Option<Explanation>,
}

/// A moment of a KPI's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// The civil date.
    pub date: String,
    /// The value with its unit.
    pub value: Option<String>,
    /// The guide with its unit.
    pub guide: Option<String>,
    /// The status.
    pub status: Option<Mark>,
    /// 速報値
    pub provisional: bool,
}

impl<'a> KpiSheet<'a> {
    /// The page of a KPI of a plan; `None` for one that the plan does not have. `points` in order of days.
    pub fn new(
        catalogue: &'a Catalogue,
        sheet: &'a Sheet<'a>,
        kpi: &str,
        points: &[KpiPoint],
        explained: Option<Explanation>,
    ) -> Option<Self> {
        let row = sheet.policies.iter().flat_map(|policy| &policy.rows).find(|row| row.kpi.id == kpi)?;
        let rules =
            row.kpi.measure.parts().into_iter().map(|of| &catalogue.series[of.series].definitions[of.definition]);
        let dated = rules.filter_map(|rule| Some((rule.from?, rule)));
        let dated: Vec<_> = dated.collect();
        let days: Vec<i32> = dated.iter().map(|(from, _)| day_number(*from)).collect();
        let decimals = row.kpi.decimals;
        let label = |value: f64| {
            // As many digits as the KPI is shown with; a float's own words are a decimal number.
            parse(&format!("{value:.6}")).map_or_else(String::new, |value| grouped(&value, decimals))
        };
        Some(Self {
            sheet,
            row,
            chart: chart::draw(points, &row.kpi.target, &days, label),
            days: points.iter().rev().map(|point| day(row, point)).collect(),
            breaks: dated.into_iter().map(|(from, rule)| (from.to_string(), rule.id.as_str(), &rule.text)).collect(),
            explained,
        })
    }

    /// Figures that were changed after they had been told.
    pub fn restated(&self) -> Vec<(&Part, &crate::explain::Figure)> {
        let parts = self.explained.iter().flat_map(|explained| &explained.parts);
        parts
            .flat_map(|part| part.figures.iter().map(move |figure| (part, figure)))
            .filter(|(_, figure)| !figure.corrections.is_empty())
            .collect()
    }
}

fn day(row: &Row<'_>, point: &KpiPoint) -> Day {
    Day {
        date: date_of(point.day).to_string(),
        value: point.value.as_ref().map(|value| aggregator_core::report::value_text(row.kpi, value)),
        guide: point.path.as_ref().filter(|_| row.kpi.kind.has_path()).map(|path| show::guide(row.kpi, path)),
        status: point.status.and_then(|status| words::status(status.name())),
        provisional: point.provisional,
    }
}
