//! How connections end: soon, also with a peer that takes nothing more and never hangs up.

use std::io;
use std::pin::Pin;
use std::sync::Weak;
use std::task::{Context, Poll};

use http_body_util::Full;
use tokio::io::ReadBuf;
use tokio::time::{sleep, timeout};

use super::super::connection::Connection;
use super::*;

/// Takes so many bytes, and then nothing; says nothing. It lives as long as somebody holds the connection open.
struct Stalled {
    room: usize,
    _open: Arc<()>,
}

impl AsyncRead for Stalled {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Stalled {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let taken = bytes.len().min(self.room);
        self.room -= taken;
        if taken == 0 {
            Poll::Pending
        } else {
            Poll::Ready(Ok(taken))
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

/// A connection over which a request is stuck, and whether it is open.
async fn stuck(http2: bool) -> (Connection, Weak<()>) {
    let open = Arc::new(());
    let is_open = Arc::downgrade(&open);
    let stream = Stalled {
        room: 100,
        _open: open,
    };
    let address = "127.0.0.1".parse().unwrap();
    let mut connection = Connection::over(stream, http2, address).await.unwrap();
    let url = "https://peer.test/inbox".parse().unwrap();
    let mut request = http::Request::new(Full::new(vec![b'x'; 10_000].into()));
    *request.method_mut() = http::Method::POST;
    let sent = timeout(Duration::from_secs(5), connection.send(&url, request)).await;
    assert!(sent.is_err(), "nobody answers");
    (connection, is_open)
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_with_its_last_handle_whatever_the_peer_does() {
    for http2 in [false, true] {
        let (connection, is_open) = stuck(http2).await;
        let second = connection.share();
        assert_eq!(second.is_some(), http2);
        drop(connection);
        sleep(Duration::from_secs(10)).await;
        assert_eq!(is_open.upgrade().is_some(), http2, "somebody still holds it");
        drop(second);
        sleep(Duration::from_secs(2)).await;
        assert!(is_open.upgrade().is_none(), "HTTP/2: {http2}");
    }
}
