//! A server that signs with its domain, as small as can be: it publishes its key, serves what it is given, and takes whatever comes.
//!
//! One rule: it asks and tells as the specification has it, and nothing more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use folkmoot::signature::{PrivateKey, sign_for_domain, written_for_domain};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::support::world::World;

const KIND: &str = "application/vnd.versia+json; charset=utf-8";
const INBOX: &str = "/.versia/v0.6/inbox";

pub struct Domain {
    name: &'static str,
    origin: String,
    key: PrivateKey,
    served: Served,
    serving: tokio::task::JoinHandle<()>,
}

#[derive(Clone, Default)]
struct Served(Arc<Mutex<HashMap<String, Value>>>);

impl Domain {
    pub async fn start(name: &'static str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let key = PrivateKey::generate_ed25519().unwrap();
        let served = Served::default();
        let router = Router::new()
            .route(INBOX, axum::routing::post(|| async { StatusCode::ACCEPTED }))
            .fallback(serve)
            .with_state(served.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let domain = Self {
            name,
            origin,
            key,
            served,
            serving,
        };
        let metadata = json!({
            "type": "InstanceMetadata",
            "name": name,
            "software": {"name": "peer", "version": "1.0.0"},
            "compatibility": {"versions": ["0.6.0"], "extensions": ["pub.versia:groups"]},
            "domain": name,
            "public_key": {"algorithm": "ed25519", "key": written_for_domain(&domain.key.public())},
            "created_at": "2026-05-01T10:00:00Z",
        });
        domain.serves("/.versia/v0.6/instance", metadata);
        domain
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    fn serves(&self, path: &str, document: Value) {
        let mut served = self.served.0.lock().unwrap();
        served.insert(path.to_owned(), document);
    }

    /// Somebody there, who is fetched when they first speak.
    pub fn user(&self, id: &str, username: &str, display_name: &str) {
        let user = json!({
            "type": "User", "id": id, "created_at": "2026-05-01T10:00:00Z", "username": username,
            "display_name": display_name, "fields": [], "manually_approves_followers": false, "indexable": true,
        });
        self.serves(&format!("/.versia/v0.6/entities/User/{id}"), user);
    }

    fn signed(&self, world: &World, method: &str, path: &str, body: &[u8]) -> HeaderMap {
        let now = world.ground().clock().now();
        sign_for_domain(&self.key, self.name, method, path, body, now).unwrap()
    }

    /// What it sees there: the status, and the document.
    pub async fn asks(&self, world: &World, path: &str) -> (u16, Value) {
        let path = format!("/.versia/v0.6/entities/{path}");
        let signed = path.split('?').next().unwrap();
        let url = format!("{}{path}", world.base());
        let request = world.ground().client().get(&url);
        let answer = request.headers(self.signed(world, "get", signed, b"")).send();
        let answer = answer.await.unwrap();
        world.ground().note(&url, &answer);
        let status = answer.status().as_u16();
        if status == 200 {
            assert_eq!(answer.headers()["content-type"], KIND, "{path}");
        }
        let body = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    pub async fn sees(&self, world: &World, path: &str) -> Value {
        let (status, document) = self.asks(world, path).await;
        assert_eq!(status, 200, "{path}: {document}");
        document
    }

    /// Tells us something; the status of the answer.
    pub async fn tells(&self, world: &World, entity: &Value) -> u16 {
        let body = entity.to_string();
        let mut headers = self.signed(world, "post", INBOX, body.as_bytes());
        headers.insert("content-type", KIND.parse().unwrap());
        let url = format!("{}{INBOX}", world.base());
        let request = world.ground().client().post(&url).headers(headers);
        let answer = request.body(body).send().await.unwrap();
        world.ground().note(&url, &answer);
        answer.status().as_u16()
    }

    /// Somebody there becomes a member of the garden.
    pub async fn subscribes(&self, world: &World, user: &str) {
        let subscribe = json!({
            "type": "pub.versia:groups/Subscribe", "created_at": "2026-06-01T12:00:00Z",
            "subscriber": format!("{}:{user}", self.name), "group": "forum.test:group-garden",
        });
        assert_eq!(self.tells(world, &subscribe).await, 202);
        world.settles().await;
    }

    /// A note of somebody there, for the garden.
    pub fn note(&self, id: &str, author: &str, text: &str) -> Value {
        json!({
            "type": "Note", "id": id, "created_at": "2026-06-01T12:00:00Z", "author": format!("{}:{author}", self.name),
            "content": {"text/html": {"content": text, "remote": false}}, "category": "forum",
            "group": "forum.test:group-garden", "attachments": [], "is_sensitive": false, "mentions": [],
            "previews": [], "replies_to": null, "subject": null, "quotes": null, "device": null,
        })
    }

    /// It says so, and serves it.
    pub async fn posts(&self, world: &World, note: &Value) {
        let path = format!("/.versia/v0.6/entities/Note/{}", note["id"].as_str().unwrap());
        self.serves(&path, note.clone());
        assert_eq!(self.tells(world, note).await, 202);
        world.settles().await;
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(State(served): State<Served>, uri: http::Uri) -> axum::response::Response {
    use axum::response::IntoResponse;

    let document = served.0.lock().unwrap().get(uri.path()).cloned();
    match document {
        Some(document) => ([("content-type", KIND)], document.to_string()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
