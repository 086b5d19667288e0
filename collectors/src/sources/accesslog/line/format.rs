//! The format of a line: nginx's `log_format` or Apache's `LogFormat`, compiled once.

use super::request::{request, target};
use super::step::{Field, FieldStep, end, near_request};
use super::time::TimeReader;

/// The default of nginx and Apache, the combined log.
pub const COMBINED: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#;

/// What is read of a line, as slices of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// Hours since 1970, UTC.
    pub hour: i64,
    /// The time as it is written.
    pub time: &'a [u8],
    /// The status of the answer.
    pub status: u16,
    /// The method; empty for an invalid request.
    pub method: &'a [u8],
    /// The path and query; empty for an invalid request.
    pub path: &'a [u8],
    /// True when the request has a form that is not known: it may have been one for a path.
    pub is_unreadable: bool,
    /// The user agent.
    pub agent: &'a [u8],
    /// The client's address: never stored.
    pub address: &'a [u8],
}

/// A compiled format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineFormat {
    pub(super) lead: Vec<u8>,
    pub(super) steps: Vec<FieldStep>,
    /// Steps up to the last one that decides whether a line counts but for its agent; none behind them can fail.
    deciding: usize,
}

impl LineFormat {
    /// Compiles a format. Unknown fields are skipped.
    ///
    /// Errors: what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        // As it stands inside quotes in Apache's configuration.
        let text = text.replace("\\\"", "\"");
        let (mut lead, mut steps, mut rest) = (Vec::new(), Vec::<FieldStep>::new(), text.as_str());
        while !rest.is_empty() {
            if let Some((field, length)) = field(rest) {
                match steps.last_mut().filter(|step| step.end.is_empty()) {
                    // Apache's query: both together are the path.
                    Some(step) if step.field == Field::Path && rest.starts_with("%q") => {
                        rest = &rest[length..];
                        continue;
                    }
                    // A path after a host begins with its own slash.
                    Some(step) if step.field == Field::Skip && field == Field::Path => {
                        (step.end, step.kept) = (b"/".to_vec(), true);
                    }
                    Some(_) => return Err("two fields need a text between them"),
                    None => {}
                }
                steps.push(FieldStep::new(field));
                rest = &rest[length..];
            } else {
                let length = rest.chars().next().map_or(1, char::len_utf8);
                let text = steps.last_mut().map_or(&mut lead, |step| &mut step.end);
                text.extend_from_slice(&rest.as_bytes()[..length]);
                rest = &rest[length..];
            }
        }
        let has = |field| steps.iter().any(|step| step.field == field);
        if !has(Field::Time) {
            return Err("it names no time ($time_local, $time_iso8601, $msec or %t)");
        }
        if !has(Field::Status) {
            return Err("it names no status ($status or %>s)");
        }
        if !has(Field::Request) && !has(Field::Path) {
            return Err("it names no request ($request, $uri or %r)");
        }
        // Fields after the last used one are not read.
        while steps.last().is_some_and(|step| step.field == Field::Skip) {
            steps.pop();
        }
        for step in &mut steps {
            step.compile();
        }
        let decides = |step: &FieldStep| !matches!(step.field, Field::Skip | Field::Agent | Field::Address);
        let deciding = steps.iter().rposition(decides).map_or(0, |last| last + 1);
        Ok(Self { lead, steps, deciding })
    }

    /// Text that identifies the format. Checkpoints hold a hash of it, so it must not change.
    pub(super) fn identity(&self) -> String {
        let step = |FieldStep { field, end, kept, .. }: &FieldStep| {
            format!("Step {{ field: {field:?}, end: {end:?}, kept: {kept} }}")
        };
        let steps: Vec<String> = self.steps.iter().map(step).collect();
        format!("Format {{ lead: {:?}, steps: [{}] }}", self.lead, steps.join(", "))
    }

    /// Reads a line; `None` when it has another format. A line that is truncated after its status is read.
    pub fn read<'a>(&self, line: &'a [u8], hours: &mut TimeReader) -> Option<LogLine<'a>> {
        let mut read = LogLine::default();
        let rest = self.read_deciding(&mut read, line, hours)?;
        self.read_rest(&mut read, rest);
        Some(read)
    }

    /// Reads a line up to the last field that decides whether it counts but for its agent, and gives the rest of it.
    #[inline]
    pub(crate) fn read_deciding<'a>(
        &self,
        read: &mut LogLine<'a>,
        line: &'a [u8],
        hours: &mut TimeReader,
    ) -> Option<&'a [u8]> {
        let mut rest = if self.lead.is_empty() { line } else { line.strip_prefix(&self.lead[..])? };
        let (mut has_time, mut has_status) = (false, false);
        for step in &self.steps[..self.deciding] {
            if step.field == Field::Request
                && let Some((method, path, at)) = near_request(rest, step)
            {
                read.set_request(Some((method, path)));
                rest = &rest[at + step.end.len()..];
                continue;
            }
            let (value, left) = match end(rest, step) {
                Some(at) => (&rest[..at], &rest[if step.kept { at } else { at + step.end.len() }..]),
                None if has_time && has_status => (rest, &rest[rest.len()..]),
                None => return None,
            };
            rest = left;
            match step.field {
                Field::Skip => {}
                Field::Address => read.set_address(value),
                Field::Agent => read.agent = value,
                Field::Method => read.method = value,
                Field::Path => read.path = target(value),
                Field::Request => read.set_request(request(value)),
                Field::Status => {
                    read.status = status(value)?;
                    has_status = true;
                }
                Field::Time => {
                    (read.hour, read.time) = (hours.read(value)?, value);
                    has_time = true;
                }
            }
        }
        Some(rest)
    }

    /// Reads the fields behind those that decide.
    #[inline]
    pub(crate) fn read_rest<'a>(&self, read: &mut LogLine<'a>, mut rest: &'a [u8]) {
        for step in &self.steps[self.deciding..] {
            let (value, left) = match end(rest, step) {
                Some(at) => (&rest[..at], &rest[if step.kept { at } else { at + step.end.len() }..]),
                None => (rest, &rest[rest.len()..]),
            };
            rest = left;
            match step.field {
                Field::Address => read.set_address(value),
                Field::Agent => read.agent = value,
                _ => {}
            }
        }
    }
}

