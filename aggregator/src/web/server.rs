//! The server: axum's own has no limits, and one slow reader must not cost the others their scoreboard.
//!
//! Nothing here reads a body: what is asked stands in the head, and a request that announces a larger body than
//! any of ours needs is refused by it.

use super::answer::{HttpError, dressed};
use super::connection_limit::{ConnectionLimit, ConnectionSlot};
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

/// What a server bears.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Connections at once; for one more, whoever has been silent longest gives up its place.
    pub connections: usize,
    /// For the head of a request, also the next on a connection that is kept.
    pub head: Duration,
    /// For an answer to be made.
    pub answer: Duration,
    /// A connection's life: then what is under way is answered, and no more.
    pub life: Duration,
    /// For what is under way at the end of that life, or of the server: slower readers are cut off.
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
/// Bytes of a head that are read at all: beyond it there is a bare 431, in no words.
const MAX_READ: usize = 4 * MAX_HEAD;
/// Bytes of a body that a request may announce.
const MAX_BODY: u64 = 16 * 1024;
/// Pause after a connection could not be accepted, as when no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves until `shutdown` resolves, then lets answers under way end within the grace.
pub(super) async fn serve<F>(
    listener: TcpListener,
    router: Router,
    shutdown: F,
    limits: ServerLimits,
) -> std::io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let within = from_fn(move |request, next| within(request, next, limits.answer));
    let router = router.layer(within).layer(from_fn(dressed));
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let seats = ConnectionLimit::new(limits.connections);
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            let accepted = listener.accept().await;
            let seat = if accepted.is_ok() { seats.take().await } else { None };
            (accepted, seat)
        };
        tokio::select! {
            () = &mut shutdown => break,
            (accepted, seat) = next => match (accepted, seat) {
                (Ok((stream, _)), Some(seat)) => {
                    let (router, stop) = (router.clone(), stop.clone());
                    tasks.spawn(connection(stream, router, stop, seat, limits));
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
    seat: ConnectionSlot,
    limits: ServerLimits,
) {
    let seat = Arc::new(seat);
    let left = seat.left().clone();
    let answering = TowerToHyperService::new(router);
    let service = service_fn(move |request| {
        let (seat, answering) = (Arc::clone(&seat), answering.clone());
        async move {
            seat.busy();
            let answer = answering.call(request).await;
            seat.idle();
            answer
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(MAX_READ);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // A reader who leaves, or is too slow, is nobody's fault and no news.
    tokio::select! {
        _ = &mut connection => return,
        () = left.cancelled() => return,
        () = stop.cancelled() => {}
        () = tokio::time::sleep(limits.life) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(limits.grace, connection).await;
}

async fn within(request: Request, next: Next, longest: Duration) -> Response {
    if let Some(refusal) = too_large(&request) {
        return refusal.into_response();
    }
    match tokio::time::timeout(longest, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => HttpError::Busy.into_response(),
    }
}

/// What announces more than any of ours needs.
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
