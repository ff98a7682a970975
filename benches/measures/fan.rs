//! One post to many: sent, waited for, and what that cost. What most benches do.
//!
//! One rule: it is over when everybody has it and every cursor says so.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::sleep;

use crate::load::{Load, Sent};
use crate::numbers::{count, ms};
use crate::server::Server;
use crate::sink::Arrival;
use crate::world::World;

/// A group with one member, on a host of its own: its posts warm a server up and show what is sent.
const WARM: &str = "warm";
const WARM_HOST: u32 = 0x00d0_0000;
/// A server that has started has a few things to do.
const QUIET: Duration = Duration::from_millis(1500);

/// What one post came to.
pub(super) struct Fanned {
    pub(super) sent: Sent,
    /// What was accepted, in order.
    pub(super) arrivals: Vec<Arrival>,
    /// Milliseconds of CPU.
    pub(super) server: f64,
    pub(super) postgres: f64,
}

impl Fanned {
    /// Deliveries a second, from the post's answer to the last arrival.
    pub(super) fn rate(&self) -> f64 {
        let last = self.arrivals.last().map_or(0, |arrival| arrival.at);
        let seconds = ms(last.saturating_sub(self.sent.answered)) / 1e3;
        count(self.arrivals.len()) / seconds
    }

    /// Milliseconds from the post's answer to each arrival at hosts below `end`.
    pub(super) fn waits(&self, end: u32) -> Vec<f64> {
        let here = self.arrivals.iter().filter(|arrival| arrival.host < end);
        here.map(|arrival| ms(arrival.at.saturating_sub(self.sent.answered)))
            .collect()
    }

    /// Milliseconds of the server's CPU per delivery.
    pub(super) fn server_each(&self) -> f64 {
        self.server / count(self.arrivals.len())
    }
}

/// Makes the group that [`warm_up`] posts to.
pub(super) async fn make_warm_group(world: &World) -> anyhow::Result<()> {
    world.group(WARM).await?;
    world.members(WARM, WARM_HOST..WARM_HOST + 1).await
}

/// A post to one, so that the author's key is known, the code is in memory and a connection to the database is open;
/// then a moment of rest.
pub(super) async fn warm_up(world: &mut World, load: &mut Load) -> anyhow::Result<()> {
    world.peers.forget().await?;
    load.prepare(world.threads(WARM, 1)).await?;
    load.one().await?;
    world.peers.accepts(1, Duration::from_secs(60)).await?;
    world.settles().await?;
    sleep(QUIET).await;
    Ok(())
}

/// The next post that `load` has, and everything until it has arrived `due` times.
pub(super) async fn out(
    world: &mut World,
    servers: &[Server],
    load: &mut Load,
    due: usize,
) -> anyhow::Result<Fanned> {
    world.peers.forget().await?;
    let before = world.usage_of(servers)?;
    let sent = load.one().await?;
    world.peers.accepts(due, patience(due)).await?;
    world.settles().await?;
    let after = world.usage_of(servers)?;
    let arrivals = world.peers.arrivals().await?;
    Ok(Fanned {
        sent,
        arrivals: arrivals.into_iter().filter(|one| one.status == 202).collect(),
        server: after.server_since(before),
        postgres: after.postgres_since(before),
    })
}

/// Far more than it should take.
pub(super) fn patience(due: usize) -> Duration {
    Duration::from_secs(60) + Duration::from_millis(20) * u32::try_from(due).unwrap_or(u32::MAX)
}

/// How often somebody got something again.
pub(super) fn duplicates(arrivals: &[Arrival]) -> usize {
    let different: HashSet<(u32, u32)> = arrivals.iter().map(|one| (one.host, one.post)).collect();
    arrivals.len() - different.len()
}

/// How often a host got a post after one with a higher number.
pub(super) fn inversions(arrivals: &[Arrival]) -> usize {
    let mut last: HashMap<u32, u32> = HashMap::new();
    let late = |one: &&Arrival| {
        last.insert(one.host, one.post)
            .is_some_and(|before| before > one.post)
    };
    arrivals.iter().filter(late).count()
}
