//! A server that speaks Versia: one domain, one key, its people and notes, and all that it hears.
//!
//! One rule: it really signs and really verifies, everything that it gets and everything that it fetches; what does not hold is a
//! complaint, and a test that ends with one fails ([`Domain::is_content`]).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State as Here};
use axum::response::Response;
use folkmoot::signature::{
    PrivateKey, PublicKey, domain_claim, domain_claim_of_answer, domain_key, sign_for_domain,
    written_for_domain,
};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::peer::{Answer, Ground, LIMIT};
use super::world::World;

/// The domain of the server under test.
pub const OURS: &str = "g.test";
pub const INBOX: &str = "/.versia/v0.6/inbox";
pub const METADATA: &str = "/.versia/v0.6/instance";

/// A server on loopback that plays a domain. Clones are the same one.
#[derive(Clone)]
pub struct Domain(Arc<Inner>);

struct Inner {
    name: String,
    base: String,
    state: Mutex<State>,
    serving: Mutex<Option<AbortHandle>>,
}

struct State {
    key: PrivateKey,
    /// What is served, by path: a status and a body.
    pages: BTreeMap<String, (u16, Value)>,
    heard: Vec<Value>,
    fetched: Vec<String>,
    complaints: Vec<String>,
    /// What every POST is answered with.
    status: u16,
    world: Option<(Ground, String)>,
    /// The key of the server under test, as it publishes it.
    their_key: Option<PublicKey>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.lock().unwrap().take() {
            serving.abort();
        }
    }
}

/// A world in which these domains can be found, with the server under test as [`OURS`].
pub async fn world_of(domains: &[&Domain], more: &[(&str, &str)]) -> World {
    let played: Vec<String> = domains
        .iter()
        .map(|domain| format!("{}={}", domain.name(), domain.0.base))
        .collect();
    let played = played.join(",");
    let own = [("VERSIA__DOMAIN", OURS), ("VERSIA__DEV_RESOLVE", &played)];
    let settings: Vec<_> = own.iter().chain(more).copied().collect();
    let world = World::start_with(&settings).await;
    for domain in domains {
        domain.meets(&world).await;
    }
    world
}

/// The reference to a group of the server under test.
pub fn group(name: &str) -> String {
    format!("{OURS}:group-{name}")
}

impl Domain {
    /// Listens from now on.
    pub async fn start(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let key = PrivateKey::generate_ed25519().unwrap();
        let domain = Self(Arc::new(Inner {
            name: name.to_owned(),
            base,
            state: Mutex::new(State {
                pages: BTreeMap::new(),
                key,
                heard: vec![],
                fetched: vec![],
                complaints: vec![],
                status: 202,
                world: None,
                their_key: None,
            }),
            serving: Mutex::default(),
        }));
        domain.publishes_key();
        let app = Router::new().fallback(meet).with_state(Arc::downgrade(&domain.0));
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        *domain.0.serving.lock().unwrap() = Some(serving.abort_handle());
        domain
    }

