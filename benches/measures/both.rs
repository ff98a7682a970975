//! `both`: what comes in while something goes out to everybody.

use std::time::Duration;

use tokio::time::sleep;

use super::Scale;
use super::fan::{self, Fanned};
use super::town::{Town, flood, members_are_away};
use crate::load::{Load, Tally};
use crate::numbers::{distribution, percentile};
use crate::plot::{Axis, Line, Lines, Plot};
use crate::server::Server;
use crate::sheet::Reach::{AtLeast, AtMost, Nothing};
use crate::sheet::Sheet;
use crate::world::World;

pub(super) async fn run(scale: Scale) -> anyhow::Result<Sheet> {
    let many: u32 = scale.of(10_000, 200);
    let mut sheet = Sheet::new(
        "both",
        format!("activities at 25 % of what is taken at full speed, while one post goes to {many} hosts"),
    );
    sheet.figure("over", "inbox p99 / max(2 x alone, 20 ms)", "", AtMost(1.0));
    sheet.figure("kept", "fan-out's rate / alone", "%", AtLeast(50.0));
    sheet.figure("p99", "inbox p99 during the fan-out", "ms", Nothing);
    sheet.figure("p99_alone", "inbox p99 alone", "ms", Nothing);
    sheet.figure("fan", "deliveries", "/s", Nothing);
    sheet.figure("fan_alone", "deliveries alone", "/s", Nothing);
    sheet.figure("inbox_rate", "activities", "/s", Nothing);
    sheet.figure("fdatasync", "fdatasync", "ms", Nothing);
    let mut world = World::new().await?;
    sheet.facts = Some(world.facts.clone());
    fan::make_warm_group(&world).await?;
    world.group("crowd").await?;
    world.members("crowd", 0..many).await?;
    let town = Town::build(&mut world, scale).await?;
    members_are_away(&mut world).await?;
    let mut bench = Bench {
        world,
        town,
        many,
        rate: 0.0,
    };
    bench.rate = bench.capacity(scale).await? / 4.0;
    let (mut alone, mut during) = (Vec::new(), Vec::new());
    for _ in 0..scale.few_runs() {
        let fan_alone = bench.fan_alone().await?;
        let inbox_alone = bench.inbox_alone(scale).await?;
        let (fanned, took) = bench.together(&fan_alone).await?;
        let (p99, p99_alone) = (percentile(&took, 99.0), percentile(&inbox_alone.took(), 99.0));
        sheet.add("over", p99 / f64::max(2.0 * p99_alone, 20.0))?;
        sheet.add("kept", 100.0 * fanned.rate() / fan_alone.rate())?;
        sheet.add("p99", p99)?;
        sheet.add("p99_alone", p99_alone)?;
        sheet.add("fan", fanned.rate())?;
        sheet.add("fan_alone", fan_alone.rate())?;
        sheet.add("inbox_rate", bench.rate)?;
        sheet.add("fdatasync", crate::gauge::fdatasync(&bench.world.dir)?)?;
        alone.extend(inbox_alone.took());
        during.extend(took);
    }
    bench.world.end().await?;
    sheet.plot = Some(plot(&alone, &during));
    Ok(sheet)
}

struct Bench {
    world: World,
    town: Town,
    many: u32,
    /// Activities a second.
    rate: f64,
}

impl Bench {
    /// What is taken at full speed, when nothing else happens.
    async fn capacity(&mut self, scale: Scale) -> anyhow::Result<f64> {
        let (server, mut load) = self.starts().await?;
        let activities = scale.of(8_000, 200);
        let tally = flood(&mut self.world, &self.town, &mut load, activities).await?;
        self.ends(server, load).await?;
        Ok(tally.rate())
    }

    async fn fan_alone(&mut self) -> anyhow::Result<Fanned> {
        let (server, mut load) = self.starts().await?;
        let fanned = self.fan(&server, &mut load).await?;
        self.ends(server, load).await?;
        Ok(fanned)
    }

    async fn inbox_alone(&mut self, scale: Scale) -> anyhow::Result<Tally> {
        let (server, mut load) = self.starts().await?;
        let seconds = scale.of(8, 2);
        let tally = self.inbox(&mut load, Duration::from_secs(seconds)).await?;
        self.ends(server, load).await?;
        Ok(tally)
    }

    /// Both at once; of the way in, how long those took that were answered while the post went out.
    async fn together(&mut self, alone: &Fanned) -> anyhow::Result<(Fanned, Vec<f64>)> {
        let (server, mut load) = self.starts().await?;
        let mut talk = self.world.load().await?;
        // As long as the fan-out may take, and a little before and after.
        let seconds = 2.0 * f64::from(self.many) / alone.rate() + 2.0;
        let limit = Duration::from_secs_f64(seconds);
        talk.prepare(self.plan(limit)).await?;
        let rate = self.rate;
        let (tally, fanned) = tokio::join!(talk.open(rate, limit), async {
            sleep(Duration::from_secs(1)).await;
            self.fan(&server, &mut load).await
        });
        let (tally, fanned) = (tally?, fanned?);
        talk.end().await?;
        self.ends(server, load).await?;
        let last = fanned.arrivals.last().map_or(0, |arrival| arrival.at);
        let during = tally
            .accepted
            .iter()
            .filter(|(at, _)| (fanned.sent.answered..=last).contains(at));
        let took: Vec<f64> = during.map(|(_, took)| *took).collect();
        Ok((fanned, took))
    }

    async fn fan(&mut self, server: &Server, load: &mut Load) -> anyhow::Result<Fanned> {
        load.prepare(self.world.threads("crowd", 1)).await?;
        let due = usize::try_from(self.many)?;
        self.world.peers.forget().await?;
        let before = self.world.usage(server)?;
        let sent = load.one().await?;
        self.world.peers.accepts(due, fan::patience(due)).await?;
        let after = self.world.usage(server)?;
        Ok(Fanned {
            sent,
            arrivals: self.world.peers.arrivals().await?,
            server: after.server_since(before),
            postgres: after.postgres_since(before),
        })
    }

    async fn inbox(&mut self, load: &mut Load, limit: Duration) -> anyhow::Result<Tally> {
        load.prepare(self.plan(limit)).await?;
        load.open(self.rate, limit).await
    }

    fn plan(&mut self, limit: Duration) -> crate::load::Plan {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "some thousands"
        )]
        let activities = (self.rate * limit.as_secs_f64()).ceil() as u32;
        self.town.talk(&mut self.world, activities)
    }

    /// Connections are new each time, or the second fan-out would be a cheaper one.
    async fn starts(&mut self) -> anyhow::Result<(Server, Load)> {
        let server = self.world.serves("all").await?;
        let mut load = self.world.load().await?;
        fan::warm_up(&mut self.world, &mut load).await?;
        Ok((server, load))
    }

    async fn ends(&mut self, server: Server, load: Load) -> anyhow::Result<()> {
        load.end().await?;
        server.stops().await
    }
}

fn plot(alone: &[f64], during: &[f64]) -> Plot {
    let line = |name: &str, took: &[f64]| Line {
        name: name.to_owned(),
        points: distribution(took),
    };
    Plot::Lines(Lines {
        title: "Activities, from request to 202".to_owned(),
        x: Axis {
            name: "milliseconds",
            logarithmic: true,
        },
        y: Axis {
            name: "% of activities",
            logarithmic: false,
        },
        lines: vec![line("alone", alone), line("during a fan-out", during)],
        limits: Vec::new(),
        marks: vec![20.0],
    })
}
