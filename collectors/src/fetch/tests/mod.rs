mod answers;
mod length;
mod tls;

use crate::poll::FinishedPoll;
use crate::testing::{Poller, lines, register, source};
use std::path::Path;
use std::time::Duration;
use wiremock::matchers::{header, header_exists, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const BODY: &str = "指標,期間,値\n申請件数,2022年4月,100\n";
const FIGURE: &str = "applied 2022-04-01..2022-05-01 = 100";

fn ok() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string(BODY)
}

async fn answer_at(server: &MockServer, place: &str, template: ResponseTemplate) {
    Mock::given(path(place)).respond_with(template).mount(server).await;
}

async fn answer(server: &MockServer, template: ResponseTemplate) {
    Mock::given(method("GET")).and(path("/r.csv")).respond_with(template).mount(server).await;
}

fn poller(server: &MockServer, keys: &str) -> Poller {
    Poller::new(source(Path::new("."), &register(&format!("url = '{}/r.csv'\n{keys}", server.uri()))))
}

/// One poll of a server with this answer.
async fn outcome(template: ResponseTemplate, keys: &str) -> FinishedPoll {
    let server = MockServer::start().await;
    answer(&server, template).await;
    poller(&server, keys).poll().await
}

fn outcome_of(poll: &FinishedPoll) -> String {
    let lines = lines(&poll.records);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].split(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_file_is_fetched_and_not_transferred_again_while_it_stays() {
    let server = MockServer::start().await;
    // The date is not sent beside the tag: a server that compares the date alone would hide a newer file.
    let conditional = Mock::given(header("if-none-match", "\"v1\"")).and(without_date);
    conditional.respond_with(ResponseTemplate::new(304)).expect(1).mount(&server).await;
    let agent = concat!("shihyo/", env!("CARGO_PKG_VERSION"));
    let first = ok().insert_header("etag", "\"v1\"").insert_header("last-modified", "then");
    Mock::given(header("user-agent", agent)).respond_with(first).expect(1).mount(&server).await;
    let mut poller = poller(&server, "");
    let address = format!("{}/r.csv", server.uri());
    assert_eq!(poller.lines().await, [FIGURE.to_owned(), format!("changed {address}")]);
    let poll = poller.poll().await;
    assert_eq!(lines(&poll.records), [format!("unchanged {address}")]);
    let contract::record::Record::Poll(record) = &poll.records[0] else { panic!() };
    // A confirmation, and no reading: there is no hash of what was not read.
    assert_eq!((record.bytes, &record.sha256), (u64::try_from(BODY.len()).ok(), &None));
}

fn without_date(request: &wiremock::Request) -> bool {
    !request.headers.contains_key("if-modified-since")
}

#[tokio::test]
async fn a_newer_file_behind_a_304_by_date_is_read_within_a_day() {
    let server = MockServer::start().await;
    Mock::given(header("if-modified-since", "then")).respond_with(ResponseTemplate::new(304)).mount(&server).await;
    let dated = |body: &str| ResponseTemplate::new(200).set_body_string(body).insert_header("last-modified", "then");
    Mock::given(without_date).respond_with(dated(BODY)).up_to_n_times(1).mount(&server).await;
    answer(&server, dated(&BODY.replace("100", "300"))).await;
    let mut poller = poller(&server, "");
    assert_eq!(poller.lines().await[0], FIGURE);
    poller.clock.pass(86_000);
    let confirmed = poller.poll().await;
    assert_eq!(outcome_of(&confirmed), "unchanged");
    assert!(confirmed.summary.age.unwrap() >= Duration::from_secs(86_000), "{:?}", confirmed.summary);
    poller.clock.pass(400);
    assert_eq!(poller.lines().await[0], "applied 2022-04-01..2022-05-01 = 300");
    assert_eq!(outcome_of(&poller.poll().await), "unchanged");
}

#[tokio::test]
async fn a_state_of_an_earlier_version_is_asked_for_in_full_once() {
    let server = MockServer::start().await;
    Mock::given(header_exists("if-none-match")).respond_with(ResponseTemplate::new(304)).expect(1).mount(&server).await;
    Mock::given(method("GET")).respond_with(ok().insert_header("etag", "\"v1\"")).expect(2).mount(&server).await;
    let mut poller = poller(&server, "");
    poller.poll().await;
    poller.state.files.values_mut().for_each(|file| file.fetched = None);
    for _ in 0..2 {
        assert_eq!(outcome_of(&poller.poll().await), "unchanged");
    }
}

#[tokio::test]
async fn the_content_and_not_the_server_decides_what_changed() {
    let server = MockServer::start().await;
    answer(&server, ok()).await;
    let mut poller = poller(&server, "");
    poller.poll().await;
    assert_eq!(outcome_of(&poller.poll().await), "unchanged");
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_a_failure() {
    assert_eq!(outcome_of(&outcome(ResponseTemplate::new(304), "").await), "failed(http_status)");
}

#[tokio::test]
async fn a_file_is_asked_for_in_full_when_its_periods_have_ended() {
    let server = MockServer::start().await;
    Mock::given(header_exists("if-none-match")).respond_with(ResponseTemplate::new(304)).mount(&server).await;
    let running = ResponseTemplate::new(200).set_body_string("指標,期間,値\n申請件数,2022年7月,1\n");
    answer(&server, running.insert_header("etag", "\"v1\"")).await;
    let mut poller = poller(&server, "");
    assert_eq!(poller.lines().await[0], "applied 2022-07-01..2022-08-01 = 1?");
    assert_eq!(outcome_of(&poller.poll().await), "unchanged");
    poller.clock.pass(31 * 86_400);
    assert_eq!(poller.lines().await[0], "applied 2022-07-01..2022-08-01 = 1");
}

#[tokio::test]
async fn a_failure_that_passes_is_retried_within_the_poll() {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(500)).up_to_n_times(2).mount(&server).await;
    answer(&server, ok()).await;
    assert_eq!(poller(&server, "").lines().await[0], FIGURE);
}

#[tokio::test]
async fn a_failure_that_stays_is_a_failed_poll_after_three_tries() {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(503)).expect(3).mount(&server).await;
    assert_eq!(outcome_of(&poller(&server, "").poll().await), "failed(http_status)");
}

