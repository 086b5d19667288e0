use super::routes::PREFIX;
use super::*;
use crate::metrics::Metrics;
use crate::pipeline::ControlRequests;
use crate::publication;
use crate::render::fixture::{plan_state, plan_states};
use crate::store;
use crate::web::{self, Site};
use aggregator_core::report::RULES_VERSION;
use aggregator_core::report_period::ReportPeriod;
use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use bus::Partition;
use contract::period::Period;
use contract::time::{Clock, Micros, Moment, parse_date};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

const TOKEN: &str = "a token of some length";

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Micros {
        Moment::midnight(parse_date("2023-05-01").unwrap()).micros()
    }
}

/// A site over a store with three records in quarantine.
fn site() -> (Site, tempfile::TempDir, Arc<ControlRequests>) {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = store::open_writer(folder.path(), Partition(0)).unwrap();
    for n in 0..3 {
        let at = store::BusCoordinates { partition: Partition(0), offset: Some(n), time: Micros(0) };
        let body = format!("{{\"n\":{n}}}\u{1b}");
        let plan = (n == 1).then(|| "small".to_owned());
        let record = store::QuarantineRow { at, plan, reason: "unknown_plan", body: body.as_bytes() };
        writer.change(|change| change.put_quarantine(&record)).unwrap();
    }
    let report = publication::draft(&plan_state(true), ReportPeriod(Period::fiscal_year(2019)), None).unwrap();
    publication::PublicationFolder::beside_stores(folder.path()).publish(&report, Micros(1), "1").unwrap();
    let requests = Arc::new(ControlRequests::default());
    let site = Site::new(
        plan_states(plan_state(true)),
        Arc::new(Stopped),
        Arc::new(Metrics::new("0").unwrap()),
        Arc::default(),
    );
    (site.with_store(folder.path().to_owned()).with_token(TOKEN, Arc::clone(&requests)), folder, requests)
}

async fn ask(site: &Site, method: &str, address: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Value) {
    let mut request = axum::http::Request::builder().method(method).uri(format!("{PREFIX}{address}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = web::router(site.clone()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 22).await.unwrap();
    let value = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
    (head.status, head.headers, value)
}

async fn get(site: &Site, address: &str) -> Value {
    let (status, headers, body) = ask(site, "GET", address, &[]).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (StatusCode::OK, "application/json"), "{body}");
    body
}

#[tokio::test]
async fn every_address_of_the_document_answers_as_its_schema_says() {
    let (site, _folder, _) = site();
    let document = get(&site, "/openapi.json").await;
    assert_eq!(document, openapi::document());
    let published = get(&site, "/plans/small/publications").await["items"][0]["id"].as_str().unwrap().to_owned();
    let path_values =
        [("{plan}", "small"), ("{kpi}", "datasets"), ("{number}", "0:1"), ("{publication}", published.as_str())];
    let mut requested = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path_values.iter().fold(path.replace(PREFIX, ""), |path, (name, value)| path.replace(name, value));
        for (method, operation) in operations.as_object().unwrap() {
            let token = format!("Bearer {TOKEN}");
            let query = if path.ends_with("/known") { "?known_at=2023-01-01T00:00:00Z" } else { "" };
            let path = format!("{path}{query}");
            let (status, headers, body) = ask(&site, &method.to_uppercase(), &path, &[("authorization", &token)]).await;
            assert!(status.is_success() && headers.contains_key("etag"), "{method} {path}: {status} {body}");
            let schema = &operation["responses"][status.as_str()]["content"]["application/json"]["schema"];
            fits(&body, schema, &document, &path);
            requested += 1;
        }
    }
    assert_eq!(requested, ROUTES.len());
    let needed = |path: &str| {
        let parameters = document["paths"][format!("{PREFIX}{path}")]["get"]["parameters"].as_array().unwrap();
        parameters.iter().find(|one| one["name"] == "known_at").unwrap()["required"].clone()
    };
    assert_eq!((needed("/plans/{plan}/known"), needed("/plans/{plan}")), (json!(true), json!(false)));
}

