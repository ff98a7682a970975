//! The door: accepting connections, and closing them.
//!
//! One rule: nothing that a caller does or leaves undone holds a connection for longer than the settings say (PAR14,
//! PAR17). HTTP/1.1 only: a proxy in front speaks the rest.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tower::ServiceExt;

use crate::{
    config::Settings,
    web::watch::{Doing, Patience, Watched},
};

/// Connections at once; more wait to be accepted, at most as long as a silent one is kept.
const CONNECTIONS: usize = 4_096;
/// Fields in a header, and bytes of all of it.
const HEADERS: usize = 64;
const HEADER_BYTES: usize = 32 * 1024;

/// Serves until `shutdown`, then lets what has begun come to its end, for as long as the settings say.
///
/// # Errors
/// If the listener has no address any more.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    settings: &Settings,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    listener.local_addr()?;
    let patience = Patience::of(&settings.limits);
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let (stop, stopping) = watch::channel(());
    let mut open = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, accept(&listener).await)
        };
        let (slot, (stream, caller)) = tokio::select! {
            () = &mut shutdown => break,
            next = next => next,
        };
        let talk = converse(stream, caller, app.clone(), patience, stopping.clone());
        open.spawn(async move {
            let _slot = slot;
            talk.await;
        });
        while open.try_join_next().is_some() {}
    }
    drop(listener);
    drop(stop);
    let end = async { while open.join_next().await.is_some() {} };
    let grace = Duration::from_secs(settings.limits.shutdown_seconds);
    if tokio::time::timeout(grace, end).await.is_err() {
        tracing::warn!(open = open.len(), "connections were still open when time was up");
    }
    Ok(())
}

/// The next connection. What goes wrong is either the caller's (gone again) or ours for a while (no descriptors left).
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// One connection, request by request.
async fn converse(
    stream: TcpStream,
    caller: SocketAddr,
    app: Router,
    patience: Patience,
    mut stopping: watch::Receiver<()>,
) {
    // Answers are written whole; waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let doing = Doing::default();
    let io = TokioIo::new(Watched::new(stream, doing.clone(), patience));
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        doing.begin();
        request.extensions_mut().insert(ConnectInfo(caller));
        let (app, doing) = (app.clone(), doing.clone());
        async move {
            let response = app.oneshot(request.map(Body::new)).await?;
            Ok::<_, Infallible>(response.map(|body| doing.until_sent(body)))
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            // `Watched` keeps the time: hyper's own clock runs between requests, too.
            .header_read_timeout(None)
            .max_headers(HEADERS)
            .max_header_size(HEADER_BYTES)
            .serve_connection(io, service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}
