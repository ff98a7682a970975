//! `inbox`: what comes in, as fast as it is taken: Likes and new threads by known people, all over a hundred groups.

use std::time::Duration;

use super::Scale;
use super::town::{CONNECTIONS, Town, flood};
use crate::numbers::{count, distribution, percentile};
use crate::plot::{Axis, Line, Lines, Plot};
use crate::sheet::Reach::{AtLeast, AtMost, Nothing};
use crate::sheet::Sheet;
use crate::world::World;

/// Of one run, should it be slow.
const LIMIT: Duration = Duration::from_secs(12);

pub(super) async fn run(scale: Scale) -> anyhow::Result<Sheet> {
    let activities: u32 = scale.of(15_000, 400);
    let mut sheet = Sheet::new(
        "inbox",
        format!(
            "{activities} signed Likes and Creates of known actors over many groups, {CONNECTIONS} connections"
        ),
    );
    sheet.figure("rate", "accepted", "/s", AtLeast(1_500.0));
    sheet.figure("cpu", "server + Postgres CPU, each", "ms", AtMost(0.9));
    sheet.figure("p99", "answered, p99", "ms", AtMost(25.0));
    sheet.figure(
        "alone",
        "statements besides BEGIN and COMMIT, one at a time",
        "",
        AtMost(5.0),
    );
    sheet.figure("together", "statements, many at a time", "", Nothing);
    sheet.figure("server", "server CPU, each", "ms", Nothing);
    sheet.figure("postgres", "Postgres CPU, each", "ms", Nothing);
    sheet.figure("p50", "answered, median", "ms", Nothing);
    sheet.figure("fdatasync", "fdatasync", "ms", Nothing);
    let mut world = World::new().await?;
    sheet.facts = Some(world.facts.clone());
    let town = Town::build(&mut world, scale).await?;
    let server = world.serves("web").await?;
    let mut load = world.load().await?;
    flood(&mut world, &town, &mut load, activities / 4).await?;
    let mut took = Vec::new();
    for _ in 0..scale.runs() {
        load.prepare(town.talk(&mut world, activities)).await?;
        let before = world.usage(&server)?;
        let tally = load.closed(CONNECTIONS, LIMIT).await?;
        let after = world.usage(&server)?;
        let each = count(tally.accepted.len());
        let (own, postgres) = (
            after.server_since(before) / each,
            after.postgres_since(before) / each,
        );
        sheet.add("rate", tally.rate())?;
        sheet.add("cpu", own + postgres)?;
        sheet.add("p99", percentile(&tally.took(), 99.0))?;
        sheet.add("server", own)?;
        sheet.add("postgres", postgres)?;
        sheet.add("p50", percentile(&tally.took(), 50.0))?;
        sheet.add("fdatasync", crate::gauge::fdatasync(&world.dir)?)?;
        took.extend(tally.took());
    }
    // Apart from what is measured: a statement that is logged takes longer.
    for (key, connections) in [("alone", 1), ("together", CONNECTIONS)] {
        load.prepare(town.talk(&mut world, scale.of(1_000, 100))).await?;
        let statements = statements(&mut world, &mut load, connections).await?;
        sheet.add(key, statements)?;
    }
    load.end().await?;
    server.stops().await?;
    world.end().await?;
    sheet.plot = Some(plot(&took));
    Ok(sheet)
}

/// Statements per activity.
async fn statements(
    world: &mut World,
    load: &mut crate::load::Load,
    connections: usize,
) -> anyhow::Result<f64> {
    world.database.logs_statements(true).await?;
    let before = world.database.statements(counts)?;
    let tally = load.closed(connections, Duration::from_secs(60)).await?;
    let after = world.database.statements(counts)?;
    world.database.logs_statements(false).await?;
    Ok(count(after - before) / count(tally.accepted.len()))
}

fn counts(statement: &str) -> bool {
    let words = ["begin", "commit", "rollback"];
    let first = statement.split_whitespace().next().unwrap_or_default();
    !words.iter().any(|word| first.eq_ignore_ascii_case(word))
}

fn plot(took: &[f64]) -> Plot {
    Plot::Lines(Lines {
        title: format!("How long an activity takes to be answered, {CONNECTIONS} connections at full speed"),
        x: Axis {
            name: "milliseconds",
            logarithmic: true,
        },
        y: Axis {
            name: "% of activities",
            logarithmic: false,
        },
        lines: vec![Line {
            name: "to the 202".to_owned(),
            points: distribution(took),
        }],
        limits: Vec::new(),
        marks: vec![25.0],
    })
}
