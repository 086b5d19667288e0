//! Clients that are slow, many, or send too much.

use super::server::{self, ServerLimits};
use axum::Router;
use axum::routing::get;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const SHORT: Duration = Duration::from_millis(300);

async fn serving(limits: ServerLimits) -> (SocketAddr, CancellationToken) {
    let router = Router::new()
        .route("/", get(|| async { "here" }))
        .route("/huge", get(|| async { vec![b'x'; 64 << 20] }))
        .route("/never", get(std::future::pending::<&str>));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    tokio::spawn(server::serve(listener, router, stop.clone().cancelled_owned(), limits));
    (address, stop)
}

fn connected(address: SocketAddr, sent: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(sent).unwrap();
    stream
}

/// All that comes until the server closes; fails when it does not.
fn all(mut stream: TcpStream) -> String {
    let mut got = Vec::new();
    match stream.read_to_end(&mut got) {
        Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => panic!("{error}"),
        _ => String::from_utf8_lossy(&got).into_owned(),
    }
}

fn answer(address: SocketAddr, request: &str) -> String {
    all(connected(address, request.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_come_is_waited_for_until_its_time_out() {
    let (address, _stop) = serving(ServerLimits { head: SHORT, ..ServerLimits::default() }).await;
    let begun = Instant::now();
    all(connected(address, b""));
    all(connected(address, b"GET / HTTP/1.1\r\nHost: x\r\nX: "));
    let reused = all(connected(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert!(reused.ends_with("here"), "{reused}");
    assert!(begun.elapsed() >= SHORT * 2 && begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_request_is_refused_before_it_is_read() {
    let (address, _stop) = serving(ServerLimits { head: SHORT, ..ServerLimits::default() }).await;
    let body = answer(address, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\nx");
    assert!(body.starts_with("HTTP/1.1 413 "), "{body}");
    let head = answer(address, &format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(20_000)));
    assert!(head.starts_with("HTTP/1.1 431 "), "{head}");
    assert!(head.contains("the request's headers are too large"), "{head}");
    let path = answer(address, &format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(20_000)));
    assert!(path.starts_with("HTTP/1.1 414 "), "{path}");
    let api = answer(address, "POST /api/v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\nx");
    assert!(api.starts_with("HTTP/1.1 413 ") && api.contains("application/problem+json"), "{api}");
    assert!(api.contains("\"status\":413") && api.contains("\"code\":\"large_body\""), "{api}");
    assert!(api.contains("content-security-policy: "), "{api}");
    let much = answer(address, &format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(100_000)));
    assert!(much.starts_with("HTTP/1.1 431 ") || much.is_empty(), "{much}");
    assert!(answer(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_is_abandoned() {
    let (address, _stop) = serving(ServerLimits { answer: SHORT, head: SHORT, ..ServerLimits::default() }).await;
    assert!(answer(address, "GET /never HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 503 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_too_slowly_is_disconnected() {
    let limits = ServerLimits { life: SHORT, grace: SHORT, ..ServerLimits::default() };
    let (address, _stop) = serving(limits).await;
    let slow = connected(address, b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n");
    std::thread::sleep(SHORT * 6);
    let got = all(slow).len();
    assert!(got < 64 << 20, "{got}");
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_do_not_block_a_client() {
    // The time-out of a head is longer than the test waits.
    let (address, _stop) = serving(ServerLimits { connections: 8, ..ServerLimits::default() }).await;
    let _silent: Vec<TcpStream> = (0..50).map(|_| connected(address, b"GET / HTTP/1.1\r\nHost: x\r\nX: ")).collect();
    let begun = Instant::now();
    let response = answer(address, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(response.ends_with("here"), "{response}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_with_a_request_in_progress_is_not_closed() {
    let limits = ServerLimits { connections: 1, answer: SHORT * 3, ..ServerLimits::default() };
    let (address, _stop) = serving(limits).await;
    let waiting = connected(address, b"GET /never HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    std::thread::sleep(SHORT);
    assert!(answer(address, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ends_with("here"));
    assert!(all(waiting).starts_with("HTTP/1.1 503 "));
}
