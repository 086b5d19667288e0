//! Resolves series ids of the configuration against the catalogue.

use super::parsed::ParsedKey;
use crate::table::text::word;
use contract::catalogue::{Catalogue, Series, Shape};
use contract::decimals::Decimals;
use contract::period::Grain;
use contract::reader::{TomlTable, nearest};
use contract::record::Span;

/// What a kind may use while it reads its configuration.
#[derive(Clone, Copy)]
pub struct SourceContext<'a> {
    /// Id of the source.
    pub source: &'a str,
    /// Its plan's catalogue; `None` for an unknown plan, which is a mistake of its own.
    pub catalogue: Option<&'a Catalogue>,
    /// The entries of `[source.series]`.
    pub labels: &'a [SeriesLabel],
    /// True when the kind reads numbers with digits after the point; others count whole things.
    pub fractions: bool,
    /// Reports a mistake at a line of the file.
    pub report: &'a dyn Fn(u32, String),
}

/// One entry of `[source.series]`: a label in the file, and its series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesLabel {
    /// The label.
    pub text: String,
    /// The series id.
    pub series: String,
    /// Its counting rule, where it has several.
    pub definition: Option<String>,
    /// Line in the configuration.
    pub line: u32,
}

/// A series that figures are read for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesTarget {
    /// Series id.
    pub series: String,
    /// The counting rule; `None` when the file names it.
    pub definition: Option<String>,
    /// All its counting rules, each with the digits after the point of its figures.
    pub definitions: Vec<(String, Decimals)>,
    /// Shape of its figures.
    pub shape: Shape,
    /// Grain of its figures.
    pub grain: Grain,
    /// Unit of its figures, in Japanese.
    pub unit: String,
}

impl SeriesTarget {
    /// Text that identifies it, for fingerprints.
    pub(crate) fn identity(&self) -> String {
        let Self { series, definitions, shape, grain, unit, .. } = self;
        let definition = |(id, decimals): &(String, Decimals)| match *decimals {
            Decimals::WHOLE => id.clone(),
            decimals => format!("{id}.{}", decimals.digits()),
        };
        let definitions: Vec<String> = definitions.iter().map(definition).collect();
        format!("{series} {} {shape:?} {} {unit}", definitions.join(","), grain.name())
    }

    fn of(series: &Series, definition: Option<String>) -> Self {
        let definitions: Vec<_> = series.definitions.iter().map(|d| (d.id.clone(), d.decimals)).collect();
        let only = if let [(only, _)] = &definitions[..] { Some(only.clone()) } else { None };
        Self {
            series: series.id.clone(),
            definition: definition.or(only),
            definitions,
            shape: series.shape,
            grain: series.grain,
            unit: series.unit.ja.clone(),
        }
    }

    /// Digits after the point of the figures of a counting rule.
    pub(super) fn decimals(&self, definition: &str) -> Decimals {
        let found = self.definitions.iter().find(|(id, _)| id == definition);
        found.map_or(Decimals::WHOLE, |(_, decimals)| *decimals)
    }

    /// The same of its own counting rule.
    pub(super) fn own_decimals(&self) -> Decimals {
        self.definition.as_deref().map_or(Decimals::WHOLE, |definition| self.decimals(definition))
    }

    /// The key of its figure for a span, with its own counting rule.
    pub(super) fn key(&self, span: Span) -> ParsedKey {
        let definition = self.definition.clone().unwrap_or_default();
        ParsedKey { series: self.series.clone(), definition, span }
    }
}

impl SourceContext<'_> {
    /// The series of that id and its counting rule; `None` when the plan is unknown.
    ///
    /// Errors: what is wrong and what would be right.
    fn target(&self, series: &str, definition: Option<String>) -> Option<Result<SeriesTarget, String>> {
        let catalogue = self.catalogue?;
        let Some((_, found)) = catalogue.series_named(series) else {
            let right = nearest(series, catalogue.series.iter().map(|s| s.id.as_str()));
            return Some(Err(format!("unknown series `{series}`{right}")));
        };
        if let Some(rule) = &definition
            && !found.definitions.iter().any(|d| d.id == *rule)
        {
            let right = nearest(rule, found.definitions.iter().map(|d| d.id.as_str()));
            return Some(Err(format!("unknown definition `{rule}` of series `{series}`{right}")));
        }
        let target = SeriesTarget::of(found, definition);
        if !self.fractions && target.own_decimals() != Decimals::WHOLE {
            let message = "sources of this kind count whole things: the definition must have no `decimals`";
            return Some(Err(format!("series `{series}`: {message}")));
        }
        Some(Ok(target))
    }

    /// The target named by an inline table `{ series = "..", definition = ".." }` of `r`.
    pub(super) fn target_at(&self, r: &TomlTable<'_>, key: &'static str) -> Option<SeriesTarget> {
        let Some(inner) = r.table(key) else {
            if !r.has(key) {
                r.mistake(key, format!("`{key}` is missing; it must be {{ series = \"..\", definition = \"..\" }}"));
            }
            return None;
        };
        let (series, definition) = (inner.text("series"), inner.text_if("definition"));
        let found = if series.is_empty() { return None } else { self.target(&series, definition)? };
        let checked = found.and_then(|target| {
            let rules = nearest("", target.definitions.iter().map(|(id, _)| id.as_str()));
            let missing = format!("`definition` is missing: series `{series}` counts in several ways{rules}");
            if target.definition.is_some() { Ok(target) } else { Err(missing) }
        });
        checked.map_err(|message| r.mistake(key, message)).ok()
    }

    /// The series of the plan that list this source.
    pub(crate) fn listing(&self) -> Vec<SeriesTarget> {
        let series = self.catalogue.iter().flat_map(|catalogue| &catalogue.series);
        let ours = series.filter(|series| series.sources.iter().any(|source| source.id == self.source));
        ours.map(|series| SeriesTarget::of(series, None)).collect()
    }

    /// The targets of `[source.series]`, each with its normalised label.
    pub(super) fn labelled(&self) -> Vec<(String, SeriesTarget)> {
        let mut found: Vec<(String, SeriesTarget)> = Vec::new();
        for label in self.labels {
            let text = word(&label.text);
            if found.iter().any(|(other, _)| *other == text) {
                (self.report)(label.line, format!("the label `{}` stands twice", label.text));
            }
            match self.target(&label.series, label.definition.clone()) {
                Some(Ok(target)) => found.push((text, target)),
                Some(Err(message)) => (self.report)(label.line, message),
                None => {}
            }
        }
        found
    }
}
