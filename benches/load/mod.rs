//! Those who post: a process that signs beforehand and then sends, as fast as it is answered or at a rate.
//!
//! One rule: what it says of a request is seen from outside: when it should have gone out, when its answer was there.

/// Posts are told apart by the number behind this in their ids.
pub(crate) const MARK: &str = "/n/";

mod deck;
mod send;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::helper::{self, Helper, Questions};
use crate::hosts::{AUTHORS, Ports};
use crate::key;
use deck::Deck;

/// What the load is asked.
#[derive(Serialize, Deserialize)]
enum Question {
    Prepare(Plan),
    One,
    Closed {
        connections: usize,
        seconds: f64,
    },
    Open {
        rate: f64,
        connections: usize,
        seconds: f64,
    },
}

/// Activities to be signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// `http://127.0.0.1:PORT`
    pub(crate) server: String,
    pub(crate) ports: Ports,
    /// Names of groups; they take turns, by the number of the post.
    pub(crate) groups: Vec<String>,
    pub(crate) people: People,
    pub(crate) what: What,
    /// The number of the first; ids follow from it, so no number may be used twice.
    pub(crate) first: u32,
    pub(crate) count: u32,
}

/// Who posts: `p0`, `p1` and so on take turns, so many of them on each host from `home` on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct People {
    pub(crate) home: u32,
    pub(crate) per_host: u32,
    pub(crate) count: u32,
}

impl People {
    /// Ten to a host, on hosts that are no destinations.
    pub(crate) fn elsewhere(count: u32) -> Self {
        Self {
            home: AUTHORS,
            per_host: 10,
            count,
        }
    }

    /// The number of somebody's host.
    pub(crate) fn host(&self, person: u32) -> u32 {
        self.home + person / self.per_host
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum What {
    /// Each begins a thread.
    Creates,
    /// Every other one is a Like of a post numbered from `from` up to `to`, that was made in the same groups.
    Mixed { from: u32, to: u32 },
}

/// What came of one request.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) status: u16,
    /// When its answer was there, in nanoseconds on the monotonic clock.
    pub(crate) answered: u64,
    /// Milliseconds from when it should have gone out to its answer.
    pub(crate) took: f64,
}

/// What came of many.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// By status; 0 is a connection that broke.
    pub(crate) statuses: BTreeMap<u16, usize>,
    /// When the first went out.
    pub(crate) began: u64,
    /// When the last was answered.
    pub(crate) ended: u64,
    /// Of those that were accepted: when that was, and how many milliseconds it took.
    pub(crate) accepted: Vec<(u64, f64)>,
}

impl Tally {
    /// Milliseconds, of those that were accepted.
    pub(crate) fn took(&self) -> Vec<f64> {
        self.accepted.iter().map(|(_, took)| *took).collect()
    }

    pub(crate) fn seconds(&self) -> f64 {
        crate::numbers::ms(self.ended.saturating_sub(self.began)) / 1e3
    }

    pub(crate) fn rate(&self) -> f64 {
        crate::numbers::count(self.accepted.len()) / self.seconds()
    }

    /// # Errors
    /// If anything was answered otherwise than 202, for then this is no measure of anything.
    pub(crate) fn all_accepted(self) -> anyhow::Result<Self> {
        let refused: usize = self.statuses.values().sum::<usize>() - self.accepted.len();
        anyhow::ensure!(
            refused == 0,
            "the server did not take it all: {:?}",
            self.statuses
        );
        Ok(self)
    }
}

/// The parent's end.
pub(crate) struct Load(Helper);

impl Load {
    pub(crate) fn start(dir: &Path) -> anyhow::Result<Self> {
        Ok(Self(Helper::start("load", dir)?))
    }

    /// Signs. What was signed before and not sent is forgotten.
    pub(crate) async fn prepare(&mut self, plan: Plan) -> anyhow::Result<()> {
        let limit = Duration::from_secs(30 + u64::from(plan.count) / 100);
        self.0.ask(&Question::Prepare(plan), limit).await
    }

    /// Sends the next one, and waits for its answer.
    pub(crate) async fn one(&mut self) -> anyhow::Result<Sent> {
        let sent: Sent = self.0.ask(&Question::One, Duration::from_secs(30)).await?;
        anyhow::ensure!(sent.status == 202, "a post was answered {}", sent.status);
        Ok(sent)
    }

    /// Sends on so many connections, each as soon as the one before is answered, until all are sent or time is over.
    pub(crate) async fn closed(&mut self, connections: usize, limit: Duration) -> anyhow::Result<Tally> {
        let seconds = limit.as_secs_f64();
        let question = Question::Closed { connections, seconds };
        let tally: Tally = self.0.ask(&question, limit + Duration::from_secs(60)).await?;
        tally.all_accepted()
    }

    /// Sends at a rate, whether those before are answered or not, until all are sent or time is over.
    pub(crate) async fn open(&mut self, rate: f64, limit: Duration) -> anyhow::Result<Tally> {
        let question = Question::Open {
            rate,
            connections: 64,
            seconds: limit.as_secs_f64(),
        };
        let tally: Tally = self.0.ask(&question, limit + Duration::from_secs(60)).await?;
        tally.all_accepted()
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.0.end().await
    }
}

/// The load's end.
pub(crate) async fn run(dir: &Path) -> anyhow::Result<()> {
    let key = key::read(dir)?;
    let mut deck = Deck::default();
    let mut questions = Questions::new();
    while let Some(question) = questions.next().await? {
        match question {
            Question::Prepare(plan) => {
                let signed = Deck::sign(&plan, &key);
                helper::answer(signed.map(|signed| deck = signed))?;
            }
            Question::One => helper::answer(send::one(&deck).await)?,
            Question::Closed { connections, seconds } => {
                let sent = send::closed(&deck, connections, seconds).await;
                helper::answer(sent)?;
            }
            Question::Open {
                rate,
                connections,
                seconds,
            } => {
                let sent = send::open(&deck, rate, connections, seconds).await;
                helper::answer(sent)?;
            }
        }
    }
    Ok(())
}
