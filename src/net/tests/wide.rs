//! Wide lanes: dozens of requests to one host at a time.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ALL_VERSIONS;

use super::keeper::{Keeper, Manners};
use super::tls::Authority;
use super::*;

const WINDOW: usize = 16;
const ROUNDS: usize = 5;

/// Sends rounds of a window each; all of one round are under way together.
async fn send_rounds(client: &Client, url: &Url) {
    for _ in 0..ROUNDS {
        let mut window = JoinSet::new();
        for _ in 0..WINDOW {
            let (client, url) = (client.clone(), url.clone());
            window.spawn(async move { post_wide(&client, &url).await });
        }
        while let Some(answer) = window.join_next().await {
            assert_eq!(answer.unwrap().unwrap().status, 202);
        }
    }
}

async fn post_wide(client: &Client, url: &Url) -> Result<Answer, Error> {
    let mut headers = http::HeaderMap::new();
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    headers.insert("host", host.parse().unwrap());
    headers.insert("signature", "keyId=x".parse().unwrap());
    client
        .post_in(url, headers, "{\"a\":1}".into(), Width::Wide, None)
        .await
}

/// A server of HTTP/2, and of HTTP/1.1 for who asks for it.
struct Modern {
    at: SocketAddr,
    accepted: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<(Version, String, bool)>>>,
}

impl Modern {
    /// One that closes a connection down when `most` requests have come over it.
    async fn new(authority: &Authority, most: usize) -> Self {
        let mut config = authority.everybody(ALL_VERSIONS);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let modern = Self {
            at: listener.local_addr().unwrap(),
            accepted: Arc::default(),
            heard: Arc::default(),
        };
        let (accepted, heard) = (Arc::clone(&modern.accepted), Arc::clone(&modern.heard));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                let (acceptor, heard) = (acceptor.clone(), Arc::clone(&heard));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        answer(TokioIo::new(stream), heard, most).await;
                    }
                });
            }
        });
        modern
    }

    fn inbox(&self) -> Url {
        format!("https://peer.test:{}/inbox?a=1", self.at.port())
            .parse()
            .unwrap()
    }
}

type Encrypted = TokioIo<tokio_rustls::server::TlsStream<tokio::net::TcpStream>>;

async fn answer(stream: Encrypted, heard: Arc<Mutex<Vec<(Version, String, bool)>>>, most: usize) {
    let speaks_http2 = stream.inner().get_ref().1.alpn_protocol() == Some(b"h2");
    let enough = Arc::new(tokio::sync::Semaphore::new(0));
    let counted = Arc::clone(&enough);
    let service = service_fn(move |request: Request<Incoming>| {
        let (heard, counted) = (Arc::clone(&heard), Arc::clone(&counted));
        async move {
            let (head, body) = request.into_parts();
            let whole = body.collect().await.unwrap().to_bytes();
            assert_eq!(&whole[..], b"{\"a\":1}");
            let host = head.headers.contains_key("host");
            heard
                .lock()
                .unwrap()
                .push((head.version, head.uri.to_string(), host));
            counted.add_permits(1);
            let mut response = Response::new(Full::new(bytes::Bytes::from_static(b"ok")));
            *response.status_mut() = http::StatusCode::ACCEPTED;
            Ok::<_, Infallible>(response)
        }
    });
    let most = u32::try_from(most).unwrap();
    if speaks_http2 {
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let mut connection = std::pin::pin!(connection.serve_connection(stream, service));
        tokio::select! {
            _ = &mut connection => return,
            _ = enough.acquire_many(most) => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    } else {
        let connection = hyper::server::conn::http1::Builder::new().serve_connection(stream, service);
        let _ = connection.await;
    }
}

#[tokio::test]
async fn a_window_of_connections_serves_all_rounds() {
    let peer = Keeper::new(Manners::Stays).await;
    let client = client(at_home());
    send_rounds(&client, &peer.inbox("http", "127.0.0.1")).await;
    assert_eq!(peer.requests(), WINDOW * ROUNDS);
    assert!(peer.accepted() <= WINDOW, "{}", peer.accepted());
    peer.has_open(peer.accepted()).await;
}

#[tokio::test]
async fn over_http2_one_connection_does() {
    let authority = Authority::new();
    let peer = Modern::new(&authority, 1_000).await;
    let client = Client::new(authority.trusted(), Some(Answers::new(&[&["127.0.0.1"]]))).unwrap();
    assert_eq!(post_wide(&client, &peer.inbox()).await.unwrap().status, 202);
    send_rounds(&client, &peer.inbox()).await;

    assert_eq!((peer.accepted.load(Ordering::SeqCst), client.idle()), (1, 1));
    let heard = peer.heard.lock().unwrap();
    assert_eq!(heard.len(), WINDOW * ROUNDS + 1);
    for (version, url, host) in heard.iter() {
        assert_eq!((*version, url), (Version::HTTP_2, &peer.inbox().to_string()));
        assert!(!host, "the address says it");
    }
}

/// Servers close connections down after some hundred requests. Nobody is told, and nothing is lost or sent twice.
#[tokio::test]
async fn a_server_that_closes_down_is_dialled_again() {
    let authority = Authority::new();
    let peer = Modern::new(&authority, 10).await;
    let client = Client::new(authority.trusted(), Some(Answers::new(&[&["127.0.0.1"]]))).unwrap();
    send_rounds(&client, &peer.inbox()).await;
    assert_eq!(peer.heard.lock().unwrap().len(), WINDOW * ROUNDS);
    assert!(peer.accepted.load(Ordering::SeqCst) > 1);
}

#[tokio::test]
async fn a_lane_that_is_not_wide_speaks_http_1() {
    let authority = Authority::new();
    let peer = Modern::new(&authority, 1_000).await;
    let client = Client::new(authority.trusted(), Some(Answers::new(&[&["127.0.0.1"]]))).unwrap();
    for _ in 0..3 {
        let answer = client
            .post(&peer.inbox(), http::HeaderMap::new(), "{\"a\":1}".into())
            .await;
        assert_eq!(answer.unwrap().status, 202);
    }
    let heard = peer.heard.lock().unwrap();
    let expected = (Version::HTTP_11, "/inbox?a=1".to_owned(), true);
    assert!(heard.iter().all(|one| *one == expected), "{heard:?}");
}
