//! The negative controls: the program errs on purpose, and the book must show it.
//!
//! One rule: a control passes only if something is LOST. A new way to err is a point `control::...` in the program, which
//! no build for use has, and a test here that would find it.

use std::time::Duration;

use tokio::time::sleep;

use crate::chance::Chance;
use crate::counts::Counts;
use crate::load::Load;
use crate::postgres::stop_postgres;
use crate::run::Run;
use crate::scene::{FEW, Plan, Scene};
use crate::support::peer::Mood;

const PLAN: Plan = Plan {
    private: true,
    servers: FEW,
    guests: &[],
    ways: &[],
    groups: 1,
};

/// How often something goes wrong in a round, and how many rounds there are for it to show.
const TIMES: usize = 6;
const ROUNDS: usize = 6;

/// It answers 202 before the commit.
pub async fn an_early_answer_is_found_out(run: Run) -> Counts {
    is_found_out(run, Erring::EarlyAnswer).await
}

/// Its cursors pass places of the log whose entries are committed later.
pub async fn a_serial_cursor_is_found_out(run: Run) -> Counts {
    is_found_out(run, Erring::SerialCursor).await
}

/// Its commits do not wait for the disk.
pub async fn an_asynchronous_commit_is_found_out(run: Run) -> Counts {
    is_found_out(run, Erring::AsyncCommit).await
}

/// An error counts as sent.
pub async fn an_error_that_counts_as_sent_is_found_out(run: Run) -> Counts {
    is_found_out(run, Erring::MarkOnError).await
}

#[derive(Clone, Copy)]
enum Erring {
    EarlyAnswer,
    SerialCursor,
    AsyncCommit,
    MarkOnError,
}

impl Erring {
    fn point(self) -> &'static str {
        match self {
            Self::EarlyAnswer => "control::answer-early",
            Self::SerialCursor => "control::serial-cursor",
            Self::AsyncCommit => "control::async-commit",
            Self::MarkOnError => "control::mark-on-error",
        }
    }

    /// Lets the program err while people post.
    async fn errs(self, scene: &Scene, chance: &mut Chance, seed: u64) -> Load {
        match self {
            Self::EarlyAnswer => {
                let load = Load::of_posts(scene, 8, seed);
                for _ in 0..TIMES {
                    let serving = scene.program.serve().await;
                    sleep(chance.millis(200, 500)).await;
                    serving.kill().await;
                }
                load
            }
            Self::SerialCursor => {
                let serving = scene.program.serve().await;
                let load = Load::of_posts(scene, 4, seed);
                sleep(Duration::from_secs(2)).await;
                serving.kill().await;
                load
            }
            Self::AsyncCommit => {
                let load = Load::of_posts(scene, 8, seed);
                for _ in 0..TIMES {
                    let serving = scene.program.serve().await;
                    sleep(chance.millis(200, 500)).await;
                    stop_postgres(scene);
                    serving.kill().await;
                }
                load
            }
            Self::MarkOnError => {
                let serving = scene.program.serve().await;
                let load = Load::of_posts(scene, 4, seed);
                for _ in 0..TIMES {
                    sleep(Duration::from_millis(200)).await;
                    all_are(scene, &Mood::Says(503));
                    sleep(Duration::from_millis(100)).await;
                    all_are(scene, &Mood::Well);
                }
                serving.kill().await;
                load
            }
        }
    }
}

async fn is_found_out(run: Run, error: Erring) -> Counts {
    let mut scene = Scene::open(&PLAN).await;
    let mut chance = Chance::new(run.seed, 4);
    let mut counts = Counts::default();
    for round in 1..=ROUNDS {
        let failing = ("FAILPOINTS".to_owned(), format!("{}=return", error.point()));
        scene.program.more.push(failing);
        let load = error.errs(&scene, &mut chance, run.seed + round as u64).await;
        // The error is over; what was lost stays lost.
        scene.program.more.pop();
        let serving = scene.program.serve().await;
        load.end().await;
        scene.settles().await;
        counts = scene.reckons(0).await;
        counts.cycles = round;
        serving.stop().await;
        if counts.lost > 0 {
            break;
        }
    }
    counts.is_control = true;
    counts
}

fn all_are(scene: &Scene, mood: &Mood) {
    for member in &scene.members {
        member.server().is(mood.clone());
    }
}
