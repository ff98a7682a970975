//! `far`: one host at half a second's distance, and more to say than fits one after the other.

use std::time::Duration;

use super::{Scale, fan};
use crate::numbers::{count, ends, median, ms};
use crate::plot::{Axis, Line, Lines, Plot};
use crate::sheet::Reach::{AtLeast, AtMost, Nothing};
use crate::sheet::Sheet;
use crate::sink::{Arrival, Kind, Manners, Mood};
use crate::world::World;

const ROUND_TRIP: u64 = 500;
/// Posts a second, each a thread of its own.
const RATE: f64 = 50.0;

pub(super) async fn run(scale: Scale) -> anyhow::Result<Sheet> {
    let seconds: u32 = scale.of(30, 6);
    let posts = 50 * seconds;
    let mut sheet = Sheet::new(
        "far",
        format!("{RATE} new threads a second for {seconds} s to one host at {ROUND_TRIP} ms round trip"),
    );
    sheet.figure("rate", "arrived in the second half", "/s", AtLeast(0.98 * RATE));
    sheet.figure("lag_end", "lag at the end", "s", AtMost(2.0));
    sheet.figure("delivered", "arrived in all", "%", AtLeast(100.0));
    sheet.figure("duplicates", "arrived again", "", AtMost(0.0));
    sheet.figure("lag_most", "greatest lag", "s", Nothing);
    let mut world = World::new().await?;
    sheet.facts = Some(world.facts.clone());
    fan::make_warm_group(&world).await?;
    world.group("antipodes").await?;
    world.members("antipodes", 0..1).await?;
    let mut lags = Vec::new();
    for _ in 0..scale.few_runs() {
        let server = world.serves("all").await?;
        let mut load = world.load().await?;
        fan::warm_up(&mut world, &mut load).await?;
        world.peers.behave(far_away()).await?;
        load.prepare(world.threads("antipodes", posts)).await?;
        world.peers.forget().await?;
        let length = Duration::from_secs(u64::from(seconds));
        let tally = load.open(RATE, length).await?;
        let due = usize::try_from(posts)?;
        // Should it not keep up, it is given as long again, and some.
        let there = world.peers.within(due, length + Duration::from_secs(30)).await?;
        let arrivals = world.peers.arrivals().await?;
        world.peers.behave(Manners::default()).await?;
        world.settles().await?;
        load.end().await?;
        server.stops().await?;
        let run = lag(&arrivals, tally.began);
        let end = run.len() / 10;
        let last: Vec<f64> = run.iter().rev().take(end.max(1)).map(|point| point.1).collect();
        let all: Vec<f64> = run.iter().map(|point| point.1).collect();
        sheet.add("rate", second_half(&arrivals, tally.began, f64::from(seconds)))?;
        sheet.add("lag_end", median(&last))?;
        sheet.add("delivered", 100.0 * count(there.min(due)) / count(due))?;
        sheet.add("duplicates", count(fan::duplicates(&arrivals)))?;
        sheet.add("lag_most", ends(&all).1)?;
        lags = run;
    }
    world.end().await?;
    sheet.plot = Some(plot(lags));
    Ok(sheet)
}

fn far_away() -> Manners {
    let mood = Mood {
        from: 0,
        to: 1,
        kind: Kind::Far(ROUND_TRIP),
    };
    Manners {
        moods: vec![mood],
        ..Manners::default()
    }
}

/// When, and how long after it was posted at the latest, the nth arrived; in seconds.
fn lag(arrivals: &[Arrival], began: u64) -> Vec<(f64, f64)> {
    let numbered = arrivals.iter().enumerate();
    numbered
        .map(|(nth, arrival)| {
            let at = ms(arrival.at.saturating_sub(began)) / 1e3;
            (at, (at - count(nth) / RATE).max(0.0))
        })
        .collect()
}

/// Arrivals a second while the second half was posted.
fn second_half(arrivals: &[Arrival], began: u64, seconds: f64) -> f64 {
    let at = |arrival: &&Arrival| ms(arrival.at.saturating_sub(began)) / 1e3;
    let half = (seconds / 2.0)..seconds;
    count(
        arrivals
            .iter()
            .filter(|arrival| half.contains(&at(arrival)))
            .count(),
    ) / (seconds / 2.0)
}

fn plot(points: Vec<(f64, f64)>) -> Plot {
    let few = points.len() / 200 + 1;
    Plot::Lines(Lines {
        title: format!("How far behind a host at {ROUND_TRIP} ms is"),
        x: Axis {
            name: "seconds",
            logarithmic: false,
        },
        y: Axis {
            name: "seconds behind",
            logarithmic: false,
        },
        lines: vec![Line {
            name: "lag".to_owned(),
            points: points.into_iter().step_by(few).collect(),
        }],
        limits: vec![2.0],
        marks: Vec::new(),
    })
}
