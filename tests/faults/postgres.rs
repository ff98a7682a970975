//! The database is killed: alone, and together with the server.
//!
//! One rule: it is `stop -m immediate`, a real Postgres that syncs, and whatever it had not written down is gone.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::sleep;

use crate::chance::Chance;
use crate::counts::Counts;
use crate::load::Load;
use crate::neighbours::BOTH;
use crate::run::Run;
use crate::scene::{MANY, Plan, Scene};

pub const PLAN: Plan = Plan {
    private: true,
    servers: MANY,
    guests: &[],
    ways: BOTH,
    groups: 3,
};
/// How long a server may take to have its Postgres back.
const REVIVED: Duration = Duration::from_secs(60);

/// `stop -m immediate` of Postgres under a server that goes on.
pub async fn what_was_accepted_survives_the_death_of_postgres(run: Run) -> Counts {
    let stops = run.share(200, 5);
    let mut chance = Chance::new(run.seed, 2);
    let scene = Scene::open(&PLAN).await;
    let load = Load::begin(&scene, 6, run.seed);
    let mut serving = scene.program.serve().await;
    let mut progress = run.progress("stops of Postgres", stops);
    for _ in 0..stops {
        sleep(chance.millis(0, 600)).await;
        let before = stop_postgres(&scene);
        let is_new = || postmaster(&scene).is_some_and(|pid| pid != before);
        scene.until("a new Postgres", REVIVED, is_new).await;
        serving = scene.program.answers(serving).await;
        progress.step();
    }
    load.end().await;
    let mut counts = scene.ends(serving, stops).await;
    counts.cycles = stops;
    counts
}

/// Both at once, as when the machine's power goes but the disk's cache does not.
pub async fn what_was_accepted_survives_the_death_of_both(run: Run) -> Counts {
    let kills = run.share(200, 10);
    let mut chance = Chance::new(run.seed, 3);
    let scene = Scene::open(&PLAN).await;
    let load = Load::begin(&scene, 6, run.seed);
    let mut progress = run.progress("kills of both", kills);
    for _ in 0..kills {
        let serving = scene.program.serve().await;
        sleep(chance.millis(0, 600)).await;
        stop_postgres(&scene);
        serving.kill().await;
        progress.step();
    }
    let serving = scene.program.serve().await;
    load.end().await;
    let mut counts = scene.ends(serving, kills).await;
    counts.cycles = kills;
    counts
}

/// What `pg_ctl stop -m immediate` does. Gives whom it was done to.
pub fn stop_postgres(scene: &Scene) -> Pid {
    let pid = postmaster(scene).unwrap();
    kill(pid, Signal::SIGQUIT).unwrap();
    pid
}

/// The postmaster of a scene's private Postgres, if its pid file is there.
fn postmaster(scene: &Scene) -> Option<Pid> {
    let file = scene.program.dir.path().join("data/postgres/postmaster.pid");
    let text = std::fs::read_to_string(file).ok()?;
    Some(Pid::from_raw(text.lines().next()?.trim().parse().ok()?))
}
