//! The database of one process: one of the operator's own, or the private cluster.
//!
//! One rule: whoever opens it closes it, on every way out. A private cluster that nobody closes keeps running.

use std::time::Duration;

use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};

use crate::clock::Clock;
use crate::cluster::{Cluster, Options};
use crate::config::Settings;
use crate::store::{Origin, Store};

/// How long connections may take to come back before we leave without them.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often we look whether the private cluster still answers.
const LOOK: Duration = Duration::from_secs(1);

/// A database with its schema up to date.
#[derive(Debug)]
pub struct Database {
    cluster: Mutex<Option<Cluster>>,
    pub store: Store,
}

impl Database {
    /// Connects to `database.url`, else starts or joins the private cluster in `data_dir`; then migrates.
    ///
    /// # Errors
    /// In words for an operator. Whatever was opened by then is closed again.
    pub async fn open(settings: &Settings, clock: Clock) -> anyhow::Result<Self> {
        let cluster = match settings.database.url {
            Some(_) => None,
            None => Some(private(settings).await?),
        };
        match connect(settings, cluster.as_ref(), clock).await {
            Ok(store) => Ok(Self {
                cluster: Mutex::new(cluster),
                store,
            }),
            Err(error) => {
                leave(cluster).await;
                Err(error)
            }
        }
    }

    /// Closes every connection, then lets go of the private cluster: the last one to do so stops it.
    pub async fn close(self) {
        if timeout(PATIENCE, self.store.close()).await.is_err() {
            tracing::warn!("connections to the database are still in use; leaving them");
        }
        leave(self.cluster.into_inner()).await;
    }

    /// Looks after the private cluster for as long as it is polled: one that has died is started again. A database of the
    /// operator's own is theirs to look after.
    pub async fn look_after(&self, settings: &Settings) {
        if settings.database.url.is_some() {
            return std::future::pending().await;
        }
        loop {
            sleep(LOOK).await;
            if self.store.ping().await.is_err() && self.store.ping().await.is_err() {
                self.revive(settings).await;
            }
        }
    }

    async fn revive(&self, settings: &Settings) {
        let mut cluster = self.cluster.lock().await;
        // Whoever starts it must not find it held by us.
        drop(cluster.take());
        match private(settings).await {
            Ok(revived) => {
                tracing::warn!("the private Postgres did not answer; it is running again");
                *cluster = Some(revived);
            }
            Err(error) => {
                tracing::error!(%error, "the private Postgres does not answer and could not be started")
            }
        }
    }
}

async fn private(settings: &Settings) -> anyhow::Result<Cluster> {
    let options = Options {
        data_dir: &settings.data_dir,
        binaries: settings.database.binaries.as_deref(),
        throwaway: false,
    };
    Ok(Cluster::open(options).await?)
}

async fn connect(settings: &Settings, cluster: Option<&Cluster>, clock: Clock) -> anyhow::Result<Store> {
    let url = settings.database.url.as_deref().map(Origin::Url);
    let socket = cluster.map(|cluster| Origin::Socket {
        dir: cluster.socket_dir(),
        user: cluster.user(),
        database: cluster.database(),
    });
    let Some(origin) = url.or(socket) else {
        anyhow::bail!("there is neither a `database.url` nor a private cluster");
    };
    let store = Store::connect(&origin, settings.database.connections, clock).await?;
    if let Err(error) = store.migrate().await {
        store.close().await;
        return Err(error.into());
    }
    Ok(store)
}

async fn leave(cluster: Option<Cluster>) {
    if let Some(cluster) = cluster
        && let Err(error) = cluster.close().await
    {
        tracing::warn!(%error, "the private database could not be stopped");
    }
}
