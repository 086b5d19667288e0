//! Access logs as JSON lines, with the keys that the configuration names.

use super::format::{Line, request, status};
use super::time::Hours;
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The keys of a line.
#[derive(Clone, Debug)]
pub struct Keys {
    pub(super) time: String,
    pub(super) request: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) status: String,
    pub(super) agent: String,
    pub(super) address: String,
}

/// What is taken of a line; a number is taken as it is written.
#[derive(Default)]
pub(super) struct Texts<'a> {
    time: Cow<'a, str>,
    request: Cow<'a, str>,
    method: Cow<'a, str>,
    path: Cow<'a, str>,
    status: Cow<'a, str>,
    agent: Cow<'a, str>,
    address: Cow<'a, str>,
}

impl Keys {
    /// Takes a line apart; `None` when it is no JSON object.
    pub(super) fn texts<'a>(&self, line: &'a [u8]) -> Option<Texts<'a>> {
        let mut json = serde_json::Deserializer::from_slice(line);
        let texts = json.deserialize_map(Taker(self)).ok()?;
        json.end().ok()?;
        Some(texts)
    }
}

impl Texts<'_> {
    /// The line; `None` without a time and a status.
    pub(super) fn line(&self, hours: &mut Hours) -> Option<Line<'_>> {
        let (mut method, mut path) = (self.method.as_bytes(), self.path.as_bytes());
        if !self.request.is_empty() {
            (method, path) = request(self.request.as_bytes());
        }
        let (agent, address) = (self.agent.as_bytes(), self.address.as_bytes());
        let (hour, status) = (hours.read(self.time.as_bytes())?, status(self.status.as_bytes())?);
        Some(Line { hour, status, method, path, agent, address })
    }
}

struct Taker<'k>(&'k Keys);

impl<'de> Visitor<'de> for Taker<'_> {
    type Value = Texts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts<'de>, A::Error> {
        let (keys, mut texts) = (self.0, Texts::default());
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let place = match &*key {
                key if key == keys.time => &mut texts.time,
                key if key == keys.request => &mut texts.request,
                key if key == keys.method => &mut texts.method,
                key if key == keys.path => &mut texts.path,
                key if key == keys.status => &mut texts.status,
                key if key == keys.agent => &mut texts.agent,
                key if key == keys.address => &mut texts.address,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let raw: &'de serde_json::value::RawValue = map.next_value()?;
            *place = match raw.get().as_bytes().first() {
                Some(b'"') => serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?,
                Some(b'0'..=b'9') => Cow::Borrowed(raw.get()),
                _ => Cow::Borrowed(""),
            };
        }
        Ok(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_by_the_configured_keys() {
        let [time, request, method, path, status, agent, address] =
            ["time", "request", "method", "path", "status", "agent", "address"].map(str::to_owned);
        let keys = Keys { time, request, method, path, status, agent, address };
        let shown = |line: &str| {
            let texts = keys.texts(line.as_bytes())?;
            let line = texts.line(&mut Hours::default())?;
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
            assert_eq!(shown(line).as_deref(), right, "{line}");
        }
    }
}
