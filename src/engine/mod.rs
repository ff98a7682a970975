//! The use cases: what comes in is verified, read, decided and written down, in one transaction.
//!
//! One rule: an answer is given after the commit, and a refusal leaves nothing behind. A new use case is a file here, an
//! arm in `turn`, and a story in `tests/it`.

mod admin;
mod administer;
mod albums;
mod answers;
mod batch;
mod book;
mod calls;
mod case;
mod chores;
mod content;
mod departed;
mod describing;
mod discreet;
mod door;
mod enrol;
mod face;
pub(crate) mod figures;
mod follows;
mod founding;
mod hold;
mod hand;
mod hosts;
mod import;
mod inbox;
mod keys;
mod lines;
mod lists;
mod matter;
mod members;
mod news;
mod moving;
mod notices;
mod owner;
mod places;
mod posting;
mod receipts;
mod recovery;
mod removal;
mod reports;
mod review;
mod saying;
mod sender;
mod settle;
mod turn;
mod turns;
mod verify;
mod votes;
mod waiting;

use std::sync::Arc;

pub use admin::{AdminError, Created, NewGroup, Whom};
pub use door::{Arrival, Refused};
pub use enrol::Enrolment;
pub use face::shelf;
pub use import::{Import, Imported, NewMember};
pub(crate) use notices::can_be_told;

use crate::{
    clock::Clock,
    config::Settings,
    dialect::{Here, Limits},
    peer::Peers,
    store::Store,
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
    hosts: hosts::Hosts,
    reporters: reports::Reporters,
}

impl Engine {
    /// Puts the parts together; touches nothing.
    #[must_use]
    pub fn new(store: Store, peers: Peers, here: Here, settings: Arc<Settings>) -> Self {
        let hosts = hosts::Hosts::new(settings.limits.inbox_per_minute_per_host);
        let reporters = reports::Reporters::new(settings.groups.reports_per_hour);
        let turns = turns::Turns::new(settings.database.connections, store.for_turns());
        Self(Arc::new(Parts {
            store,
            peers,
            here,
            settings,
            turns,
            hosts,
            reporters,
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

    fn hosts(&self) -> &hosts::Hosts {
        &self.0.hosts
    }

    fn reporters(&self) -> &reports::Reporters {
        &self.0.reporters
    }

    fn json_limits(&self) -> Limits {
        Limits {
            depth: self.settings().limits.json_depth,
            nodes: self.settings().limits.json_nodes,
        }
    }
}
