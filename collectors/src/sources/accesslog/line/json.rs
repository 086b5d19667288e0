//! Access logs as JSON lines, with the keys that the configuration names.
//!
//! Servers put bytes of clients into such lines as they are, or with escapes that JSON does not know. So only the frame of
//! a line is read as JSON; what the values of other keys hold does not matter.

use super::format::{LogLine, status};
use super::request::{request, target};
use super::scan::{Scanner, text, unescape};
use super::time::TimeReader;
use std::borrow::Cow;

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
    time: Cow<'a, [u8]>,
    request: Cow<'a, [u8]>,
    method: Cow<'a, [u8]>,
    path: Cow<'a, [u8]>,
    status: Cow<'a, [u8]>,
    agent: Cow<'a, [u8]>,
    address: Cow<'a, [u8]>,
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

    /// Reads a line; `None` when it is not one JSON object.
    pub(crate) fn texts<'a>(&self, line: &'a [u8]) -> Option<JsonTexts<'a>> {
        let (mut scanner, mut texts) = (Scanner::new(line), JsonTexts::default());
        self.object(&mut scanner, "", &mut texts)?;
        scanner.is_at_end().then_some(texts)
    }

    /// Reads an object, and those inside it that hold keys. `inside` is its own key and a dot; empty for the line itself.
    fn object<'a>(&self, scanner: &mut Scanner<'a>, inside: &str, texts: &mut JsonTexts<'a>) -> Option<()> {
        scanner.open()?;
        while !scanner.closes() {
            let key = unescape(scanner.key()?);
            let key = if inside.is_empty() { key } else { Cow::Owned([inside.as_bytes(), &key].concat()) };
            if let Some(place) = self.place(&key, texts) {
                *place = text(scanner.value()?);
            } else if scanner.is_object()
                && let Some(name) = self.outer(&key)
            {
                self.object(scanner, &format!("{name}."), texts)?;
            } else {
                scanner.value()?;
            }
        }
        Some(())
    }

    fn place<'t, 'a>(&self, key: &[u8], texts: &'t mut JsonTexts<'a>) -> Option<&'t mut Cow<'a, [u8]>> {
        Some(match key {
            key if key == self.time.as_bytes() => &mut texts.time,
            key if key == self.request.as_bytes() => &mut texts.request,
            key if key == self.method.as_bytes() => &mut texts.method,
            key if key == self.path.as_bytes() => &mut texts.path,
            key if key == self.status.as_bytes() => &mut texts.status,
            key if key == self.agent.as_bytes() => &mut texts.agent,
            key if key == self.address.as_bytes() => &mut texts.address,
            _ => return None,
        })
    }

    /// The key as a text when a configured key lies inside the object at it.
    fn outer<'k>(&self, key: &'k [u8]) -> Option<&'k str> {
        let all = [&self.time, &self.request, &self.method, &self.path, &self.status, &self.agent, &self.address];
        let lies_in = |one: &String| one.as_bytes().strip_prefix(key).is_some_and(|rest| rest.starts_with(b"."));
        all.into_iter().any(lies_in).then(|| std::str::from_utf8(key).ok())?
    }
}

impl JsonTexts<'_> {
    /// The line; `None` without a time and a status.
    pub(crate) fn line(&self, hours: &mut TimeReader) -> Option<LogLine<'_>> {
        let (agent, address) = (&*self.agent, &*self.address);
        let (hour, status) = (hours.read(&self.time)?, status(&self.status)?);
        let mut line = LogLine { hour, time: &self.time, status, agent, address, ..LogLine::default() };
        if self.request.is_empty() {
            (line.method, line.path) = (&self.method, target(&self.path));
        } else {
            line.set_request(request(&self.request));
        }
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> JsonKeys {
        let [time, request, method, path, status, agent, address] =
            ["time", "request", "method", "path", "status", "agent", "address"].map(str::to_owned);
        JsonKeys { time, request, method, path, status, agent, address }
    }

    #[test]
    fn what_the_keys_that_are_not_read_hold_does_not_matter() {
        let values: [&[u8]; 12] = [
            b"\"\xff\"",
            b"\"\xe3\x81\"",
            b"\"\\ud800\"",
            b"\"a\\x5Cb\"",
            b"-",
            b"",
            b"nan",
            b"\"a\tb\"",
            b"[1,{\"a\":\"]\"}]",
            b"{\"\xff\":[\"}\"]}",
            b"\"\\\"}\"",
            b"\"\\u12\"",
        ];
        for value in values {
            for last in [false, true] {
                let wanted: &[u8] = b"\"time\":1633841736,\"request\":\"GET /c HTTP/1.1\",\"status\":200";
                let other = [b"\"more\":", value].concat();
                let parts = if last { [wanted, b",", &other[..]] } else { [&other[..], b",", wanted] };
                let line = [b"{", &parts.concat()[..], b"}"].concat();
                let keys = keys();
                let texts = keys.texts(&line);
                let read = texts.as_ref().and_then(|texts| texts.line(&mut TimeReader::default()));
                let read = read.map(|line| (line.hour, line.status, line.path));
                assert_eq!(read, Some((453_844, 200, &b"/c"[..])), "{}", String::from_utf8_lossy(&line));
            }
        }
    }

    #[test]
    fn lines_are_read_by_the_configured_keys() {
        let keys = keys();
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
