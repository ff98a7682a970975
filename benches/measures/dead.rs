//! `dead`: a third of all hosts is in trouble, each in its own way; what the others feel of that.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::sleep;

use super::Scale;
use super::fan;
use crate::gauge;
use crate::hosts;
use crate::load::Sent;
use crate::numbers::{count, distribution, ms, percentile};
use crate::plot::{Axis, Line, Lines, Plot};
use crate::sheet::Reach::{AtLeast, AtMost, Nothing};
use crate::sheet::Sheet;
use crate::sink::{Arrival, Kind, Manners, Mood};
use crate::world::World;

/// Hosts of the group where some are in trouble begin here; those below are also in the other group.
const ILL: u32 = 100_000;
/// Until everybody who hangs has been given up.
const HANGING: Duration = Duration::from_secs(13);
/// How long is watched in all for retries.
const WATCHED: Duration = Duration::from_secs(40);

pub(super) async fn run(scale: Scale) -> anyhow::Result<Sheet> {
    let many: u32 = scale.of(10_000, 200);
    let (watched, hanging) = scale.of((WATCHED, HANGING), (HANGING, Duration::from_secs(2)));
    let mut sheet = Sheet::new(
        "dead",
        format!(
            "two posts to {many} hosts, of which a tenth each hangs, refuses connections and answers 503"
        ),
    );
    sheet.figure("first", "healthy p99 / all healthy, first post", "", AtMost(2.0));
    sheet.figure(
        "second",
        "healthy p99 / all healthy, second post",
        "",
        AtMost(2.0),
    );
    sheet.figure("delivered", "arrived at the healthy", "%", AtLeast(100.0));
    sheet.figure("memory", "most memory (RSS) / all healthy", "", AtMost(1.1));
    let attempts = format!("attempts at one that is in trouble, in {} s", watched.as_secs());
    sheet.figure("attempts", attempts, "", AtMost(3.0));
    sheet.figure("baseline_ms", "p99, all healthy", "ms", Nothing);
    sheet.figure("first_ms", "healthy p99, first post", "ms", Nothing);
    sheet.figure("second_ms", "healthy p99, second post", "ms", Nothing);
    let mut world = World::new().await?;
    sheet.facts = Some(world.facts.clone());
    fan::make_warm_group(&world).await?;
    let trouble = Trouble {
        healthy: many / 10 * 7,
        tenth: many / 10,
    };
    trouble.groups(&world, many).await?;
    let (mut well, mut ill) = (Vec::new(), Vec::new());
    for _ in 0..scale.few_runs() {
        let baseline = trouble.all_well(&mut world, many).await?;
        let found = trouble.some_ill(&mut world, watched, hanging).await?;
        trouble.is_over(&mut world).await?;
        let p99 = |waits: &[f64]| percentile(waits, 99.0);
        sheet.add("first", p99(&found.first) / p99(&baseline.waits))?;
        sheet.add("second", p99(&found.second) / p99(&baseline.waits))?;
        let due = 2.0 * f64::from(trouble.healthy);
        sheet.add(
            "delivered",
            100.0 * count(found.first.len() + found.second.len()) / due,
        )?;
        sheet.add("memory", found.memory / baseline.memory)?;
        sheet.add("attempts", found.attempts)?;
        sheet.add("baseline_ms", p99(&baseline.waits))?;
        sheet.add("first_ms", p99(&found.first))?;
        sheet.add("second_ms", p99(&found.second))?;
        well.extend(baseline.waits);
        ill.extend(found.first);
    }
    world.end().await?;
    sheet.plot = Some(plot(&well, &ill));
    Ok(sheet)
}

/// Hosts below `healthy` are well always; then come a tenth of each kind of trouble.
struct Trouble {
    healthy: u32,
    tenth: u32,
}

struct Baseline {
    /// Milliseconds from the 202 to each of the hosts that are healthy later, too.
    waits: Vec<f64>,
    memory: f64,
}

struct Found {
    first: Vec<f64>,
    second: Vec<f64>,
    memory: f64,
    attempts: f64,
}

impl Trouble {
    async fn groups(&self, world: &World, many: u32) -> anyhow::Result<()> {
        world.group("well").await?;
        world.members("well", 0..many).await?;
        let ports = world.peers.ports;
        let mut bases = Vec::new();
        for nth in 0..self.tenth {
            // Spread among the others, as they would be.
            bases.extend((nth * 7..nth * 7 + 7).map(|host| hosts::plain(host, ports)));
            bases.push(hosts::plain(ILL + nth, ports));
            bases.push(hosts::plain(ILL + self.tenth + nth, ports));
            bases.push(hosts::refusing(ILL + 2 * self.tenth + nth, ports));
        }
        world.group("ill").await?;
        world.members_at("ill", &bases).await
    }

