//! Wiring: what one process opens, and in which order it lets go again.
//!
//! One rule: every process builds its rooms in [`open`], the server and a command beside it alike, so a command does
//! what the server would do. A room that works for as long as the server runs is a line in [`House::serve`].

mod database;
mod descriptors;
mod metrics;

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{anyhow, bail};
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use url::Host;

pub use database::Database;
pub use descriptors::raise as raise_descriptors;

use crate::clock::Clock;
use crate::config::Settings;
use crate::delivery::{self, Delivery};
use crate::dialect::Here;
use crate::engine::Engine;
use crate::net::{Client, Limits, Rules};
use crate::peer::{InstanceKey, Peers};
use crate::store::{self, Store, Walls};
use crate::web;

/// Rooms keep to `limits.shutdown_seconds` by themselves; this much later we leave without them.
const GRACE: Duration = Duration::from_secs(2);

/// What a process does, where several share one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    All,
    /// Answers requests.
    Web,
    /// Delivers, and does what is to be done by the clock.
    Delivery,
}

/// The rooms of one process, wired.
pub struct House {
    database: Database,
    client: Client,
    pub store: Store,
    pub peers: Peers,
    pub engine: Engine,
    pub here: Here,
    pub settings: Arc<Settings>,
}

/// Opens the database, brings it up to date, and wires the rooms. Nothing listens and nothing is sent yet.
///
/// # Errors
/// In words for an operator. Whatever was opened by then is closed again.
pub async fn open(settings: Arc<Settings>, clock: Clock) -> anyhow::Result<House> {
    let here = here(&settings);
    let client = Client::new(rules(&settings, &here), None)?;
    let database = Database::open(&settings, clock).await?;
    let store = database.store.clone();
    let key = match own_keys(&store, &here).await {
        Ok(key) => key,
        Err(error) => {
            database.close().await;
            return Err(error);
        }
    };
    let peers = Peers::new(store.clone(), client.clone(), here.clone(), key, &settings);
    let engine = Engine::new(store.clone(), peers.clone(), here.clone(), Arc::clone(&settings));
    Ok(House {
        database,
        client,
        store,
        peers,
        engine,
        here,
        settings,
    })
}

/// Takes the address that `role` listens on, if it listens.
///
/// # Errors
/// If the address cannot be had.
pub async fn bind(settings: &Settings, role: Role) -> anyhow::Result<Option<TcpListener>> {
    if role == Role::Delivery {
        return Ok(None);
    }
    let listen = settings.server.listen;
    match TcpListener::bind(listen).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) => bail!(
            "cannot listen on {listen} (`server.listen`): {error}. Is a server running there already? If so, stop it or \
             choose another port"
        ),
    }
}

/// The key of the instance actor; made at the first start, and with it the address that this database belongs to. Groups
/// that lack a key get theirs.
async fn own_keys(store: &Store, here: &Here) -> anyhow::Result<InstanceKey> {
    let key = Engine::ensure_instance_key(store, here).await?;
    if !key.id.starts_with(&format!("{}/", here.base())) {
        bail!(
            "this database belongs to another address: an id in it is {}, and `server.public_url` is {}. Ids never change: \
             set `server.public_url` back, or begin anew with another `data_dir` or database",
            key.id,
            here.base(),
        );
    }
    Engine::ensure_ed25519_keys(store, here).await?;
    keeps_its_domain(store, here).await?;
    Engine::ensure_domain_key(store, here).await?;
    Ok(key)
}

/// The domain is part of every reference that others keep: where somebody hears a group under it, it cannot be another one,
/// or none, or what they were to hear would be lost.
async fn keeps_its_domain(store: &Store, here: &Here) -> anyhow::Result<()> {
    let Some(before) = store.own_key(store::DOMAIN).await?.map(|key| key.iri) else {
        return Ok(());
    };
    if here.domain() == Some(before.as_str()) {
        return Ok(());
    }
    let hearers = store.hearers_by_domain().await?;
    if hearers > 0 {
        let now = here.domain().unwrap_or("none");
        bail!(
            "this server is `{before}` to {hearers} servers whose people hear its groups by that name, and its domain is \
             {now} now: set `versia.domain` (and `server.public_url`) back; to change it, let those members go first"
        );
    }
    Ok(())
}

/// Our ids.
pub(crate) fn here(settings: &Settings) -> Here {
    let here = Here::new(&settings.server.public_url);
    match settings.domain() {
        Some(domain) => here.speaking_for(domain),
        None => here,
    }
}

/// What the outbound client may do.
pub(crate) fn rules(settings: &Settings, here: &Here) -> Rules {
    let user_agent = format!("Folkmoot/{} (+{}/)", env!("CARGO_PKG_VERSION"), here.base());
    let outbound = descriptors::outbound();
    let played = settings.origins().clone();
    // They are on this machine: the settings have been checked.
    let players = played.values().filter_map(|url| match url.host()? {
        Host::Ipv4(address) => Some(IpNet::from(IpAddr::from(address))),
        Host::Ipv6(address) => Some(IpNet::from(IpAddr::from(address))),
        Host::Domain(_) => None,
    });
    let opened = settings.federation.allow_private_addresses.iter().copied();
    Rules {
        allow_http: settings.federation.allow_http,
        allow_private: opened.chain(players).collect(),
        played,
        allow_ports: settings.federation.allow_ports.clone(),
        own: vec![here.authority().to_owned(), settings.server.listen.to_string()],
        limits: Limits {
            total: Duration::from_secs(settings.limits.outbound_seconds),
            body: settings.limits.outbound_bytes,
            in_flight: outbound.in_flight,
            idle: outbound.idle,
            ..Limits::default()
        },
        ..Rules::strict(&user_agent)
    }
}

