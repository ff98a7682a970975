//! The use cases: what comes in is verified, read, decided and written down, in one transaction.
//!
//! One rule: an answer is given after the commit, and a refusal leaves nothing behind. A new use case is a file here, an
//! arm in `turn`, and a story in `tests/it`.

mod acts;
mod admin;
mod administer;
mod albums;
mod amended;
mod announced;
mod answers;
mod batch;
mod book;
mod calls;
mod case;
mod chores;
mod clearing;
mod content;
mod departed;
mod describing;
mod discreet;
mod domain;
mod door;
mod enrol;
mod errand;
mod face;
pub(crate) mod figures;
mod follows;
mod founding;
mod grants;
mod hold;
mod hand;
mod import;
mod inbox;
mod inside;
mod invited;
mod keys;
mod lines;
mod lists;
mod marks;
mod matter;
mod members;
mod mirrors;
mod news;
mod moving;
mod notices;
mod owner;
mod places;
mod posting;
mod proposed;
mod reach;
mod receipts;
mod recovery;
mod removal;
mod reports;
mod restoring;
mod review;
mod room;
mod saying;
mod sender;
mod settle;
mod shares;
mod showing;
mod steward;
mod tokens;
mod turn;
mod turns;
mod verify;
mod votes;
mod waiting;
mod ways;

use std::{net::IpAddr, sync::Arc};

pub use admin::{AdminError, Created, NewGroup, Whom};
pub use door::{Arrival, Refused};
pub use enrol::Enrolment;
pub use face::shelf;
pub use import::{Import, Imported, NewMember};
pub use keys::{NoKey, OwnDomain};
pub(crate) use notices::can_be_told;
pub use shares::Left;
pub(crate) use shares::Shares;
pub use verify::seen_as;

use governor::Quota;
use tokio::sync::Semaphore;

use crate::{
    clock::Clock,
    config::Settings,
    dialect::{Here, Limits},
    peer::Peers,
    store::{ActorId, Store},
};

/// Everything that a use case needs. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

struct Parts {
    store: Store,
    peers: Peers,
    here: Here,
    settings: Arc<Settings>,
    turns: turns::Turns,
    /// By authority.
    hosts: Shares<String>,
    speakers: Shares<ActorId>,
    reporters: Shares<ActorId>,
    /// By address: servers that they name and that are not known here.
    callers: Shares<IpAddr>,
    asked: reach::Asked,
    /// Signatures for whole domains that were taken: they are taken once.
    replays: domain::Replays,
    /// Domains of which the log has said that they leave things out.
    sparse: domain::Sparse,
    seekers: Semaphore,
    tokens: tokens::Tokens,
    /// For documents that waited.
    waiting_places: Arc<Semaphore>,
}

impl Engine {
    /// Puts the parts together; touches nothing.
    #[must_use]
    pub fn new(store: Store, peers: Peers, here: Here, settings: Arc<Settings>) -> Self {
        let limits = &settings.limits;
        let hosts = Shares::new(
            Quota::per_minute(limits.inbox_per_minute_per_host),
            "This host has sent as many activities as one may send in a minute.",
        );
        let speakers = Shares::new(
            Quota::per_minute(limits.inbox_per_minute_per_actor),
            "This actor has posted, voted and asked as often as one may in a minute.",
        );
        let reporters = Shares::new(
            Quota::per_hour(settings.groups.reports_per_hour),
            "This actor has reported as often as one may in an hour.",
        );
        let callers = Shares::new(
            Quota::per_minute(domain::STRANGERS),
            "This address has named too many unknown servers.",
        );
        let turns = turns::Turns::new(settings.database.connections, store.for_turns());
        Self(Arc::new(Parts {
            store,
            peers,
            here,
            settings,
            turns,
            hosts,
            speakers,
            reporters,
            callers,
            asked: reach::Asked::new(),
            replays: domain::Replays::new(),
            sparse: domain::Sparse::new(),
            seekers: invited::places(),
            tokens: tokens::Tokens::new(),
            waiting_places: Arc::new(Semaphore::new(waiting::AT_ONCE)),
        }))
    }

    /// The database, for reads.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Our ids.
    #[must_use]
    pub fn here(&self) -> &Here {
        &self.0.here
    }

    /// The settings that it runs with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn peers(&self) -> &Peers {
        &self.0.peers
    }

    fn clock(&self) -> &Clock {
        self.0.store.clock()
    }

    fn turns(&self) -> &turns::Turns {
        &self.0.turns
    }

    fn hosts(&self) -> &Shares<String> {
        &self.0.hosts
    }

    fn waiting_places(&self) -> &Arc<Semaphore> {
        &self.0.waiting_places
    }

    fn tokens(&self) -> &tokens::Tokens {
        &self.0.tokens
    }

    fn seekers(&self) -> &Semaphore {
        &self.0.seekers
    }

    fn asked(&self) -> &reach::Asked {
        &self.0.asked
    }

    fn replays(&self) -> &domain::Replays {
        &self.0.replays
    }

    fn sparse(&self) -> &domain::Sparse {
        &self.0.sparse
    }

    fn speakers(&self) -> &Shares<ActorId> {
        &self.0.speakers
    }

    fn reporters(&self) -> &Shares<ActorId> {
        &self.0.reporters
    }

    fn callers(&self) -> &Shares<IpAddr> {
        &self.0.callers
    }

    fn json_limits(&self) -> Limits {
        Limits {
            depth: self.settings().limits.json_depth,
            nodes: self.settings().limits.json_nodes,
        }
    }
}
