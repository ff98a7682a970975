//! What we know of other servers and their people: actors, keys, software, signature scheme; fetch and verify.
//!
//! One rule: an actor, and every key of it, is believed only as the document at the actor's own id says, fetched by us
//! from there. Nothing that somebody sends along counts, and a document about a key only points at the actor to ask.
//! To learn one more thing of a host: a file beside `node_info.rs`, a column in `peer`, a line below.

mod actor;
mod block;
mod class;
mod domain;
mod error;
mod fetch;
mod key_document;
mod key_id;
mod keys;
mod media_type;
mod memory;
mod node_info;
mod signer;

use std::{collections::HashSet, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use moka::future::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};

use crate::{
    config::Settings,
    dialect::{self, Evidence, Here},
    net,
    signature::{PrivateKey, PublicKey},
    store::Store,
};

pub use error::{FetchError, Untrusted};

/// How many parsed keys are kept: each takes about 2 kB.
const PARSED_KEYS: u64 = 10_000;
/// How many signers are remembered with their keys: each takes about 4 kB.
const MET: u64 = 10_000;
/// How many documents' turns, outcomes and hosts' evidence are remembered.
const REMEMBERED: u64 = 10_000;

/// Other servers and their people. Cheap to clone; all clones share what they remember.
#[derive(Clone)]
pub struct Peers(Arc<Inner>);

/// The instance actor's key, which signs what we fetch.
pub struct InstanceKey {
    /// The key id, as published.
    pub id: String,
    pub key: PrivateKey,
}

struct Inner {
    store: Store,
    client: net::Client,
    here: Here,
    instance: InstanceKey,
    blocked: HashSet<String>,
    allowed_only: HashSet<String>,
    json: dialect::Limits,
    /// For learning one signer's key, in all.
    key_time: Duration,
    /// Places for learning keys: requests wait for them.
    key_places: Semaphore,
    /// How asking a document for keys ended, while it is not asked again.
    learned: Cache<String, keys::Learned>,
    /// Domains whose keys could not be had, and people there who could not be read: until when they are not asked again, and why.
    domains_failed: Cache<String, (DateTime<Utc>, String)>,
    /// Parsed keys, by the text that was parsed: such an entry is never out of date.
    parsed: Cache<String, PublicKey>,
    /// Signers whom we have met, by their ids.
    met: Cache<String, Arc<memory::Met>>,
    /// One fetch of a document at a time.
    turns: Cache<String, Arc<Mutex<()>>>,
    /// What a host has shown, so that its every activity need not be written down.
    shown: Cache<String, Evidence>,
}

impl Peers {
    /// `client` must refuse our own authority.
    #[must_use]
    pub fn new(
        store: Store,
        client: net::Client,
        here: Here,
        instance: InstanceKey,
        settings: &Settings,
    ) -> Self {
        let limits = &settings.limits;
        Self(Arc::new(Inner {
            store,
            client,
            here,
            instance,
            blocked: settings.federation.blocked.iter().cloned().collect(),
            allowed_only: settings.federation.allowed_only.iter().cloned().collect(),
            json: dialect::Limits {
                depth: limits.json_depth,
                nodes: limits.json_nodes,
            },
            key_time: Duration::from_secs(limits.key_fetch_seconds),
            key_places: Semaphore::new(limits.key_fetches_at_once),
            learned: Cache::new(REMEMBERED),
            domains_failed: Cache::new(REMEMBERED),
            parsed: Cache::new(PARSED_KEYS),
            met: Cache::new(MET),
            turns: Cache::new(REMEMBERED),
            shown: Cache::new(REMEMBERED),
        }))
    }

    /// Waits until nobody else fetches this document.
    async fn turn(&self, document: &str) -> OwnedMutexGuard<()> {
        let turn = self.0.turns.get_with_by_ref(document, async { Arc::default() });
        turn.await.lock_owned().await
    }
}
