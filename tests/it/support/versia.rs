//! A server that speaks Versia: one domain, one key, its people and notes, and all that it hears.
//!
//! One rule: it really signs and really verifies, everything that it gets and everything that it fetches; what does not hold is a
//! complaint, and a test that ends with one fails ([`Domain::is_content`]).

mod door;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use folkmoot::signature::{
    PrivateKey, PublicKey, domain_claim_of_answer, domain_key, sign_for_domain, written_for_domain,
};
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::peer::{Answer, Ground, LIMIT, Mood, Record};
use super::world::World;

/// The domain of the server under test.
pub const OURS: &str = "g.test";
pub const INBOX: &str = "/.versia/v0.6/inbox";
pub const METADATA: &str = "/.versia/v0.6/instance";

/// A server on loopback that plays a domain. Clones are the same one.
#[derive(Clone)]
pub struct Domain(pub Arc<Inner>);

pub struct Inner {
    name: String,
    base: String,
    state: Mutex<State>,
    pub record: Record,
    serving: Mutex<Option<AbortHandle>>,
}

struct State {
    key: PrivateKey,
    /// What is served, by path: a status and a body.
    pages: BTreeMap<String, (u16, Value)>,
    fetched: Vec<String>,
    complaints: Vec<String>,
    /// How every POST is met.
    mood: Mood,
    /// And before that the next ones.
    next: VecDeque<Mood>,
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
    let played = played(domains.iter().copied());
    let own = [("VERSIA__DOMAIN", OURS), ("VERSIA__DEV_RESOLVE", &played)];
    let settings: Vec<_> = own.iter().chain(more).copied().collect();
    let world = World::start_with(&settings).await;
    for domain in domains {
        domain.meets(world.ground(), world.base()).await;
    }
    world
}

/// Where these domains are, as `versia.dev_resolve` has it.
pub fn played<'a>(domains: impl IntoIterator<Item = &'a Domain>) -> String {
    let domains = domains.into_iter();
    let played: Vec<String> = domains
        .map(|domain| format!("{}={}", domain.name(), domain.0.base))
        .collect();
    played.join(",")
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
                fetched: vec![],
                complaints: vec![],
                mood: Mood::Well,
                next: VecDeque::new(),
                world: None,
                their_key: None,
            }),
            record: Record::default(),
            serving: Mutex::default(),
        }));
        domain.publishes_key();
        let serving = tokio::spawn(door::listen(listener, Arc::downgrade(&domain.0)));
        *domain.0.serving.lock().unwrap() = Some(serving.abort_handle());
        domain
    }

    /// From now on it takes the time from there, and speaks with the server at this address.
    pub async fn meets(&self, ground: &Ground, base: &str) {
        let asking = ground.client().get(format!("{base}{METADATA}"));
        let answer = asking
            .header("accept", "application/vnd.versia+json")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let metadata: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let key = domain_key(metadata["public_key"]["key"].as_str().unwrap()).unwrap();
        let mut state = self.state();
        state.their_key = Some(key);
        state.world = Some((ground.clone(), base.to_owned()));
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    pub fn ground(&self) -> Ground {
        self.state().world.as_ref().unwrap().0.clone()
    }

    /// The address of the server under test.
    pub fn there(&self, path: &str) -> String {
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

    /// How it meets every POST from now on.
    pub fn is(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// How it meets the next POSTs, one each; then it is as before.
    pub fn is_next(&self, moods: impl IntoIterator<Item = Mood>) {
        self.state().next.extend(moods);
    }

    pub fn comes_back(&self) {
        self.is(Mood::Well);
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

    /// Everything that was POSTed here, and taken, in order.
    pub fn heard(&self) -> Vec<Value> {
        let heard = self.0.record.heard.lock().unwrap();
        let taken = heard.iter().filter(|heard| heard.taken);
        taken.map(|heard| heard.document.clone()).collect()
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
            self.complaints(),
            Vec::<String>::new(),
            "complaints of {}",
            self.name()
        );
    }

    /// What was wrong with what it got or fetched.
    pub fn complaints(&self) -> Vec<String> {
        self.state().complaints.clone()
    }
}
