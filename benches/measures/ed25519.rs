//! `ed25519`: the same stream to hosts that say that they take RFC 9421 with Ed25519.

use std::time::Duration;

use tokio::time::sleep;

use super::stream::{Streamed, streams};
use super::{Scale, fan};
use crate::load::{Load, People, What};
use crate::numbers::count;
use crate::plot::{Bar, Bars, Plot};
use crate::sheet::Reach::{AtLeast, AtMost, Nothing};
use crate::sheet::Sheet;
use crate::sink::Manners;
use crate::world::World;

/// The first of the hosts that take it.
const MODERN: u32 = 10_000;

pub(super) async fn run(scale: Scale) -> anyhow::Result<Sheet> {
    let hosts: u32 = scale.of(100, 10);
    let (rsa_posts, posts): (u32, u32) = scale.of((200, 1_000), (10, 20));
    let mut sheet = Sheet::new(
        "ed25519",
        format!("{posts} posts to {hosts} hosts that take RFC 9421 with Ed25519, {rsa_posts} to others"),
    );
    sheet.figure(
        "ratio",
        "server + Postgres CPU per delivery / RSA",
        "",
        AtMost(0.35),
    );
    sheet.figure("share", "signed with Ed25519", "%", AtLeast(100.0));
    sheet.figure(
        "ed25519_server_ms",
        "server CPU per delivery, Ed25519",
        "ms",
        Nothing,
    );
    sheet.figure(
        "ed25519_postgres_ms",
        "Postgres CPU per delivery, Ed25519",
        "ms",
        Nothing,
    );
    sheet.figure("rsa_server_ms", "server CPU per delivery, RSA", "ms", Nothing);
    sheet.figure("rsa_postgres_ms", "Postgres CPU per delivery, RSA", "ms", Nothing);
    let mut world = World::new().await?;
    sheet.facts = Some(world.facts.clone());
    fan::make_warm_group(&world).await?;
    world.group("old").await?;
    world.members("old", 0..hosts).await?;
    world.group("new").await?;
    world.people("new", modern(hosts), |_| true).await?;
    world.group("hello").await?;
    introduce(&mut world, hosts).await?;
    for _ in 0..scale.few_runs() {
        let server = world.serves("all").await?;
        let mut load = world.load().await?;
        fan::warm_up(&mut world, &mut load).await?;
        let rsa = streams(&mut world, &server, &mut load, "old", rsa_posts, hosts).await?;
        world.peers.behave(advertising(true)).await?;
        let new = streams(&mut world, &server, &mut load, "new", posts, hosts).await?;
        world.peers.behave(advertising(false)).await?;
        load.end().await?;
        server.stops().await?;
        let signed = new.arrivals.iter().filter(|arrival| arrival.ed25519).count();
        let both = |streamed: &Streamed| streamed.server_each() + streamed.postgres_each();
        sheet.add("ratio", both(&new) / both(&rsa))?;
        sheet.add("share", 100.0 * count(signed) / count(new.arrivals.len()))?;
        sheet.add("ed25519_server_ms", new.server_each())?;
        sheet.add("ed25519_postgres_ms", new.postgres_each())?;
        sheet.add("rsa_server_ms", rsa.server_each())?;
        sheet.add("rsa_postgres_ms", rsa.postgres_each())?;
    }
    world.end().await?;
    sheet.plot = Some(plot(&sheet));
    Ok(sheet)
}

/// One on each host.
fn modern(hosts: u32) -> People {
    People {
        home: MODERN,
        per_host: 1,
        count: hosts,
    }
}

fn advertising(takes_ed25519: bool) -> Manners {
    Manners {
        takes_ed25519,
        ..Manners::default()
    }
}

/// Everybody on a modern host says something, elsewhere and to them all: their documents are read, and their answers
/// are heard. What these hosts take is known by then, if it can be.
async fn introduce(world: &mut World, hosts: u32) -> anyhow::Result<()> {
    world.peers.behave(advertising(true)).await?;
    let server = world.serves("all").await?;
    let mut load: Load = world.load().await?;
    let hello = world.plan(&["hello".to_owned()], modern(hosts), What::Creates, hosts);
    load.prepare(hello).await?;
    load.closed(4, Duration::from_secs(60)).await?;
    world.peers.forget().await?;
    load.prepare(world.threads("new", 2)).await?;
    load.one().await?;
    load.one().await?;
    let due = 2 * usize::try_from(hosts)?;
    world.peers.accepts(due, fan::patience(due)).await?;
    world.settles().await?;
    // Whatever is looked up by the clock.
    sleep(Duration::from_secs(3)).await;
    load.end().await?;
    server.stops().await?;
    world.peers.behave(advertising(false)).await
}

fn plot(sheet: &Sheet) -> Plot {
    let rsa = sheet.value("rsa_server_ms") + sheet.value("rsa_postgres_ms");
    let parts = |scheme: &str| {
        [
            sheet.value(&format!("{scheme}_server_ms")),
            sheet.value(&format!("{scheme}_postgres_ms")),
        ]
    };
    Plot::Bars(Bars {
        title: "CPU per delivery, by the kind of signature".to_owned(),
        unit: "ms",
        parts: vec!["server", "Postgres"],
        bars: vec![
            Bar::new("RSA-2048", &parts("rsa")),
            Bar::new("Ed25519", &parts("ed25519")),
        ],
        limit: Some((0.35 * rsa, "0.35 x RSA".to_owned())),
    })
}
