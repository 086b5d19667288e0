//! Clients that are slow, many, or send too much.

use super::server::{self, ServerLimits};
use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// More than the system's buffers of a connection take.
static LARGE: LazyLock<Bytes> = LazyLock::new(|| vec![b'x'; 16 << 20].into());

const SHORT: Duration = Duration::from_millis(300);

async fn serving(limits: ServerLimits) -> (SocketAddr, CancellationToken) {
    let router = Router::new()
        .route("/", get(|| async { "here" }))
        .route("/huge", get(|| async { vec![b'x'; 64 << 20] }))
        .route("/never", get(std::future::pending::<&str>))
        .route("/large", get(|| async { LARGE.clone() }))
        .route("/report", get(report))
        .route("/livez", get(|| async { "alive" }))
        .route("/metrics", get(|| async { "figures" }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    tokio::spawn(server::serve(listener, router, stop.clone().cancelled_owned(), limits));
    (address, stop)
}

/// A report of 124 KB; four are made at once, each takes a while.
async fn report() -> Vec<u8> {
    static PLACES: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(4);
    let _place = PLACES.acquire().await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    vec![b'x'; 124_000]
}

/// Asks probes for a while; each must answer within a second.
fn probes_answer(address: SocketAddr, rounds: usize) {
    for round in 0..rounds {
        for path in ["/livez", "/metrics"] {
            let begun = Instant::now();
            let mut stream = connected(address, format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
            stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
            let mut got = [0; 12];
            let read = stream.read_exact(&mut got);
            assert!(read.is_ok() && &got == b"HTTP/1.1 200", "{path} in round {round}: {read:?} {:?}", begun.elapsed());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn probes_answer_while_clients_ask_for_much_and_read_nothing() {
    let (address, _stop) = serving(ServerLimits::default()).await;
    let asked = "GET /report HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20);
    let _unread: Vec<TcpStream> = (0..256).map(|_| connected(address, asked.as_bytes())).collect();
    probes_answer(address, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_answer_while_every_place_is_taken_by_an_answer_that_is_not_made() {
    let (address, _stop) = serving(ServerLimits { connections: 8, ..ServerLimits::default() }).await;
    let never = b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut waiting: Vec<TcpStream> = (0..8).map(|_| connected(address, never)).collect();
    std::thread::sleep(SHORT);
    waiting.extend((0..200).map(|_| connected(address, never)));
    probes_answer(address, 10);
    // What was asked first is still being made: nothing was sent, and the connection is open.
    waiting[0].set_read_timeout(Some(SHORT)).unwrap();
    let read = waiting[0].read(&mut [0; 1]);
    assert!(read.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_answer_while_heads_come_byte_by_byte_and_answers_are_read_so() {
    let (address, _stop) = serving(ServerLimits { connections: 8, ..ServerLimits::default() }).await;
    let (stop, (all_connected, connected_all)) = (CancellationToken::new(), std::sync::mpsc::channel());
    let trickling = stop.clone();
    let slow = std::thread::spawn(move || {
        let head = b"GET / HTTP/1.1\r\nX: ";
        let whole = b"HEAD /large HTTP/1.1\r\nHost: x\r\n\r\nGET /large HTTP/1.1\r\nHost: x\r\n\r\n";
        let sent = |at: usize| if at.is_multiple_of(2) { &head[..] } else { whole };
        let mut streams: Vec<TcpStream> = (0..150).map(|at| connected(address, sent(at))).collect();
        all_connected.send(()).unwrap();
        while !trickling.is_cancelled() {
            for stream in &mut streams {
                stream.set_nonblocking(true).unwrap();
                let _ = (stream.write(b"x"), stream.read(&mut [0; 16]));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    // More new connections at once than there are places would close a probe's before it is answered.
    connected_all.recv().unwrap();
    std::thread::sleep(SHORT);
    probes_answer(address, 20);
    stop.cancel();
    slow.join().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_nothing_is_disconnected_long_before_the_end_of_its_connection() {
    let (address, _stop) = serving(ServerLimits { write: SHORT, ..ServerLimits::default() }).await;
    let slow = connected(address, b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n");
    std::thread::sleep(SHORT * 4);
    let got = all(slow).len();
    assert!(got < 64 << 20, "{got}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_slowly_gets_the_whole_answer() {
    let (address, _stop) = serving(ServerLimits { write: SHORT * 3, head: SHORT, ..ServerLimits::default() }).await;
    let mut slow = connected(address, b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let (mut got, mut part) = (0, vec![0; 1 << 20]);
    loop {
        std::thread::sleep(Duration::from_millis(20));
        match slow.read(&mut part).unwrap() {
            0 => break,
            read => got += read,
        }
    }
    assert!(got > LARGE.len(), "{got}");
}
