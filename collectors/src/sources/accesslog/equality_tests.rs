//! The fast way counts as the plain one does, over mutations of lines as servers write them.

use super::line::LineForm;
use super::line::format::{COMBINED, LineFormat, LogLine};
use super::line::plain;
use super::line::time::TimeReader;
use super::parse::{HourCount, LineCounter};
use super::partial::PartialLine;
use super::rule::{CountingRule, StatusSet, WordFilter};
use super::short::ShortTexts;
use std::collections::BTreeMap;

/// Formats, and lines of each.
const FORMS: [(&str, &[&str]); 4] = [
    (
        COMBINED,
        &[
            r#"192.0.2.7 - - [10/Oct/2021:13:55:36 +0900] "GET /app/ HTTP/1.1" 200 2326 "-" "Mozilla/5.0 (iPhone; CPU iPhone OS 14_4 like Mac OS X)""#,
            r#"2001:db8::1 - a b [10/Oct/2021:13:55:37 +0900] "POST /app/reserve/confirm?step=2 HTTP/2.0" 304 - "https://app.example/" "MihonApp/2.3.1""#,
            r#"192.0.2.8 - - [10/Oct/2021:14:00:00 +0900] "GET /app/style.CSS?v=1 HTTP/1.1" 200 9 "-" "ExampleBot/2.1 \"x\"""#,
            r#"192.0.2.9 - - [10/Oct/2021:14:59:60 +0530] "GET http://app.example/app/map/a.woff2 HTTP/1.1" 206 9 "-" "curl/8""#,
            r#"192.0.2.9 - - [10/Oct/2021:14:59:59 +0000] "\x16\x03\x01" 400 0 "-" "-""#,
            r#"192.0.2.9 - - [10/Oct/2021:14:59:59 +0000] "-" 408 0 "-" "-""#,
            r#"192.0.2.9 - - [10/Oct/2021:14:59:59 +0000] "GET /app/a\"b HTTP/1.1" 200 0 "\"" "x""#,
            r#"192.0.2.9 - - [10/Oct/2021:14:59:59 +0000] "CONNECT a:443 HTTP/1.1" 200 0 "-" "x""#,
            r#"192.0.2.9 - - [10/Oct/2021:14:59:59 +0000] "OPTIONS * HTTP/1.1" 200 0"#,
        ],
    ),
    (
        r#"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %{X-Forwarded-For}i"#,
        &[
            r#"192.0.2.7 - - [10/Oct/2021:13:55:36 +0900] "GET /app/map HTTP/1.1" 200 2326 "-" "Mozilla/5.0" 203.0.113.9"#,
            r#"192.0.2.7 - - [10/Oct/2021:13:55:36 +0900] "GET /app/api/v2.1/notices HTTP/1.1" 200 2326 "-" "Monitor" -"#,
        ],
    ),
    (
        r#"$type $time_iso8601 $elb $remote_addr:$port $target $status "$request" "$http_user_agent""#,
        &[
            r#"https 2021-10-10T04:55:36.186641Z app/a/50dc 192.0.2.7:2817 192.0.2.10:80 200 "GET https://app.example:443/app/reserve?x=1 HTTP/2.0" "Mozilla/5.0" ECDHE"#,
            r#"h2 2021-10-10T05:00:00+09:00 app/a/50dc 192.0.2.7:2817 - 304 "GET https://app.example:443/ HTTP/2.0" "bot" ECDHE"#,
        ],
    ),
    (
        "$msec\t$remote_addr\t$status\t$request_method\t$host\t$request_uri\t$http_user_agent\t$referer",
        &[
            "1633841736.123\t192.0.2.7\t200\tGET\tapp.example\t/app/map?x\tMozilla/5.0%20(X)\t-",
            "1633841999.999\t2001:db8::1\t404\tGET\tapp.example\t/favicon.ico\t-\t-",
        ],
    ),
];
const METHODS: [&str; 2] = ["GET", "POST"];
const PATHS: [&str; 2] = ["/app/", "/application-forms/"];
const NOT_PATHS: [&str; 1] = ["/app/api/"];
const EXTENSIONS: [&str; 3] = [".css", ".woff2", ".manifest-json"];
const AREAS: [&str; 2] = ["/app/reserve", "/app/map"];
const BOTS: [&str; 3] = ["bot", "monitor", "curl/"];

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn rule() -> CountingRule {
    let short = |all: &[&str]| ShortTexts::new(texts(all));
    CountingRule {
        methods: short(&METHODS),
        statuses: StatusSet::parse(&texts(&["2xx", "304"])).unwrap(),
        paths: short(&PATHS),
        not_paths: short(&NOT_PATHS),
        not_extensions: short(&EXTENSIONS),
        bots: WordFilter::new(texts(&BOTS)),
        not_lines: Vec::new(),
        areas: AREAS.iter().map(|path| ((*path).to_owned(), short(&[path]))).collect(),
    }
}

