//! Signers whom this process has met.
//!
//! One rule: what is remembered spares questions and decides nothing. Another process may have read the actor again, or the
//! operator may have blocked its host: whoever acts upon it compares it with what is stored (`Actor::read_at`), in the
//! transaction in which it acts.

use std::sync::Arc;

use crate::{
    domain::Iri,
    peer::Peers,
    signature::{Claim, PublicKey},
    store::Actor,
};

/// An actor, and the keys with which it signed its last request that asked the store.
pub(super) struct Met {
    actor: Arc<Actor>,
    keys: Vec<(String, PublicKey)>,
}

impl Peers {
    /// The actor who signed a request, if this process remembers it with all keys that the request names, and all
    /// signatures hold.
    pub async fn remembered(&self, claims: &[Claim], claimed: &Iri) -> Option<Arc<Actor>> {
        let met = self.0.met.get(claimed.as_str()).await?;
        let holds = |claim: &Claim| {
            let key = met.keys.iter().find(|(id, _)| id == claim.key_id());
            key.is_some_and(|(_, key)| claim.verify(key).is_ok())
        };
        (!claims.is_empty() && claims.iter().all(holds)).then(|| Arc::clone(&met.actor))
    }

    pub(super) async fn remember(&self, actor: &Actor, keys: Vec<(String, PublicKey)>) {
        let met = Met {
            actor: Arc::new(actor.clone()),
            keys,
        };
        self.0.met.insert(actor.iri.to_string(), Arc::new(met)).await;
    }

    /// What is stored of an actor has changed.
    pub async fn forget(&self, actor: &Iri) {
        self.0.met.invalidate(actor.as_str()).await;
    }
}
