//! The other writer, on reqwest: what the one on `influxdb2` is measured against and tested beside. It honours a
//! Retry-After, follows no redirect and reads any retention.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use aggregator::sinks::influxdb::InfluxSettings;
use aggregator::sinks::influxdb::writer::{PointWriter, SinkRuntime, WriteError, days, for_now, refusal, unanswered};
use contract::time::Moment;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, Url};
use serde::Deserialize;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Most bytes of an answer that are read: a list of one bucket has some 700.
const ANSWER: usize = 64 << 10;

/// Writes through reqwest.
pub struct Direct {
    to: InfluxSettings,
    base: Url,
    token: HeaderValue,
    client: Client,
    runtime: SinkRuntime,
}

#[derive(Deserialize)]
struct Buckets {
    #[serde(default)]
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bucket {
    name: String,
    #[serde(default)]
    retention_rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    every_seconds: i64,
}

impl Direct {
    /// A writer to a bucket whose settings were checked.
    pub fn new(to: &InfluxSettings) -> Result<Self, WriteError> {
        let unusable = |source| for_now(format!("no client for {to} can be made"), Some(source));
        let runtime = SinkRuntime::new().map_err(|error| unusable(error.into()))?;
        // A redirected write would arrive as something else; whoever moved the server is told so.
        let client =
            Client::builder().redirect(Policy::none()).user_agent(concat!("shihyo/", env!("CARGO_PKG_VERSION")));
        let client = client.build().map_err(|error| unusable(error.into()))?;
        let base = Url::parse(&to.url).map_err(|error| unusable(error.into()))?;
        let mut token = HeaderValue::try_from(format!("Token {}", to.token)).map_err(|e| unusable(e.into()))?;
        token.set_sensitive(true);
        Ok(Self { to: to.clone(), base, token, client, runtime })
    }

    fn url(&self, endpoint: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/api/v2/{endpoint}", url.path().trim_end_matches('/')));
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    fn send(&self, request: RequestBuilder, stop: &CancellationToken) -> Result<String, WriteError> {
        let to = &self.to;
        self.runtime.wait(to, stop, async {
            let request = request.header(AUTHORIZATION, self.token.clone());
            let answer = request.send().await.map_err(|error| unanswered(to, error))?;
            let status = answer.status();
            let after = answer.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
            let text = read(to, answer).await?;
            if status.is_success() {
                return Ok(text);
            }
            Err(refusal(to, status.as_u16(), after.map(Duration::from_secs), &text))
        })
    }
}

async fn read(to: &InfluxSettings, mut answer: Response) -> Result<String, WriteError> {
    let mut bytes = Vec::new();
    while let Some(more) = answer.chunk().await.map_err(|error| unanswered(to, error))? {
        bytes.extend_from_slice(&more);
        if bytes.len() > ANSWER {
            return Err(for_now(format!("{to} answers at a length that InfluxDB never does"), None));
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl PointWriter for Direct {
    fn write(&mut self, lines: String, stop: &CancellationToken) -> Result<(), WriteError> {
        let query = [("org", self.to.org.as_str()), ("bucket", &self.to.bucket), ("precision", "s")];
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        let request = self.client.post(self.url("write", &query)).header(CONTENT_TYPE, plain).body(lines);
        self.send(request, stop).map(drop)
    }

    fn delete(
        &mut self,
        from: Moment,
        to: Moment,
        predicate: &str,
        stop: &CancellationToken,
    ) -> Result<(), WriteError> {
        let query = [("org", self.to.org.as_str()), ("bucket", &self.to.bucket)];
        let body = serde_json::json!({ "start": from.to_string(), "stop": to.to_string(), "predicate": predicate });
        let json = HeaderValue::from_static("application/json");
        let request = self.client.post(self.url("delete", &query)).header(CONTENT_TYPE, json).body(body.to_string());
        self.send(request, stop).map(drop)
    }

    fn retention(&mut self, stop: &CancellationToken) -> Result<Option<i64>, WriteError> {
        let query = [("org", self.to.org.as_str()), ("name", &self.to.bucket)];
        let text = self.send(self.client.get(self.url("buckets", &query)), stop)?;
        let unread = |error| for_now(format!("{} lists its buckets in a form we do not know", self.to), Some(error));
        let found: Buckets = serde_json::from_str(&text).map_err(|error| unread(error.into()))?;
        let rules =
            found.buckets.iter().filter(|bucket| bucket.name == self.to.bucket).flat_map(|b| &b.retention_rules);
        Ok(rules.filter_map(|rule| days(rule.every_seconds)).min())
    }
}