#[tokio::test]
async fn every_answer_names_the_rules_that_it_was_judged_by() {
    let (site, _folder, _) = site();
    let version = RULES_VERSION.to_string();
    for address in ["/plans", "/plans/small", "/plans/small/kpis/datasets", "/plans/small/rollups", "/export"] {
        let (status, headers, _) = ask(&site, "GET", address, &[]).await;
        assert_eq!(
            (status, headers["rules-version"].to_str().unwrap()),
            (StatusCode::OK, version.as_str()),
            "{address}"
        );
        let tag = headers["etag"].to_str().unwrap();
        let (status, headers, _) = ask(&site, "GET", address, &[("if-none-match", tag)]).await;
        assert_eq!(
            (status, headers["rules-version"].to_str().unwrap()),
            (StatusCode::NOT_MODIFIED, version.as_str()),
            "{address}"
        );
    }
}

/// Checks the keywords that our schemas use: types, properties that must be there, and no others.
fn fits(value: &Value, schema: &Value, document: &Value, at: &str) {
    if let Some(path) = schema["$ref"].as_str() {
        let target = document.pointer(path.trim_start_matches('#'));
        return fits(value, target.unwrap_or_else(|| panic!("{at}: {path}")), document, at);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let schema = any.iter().find(|one| (one["type"] == "null") == value.is_null());
        return fits(value, schema.unwrap_or_else(|| panic!("{at}: {value}")), document, at);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() || schema["type"] == "number" => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = &schema["type"];
    let right = allowed == kind || allowed.as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind));
    assert!(right, "{at}: {value} is no {allowed}");
    for one in value.as_array().into_iter().flatten() {
        fits(one, &schema["items"], document, at);
    }
    let Some(object) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(object.contains_key(name.as_str().unwrap()), "{at}: {name} is missing");
    }
    for (name, one) in object {
        let inner = schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
        assert!(inner.is_object(), "{at}: {name} is not in the document");
        fits(one, inner, document, &format!("{at}.{name}"));
    }
}

#[tokio::test]
async fn all_pages_together_are_the_list() {
    let (site, _folder, _) = site();
    for address in [
        "/plans/small/rollups?on=FY2021",
        "/plans/small/kpis?on=FY2021",
        "/plans/small/kpis/datasets/history?on=FY2021",
        "/quarantine?",
    ] {
        let list = get(&site, &format!("{address}&limit=1000")).await;
        let all = list["items"].as_array().unwrap();
        assert!(all.len() > 1 && list["next"].is_null(), "{address}");
        let (mut found, mut next) = (Vec::new(), format!("{address}&limit=1"));
        loop {
            let (_, headers, page) = ask(&site, "GET", &next, &[]).await;
            found.extend(page["items"].as_array().unwrap().clone());
            let Some(link) = headers.get("link") else { break };
            let link =
                link.to_str().unwrap().trim_start_matches('<').split_once(">; rel=\"next\"").unwrap().0.to_owned();
            next = link.strip_prefix(PREFIX).unwrap().to_owned();
            assert!(found.len() <= all.len(), "{address}: {next}");
        }
        assert_eq!(&found, all, "{address}");
    }
}

