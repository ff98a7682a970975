//! `idle`: what it costs to have 10,000 hosts and nothing to tell them.

use std::time::Duration;

use tokio::time::sleep;

use super::{Scale, fan};
use crate::plot::{Bar, Bars, Plot};
use crate::sheet::Reach::{AtMost, Nothing};
use crate::sheet::Sheet;
use crate::world::World;

pub(super) async fn run(scale: Scale) -> anyhow::Result<Sheet> {
    let many: u32 = scale.of(10_000, 200);
    let watched = Duration::from_secs(scale.of(10, 3));
    // Connections that nobody needs any more are closed after a minute; that is not idleness yet.
    let rest = Duration::from_secs(scale.of(70, 2));
    let mut sheet = Sheet::new(
        "idle",
        format!(
            "{many} hosts that have everything, watched for {} s",
            watched.as_secs()
        ),
    );
    sheet.figure("cpu", "server + Postgres CPU a second", "ms", AtMost(2.0));
    sheet.figure("server", "server CPU a second", "ms", Nothing);
    sheet.figure("postgres", "Postgres CPU a second", "ms", Nothing);
    let mut world = World::new().await?;
    sheet.facts = Some(world.facts.clone());
    fan::make_warm_group(&world).await?;
    world.group("crowd").await?;
    world.members("crowd", 0..many).await?;
    let server = [world.serves("all").await?];
    let mut load = world.load().await?;
    fan::warm_up(&mut world, &mut load).await?;
    load.prepare(world.threads("crowd", 1)).await?;
    fan::out(&mut world, &server, &mut load, usize::try_from(many)?).await?;
    load.end().await?;
    world.database.rests().await?;
    sleep(rest).await;
    for _ in 0..scale.runs() {
        let before = world.usage_of(&server)?;
        sleep(watched).await;
        let after = world.usage_of(&server)?;
        let each = |milliseconds: f64| milliseconds / watched.as_secs_f64();
        let (own, postgres) = (
            each(after.server_since(before)),
            each(after.postgres_since(before)),
        );
        sheet.add("cpu", own + postgres)?;
        sheet.add("server", own)?;
        sheet.add("postgres", postgres)?;
    }
    let [server] = server;
    server.stops().await?;
    world.end().await?;
    sheet.plot = Some(Plot::Bars(Bars {
        title: format!("CPU a second with {many} hosts and nothing to do"),
        unit: "ms",
        parts: vec!["server", "Postgres"],
        bars: vec![Bar::new(
            "idle",
            &[sheet.value("server"), sheet.value("postgres")],
        )],
        limit: Some((2.0, "2 ms a second".to_owned())),
    }));
    Ok(sheet)
}
