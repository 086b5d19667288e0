use super::*;
use crate::health::{Component, DegradedReason, Readiness};
use crate::metrics::Metrics;
use crate::plan_states::SharedPlanStates;
use crate::render::fixture::{plan_state, plan_states};
use aggregator_core::report::Report;
use aggregator_core::report_period::ReportPeriod;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use contract::period::Period;
use contract::time::{Clock, Micros, Moment, parse_date};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tower::ServiceExt;

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Micros {
        Moment::midnight(parse_date("2023-05-01").unwrap()).micros()
    }
}

pub(super) fn site(sample: bool) -> Site {
    site_of(plan_states(plan_state(sample)))
}

pub(super) fn site_of(plans: SharedPlanStates) -> Site {
    let metrics = Arc::new(Metrics::new("1.2.3").unwrap());
    Site::new(plans, Arc::new(Stopped), metrics, Arc::default())
}

pub(super) async fn answer(site: &Site, address: &str) -> (StatusCode, HeaderMap, String) {
    answer_to(site, address, &[]).await
}

pub(super) async fn answer_to(site: &Site, address: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::get(address);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = router(site.clone()).oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    (head.status, head.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn every_answer_has_its_status_type_and_the_same_strict_headers() {
    let site = site(true);
    let rows = [
        ("/", 200, "text/html; charset=utf-8"),
        ("/?on=FY2019", 200, "text/html; charset=utf-8"),
        ("/?on=2020-03", 200, "text/html; charset=utf-8"),
        ("/?lang=en", 200, "text/html; charset=utf-8"),
        ("/plans/small", 200, "text/html; charset=utf-8"),
        ("/plans/small/kpis/datasets", 200, "text/html; charset=utf-8"),
        ("/plans/small/kpis/datasets?on=FY2021", 200, "text/html; charset=utf-8"),
        ("/plans/small/kpis/other", 404, "text/plain; charset=utf-8"),
        ("/plans/other/kpis/datasets", 404, "text/plain; charset=utf-8"),
        ("/plans/small/report.md", 200, "text/markdown; charset=utf-8"),
        ("/plans/small/report.csv", 200, "text/csv; charset=utf-8; header=present"),
        ("/plans/small/report.json", 200, "application/json"),
        ("/publications", 200, "text/html; charset=utf-8"),
        ("/publications?on=FY2019", 400, "text/plain; charset=utf-8"),
        ("/plans/small/publications/0001-0123456789abcdef/report.csv", 404, "text/plain; charset=utf-8"),
        ("/plans/small/kpis/datasets/chart.csv?bom=1", 200, "text/csv; charset=utf-8; header=present"),
        ("/plans/small/kpis/other/chart.csv", 404, "text/plain; charset=utf-8"),
        ("/plans/small/kpis/datasets/vintages", 200, "text/html; charset=utf-8"),
        ("/plans/small/kpis/datasets/vintages?on=FY2019", 400, "text/plain; charset=utf-8"),
        ("/plans/small/kpis/datasets/vintages.csv?bom=1", 200, "text/csv; charset=utf-8; header=present"),
        ("/plans/small/kpis/datasets/vintages.json", 200, "application/json"),
        ("/plans/small/kpis/other/vintages", 404, "text/plain; charset=utf-8"),
        ("/staff", 303, ""),
        ("/style.css", 200, "text/css; charset=utf-8"),
        ("/metrics", 200, "text/plain; version=0.0.4; charset=utf-8"),
        ("/livez", 200, "text/plain; charset=utf-8"),
        ("/readyz", 503, "text/plain; charset=utf-8"),
        ("/plans/other", 404, "text/plain; charset=utf-8"),
        ("/plans/other/report.csv", 404, "text/plain; charset=utf-8"),
        ("/plans/small/report.xlsx", 404, "text/plain; charset=utf-8"),
        ("/?on=yesterday", 400, "text/plain; charset=utf-8"),
        ("/?on=", 400, "text/plain; charset=utf-8"),
        ("/?on=FY2019&on=FY2020", 400, "text/plain; charset=utf-8"),
        ("/?lang=fr", 400, "text/plain; charset=utf-8"),
        ("/?known_at=yesterday", 400, "text/plain; charset=utf-8"),
        ("/plans/%ff", 400, "text/plain; charset=utf-8"),
        ("/plans/small?on=FY2019Q1", 400, "text/plain; charset=utf-8"),
        ("/plans/small?on=FY9999", 400, "text/plain; charset=utf-8"),
        ("/plans/small/report.json?rollups=yes", 400, "text/plain; charset=utf-8"),
    ];
    for (address, status, kind) in rows {
        let (got, headers, body) = answer(&site, address).await;
        assert_eq!(got.as_u16(), status, "{address}: {body}");
        assert_eq!(headers.get("content-type").map_or("", |kind| kind.to_str().unwrap()), kind, "{address}");
        assert_eq!(headers["content-security-policy"], content_policy::POLICY, "{address}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{address}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{address}");
    }
}

#[tokio::test]
async fn a_bad_moment_is_answered_with_the_three_good_forms() {
    let (_, _, body) = answer(&site(false), "/?on=%3Cscript%3E").await;
    let english = "`on` must be a day (2020-03-31), a month (2020-03) or a fiscal year (FY2019)\n";
    assert!(body.ends_with(english) && !body.contains("script"), "{body}");
}

#[tokio::test]
async fn nothing_on_a_page_runs_or_leads_outside() {
    for address in ["/", "/plans/small", "/plans/small?on=FY2021", "/plans/small/kpis/downloads"] {
        let (_, _, page) = answer(&site(true), address).await;
        for never in ["<script", "javascript:", "http:", "https:", " style=", " onclick", "<style", "<img"] {
            assert!(!page.contains(never), "{address}: {never}");
        }
        assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"));
        let marks = ["<html lang=\"ja\">", "<header>", "<nav ", "<main id=\"main\">", "<footer>", "<caption"];
        for mark in marks.into_iter().chain(["scope=\"col\"", "scope=\"row\"", "lang=\"en\""]) {
            assert!(page.contains(mark), "{address}: {mark}");
        }
    }
}

#[tokio::test]
async fn a_kpis_page_has_its_history_as_picture_and_table() {
    let (_, _, page) = answer(&site(false), "/plans/small/kpis/datasets?on=2020-06-30").await;
    assert_eq!(page.matches("<path class=\"c-path\" d=\"M").count(), 4, "in three sizes and in the key");
    assert_eq!(page.matches("<title>2020年6月1日: 215 件</title>").count(), 3, "{page}");
    assert!(page.contains("<data class=\"value\" value=\"215\">215 件</data>"), "{page}");
    assert!(!page.contains("2023-04-01"), "a later figure is not shown");
    assert!(page.contains("aria-labelledby=\"chart-state-1040-t chart-state-1040-d\""));
    let (_, _, rows) = answer(&site(false), "/plans/small/kpis/datasets/chart.csv?on=2020-06-30").await;
    assert!(
        rows.ends_with(
            "small,datasets,state,2020-06-01,2020-06-01T00:00:00+09:00,215,,212.021918,,false,false,false,,,,false\r\n"
        ),
        "{rows}"
    );
    let (_, _, plan) = answer(&site(false), "/plans/small?on=2020-06-30").await;
    assert!(plan.contains("<a href=\"/plans/small/kpis/datasets?on=2020-06-30\">"));
}

#[tokio::test]
async fn a_plan_is_reported_at_its_default_unless_asked() {
    let site = site(false);
    for (address, on) in [
        ("/plans/small/report.json", "2020-06-30"),
        ("/plans/small/report.json?on=2019-03-31", "2019-03-31"),
        ("/plans/small/report.json?on=FY2021", "FY2021"),
    ] {
        let expected = plan_state(false).report_with_landings(ReportPeriod(Period::parse(on).unwrap()), false);
        assert_eq!(answer(&site, address).await.2, Report::from(vec![expected]).canonical_json() + "\n", "{address}");
    }
    Arc::make_mut(&mut site.plans.write().unwrap().get_mut("small").unwrap().catalogue).plan.default_on = None;
    let (_, _, today) = answer(&site, "/plans/small/report.json").await;
    assert!(today.contains("\"on\":\"2023-05-01\""), "{today}");
}

#[tokio::test]
async fn rollups_come_when_asked_for_and_only_in_json() {
    let site = site(false);
    let (_, _, with) = answer(&site, "/plans/small/report.json?rollups=1").await;
    assert!(with.contains("\"rollups\":[{\"series\":\"datasets\""), "{with}");
    let (_, _, without) = answer(&site, "/plans/small/report.json?rollups=0").await;
    assert!(!without.contains("rollups"));
    let csv = |address| answer(&site, address);
    assert_eq!(csv("/plans/small/report.csv?rollups=1").await.2, csv("/plans/small/report.csv").await.2);
}

#[tokio::test]
async fn exports_carry_a_file_name_and_a_mark_only_when_asked() {
    let site = site(false);
    let (_, headers, plain) = answer(&site, "/plans/small/report.csv?on=FY2019").await;
    assert_eq!(headers["content-disposition"], "attachment; filename=\"small-FY2019.csv\"");
    assert!(plain.starts_with("plan,"));
    let (_, _, marked) = answer(&site, "/plans/small/report.csv?on=FY2019&bom=1").await;
    assert_eq!(marked, format!("\u{feff}{plain}"));
}

#[tokio::test]
async fn readers_of_vintages_leave_pages_and_metrics_alone() {
    let site = site(false);
    let vintages =
        ["/plans/small?known_at=2023-01-01T00:00:00Z", "/api/v1/plans/small/known?known_at=2023-01-01T00:00:00Z"];
    let all = site.vintages.clone().acquire_many_owned(2).await.unwrap();
    for address in vintages {
        let (status, headers, _) = answer(&site, address).await;
        assert_eq!(
            (status, headers["retry-after"].to_str().unwrap()),
            (StatusCode::SERVICE_UNAVAILABLE, "5"),
            "{address}"
        );
    }
    for address in ["/", "/plans/small", "/metrics", "/livez"] {
        assert_eq!(answer(&site, address).await.0, StatusCode::OK, "{address}");
    }
    drop(all);
    for address in vintages {
        assert_eq!(answer(&site, address).await.0, StatusCode::OK, "{address}");
    }
}

#[tokio::test]
async fn readyz_has_the_reason_until_the_pipeline_has_caught_up() {
    let site = site(false);
    assert_eq!(answer(&site, "/readyz").await.2, "not ready: starting\n");
    site.health.set_readiness(Readiness::Unassigned);
    let (status, _, body) = answer(&site, "/readyz").await;
    assert_eq!((status.as_u16(), body.as_str()), (503, "not ready: no partition is assigned\n"));
    assert!(answer(&site, "/metrics").await.2.contains("shihyo_ready 0\n"));
    site.health.set_readiness(Readiness::Ready);
    let (status, _, body) = answer(&site, "/readyz").await;
    assert_eq!((status.as_u16(), body.as_str()), (200, "ready\n"));
    assert!(answer(&site, "/metrics").await.2.contains("shihyo_ready 1\n"));
    site.health.degrade(Component::Outbox, DegradedReason::Full, "no room".into(), None, Micros(0));
    assert_eq!(answer(&site, "/readyz").await.2, "not ready: polling waits: no room\n");
    site.health.degrade(Component::Store, DegradedReason::Full, "no room either".into(), None, Micros(0));
    assert_eq!(answer(&site, "/readyz").await.2, "not ready: no room either; polling waits: no room\n");
    site.health.recover(Component::Outbox);
    assert_eq!(answer(&site, "/readyz").await.2, "not ready: no room either\n");
}

#[tokio::test]
async fn incomplete_plan_states_are_not_shown() {
    let site = site(false);
    let shared = site.plans.clone();
    let writer = std::thread::spawn(move || {
        let _plans = shared.write().unwrap();
        panic!("a writer dies");
    });
    assert!(writer.join().is_err());
    for address in ["/", "/plans/small", "/plans/small/report.json", "/metrics"] {
        assert_eq!(answer(&site, address).await.0.as_u16(), 500, "{address}");
    }
    assert_eq!(answer(&site, "/livez").await.0.as_u16(), 200);
}

/// A server on a free port, a reader who asked for a page that cannot be made yet, and the word to stop.
async fn under_way(
    site: Site,
    grace: Duration,
) -> (tokio::task::JoinHandle<std::io::Result<()>>, TcpStream, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move { stopped.await.unwrap_or_default() };
    let server = tokio::spawn(server::serve(
        listener,
        router(site),
        shutdown,
        ServerLimits { grace, ..ServerLimits::default() },
    ));
    let mut reader = TcpStream::connect(address).unwrap();
    reader.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    // Long enough for the request to be under way; if it is not, the tests below prove less but do not fail.
    tokio::time::sleep(Duration::from_millis(100)).await;
    (server, reader, stop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::await_holding_lock, reason = "the lock is what keeps the answer under way")]
async fn an_answer_under_way_at_shutdown_is_finished() {
    let site = site(false);
    let plans = site.plans.clone();
    let lock = plans.write().unwrap();
    let (server, mut reader, stop) = under_way(site, Duration::from_mins(1)).await;
    stop.send(()).unwrap();
    drop(lock);
    let mut got = String::new();
    reader.read_to_string(&mut got).unwrap();
    assert!(got.starts_with("HTTP/1.1 200 OK") && got.ends_with("</html>"), "{got}");
    server.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::await_holding_lock, reason = "the lock is what keeps the answer under way")]
async fn an_answer_that_outlasts_the_grace_does_not_block_the_shutdown() {
    let site = site(false);
    let plans = site.plans.clone();
    let lock = plans.write().unwrap();
    let (server, _reader, stop) = under_way(site, Duration::from_millis(50)).await;
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(30), server).await.unwrap().unwrap().unwrap();
    drop(lock);
}