#[tokio::test]
async fn an_error_is_a_problem_with_a_code_and_a_remedy() {
    let (site, _folder, _) = site();
    let rows = [
        ("GET", "/nothing", 404, "no_such_address", "openapi.json"),
        ("GET", "/plans/other", 404, "not_found", "no such plan"),
        ("GET", "/plans/small/kpis/other", 404, "not_found", "no such KPI"),
        ("GET", "/plans/small?on=yesterday", 400, "bad_parameter", "2020-03-31"),
        ("GET", "/plans/small?at=FY2019", 400, "bad_parameter", "this address knows on"),
        ("GET", "/plans?limit=0", 400, "bad_parameter", "from 1 to 1000"),
        ("GET", "/plans?limit=1&limit=2", 400, "bad_parameter", "only once"),
        ("GET", "/plans/small/rollups?after=x", 400, "bad_parameter", "begin again"),
        ("GET", "/quarantine?after=x", 400, "bad_parameter", "`next`"),
        ("GET", "/quarantine/0:1", 401, "no_token", "Bearer"),
        ("POST", "/quarantine/replay", 401, "no_token", "Bearer"),
        ("GET", "/plans/small?known_at=now", 400, "bad_parameter", "2020-04-01T12:00:00+09:00"),
        ("GET", "/plans/small/known", 400, "bad_parameter", "is needed"),
        ("GET", "/plans/%ff", 400, "bad_address", "cannot be read"),
        ("GET", "/", 404, "no_such_address", "openapi.json"),
        ("GET", "/quarantine?after=0:01", 400, "bad_parameter", "`next`"),
        ("GET", "/quarantine?after=0:-9223372036854775808", 400, "bad_parameter", "`next`"),
        ("POST", "/plans", 405, "no_such_method", "method"),
        ("DELETE", "/quarantine/0:1", 405, "no_such_method", "method"),
    ];
    for (method, address, status, code, text) in rows {
        let (got, headers, body) = ask(&site, method, address, &[]).await;
        assert_eq!(got.as_u16(), status, "{address}: {body}");
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!((&body["code"], &body["status"]), (&json!(code), &json!(status)), "{address}");
        assert!(body["detail"].as_str().unwrap().contains(text), "{address}: {body}");
        assert_eq!(body["instance"], format!("{PREFIX}{}", address.split('?').next().unwrap()));
    }
}

#[tokio::test]
async fn a_client_with_the_same_etag_gets_304_and_another_period_has_another_etag() {
    let (site, _folder, _) = site();
    let (_, first, _) = ask(&site, "GET", "/plans/small?on=FY2019", &[]).await;
    let tag = first["etag"].to_str().unwrap();
    let (status, again, body) = ask(&site, "GET", "/plans/small?on=FY2019", &[("if-none-match", tag)]).await;
    assert_eq!((status, &again["etag"], body), (StatusCode::NOT_MODIFIED, &first["etag"], Value::Null));
    let weak = format!("\"other\", W/{tag}");
    assert_eq!(ask(&site, "GET", "/plans/small?on=FY2019", &[("if-none-match", &weak)]).await.0, 304);
    assert_eq!(ask(&site, "GET", "/plans/small?on=FY2021", &[("if-none-match", tag)]).await.0, 200);
}

#[tokio::test]
async fn only_the_holder_of_the_token_reads_a_record_and_requests_a_replay() {
    let (site, _folder, requests) = site();
    for wrong in ["Bearer x", "Basic YTpi", "Bearer ", TOKEN] {
        let (status, headers, _) = ask(&site, "POST", "/quarantine/replay", &[("authorization", wrong)]).await;
        assert_eq!((status.as_u16(), &headers["www-authenticate"]), (401, &"Bearer realm=\"shihyo\"".parse().unwrap()));
    }
    assert!(!requests.take_replay());
    let right = format!("Bearer {TOKEN}");
    let (status, _, body) = ask(&site, "POST", "/quarantine/replay", &[("authorization", &right)]).await;
    assert_eq!((status.as_u16(), &body["waiting"]), (202, &json!(3)));
    assert!(requests.take_replay());
    let (_, _, body) = ask(&site, "GET", "/quarantine/0:2", &[("authorization", &right)]).await;
    assert_eq!(body["body"], "{\\\"n\\\":1}\\x1b");
    assert_eq!(get(&site, "/quarantine?plan=small").await["items"].as_array().unwrap().len(), 1);
    let mut site = site;
    site.control = None;
    let (status, _, body) = ask(&site, "POST", "/quarantine/replay", &[("authorization", &right)]).await;
    assert_eq!((status.as_u16(), &body["code"]), (403, &json!("no_writing")));
}

