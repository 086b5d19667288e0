//! Every address, asked without the token while there is an embargo: nothing that is not released is in any answer.

use super::api::routes::{PREFIX, ROUTES};
use super::*;
use crate::metrics::Metrics;
use crate::pipeline::ControlRequests;
use crate::publication::{Publication, PublicationFolder, PublishOutcome, draft};
use crate::render::fixture::{period, plan_state, plan_states};
use aggregator_core::report_period::ReportPeriod;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use contract::record::{CatalogueText, Finality, Observation, Span, Value};
use contract::time::{Clock, Micros, Moment, parse_date};
use std::sync::Arc;
use tower::ServiceExt;

const TOKEN: &str = "a token of some length";
/// What is not released: a value, and the target before it was eased.
const SECRETS: [&str; 4] = ["876543", "876,543", "654321", "654,321"];
const FIXTURE: &str = include_str!("../render/fixture.toml");

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Micros {
        Moment::midnight(parse_date("2023-05-01").unwrap()).micros()
    }
}

/// A site whose plan was published, and then got a new figure and another target.
fn site() -> (Site, Publication, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    drop(crate::store::open_writer(folder.path(), bus::Partition(0)).unwrap());
    let mut state = plan_state(false);
    let report = draft(&state, ReportPeriod(period("2020-06-30")), None).unwrap();
    let publications = PublicationFolder::beside_stores(folder.path());
    let PublishOutcome::Published(publication) = publications.publish(&report, Micros(1), "1").unwrap() else {
        panic!("published before")
    };
    let observation = Observation {
        plan: "small".into(),
        series: "datasets".into(),
        definition: "listed".into(),
        source: "portal".into(),
        period: Span::AsOf(Moment::midnight(parse_date("2020-06-10").unwrap())),
        value: Value::Known(876_543),
        breakdown: None,
        finality: Finality::Final,
        revision: Micros(1_900_000_000_000_001),
        visit: "v".into(),
        place: None,
    };
    state.insert(&observation).unwrap();
    let text = FIXTURE.replace("at_least = 300", "at_least = 654321");
    assert!(state.publish(&CatalogueText { plan: "small".into(), revision: Micros(1), text }));
    let metrics = Arc::new(Metrics::new("0").unwrap());
    let site = Site::new(plan_states(state), Arc::new(Stopped), metrics, Arc::default());
    let site = site.with_store(folder.path().to_owned()).with_token(TOKEN, Arc::new(ControlRequests::default()));
    (site.with_embargo(true), publication, folder)
}

/// Every address of the site with its method and who may read it, as the router is made of them.
fn addresses(publication: &Publication) -> Vec<(&'static str, String, Access)> {
    let values = [
        ("{plan}", "small"),
        ("{kpi}", "datasets"),
        ("{id}", publication.id.as_str()),
        ("{publication}", publication.id.as_str()),
        ("{file}", "report.csv"),
        ("{number}", "0:1"),
    ];
    let filled = |path: &str| values.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, value));
    let pages = page_routes().into_iter().map(|(path, access, _)| ("GET", filled(path), access));
    let api = ROUTES.iter().map(|route| {
        (if route.writes { "POST" } else { "GET" }, filled(&format!("{PREFIX}{}", route.path)), route.access)
    });
    let all: Vec<_> = pages.chain(api).chain([("GET", format!("{PREFIX}/openapi.json"), Access::Public)]).collect();
    assert!(all.iter().all(|(_, path, _)| !path.contains('{')), "{all:?}");
    all
}

async fn ask(site: &Site, method: &str, address: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, String) {
    let mut request = Request::builder().method(method).uri(address);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router(site.clone()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 22).await.unwrap();
    (head.status.as_u16(), head.headers, String::from_utf8_lossy(&bytes).into_owned())
}

fn tells(headers: &HeaderMap, body: &str) -> bool {
    let all = format!("{headers:?}{body}");
    SECRETS.iter().any(|secret| all.contains(secret))
}

#[tokio::test]
async fn no_address_tells_a_reader_without_the_token_what_is_not_released() {
    let (site, publication, _folder) = site();
    let queries = [
        "",
        "?on=2020-06-30",
        "?on=FY2021",
        "?known_at=2100-01-01T00:00:00Z",
        "?rollups=1",
        "?bom=1",
        "?lang=en",
        "?after=x",
    ];
    let accepted: [&[(&str, &str)]; 3] =
        [&[], &[("accept", "text/html")], &[("if-none-match", "*"), ("accept", "application/json")]];
    let mut asked = 0;
    for (method, path, access) in addresses(&publication) {
        // The holder of the token reads it first: what was made for one reader must not be sent to another.
        let bearer = format!("Bearer {TOKEN}");
        let (status, headers, _) = ask(&site, method, &path, &[("authorization", &bearer)]).await;
        assert_ne!(status, 401, "{path}");
        assert_eq!(headers["cache-control"], "private, no-store", "{path}");
        for query in queries {
            for headers in accepted {
                for method in [method, "HEAD"] {
                    let (status, head, body) = ask(&site, method, &format!("{path}{query}"), headers).await;
                    assert!(!tells(&head, &body), "{method} {path}{query}: {body}");
                    if access == Access::Staff && !(method == "HEAD" && status == 405) {
                        assert_eq!(status, 401, "{method} {path}{query}");
                        assert!(head.contains_key("www-authenticate"), "{path}");
                    }
                    asked += 1;
                }
            }
        }
        let (status, head, body) = ask(&site, method, &path, &[("authorization", "Bearer wrong")]).await;
        assert!([401, 429].contains(&status) && !tells(&head, &body), "{path}: {status}");
    }
    assert!(asked > 1_000, "{asked}");
}

