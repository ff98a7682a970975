//! Keys of our own actors: whoever is there without one gets one.
//!
//! One rule: a key that is there is never made anew. Of several processes that start at once, one makes it.

use crate::{
    dialect::Here,
    engine::Engine,
    peer::InstanceKey,
    signature::{KeyError, PrivateKey, PublicKey},
    store::{self, OwnKey, Store},
};

/// Groups that get their keys in one transaction.
const AT_ONCE: i64 = 500;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    #[error("the key could not be made or read: {0}")]
    Key(#[from] KeyError),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Engine {
    /// The instance actor's key; it is made on the first start.
    ///
    /// # Errors
    /// If it cannot be made, read or kept.
    pub async fn ensure_instance_key(store: &Store, here: &Here) -> Result<InstanceKey, NoKey> {
        let id = format!("{}#main-key", here.instance());
        let kept = match store.own_key("instance").await? {
            Some(kept) => kept,
            None => {
                let mut tx = store.begin().await?;
                store::insert_own_key(&mut tx, "instance", &new_key(id).await?, store.now()).await?;
                tx.commit().await.map_err(store::Error::from)?;
                // Of two processes that start at once, one key was kept.
                store.own_key("instance").await?.ok_or(store::Error::Nonsense {
                    table: "own_key",
                    column: "purpose",
                    row: "instance".to_owned(),
                })?
            }
        };
        Ok(InstanceKey {
            key: PrivateKey::from_pkcs8(&kept.pkcs8)?,
            id: kept.iri,
        })
    }

    /// Gives an Ed25519 key to every group that has none: those that an earlier version of the program has made.
    ///
    /// # Errors
    /// If one cannot be made or kept.
    pub async fn ensure_ed25519_keys(store: &Store, here: &Here) -> Result<(), NoKey> {
        let mut last = String::new();
        loop {
            let names = store.groups_without_ed25519(&last, AT_ONCE).await?;
            let Some(name) = names.last() else {
                return Ok(());
            };
            last.clone_from(name);
            let mut tx = store.begin().await?;
            // By name in every process, so that none waits for one that waits for it.
            for name in &names {
                let key = new_ed25519(here, name)?;
                let purpose = store::ed25519_of(&store::key_of_group(name));
                store::insert_own_key(&mut tx, &purpose, &key, store.now()).await?;
            }
            tx.commit().await.map_err(store::Error::from)?;
        }
    }
}

/// The key that signs for our whole domain, while it is in use.
#[derive(Clone, Debug)]
pub struct OwnDomain {
    /// Its id, too.
    pub domain: String,
    pub key: PrivateKey,
}

impl Engine {
    /// Makes the key that signs for our domain, if we have a domain and no key; one that is there is that of the domain that we
    /// have now.
    ///
    /// # Errors
    /// If it cannot be made or kept.
    pub async fn ensure_domain_key(store: &Store, here: &Here) -> Result<(), NoKey> {
        let Some(domain) = here.domain() else {
            return Ok(());
        };
        match store.own_key(store::DOMAIN).await? {
            Some(kept) if kept.iri == domain => Ok(()),
            Some(kept) => {
                let kept = OwnKey {
                    iri: domain.to_owned(),
                    ..kept
                };
                Ok(store.replace_own_key(store::DOMAIN, &kept).await?)
            }
            None => {
                let mut tx = store.begin().await?;
                let key = own(domain.to_owned(), &PrivateKey::generate_ed25519()?);
                store::insert_own_key(&mut tx, store::DOMAIN, &key, store.now()).await?;
                tx.commit().await.map_err(store::Error::from)?;
                Ok(())
            }
        }
    }

    /// A new key for our domain, in place of the one that there was; gives its public half. `None`: we have no domain.
    ///
    /// # Errors
    /// If it cannot be made or kept.
    pub async fn rotate_domain_key(&self) -> Result<Option<PublicKey>, NoKey> {
        let Some(domain) = self.here().domain() else {
            return Ok(None);
        };
        let key = PrivateKey::generate_ed25519()?;
        let new = own(domain.to_owned(), &key);
        self.store().replace_own_key(store::DOMAIN, &new).await?;
        Ok(Some(key.public().clone()))
    }

    /// The key that signs for our domain, as it is now; `None`: we have no domain.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn own_domain(&self) -> Result<Option<OwnDomain>, NoKey> {
        let Some(kept) = self.store().own_key(store::DOMAIN).await? else {
            return Ok(None);
        };
        let domain = self.here().domain().map(ToOwned::to_owned);
        let key = PrivateKey::from_pkcs8(&kept.pkcs8)?;
        Ok(domain.map(|domain| OwnDomain { domain, key }))
    }
}

/// A new RSA key. Making one takes a tenth of a second and more, so it is done off the runtime's threads.
pub(super) async fn new_key(iri: String) -> Result<OwnKey, NoKey> {
    let key = tokio::task::spawn_blocking(PrivateKey::generate_rsa)
        .await
        .map_err(|_| KeyError::Generation)??;
    Ok(own(iri, &key))
}

/// A new Ed25519 key of a group: it takes no time.
pub(super) fn new_ed25519(here: &Here, group: &str) -> Result<OwnKey, KeyError> {
    let iri = format!("{}#ed25519-key", here.group(group));
    Ok(own(iri, &PrivateKey::generate_ed25519()?))
}

fn own(iri: String, key: &PrivateKey) -> OwnKey {
    OwnKey {
        iri,
        pkcs8: key.to_pkcs8(),
        public_pem: key.public().to_pem(),
    }
}