#[tokio::test]
async fn a_number_in_another_form_is_not_found() {
    let (site, _folder, _) = site();
    let right = format!("Bearer {TOKEN}");
    for number in ["0:-9223372036854775808", "0:0", "0:+1", "00:1", "-1:1", "0:99", "7:1", "x", "0:1:1"] {
        let (status, _, body) = ask(&site, "GET", &format!("/quarantine/{number}"), &[("authorization", &right)]).await;
        assert_eq!((status.as_u16(), &body["code"]), (404, &json!("not_found")), "{number}");
    }
}

#[tokio::test]
async fn known_at_selects_the_vintage_at_every_address() {
    let (site, _folder, _) = site();
    let at = "known_at=2023-01-01T00:00:00%2B09:00";
    let value =
        |plan: &Value| plan["kpis"].as_array().unwrap().iter().map(|kpi| kpi["value"].clone()).collect::<Vec<_>>();
    let now = get(&site, "/plans/small?on=FY2021").await;
    assert!(value(&now).iter().any(|value| !value.is_null()), "{now}");
    // The store of these tests holds no observation: by then nothing was known.
    for address in ["/plans/small?on=FY2021&", "/plans/small/export?on=FY2021&"] {
        let then = get(&site, &format!("{address}{at}")).await;
        let plan = then["plans"].get(0).unwrap_or(&then);
        assert!(value(plan).iter().all(Value::is_null), "{address}: {then}");
    }
    let explained = get(&site, &format!("/plans/small/kpis/datasets?on=FY2021&{at}")).await;
    assert_eq!(explained["known_at"]["time"], "2023-01-01T00:00:00.000000+09:00");
    let known = get(&site, &format!("/plans/small/known?{at}")).await;
    let doubts = ["no collector has delivered a visit yet", "3 records of by then are in quarantine"];
    assert_eq!(known, json!({"time": "2023-01-01T00:00:00.000000+09:00", "settled": false, "doubts": doubts}));
}

#[tokio::test]
async fn a_post_is_never_answered_with_304() {
    let (site, _folder, _) = site();
    let right = format!("Bearer {TOKEN}");
    let headers = [("authorization", right.as_str()), ("if-none-match", "*")];
    assert_eq!(ask(&site, "POST", "/quarantine/replay", &headers).await.0, 202);
    let (_, document, _) = ask(&site, "GET", "/openapi.json", &[]).await;
    let tag = document["etag"].to_str().unwrap();
    assert_eq!(ask(&site, "GET", "/openapi.json", &[("if-none-match", tag)]).await.0, 304);
}

#[tokio::test]
async fn the_export_of_all_plans_is_that_of_each_with_the_line_end_of_the_command_line() {
    let (site, _folder, _) = site();
    let request = |path: &str| axum::http::Request::get(format!("{PREFIX}{path}")).body(Body::empty()).unwrap();
    let mut texts = Vec::new();
    for path in ["/export?on=FY2021", "/plans/small/export?on=FY2021"] {
        let response = web::router(site.clone()).oneshot(request(path)).await.unwrap();
        texts.push(to_bytes(response.into_body(), 1 << 22).await.unwrap());
    }
    assert!(texts[0] == texts[1] && texts[0].ends_with(b"}\n"));
}

#[tokio::test]
async fn wrong_tokens_are_braked_and_the_right_one_never() {
    let (site, _folder, _) = site();
    let wrong = [("authorization", "Bearer guess")];
    let mut answers = Vec::new();
    for _ in 0..7 {
        let (status, headers, _) = ask(&site, "GET", "/quarantine/0:1", &wrong).await;
        answers.push((status.as_u16(), headers.contains_key("retry-after")));
    }
    assert_eq!(
        answers,
        [(401, false), (401, false), (401, false), (401, false), (401, false), (429, true), (429, true)]
    );
    let begun = std::time::Instant::now();
    let token = format!("Bearer {TOKEN}");
    let right = [("authorization", token.as_str())];
    assert_eq!(ask(&site, "POST", "/quarantine/replay", &right).await.0, 202);
    assert!(begun.elapsed() < std::time::Duration::from_millis(900));
    // A request without any token is no guess.
    assert_eq!(ask(&site, "GET", "/quarantine/0:1", &[]).await.0, 401);
}
