//! The keys of a portal, and what must hold between them.

use super::super::row::words;
use super::super::source::Source;
use super::super::target::SourceContext;
use super::{AsOf, Ckan, Count, Format, Words};
use contract::catalogue::Shape;
use contract::reader::TomlTable;

/// Reads the kind's own keys.
pub(super) fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    let format = r.word_if("format", &[("api", Format::Api), ("table", Format::Table)]).unwrap_or(Format::Api);
    let rules = [("listed", Count::Listed), ("active", Count::Active), ("with_resources", Count::WithResources)];
    let target = |key: &'static str, shape: Shape, what: &str| {
        let target = if r.has(key) { context.target_at(r, key)? } else { return None };
        if target.shape != shape {
            r.mistake(key, format!("`{key}` are {what}, and series `{}` is none", target.series));
        }
        Some(target)
    };
    let datasets = target("datasets", Shape::Level, "a level");
    let downloads = target("downloads", Shape::Counter, "a counter");
    if !r.has("datasets") && !r.has("downloads") {
        r.mistake(
            "datasets",
            "`datasets` is missing; it, or `downloads`, must be { series = \"..\", definition = \"..\" }",
        );
    }
    let count = if r.has("datasets") { r.word("count", &rules) } else { Count::Listed };
    let as_of = r.word_if("as_of", &[("visit", AsOf::Visit), ("name", AsOf::Name)]).unwrap_or(AsOf::Visit);
    let (organisation, fq, own) = (r.text_if("organisation"), r.text_if("fq"), r.table("columns"));
    let role = |role: &'static str| words(own.as_ref(), role, &[]);
    let columns = Words { name: role("name"), resource: role("resource"), organisation: role("organisation") };
    let ckan = Ckan { format, count, as_of, datasets, downloads, organisation, fq, sheet: r.text_if("sheet"), columns };
    ckan.check(r);
    Source::documents(ckan)
}

impl Ckan {
    /// Reports what does not fit together.
    fn check(&self, r: &TomlTable<'_>) {
        let (table, lacks) = (self.format == Format::Table, |words: &[String]| words.is_empty());
        let resources = self.count == Count::WithResources && lacks(&self.columns.resource);
        let organisation = self.organisation.is_some() && lacks(&self.columns.organisation);
        let wrong = [
            (
                table && lacks(&self.columns.name),
                "columns",
                "`columns.name` is missing: the word over the datasets' names",
            ),
            (table && resources, "columns", "`columns.resource` is missing: `with_resources` needs it"),
            (table && organisation, "columns", "`columns.organisation` is missing: `organisation` needs it"),
            (
                table && self.count == Count::Active,
                "count",
                "a table does not say what is active: `listed` or `with_resources`",
            ),
            (table && self.downloads.is_some(), "downloads", "a table does not count downloads"),
            (table && self.fq.is_some(), "fq", "`fq` is for the interface; a table has `organisation`"),
            (
                self.organisation.as_ref().is_some_and(|name| name.contains(['"', '\\'])),
                "organisation",
                "a name has no quotes",
            ),
        ];
        wrong.into_iter().filter(|(is, ..)| *is).for_each(|(_, key, message)| r.mistake(key, message));
    }
}