#[tokio::test]
async fn the_holder_of_the_token_sees_the_current_figures_also_in_a_browser() {
    let (site, publication, _folder) = site();
    let basic = format!("Basic {}", base64::encode(format!("staff:{TOKEN}").as_bytes()));
    let bearer = format!("Bearer {TOKEN}");
    for authorization in [&basic, &bearer] {
        let mut telling = 0;
        for (method, path, _) in addresses(&publication).into_iter().filter(|(method, _, _)| *method == "GET") {
            let (status, head, body) = ask(&site, method, &path, &[("authorization", authorization)]).await;
            // What anything may have sent is shown to programs only.
            assert_eq!(status == 401, path.ends_with("/quarantine/0:1") && authorization == &basic, "{path}");
            telling += usize::from(tells(&head, &body));
        }
        assert!(telling >= 9, "the test would see a leak in {telling} addresses");
    }
    let replay = format!("{PREFIX}/quarantine/replay");
    assert_eq!(ask(&site, "POST", &replay, &[("authorization", &bearer)]).await.0, 202);
    assert_eq!(
        ask(&site, "POST", &replay, &[("authorization", &basic)]).await.0,
        401,
        "a page of another site could send it"
    );
}

#[tokio::test]
async fn readers_get_the_published_bytes_and_only_what_was_meant_to_be_open_is_open() {
    let (site, publication, folder) = site();
    let publications = PublicationFolder::beside_stores(folder.path());
    for (address, name) in [
        ("/plans/small", "report.html"),
        ("/plans/small/report.md", "report.md"),
        ("/plans/small/report.csv", "report.csv"),
        ("/plans/small/report.json", "report.json"),
        ("/api/v1/plans/small", "standing.json"),
        ("/api/v1/plans/small/export", "report.json"),
    ] {
        let (status, headers, body) = ask(&site, "GET", address, &[]).await;
        let file = publication.file(name).unwrap();
        let bytes = String::from_utf8(publications.read(&publication, file).unwrap()).unwrap();
        assert_eq!((status, &body), (200, &bytes), "{address}");
        assert_eq!(headers["etag"], format!("\"{}\"", file.sha256), "{address}");
        assert_eq!(headers["publication"], publication.id.as_str(), "{address}");
        let tag = headers["etag"].to_str().unwrap();
        assert_eq!(ask(&site, "GET", address, &[("if-none-match", tag)]).await.0, 304, "{address}");
        let (_, same, body) =
            ask(&site, "GET", &format!("/plans/small/publications/{}/{name}", publication.id), &[]).await;
        assert_eq!((&body, &same["etag"]), (&bytes, &headers["etag"]), "{name}");
    }
    let (_, headers, _) = ask(&site, "GET", "/plans/small", &[]).await;
    assert!(headers["content-security-policy"].to_str().unwrap().contains("style-src 'sha256-"), "{headers:?}");
    let (status, _, body) = ask(&site, "GET", "/", &[]).await;
    let hash = &publication.file("report.csv").unwrap().sha256;
    assert!(status == 200 && body.contains(hash) && body.contains("href=\"/staff\""), "{body}");
    assert_eq!(ask(&site, "GET", "/plans/other", &[]).await.0, 404);
    let open: Vec<String> = addresses(&publication)
        .into_iter()
        .filter(|(_, _, access)| *access == Access::Public)
        .map(|(_, path, _)| path)
        .collect();
    let id = &publication.id;
    let meant = [
        "/publications".to_owned(),
        format!("/plans/small/publications/{id}/report.csv"),
        "/style.css".to_owned(),
        "/favicon.ico".to_owned(),
        "/metrics".to_owned(),
        "/livez".to_owned(),
        "/readyz".to_owned(),
        "/api/v1/plans/small/publications".to_owned(),
        format!("/api/v1/plans/small/publications/{id}"),
        "/api/v1/openapi.json".to_owned(),
    ];
    assert_eq!(open, meant);
}

#[tokio::test]
async fn a_damaged_publication_is_not_replaced_by_the_current_figures() {
    let (site, publication, folder) = site();
    let path = folder.path().join("publications/small").join(&publication.id).join("report.html");
    std::fs::write(&path, "another report").unwrap();
    let (status, headers, body) = ask(&site, "GET", "/plans/small", &[]).await;
    assert!(status == 503 && !tells(&headers, &body) && !body.contains("another"), "{body}");
    let (_, _, body) = ask(&site, "GET", &format!("{PREFIX}/plans/small/publications/{}", publication.id), &[]).await;
    assert!(body.contains("\"damaged\":[\"report.html\"]"), "{body}");
    assert!(ask(&site, "GET", "/publications", &[]).await.2.contains("A stored file is damaged"));
}
