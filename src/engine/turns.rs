//! Who takes the turns: tasks that decide whatever waits, a few at a time.
//!
//! One rule: a batch is nobody's request. Whoever hangs up loses an answer, and holds up neither the decision nor anybody
//! else.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use moka::future::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{
    dialect::Ask,
    engine::{
        Engine, Refused,
        case::{Case, Touches, is_about_content},
        lines::{Batch, Company, Lines, Waits},
    },
    store::turn::{Patience, key_of},
};

/// How many batches are decided at a time: one while another is written to disk. More would only make smaller ones.
const MOST_TOGETHER: usize = 2;
/// One that takes longer waits for something, and another may begin.
const SLOW: Duration = Duration::from_millis(100);
/// How many are decided alone at a time, whatever they are: each holds a connection while it waits for its group.
const MOST_ALONE: u32 = 8;
/// Of how many posts we remember the group.
const REMEMBERED: u64 = 20_000;
/// Lines for what names no group and is about nothing that we remember.
const OTHER_LINES: i64 = 64;

/// How a case ended.
#[derive(Debug)]
pub(super) enum Turned {
    /// Decided, or kept until it can be.
    Done,
    /// Nothing was decided: its actor is not what this process remembered, or its post has come meanwhile. It is to be read
    /// again, and its signature checked.
    Stale(Box<Case>),
}

type Answer = Result<Turned, Refused>;

/// A case that waits for its turn, and where its answer goes.
pub(super) struct Waiting {
    case: Case,
    touches: Touches,
    line: String,
    /// It was in a batch already, which went on without it.
    is_apart: bool,
    answer: oneshot::Sender<Answer>,
}

impl Waiting {
    pub(super) const fn case(&self) -> &Case {
        &self.case
    }

    pub(super) const fn is_apart(&self) -> bool {
        self.is_apart
    }

    /// To be decided by itself.
    pub(super) fn apart(self) -> Self {
        Self {
            is_apart: true,
            ..self
        }
    }

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

    fn company(&self) -> Company {
        if is_about_content(&self.case.activity.ask) && !self.is_apart {
            Company::Together
        } else {
            Company::Alone
        }
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
    /// Places for what is decided alone.
    alone: Arc<Semaphore>,
    /// The group of a post, by the key of its id: its line, not more.
    groups: Cache<i64, Arc<str>>,
}

struct State {
    lines: Lines<Waiting>,
    /// Batches, and those of them that are slow.
    together: usize,
    slow: usize,
    most_slow: usize,
}

/// A batch, and the place that it has if it is decided alone.
struct Work {
    batch: Batch<Waiting>,
    place: Option<OwnedSemaphorePermit>,
}

/// A place among those that are decided alone. When it is given back, whoever waits for one is set to work.
struct Place<'a> {
    engine: &'a Engine,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        drop(self.permit.take());
        self.engine.set_to_work();
    }
}

impl Turns {
    /// With so many connections to the database in all, of which so many are for batches.
    pub(super) fn new(connections: u32, for_turns: u32) -> Self {
        let count = |count: u32| usize::try_from(count).unwrap_or(1);
        Self {
            state: Mutex::new(State {
                lines: Lines::new(),
                together: 0,
                slow: 0,
                most_slow: count(for_turns).saturating_sub(MOST_TOGETHER),
            }),
            alone: Arc::new(Semaphore::new(count((connections / 2).clamp(1, MOST_ALONE)))),
            groups: Cache::new(REMEMBERED),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be worked on now, if there is something and somebody is free to do it.
    fn next(&self) -> Option<Work> {
        let mut state = self.state();
        if state.together - state.slow.min(state.most_slow) < MOST_TOGETHER
            && let Some(batch) = state.lines.take(Company::Together)
        {
            state.together += 1;
            return Some(Work { batch, place: None });
        }
        let place = self.alone.clone().try_acquire_owned().ok()?;
        let batch = state.lines.take(Company::Alone)?;
        Some(Work {
            batch,
            place: Some(place),
        })
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
        let waiting = Waiting {
            touches: case.touches(),
            line: line.clone(),
            case,
            is_apart: false,
            answer,
        };
        self.turns().state().lines.join(&line, waiting);
        self.set_to_work();
        heard
            .await
            .unwrap_or_else(|_| Err(Refused::Unavailable("a turn broke off".to_owned())))
    }

    /// Does what is no activity in a line, and takes the turn of a group all the same, as one of those that are decided
    /// alone: however many come at once, connections are left for everybody else.
    pub(super) async fn in_place<T>(&self, work: impl Future<Output = T>) -> T {
        let permit = self.turns().alone.clone().acquire_owned().await.ok();
        let _place = Place { engine: self, permit };
        work.await
    }

    /// Decides whatever waits, as far as somebody is free to do it.
    fn set_to_work(&self) {
        while let Some(work) = self.turns().next() {
            tokio::spawn(self.clone().work(work));
        }
    }

    async fn work(self, work: Work) {
        let Work { batch, place } = work;
        let Batch {
            cases,
            lines,
            company,
        } = batch;
        let decided = AssertUnwindSafe(self.decide_batch(cases, lines.len(), company)).catch_unwind();
        tokio::pin!(decided);
        let mut is_slow = false;
        let decided = tokio::select! {
            decided = &mut decided => decided,
            () = tokio::time::sleep(SLOW), if company == Company::Together => {
                is_slow = true;
                self.turns().state().slow += 1;
                self.set_to_work();
                decided.await
            }
        };
        let left = decided.unwrap_or_else(|_| {
            tracing::error!("a turn broke off; whoever waited in it was told to come again");
            vec![]
        });
        {
            let mut state = self.turns().state();
            state.slow -= usize::from(is_slow);
            state.together -= usize::from(company == Company::Together);
            for waiting in left.into_iter().rev() {
                state.lines.put_back(&waiting.line.clone(), waiting);
            }
            state.lines.done(lines);
        }
        drop(place);
        self.set_to_work();
    }

    /// Gives back those who are to be decided by themselves.
    async fn decide_batch(&self, cases: Vec<Waiting>, lines: usize, company: Company) -> Vec<Waiting> {
        if company == Company::Together || cases.iter().all(Waiting::is_apart) {
            // What is of one line waits for its group as long as it takes; several must not hold each other up.
            let patience = if lines == 1 {
                Patience::Waits
            } else {
                Patience::GoesOn
            };
            return self.decide_together(cases, patience).await;
        }
        for waiting in cases {
            let decided = self.decide_alone(&waiting.case).await;
            waiting.hears(decided.map(|()| Turned::Done));
        }
        vec![]
    }

    /// The line that a case waits in: that of its group, as far as that is known before anything is read. The group's lock
    /// makes it right; lines only make it quiet.
    async fn line_of(&self, case: &Case) -> String {
        if let Ask::Join { group, .. } | Ask::Leave { group, .. } = &case.activity.ask
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