#[tokio::test]
async fn a_plan_of_another_instance_is_not_shown_as_one_without_figures() {
    let empty = || aggregator_core::plan_state::PlanState::new(plan_state(false).catalogue.clone());
    let plan = empty().catalogue.plan.id.clone();
    let site = |shared: bool| {
        let metrics = Arc::new(Metrics::new("0").unwrap());
        Site::new(plan_states(empty()), Arc::new(Stopped), metrics, Arc::default()).of_many(shared)
    };
    let path = format!("/plans/{plan}");
    assert_eq!(answer(&site(false), &path).await.0, StatusCode::OK);
    let (status, _, text) = answer(&site(true), &path).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(text.contains("another aggregator keeps that plan"), "{text}");
    assert!(!answer(&site(true), "/").await.2.contains(&path), "nor is it on the scoreboard");
    assert!(answer(&site(false), "/metrics").await.2.contains("shihyo_kpi_target{"));
    assert!(!answer(&site(true), "/metrics").await.2.contains("shihyo_kpi_target{"));
}

#[tokio::test]
async fn a_browser_gets_a_page_also_where_there_is_none_in_its_language_and_a_program_gets_text() {
    let site = site(true);
    let browser = [("accept", "text/html,*/*;q=0.8"), ("accept-language", "ja")];
    for (address, status, ja, en) in [
        ("/plans/other", 404, "その計画はありません。", "there is no such plan"),
        ("/?on=%3Cscript%3E", 400, "`on` は 2020-03-31", "`on` must be a day"),
        ("/plans/%ff", 400, "アドレスを読み取れません。", "the address cannot be read"),
    ] {
        let (got, headers, page) = answer_to(&site, address, &browser).await;
        assert_eq!((got.as_u16(), &headers["content-type"]), (status, &"text/html; charset=utf-8".parse().unwrap()));
        assert!(page.contains(ja) && !page.contains(en) && !page.contains("<script"), "{page}");
        assert!(page.contains("<html lang=\"ja\">") && page.contains("<a href=\"/\">計画の一覧へ</a>"), "{page}");
        let question = if address.contains('?') { '&' } else { '?' };
        let (_, _, english) = answer_to(&site, &format!("{address}{question}lang=en"), &browser).await;
        assert!(english.contains("<html lang=\"en\">") && english.contains("<a href=\"/?lang=en\">"), "{english}");
        let (_, headers, text) = answer(&site, address).await;
        assert!(headers["content-type"] == "text/plain; charset=utf-8" && text.contains(ja) && text.contains(en));
    }
}

