//! Notifies the service manager (systemd's `sd_notify`); does nothing without one.

use sd_notify::NotifyState;

/// Started: addresses are bound, threads run. Whether there are figures to show is the answer of `/readyz`.
pub(crate) fn ready() {
    notify(&[NotifyState::Ready]);
}

/// The configuration is read again; [`ready`] follows.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "the service manager cannot be notified of a reload"),
    }
}

/// Work in hand is finished, and no new work begins.
pub(crate) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager cannot be notified");
    }
}
