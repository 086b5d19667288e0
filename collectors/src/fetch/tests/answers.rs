//! Tests of interfaces that give a page at a time.

use crate::config::SourceConfig;
use crate::document::Document;
use crate::sources::{Coverage, DocumentSource, ParseError, ParsedFigure, ParsedFile, ParsedKey, PollContext, Source};
use crate::testing::{Poller, lines, moment, register, source};
use contract::record::{Finality, Place, Span, Value};
use std::path::Path;
use std::sync::Arc;
use wiremock::matchers::{path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Asks for pages until one says `end`, and counts them.
#[derive(Debug)]
struct Pages;

impl DocumentSource for Pages {
    fn parse(&self, file: &Document, _: &PollContext) -> Result<ParsedFile, ParseError> {
        let key = ParsedKey {
            series: "datasets".into(),
            definition: "listed".into(),
            span: Span::AsOf(moment("2022-07-01")),
        };
        let value = Value::Known(i64::try_from(1 + file.more.len()).unwrap());
        let figure = ParsedFigure { key, value, breakdown: None, finality: Finality::Final, place: Place::default() };
        Ok(ParsedFile { figures: vec![figure], rejects: vec![], held: vec![], covers: Coverage::Nothing, until: None })
    }

    fn ask(&self, address: &str, answers: &[Vec<u8>]) -> Result<Option<String>, ParseError> {
        match answers.last() {
            Some(last) if last == b"end" => Ok(None),
            Some(last) if last == b"bad" => Err(ParseError::NoRows),
            _ => Ok(Some(format!("{address}?page={}", answers.len()))),
        }
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        vec![]
    }

    fn is_open(&self) -> bool {
        true
    }
}

fn pages(server: &MockServer, keys: &str) -> SourceConfig {
    let text = register(&format!("url = '{}/api'\n{keys}", server.uri()));
    SourceConfig { source: Source::Documents(Arc::new(Pages)), ..source(Path::new("."), &text) }
}

async fn page(server: &MockServer, number: usize, body: &str) {
    let answer = ResponseTemplate::new(200).set_body_string(body).insert_header("etag", "\"v\"");
    Mock::given(path("/api")).and(query_param("page", number.to_string())).respond_with(answer).mount(server).await;
}

#[tokio::test]
async fn all_pages_are_one_file() {
    let server = MockServer::start().await;
    for (number, body) in ["a", "b", "end"].into_iter().enumerate() {
        page(&server, number, body).await;
    }
    let mut poller = Poller::new(pages(&server, ""));
    let poll = poller.poll().await;
    let address = format!("{}/api", server.uri());
    assert_eq!(lines(&poll.records), ["datasets 2022-07-01 = 3".to_owned(), format!("changed {address}")]);
    let note = &poll.next.files[&address];
    assert_eq!((note.bytes, note.validators.is_empty()), (5, true), "the first page's tag says nothing of the others");
    assert_eq!(note.sha256, crate::document::sha256(b"abend"));
    assert_eq!(poller.lines().await, [format!("unchanged {address}")]);
}

#[tokio::test]
async fn one_bad_page_is_a_failed_poll() {
    let rows = [
        (["a", "bad"], "", "no_rows"),
        (["a", ""], "", "empty_body"),
        (["aaaa", "bbbb"], "max_bytes = 7", "too_large"),
    ];
    for (bodies, keys, outcome) in rows {
        let server = MockServer::start().await;
        for (number, body) in bodies.into_iter().enumerate() {
            page(&server, number, body).await;
        }
        let poll = Poller::new(pages(&server, keys)).poll().await;
        assert_eq!(lines(&poll.records), [format!("failed({outcome}) {}/api", server.uri())]);
    }
}

#[tokio::test]
async fn an_interface_without_a_last_page_is_refused() {
    let server = MockServer::start().await;
    Mock::given(path("/api")).respond_with(ResponseTemplate::new(200).set_body_string("a")).mount(&server).await;
    let poll = Poller::new(pages(&server, "")).poll().await;
    assert_eq!(lines(&poll.records), [format!("failed(too_many_answers) {}/api", server.uri())]);
}
