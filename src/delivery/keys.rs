//! Our own private keys, parsed, while they are in use.
//!
//! One rule: bounded in number and time; a key that is not there is an error, never a reason to skip. It is our error: no
//! peer is blamed for it, and the log says so once, not at every try.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;

use crate::{
    signature::{KeyKind, PrivateKey},
    store::{self, Store},
};

/// Groups that speak at the same time; a parsed RSA key takes a few kilobytes.
const AT_MOST: u64 = 4_096;
/// After this long a key that was replaced is read anew.
const FOR: Duration = Duration::from_secs(600);
/// The key of our domain speaks for every group: when it is changed, whoever has read the new one refuses all of them, so it is
/// read anew soon.
const FOR_DOMAIN: Duration = Duration::from_secs(5);

/// A private key and the id under which its public half is published.
pub(super) struct Key {
    pub id: String,
    pub private: PrivateKey,
}

/// Why there is no key.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum NoKey {
    #[error("we have no key for {0}")]
    Missing(String),
    #[error("our key for {0} cannot be read")]
    Unreadable(String),
    /// Two purposes that were mixed up: a peer that cannot verify one of them would hear nothing.
    #[error("our key for {0} is of another kind")]
    OtherKind(String),
    #[error(transparent)]
    Store(Arc<store::Error>),
}

impl From<store::Error> for NoKey {
    fn from(error: store::Error) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// The cache.
pub(super) struct Keys {
    parsed: Cache<String, Arc<Key>>,
    of_domain: Cache<String, Arc<Key>>,
    /// Purposes of which the log has said that there is no key.
    told: Cache<String, ()>,
}

impl Keys {
    pub(super) fn new() -> Self {
        Self {
            parsed: Cache::builder().max_capacity(AT_MOST).time_to_live(FOR).build(),
            of_domain: Cache::builder().max_capacity(1).time_to_live(FOR_DOMAIN).build(),
            told: Cache::new(AT_MOST),
        }
    }

    /// The key for a purpose of `own_key`. Many who ask at once cause one look.
    pub(super) async fn get(&self, store: &Store, purpose: &str) -> Result<Arc<Key>, NoKey> {
        let kept = if purpose == store::DOMAIN {
            &self.of_domain
        } else {
            &self.parsed
        };
        let key = kept
            .try_get_with_by_ref(purpose, load(store, purpose))
            .await
            .map_err(|error: Arc<NoKey>| error.as_ref().clone());
        match &key {
            Ok(_) if self.told.contains_key(purpose) => self.told.invalidate(purpose).await,
            Ok(_) | Err(NoKey::Store(_)) => {}
            Err(error) => self.tell(purpose, error).await,
        }
        key
    }

    /// Lanes ask again and again: an operator hears of it the first time, until the key has been there.
    async fn tell(&self, purpose: &str, error: &NoKey) {
        if !self.told.contains_key(purpose) {
            self.told.insert(purpose.to_owned(), ()).await;
            tracing::error!(%error, purpose, "cannot sign what this group says; it waits");
        }
    }
}

async fn load(store: &Store, purpose: &str) -> Result<Arc<Key>, NoKey> {
    let own = store
        .own_key(purpose)
        .await
        .map_err(NoKey::from)?
        .ok_or_else(|| NoKey::Missing(purpose.to_owned()))?;
    let private = PrivateKey::from_pkcs8(&own.pkcs8).map_err(|_| NoKey::Unreadable(purpose.to_owned()))?;
    let is_ed25519 = private.public().kind() == KeyKind::Ed25519;
    if is_ed25519 != store::is_ed25519(purpose) {
        return Err(NoKey::OtherKind(purpose.to_owned()));
    }
    Ok(Arc::new(Key { id: own.iri, private }))
}
