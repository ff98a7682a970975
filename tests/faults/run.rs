//! How much is done, and what people see of it meanwhile.
//!
//! One rule: a test asks for its share of the thousand cycles; `FAULTS_CYCLES` says how many there are.

use std::io::Write as _;
use std::time::{Duration, Instant};

/// How often a slow test says where it is.
const PROGRESS: Duration = Duration::from_secs(5);

/// One run of one test.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: &'static str,
    /// Of the longest test; 1,000 for a whole run.
    pub cycles: usize,
    pub seed: u64,
}

impl Run {
    /// This test's share, where a whole run does `of_all`; never fewer than `least`.
    pub fn share(&self, of_all: usize, least: usize) -> usize {
        (of_all * self.cycles / 1000).max(least)
    }

    /// Whether this is the long run.
    pub fn is_whole(&self) -> bool {
        self.cycles >= 1000
    }

    /// Counts to `all`, aloud.
    pub fn progress(&self, what: &'static str, all: usize) -> Progress {
        Progress {
            id: self.id,
            what,
            all,
            done: 0,
            said: Instant::now(),
        }
    }
}

/// Where a slow test is.
pub struct Progress {
    id: &'static str,
    what: &'static str,
    all: usize,
    done: usize,
    said: Instant,
}

impl Progress {
    pub fn step(&mut self) {
        self.done += 1;
        if self.said.elapsed() > PROGRESS {
            self.said = Instant::now();
            say(&format!(
                "  {} {} of {} {}",
                self.id, self.done, self.all, self.what
            ));
        }
    }
}

/// A line for whoever watches.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
