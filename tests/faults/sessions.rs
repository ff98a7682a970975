//! Sessions of the database that end in the middle, and too few of them.
//!
//! One rule: people see 202, or 503 and come again; never another 5xx.

use std::time::Duration;

use sqlx::Row as _;
use tokio::time::{Instant, sleep};

use crate::chance::Chance;
use crate::counts::Counts;
use crate::load::Load;
use crate::neighbours::BOTH;
use crate::run::Run;
use crate::scene::{FEW, MANY, Plan, Scene};

/// Sessions of the server under test, whatever they are for.
const SESSIONS: &str = "
    select pid from pg_stat_activity
    where datname = current_database() and application_name = 'folkmoot' and pid <> pg_backend_pid()
    order by pid";

/// How long sessions are ended, in a whole run.
const WHOLE: usize = 600;

/// `pg_terminate_backend` of one session or another, once a second.
pub async fn whichever_session_ends_nothing_is_lost(run: Run) -> Counts {
    let ends = run.share(WHOLE, 12);
    let mut chance = Chance::new(run.seed, 6);
    let scene = Scene::open(&Plan {
        private: false,
        servers: MANY,
        guests: &[],
        ways: BOTH,
        groups: 3,
    })
    .await;
    let serving = scene.program.serve().await;
    let load = Load::begin(&scene, 6, run.seed);
    let mut look = scene.look().await;
    let mut progress = run.progress("sessions", ends);
    for _ in 0..ends {
        let pause = Instant::now() + chance.millis(500, 1000);
        let rows = sqlx::query(SESSIONS).fetch_all(&mut look).await.unwrap();
        if let Some(session) = chance.of(&rows) {
            let pid: i32 = session.get(0);
            sqlx::query("select pg_terminate_backend($1)")
                .bind(pid)
                .execute(&mut look)
                .await
                .unwrap();
        }
        tokio::time::sleep_until(pause).await;
        progress.step();
    }
    load.end().await;
    // Each may have been the one that holds the lanes, and then somebody else might have gone on.
    let mut counts = scene.ends(serving, ends).await;
    counts.cycles = ends;
    counts
}

/// Two hundred who post at once, and five connections for all of them.
pub async fn too_few_connections_lose_nothing(run: Run) -> Counts {
    let mut scene = Scene::open(&Plan {
        private: false,
        servers: FEW,
        guests: &[],
        ways: &[],
        groups: 2,
    })
    .await;
    scene.program.set("DATABASE__CONNECTIONS", "5");
    let serving = scene.program.serve().await;
    let load = Load::begin(&scene, 200, run.seed);
    sleep(Duration::from_secs(run.share(60, 6) as u64)).await;
    load.end().await;
    let mut counts = scene.ends(serving, 0).await;
    counts.cycles = 1;
    counts
}
