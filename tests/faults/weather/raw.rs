//! Servers whose answers no HTTP library would write.
//!
//! One rule: they read a request as they should, and whoever asks for their actor gets it; only what is POSTed is met
//! with evil.

use std::sync::Arc;
use std::time::Duration;

use folkmoot::signature::{PrivateKey, Request, Scheme, sign};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::support::peer::{Ground, Group};

/// How a POST is answered (QUE02).
#[derive(Clone, Copy, Debug)]
pub enum Evil {
    /// One byte a second.
    Trickles,
    EndlessHeaders,
    /// It is taken, and then there is no end to what is said about it.
    EndlessBody,
}

pub struct Raw {
    base: String,
    key: PrivateKey,
    ground: Ground,
    task: AbortHandle,
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Raw {
    pub fn start(evil: Evil, ground: &Ground) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let listener = TcpListener::from_std(listener).unwrap();
        let key = ground.key();
        let actor = json!({
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": format!("{base}/u/eve"),
            "type": "Person",
            "preferredUsername": "eve",
            "inbox": format!("{base}/inbox"),
            "publicKey": {
                "id": format!("{base}/u/eve#key"),
                "owner": format!("{base}/u/eve"),
                "publicKeyPem": key.public().to_pem(),
            },
        });
        let actor = Arc::new(actor);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(meet(stream, evil, Arc::clone(&actor)));
            }
        });
        Self {
            base,
            key,
            ground: ground.clone(),
            task: task.abort_handle(),
        }
    }

    /// Asks to be let in. It will never know whether it was.
    pub async fn follows(&self, group: &Group) {
        let follow = json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": format!("{}/follow", self.base), "type": "Follow", "actor": self.actor(), "object": group.id,
        });
        self.says(group, &follow).await;
    }

    /// Leaves, and nothing more is due to it.
    pub async fn leaves(&self, group: &Group) {
        let follow = format!("{}/follow", self.base);
        let undo = json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": format!("{}/undo", self.base), "type": "Undo", "actor": self.actor(),
            "object": { "id": follow, "type": "Follow", "actor": self.actor(), "object": group.id },
        });
        self.says(group, &undo).await;
    }

    pub fn authority(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    fn actor(&self) -> String {
        format!("{}/u/eve", self.base)
    }

    async fn says(&self, group: &Group, document: &Value) {
        let body = document.to_string();
        let url = group.inbox().parse().unwrap();
        let request = Request {
            method: "POST",
            url: &url,
            body: Some(body.as_bytes()),
            content_type: Some("application/activity+json"),
            date: self.ground.clock().now(),
        };
        let key_id = format!("{}#key", self.actor());
        let headers = sign(Scheme::Cavage, &self.key, &key_id, &request).unwrap();
        let answer = self.ground.client().post(url).headers(headers).body(body).send();
        assert_eq!(answer.await.unwrap().status(), 202);
    }
}

/// One request, and the end of the connection.
async fn meet(mut stream: TcpStream, evil: Evil, actor: Arc<Value>) {
    let Some(head) = head(&mut stream).await else {
        return;
    };
    // Whoever we speak to may have gone: that is what this is about.
    let _ = if head.starts_with("POST ") {
        answer(&mut stream, evil).await
    } else if head.starts_with("GET /u/eve ") {
        let body = actor.to_string();
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/activity+json";
        stream
            .write_all(format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}").as_bytes())
            .await
    } else {
        let nothing = b"HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(nothing).await
    };
}

/// Reads a request and forgets its body.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let bytes = stream.read(&mut buffer).await.ok().filter(|bytes| *bytes > 0)?;
        read.extend_from_slice(&buffer[..bytes]);
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().ok())?
        });
        if body.len() >= length.unwrap_or_default() {
            return Some(head.to_owned());
        }
    }
}

async fn answer(stream: &mut TcpStream, evil: Evil) -> std::io::Result<()> {
    let chunk = [b'x'; 8192];
    match evil {
        Evil::Trickles => loop {
            for byte in b"HTTP/1.1 202 Accepted\r\nx-slow: " {
                stream.write_all(&[*byte]).await?;
                sleep(Duration::from_secs(1)).await;
            }
        },
        Evil::EndlessHeaders => {
            stream.write_all(b"HTTP/1.1 202 Accepted\r\n").await?;
            loop {
                stream.write_all(b"x-more: ").await?;
                stream.write_all(&chunk[..1000]).await?;
                stream.write_all(b"\r\n").await?;
            }
        }
        Evil::EndlessBody => {
            stream
                .write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 10000000000\r\n\r\n")
                .await?;
            loop {
                stream.write_all(&chunk).await?;
            }
        }
    }
}
