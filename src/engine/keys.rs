//! Keys of our own actors.

use crate::{
    dialect::Here,
    engine::Engine,
    peer::InstanceKey,
    signature::{KeyError, PrivateKey},
    store::{self, OwnKey, Store},
};

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
}

/// A new RSA key. Making one takes a tenth of a second and more, so it is done off the runtime's threads.
pub(super) async fn new_key(iri: String) -> Result<OwnKey, NoKey> {
    let key = tokio::task::spawn_blocking(PrivateKey::generate_rsa)
        .await
        .map_err(|_| KeyError::Generation)??;
    Ok(OwnKey {
        iri,
        pkcs8: key.to_pkcs8(),
        public_pem: key.public().to_pem(),
    })
}
