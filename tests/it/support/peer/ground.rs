//! What all servers of one world share: the clock, keys, a client, and what was answered to them.
//!
//! One rule: nothing in here waits for a time of day; what waits, waits for something to happen, at most [`LIMIT`].

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use folkmoot::clock::Clock;
use folkmoot::signature::PrivateKey;

use super::{Inner, Server};

/// How long anything that must happen may take. Generous: it is reached only by what never comes.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Making an RSA key takes a tenth of a second, so a process keeps what it made; within a world no two are equal.
static KEYS: Mutex<Vec<PrivateKey>> = Mutex::new(Vec::new());

#[derive(Clone)]
pub struct Ground(Arc<Shared>);

struct Shared {
    clock: Clock,
    client: reqwest::Client,
    handed_out: Mutex<usize>,
    servers: Mutex<Vec<Weak<Inner>>>,
    failures: Mutex<Vec<String>>,
}

impl Ground {
    pub fn new(clock: Clock) -> Self {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(LIMIT)
            .build()
            .unwrap();
        Self(Arc::new(Shared {
            clock,
            client,
            handed_out: Mutex::default(),
            servers: Mutex::default(),
            failures: Mutex::default(),
        }))
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// For requests to the server under test: no proxy, no redirects.
    pub fn client(&self) -> &reqwest::Client {
        &self.0.client
    }

    /// An RSA key that nobody else in this world has.
    pub fn key(&self) -> PrivateKey {
        let mut handed_out = self.0.handed_out.lock().unwrap();
        let mut keys = KEYS.lock().unwrap();
        if keys.len() == *handed_out {
            keys.push(PrivateKey::generate_rsa().unwrap());
        }
        *handed_out += 1;
        keys[*handed_out - 1].clone()
    }

    /// Notes an answer of the server under test: 5xx is never right, but 503 with `Retry-After`.
    pub fn note(&self, what: &str, answer: &reqwest::Response) {
        let busy = answer.status() == 503 && answer.headers().contains_key("retry-after");
        if answer.status().is_server_error() && !busy {
            let line = format!("{} to {what}", answer.status());
            self.0.failures.lock().unwrap().push(line);
        }
    }

    /// Answers of 5xx that were noted.
    pub fn failures(&self) -> Vec<String> {
        self.0.failures.lock().unwrap().clone()
    }

    /// The servers of this world that still live.
    pub fn servers(&self) -> Vec<Server> {
        let known = self.0.servers.lock().unwrap();
        known.iter().filter_map(Weak::upgrade).map(Server).collect()
    }

    pub(super) fn know(&self, server: &Server) {
        self.0.servers.lock().unwrap().push(Arc::downgrade(&server.0));
    }
}
