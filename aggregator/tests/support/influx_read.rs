//! Reads an InfluxDB back into a sorted map, by plain HTTP and nothing of ours, so that a test does not trust what
//! it tests. Needs `serde_json` only: other packages' tests include this file by its path.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};

/// Points by their series (`series,definition=d,grain=month,plan=p,series=uses`) and time in seconds; each has its
/// fields by name.
pub type Points = BTreeMap<(String, i64), BTreeMap<String, Value>>;

/// A bucket of a real server.
#[derive(Debug)]
pub struct Bucket {
    pub url: String,
    pub org: String,
    pub name: String,
    pub token: String,
}

/// Buckets of this process so far.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A bucket of one's own of the server that `tests/run --servers` brought up.
pub fn fresh(retention_seconds: i64) -> Bucket {
    let env = |name: &str| {
        std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: no InfluxDB; run tests/run --servers"))
    };
    let name = format!("{}-{}-{}", env("INFLUXDB_BUCKET"), std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let server = Bucket { url: env("INFLUXDB_URL"), org: env("INFLUXDB_ORG"), name, token: env("INFLUXDB_TOKEN") };
    let (_, orgs) = server.ask("GET", &format!("/api/v2/orgs?org={}", encoded(&server.org)), "");
    let org = serde_json::from_str::<Value>(&orgs).unwrap()["orgs"][0]["id"].as_str().unwrap().to_owned();
    // A shard a week, as it would be, needs a dozen open files for each week of a city's history. What is kept for
    // a while only is forgotten a shard at a time, so there they are short.
    let shard = if retention_seconds > 0 { 86_400 } else { 7_000 * 86_400 };
    let rule =
        serde_json::json!({ "type": "expire", "everySeconds": retention_seconds, "shardGroupDurationSeconds": shard });
    let wanted = serde_json::json!({ "orgID": org, "name": server.name, "retentionRules": [rule] });
    let (status, said) = server.ask("POST", "/api/v2/buckets", &wanted.to_string());
    assert_eq!(status, 201, "{said}");
    server
}

/// The bucket goes with the test.
impl Drop for Bucket {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Left for whoever looks into it.
            return;
        }
        let (_, found) = self.ask("GET", &format!("/api/v2/buckets?name={}", encoded(&self.name)), "");
        let found: Value = serde_json::from_str(&found).unwrap();
        self.ask("DELETE", &format!("/api/v2/buckets/{}", found["buckets"][0]["id"].as_str().unwrap_or_default()), "");
    }
}

impl Bucket {
    /// `host:port`.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }

    /// One request; the status and the text of the answer.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address()).unwrap_or_else(|e| panic!("{}: {e}", self.url));
        // HTTP/1.0: the answer comes in one piece and ends with the connection.
        let head = format!("{method} {path} HTTP/1.0\r\nAuthorization: Token {}\r\n", self.token);
        let kind = "Content-Type: application/json\r\n";
        write!(stream, "{head}{kind}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), text.to_owned())
    }

    /// What an InfluxQL query finds: one object a series.
    pub fn query(&self, query: &str) -> Vec<Value> {
        let path = format!("/query?db={}&epoch=s&q={}", encoded(&self.name), encoded(query));
        let (status, text) = self.ask("GET", &path, "");
        assert_eq!(status, 200, "{text}");
        let found: Value = serde_json::from_str(&text).unwrap();
        let result = &found["results"][0];
        assert!(result.get("error").is_none(), "{query}: {result}");
        result["series"].as_array().cloned().unwrap_or_default()
    }

    /// Every point of the named measurements.
    pub fn points(&self, measurements: &[&str]) -> Points {
        let mut points = Points::new();
        for measurement in measurements {
            for series in self.query(&format!("SELECT * FROM \"{measurement}\" GROUP BY *")) {
                let tags = series["tags"].as_object().unwrap().iter();
                let tags: Vec<String> = tags.map(|(key, value)| format!("{key}={}", value.as_str().unwrap())).collect();
                let name = format!("{measurement},{}", tags.join(","));
                let columns = series["columns"].as_array().unwrap();
                for row in series["values"].as_array().unwrap().iter().map(|row| row.as_array().unwrap()) {
                    let fields = columns.iter().zip(row).skip(1).filter(|(_, value)| !value.is_null());
                    let fields = fields.map(|(key, value)| (key.as_str().unwrap().to_owned(), value.clone())).collect();
                    assert!(points.insert((name.clone(), row[0].as_i64().unwrap()), fields).is_none());
                }
            }
        }
        points
    }
}

pub fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
