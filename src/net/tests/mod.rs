//! The client against peers on loopback that say exactly what a test tells them to.
//!
//! One rule: a peer remembers every request, so that "nothing was sent" is an assertion too.

mod bounds;
mod crowds;
mod ends;
mod idle;
mod keeper;
mod names;
mod played;
mod redirects;
mod refusals;
mod sessions;
mod tls;
mod wide;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use super::*;

/// What a peer says to one request: raw bytes, and what follows them.
#[derive(Clone)]
struct Reply(Vec<u8>, Then);

#[derive(Clone, Copy)]
enum Then {
    Close,
    /// Says nothing more, and stays.
    Hold,
    /// Says these bytes again and again.
    Repeat(&'static [u8]),
}

/// A whole answer with the right length.
fn reply(status: &str, headers: &[&str], body: &str) -> Reply {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let length = body.len();
    raw(&format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    ))
}

fn raw(text: &str) -> Reply {
    Reply(text.as_bytes().to_vec(), Then::Close)
}

fn redirect(status: u16, to: &str) -> Reply {
    reply(&format!("{status} Elsewhere"), &[&format!("location: {to}")], "")
}

impl Reply {
    fn then(self, then: Then) -> Self {
        Self(self.0, then)
    }
}

type Script = Arc<dyn Fn(&str) -> Reply + Send + Sync>;
type Heard = Arc<Mutex<Vec<String>>>;

/// A server on loopback. It answers by the path that is asked for.
struct Peer {
    at: SocketAddr,
    heard: Heard,
}

impl Peer {
    async fn says(script: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, heard, script) = (
            listener.local_addr().unwrap(),
            Heard::default(),
            Arc::new(script) as Script,
        );
        let ears = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&script), Arc::clone(&ears)));
            }
        });
        Self { at, heard }
    }

    /// Answers everything alike.
    async fn always(reply: Reply) -> Self {
        Self::says(move |_| reply.clone()).await
    }

    fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.at).parse().unwrap()
    }

    /// Its URL under another name.
    fn as_host(&self, host: &str) -> Url {
        format!("http://{host}:{}/", self.at.port()).parse().unwrap()
    }

    /// The heads of all requests so far, in lower case.
    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    fn heard_paths(&self) -> Vec<String> {
        self.heard().iter().map(|head| path_of(head).to_owned()).collect()
    }
}

/// One request, one reply. A connection that ends early has said nothing.
async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, script: Script, heard: Heard) {
    let Some(head) = hear(&mut stream).await else {
        return;
    };
    let Reply(bytes, then) = script(path_of(&head));
    heard.lock().unwrap().push(head);
    if stream.write_all(&bytes).await.is_err() {
        return;
    }
    match then {
        Then::Close => {
            let _ = stream.shutdown().await;
        }
        Then::Hold => std::future::pending().await,
        Then::Repeat(bytes) => while stream.write_all(bytes).await.is_ok() {},
    }
}

async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some(head)
}

fn path_of(head: &str) -> &str {
    head.split(' ').nth(1).unwrap()
}

/// A resolver that gives its answers in turn, the last one for ever, and counts the questions.
struct Answers {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Answers {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |row: &&[&str]| row.iter().map(|ip| ip.parse().unwrap()).collect();
        Arc::new(Self {
            answers: Mutex::new(answers.iter().rev().map(parse).collect()),
            asked: Mutex::default(),
        })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Resolve for Answers {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Resolved> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 {
            answers.pop()
        } else {
            answers.last().cloned()
        };
        Box::pin(async move { answer.ok_or(Unresolved) })
    }
}

/// Plain http, 127.0.0.1 opened.
fn at_home() -> Rules {
    Rules {
        allow_http: true,
        allow_private: vec!["127.0.0.1/32".parse().unwrap()],
        ..Rules::strict("folkmoot-test (+https://groups.example)")
    }
}

/// As at home, for peers that never come to an end.
fn in_a_hurry() -> Rules {
    let limits = Limits {
        total: Duration::from_millis(300),
        ..Limits::default()
    };
    Rules { limits, ..at_home() }
}

fn client(rules: Rules) -> Client {
    Client::new(rules, Some(Answers::new(&[]))).unwrap()
}

async fn get(client: &Client, url: &Url) -> Result<Fetched, Error> {
    client.get(url, "application/activity+json", None).await
}

async fn post(client: &Client, url: &Url) -> Result<Answer, Error> {
    client
        .post(url, http::HeaderMap::new(), bytes::Bytes::from_static(b"{}"))
        .await
}