    fn moods(&self) -> Manners {
        let mood = |nth: u32, kind| Mood {
            from: ILL + nth * self.tenth,
            to: ILL + (nth + 1) * self.tenth,
            kind,
        };
        Manners {
            moods: vec![mood(0, Kind::Hangs), mood(1, Kind::Fails)],
            ..Manners::default()
        }
    }

    async fn all_well(&self, world: &mut World, many: u32) -> anyhow::Result<Baseline> {
        let server = [world.serves("all").await?];
        let mut load = world.load().await?;
        fan::warm_up(world, &mut load).await?;
        load.prepare(world.threads("well", 1)).await?;
        let fanned = fan::out(world, &server, &mut load, usize::try_from(many)?).await?;
        load.end().await?;
        let [server] = server;
        let memory = gauge::memory(server.pid)?.peak_mb();
        server.stops().await?;
        Ok(Baseline {
            waits: fanned.waits(self.healthy),
            memory,
        })
    }

    async fn some_ill(
        &self,
        world: &mut World,
        watched: Duration,
        hanging: Duration,
    ) -> anyhow::Result<Found> {
        let server = world.serves("all").await?;
        let mut load = world.load().await?;
        fan::warm_up(world, &mut load).await?;
        world.peers.behave(self.moods()).await?;
        let plan = world.threads("ill", 2);
        let post = plan.first;
        load.prepare(plan).await?;
        world.peers.forget().await?;
        let healthy = usize::try_from(self.healthy)?;
        let first = load.one().await?;
        world.peers.within(healthy, fan::patience(healthy)).await?;
        sleep(hanging).await;
        let second = load.one().await?;
        world.peers.within(2 * healthy, fan::patience(healthy)).await?;
        sleep(watched.saturating_sub(hanging)).await;
        let arrivals = world.peers.arrivals().await?;
        let failures = world
            .database
            .number("select coalesce(max(failures), 0)::bigint from destination")
            .await?;
        load.end().await?;
        let memory = gauge::memory(server.pid)?.peak_mb();
        server.stops().await?;
        world.peers.behave(Manners::default()).await?;
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        let failures = failures as f64;
        Ok(Found {
            first: self.waits(&arrivals, post, first),
            second: self.waits(&arrivals, post + 1, second),
            memory,
            attempts: failures.max(most_attempts(&arrivals)),
        })
    }

    /// Milliseconds from a post to each of its arrivals at a healthy host.
    fn waits(&self, arrivals: &[Arrival], post: u32, sent: Sent) -> Vec<f64> {
        let arrivals = arrivals.iter();
        let here = arrivals.filter(|one| one.host < self.healthy && one.post == post);
        here.map(|one| ms(one.at.saturating_sub(sent.answered))).collect()
    }

    /// Everybody is well again, and nothing is due: the next run begins as this one did.
    async fn is_over(&self, world: &mut World) -> anyhow::Result<()> {
        let forgive = "update destination set failures = 0, failing_since = null, next_try = null, parked_at = null,
                           last_error = null, slow = false, stuck_on = null, stuck_answers = 0, stuck_since = null";
        let forget =
            "update subscription s set cursor = g.seq from group_seq g where g.group_id = s.group_id";
        world.database.change(forgive).await?;
        world.database.change(forget).await?;
        Ok(())
    }
}

/// Requests that one host got and did not take.
fn most_attempts(arrivals: &[Arrival]) -> f64 {
    let mut attempts: HashMap<u32, usize> = HashMap::new();
    for one in arrivals.iter().filter(|one| one.status != 202) {
        *attempts.entry(one.host).or_default() += 1;
    }
    count(attempts.values().copied().max().unwrap_or_default())
}

fn plot(well: &[f64], ill: &[f64]) -> Plot {
    let line = |name: &str, waits: &[f64]| Line {
        name: name.to_owned(),
        points: distribution(waits),
    };
    Plot::Lines(Lines {
        title: "From a post's 202 to its arrival at the healthy hosts".to_owned(),
        x: Axis {
            name: "milliseconds",
            logarithmic: false,
        },
        y: Axis {
            name: "% of hosts",
            logarithmic: false,
        },
        lines: vec![line("all are healthy", well), line("30 % are in trouble", ill)],
        limits: Vec::new(),
        marks: Vec::new(),
    })
}
