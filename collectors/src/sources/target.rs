//! Resolves series ids of the configuration against the catalogue.

use super::parsed::ParsedKey;
use crate::table::text::word;
use contract::catalogue::{Catalogue, Series, Shape};
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
    /// All its counting rules.
    pub definitions: Vec<String>,
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
        format!("{series} {} {shape:?} {} {unit}", definitions.join(","), grain.name())
    }

    fn of(series: &Series, definition: Option<String>) -> Self {
        let definitions: Vec<String> = series.definitions.iter().map(|d| d.id.clone()).collect();
        let only = if let [only] = &definitions[..] { Some(only.clone()) } else { None };
        Self {
            series: series.id.clone(),
            definition: definition.or(only),
            definitions,
            shape: series.shape,
            grain: series.grain,
            unit: series.unit.ja.clone(),
        }
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
        Some(Ok(SeriesTarget::of(found, definition)))
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
            let rules = nearest("", target.definitions.iter().map(String::as_str));
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
