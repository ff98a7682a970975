//! `latency`: a server that has nothing to do, and a post: how long until the first hears of it, and the last.

use std::time::Duration;

use tokio::time::sleep;

use super::{Scale, fan};
use crate::numbers::{distribution, ends, percentile};
use crate::plot::{Axis, Line, Lines, Plot};
use crate::sheet::Reach::{AtMost, Nothing};
use crate::sheet::Sheet;
use crate::world::World;

/// Between two posts.
const PAUSE: Duration = Duration::from_millis(150);

pub(super) async fn run(scale: Scale) -> anyhow::Result<Sheet> {
    let (posts, hosts): (u32, u32) = scale.of((120, 100), (10, 20));
    let mut sheet = Sheet::new(
        "latency",
        format!("{posts} single posts to {hosts} hosts, the server idle before each; counted from the 202"),
    );
    sheet.figure("first_99", "first POST, p99", "ms", AtMost(5.0));
    sheet.figure("last_99", "last POST, p99", "ms", AtMost(100.0));
    sheet.figure("first_50", "first POST, median", "ms", Nothing);
    sheet.figure("last_50", "last POST, median", "ms", Nothing);
    sheet.figure("answer_50", "the 202 itself, median", "ms", Nothing);
    sheet.figure("answer_99", "the 202 itself, p99", "ms", Nothing);
    sheet.figure("fdatasync", "fdatasync", "ms", Nothing);
    let mut world = World::new().await?;
    sheet.facts = Some(world.facts.clone());
    fan::make_warm_group(&world).await?;
    world.group("few").await?;
    world.members("few", 0..hosts).await?;
    let (mut firsts, mut lasts) = (Vec::new(), Vec::new());
    for _ in 0..scale.runs() {
        let server = world.serves("all").await?;
        let mut load = world.load().await?;
        fan::warm_up(&mut world, &mut load).await?;
        // The first posts open the connections that the others find.
        load.prepare(world.threads("few", posts + 3)).await?;
        let due = usize::try_from(hosts)?;
        let (mut first, mut last, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for post in 0..posts + 3 {
            world.peers.forget().await?;
            let sent = load.one().await?;
            world.peers.accepts(due, Duration::from_secs(60)).await?;
            let arrivals = world.peers.arrivals().await?;
            let waits: Vec<f64> = arrivals
                .iter()
                .map(|arrival| crate::numbers::ms(arrival.at.saturating_sub(sent.answered)))
                .collect();
            if post >= 3 {
                let (least, most) = ends(&waits);
                first.push(least);
                last.push(most);
                answers.push(sent.took);
            }
            sleep(PAUSE).await;
        }
        load.end().await?;
        server.stops().await?;
        sheet.add("first_99", percentile(&first, 99.0))?;
        sheet.add("last_99", percentile(&last, 99.0))?;
        sheet.add("first_50", percentile(&first, 50.0))?;
        sheet.add("last_50", percentile(&last, 50.0))?;
        sheet.add("answer_50", percentile(&answers, 50.0))?;
        sheet.add("answer_99", percentile(&answers, 99.0))?;
        sheet.add("fdatasync", crate::gauge::fdatasync(&world.dir)?)?;
        firsts.extend(first);
        lasts.extend(last);
    }
    world.end().await?;
    sheet.plot = Some(plot(&firsts, &lasts));
    Ok(sheet)
}

fn plot(firsts: &[f64], lasts: &[f64]) -> Plot {
    let line = |name: &str, waits: &[f64]| Line {
        name: name.to_owned(),
        points: distribution(waits),
    };
    Plot::Lines(Lines {
        title: "From a post's 202 to its first and its last delivery".to_owned(),
        x: Axis {
            name: "milliseconds",
            logarithmic: true,
        },
        y: Axis {
            name: "% of posts",
            logarithmic: false,
        },
        lines: vec![line("first POST", firsts), line("last POST", lasts)],
        limits: Vec::new(),
        marks: vec![5.0, 100.0],
    })
}