impl House {
    /// Whom the settings keep out.
    #[must_use]
    pub fn walls(&self) -> Walls {
        let federation = &self.settings.federation;
        Walls {
            blocked: federation.blocked.clone(),
            allowed_only: federation.allowed_only.clone(),
        }
    }

    /// Works until `shutdown`, then finishes what was begun, for at most `limits.shutdown_seconds`.
    ///
    /// Without a `listener` it answers no requests. The house stays open; see [`House::close`].
    ///
    /// # Errors
    /// If a room ends before it was asked to; the others are drained all the same.
    pub async fn serve(
        &self,
        role: Role,
        listener: Option<TcpListener>,
        shutdown: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        match self.here.domain() {
            Some(domain) => tracing::info!(domain, "Versia is on"),
            None => tracing::info!("{}", self.settings.why_no_domain()),
        }
        let stop = watch::Sender::new(false);
        let mut rooms = JoinSet::new();
        if let Some(bind) = self.settings.metrics.bind
            && let Some((listener, watched)) = metrics::begin(bind, role, &self.store, self.walls()).await
        {
            let (settings, stopped) = (Arc::clone(&self.settings), stopped(&stop));
            rooms.spawn(async move { metrics::serve(listener, watched, &settings, stopped).await });
        }
        if let Some(listener) = listener {
            rooms.spawn(self.answer(listener, stopped(&stop)));
        }
        if role != Role::Web {
            rooms.spawn(self.deliver(stopped(&stop)));
            rooms.spawn(self.do_chores(stopped(&stop)));
        }
        let outcome = tokio::select! {
            () = shutdown => Ok(()),
            () = self.database.look_after(&self.settings) => Ok(()),
            Some(ended) = rooms.join_next() => early(ended),
        };
        tracing::info!("stopping: finishing what was begun");
        stop.send_replace(true);
        self.drain(rooms).await;
        outcome
    }

    fn answer(&self, listener: TcpListener, stopped: impl Stop) -> impl Room {
        let app = web::router(self.engine.clone());
        let settings = Arc::clone(&self.settings);
        async move {
            let served = web::serve(listener, app, &settings, stopped).await;
            served.map_err(|error| anyhow!("the web server ended: {error}"))
        }
    }

    fn deliver(&self, stopped: impl Stop) -> impl Room {
        let defaults = delivery::Settings::default();
        let in_flight = descriptors::outbound().in_flight;
        let settings = delivery::Settings {
            walls: self.walls(),
            // The rest is for those who wait for an answer.
            statements: usize::try_from(self.settings.database.connections / 5)
                .unwrap_or(1)
                .max(1),
            drain: Duration::from_secs(self.settings.limits.shutdown_seconds),
            // What is read, and not sent, needs places of the client, too.
            under_way: defaults.under_way.min(in_flight / 4 * 3).max(1),
            lanes: defaults.lanes.min(in_flight / 2).max(1),
            ..delivery::Settings::default()
        };
        let delivery = Delivery::new(self.store.clone(), self.client.clone(), settings);
        async move {
            let sent = delivery.run(stopped).await;
            sent.map_err(|error| anyhow!("delivery ended: {error}"))
        }
    }

    fn do_chores(&self, stopped: impl Stop) -> impl Room {
        let engine = self.engine.clone();
        async move {
            engine.run_chores(stopped).await;
            Ok(())
        }
    }

    async fn drain(&self, mut rooms: JoinSet<anyhow::Result<()>>) {
        let patience = Duration::from_secs(self.settings.limits.shutdown_seconds) + GRACE;
        let draining = async {
            while let Some(ended) = rooms.join_next().await {
                if let Err(error) = ended.map_err(anyhow::Error::from).flatten() {
                    tracing::warn!(%error, "a room did not end well");
                }
            }
        };
        if timeout(patience, draining).await.is_err() {
            tracing::warn!(
                seconds = patience.as_secs(),
                "not everything was finished in time; what is due is sent after the next start"
            );
            rooms.shutdown().await;
        }
    }

    /// Closes the database; of those who share a private cluster, the last one stops it.
    pub async fn close(self) {
        self.database.close().await;
    }
}

/// Resolves when a room is to finish.
trait Stop: Future<Output = ()> + Send + 'static {}
impl<F: Future<Output = ()> + Send + 'static> Stop for F {}

/// Works until it is stopped.
trait Room: Future<Output = anyhow::Result<()>> + Send + 'static {}
impl<F: Future<Output = anyhow::Result<()>> + Send + 'static> Room for F {}

fn stopped(stop: &watch::Sender<bool>) -> impl Stop + use<> {
    let mut stop = stop.subscribe();
    async move {
        // The sender lives until everything is drained; if it does not, stopping is right as well.
        let _ = stop.wait_for(|stop| *stop).await;
    }
}

fn early(ended: Result<anyhow::Result<()>, JoinError>) -> anyhow::Result<()> {
    ended??;
    bail!("a part of the server ended although nobody asked it to");
}
