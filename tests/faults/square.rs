//! The server in this process, with a clock that we move, and the same book of what was due.
//!
//! One rule: it is for what takes days, or a hundred servers; nothing is killed here.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use tokio::time::sleep;

use crate::counts::Counts;
use crate::ledger::{Deed, Ledger};
use crate::own::own_word;
use crate::scene::reckon;
use crate::support::peer::{Actor, Group, Said, Server};
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
    pub ledger: Ledger,
}

impl Square {
    /// A group that one from each of these servers is in.
    pub async fn open(settings: &[(&str, &str)], servers: &[&str]) -> Self {
        let world = World::start_with(settings).await;
        let group = world.group("garden").await;
        let servers: Vec<Server> = servers.iter().map(|software| world.server(software)).collect();
        // One key does for all of them: making keys takes time.
        let first = servers[0].actor("ann");
        let mut members = vec![first.clone()];
        members.extend(servers[1..].iter().map(|server| server.twin("ann", &first)));
        for some in members.chunks(JOINS) {
            join_all(some.iter().map(|member| member.clone().follows(&group))).await;
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
        Self {
            world,
            group,
            members,
            ledger: Ledger::new(servers),
        }
    }

    /// The first member posts. `refusing`: ears that refuse what they hear for good.
    pub async fn posts(&self, text: &str, refusing: &[usize]) -> Said {
        let said = self.members[0].post(&self.group, text).await;
        let deed = Deed::of(&said, &self.group, &self.members);
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
