//! The HTTP server with limits, which that of axum lacks: a slow client must not block the others.
//!
//! No handler reads a body; a request that announces a large one is refused.

use super::connection_limit::{ConnectionLimit, ConnectionSlot};
use super::error::HttpError;
use super::middleware::finish;
use axum::Router;
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The limits of a server.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Connections at once; one more closes the connection that has been idle longest.
    pub connections: usize,
    /// Time for the head of a request, also of the next request on an open connection.
    pub head: Duration,
    /// Time to make an answer.
    pub answer: Duration,
    /// Life of a connection: then the answer in progress is its last.
    pub life: Duration,
    /// Time for the answer in progress at the end of that life, or of the server; slower clients are disconnected.
    pub grace: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            life: Duration::from_mins(5),
            grace: Duration::from_secs(5),
        }
    }
}

/// Bytes of a request's head; longer is refused with 431.
const MAX_HEAD: usize = 16 * 1024;
/// Bytes of an address; longer is refused with 414.
const MAX_ADDRESS: usize = 8 * 1024;
/// Bytes of a head that are read at all: beyond it the answer is a bare 431.
const MAX_READ: usize = 4 * MAX_HEAD;
/// Bytes of a body that a request may announce.
const MAX_BODY: u64 = 16 * 1024;
/// Pause after a connection could not be accepted, as when no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves until `shutdown` resolves, then lets answers in progress end within the grace.
pub(super) async fn serve<F>(
    listener: TcpListener,
    router: Router,
    shutdown: F,
    limits: ServerLimits,
) -> std::io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let limited = from_fn(move |request, next| limit(request, next, limits.answer));
    let router = router.layer(limited).layer(from_fn(finish));
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let connection_limit = ConnectionLimit::new(limits.connections);
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            let accepted = listener.accept().await;
            let slot = if accepted.is_ok() { connection_limit.acquire().await } else { None };
            (accepted, slot)
        };
        tokio::select! {
            () = &mut shutdown => break,
            (accepted, slot) = next => match (accepted, slot) {
                (Ok((stream, _)), Some(slot)) => {
                    let (router, stop) = (router.clone(), stop.clone());
                    tasks.spawn(connection(stream, router, stop, slot, limits));
                }
                (Ok(_), None) => {}
                (Err(error), _) => {
                    tracing::warn!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    Ok(())
}

async fn connection(
    stream: TcpStream,
    router: Router,
    stop: CancellationToken,
    slot: ConnectionSlot,
    limits: ServerLimits,
) {
    let slot = Arc::new(slot);
    let evicted = slot.evicted().clone();
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |request| {
        let (slot, service) = (Arc::clone(&slot), service.clone());
        async move {
            slot.set_busy();
            let response = service.call(request).await;
            slot.set_idle();
            response
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(MAX_READ);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // A client that leaves or is too slow is not logged.
    tokio::select! {
        _ = &mut connection => return,
        () = evicted.cancelled() => return,
        () = stop.cancelled() => {}
        () = tokio::time::sleep(limits.life) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(limits.grace, connection).await;
}

async fn limit(request: Request, next: Next, longest: Duration) -> Response {
    if let Some(error) = too_large(&request) {
        return error.into_response();
    }
    match tokio::time::timeout(longest, next.run(request)).await {
        Ok(response) => response,
        Err(_) => HttpError::Busy.into_response(),
    }
}

/// Why a request exceeds a limit.
fn too_large(request: &Request) -> Option<HttpError> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let address = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    let head: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if announced.unwrap_or(0) > MAX_BODY {
        Some(HttpError::LargeBody)
    } else if address > MAX_ADDRESS {
        Some(HttpError::LongAddress)
    } else if head > MAX_HEAD {
        Some(HttpError::LargeHead)
    } else {
        None
    }
}
