//! `nodes`: one database, and one, two, four processes that deliver from it.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Scale, fan};
use crate::gauge;
use crate::load::Load;
use crate::numbers::{count, ms};
use crate::plot::{Bar, Bars, Plot};
use crate::server::Server;
use crate::sheet::Reach::{AtLeast, AtMost, Nothing};
use crate::sheet::Sheet;
use crate::world::World;

const PROCESSES: [u32; 3] = [1, 2, 4];
/// Postgres takes a hundred connections: all processes together must do with them.
const CONNECTIONS: u32 = 10;
/// Shards in all, as the design has them.
const SHARDS: i64 = 64;
/// Those of the small group that a killed process leaves to the others.
const FEW: u32 = 200;

pub(super) async fn run(scale: Scale) -> anyhow::Result<Sheet> {
    let many: u32 = scale.of(10_000, 200);
    let mut sheet = Sheet::new(
        "nodes",
        format!("one post to {many} hosts by 1, 2 and 4 delivery processes"),
    );
    for processes in &PROCESSES[1..] {
        sheet.figure(
            format!("kept_{processes}"),
            format!("rate of {processes} processes / of one"),
            "%",
            AtLeast(90.0),
        );
    }
    sheet.figure("duplicates", "arrived again, nobody killed", "", AtMost(0.0));
    sheet.figure(
        "handover",
        "from kill -9 of one of two until all have the next post",
        "s",
        AtMost(3.0),
    );
    sheet.figure(
        "kill_duplicates",
        "arrived again after the kill, per host",
        "",
        AtMost(1.0),
    );
    for processes in PROCESSES {
        let what = format!("deliveries, {processes} processes");
        sheet.figure(format!("rate_{processes}"), what, "/s", Nothing);
    }
    for processes in PROCESSES {
        let what = format!("server CPU per delivery, {processes} processes");
        sheet.figure(format!("cpu_{processes}"), what, "ms", Nothing);
    }
    let mut world = World::with_connections(CONNECTIONS).await?;
    sheet.facts = Some(world.facts.clone());
    fan::make_warm_group(&world).await?;
    for (group, hosts) in [("crowd", many), ("few", FEW.min(many))] {
        world.group(group).await?;
        world.members(group, 0..hosts).await?;
    }
    for _ in 0..scale.few_runs() {
        let mut duplicates = 0;
        for processes in PROCESSES {
            duplicates += rate(&mut world, processes, many, &mut sheet).await?;
        }
        sheet.add("duplicates", count(duplicates))?;
        handover(&mut world, FEW.min(many), &mut sheet).await?;
    }
    let one = sheet.value("rate_1");
    for processes in &PROCESSES[1..] {
        let rate = sheet.value(&format!("rate_{processes}"));
        sheet.add(&format!("kept_{processes}"), 100.0 * rate / one)?;
    }
    world.end().await?;
    sheet.plot = Some(plot(&sheet));
    Ok(sheet)
}

/// How fast so many processes are together. Gives how many arrivals were duplicates.
async fn rate(world: &mut World, processes: u32, many: u32, sheet: &mut Sheet) -> anyhow::Result<usize> {
    let (web, nodes, mut load) = starts(world, processes).await?;
    load.prepare(world.threads("crowd", 1)).await?;
    let fanned = fan::out(world, &nodes, &mut load, usize::try_from(many)?).await?;
    load.end().await?;
    for server in nodes.into_iter().chain([web]) {
        server.stops().await?;
    }
    sheet.add(&format!("rate_{processes}"), fanned.rate())?;
    sheet.add(&format!("cpu_{processes}"), fanned.server_each())?;
    Ok(fan::duplicates(&fanned.arrivals))
}

/// One of two is killed; the next post is for everybody all the same.
async fn handover(world: &mut World, hosts: u32, sheet: &mut Sheet) -> anyhow::Result<()> {
    let (web, mut nodes, mut load) = starts(world, 2).await?;
    let due = usize::try_from(hosts)?;
    load.prepare(world.threads("few", 2)).await?;
    fan::out(world, &nodes, &mut load, due).await?;
    world.peers.forget().await?;
    if let Some(victim) = nodes.pop() {
        victim.kills().await?;
    }
    let killed = gauge::monotonic()?;
    load.one().await?;
    world.peers.accepts(due, Duration::from_secs(60)).await?;
    world.settles().await?;
    let arrivals = world.peers.arrivals().await?;
    load.end().await?;
    for server in nodes.into_iter().chain([web]) {
        server.stops().await?;
    }
    let mut firsts: HashMap<u32, u64> = HashMap::new();
    for arrival in &arrivals {
        firsts.entry(arrival.host).or_insert(arrival.at);
    }
    let last = firsts.values().copied().max().unwrap_or_default();
    sheet.add("handover", ms(last.saturating_sub(killed)) / 1e3)?;
    sheet.add("kill_duplicates", count(fan::duplicates(&arrivals)) / count(due))
}

/// One that answers and so many that deliver, each with its share of the shards.
async fn starts(world: &mut World, processes: u32) -> anyhow::Result<(Server, Vec<Server>, Load)> {
    let web = world.serves("web").await?;
    let mut nodes = Vec::new();
    for _ in 0..processes {
        nodes.push(world.serves("delivery").await?);
    }
    shared_out(world, i64::from(processes)).await?;
    let mut load = world.load().await?;
    fan::warm_up(world, &mut load).await?;
    Ok((web, nodes, load))
}

/// Waits until every process has nearly its share.
async fn shared_out(world: &mut World, processes: i64) -> anyhow::Result<()> {
    let least = "select coalesce(min(held), 0) * count(*) from (
                     select count(*) as held from pg_locks where locktype = 'advisory' and granted
                     group by pid having count(*) > 1) as holders";
    let begun = Instant::now();
    loop {
        // The smallest share times the number of shares: all shards, if the shares are equal.
        let fair = world.database.number(least).await?;
        let holders = world
            .database
            .number(
                "select count(*) from (select pid from pg_locks where locktype = 'advisory' and granted
                 group by pid having count(*) > 1) as holders",
            )
            .await?;
        if holders >= processes && fair >= SHARDS * 3 / 4 {
            return Ok(());
        }
        anyhow::ensure!(
            begun.elapsed() < Duration::from_secs(120),
            "{processes} processes do not share out the shards: {holders} hold any"
        );
        sleep(Duration::from_millis(200)).await;
    }
}

fn plot(sheet: &Sheet) -> Plot {
    let bars = PROCESSES.map(|processes| {
        let name = match processes {
            1 => "1 process".to_owned(),
            many => format!("{many} processes"),
        };
        Bar::new(name, &[sheet.value(&format!("rate_{processes}"))])
    });
    Plot::Bars(Bars {
        title: format!("Deliveries a second: {}", sheet.work),
        unit: "/s",
        parts: vec!["deliveries"],
        bars: bars.into(),
        limit: Some((0.9 * sheet.value("rate_1"), "90 % of one".to_owned())),
    })
}
