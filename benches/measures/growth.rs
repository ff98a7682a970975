//! `growth`: what a delivery costs, in time, memory and rows, when there are a thousand times more of them.

use super::{Scale, fan};
use crate::floor::{self, Floors, Task};
use crate::gauge;
use crate::hosts;
use crate::numbers::count;
use crate::plot::{Axis, Line, Lines, Plot};
use crate::sheet::Reach::{AtMost, Nothing};
use crate::sheet::Sheet;
use crate::world::World;

/// One size of group.
#[derive(Clone, Copy)]
struct Size {
    members: u32,
    /// Small groups are many, so that there is something to measure.
    groups: u32,
    /// The number of the first host of the first group.
    first: u32,
    /// Takes a minute: it is done once.
    long: bool,
}

impl Size {
    fn key(self, what: &str) -> String {
        format!("{what}_{}", self.members)
    }

    fn group(self, number: u32) -> String {
        format!("of_{}_{number}", self.members)
    }

    fn hosts(self, number: u32) -> std::ops::Range<u32> {
        let first = self.first + number * self.members;
        first..first + self.members
    }
}

const FULL: [Size; 4] = [
    Size {
        members: 100,
        groups: 20,
        first: 0,
        long: false,
    },
    Size {
        members: 1_000,
        groups: 2,
        first: 2_000,
        long: false,
    },
    Size {
        members: 10_000,
        groups: 1,
        first: 4_000,
        long: false,
    },
    Size {
        members: 100_000,
        groups: 1,
        first: 14_000,
        long: true,
    },
];
const SMALL: [Size; 2] = [
    Size {
        members: 20,
        groups: 3,
        first: 0,
        long: false,
    },
    Size {
        members: 100,
        groups: 1,
        first: 60,
        long: true,
    },
];

pub(super) async fn run(scale: Scale) -> anyhow::Result<Sheet> {
    let sizes = scale.of(&FULL[..], &SMALL[..]);
    let mut sheet = declare(sizes);
    let mut world = World::new().await?;
    sheet.facts = Some(world.facts.clone());
    fan::make_warm_group(&world).await?;
    for size in sizes {
        for number in 0..size.groups {
            world.group(&size.group(number)).await?;
            world.members(&size.group(number), size.hosts(number)).await?;
        }
    }
    // What is written only once, because it was not known before, is written now.
    let server = world.serves("all").await?;
    let mut load = world.load().await?;
    fan::warm_up(&mut world, &mut load).await?;
    load.end().await?;
    server.stops().await?;
    for run in 0..scale.runs() {
        for size in sizes.iter().filter(|size| run == 0 || !size.long) {
            once(&mut world, *size, &mut sheet).await?;
        }
    }
    world.end().await?;
    let (least, most) = crate::numbers::ends(&of_all(sizes, &sheet, "ratio"));
    let (fewest, rows) = crate::numbers::ends(&of_all(sizes, &sheet, "rows"));
    sheet.add("flat", most / least)?;
    sheet.add("constant", rows - fewest)?;
    sheet.plot = Some(plot(sizes, &sheet));
    Ok(sheet)
}

fn declare(sizes: &[Size]) -> Sheet {
    let list: Vec<String> = sizes.iter().map(|size| size.members.to_string()).collect();
    let mut sheet = Sheet::new(
        "growth",
        format!("one post to {} hosts, new connections", list.join(", ")),
    );
    sheet.figure(
        "flat",
        "server CPU / floor: largest / smallest of all sizes",
        "",
        AtMost(1.1),
    );
    for size in sizes {
        let what = format!("server CPU / floor, {} hosts", size.members);
        sheet.figure(size.key("ratio"), what, "", Nothing);
    }
    for size in sizes {
        let what = format!("most memory (RSS), {} hosts", size.members);
        let limit = 80.0 + f64::from(size.members) * 2.0 / 1024.0;
        sheet.figure(size.key("rss"), what, "MB", AtMost(limit));
    }
    sheet.figure(
        "constant",
        "rows inserted per post: most - fewest of all sizes",
        "",
        AtMost(0.0),
    );
    for size in sizes {
        let what = format!("rows inserted per post, {} hosts", size.members);
        sheet.figure(size.key("rows"), what, "", Nothing);
    }
    for size in sizes {
        let what = format!("cursor updates per delivery, {} hosts", size.members);
        sheet.figure(size.key("cursors"), what, "", AtMost(1.0));
    }
    for size in sizes {
        let what = format!("row updates of every kind per delivery, {} hosts", size.members);
        sheet.figure(size.key("updates"), what, "", Nothing);
    }
    sheet
}