#[tokio::test]
async fn a_client_error_is_not_retried() {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(404)).expect(1).mount(&server).await;
    let poll = poller(&server, "").poll().await;
    assert_eq!(outcome_of(&poll), "failed(http_status)");
    assert!(poll.summary.failure.unwrap().ends_with("the server answered 404"));
}

#[tokio::test]
async fn retry_after_is_heeded() {
    let server = MockServer::start().await;
    let busy = |after: &str| ResponseTemplate::new(429).insert_header("retry-after", after);
    Mock::given(method("GET")).respond_with(busy("120")).expect(1).mount(&server).await;
    let poll = poller(&server, "").poll().await;
    assert_eq!(poll.summary.retry_after, Some(Duration::from_mins(2)));
    let dated = outcome(busy("Fri, 01 Jul 2022 00:00:00 GMT"), "").await;
    assert_eq!(dated.summary.retry_after, Some(Duration::from_secs(9 * 3600 - 1)));
    let zero = outcome(busy("0"), "").await;
    assert_eq!(zero.summary.retry_after, Some(Duration::ZERO));
}

#[tokio::test]
async fn bodies_are_bounded_and_never_empty() {
    assert_eq!(outcome_of(&outcome(ok(), "max_bytes = 10").await), "failed(too_large)");
    assert_eq!(outcome_of(&outcome(ResponseTemplate::new(200), "").await), "failed(empty_body)");
    assert_eq!(outcome_of(&outcome(ResponseTemplate::new(204), "").await), "failed(http_status)");
    let damaged = ok().insert_header("content-encoding", "gzip");
    assert_eq!(outcome_of(&outcome(damaged, "").await), "failed(bad_body)");
}

#[tokio::test]
async fn the_size_limit_of_a_compressed_body_is_its_decompressed_size() {
    // 1,000 zeros, packed by gzip into 29 bytes.
    let packed: [u8; 29] =
        [31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 51, 48, 24, 5, 163, 96, 20, 12, 119, 0, 0, 131, 153, 95, 168, 232, 3, 0, 0];
    let template = ResponseTemplate::new(200).insert_header("content-encoding", "gzip").set_body_bytes(packed);
    assert_eq!(outcome_of(&outcome(template.clone(), "max_bytes = 999").await), "failed(too_large)");
    assert_eq!(outcome_of(&outcome(template, "max_bytes = 1000").await), "failed(missing_column)");
}

