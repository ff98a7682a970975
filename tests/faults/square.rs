//! The server in this process, with a clock that we move, and the same book of what was due.
//!
//! One rule: it is for what takes days, or a hundred servers; nothing is killed here.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use tokio::time::sleep;

use crate::counts::Counts;
use crate::ledger::{Deed, Ledger, Listener};
use crate::neighbours::{Neighbour, Way, settle};
use crate::own::own_word;
use crate::scene::reckon;
use crate::support::peer::{Actor, Group, Said, Server};
use crate::support::versia::{OURS, played};
use crate::support::world::World;

/// Who has backed off for long enough gets this long to be tried.
const PAUSE: Duration = Duration::from_millis(100);

/// The clock moves so far at a time: a request that is under way was signed before.
const LEAP: TimeDelta = TimeDelta::minutes(30);

/// How many join at once: the server fetches only so many keys at a time.
const JOINS: usize = 16;

pub struct Square {
    pub world: World,
    pub group: Group,
    /// Their places are the ledger's ears; the first one posts.
    pub members: Vec<Actor>,
    /// Those who speak Versia; their ears come behind.
    pub neighbours: Vec<Neighbour>,
    pub ledger: Ledger,
}

impl Square {
    /// A group that one from each of these servers is in.
    pub async fn open(settings: &[(&str, &str)], servers: &[&str]) -> Self {
        Self::open_to(settings, servers, &[]).await
    }

    /// As [`Square::open`], and to somebody of a domain of Versia by each of these ways.
    pub async fn open_to(settings: &[(&str, &str)], servers: &[&str], ways: &[Way]) -> Self {
        let neighbours = settle(ways, servers.len()).await;
        let played = played(neighbours.iter().map(|neighbour| &neighbour.domain));
        let of_versia = [("VERSIA__DOMAIN", OURS), ("VERSIA__DEV_RESOLVE", &played)];
        let of_versia = of_versia.into_iter().filter(|_| !ways.is_empty());
        let settings: Vec<_> = settings.iter().copied().chain(of_versia).collect();
        let world = World::start_with(&settings).await;
        let group = world.group("garden").await;
        let servers: Vec<Server> = servers.iter().map(|software| world.server(software)).collect();
        // One key does for all of them: making keys takes time.
        let first = servers[0].actor("ann");
        let mut members = vec![first.clone()];
        members.extend(servers[1..].iter().map(|server| server.twin("ann", &first)));
        for some in members.chunks(JOINS) {
            join_all(some.iter().map(|member| member.clone().follows(&group))).await;
        }
        for neighbour in &neighbours {
            let groups = std::slice::from_ref(&group);
            neighbour.joins(world.ground(), world.base(), groups).await;
        }
        world.settles().await;
        for server in &servers {
            server
                .0
                .record
                .heard
                .lock()
                .unwrap()
                .retain(|heard| own_word(heard).is_some());
        }
        let domains = neighbours.iter().map(Neighbour::listener);
        let ears = servers.into_iter().map(Listener::Server).chain(domains);
        Self {
            world,
            group,
            members,
            ledger: Ledger::new(ears),
            neighbours,
        }
    }

    /// The first member posts. `refusing`: ears that refuse what they hear for good.
    pub async fn posts(&self, text: &str, refusing: &[usize]) -> Said {
        let said = self.members[0].post(&self.group, text).await;
        let deed = Deed::of(&said, &self.group, &self.members, &self.neighbours);
        self.ledger.accepted_but_by(&deed, refusing);
        said
    }

    /// Moves the clock to when the next lane has backed off for long enough, until everything has arrived.
    pub async fn catches_up(&self) {
        let mut look = self.world.database.connect().await;
        while self.ledger.collect() > 0 || self.ledger.outstanding() > 0 {
            let now = self.world.ground().clock().now();
            let next = "select min(next_try) from destination where next_try > $1";
            let next: Option<DateTime<Utc>> = sqlx::query_scalar(next)
                .bind(now)
                .fetch_one(&mut look)
                .await
                .unwrap();
            if let Some(next) = next {
                self.world.advance((next - now).min(LEAP));
            }
            sleep(PAUSE).await;
        }
    }

    /// Reckons up, when nothing is due any more.
    pub async fn ends(self, causes: usize, expected: &[&str]) -> Counts {
        self.world.settles().await;
        self.ledger.collect();
        let mut look = self.world.database.connect().await;
        let counts = reckon(&self.ledger, &mut look, self.world.base(), causes).await;
        self.world.ends_loudly(expected).await;
        counts
    }
}
