//! SIGTERM and SIGINT.
//!
//! One rule: the first asks us to finish, the second means at once.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Begins to listen; resolves at the first signal. From then on, a second one ends the process.
///
/// # Errors
/// If the system lets us not listen to signals.
pub(super) fn first() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (heard, mut listener) = watch::channel(false);
    tokio::spawn(async move {
        for again in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if again {
                // Whatever is committed is safe, and a private database is adopted by the next run.
                std::process::exit(1);
            }
            heard.send_replace(true);
        }
    });
    Ok(async move {
        // The sender is dropped only with the runtime.
        let _ = listener.wait_for(|heard| *heard).await;
    })
}
