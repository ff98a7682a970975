//! `stream`: many posts to few hosts, over connections that stay open; and what the same costs with other signatures.

use std::time::Duration;

use super::{Scale, fan};
use crate::floor::{self, Task};
use crate::hosts;
use crate::load::Load;
use crate::numbers::{count, ms};
use crate::plot::{Bar, Bars, Plot};
use crate::server::Server;
use crate::sheet::Reach::{AtLeast, AtMost, Nothing};
use crate::sheet::Sheet;
use crate::sink::Arrival;
use crate::world::World;

pub(super) async fn run(scale: Scale) -> anyhow::Result<Sheet> {
    let (posts, hosts): (u32, u32) = scale.of((1_000, 100), (20, 10));
    let mut sheet = Sheet::new("stream", format!("{posts} posts to {hosts} hosts"));
    sheet.figure("rate", "deliveries a second / floor", "", AtLeast(0.75));
    sheet.figure("ratio", "server + Postgres CPU / floor", "", AtMost(1.3));
    sheet.figure("inversions", "arrived out of order", "", AtMost(0.0));
    sheet.figure("duplicates", "arrived again", "", AtMost(0.0));
    sheet.figure("server_ms", "server CPU per delivery", "ms", Nothing);
    sheet.figure("postgres_ms", "Postgres CPU per delivery", "ms", Nothing);
    sheet.figure("floor_ms", "floor CPU per delivery", "ms", Nothing);
    sheet.figure("deliveries", "deliveries", "/s", Nothing);
    sheet.figure("floor_rate", "floor", "/s", Nothing);
    let mut world = World::new().await?;
    sheet.facts = Some(world.facts.clone());
    fan::make_warm_group(&world).await?;
    world.group("busy").await?;
    world.members("busy", 0..hosts).await?;
    for _ in 0..scale.few_runs() {
        let server = world.serves("all").await?;
        let mut load = world.load().await?;
        fan::warm_up(&mut world, &mut load).await?;
        let streamed = streams(&mut world, &server, &mut load, "busy", posts, hosts).await?;
        load.end().await?;
        server.stops().await?;
        let task = Task {
            inboxes: hosts::inboxes(0..hosts, world.peers.ports),
            each: usize::try_from(posts)?,
            at_once: usize::try_from(hosts)?,
            body: world.peers.sample().await?,
        };
        let floor = floor::measure(&world.dir, &task).await?;
        sheet.add("rate", streamed.rate() / floor.rate())?;
        sheet.add(
            "ratio",
            (streamed.server_each() + streamed.postgres_each()) / floor.cpu(),
        )?;
        sheet.add("inversions", count(fan::inversions(&streamed.arrivals)))?;
        sheet.add("duplicates", count(fan::duplicates(&streamed.arrivals)))?;
        sheet.add("server_ms", streamed.server_each())?;
        sheet.add("postgres_ms", streamed.postgres_each())?;
        sheet.add("floor_ms", floor.cpu())?;
        sheet.add("deliveries", streamed.rate())?;
        sheet.add("floor_rate", floor.rate())?;
    }
    world.end().await?;
    sheet.plot = Some(plot(&sheet));
    Ok(sheet)
}

/// What many posts to the same hosts came to.
pub(super) struct Streamed {
    pub(super) arrivals: Vec<Arrival>,
    began: u64,
    server: f64,
    postgres: f64,
}

impl Streamed {
    /// From the first post's first byte to the last arrival.
    fn rate(&self) -> f64 {
        let last = self.arrivals.last().map_or(0, |arrival| arrival.at);
        count(self.arrivals.len()) / (ms(last.saturating_sub(self.began)) / 1e3)
    }

    pub(super) fn server_each(&self) -> f64 {
        self.server / count(self.arrivals.len())
    }

    pub(super) fn postgres_each(&self) -> f64 {
        self.postgres / count(self.arrivals.len())
    }
}

/// One connection posts: the order of the numbers is the order of the log.
pub(super) async fn streams(
    world: &mut World,
    server: &Server,
    load: &mut Load,
    group: &str,
    posts: u32,
    hosts: u32,
) -> anyhow::Result<Streamed> {
    let due = usize::try_from(posts * hosts)?;
    load.prepare(world.threads(group, posts)).await?;
    world.peers.forget().await?;
    let before = world.usage(server)?;
    let tally = load.closed(1, Duration::from_secs(300)).await?;
    anyhow::ensure!(
        tally.accepted.len() == usize::try_from(posts)?,
        "the server takes posts too slowly"
    );
    world.peers.accepts(due, fan::patience(due)).await?;
    world.settles().await?;
    let after = world.usage(server)?;
    Ok(Streamed {
        arrivals: world.peers.arrivals().await?,
        began: tally.began,
        server: after.server_since(before),
        postgres: after.postgres_since(before),
    })
}

fn plot(sheet: &Sheet) -> Plot {
    let floor = sheet.value("floor_ms");
    Plot::Bars(Bars {
        title: format!("CPU per delivery: {}", sheet.work),
        unit: "ms",
        parts: vec!["server, or floor", "Postgres"],
        bars: vec![
            Bar::new("floor", &[floor]),
            Bar::new("server", &[sheet.value("server_ms"), sheet.value("postgres_ms")]),
        ],
        limit: Some((1.3 * floor, "1.3 x the floor".to_owned())),
    })
}
