//! Two servers on one database.
//!
//! One rule: a lane has one owner, so without a kill nothing comes twice, and with one it comes twice at most once for
//! each destination.

use std::time::Duration;

use tokio::time::sleep;

use crate::chance::Chance;
use crate::counts::Counts;
use crate::load::Load;
use crate::neighbours::BOTH;
use crate::run::Run;
use crate::scene::{MANY, Plan, Scene};
use crate::support::process::Program;

const PLAN: Plan = Plan {
    private: false,
    servers: MANY,
    guests: &[],
    ways: BOTH,
    groups: 3,
};

/// One comes and goes as it should, again and again: it takes its share and gives it back.
pub async fn lanes_change_hands_without_a_second_telling(run: Run) -> Counts {
    let times = run.share(40, 4);
    let scene = Scene::open(&PLAN).await;
    let second = beside(&scene.program);
    let serving = scene.program.serve().await;
    let load = Load::begin(&scene, 6, run.seed);
    let mut progress = run.progress("hand-overs", times);
    for _ in 0..times {
        let other = second.serve().await;
        sleep(Duration::from_millis(2500)).await;
        other.stop().await;
        progress.step();
    }
    load.end().await;
    let mut counts = scene.ends(serving, 0).await;
    counts.cycles = times;
    counts
}

/// kill -9 of one or the other.
pub async fn whoever_is_left_takes_over(run: Run) -> Counts {
    let kills = run.share(200, 10);
    let mut chance = Chance::new(run.seed, 5);
    let scene = Scene::open(&PLAN).await;
    let second = beside(&scene.program);
    let (mut one, mut other) = (scene.program.serve().await, second.serve().await);
    let load = Load::begin(&scene, 6, run.seed);
    let mut progress = run.progress("kills", kills);
    for _ in 0..kills {
        sleep(chance.millis(0, 1500)).await;
        if chance.one_in(2) {
            one.kill().await;
            one = scene.program.serve().await;
        } else {
            other.kill().await;
            other = second.serve().await;
        }
        progress.step();
    }
    load.end().await;
    scene.settles().await;
    other.stop().await;
    let mut counts = scene.ends(one, kills).await;
    counts.cycles = kills;
    counts
}

/// Another process of the same installation, at another address.
fn beside(program: &Program) -> Program {
    let mut other = Program::on(program.database.clone());
    other.more.clone_from(&program.more);
    other.set("SERVER__PUBLIC_URL", &program.base());
    let data = program.dir.path().join("data");
    other.set("DATA_DIR", &data.display().to_string());
    other
}
