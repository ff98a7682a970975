//! `hot`: the same, all of it in one group, and what the other groups feel of that.

use std::time::Duration;

use super::Scale;
use super::town::{CONNECTIONS, Town};
use crate::load::{Load, Tally};
use crate::numbers::{count, distribution, percentile};
use crate::plot::{Axis, Line, Lines, Plot};
use crate::server::Server;
use crate::sheet::Reach::{AtLeast, AtMost, Nothing};
use crate::sheet::Sheet;
use crate::world::World;

/// What the other groups hear, a second.
const QUIET_RATE: f64 = 50.0;
/// How long it lasts at most; what others heard after the flood was over does not count.
const LIMIT: Duration = Duration::from_secs(8);

pub(super) async fn run(scale: Scale) -> anyhow::Result<Sheet> {
    let activities: u32 = scale.of(14_000, 300);
    let mut sheet = Sheet::new(
        "hot",
        format!(
            "{activities} Likes and Creates into one group, {CONNECTIONS} connections, beside {QUIET_RATE} a second into \
             ten others; against the same spread over many groups"
        ),
    );
    sheet.figure("rate", "accepted in one group", "/s", AtLeast(1_500.0));
    sheet.figure(
        "unmoved",
        "other groups' p99: beside the hot one / beside many",
        "",
        AtMost(1.25),
    );
    sheet.figure("cpu", "server + Postgres CPU, each", "ms", AtMost(0.9));
    sheet.figure("p99", "answered in the hot group, p99", "ms", AtMost(25.0));
    sheet.figure(
        "others_hot",
        "other groups' p99 beside the hot one",
        "ms",
        Nothing,
    );
    sheet.figure("others_spread", "other groups' p99 beside many", "ms", Nothing);
    sheet.figure("spread_rate", "accepted when spread", "/s", Nothing);
    sheet.figure("fdatasync", "fdatasync", "ms", Nothing);
    let mut world = World::new().await?;
    sheet.facts = Some(world.facts.clone());
    let towns = Towns::build(&mut world, scale).await?;
    let server = world.serves("web").await?;
    let (mut load, mut quiet) = (world.load().await?, world.load().await?);
    let (mut beside_hot, mut beside_spread) = (Vec::new(), Vec::new());
    beside(
        &mut world,
        &server,
        &towns,
        &towns.spread,
        (&mut load, &mut quiet),
        activities / 4,
    )
    .await?;
    for _ in 0..scale.runs() {
        let spread = beside(
            &mut world,
            &server,
            &towns,
            &towns.spread,
            (&mut load, &mut quiet),
            activities,
        );
        let spread = spread.await?;
        let hot = beside(
            &mut world,
            &server,
            &towns,
            &towns.hot,
            (&mut load, &mut quiet),
            activities,
        );
        let hot = hot.await?;
        let (others_hot, others_spread) = (percentile(&hot.others, 99.0), percentile(&spread.others, 99.0));
        sheet.add("rate", hot.tally.rate())?;
        sheet.add("unmoved", others_hot / others_spread)?;
        sheet.add("cpu", hot.cpu)?;
        sheet.add("p99", percentile(&hot.tally.took(), 99.0))?;
        sheet.add("others_hot", others_hot)?;
        sheet.add("others_spread", others_spread)?;
        sheet.add("spread_rate", spread.tally.rate())?;
        sheet.add("fdatasync", crate::gauge::fdatasync(&world.dir)?)?;
        beside_hot.extend(hot.others);
        beside_spread.extend(spread.others);
    }
    load.end().await?;
    quiet.end().await?;
    server.stops().await?;
    world.end().await?;
    sheet.plot = Some(plot(&beside_hot, &beside_spread));
    Ok(sheet)
}

struct Towns {
    hot: Town,
    spread: Town,
    others: Town,
}

impl Towns {
    async fn build(world: &mut World, scale: Scale) -> anyhow::Result<Self> {
        let (people, groups) = scale.of((1_000, 50), (20, 4));
        Ok(Self {
            hot: Town::of(world, "hot", 1, people).await?,
            spread: Town::of(world, "plot", groups, people).await?,
            others: Town::of(world, "lane", 10, 100).await?,
        })
    }
}

struct Beside {
    tally: Tally,
    /// Milliseconds per activity, the quiet ones included.
    cpu: f64,
    /// Milliseconds that the other groups' activities took.
    others: Vec<f64>,
}

/// A flood into one town while the others go on talking.
async fn beside(
    world: &mut World,
    server: &Server,
    towns: &Towns,
    town: &Town,
    (load, quiet): (&mut Load, &mut Load),
    activities: u32,
) -> anyhow::Result<Beside> {
    load.prepare(town.talk(world, activities)).await?;
    quiet.prepare(towns.others.talk(world, 450)).await?;
    let before = world.usage(server)?;
    let (tally, others) = tokio::join!(load.closed(CONNECTIONS, LIMIT), quiet.open(QUIET_RATE, LIMIT),);
    let (tally, others) = (tally?, others?);
    let after = world.usage(server)?;
    let during = others.accepted.iter().filter(|(at, _)| *at <= tally.ended);
    let all = count(tally.accepted.len() + others.accepted.len());
    Ok(Beside {
        cpu: (after.server_since(before) + after.postgres_since(before)) / all,
        others: during.map(|(_, took)| *took).collect(),
        tally,
    })
}

fn plot(hot: &[f64], spread: &[f64]) -> Plot {
    let line = |name: &str, took: &[f64]| Line {
        name: name.to_owned(),
        points: distribution(took),
    };
    Plot::Lines(Lines {
        title: "Other groups' activities, from request to 202".to_owned(),
        x: Axis {
            name: "milliseconds",
            logarithmic: true,
        },
        y: Axis {
            name: "% of activities",
            logarithmic: false,
        },
        lines: vec![
            line("beside a hot group", hot),
            line("beside the same, spread", spread),
        ],
        limits: Vec::new(),
        marks: Vec::new(),
    })
}
