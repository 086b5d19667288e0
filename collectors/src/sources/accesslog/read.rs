//! The configuration of a log.

use super::count::LineForm;
use super::format::{COMBINED, LineFormat};
use super::json::JsonKeys;
use super::rule::{CountingRule, StatusSet, USUAL_BOTS, USUAL_PARTS, WordFilter};
use super::visitors::Visitors;
use super::{AccessLog, Counted};
use crate::fetch::sha256;
use crate::sources::{SeriesTarget, Source, SourceContext, SourceKind};
use contract::catalogue::Shape;
use contract::period::Grain;
use contract::reader::TomlTable;
use std::sync::{Arc, Mutex};

/// The kind `accesslog`.
pub const KIND: SourceKind = SourceKind {
    name: "accesslog",
    sample: include_str!("sample.toml"),
    keys: &["format", "fields", "finished", "rotated", "hits", "visitors", "rule", "area"],
    read,
};

fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Arc<dyn Source> {
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
    let name = format!("{form:?} {rule:?} {:?} {:?}", definition(&hits), definition(&visitors));
    Arc::new(AccessLog {
        rule_name: sha256(name.as_bytes())[..32].to_owned(),
        form,
        rule,
        hits,
        visitors,
        finished: r.switch("finished"),
        rotated,
        counted: Counted(Mutex::new(Visitors::default())),
    })
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
            area.mistake("paths", "`paths` is missing: how paths of this area begin");
        }
        (label, paths)
    };
    CountingRule {
        methods: texts("methods", &["GET", "POST"]),
        statuses,
        paths: texts("paths", &[]),
        not_paths: texts("not_paths", &[]),
        not_extensions: texts("not_extensions", &USUAL_PARTS),
        bots: WordFilter::new(texts("bots", &USUAL_BOTS)),
        areas: r.tables("area").iter().map(area).collect(),
    }
}
