//! Clocks that jump, and days that pass.
//!
//! One rule: whatever our clock does, what waits is tried again within its back-off, and not more often.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::sleep;

use crate::counts::Counts;
use crate::neighbours::Way;
use crate::run::Run;
use crate::square::Square;
use crate::support::peer::Mood;

/// Ears of those who are well that are still to hear something.
const UNDER_WAY: &str =
    "select count(*) from ear join destination d on d.id = destination_id where d.failures = 0";
/// The same, if any is.
const STILL_WAITS: &str =
    "select coalesce(max(extract(epoch from next_try - last_try)), 0)::bigint from destination
                           where failures > 0";
/// After so many looks at which nothing came, whoever still waits is due.
const QUIET: usize = 150;
/// How often we look whether everything is there.
const PAUSE: Duration = Duration::from_millis(20);
const FAILURES: &str = "select coalesce(max(failures), 0)::bigint from destination";
/// Seconds from the last try to the next, of the destination that fails.
const WAIT: &str =
    "select extract(epoch from next_try - last_try)::bigint from destination where failures > 0";

/// Our clock jumps by an hour and by a day, on and back, while one server is failing.
pub async fn a_jump_of_the_clock_neither_storms_nor_stalls(_: Run) -> Counts {
    let square = Square::open(&[], &["lemmy", "mastodon", "lemmy"]).await;
    let world = &square.world;
    let failing = square.members[2].server();
    let mut tries = Vec::new();
    for jump in [
        TimeDelta::hours(1),
        TimeDelta::hours(-1),
        TimeDelta::days(1),
        TimeDelta::days(-1),
    ] {
        failing.is(Mood::Says(503));
        let before = failing.heard().len();
        square.posts("before the jump", &[]).await;
        world.until(FAILURES, 1).await;
        let wait = world.count(WAIT).await;
        world.advance(jump);
        // Back in time nothing is due at once; in its own time it is.
        world.advance(TimeDelta::seconds(wait));
        world.until(FAILURES, 2).await;
        square.posts("after the jump", &[]).await;
        tries.push(failing.heard().len() - before);
        failing.comes_back();
        let wait = world.count(WAIT).await;
        world.advance(TimeDelta::seconds(wait));
        world.settles().await;
    }
    let mut counts = square.ends(0, &[]).await;
    if tries.iter().any(|tries| *tries > 4) {
        counts
            .wrong
            .push(format!("tried {tries:?} times, where 2 and 4 are in time"));
    }
    counts.note(&format!(
        "tries of a failing server during jumps of 1 h, -1 h, 1 d, -1 d: {tries:?}"
    ));
    counts.cycles = tries.len();
    counts
}

/// Of the two who are dead, the one that was tried less often.
const ALL_FAILURES: &str = "select failures::bigint from destination order by failures desc offset 1 limit 1";
/// Seconds until the last of them is tried again.
const LONGEST_WAIT: &str =
    "select max(extract(epoch from next_try - last_try))::bigint from destination where failures > 0";

/// A server that is dead for six days has thousands to catch up with, and so has a domain of Versia.
pub async fn who_was_dead_for_six_days_gets_everything_in_order(run: Run) -> Counts {
    let posts = if run.is_whole() { 10_000 } else { 300 };
    let ways = [Way::Subscribes, Way::Subscribes];
    let square = Square::open_to(&[], &["lemmy", "mastodon", "lemmy"], &ways).await;
    let world = &square.world;
    let (dead, domain) = (square.members[2].server(), &square.neighbours[1].domain);
    dead.goes_away();
    domain.is(Mood::Gone);
    let mut progress = run.progress("posts", posts);
    let begun = world.ground().clock().now();
    let mut failures = 0;
    for post in 0..posts {
        square.posts("while you were away", &[]).await;
        square.ledger.collect();
        progress.step();
        // Spread over six days: each time it has backed off for long enough, it is tried and fails again.
        if post % (posts / 20).max(1) == 0 && world.ground().clock().now() - begun < TimeDelta::days(6) {
            failures += 1;
            world.until(ALL_FAILURES, failures).await;
            let wait = world.count(LONGEST_WAIT).await;
            // What is under way to the others was signed by the time before.
            world.until(UNDER_WAY, 0).await;
            world.advance(TimeDelta::seconds(wait));
        }
    }
    let away = world.ground().clock().now() - begun;
    dead.comes_back();
    domain.comes_back();
    // Both are tried at once, and then time stands still: a domain believes no signature that is older than five minutes. What was
    // signed before that, and is refused for it, is tried again in its time.
    while square.ledger.outstanding() > 0 {
        world.until(UNDER_WAY, 0).await;
        let wait = world.count(STILL_WAITS).await;
        world.advance(TimeDelta::seconds(wait));
        let mut quiet = 0;
        while square.ledger.outstanding() > 0 && quiet < QUIET {
            sleep(PAUSE).await;
            quiet = if square.ledger.collect() > 0 { 0 } else { quiet + 1 };
        }
    }
    let mut counts = square.ends(0, &[]).await;
    counts.note(&format!(
        "{posts} posts waited for a server and a domain that were away for {} h",
        away.num_hours()
    ));
    counts.cycles = 1;
    counts
}
