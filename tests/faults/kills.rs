//! The server is killed, or asked to stop, again and again while people post.
//!
//! One rule: it is the real program on the real private Postgres, as it is installed by default.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::chance::Chance;
use crate::counts::Counts;
use crate::load::Load;
use crate::neighbours::BOTH;
use crate::run::Run;
use crate::scene::{MANY, Plan, Scene};

const PLAN: Plan = Plan {
    private: true,
    servers: MANY,
    guests: &[],
    ways: BOTH,
    groups: 3,
};
/// Some of the ears take one thing in so many and lose the answer; the last one speaks Versia.
const FORGETFUL: [usize; 3] = [3, 4, MANY.len()];
const LOSES_ONE_IN: usize = 40;

/// kill -9 at any moment: while it starts, receives, sends or writes down.
pub async fn what_was_accepted_survives_every_kill(run: Run) -> Counts {
    let kills = run.share(1000, 1);
    let mut chance = Chance::new(run.seed, 1);
    let scene = Scene::open(&PLAN).await;
    for ear in FORGETFUL {
        scene.ledger.loses_answers(ear, Some(LOSES_ONE_IN));
    }
    let load = Load::begin(&scene, 6, run.seed);
    let mut recoveries = Vec::new();
    let mut progress = run.progress("kills", kills);
    for _ in 0..kills {
        let begun = Instant::now();
        let before = scene.ledger.arrivals();
        let mut serving = scene.program.start(&["serve"]);
        let life = if chance.one_in(5) {
            chance.millis(0, 80)
        } else {
            serving = scene.program.answers(serving).await;
            chance.millis(0, 500)
        };
        let end = Instant::now() + life;
        while Instant::now() < end {
            if scene.ledger.arrivals() > before {
                recoveries.push(begun.elapsed());
                break;
            }
            sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep_until(end).await;
        serving.kill().await;
        progress.step();
    }
    for ear in FORGETFUL {
        scene.ledger.loses_answers(ear, None);
    }
    let serving = scene.program.serve().await;
    load.end().await;
    let mut counts = scene.ends(serving, kills).await;
    counts.cycles = kills;
    counts.note(&spread("from start to first delivery", recoveries));
    counts
}

/// SIGTERM under load: it finishes what it began, and the next one goes on behind it.
pub async fn a_server_that_is_asked_to_stop_sends_nothing_twice(run: Run) -> Counts {
    let stops = run.share(200, 20);
    let mut chance = Chance::new(run.seed, 12);
    let scene = Scene::open(&PLAN).await;
    let load = Load::begin(&scene, 6, run.seed);
    let mut took = Vec::new();
    let mut progress = run.progress("stops", stops);
    for _ in 0..stops {
        let serving = scene.program.serve().await;
        sleep(chance.millis(0, 400)).await;
        let begun = Instant::now();
        serving.stop().await;
        took.push(begun.elapsed());
        progress.step();
    }
    let serving = scene.program.serve().await;
    load.end().await;
    let mut counts = scene.ends(serving, 0).await;
    counts.cycles = stops;
    counts.note(&spread("from SIGTERM to the end", took));
    counts
}

/// The middle and the longest of some times, in words.
pub fn spread(what: &str, mut times: Vec<Duration>) -> String {
    times.sort();
    let (Some(longest), Some(middle)) = (times.last(), times.get(times.len() / 2)) else {
        return format!("{what}: never");
    };
    format!(
        "{what}: median {} ms, longest {} ms, of {}",
        middle.as_millis(),
        longest.as_millis(),
        times.len()
    )
}