#[tokio::test]
async fn a_slow_server_times_out() {
    let server = MockServer::start().await;
    answer(&server, ok().set_delay(Duration::from_secs(30))).await;
    let mut poller = poller(&server, "timeout_seconds = 1");
    poller.source.fetch.timeout = Duration::from_millis(50);
    assert_eq!(outcome_of(&poller.poll().await), "failed(timeout)");
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    // A server of its own: one of the pool would go on for another test.
    let server = MockServer::builder().start().await;
    let mut poller = poller(&server, "");
    drop(server);
    let poll = poller.poll().await;
    assert!(["failed(unreachable)", "failed(http_status)"].contains(&outcome_of(&poll).as_str()), "{:?}", poll.summary);
}

#[tokio::test]
async fn redirects_are_followed_on_allowed_hosts_only() {
    let to = |to: &str| ResponseTemplate::new(302).insert_header("location", to);
    assert_eq!(outcome_of(&outcome(to("https://elsewhere.example/r.csv"), "").await), "failed(redirect_refused)");
    assert_eq!(outcome_of(&outcome(to("file:///etc/passwd"), "").await), "failed(redirect_refused)");
    assert_eq!(outcome_of(&outcome(to("/r.csv"), "").await), "failed(redirect_refused)");
    let server = MockServer::start().await;
    answer(&server, to("/there.csv")).await;
    Mock::given(path("/there.csv")).respond_with(ok()).mount(&server).await;
    let address = format!("{}/r.csv", server.uri());
    assert_eq!(poller(&server, "").lines().await, [FIGURE.to_owned(), format!("changed {address}")]);
}

#[tokio::test]
async fn of_several_addresses_the_later_wins_and_all_are_asked_when_one_changed() {
    let server = MockServer::start().await;
    let body = |rows: &str| ResponseTemplate::new(200).set_body_string(format!("指標,期間,値\n{rows}"));
    Mock::given(path("/a"))
        .and(header_exists("if-none-match"))
        .respond_with(ResponseTemplate::new(304))
        .mount(&server)
        .await;
    let a = body("申請件数,2022年4月,1\n申請件数,2022年5月,5\n").insert_header("etag", "\"a\"");
    Mock::given(path("/a")).respond_with(a).mount(&server).await;
    Mock::given(path("/b")).respond_with(body("申請件数,2022年4月,2\n")).up_to_n_times(1).mount(&server).await;
    Mock::given(path("/b")).respond_with(body("申請件数,2022年6月,3\n")).mount(&server).await;
    let keys = register(&format!("urls = ['{0}/a', '{0}/b']", server.uri()));
    let mut poller = Poller::new(source(Path::new("."), &keys));
    assert_eq!(poller.lines().await[..2], ["applied 2022-04-01..2022-05-01 = 2", "applied 2022-05-01..2022-06-01 = 5"]);
    assert_eq!(poller.lines().await[..2], ["applied 2022-04-01..2022-05-01 = 1", "applied 2022-06-01..2022-07-01 = 3"]);
}

