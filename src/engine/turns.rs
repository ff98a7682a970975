//! Who takes the turns: a few tasks that decide whatever waits.
//!
//! One rule: a batch is nobody's request. Whoever hangs up loses an answer, and neither the decision nor anybody else.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::FutureExt;
use moka::future::Cache;
use tokio::sync::oneshot;

use crate::{
    dialect::Ask,
    engine::{
        Engine, Refused,
        case::{Case, Touches, is_about_content},
        lines::{Batch, Lines, Waits},
    },
    store::turn::{Patience, key_of},
};

/// How many batches are decided at a time: one decides while another is written to disk. More would only make smaller ones.
const MOST_AT_WORK: u32 = 4;
/// Of how many posts we remember the group.
const REMEMBERED: u64 = 20_000;
/// Lines for what names no group and is about nothing that we remember.
const OTHER_LINES: i64 = 64;

/// How a case ended.
#[derive(Debug)]
pub(super) enum Turned {
    /// Decided, or kept until it can be.
    Done,
    /// Nothing was decided: its actor is not what this process remembered. Its signature is to be checked again.
    Stale(Box<Case>),
}

type Answer = Result<Turned, Refused>;

/// A case that waits for its turn, and where its answer goes.
pub(super) struct Waiting {
    pub(super) case: Case,
    touches: Touches,
    answer: oneshot::Sender<Answer>,
}

impl Waiting {
    pub(super) fn hears(self, answer: Answer) {
        // Whoever asked may have hung up.
        let _ = self.answer.send(answer);
    }

    pub(super) fn hears_that_it_is_stale(self) {
        let _ = self.answer.send(Ok(Turned::Stale(Box::new(self.case))));
    }
}

impl Waits for Waiting {
    fn touches(&self) -> &Touches {
        &self.touches
    }

    fn alone(&self) -> bool {
        !is_about_content(&self.case.activity.ask)
    }

    fn text(&self) -> usize {
        self.case.raw.len()
    }

    fn has_left(&self) -> bool {
        self.answer.is_closed()
    }
}

/// Everybody who waits for a turn.
pub(super) struct Turns {
    state: Mutex<State>,
    most_at_work: usize,
    /// The group of a post, by the key of its id: its line, not more.
    groups: Cache<i64, Arc<str>>,
}

struct State {
    lines: Lines<Waiting>,
    at_work: usize,
}

impl Turns {
    /// With so many connections to the database in all.
    pub(super) fn new(connections: u32) -> Self {
        let most = (connections / 4).clamp(1, MOST_AT_WORK);
        Self {
            state: Mutex::new(State {
                lines: Lines::new(),
                at_work: 0,
            }),
            most_at_work: usize::try_from(most).unwrap_or(1),
            groups: Cache::new(REMEMBERED),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins a line; gives what is to be worked on now, if there is somebody free to do it.
    fn join(&self, line: &str, waiting: Waiting) -> Option<Batch<Waiting>> {
        let mut state = self.state();
        state.lines.join(line, waiting);
        if state.at_work == self.most_at_work {
            return None;
        }
        let batch = state.lines.take()?;
        state.at_work += 1;
        Some(batch)
    }

    /// These lines go on; gives what to work on next, or lets whoever asks go.
    fn next(&self, lines: &[String]) -> Option<Batch<Waiting>> {
        let mut state = self.state();
        state.lines.done(lines);
        let batch = state.lines.take();
        if batch.is_none() {
            state.at_work -= 1;
        }
        batch
    }

    /// Remembers in which group a post is.
    pub(super) async fn remember(&self, post: &str, group: &str) {
        let key = key_of(post);
        if self.groups.get(&key).await.is_none_or(|known| *known != *group) {
            self.groups.insert(key, group.into()).await;
        }
    }
}

impl Engine {
    /// Decides a case, with others that wait for the same turn.
    pub(super) async fn turn(&self, case: Case) -> Answer {
        let case = self.look_up_ids(case).await?;
        let line = self.line_of(&case).await;
        let (answer, heard) = oneshot::channel();
        let touches = case.touches();
        let waiting = Waiting {
            case,
            touches,
            answer,
        };
        if let Some(batch) = self.turns().join(&line, waiting) {
            tokio::spawn(self.clone().work(batch));
        }
        heard
            .await
            .unwrap_or_else(|_| Err(Refused::Unavailable("a turn broke off".to_owned())))
    }

    /// Decides whatever waits, until nobody does.
    async fn work(self, first: Batch<Waiting>) {
        let mut next = Some(first);
        while let Some(Batch { cases, lines }) = next {
            // A batch that is one group's waits for it as long as it takes; a mixed one must not hold up the others.
            let patience = if lines.len() == 1 {
                Patience::Waits
            } else {
                Patience::GoesOn
            };
            let decided = AssertUnwindSafe(self.decide_together(cases, patience));
            if decided.catch_unwind().await.is_err() {
                tracing::error!("a turn broke off; whoever waited in it was told to come again");
            }
            next = self.turns().next(&lines);
        }
    }

    /// The line that a case waits in: that of its group, as far as that is known before anything is read. The group's lock
    /// makes it right; lines only make it quiet.
    async fn line_of(&self, case: &Case) -> String {
        if let Ask::Join { group, .. } | Ask::Leave { group } = &case.activity.ask
            && let Some(name) = self.here().group_meant(group.as_str())
        {
            return name.to_owned();
        }
        if let Some(via) = &case.via {
            return via.clone();
        }
        let near = case.near().map(key_of);
        if let Some(post) = near
            && let Some(group) = self.turns().groups.get(&post).await
        {
            return group.as_ref().to_owned();
        }
        let named = case.activity.addressed.groups().first();
        named.or(case.inbox.as_ref()).cloned().unwrap_or_else(|| {
            // No group is called so.
            format!("#{}", near.unwrap_or(case.actor.id.0).rem_euclid(OTHER_LINES))
        })
    }
}
