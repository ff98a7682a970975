//! A peer that keeps connections open, and counts them.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{HandshakeKind, ServerConfig};

use super::*;

const THANKS: &[u8] = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok";

/// A server on loopback that answers 202 again and again over the same connection.
pub(super) struct Keeper {
    pub(super) at: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    accepted: AtomicUsize,
    open: watch::Sender<usize>,
    requests: AtomicUsize,
    handshakes: Mutex<Vec<HandshakeKind>>,
}

/// When a peer closes a connection by itself.
#[derive(Clone, Copy)]
pub(super) enum Manners {
    Stays,
    /// After so many answers, without a word of it.
    Leaves(usize),
    /// It stays, and says nothing after so many answers in all.
    FallsSilent(usize),
}

impl Keeper {
    pub(super) async fn new(manners: Manners) -> Self {
        Self::start(manners, None).await
    }

    pub(super) async fn encrypted(config: ServerConfig) -> Self {
        Self::start(Manners::Stays, Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start(manners: Manners, acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, counts) = (listener.local_addr().unwrap(), Arc::new(Counts::default()));
        let all = Arc::clone(&counts);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (counts, acceptor) = (Arc::clone(&all), acceptor.clone());
                counts.accepted.fetch_add(1, Ordering::SeqCst);
                counts.open.send_modify(|open| *open += 1);
                tokio::spawn(async move {
                    match acceptor {
                        None => counts.keep_answering(stream, manners).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                counts.note(stream.get_ref().1.handshake_kind());
                                counts.keep_answering(stream, manners).await;
                            }
                        }
                    }
                    counts.open.send_modify(|open| *open -= 1);
                });
            }
        });
        Self { at, counts }
    }

    /// Its inbox, under a name.
    pub(super) fn inbox(&self, scheme: &str, host: &str) -> Url {
        format!("{scheme}://{host}:{}/inbox", self.at.port())
            .parse()
            .unwrap()
    }

    /// Connections so far.
    pub(super) fn accepted(&self) -> usize {
        self.counts.accepted.load(Ordering::SeqCst)
    }

    pub(super) fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }

    /// How connections were begun, in their order.
    pub(super) fn handshakes(&self) -> Vec<HandshakeKind> {
        self.counts.handshakes.lock().unwrap().clone()
    }

    /// Waits until so many connections are open.
    pub(super) async fn has_open(&self, count: usize) {
        let mut open = self.counts.open.subscribe();
        let limit = Duration::from_secs(60);
        let waited = tokio::time::timeout(limit, open.wait_for(|open| *open == count)).await;
        assert!(
            waited.is_ok(),
            "{count} should be open: {}",
            *self.counts.open.borrow()
        );
    }
}

impl Counts {
    async fn keep_answering(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin, manners: Manners) {
        let mut answers = 0;
        while hear(&mut stream).await.is_some() {
            let before = self.requests.fetch_add(1, Ordering::SeqCst);
            if matches!(manners, Manners::FallsSilent(most) if before >= most) {
                continue;
            }
            if stream.write_all(THANKS).await.is_err() || stream.flush().await.is_err() {
                return;
            }
            answers += 1;
            if matches!(manners, Manners::Leaves(most) if answers >= most) {
                return;
            }
        }
    }

    fn note(&self, handshake: Option<HandshakeKind>) {
        self.handshakes.lock().unwrap().extend(handshake);
    }
}
