//! A connection that speaks HTTP: who may send over it, and how it ends.
//!
//! One rule: whoever drops the last handle ends the connection within a moment, whatever the peer does.

use std::error::Error as StdError;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, HeaderValue};
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::rt::Executor;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};
use url::{Position, Url};

use super::Error;

/// Headers of an answer, in number and in bytes.
const MAX_HEADERS: usize = 100;
const MAX_HEAD: usize = 64 * 1024;
/// What a peer may send over HTTP/2 before we have read it: of one answer, and of all.
const STREAM_WINDOW: u32 = 128 * 1024;
const WINDOW: u32 = 1024 * 1024;
/// To say goodbye properly (TLS `close_notify`); a peer that does not listen is left without.
const GOODBYE: Duration = Duration::from_secs(1);

/// A handle of a connection.
#[derive(Debug)]
pub(super) struct Connection {
    sender: Sender,
    /// Where it leads.
    pub(super) address: IpAddr,
    alive: Arc<oneshot::Sender<()>>,
}

#[derive(Debug)]
enum Sender {
    /// HTTP/1.1: one request at a time.
    One(http1::SendRequest<Full<Bytes>>),
    /// HTTP/2: many at a time.
    Many(http2::SendRequest<Full<Bytes>>),
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The peer had closed the connection before it could begin with the request, which is as good as new.
    Untouched(Box<Request<Full<Bytes>>>),
    /// The request may have arrived; or it is none.
    Failed(Error),
}

impl Connection {
    /// Speaks HTTP over `stream`: HTTP/2 if that was agreed upon.
    pub(super) async fn over<S>(stream: S, agreed_on_http2: bool, address: IpAddr) -> Result<Self, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let io = TokioIo::new(stream);
        let (alive, gone) = oneshot::channel();
        let sender = if agreed_on_http2 {
            let (tether, tethered) = watch::channel(());
            let mut builder = http2::Builder::new(Tethered(tethered));
            builder
                .initial_stream_window_size(STREAM_WINDOW)
                .initial_connection_window_size(WINDOW);
            let (sender, connection) = builder.handshake(io).await.map_err(|_| Error::Broken)?;
            tokio::spawn(work_with_others(connection, gone, tether));
            Sender::Many(sender)
        } else {
            let mut builder = http1::Builder::new();
            builder.max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD);
            let (sender, connection) = builder.handshake(io).await.map_err(|_| Error::Broken)?;
            tokio::spawn(work(connection, gone));
            Sender::One(sender)
        };
        Ok(Self {
            sender,
            address,
            alive: Arc::new(alive),
        })
    }

    /// A further handle, if it carries several requests at a time.
    pub(super) fn share(&self) -> Option<Self> {
        match &self.sender {
            Sender::One(_) => None,
            Sender::Many(sender) => Some(Self {
                sender: Sender::Many(sender.clone()),
                address: self.address,
                alive: Arc::clone(&self.alive),
            }),
        }
    }

    /// Whether it carries several requests at a time.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.sender, Sender::Many(_))
    }

    /// Whether both are handles of one connection.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.alive, &other.alive)
    }

    pub(super) fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::One(sender) => sender.is_closed(),
            Sender::Many(sender) => sender.is_closed(),
        }
    }

    /// Whether it can carry another request, now that an answer has been read to its end.
    pub(super) async fn is_free_again(&mut self) -> bool {
        match &mut self.sender {
            Sender::One(sender) => sender.ready().await.is_ok(),
            Sender::Many(sender) => !sender.is_closed(),
        }
    }

    /// Sends `request` to `url`, in the form that the connection speaks.
    pub(super) async fn send(
        &mut self,
        url: &Url,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unanswered> {
        match &mut self.sender {
            Sender::One(sender) => send_alone(sender, url, request).await,
            Sender::Many(sender) => send_among_others(sender, url, request).await,
        }
    }
}

async fn send_alone(
    sender: &mut http1::SendRequest<Full<Bytes>>,
    url: &Url,
    mut request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, Unanswered> {
    *request.uri_mut() = parse(&url[Position::BeforePath..Position::AfterQuery])?;
    if !request.headers().contains_key(HOST) {
        let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]);
        let host = host.map_err(|_| Unanswered::Failed(Error::no_request()))?;
        request.headers_mut().insert(HOST, host);
    }
    let sent = sender.try_send_request(request).await;
    sent.map_err(|mut error| match error.take_message() {
        Some(request) => Unanswered::Untouched(Box::new(request)),
        None => Unanswered::Failed(Error::Broken),
    })
}

async fn send_among_others(
    sender: &mut http2::SendRequest<Full<Bytes>>,
    url: &Url,
    mut request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, Unanswered> {
    *request.uri_mut() = parse(&url[..Position::AfterQuery])?;
    request.headers_mut().remove(HOST); // the address says it: `:authority` (RFC 9113 §8.3.1)
    let spare = request.clone();
    let sent = sender.try_send_request(request).await;
    sent.map_err(|mut error| match error.take_message() {
        Some(request) => Unanswered::Untouched(Box::new(request)),
        None if was_left_aside(error.error()) => Unanswered::Untouched(Box::new(spare)),
        None => Unanswered::Failed(Error::Broken),
    })
}

fn parse(address: &str) -> Result<Uri, Unanswered> {
    Uri::try_from(address).map_err(|_| Unanswered::Failed(Error::no_request()))
}

/// Whether the peer says that it has not looked at the request: it is closing down (RFC 9113 §6.8), or refuses to
/// begin (§8.7). Servers close down so after some hundred requests.
fn was_left_aside(error: &hyper::Error) -> bool {
    let Some(error) = error
        .source()
        .and_then(|source| source.downcast_ref::<h2::Error>())
    else {
        return false;
    };
    let reason = error.reason();
    error.is_remote()
        && (error.is_go_away() && reason == Some(h2::Reason::NO_ERROR)
            || error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM))
}

/// Works for those who hold handles; then there is a moment for goodbye.
async fn work(connection: impl Future, gone: oneshot::Receiver<()>) {
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        _ = &mut connection => return,
        _ = gone => {}
    }
    let _ = timeout(GOODBYE, connection).await;
}

/// The same over HTTP/2, where hyper spawns tasks of its own: they end with the tether.
async fn work_with_others(
    connection: impl Future,
    mut gone: oneshot::Receiver<()>,
    tether: watch::Sender<()>,
) {
    tokio::select! {
        // Closed by the peer; answers may still be on their way.
        _ = connection => {
            let _ = gone.await;
        }
        _ = &mut gone => {}
    }
    sleep(GOODBYE).await;
    drop(tether);
}

/// Spawns what does not outlive the connection.
#[derive(Clone)]
struct Tethered(watch::Receiver<()>);

impl<F> Executor<F> for Tethered
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        let mut tether = self.0.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = task => {}
                _ = tether.changed() => {}
            }
        });
    }
}