#[tokio::test]
async fn a_host_gets_one_request_at_a_time() {
    let server = MockServer::start().await;
    answer(&server, ok().set_delay(Duration::from_millis(100))).await;
    let poller = poller(&server, "");
    let ask = || async {
        let addresses = poller.collector.fetcher.list(&poller.source.fetch).await.unwrap();
        poller.collector.fetcher.get(&poller.source.fetch, &addresses[0], None).await.unwrap();
    };
    let started = tokio::time::Instant::now();
    tokio::join!(ask(), ask(), ask());
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_name_that_resolves_to_a_private_address_must_be_configured() {
    let server = MockServer::start().await;
    answer(&server, ok()).await;
    let place = |keys: &str| register(&format!("url = 'http://localhost:{}/r.csv'\n{keys}", server.address().port()));
    let poll_with = |keys: &str| {
        let mut poller = Poller::new(source(Path::new("."), &place(keys)));
        async move { poller.poll().await }
    };
    let refused = poll_with("").await;
    assert_eq!(outcome_of(&refused), "failed(private_address)");
    let why = refused.summary.failure.unwrap();
    assert!(
        why.ends_with(
            "localhost lies at a private, loopback or link-local address; name it in `allow_private` if that is right"
        ),
        "{why}"
    );
    assert_eq!(lines(&poll_with("allow_private = ['localhost']").await.records)[0], FIGURE);
}

#[tokio::test]
async fn a_redirect_to_a_private_name_is_refused_even_on_an_allowed_host() {
    let server = MockServer::start().await;
    let there = format!("http://localhost:{}/there.csv", server.address().port());
    answer(&server, ResponseTemplate::new(302).insert_header("location", there)).await;
    Mock::given(path("/there.csv")).respond_with(ok()).mount(&server).await;
    let hosts = "allow_hosts = ['127.0.0.1', 'localhost']";
    assert_eq!(outcome_of(&poller(&server, hosts).poll().await), "failed(private_address)");
    let named = format!("{hosts}\nallow_private = ['localhost']");
    assert_eq!(poller(&server, &named).lines().await[0], FIGURE);
}

#[tokio::test]
async fn linked_files_are_read_and_stay_when_the_page_no_longer_links_to_them() {
    let server = MockServer::start().await;
    let page = |links: &str| ResponseTemplate::new(200).set_body_string(format!("<html><body>{links}</body></html>"));
    let links = "<a href='r.csv'>令和4年4月</a> <a href='old.csv'>令和4年3月</a> <a href='x.pdf'>令和4年4月</a>";
    Mock::given(path("/i.html")).respond_with(page(links)).up_to_n_times(1).mount(&server).await;
    Mock::given(path("/i.html"))
        .respond_with(page("<a href='r.csv'>令和4年4月</a>"))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(path("/i.html"))
        .respond_with(page("<a href='http://other.example/r.csv'>令和4年4月</a>"))
        .mount(&server)
        .await;
    answer(&server, ok()).await;
    let old = ResponseTemplate::new(200).set_body_string("指標,期間,値\n申請件数,2022年3月,90\n");
    Mock::given(path("/old.csv")).respond_with(old).mount(&server).await;
    let keys = register(&format!("index = '{}/i.html'\npattern = '*.csv'\nlink_text = '令和*月'", server.uri()));
    let mut poller = Poller::new(source(Path::new("."), &keys));
    assert_eq!(poller.lines().await[..2], ["applied 2022-03-01..2022-04-01 = 90", FIGURE]);
    let page = format!("{}/i.html", server.uri());
    assert_eq!(poller.lines().await, [format!("unchanged {page}")], "an edition that is no longer listed stands");
    assert_eq!(poller.lines().await, ["failed(host_refused) http://other.example/r.csv"]);
}

#[tokio::test]
async fn links_start_where_the_page_was_found_after_its_redirects() {
    let server = MockServer::start().await;
    answer_at(&server, "/data", ResponseTemplate::new(301).insert_header("location", "/data/")).await;
    answer_at(&server, "/data/", ResponseTemplate::new(200).set_body_string("<a href='r.csv'>x</a>")).await;
    answer_at(&server, "/data/r.csv", ok()).await;
    let keys = register(&format!("index = '{}/data'\npattern = '*.csv'", server.uri()));
    assert_eq!(Poller::new(source(Path::new("."), &keys)).lines().await[0], FIGURE);
}

#[tokio::test]
async fn a_link_or_redirect_with_a_user_is_refused_and_its_password_is_not_shown() {
    let server = MockServer::start().await;
    let own = format!("http://me:geheim@{}/there.csv", server.address());
    answer_at(&server, "/there.csv", ok()).await;
    answer_at(&server, "/i", ResponseTemplate::new(200).set_body_string(format!("<a href='{own}'>x</a>"))).await;
    answer(&server, ResponseTemplate::new(302).insert_header("location", own)).await;
    let keys = register(&format!("index = '{}/i'\npattern = '*.csv'", server.uri()));
    let link = Poller::new(source(Path::new("."), &keys)).poll().await;
    assert_eq!(lines(&link.records), [format!("failed(host_refused) http://{}/there.csv", server.address())]);
    let redirect = poller(&server, "").poll().await;
    assert_eq!(outcome_of(&redirect), "failed(redirect_refused)");
    for poll in [link, redirect] {
        assert!(!format!("{poll:?}").contains("geheim"), "{poll:?}");
    }
}
