//! A line of the part `figures`: `when | value | notes`.

use super::parse::{NumberedLine, Subject};
use contract::catalogue::{Series, Shape};
use contract::decimals::Decimals;
use contract::exact;
use contract::period::{Grain, Period};
use contract::reader::nearest;
use contract::record::{Finality, Observation, Span, Value};
use contract::time::{Micros, Moment};
use std::collections::BTreeMap;

const NOTES: [&str; 6] = ["provisional", "from", "series", "counted", "seen", "refused"];

/// Revision of the first line: late enough that no period of a scenario lies ahead of it.
const REVISION: Micros = Micros(7_200_000_000_000_000);

/// A figure of a scenario.
#[derive(Debug)]
pub(super) struct ScenarioFigure {
    pub(super) line: u32,
    pub(super) observation: Observation,
    /// The word of the reason why it must be refused; `None` where it counts.
    refused: Option<String>,
}

impl ScenarioFigure {
    /// What is wrong with the reason why it was refused, or with none.
    pub(super) fn unlike(&self, refused: Option<&str>) -> Option<String> {
        match (refused, self.refused.as_deref()) {
            (got, expected) if got == expected => None,
            (None, Some(expected)) => Some(format!("the figure counts, expected: refused {expected}")),
            (Some(got), None) => Some(format!("the figure is refused {got}, expected: it counts")),
            (Some(got), Some(expected)) => Some(format!("the figure is refused {got}, expected: refused {expected}")),
            (None, None) => None,
        }
    }
}

/// Reads the figures; a later line is a later revision, unless it says `seen N`.
pub(super) fn read(
    subject: &Subject,
    lines: &[NumberedLine<'_>],
    mut mistake: impl FnMut(u32, String),
) -> Vec<ScenarioFigure> {
    let mut figures = Vec::new();
    for (order, (line, text)) in (0..).zip(lines) {
        match figure(subject, order, text) {
            Ok((observation, refused)) => figures.push(ScenarioFigure { line: *line, observation, refused }),
            Err(message) => mistake(*line, message),
        }
    }
    figures
}

/// Columns between bars, without spaces around them.
pub(super) fn columns(line: &str) -> Vec<&str> {
    line.split('|').map(str::trim).collect()
}

/// Reads `name value, name value` pairs; a name alone has an empty value.
pub(super) fn pairs(text: &str, words: &[&str]) -> Result<BTreeMap<String, String>, String> {
    let mut found = BTreeMap::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
        if !words.contains(&name) {
            return Err(format!("unknown word `{name}`{}", nearest(name, words.iter().copied())));
        }
        found.insert(name.to_owned(), value.trim().to_owned());
    }
    Ok(found)
}

fn figure(subject: &Subject, order: i64, line: &str) -> Result<(Observation, Option<String>), String> {
    let columns = columns(line);
    let (Some(when), Some(what)) = (columns.first(), columns.get(1)) else {
        return Err("a figure is `when | value | notes`".into());
    };
    let notes = pairs(columns.get(2).copied().unwrap_or_default(), &NOTES)?;
    let catalogue = &subject.catalogue;
    let of = match notes.get("series") {
        Some(id) => {
            let ids = catalogue.series.iter().map(|series| series.id.as_str());
            catalogue.series_named(id).ok_or_else(|| format!("unknown series `{id}`{}", nearest(id, ids)))?.1
        }
        None => &catalogue.series[subject.series.series],
    };
    let default = || of.definitions.get(if notes.contains_key("series") { 0 } else { subject.series.definition });
    let counted = notes.get("counted").cloned().or_else(|| default().map(|definition| definition.id.clone()));
    let source = notes.get("from").cloned().or_else(|| of.sources.first().map(|source| source.id.clone()));
    let seen = notes.get("seen").map(|n| n.parse::<i64>().map_err(|_| format!("`seen` takes a number: {n}")));
    let counted = counted.unwrap_or_default();
    let decimals = catalogue.decimals_named(&of.id, &counted).unwrap_or_default();
    let (value, breakdown) = value(what, decimals)?;
    let observation = Observation {
        plan: catalogue.plan.id.clone(),
        series: of.id.clone(),
        definition: counted,
        source: source.ok_or_else(|| format!("series `{}` has no source", of.id))?,
        period: span(of, when)?,
        value,
        breakdown,
        finality: if notes.contains_key("provisional") { Finality::Provisional } else { Finality::Final },
        revision: Micros(REVISION.0 + seen.transpose()?.unwrap_or(order)),
        visit: "scenario".into(),
        place: None,
    };
    Ok((observation, notes.get("refused").cloned()))
}

/// A number in the unit, as steps.
fn number(text: &str, decimals: Decimals) -> Result<i64, String> {
    let steps = exact::parse(&text.replace(',', "")).and_then(|number| decimals.steps(&number));
    steps.ok_or_else(|| match decimals.digits() {
        0 => format!("`{text}` is no whole number"),
        digits => format!("`{text}` is no number with at most {digits} digits after the point"),
    })
}

fn value(text: &str, decimals: Decimals) -> Result<(Value, Option<BTreeMap<String, i64>>), String> {
    if text == "unknown" {
        return Ok((Value::Unknown("missing".into()), None));
    }
    if !text.contains(':') {
        return Ok((Value::Known(number(text, decimals)?), None));
    }
    let label = |pair: &str| {
        let (label, count) = pair.split_once(':').ok_or_else(|| format!("`{pair}` is no `label:number`"))?;
        Ok((label.to_owned(), number(count, decimals)?))
    };
    let labels: BTreeMap<String, i64> = text.split_whitespace().map(label).collect::<Result<_, String>>()?;
    Ok((Value::Known(labels.values().sum()), Some(labels)))
}

fn span(of: &Series, text: &str) -> Result<Span, String> {
    if let Some(moment) = Moment::parse(text) {
        return Ok(match of.shape {
            Shape::Flow => Span::of(Period::holding(of.grain, moment)),
            Shape::Level | Shape::Counter => Span::AsOf(moment),
        });
    }
    let period = quarter(text).or_else(|| Period::parse(text));
    let period = period.ok_or_else(|| format!("`{text}` is no date, month, quarter (FY2019Q1) or fiscal year"))?;
    Ok(match of.shape {
        Shape::Flow => Span::of(period),
        Shape::Level | Shape::Counter => Span::AsOf(period.start()),
    })
}

fn quarter(text: &str) -> Option<Period> {
    let (year, quarter) = text.split_once('Q')?;
    let nth = quarter.parse::<usize>().ok()?.checked_sub(1)?;
    Period::parse(year)?.parts(Grain::Quarter).nth(nth)
}