/// The field at the beginning of a format, and its length.
fn field(text: &str) -> Option<(Field, usize)> {
    if let Some(name) = text.strip_prefix('$') {
        let (open, inner) = name.strip_prefix('{').map_or((0, name), |inner| (2, inner));
        let length = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
        let field = match &inner[..length] {
            "" => return None,
            "remote_addr" | "http_x_forwarded_for" | "realip_remote_addr" => Field::Address,
            "time_local" | "time_iso8601" | "msec" => Field::Time,
            "request" => Field::Request,
            "request_method" => Field::Method,
            "request_uri" | "uri" => Field::Path,
            "status" => Field::Status,
            "http_user_agent" => Field::Agent,
            _ => Field::Skip,
        };
        return Some((field, 1 + open + length));
    }
    let name = text.strip_prefix('%')?;
    let bare = name.trim_start_matches(['<', '>']);
    let skipped = 1 + name.len() - bare.len();
    if let Some(inner) = bare.strip_prefix('{') {
        let (inner, after) = inner.split_once('}')?;
        // The letter after the brace is part of the name.
        let letter = after.chars().next().filter(char::is_ascii_alphabetic)?;
        return Some((braced(inner, letter), skipped + inner.len() + 3));
    }
    let field = match bare.chars().next()? {
        'h' | 'a' => Field::Address,
        't' => Field::Time,
        'r' => Field::Request,
        'm' => Field::Method,
        'U' => Field::Path,
        's' => Field::Status,
        c if c.is_ascii_alphabetic() => Field::Skip,
        _ => return None,
    };
    Some((field, skipped + 1))
}

/// An Apache field with a name in braces: `%{User-Agent}i`, `%{sec}t`.
fn braced(name: &str, letter: char) -> Field {
    let time = name.trim_start_matches("begin:").trim_start_matches("end:");
    match letter {
        'i' if name.eq_ignore_ascii_case("user-agent") => Field::Agent,
        'i' if name.eq_ignore_ascii_case("x-forwarded-for") => Field::Address,
        'a' => Field::Address,
        // Only times with a zone, or without the need of one.
        't' if matches!(time, "sec" | "%s" | "%d/%b/%Y:%H:%M:%S %z" | "%d/%b/%Y:%T %z") => Field::Time,
        't' if ["%FT%T%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%T%z"].contains(&time) => Field::Time,
        _ => Field::Skip,
    }
}

impl<'a> LogLine<'a> {
    /// The last address that is set counts: `X-Forwarded-For` is empty without a proxy.
    #[inline]
    fn set_address(&mut self, value: &'a [u8]) {
        if self.address.is_empty() || !matches!(value, b"" | b"-") {
            self.address = value;
        }
    }

    /// Sets the method and the path of its request.
    #[inline]
    pub(super) fn set_request(&mut self, request: Option<(&'a [u8], &'a [u8])>) {
        (self.method, self.path) = request.unwrap_or_default();
        self.is_unreadable = request.is_none();
    }
}

