//! An inbox that is no server at all: it takes a request, and then does to the connection what a test says.
//!
//! One rule: it knows nothing of HTTP but where a request ends; whoever needs a server that answers well takes a
//! `peer`. Its people are known to the server under test by a list of members only: nobody can fetch them.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use folkmoot::dialect::dialect_named;
use folkmoot::domain::Iri;
use folkmoot::engine::NewMember;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::support::peer::LIMIT;
use crate::support::world::World;

/// What becomes of a connection, once its request was read: its body comes along.
pub type Script = Arc<dyn Fn(TcpStream, String) -> Ended + Send + Sync>;
type Ended = Pin<Box<dyn Future<Output = ()> + Send>>;

const TAKEN: &str = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";

/// Listens until it is dropped.
pub struct RawInbox {
    host: String,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    bodies: Mutex<Vec<String>>,
    changed: watch::Sender<()>,
    open: AtomicUsize,
}

impl RawInbox {
    /// At `name`, which leads to this machine: `127.0.0.1` or `localhost`.
    pub async fn at(name: &str, script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("{name}:{}", listener.local_addr().unwrap().port());
        let seen = Arc::new(Seen::default());
        let task = tokio::spawn(listen(listener, script, Arc::clone(&seen)));
        Self { host, seen, task }
    }

    /// Host and port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Somebody whose inbox this is.
    pub fn actor(&self, name: &str) -> Iri {
        Iri::object(&format!("http://{}/u/{name}", self.host)).unwrap()
    }

    /// The bodies of all requests that were read to their end.
    pub fn bodies(&self) -> Vec<String> {
        self.seen.bodies.lock().unwrap().clone()
    }

    /// Connections of which the script has not ended.
    pub fn open(&self) -> usize {
        self.seen.open.load(Ordering::SeqCst)
    }

    /// Waits until so many requests were read.
    ///
    /// # Panics
    /// After [`LIMIT`].
    pub async fn hears(&self, requests: usize) {
        let mut changed = self.seen.changed.subscribe();
        let waited = tokio::time::timeout(LIMIT, async {
            while self.bodies().len() < requests {
                changed.changed().await.unwrap();
            }
        });
        assert!(
            waited.await.is_ok(),
            "{requests} requests, and only {}",
            self.bodies().len()
        );
    }

    /// Makes somebody a member, as a list of members does.
    pub async fn joins(&self, world: &World, name: &str, dialect: &str) -> Iri {
        self.all_join(world, &[name.to_owned()], dialect).await;
        self.actor(name)
    }

    /// As [`RawInbox::joins`], for many.
    pub async fn all_join(&self, world: &World, names: &[String], dialect: &str) {
        let member = |name: &String| NewMember {
            actor: self.actor(name),
            inbox: self.actor(&format!("{name}/inbox")),
            host: self.host.clone(),
            shared_inbox: None,
            dialect: Some(dialect_named(dialect).unwrap()),
            ear: None,
        };
        let members: Vec<_> = names.iter().map(member).collect();
        let engine = &world.house().engine;
        let mut import = engine.import("garden").await.unwrap();
        import.batch(&members.iter().collect::<Vec<_>>()).await.unwrap();
        assert_eq!(import.done().imported, members.len() as u64);
    }
}

impl Drop for RawInbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Writes this, and ends the connection.
pub fn says(text: impl Into<String>) -> Script {
    let text: Arc<str> = text.into().into();
    Arc::new(move |stream, _| Box::pin(write(stream, Arc::clone(&text))))
}

/// Writes this to the first one, and takes all others.
pub fn says_once(text: impl Into<String>) -> Script {
    let (text, rest): (Arc<str>, Arc<str>) = (text.into().into(), TAKEN.into());
    let is_first = AtomicBool::new(true);
    Arc::new(move |stream, _| {
        let says = if is_first.swap(false, Ordering::SeqCst) {
            &text
        } else {
            &rest
        };
        Box::pin(write(stream, Arc::clone(says)))
    })
}

/// Answers each request with the status that `judge` gives it.
pub fn answers(judge: impl Fn(&str) -> u16 + Send + Sync + 'static) -> Script {
    Arc::new(move |stream, body| {
        let head = format!("HTTP/1.1 {} So\r\ncontent-length: 0\r\n\r\n", judge(&body));
        Box::pin(write(stream, head.into()))
    })
}

async fn write(mut stream: TcpStream, text: Arc<str>) {
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// Writes `first`, and then `more` for ever with `pause` between, until the other side has enough.
pub fn goes_on(first: &'static str, more: &'static [u8], pause: Duration) -> Script {
    Arc::new(move |mut stream, _| {
        Box::pin(async move {
            if stream.write_all(first.as_bytes()).await.is_err() {
                return;
            }
            while stream.write_all(more).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        })
    })
}

/// Never a word, until the other side has enough.
pub fn never_answers() -> Script {
    Arc::new(|mut stream, _| {
        Box::pin(async move {
            let _ = stream.read(&mut [0; 1]).await;
        })
    })
}

/// Not a word until it is told to; then it takes what came, and all that comes later.
pub fn waits() -> (Script, watch::Sender<bool>) {
    let (go, gone) = watch::channel(false);
    let script: Script = Arc::new(move |stream, _| {
        let mut gone = gone.clone();
        Box::pin(async move {
            let _ = gone.wait_for(|gone| *gone).await;
            write(stream, TAKEN.into()).await;
        })
    });
    (script, go)
}

async fn listen(listener: TcpListener, script: Script, seen: Arc<Seen>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
        connections.spawn(async move {
            let mut stream = stream;
            let Some(body) = request(&mut stream).await else {
                return;
            };
            seen.open.fetch_add(1, Ordering::SeqCst);
            seen.bodies.lock().unwrap().push(body.clone());
            seen.changed.send_replace(());
            script(stream, body).await;
            seen.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// The body of one request.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    let mut buffer = [0; 8_192];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(body.to_owned());
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(more) => read.extend_from_slice(&buffer[..more]),
        }
    }
}
