//! What a process needs of the system: threads, its data folder, its address, and the signal to end.

use crate::configuration::Configuration;
use crate::notify;
use anyhow::Context;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long a command that ends by itself waits for its sinks.
pub(crate) const DRAIN_TIMEOUT: Duration = Duration::from_mins(10);

/// Creates the folder of the bus and the stores.
pub(crate) fn make_data_dir(city: &Configuration) -> anyhow::Result<()> {
    let folder = &city.settings.data_dir;
    std::fs::create_dir_all(folder).with_context(|| format!("`data_dir` {} cannot be made", folder.display()))
}

/// The runtime of collectors and scoreboard.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads cannot be started")
}

/// Binds an address; called before any work begins, so that a taken address is reported first.
pub(crate) async fn listen(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen on {address}: change `{key}` in shihyo.toml"))
}

/// Resolves at SIGTERM or Ctrl-C. The signals are caught from this call on, not only once the future is awaited: a
/// process may be ended as soon as it has reported that it has begun.
pub(crate) fn end_signal() -> impl Future<Output = ()> {
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    async move {
        let [terminate, interrupt] = signals.map(async |signal| match signal {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        });
        tokio::select! {
            () = terminate => {}
            () = interrupt => {}
        }
        notify::stopping();
    }
}