#[inline]
pub(super) fn status(value: &[u8]) -> Option<u16> {
    let [a @ b'1'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9'] = value else { return None };
    Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        r#"192.0.2.7 - - [10/Oct/2021:13:55:36 +0900] "GET /app/a?x=1 HTTP/1.1" 200 2326 "-" "Mozilla \"5\" (X)""#;

    fn shown(format: &str, line: &str) -> Option<String> {
        let format = LineFormat::parse(format).unwrap();
        let read = format.read(line.as_bytes(), &mut TimeReader::default())?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let (hour, status) = (read.hour, read.status);
        Some(format!("{hour} {status} {} {} [{}]", text(read.method), text(read.path), text(read.agent)))
    }

    #[test]
    fn lines_of_supported_formats_are_read() {
        let apache = r#"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\""#;
        let right = "453844 200 GET /app/a?x=1 [Mozilla \\\"5\\\" (X)]";
        let rows = [
            (COMBINED, LINE, Some(right)),
            (apache, LINE, Some(right)),
            ("$msec $status $request_method $request_uri", "1633841736.123 304 GET /b", Some("453844 304 GET /b []")),
            (
                r#"%v:%p %h %l %u [%{%d/%b/%Y:%T %z}t] %{ms}T \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\""#,
                r#"app.example.jp:443 2001:db8::1 - a b [10/Oct/2021:13:55:36 +0900] 12 "GET /d HTTP/2.0" 200 - "-" "x""#,
                Some("453844 200 GET /d [x]"),
            ),
            (
                "$request_method $time_local $status $request_uri",
                "GET 10/Oct/2021:13:55:36 +0900 200 /f",
                Some("453844 200 GET /f []"),
            ),
            (
                "$msec $status $scheme://$host$request_uri",
                "1633841736.1 200 https://app.example.jp/g",
                Some("453844 200  /g []"),
            ),
            ("%{sec}t %>s %m %U%q", "1633841736 200 GET /e?f", Some("453844 200 GET /e?f []")),
            (
                "$time_iso8601|$status|${request}|$host",
                "2021-10-10T13:55:36+09:00|404|GET /c HTTP/1.1|h",
                Some("453844 404 GET /c []"),
            ),
        ];
        for (format, line, right) in rows {
            assert_eq!(shown(format, line).as_deref(), right, "{format}");
        }
    }

    #[test]
    fn truncated_and_invalid_lines() {
        let cut = LINE.rfind("Mozilla").unwrap() + 4;
        let rows = [
            (&LINE[..cut], Some("453844 200 GET /app/a?x=1 [Mozi]")),
            (
                r#"2001:db8::1 - a b [10/Oct/2021:13:00:00 +0900] "GET / HTTP/2" 200 - "-" "x""#,
                Some("453844 200 GET / [x]"),
            ),
            (r#"192.0.2.7 - - [10/Oct/2021:13:55:36 +0900] "-" 400 0 "-" "-""#, Some("453844 400   [-]")),
            (r#"192.0.2.7 - - [10/Oct/2021:13:55:36 +0900] "\x16\x03\x01" 400 0 "-" "-""#, Some("453844 400   [-]")),
            (r#"192.0.2.7 - - [10/Oct/2021:13:55:36 +0900] "GET /"#, None),
            (r#"192.0.2.7 - - [41/Oct/2021:13:55:36 +0900] "GET / HTTP/1.1" 200 1 "-" "-""#, None),
            (r#"192.0.2.7 - - [10/Oct/2021:13:55:36 +0900] "GET / HTTP/1.1" 999 1 "-" "-""#, None),
            ("", None),
            ("hello", None),
        ];
        for (line, right) in rows {
            assert_eq!(shown(COMBINED, line).as_deref(), right, "{line}");
        }
    }

    #[test]
    fn the_address_is_the_last_one_that_is_set() {
        let format =
            LineFormat::parse("$remote_addr $time_iso8601 $status $request_uri \"$http_x_forwarded_for\"").unwrap();
        let address = |after: &str| {
            let line = format!("192.0.2.7 2021-10-10T13:55:36+09:00 200 /{after}");
            let read = format.read(line.as_bytes(), &mut TimeReader::default()).unwrap();
            String::from_utf8_lossy(read.address).into_owned()
        };
        let rows = [
            (" \"-\"", "192.0.2.7"),
            (" \"203.0.113.9, 192.0.2.7\"", "203.0.113.9, 192.0.2.7"),
            (" \"\"", "192.0.2.7"),
            ("", "192.0.2.7"),
        ];
        for (after, right) in rows {
            assert_eq!(address(after), right, "{after}");
        }
    }

    #[test]
    fn invalid_formats_are_refused_with_the_reason() {
        for (format, why) in [
            ("$status $request", "it names no time ($time_local, $time_iso8601, $msec or %t)"),
            ("%t %r", "it names no status ($status or %>s)"),
            ("%t %>s", "it names no request ($request, $uri or %r)"),
            ("%{%d/%b/%Y:%T}t.%{msec_frac}t %>s %r", "it names no time ($time_local, $time_iso8601, $msec or %t)"),
            ("%t %>s %{Referer}", "it names no request ($request, $uri or %r)"),
            ("%t %>s %{Referer}あ", "it names no request ($request, $uri or %r)"),
            ("%t %>s %{", "it names no request ($request, $uri or %r)"),
            ("$time_local$status $request", "two fields need a text between them"),
        ] {
            assert_eq!(LineFormat::parse(format), Err(why));
        }
    }
}
