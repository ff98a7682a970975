//! Many groups and many people who talk in them, for the benches of the way in.
//!
//! One rule: whoever acts is known: their keys were fetched and their posts are there, before anything is measured.

use std::ops::Range;
use std::time::Duration;

use super::Scale;
use crate::load::{Load, People, Plan, Tally, What};
use crate::world::World;

/// Connections that post at once.
pub(super) const CONNECTIONS: usize = 16;
const LIMIT: Duration = Duration::from_secs(120);

pub(super) struct Town {
    pub(super) groups: Vec<String>,
    pub(super) people: People,
    /// The numbers of the posts that are liked.
    posts: Range<u32>,
}

impl Town {
    /// A hundred groups and a thousand people, all of whom are members of one group and may post in all; each has
    /// posted once.
    pub(super) async fn build(world: &mut World, scale: Scale) -> anyhow::Result<Self> {
        let (groups, people) = scale.of((100, 1_000), (4, 20));
        Self::of(world, "plot", groups, people).await
    }

    pub(super) async fn of(world: &mut World, name: &str, groups: u32, people: u32) -> anyhow::Result<Self> {
        let people = People::elsewhere(people);
        let mut names = Vec::new();
        for number in 0..groups {
            let group = world.group(&format!("{name}_{number}")).await?;
            world
                .people(&group, people, |person| person % groups == number)
                .await?;
            names.push(group);
        }
        let mut town = Self {
            groups: names,
            people,
            posts: 0..0,
        };
        // Only answers requests: what is said here is told to nobody while the way in is measured.
        let server = world.serves("web").await?;
        let mut load = world.load().await?;
        let plan = world.plan(&town.groups, people, What::Creates, people.count);
        town.posts = plan.first..plan.first + plan.count;
        load.prepare(plan).await?;
        let posted = load.closed(4, LIMIT).await?.accepted.len();
        anyhow::ensure!(
            posted == usize::try_from(people.count)?,
            "the server takes posts too slowly"
        );
        load.end().await?;
        server.stops().await?;
        Ok(town)
    }

    /// Likes and new threads, half and half, all over the town.
    pub(super) fn talk(&self, world: &mut World, count: u32) -> Plan {
        let Range { start: from, end: to } = self.posts;
        world.plan(&self.groups, self.people, What::Mixed { from, to }, count)
    }
}

/// So many, as fast as they are answered.
pub(super) async fn flood(
    world: &mut World,
    town: &Town,
    load: &mut Load,
    count: u32,
) -> anyhow::Result<Tally> {
    load.prepare(town.talk(world, count)).await?;
    load.closed(CONNECTIONS, Duration::from_secs(10)).await
}

/// The members of the town are away: nothing is sent to them, and what they send does not bring the next try forward.
pub(super) async fn members_are_away(world: &mut World) -> anyhow::Result<()> {
    let away = "update destination set failures = 1, failing_since = now(), last_error = 'away',
                    next_try = now() + interval '1 day', hurried_at = now() + interval '1 day'
                where id in (select s.destination_id from subscription s
                             join \"group\" g on g.id = s.group_id where g.name like 'plot%')";
    world.database.change(away).await?;
    Ok(())
}