    /// From now on it takes the time from this world, and speaks with the server under test.
    async fn meets(&self, world: &World) {
        let url = format!("{}{METADATA}", world.base());
        let answer = world.get(&url, "application/vnd.versia+json").await;
        assert_eq!(answer.status(), 200);
        let metadata: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let key = domain_key(metadata["public_key"]["key"].as_str().unwrap()).unwrap();
        let mut state = self.state();
        state.their_key = Some(key);
        state.world = Some((world.ground().clone(), world.base().to_owned()));
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    fn ground(&self) -> Ground {
        self.state().world.as_ref().unwrap().0.clone()
    }

    /// The address of the server under test.
    fn there(&self, path: &str) -> String {
        format!("{}{path}", self.state().world.as_ref().unwrap().1)
    }

    pub fn key(&self) -> PrivateKey {
        self.state().key.clone()
    }

    /// What it says of itself, with its key as it is now.
    pub fn metadata(&self) -> Value {
        json!({
            "type": "InstanceMetadata", "name": "Test", "description": null, "logo": null, "banner": null,
            "software": {"name": "test", "version": "1"},
            "compatibility": {"versions": ["0.6.0"], "extensions": ["pub.versia:groups"]},
            "domain": self.name(),
            "public_key": {"algorithm": "ed25519", "key": written_for_domain(self.state().key.public())},
            "created_at": "2026-05-01T10:00:00.000Z",
        })
    }

    fn publishes_key(&self) {
        let metadata = self.metadata();
        self.serves(METADATA, 200, metadata);
    }

    /// A new key, in its metadata, too.
    pub fn rotates_key(&self) {
        self.signs_with(PrivateKey::generate_ed25519().unwrap());
        self.publishes_key();
    }

    /// Another key, of which its metadata says nothing.
    pub fn signs_with(&self, key: PrivateKey) {
        self.state().key = key;
    }

    /// Serves this at a path.
    pub fn serves(&self, path: &str, status: u16, body: Value) {
        self.state().pages.insert(path.to_owned(), (status, body));
    }

    /// What POSTs are answered with from now on.
    pub fn answers(&self, status: u16) {
        self.state().status = status;
    }

    /// Somebody who lives here: `b.test:ID`.
    pub fn user(&self, id: &str, username: &str) -> String {
        let user = json!({
            "type": "User", "id": id, "created_at": "2026-05-01T10:00:00Z", "username": username,
            "display_name": format!("{username} of {}", self.name()), "bio": null, "avatar": null, "header": null,
            "fields": [], "manually_approves_followers": false, "indexable": true,
        });
        self.serves(&format!("/.versia/v0.6/entities/User/{id}"), 200, user);
        format!("{}:{id}", self.name())
    }

    /// Somebody asks to be let into a group.
    pub fn subscribe(&self, user: &str, name: &str) -> Value {
        json!({
            "type": "pub.versia:groups/Subscribe", "created_at": "2026-05-01T10:00:00Z",
            "subscriber": user, "group": group(name),
        })
    }

    /// Somebody is let into an open group, and told so.
    pub async fn joins(&self, user: &str, name: &str) {
        self.sends(&self.subscribe(user, name)).await.is(202);
        self.hears("SubscribeAccept", |said| {
            said["type"] == "pub.versia:groups/SubscribeAccept" && said["subscriber"] == user
        })
        .await;
    }

    /// A note for a group, as an entity.
    pub fn note(&self, id: &str, author: &str, name: &str, text: &str) -> Value {
        json!({
            "type": "Note", "id": id, "created_at": "2026-05-01T10:00:01Z", "author": author, "category": "forum",
            "content": {
                "text/html": {"content": format!("<p>{text}</p>"), "remote": false},
                "text/plain": {"content": text, "remote": false},
            },
            "device": null, "group": group(name), "is_sensitive": false, "mentions": [], "previews": [],
            "quotes": null, "replies_to": null, "subject": null, "attachments": [], "extensions": {},
        })
    }

    /// Serves a note, and sends it.
    pub async fn publishes(&self, note: &Value) -> Answer {
        let id = note["id"].as_str().unwrap();
        self.serves(&format!("/.versia/v0.6/entities/Note/{id}"), 200, note.clone());
        self.sends(note).await
    }

    /// POSTs an entity, signed.
    pub async fn sends(&self, entity: &Value) -> Answer {
        self.sends_text(&entity.to_string()).await
    }

    pub async fn sends_text(&self, body: &str) -> Answer {
        let headers = self.signature("post", INBOX, body, 0);
        self.posts(INBOX, headers, body.to_owned()).await
    }

    /// The headers of a request whose time is so many seconds from now.
    pub fn signature(&self, method: &str, path: &str, body: &str, seconds: i64) -> HeaderMap {
        let now = self.ground().clock().now() + chrono::TimeDelta::seconds(seconds);
        sign_for_domain(&self.key(), self.name(), method, path, body.as_bytes(), now).unwrap()
    }

    /// POSTs bytes with these headers and no others: no content type either, as the reference implementation does.
    pub async fn posts(&self, path: &str, headers: HeaderMap, body: String) -> Answer {
        let request = self.ground().client().post(self.there(path));
        self.asks(request.headers(headers).body(body.clone()), &body)
            .await
    }

    /// GETs something, signed; what comes is signed by the server under test.
    pub async fn gets(&self, path: &str) -> Answer {
        let signed_path = path.split('?').next().unwrap_or_default();
        self.gets_with(path, self.signature("get", signed_path, "", 0))
            .await
    }

    pub async fn gets_with(&self, path: &str, headers: HeaderMap) -> Answer {
        let request = self.ground().client().get(self.there(path)).headers(headers);
        let answer = self.asks(request, path).await;
        if answer.status == 200 {
            let path = path.split('?').next().unwrap_or_default();
            let now = self.ground().clock().now();
            let claim = domain_claim_of_answer(path, &answer.headers, answer.body.as_bytes(), now).unwrap();
            let claim = claim.expect("the answer is signed");
            assert_eq!(claim.domain(), OURS);
            let key = self.state().their_key.clone().unwrap();
            assert_eq!(claim.verify(&key), Ok(()), "{}", answer.body);
        }
        answer
    }

    async fn asks(&self, request: reqwest::RequestBuilder, sent: &str) -> Answer {
        let answer = request.send().await.unwrap();
        self.ground().note(sent, &answer);
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.text().await.unwrap(),
            sent: sent.chars().take(4096).collect(),
        }
    }