async fn once(world: &mut World, size: Size, sheet: &mut Sheet) -> anyhow::Result<()> {
    let due = usize::try_from(size.members)?;
    let before = world.database.written().await?;
    let server = [world.serves("all").await?];
    let mut load = world.load().await?;
    fan::warm_up(world, &mut load).await?;
    let mut cpu = 0.0;
    for number in 0..size.groups {
        load.prepare(world.threads(&size.group(number), 1)).await?;
        cpu += fan::out(world, &server, &mut load, due).await?.server;
    }
    load.end().await?;
    let [server] = server;
    let memory = gauge::memory(server.pid)?;
    server.stops().await?;
    let after = world.database.written().await?;
    let deliveries = f64::from(size.groups * size.members);
    // The post that warmed the server up, and its one delivery, wrote rows like all others.
    let (all_posts, all_deliveries) = (f64::from(size.groups) + 1.0, deliveries + 1.0);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rows = |number: i64| number as f64;
    sheet.add(&size.key("ratio"), cpu / deliveries / floor(world, size).await?)?;
    sheet.add(&size.key("rss"), memory.peak_mb())?;
    sheet.add(&size.key("rows"), rows(after.inserted_since(&before)) / all_posts)?;
    sheet.add(
        &size.key("cursors"),
        rows(after.updated_in("subscription", &before)) / all_deliveries,
    )?;
    sheet.add(
        &size.key("updates"),
        rows(after.updated_since(&before)) / all_deliveries,
    )
}

/// Milliseconds of CPU per delivery, group by group as the server had them.
async fn floor(world: &mut World, size: Size) -> anyhow::Result<f64> {
    let mut floors = Floors::start(&world.dir)?;
    let (mut cpu, mut posts) = (0.0, 0.0);
    for number in 0..size.groups {
        let task = Task {
            inboxes: hosts::inboxes(size.hosts(number), world.peers.ports),
            each: 1,
            at_once: floor::lanes(),
            body: world.peers.sample().await?,
        };
        let floor = floors.run(&task).await?;
        cpu += floor.cpu() * count(floor.posts);
        posts += count(floor.posts);
    }
    floors.end().await?;
    Ok(cpu / posts)
}

fn of_all(sizes: &[Size], sheet: &Sheet, what: &str) -> Vec<f64> {
    sizes.iter().map(|size| sheet.value(&size.key(what))).collect()
}

fn plot(sizes: &[Size], sheet: &Sheet) -> Plot {
    let (least, _) = crate::numbers::ends(&of_all(sizes, sheet, "ratio"));
    let points = sizes
        .iter()
        .map(|size| (f64::from(size.members), sheet.value(&size.key("ratio"))));
    Plot::Lines(Lines {
        title: "Server CPU per delivery, times the floor of the same size".to_owned(),
        x: Axis {
            name: "hosts",
            logarithmic: true,
        },
        y: Axis {
            name: "times the floor",
            logarithmic: false,
        },
        lines: vec![Line {
            name: "server / floor".to_owned(),
            points: points.collect(),
        }],
        // Flat within 10 %.
        limits: vec![least, 1.1 * least],
        marks: Vec::new(),
    })
}
