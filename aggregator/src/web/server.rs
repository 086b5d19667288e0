//! The HTTP server with limits, which that of axum lacks: a slow client must not block the others.
//!
//! No handler reads a body; a request that announces a large one is refused.

use super::connection_limit::{ConnectionLimit, ConnectionSlot};
use super::error::HttpError;
use super::middleware::finish;
use super::probes::is_probe;
use super::progress_io::ProgressIo;
use super::token_brake::PeerAddress;
use axum::Router;
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioTimer;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The limits of a server.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Connections with an answer in the making at once. Further requests wait for their turn, but for probes; a few more
    /// connections may be open, and one more than that closes the connection that made no progress for longest.
    pub connections: usize,
    /// Time for the head of a request, also of the next request on an open connection.
    pub head: Duration,
    /// Time to make an answer.
    pub answer: Duration,
    /// Time in which a client must take something of an answer.
    pub write: Duration,
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
            write: Duration::from_secs(20),
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
    let places = Arc::new(Semaphore::new(limits.connections));
    let limited = from_fn(move |request, next| limit(request, next, Arc::clone(&places), limits.answer));
    let router = router.layer(limited).layer(from_fn(finish));
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let connection_limit = ConnectionLimit::new(limits.connections);
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let (router, stop, slot) = (router.clone(), stop.clone(), connection_limit.acquire());
                    tasks.spawn(connection((stream, peer), router, stop, slot, limits));
                }
                Err(error) => {
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
    (stream, peer): (TcpStream, SocketAddr),
    router: Router,
    stop: CancellationToken,
    slot: ConnectionSlot,
    limits: ServerLimits,
) {
    let slot = Arc::new(slot);
    let evicted = slot.evicted().clone();
    let stream = ProgressIo::new(stream, Arc::clone(&slot), limits.write);
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Arc::clone(&slot));
        request.extensions_mut().insert(PeerAddress::from(peer));
        service.call(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(MAX_READ);
    let mut connection = pin!(builder.serve_connection(stream, service));
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

async fn limit(mut request: Request, next: Next, places: Arc<Semaphore>, longest: Duration) -> Response {
    let slot = request.extensions_mut().remove::<Arc<ConnectionSlot>>();
    if let Some(slot) = &slot {
        slot.note_progress();
    }
    if let Some(error) = too_large(&request) {
        return error.into_response();
    }
    let answer = async {
        if is_probe(request.uri().path()) {
            return next.run(request).await;
        }
        let place = places.acquire().await;
        let answering = slot.as_ref().map(ConnectionSlot::answer);
        let response = next.run(request).await;
        drop((answering, place));
        response
    };
    match tokio::time::timeout(longest, answer).await {
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
