//! The main job before your eyes: `make demo`. A real server, four servers of other people around it, and who hears
//! what in which shape.
//!
//! One rule: it believes what its peers received, never what the server says; anything due that did not arrive, or
//! that arrived and was not due, is an exit code of 1. To add a step: a line in `story.rs`; a member: one in `cast`.

mod house;
// The same programmable peer that the tests use: it really signs, really verifies, and refuses what the real ones do.
#[expect(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "the tests use more of it"
)]
#[expect(clippy::unwrap_used, reason = "what a peer cannot do ends the demo, loudly")]
#[path = "../../tests/it/support/peer/mod.rs"]
mod peer;
mod story;
mod tally;
mod trace;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use house::House;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe demo failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let begun = Instant::now();
    let house = House::open()?;
    let told = until_interrupted(house.clone()).await;
    let log = house.log();
    let stopped = house.close().await;
    if !told.as_ref().is_ok_and(tally::Count::is_right) {
        eprintln!("\nThe last lines of the server's log:\n{log}");
    }
    if let Ok(count) = &told {
        trace::end(count, begun.elapsed());
    }
    let right = told?.is_right();
    stopped.context("the house could not be closed")?;
    anyhow::ensure!(right, "see what is marked above");
    Ok(())
}

/// The story, in a task of its own: whatever a peer cannot believe ends that task, and the house is closed all the same.
async fn until_interrupted(house: House) -> anyhow::Result<tally::Count> {
    let mut terminated = signal(SignalKind::terminate())?;
    let story = tokio::spawn(story::tell(house));
    tokio::select! {
        told = story => told.context("a peer could not go on")?,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
        _ = terminated.recv() => anyhow::bail!("terminated"),
    }
}
