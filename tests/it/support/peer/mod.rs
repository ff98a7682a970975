//! A server of somebody else: it really signs, really verifies, and refuses what the real programs refuse.
//!
//! One rule: it believes nothing that its software would not believe; whatever it dislikes is a *complaint*, and a
//! world with complaints fails at its end. To add a program: a row in `software.rs`; a way of speaking: copy the
//! nearest of `threadiverse.rs`, `microblog.rs`, `wall.rs`, and so on: one file for each way of telling.

mod actor;
mod discourse;
mod door;
mod explainer;
mod ground;
mod hearing;
mod lemmy;
mod lotide;
pub mod manners;
mod microblog;
mod mobilizon;
mod mood;
mod nodebb;
mod papers;
mod peertube;
mod proof;
mod reading;
mod record;
mod software;
mod streams;
mod threadiverse;
mod verify;
mod wall;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};

use folkmoot::signature::{PrivateKey, PublicKey};
use serde_json::Value;
use tokio::task::AbortHandle;

pub use actor::{Actor, Answer};
pub use door::{HangUp, temper};
pub use ground::{Ground, LIMIT};
pub use hearing::tellings;
pub use manners::Said;
pub use mood::Mood;
pub use papers::{Reply, activity_json, redirect, status, typed};
pub use record::{Heard, Record};
pub use software::Software;

/// A group of the server under test, as others see it: by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: String,
}

impl Group {
    /// The origin of the server under test.
    pub fn base(&self) -> &str {
        self.id
            .split_once("/c/")
            .map_or(self.id.as_str(), |(base, _)| base)
    }

    pub fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }

    /// One of its collections, or its inbox.
    pub fn part(&self, part: &str) -> String {
        format!("{}/{part}", self.id)
    }

    pub fn inbox(&self) -> String {
        self.part("inbox")
    }

    /// The person that speaks for it where only a person is believed.
    pub fn steward(&self) -> String {
        format!("{}/u/{}_steward", self.base(), self.name())
    }
}

/// A programmable server on loopback. Clones are the same server.
#[derive(Clone)]
pub struct Server(pub Arc<Inner>);

pub struct Inner {
    software: &'static Software,
    base: String,
    ground: Ground,
    state: Mutex<State>,
    pub record: Record,
    /// The tasks that serve; they end with the last handle.
    tasks: Mutex<Vec<AbortHandle>>,
}

#[derive(Default)]
struct State {
    actors: BTreeMap<String, papers::Papers>,
    /// What is served at a path, besides actors.
    pages: BTreeMap<String, Reply>,
    mood: Mood,
    /// Moods for the next POSTs, before `mood` holds again.
    next: VecDeque<Mood>,
    /// Keys of others that were fetched.
    keys: HashMap<String, (String, PublicKey)>,
    /// Paths that were asked for by GET, in order.
    fetched: Vec<String>,
    minted: u64,
    /// Whether somebody here has said that RFC 9421 is taken with Ed25519: nobody may sign so to others.
    takes_ed25519: bool,
}

impl Drop for Inner {
    fn drop(&mut self) {
        for task in self.tasks.lock().unwrap().drain(..) {
            task.abort();
        }
    }
}

impl Server {
    /// A server of this software, listening from now on. Needs a tokio runtime.
    pub fn start(software: &str, ground: &Ground) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = Self(Arc::new(Inner {
            software: Software::named(software),
            base,
            ground: ground.clone(),
            state: Mutex::default(),
            record: Record::default(),
            tasks: Mutex::default(),
        }));
        server.state().takes_ed25519 = server.software().ed25519;
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let task = tokio::spawn(door::listen(listener, Arc::downgrade(&server.0)));
        server.0.tasks.lock().unwrap().push(task.abort_handle());
        ground.know(&server);
        server
    }

    /// Somebody who lives here; the same one if the name is known.
    pub fn actor(&self, name: &str) -> Actor {
        self.settle(name, "Person")
    }

    /// As [`Server::actor`], of another type: `Group`, `Service`.
    pub fn settle(&self, name: &str, kind: &str) -> Actor {
        if !self.state().actors.contains_key(name) {
            self.lodge(name, kind, self.0.ground.key());
        }
        Actor::new(self.clone(), name)
    }

    /// Somebody new who signs with the key of another: making keys takes time.
    pub fn twin(&self, name: &str, of: &Actor) -> Actor {
        self.lodge(name, "Person", of.key());
        Actor::new(self.clone(), name)
    }

    fn lodge(&self, name: &str, kind: &str, key: PrivateKey) {
        let papers = papers::Papers::new(self.0.software, &self.0.base, name, kind, key);
        self.state().actors.insert(name.to_owned(), papers);
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base(&self) -> &str {
        &self.0.base
    }

    /// Host and port: how the fediverse names this server.
    pub fn authority(&self) -> &str {
        self.0.base.trim_start_matches("http://")
    }

    pub fn software(&self) -> &'static Software {
        self.0.software
    }

    pub fn ground(&self) -> &Ground {
        &self.0.ground
    }

    /// What its people publish says that it takes RFC 9421 with Ed25519.
    pub fn takes_ed25519(&self) {
        self.state().takes_ed25519 = true;
    }

    /// From now on every connection ends without a word.
    pub fn goes_away(&self) {
        self.is(Mood::Gone);
    }

    pub fn comes_back(&self) {
        self.is(Mood::Well);
    }

    /// How it meets every POST from now on.
    pub fn is(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// How it meets the next POSTs, one each; then it is as before.
    pub fn is_next(&self, moods: impl IntoIterator<Item = Mood>) {
        self.state().next.extend(moods);
    }

    /// Serves this at a path, `/x/1`, in place of whatever is there.
    pub fn serves(&self, path: &str, reply: Reply) {
        self.state().pages.insert(path.to_owned(), reply);
    }

    /// Serves a document under its own id.
    pub fn publishes(&self, document: &Value) {
        let id = document["id"].as_str().unwrap();
        let path = self.path(id).to_owned();
        self.serves(&path, activity_json(document));
    }

    /// How often a path was asked for by GET.
    pub fn times_fetched(&self, path: &str) -> usize {
        self.state().fetched.iter().filter(|known| *known == path).count()
    }

    /// Everything that was asked for by GET, in order.
    pub fn fetched(&self) -> Vec<String> {
        self.state().fetched.clone()
    }

    /// Everything that was POSTed here, in order of arrival.
    pub fn heard(&self) -> Vec<Heard> {
        self.0.record.all()
    }

    /// Waits until something that was POSTed here is as asked for.
    ///
    /// # Panics
    /// After [`LIMIT`], with all that did arrive.
    pub async fn hears(&self, what: &str, wanted: impl Fn(&Heard) -> bool) -> Heard {
        self.0.record.wait(what, wanted).await
    }

    /// What it disliked about what it heard: each is a bug of whoever sent it.
    pub fn complaints(&self) -> Vec<String> {
        self.0.record.complaints()
    }

    /// A new id of this server: `KIND/N`, below its base.
    pub fn mint(&self, kind: &str) -> String {
        let mut state = self.state();
        state.minted += 1;
        format!("{}/{kind}/{}", self.0.base, state.minted)
    }

    /// The path (and query) of one of its own ids.
    pub fn path<'a>(&self, id: &'a str) -> &'a str {
        let own = id
            .strip_prefix(self.base())
            .unwrap_or_else(|| panic!("{id} is not on {}", self.base()));
        own.split('#').next().unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }
}
