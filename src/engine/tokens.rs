//! Actor tokens: with one, a server reads at other servers what belongs to a private group of ours (FEP-db0e).
//!
//! One rule: whoever gets one may look into the group now, by their own signature; half an hour later it is worth nothing.
//! What is here is read by signature alone: a token that somebody presents to us must hold, and opens nothing more.

use std::time::Duration;

use moka::future::Cache;
use serde_json::Value;

use crate::{
    domain::Iri,
    engine::{Engine, keys::NoKey},
    signature::{self, KeyError, PrivateKey, PublicKey},
    store,
};

/// One that was given is given again for so long: it takes a signature with RSA to make.
const AGAIN: Duration = Duration::from_secs(600);
const AT_MOST: u64 = 10_000;

/// Those that were given lately, by group and actor.
pub(super) struct Tokens(Cache<(String, String), Value>);

impl Tokens {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(AT_MOST).time_to_live(AGAIN).build())
    }
}

impl Engine {
    /// A token of this group for an actor who may look into it.
    ///
    /// # Errors
    /// If the group's key cannot be had.
    pub async fn token(&self, group: &str, actor: &Iri) -> Result<Value, NoKey> {
        let known = (group.to_owned(), actor.to_string());
        let now = self.clock().now();
        if let Some(token) = self.tokens().0.get(&known).await {
            return Ok(token);
        }
        let purpose = store::key_of_group(group);
        let own = self.store().own_key(&purpose).await?.ok_or(KeyError::Malformed)?;
        let (issuer, to) = (self.here().group(group), actor.to_string());
        let token = tokio::task::spawn_blocking(move || {
            let key = PrivateKey::from_pkcs8(&own.pkcs8)?;
            signature::token(&key, &own.iri, &issuer, &to, now).map_err(|_| KeyError::Malformed)
        })
        .await
        .map_err(|_| KeyError::Generation)??;
        self.tokens().0.insert(known, token.clone()).await;
        Ok(token)
    }

    /// Whether a token that an actor presents is one that a group of ours gave them.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn gave(&self, text: &str, actor: &Iri) -> store::Result<bool> {
        let Ok(token) = serde_json::from_str::<Value>(text) else {
            return Ok(false);
        };
        let issuer = token["issuer"].as_str().unwrap_or_default();
        let Some(group) = self.here().group_meant(issuer) else {
            return Ok(false);
        };
        let own = self.store().own_key(&store::key_of_group(group)).await?;
        let key = own.and_then(|own| PublicKey::from_pem(&own.public_pem).ok());
        let now = self.clock().now();
        Ok(key.is_some_and(|key| signature::is_token(&token, issuer, actor.as_str(), &key, now)))
    }
}
