//! `tls`: hosts that speak https, with certificates of an authority of our own; strangers first, then old acquaintances.

use super::{Scale, fan};
use crate::floor::{self, Floors, Task};
use crate::hosts;
use crate::numbers::count;
use crate::plot::{Bar, Bars, Plot};
use crate::sheet::Reach::{AtLeast, AtMost, Nothing};
use crate::sheet::Sheet;
use crate::sink::Manners;
use crate::world::World;

/// The first meeting, and the second.
const MEETINGS: [(&str, &str); 2] = [("cold", "full handshakes"), ("resumed", "resumed sessions")];

pub(super) async fn run(scale: Scale) -> anyhow::Result<Sheet> {
    let many: u32 = scale.of(1_000, 50);
    let mut sheet = Sheet::new(
        "tls",
        format!("two posts to {many} https hosts that close each connection"),
    );
    for (key, what) in MEETINGS {
        sheet.figure(
            key,
            format!("server CPU per delivery / floor, {what}"),
            "",
            AtMost(1.25),
        );
    }
    sheet.figure("share", "sessions resumed at the second post", "%", AtLeast(95.0));
    for (key, what) in MEETINGS {
        let figure = |who: &str| {
            (
                format!("{who}_{key}_ms"),
                format!("{who} CPU per delivery, {what}"),
            )
        };
        for who in ["server", "floor"] {
            let (key, what) = figure(who);
            sheet.figure(key, what, "ms", Nothing);
        }
    }
    let mut world = World::new().await?;
    sheet.facts = Some(world.facts.clone());
    fan::make_warm_group(&world).await?;
    let ports = world.peers.ports;
    let bases: Vec<String> = (0..many).map(|host| hosts::secure(host, ports)).collect();
    world.group("sealed").await?;
    world.members_at("sealed", &bases).await?;
    world.peers.behave(closing()).await?;
    for _ in 0..scale.runs() {
        once(&mut world, &bases, &mut sheet).await?;
    }
    world.end().await?;
    sheet.plot = Some(plot(&sheet));
    Ok(sheet)
}

async fn once(world: &mut World, bases: &[String], sheet: &mut Sheet) -> anyhow::Result<()> {
    let server = [world.serves("all").await?];
    let mut load = world.load().await?;
    fan::warm_up(world, &mut load).await?;
    load.prepare(world.threads("sealed", 2)).await?;
    let mut floors = Floors::start(&world.dir)?;
    let task = Task {
        inboxes: bases.iter().map(|base| format!("{base}/inbox")).collect(),
        each: 1,
        at_once: floor::lanes(),
        body: world.peers.sample().await?,
    };
    for (key, _) in MEETINGS {
        let fanned = fan::out(world, &server, &mut load, bases.len()).await?;
        let handshakes = world.peers.handshakes().await?;
        if key == "resumed" {
            let (resumed, full) = (f64::from(handshakes.resumed), f64::from(handshakes.full));
            sheet.add("share", 100.0 * resumed / (resumed + full))?;
        }
        let floor = floors.run(&task).await?;
        sheet.add(key, fanned.server / count(bases.len()) / floor.cpu())?;
        sheet.add(&format!("server_{key}_ms"), fanned.server / count(bases.len()))?;
        sheet.add(&format!("floor_{key}_ms"), floor.cpu())?;
    }
    floors.end().await?;
    load.end().await?;
    let [server] = server;
    server.stops().await
}

fn closing() -> Manners {
    Manners {
        closes: true,
        ..Manners::default()
    }
}

fn plot(sheet: &Sheet) -> Plot {
    let mut bars = Vec::new();
    for (key, what) in MEETINGS {
        for who in ["floor", "server"] {
            bars.push(Bar::new(
                format!("{who}, {what}"),
                &[sheet.value(&format!("{who}_{key}_ms"))],
            ));
        }
    }
    Plot::Bars(Bars {
        title: format!("CPU per delivery: {}", sheet.work),
        unit: "ms",
        parts: vec!["CPU"],
        bars,
        limit: Some((
            1.25 * sheet.value("floor_cold_ms"),
            "1.25 x the cold floor".to_owned(),
        )),
    })
}
