//! Access logs as JSON lines, with the keys that the configuration names.

use super::format::{LogLine, request, status};
use super::time::TimeReader;
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The keys of a line; `request.method` is the key `method` of the object at `request`.
#[derive(Clone, Debug)]
pub struct JsonKeys {
    pub(crate) time: String,
    pub(crate) request: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: String,
    pub(crate) agent: String,
    pub(crate) address: String,
}

/// The texts of a line; a number is taken as it is written.
#[derive(Default)]
pub(crate) struct JsonTexts<'a> {
    time: Cow<'a, str>,
    request: Cow<'a, str>,
    method: Cow<'a, str>,
    path: Cow<'a, str>,
    status: Cow<'a, str>,
    agent: Cow<'a, str>,
    address: Cow<'a, str>,
}

impl JsonKeys {
    /// Text that identifies the keys. Checkpoints hold a hash of it, so it must not change.
    pub(crate) fn identity(&self) -> String {
        let Self { time, request, method, path, status, agent, address } = self;
        format!(
            "Keys {{ time: {time:?}, request: {request:?}, method: {method:?}, path: {path:?}, status: {status:?}, \
             agent: {agent:?}, address: {address:?} }}"
        )
    }

    /// Reads a line; `None` when it is not a JSON object.
    pub(crate) fn texts<'a>(&self, line: &'a [u8]) -> Option<JsonTexts<'a>> {
        let mut json = serde_json::Deserializer::from_slice(line);
        let mut texts = JsonTexts::default();
        json.deserialize_map(ObjectVisitor { keys: self, inside: "", texts: &mut texts }).ok()?;
        json.end().ok()?;
        Some(texts)
    }

    /// True when a key lies inside the object at `place`.
    fn lie_in(&self, place: &str) -> bool {
        let all = [&self.time, &self.request, &self.method, &self.path, &self.status, &self.agent, &self.address];
        all.iter().any(|key| key.strip_prefix(place).is_some_and(|rest| rest.starts_with('.')))
    }
}

impl JsonTexts<'_> {
    /// The line; `None` without a time and a status.
    pub(crate) fn line(&self, hours: &mut TimeReader) -> Option<LogLine<'_>> {
        let (mut method, mut path) = (self.method.as_bytes(), self.path.as_bytes());
        if !self.request.is_empty() {
            (method, path) = request(self.request.as_bytes());
        }
        let (agent, address) = (self.agent.as_bytes(), self.address.as_bytes());
        let (hour, status) = (hours.read(self.time.as_bytes())?, status(self.status.as_bytes())?);
        Some(LogLine { hour, status, method, path, agent, address })
    }
}

/// Reads the texts of an object, and of objects inside it.
struct ObjectVisitor<'k, 't, 'de> {
    keys: &'k JsonKeys,
    /// The key of the object and a dot; empty for the line itself.
    inside: &'k str,
    texts: &'t mut JsonTexts<'de>,
}

impl<'de> Visitor<'de> for ObjectVisitor<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { keys, inside, texts } = self;
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let name = if inside.is_empty() { name } else { Cow::Owned(format!("{inside}{name}")) };
            let place = match &*name {
                key if key == keys.time => &mut texts.time,
                key if key == keys.request => &mut texts.request,
                key if key == keys.method => &mut texts.method,
                key if key == keys.path => &mut texts.path,
                key if key == keys.status => &mut texts.status,
                key if key == keys.agent => &mut texts.agent,
                key if key == keys.address => &mut texts.address,
                key if keys.lie_in(key) => {
                    let raw: &'de RawValue = map.next_value()?;
                    if raw.get().starts_with('{') {
                        let inner = ObjectVisitor { keys, inside: &format!("{key}."), texts: &mut *texts };
                        let read = serde_json::Deserializer::from_str(raw.get()).deserialize_map(inner);
                        read.map_err(serde::de::Error::custom)?;
                    }
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *place = text(map.next_value()?).map_err(serde::de::Error::custom)?;
        }
        Ok(())
    }
}

/// A text, or a number as it is written; of a list, such as of headers, the first.
fn text(raw: &RawValue) -> serde_json::Result<Cow<'_, str>> {
    match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw.get()),
        Some(b'0'..=b'9') => Ok(Cow::Borrowed(raw.get())),
        Some(b'[') => match serde_json::from_str::<Vec<&RawValue>>(raw.get())?.first() {
            Some(first) if !first.get().starts_with('[') => text(first),
            _ => Ok(Cow::Borrowed("")),
        },
        _ => Ok(Cow::Borrowed("")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_by_the_configured_keys() {
        let [time, request, method, path, status, agent, address] =
            ["time", "request", "method", "path", "status", "agent", "address"].map(str::to_owned);
        let keys = JsonKeys { time, request, method, path, status, agent, address };
        let [method, path, agent] = ["http.method", "http.uri", "http.headers.User-Agent"].map(str::to_owned);
        let inner = JsonKeys { method, path, agent, ..keys.clone() };
        let shown = |keys: &JsonKeys, line: &str| {
            let texts = keys.texts(line.as_bytes())?;
            let line = texts.line(&mut TimeReader::default())?;
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            Some(format!(
                "{} {} {} {} {}",
                line.hour,
                line.status,
                text(line.method),
                text(line.path),
                text(line.agent)
            ))
        };
        let rows = [
            (
                r#"{"time":"2021-10-10T13:55:36+09:00","method":"GET","path":"/a\u002fb","status":200,"agent":"x\"y","more":{"a":[1]}}"#,
                Some("453844 200 GET /a/b x\"y"),
            ),
            (
                r#"{"time":1633841736.5,"request":"GET /c HTTP/1.1","status":"304","agent":null}"#,
                Some("453844 304 GET /c "),
            ),
            (r#"{"time":1633841736,"status":200}"#, Some("453844 200   ")),
            (r#"{"time":1633841736}"#, None),
            (r#"{"time":1633841736,"status":200} x"#, None),
            ("[1]", None),
            ("", None),
        ];
        for (line, right) in rows {
            assert_eq!(shown(&keys, line).as_deref(), right, "{line}");
        }
        let rows = [
            (
                r#"{"time":1633841736.5,"http":{"method":"GET","uri":"/d","headers":{"User-Agent":["x","y"]}},"status":200}"#,
                Some("453844 200 GET /d x"),
            ),
            (
                r#"{"time":1633841736,"http.method":"GET","http":{"uri":"/e","headers":[["x"]]},"status":200}"#,
                Some("453844 200 GET /e "),
            ),
            (r#"{"time":1633841736,"http":7,"status":200}"#, Some("453844 200   ")),
            (r#"{"time":1633841736,"http":{"uri":"/e","status":200}"#, None),
        ];
        for (line, right) in rows {
            assert_eq!(shown(&inner, line).as_deref(), right, "{line}");
        }
    }
}
