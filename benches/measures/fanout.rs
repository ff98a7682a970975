//! `fanout`: one post to 10,000 inboxes on as many hosts, none of which has a connection to us.

use super::{Scale, fan};
use crate::floor::{self, Task};
use crate::hosts;
use crate::numbers::count;
use crate::plot::{Bar, Bars, Plot};
use crate::sheet::Reach::{AtLeast, AtMost, Nothing};
use crate::sheet::Sheet;
use crate::world::World;

pub(super) async fn run(scale: Scale) -> anyhow::Result<Sheet> {
    let many: u32 = scale.of(10_000, 200);
    let mut sheet = Sheet::new(
        "fanout",
        format!("one post to {many} hosts, new connections, RSA-2048"),
    );
    sheet.figure("ratio", "server CPU per delivery / floor", "", AtMost(1.25));
    sheet.figure("postgres", "Postgres CPU / server CPU", "%", AtMost(5.0));
    sheet.figure("delivered", "arrived", "%", AtLeast(100.0));
    sheet.figure("duplicates", "arrived again", "", AtMost(0.0));
    sheet.figure("server_ms", "server CPU per delivery", "ms", Nothing);
    sheet.figure("postgres_ms", "Postgres CPU per delivery", "ms", Nothing);
    sheet.figure("floor_ms", "floor CPU per delivery", "ms", Nothing);
    sheet.figure("rate", "deliveries", "/s", Nothing);
    sheet.figure("floor_rate", "floor", "/s", Nothing);
    let mut world = World::new().await?;
    sheet.facts = Some(world.facts.clone());
    fan::make_warm_group(&world).await?;
    world.group("crowd").await?;
    world.members("crowd", 0..many).await?;
    for _ in 0..scale.runs() {
        once(&mut world, many, &mut sheet).await?;
    }
    world.end().await?;
    sheet.plot = Some(plot(&sheet));
    Ok(sheet)
}

async fn once(world: &mut World, many: u32, sheet: &mut Sheet) -> anyhow::Result<()> {
    let due = usize::try_from(many)?;
    let server = [world.serves("all").await?];
    let mut load = world.load().await?;
    fan::warm_up(world, &mut load).await?;
    load.prepare(world.threads("crowd", 1)).await?;
    let fanned = fan::out(world, &server, &mut load, due).await?;
    load.end().await?;
    let [server] = server;
    server.stops().await?;
    let floor = floor::measure(
        &world.dir,
        &Task {
            inboxes: hosts::inboxes(0..many, world.peers.ports),
            each: 1,
            at_once: floor::lanes(),
            body: world.peers.sample().await?,
        },
    )
    .await?;
    let duplicates = fan::duplicates(&fanned.arrivals);
    sheet.add("ratio", fanned.server_each() / floor.cpu())?;
    sheet.add("postgres", 100.0 * fanned.postgres / fanned.server)?;
    sheet.add(
        "delivered",
        100.0 * count(fanned.arrivals.len() - duplicates) / count(due),
    )?;
    sheet.add("duplicates", count(duplicates))?;
    sheet.add("server_ms", fanned.server_each())?;
    sheet.add("postgres_ms", fanned.postgres / count(due))?;
    sheet.add("floor_ms", floor.cpu())?;
    sheet.add("rate", fanned.rate())?;
    sheet.add("floor_rate", floor.rate())
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
        limit: Some((1.25 * floor, "1.25 x the floor".to_owned())),
    })
}
