//! What is left when things are killed: the server, its database, its sessions, its peers. `make faults` does all of it;
//! `.ci/run` a tenth of the cycles of those that take no hour.
//!
//! One rule: what was answered 202 reaches everybody to whom it was due, at least once and in order, and a second time
//! only for a cause. The negative controls show that the book-keeping would tell if it did not. A new test is a
//! function from a [`Run`] to its [`Counts`] and a row in [`TESTS`].
//!
//! Words pick the tests whose id or name holds one of them. `FAULTS_CYCLES` says how much is done (100), `FAULTS_SEED`
//! repeats a run's choices, `FAULTS_AT_ONCE` is how many tests run side by side (2).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(unreachable_pub, reason = "the support is shared with other tests")]

mod chance;
mod clock;
mod controls;
mod counts;
mod kills;
mod ledger;
mod load;
mod log;
mod migrations;
mod named;
mod neighbours;
mod own;
mod points;
mod postgres;
mod replay;
mod rings;
mod run;
mod scene;
mod sessions;
mod several;
mod square;
#[expect(dead_code, unused_imports, reason = "the tests of every day use more of it")]
#[path = "../it/support/mod.rs"]
mod support;
mod table;
mod weather;

use std::pin::Pin;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};

use counts::Counts;
use run::{Run, say};

type Running = Pin<Box<dyn Future<Output = Counts> + Send>>;

struct Test {
    id: &'static str,
    name: &'static str,
    run: fn(Run) -> Running,
}

/// A row of [`TESTS`].
macro_rules! test {
    ($id:literal, $room:ident :: $name:ident) => {
        Test {
            id: $id,
            name: stringify!($name),
            run: |run| Box::pin($room::$name(run)),
        }
    };
}

const TESTS: &[Test] = &[
    test!("F01", kills::what_was_accepted_survives_every_kill),
    test!("F02", postgres::what_was_accepted_survives_the_death_of_postgres),
    test!("F02", postgres::what_was_accepted_survives_the_death_of_both),
    test!("F03", points::a_stop_at_any_step_in_loses_nothing),
    test!("F03", points::a_stop_at_any_step_out_loses_nothing),
    test!("F04", controls::an_early_answer_is_found_out),
    test!("F04", controls::a_serial_cursor_is_found_out),
    test!("F04", controls::an_asynchronous_commit_is_found_out),
    test!("F04", controls::an_error_that_counts_as_sent_is_found_out),
    test!("F05", several::lanes_change_hands_without_a_second_telling),
    test!("F05", several::whoever_is_left_takes_over),
    test!("F06", sessions::whichever_session_ends_nothing_is_lost),
    test!("F08", sessions::too_few_connections_lose_nothing),
    test!("F09", clock::a_jump_of_the_clock_neither_storms_nor_stalls),
    test!("F10", weather::who_is_well_hears_everything_in_any_weather),
    test!("F11", clock::who_was_dead_for_six_days_gets_everything_in_order),
    test!("F12", kills::a_server_that_is_asked_to_stop_sends_nothing_twice),
    test!("F14", migrations::a_migration_that_was_cut_short_is_completed),
    test!("F15", replay::three_copies_are_as_one),
    test!("F17", rings::a_ring_of_groups_tells_everybody_once),
    test!("F17", rings::an_echo_dies_away),
];

/// So long a test may take for each cycle of the run, and at least.
const PER_CYCLE: Duration = Duration::from_secs(3);
const AT_LEAST: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let cycles = number("FAULTS_CYCLES", 100);
    let seed = number("FAULTS_SEED", u64::from(std::process::id()));
    let at_once = number("FAULTS_AT_ONCE", 2);
    let is_asked_for = |test: &&Test| {
        let holds = |word: &String| test.name.contains(word.as_str()) || test.id.eq_ignore_ascii_case(word);
        words.is_empty() || words.iter().any(holds)
    };
    let asked: Vec<&Test> = TESTS.iter().filter(is_asked_for).collect();
    say(&format!(
        "{} fault tests, {cycles} cycles, FAULTS_SEED={seed}",
        asked.len()
    ));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut done: Vec<table::Row> = runtime.block_on(
        stream::iter(asked)
            .map(|test| {
                let run = Run {
                    id: test.id,
                    cycles: usize::try_from(cycles).unwrap_or(usize::MAX),
                    seed,
                };
                begin(test, run)
            })
            .buffer_unordered(usize::try_from(at_once).unwrap_or(1).max(1))
            .collect(),
    );
    done.sort_by_key(|row| row.id);
    table::print(&done)
}

/// Runs one test to its end, whatever that is.
async fn begin(test: &Test, run: Run) -> table::Row {
    let begun = Instant::now();
    let limit = AT_LEAST.max(PER_CYCLE * u32::try_from(run.cycles).unwrap_or(u32::MAX));
    let mut task = tokio::spawn((test.run)(run));
    let came_to = match tokio::time::timeout(limit, &mut task).await {
        Ok(Ok(counts)) => Ok(counts),
        Ok(Err(broken)) => Err(table::words_of(broken)),
        Err(_) => {
            task.abort();
            let _ = task.await;
            Err(format!("not done after {limit:?}"))
        }
    };
    let row = table::Row {
        id: test.id,
        name: test.name,
        took: begun.elapsed(),
        came_to,
    };
    say(&row.line());
    row
}

fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
        Err(_) => default,
    }
}