/// The area of a line that counts, as the rule says in words.
fn area(line: &LogLine<'_>) -> Option<usize> {
    let path = line.path.split(|byte| *byte == b'?').next()?;
    let begins = |all: &[&str]| all.iter().any(|beginning| path.starts_with(beginning.as_bytes()));
    let dot = path.iter().rposition(|byte| *byte == b'.').unwrap_or(path.len());
    let agent = line.agent.to_ascii_lowercase();
    let is_bot = BOTS.iter().any(|bot| agent.windows(bot.len()).any(|part| part == bot.as_bytes()));
    let counts = matches!(line.status, 200..=299 | 304)
        && METHODS.iter().any(|method| method.as_bytes() == line.method)
        && begins(&PATHS)
        && !begins(&NOT_PATHS)
        && !EXTENSIONS.iter().any(|extension| extension.as_bytes().eq_ignore_ascii_case(&path[dot..]))
        && !is_bot;
    let area = || AREAS.iter().position(|area| path.starts_with(area.as_bytes())).unwrap_or(AREAS.len());
    counts.then(area)
}

/// Small numbers of a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    /// One of the lines with up to three changes: a byte, a missing or repeated part, an end that is cut off.
    fn line(&mut self, lines: &[&str]) -> Vec<u8> {
        let mut line = lines[self.below(lines.len())].as_bytes().to_vec();
        for _ in 0..self.below(4) {
            let (from, length) = (self.below(line.len()), 1 + self.below(6));
            let part = from..line.len().min(from + length);
            match self.below(12) {
                0 => line.truncate(from.max(1)),
                1 => _ = line.drain(part).count(),
                2 => _ = line.splice(from..from, line[part].to_vec()).count(),
                _ => {
                    let bytes = b"\"\"\"   []-/?..:\\09A\t%\0\xff";
                    line[from] = bytes[self.below(bytes.len())];
                }
            }
            if line.is_empty() {
                line.push(b'x');
            }
        }
        line.retain(|byte| *byte != b'\n');
        line
    }
}

#[test]
fn lines_are_read_and_counted_as_by_the_plain_way() {
    let rule = rule();
    for (number, (format, lines)) in (1..).zip(FORMS) {
        let form = LineFormat::parse(format).unwrap();
        let (mut random, mut hours) = (Random(number), TimeReader::default());
        let (mut file, mut right, mut bad) = (Vec::new(), BTreeMap::<i64, HourCount>::new(), 0);
        for _ in 0..12_000 {
            let line = random.line(lines);
            let read = plain::read(&form, &line);
            assert_eq!(form.read(&line, &mut hours), read, "{}", String::from_utf8_lossy(&line));
            file.extend_from_slice(&line);
            file.push(b'\n');
            // What the counter drops, or takes for a container's, is not the reader's business.
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            if line.iter().all(|byte| *byte == 0) {
                continue;
            }
            let Some(read) = plain::read(&form, &line[line.iter().take_while(|byte| **byte == 0).count()..]) else {
                bad += 1;
                continue;
            };
            if read.is_unreadable && matches!(read.status, 200..=299 | 304) {
                bad += 1;
                continue;
            }
            let entry = right.entry(read.hour).or_default();
            entry.areas.resize(AREAS.len() + 1, 0);
            if let Some(area) = area(&read) {
                entry.hits += 1;
                entry.areas[area] += 1;
                entry.digest = entry.digest.wrapping_add(read.digest());
            }
        }
        let form = LineForm::Fields(form);
        let mut counter = LineCounter::new(&form, &rule, None, i64::MAX);
        let mut partial = PartialLine::default();
        counter.chunk(&file, &mut partial, 0);
        counter.finish();
        assert_eq!(counter.bad, bad, "{format}");
        assert_eq!(counter.counted, right, "{format}");
        let hits: i64 = right.values().map(|hour| hour.hits).sum();
        assert!(hits > 500 && bad > 500, "{hits} counted, {bad} bad: {format}");
    }
}
