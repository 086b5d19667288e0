//! The configuration of a log.

use super::line::LineForm;
use super::line::format::{COMBINED, LineFormat};
use super::line::json::JsonKeys;
use super::rule::{CountingRule, DEFAULT_BOTS, DEFAULT_EXTENSIONS, StatusSet, WordFilter};
use super::short::ShortTexts;
use super::visitors::Visitors;
use crate::document::sha256;
use crate::sources::target::{SeriesTarget, SourceContext};
use contract::catalogue::Shape;
use contract::period::Grain;
use contract::reader::TomlTable;
use parking_lot::Mutex;

/// A configured log.
#[derive(Debug)]
pub(super) struct AccessLog {
    pub(super) form: LineForm,
    /// The form as it is configured, for messages.
    pub(super) format: String,
    pub(super) rule: CountingRule,
    /// Hash of form, rule and definitions. Checkpoints hold it: with another one the counts begin anew.
    pub(super) rule_id: String,
    /// `None` after a mistake; such a configuration is not used.
    pub(super) hits: Option<SeriesTarget>,
    pub(super) visitors: Option<SeriesTarget>,
    /// True for a folder of finished files, false for a growing file.
    pub(super) finished: bool,
    /// Pattern of the names of rotated files.
    pub(super) rotated: Option<glob::Pattern>,
    /// The visitors counted since the program began. They are in memory only.
    pub(super) counted: Mutex<Visitors>,
}

pub(super) fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> AccessLog {
    if !r.has("path") {
        r.mistake("path", "a log is followed on this machine: it needs `path`");
    }
    let hits = flow(r, context, "hits", &[Grain::Hour, Grain::Day, Grain::Month]);
    let visitors = if r.has("visitors") { flow(r, context, "visitors", &[Grain::Day]) } else { None };
    let rotated = r.text_if("rotated").and_then(|text| {
        let read = glob::Pattern::new(&text);
        read.map_err(|wrong| r.mistake("rotated", format!("`rotated` is no pattern of `*` and `?`: {}", wrong.msg)))
            .ok()
    });
    let (form, rule) = (form(r), rule(r));
    let definition = |target: &Option<SeriesTarget>| target.as_ref().map(|t| (t.series.clone(), t.definition.clone()));
    let (form_id, rule_id) = (form.identity(), rule.identity());
    let identity = format!("{form_id} {rule_id} {:?} {:?}", definition(&hits), definition(&visitors));
    AccessLog {
        rule_id: sha256(identity.as_bytes())[..32].to_owned(),
        form,
        format: r.text_if("format").unwrap_or_else(|| "combined".to_owned()),
        rule,
        hits,
        visitors,
        finished: r.switch("finished"),
        rotated,
        counted: Mutex::default(),
    }
}

fn flow(r: &TomlTable<'_>, context: &SourceContext<'_>, key: &'static str, grains: &[Grain]) -> Option<SeriesTarget> {
    let target = context.target_at(r, key)?;
    if target.shape != Shape::Flow || !grains.contains(&target.grain) {
        let names: Vec<&str> = grains.iter().map(|grain| grain.name()).collect();
        let series = &target.series;
        r.mistake(key, format!("`{key}` needs a flow by {}, and series `{series}` is none", names.join(", ")));
    }
    Some(target)
}

fn form(r: &TomlTable<'_>) -> LineForm {
    let text = r.text_if("format").unwrap_or_else(|| "combined".to_owned());
    let fields = r.table("fields");
    if text == "json" {
        let key = |name: &'static str, usual: &str| {
            fields.as_ref().and_then(|fields| fields.text_if(name)).unwrap_or_else(|| usual.to_owned())
        };
        return LineForm::Json(JsonKeys {
            time: key("time", "time"),
            request: key("request", "request"),
            method: key("method", "method"),
            path: key("path", "path"),
            status: key("status", "status"),
            agent: key("agent", "user_agent"),
            address: key("address", "remote_addr"),
        });
    }
    if fields.is_some() {
        r.mistake("fields", "`fields` names keys of JSON lines and needs `format = \"json\"`");
    }
    let text = if text == "combined" { COMBINED.to_owned() } else { text };
    let read = LineFormat::parse(&text).map_err(|why| r.mistake("format", format!("`format` cannot be read: {why}")));
    LineForm::Fields(read.unwrap_or_default())
}

fn rule(r: &TomlTable<'_>) -> CountingRule {
    let table = r.table("rule");
    let texts = |key: &'static str, usual: &[&str]| match table.as_ref().filter(|table| table.has(key)) {
        Some(table) => table.texts(key),
        None => usual.iter().map(|text| (*text).to_owned()).collect(),
    };
    let statuses = StatusSet::parse(&texts("statuses", &["2xx", "304"]));
    let statuses = statuses.unwrap_or_else(|why| {
        table.as_ref().unwrap_or(r).mistake("statuses", why);
        StatusSet::default()
    });
    let area = |area: &TomlTable<'_>| {
        let (label, paths) = (area.text("name"), area.texts("paths"));
        if paths.is_empty() {
            area.mistake("paths", "`paths` is missing: the prefixes of this area's paths");
        }
        (label, ShortTexts::new(paths))
    };
    let short = |key: &'static str, usual: &[&str]| ShortTexts::new(texts(key, usual));
    CountingRule {
        methods: short("methods", &["GET", "POST"]),
        statuses,
        paths: short("paths", &[]),
        not_paths: short("not_paths", &[]),
        not_extensions: short("not_extensions", &DEFAULT_EXTENSIONS),
        bots: WordFilter::new(texts("bots", &DEFAULT_BOTS)),
        not_lines: texts("not_lines", &[]),
        areas: r.tables("area").iter().map(area).collect(),
    }
}