#[tokio::test]
async fn a_wrong_method_is_refused_with_a_text() {
    let request = Request::post("/plans/small").body(Body::empty()).unwrap();
    let response = router(site(false)).oneshot(request).await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"GET,HEAD".parse().unwrap()));
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    assert!(body.ends_with("pages can only be read\n".as_bytes()));
}

#[tokio::test]
async fn a_page_is_in_one_language_and_its_links_keep_it() {
    let site = site(true);
    for address in ["/", "/plans/small", "/plans/small/kpis/datasets"] {
        let (_, _, ja) = answer(&site, &format!("{address}?lang=ja")).await;
        assert!(
            ja.contains("<html lang=\"ja\">") && ja.contains("順調") && !ja.contains("on track"),
            "{address}: {ja}"
        );
        assert!(ja.contains("300 件以上") && !ja.contains("≥"), "{address}: {ja}");
        let (_, _, en) = answer(&site, &format!("{address}?lang=en")).await;
        assert!(
            en.contains("<html lang=\"en\">") && en.contains("on track") && !en.contains("順調"),
            "{address}: {en}"
        );
        assert!(en.contains("215 items") || en.contains("≥ 300 "), "{address}");
        for link in en.split("href=\"/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let kept = link.contains("lang=")
                || link.starts_with("style.css")
                || link.contains("/report.")
                || link.contains("/chart.csv");
            assert!(kept, "{address}: {link}");
        }
        let (_, headers, both) = answer(&site, address).await;
        assert!(both.contains("順調 <span lang=\"en\">on track</span>"), "{address}");
        assert_eq!(headers["vary"], "accept, accept-language, authorization");
        let (_, _, preferred) = answer_to(&site, address, &[("accept-language", "ja,en;q=0.5")]).await;
        assert!(preferred.contains("順調") && !preferred.contains("on track"), "{address}");
    }
}

#[tokio::test]
async fn moments_are_links_named_as_officers_name_them() {
    let site = site(false);
    let moments = ["2020-06-30", "2020-03", "FY2019"].map(|on| Period::parse(on).unwrap());
    {
        let mut plans = site.plans.write().unwrap();
        Arc::make_mut(&mut plans.get_mut("small").unwrap().catalogue).plan.on_dates = moments.to_vec();
    }
    let (_, _, page) = answer(&site, "/plans/small?lang=ja&on=FY2019").await;
    for link in [
        "<a href=\"/plans/small?on=2020-06-30&#38;lang=ja\">2020-06-30</a>",
        "<a href=\"/plans/small?on=2020-03&#38;lang=ja\">2020年3月末</a>",
        "<a href=\"/plans/small?on=FY2019&#38;lang=ja\" aria-current=\"page\">2019年度末</a>",
        "<a href=\"/plans/small?on=2023-05-01&#38;lang=ja\">今日</a>",
        "<input type=\"hidden\" name=\"lang\" value=\"ja\">",
    ] {
        assert!(page.contains(link), "{link}: {page}");
    }
}