    /// Everything that was POSTed here, and verified, in order.
    pub fn heard(&self) -> Vec<Value> {
        self.state().heard.clone()
    }

    /// Waits until something is heard.
    ///
    /// # Panics
    /// After [`LIMIT`], with all that was heard.
    pub async fn hears(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let looking = async {
            loop {
                if let Some(found) = self.heard().into_iter().find(&wanted) {
                    return found;
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        match tokio::time::timeout(LIMIT, looking).await {
            Ok(found) => found,
            Err(_) => panic!("{} never heard {what}, but {:#?}", self.name(), self.heard()),
        }
    }

    /// How often a path was asked for by GET.
    pub fn times_fetched(&self, path: &str) -> usize {
        let state = self.state();
        state.fetched.iter().filter(|known| *known == path).count()
    }

    /// Nothing that it got or fetched was wrong.
    pub fn is_content(&self) {
        assert_eq!(
            self.state().complaints,
            Vec::<String>::new(),
            "complaints of {}",
            self.name()
        );
    }

    fn complains(&self, what: String) {
        self.state().complaints.push(what);
    }

    /// Whether the server under test has signed this.
    fn believes(&self, method: &Method, path: &str, headers: &HeaderMap, body: &Bytes) -> bool {
        let key = self.state().their_key.clone();
        let world = self.state().world.clone();
        let (Some(key), Some((ground, _))) = (key, world) else {
            return false;
        };
        let claim = domain_claim(method.as_str(), path, headers, body, ground.clock().now());
        let verified = claim.and_then(|claim| {
            assert_eq!(claim.domain(), OURS);
            claim.verify(&key)
        });
        verified.is_ok()
    }

    fn answer(&self, request: &axum::http::request::Parts, body: &Bytes) -> Response {
        let path = request.uri.path().to_owned();
        let host = request.headers.get("host").and_then(|host| host.to_str().ok());
        if host != Some(self.name()) {
            self.complains(format!("asked as {host:?}: {path}"));
        }
        let says = |status: u16| Response::builder().status(status);
        let signed = self.believes(&request.method, &path, &request.headers, body);
        if request.method == Method::POST {
            if !signed || path != INBOX {
                self.complains(format!("POST {path}, signed: {signed}"));
                return says(401).body(Body::empty()).unwrap();
            }
            let kind = request.headers.get("content-type");
            if kind.is_none_or(|kind| kind != "application/vnd.versia+json; charset=utf-8") {
                self.complains(format!("sent as {kind:?}"));
            }
            let status = self.state().status;
            if status < 300 {
                self.state().heard.push(serde_json::from_slice(body).unwrap());
            }
            return says(status).body(Body::empty()).unwrap();
        }
        self.state().fetched.push(path.clone());
        let page = self.state().pages.get(&path).cloned();
        let Some((status, document)) = page else {
            return says(404).body(Body::empty()).unwrap();
        };
        if path != METADATA && !signed {
            self.complains(format!("GET {path} is not signed"));
        }
        let body = document.to_string();
        let mut answer = says(status).header("content-type", "application/vnd.versia+json; charset=utf-8");
        if let Some(to) = document.get("moved").and_then(Value::as_str) {
            answer = answer.header("location", to);
        }
        if path != METADATA {
            let headers = self.signature("get", &path, &body, 0);
            answer.headers_mut().unwrap().extend(headers);
        }
        answer.body(Body::from(body)).unwrap()
    }
}

async fn meet(Here(domain): Here<std::sync::Weak<Inner>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 4 << 20).await.unwrap();
    match domain.upgrade() {
        Some(domain) => Domain(domain).answer(&parts, &body),
        None => Response::builder().status(503).body(Body::empty()).unwrap(),
    }
}
