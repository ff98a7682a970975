//! `make bench`: every figure that we promise, measured on the release build as a process of its own.
//!
//! One rule: a figure is a ratio within one run, or stands beside what it depends on; sinks and loads are processes of
//! their own, and their CPU is nobody's. To add a bench: a file in `measures/`, and its two lines in `measures/mod.rs`.
//!
//! ```text
//!   main --+-- server   the program itself, with a Postgres of its own   <- measured
//!          +-- load     signs beforehand, then posts
//!          +-- sink     every other server, on 127.16.0.0 and above
//!          +-- floor    the same signatures and POSTs, and nothing else  <- measured
//!          +-- warden   stops and removes everything, however it ended
//! ```

mod authority;
mod database;
mod floor;
mod gauge;
mod helper;
mod hosts;
mod key;
mod load;
mod measures;
mod numbers;
mod plot;
mod server;
mod sheet;
mod sink;
mod table;
mod warden;
mod wire;
mod world;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use measures::Scale;

/// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// No bench takes longer, unless something hangs.
const LIMIT: Duration = Duration::from_secs(30 * 60);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["sink", dir] => quiet().and_then(|runtime| runtime.block_on(sink::run(Path::new(dir)))),
        ["load", dir] => quiet().and_then(|runtime| runtime.block_on(load::run(Path::new(dir)))),
        ["floor", dir] => busy().and_then(|runtime| runtime.block_on(floor::run(Path::new(dir)))),
        ["warden", dir] => warden::run(Path::new(dir)),
        _ => quiet().and_then(|runtime| runtime.block_on(bench(&words))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// On one thread: leaves the other cores to whom we measure.
fn quiet() -> anyhow::Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// As the server runs.
fn busy() -> anyhow::Result<Runtime> {
    Ok(Builder::new_multi_thread().enable_all().build()?)
}

/// Runs what was named; everything, if it was `make bench` and nothing was.
async fn bench(words: &[&str]) -> anyhow::Result<()> {
    let mut names: Vec<&str> = words.iter().copied().filter(|word| *word != "--bench").collect();
    if words.is_empty() {
        println!("benches: {} (`make bench` runs all)", measures::ALL.join(", "));
        return Ok(());
    }
    if names.is_empty() {
        names = measures::ALL.to_vec();
    }
    if let Some(unknown) = names.iter().find(|name| !measures::ALL.contains(name)) {
        anyhow::bail!(
            "there is no bench `{unknown}`; there are {}",
            measures::ALL.join(", ")
        );
    }
    let scale = Scale::from_environment()?;
    let place = table::place(scale.small);
    let mut terminated = signal(SignalKind::terminate())?;
    let mut failed = Vec::new();
    for name in names {
        let begun = Instant::now();
        let measured = tokio::select! {
            measured = tokio::time::timeout(LIMIT, measures::run(name, scale)) => measured,
            _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
            _ = terminated.recv() => anyhow::bail!("terminated"),
        };
        match measured.context("it took too long").flatten() {
            Ok(sheet) => {
                table::print(&sheet);
                table::write(&sheet, &place)?;
                eprintln!("{name}: done in {:.0} s", begun.elapsed().as_secs_f64());
            }
            Err(error) => {
                eprintln!("{name}: not measured: {error:#}");
                failed.push(name);
            }
        }
    }
    if place == table::place(false) && !cfg!(debug_assertions) {
        table::write_docs(&measures::ALL)?;
    }
    println!("results are in {}", place.display());
    anyhow::ensure!(failed.is_empty(), "not measured: {}", failed.join(", "));
    Ok(())
}
