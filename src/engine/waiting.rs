//! Documents that wait for something to be fetched.
//!
//! One rule: what waits is durable and was answered 202; each ends in a decision, a letter, or a line in the log, within a day.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    dialect::{Activity, Ask},
    domain::Iri,
    engine::{
        Engine, Refused,
        case::{Case, Shown, Warrant},
        inbox::read,
        turn::Trouble,
        turns::Turned,
    },
    peer::FetchError,
    store::{
        Actor, Tx,
        received::{self, NewWaiting, Waiting},
    },
};

/// After this long nothing waits any more.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// How many documents are worked on at a time, how many are claimed for that, and for how long: longer than the work takes.
pub(super) const AT_ONCE: usize = 64;
const CLAIMED: i64 = 64;
const CLAIM: TimeDelta = TimeDelta::minutes(5);

/// After this long the next ones are looked for while these go on.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a try ended.
pub(super) enum End {
    /// Decided, one way or the other.
    Done,
    /// It will never be: why, for the log.
    Never(String),
    Later,
    /// The database did not answer: it is tried again like what is to come later.
    Failed(crate::store::Error),
}

impl Engine {
    /// Keeps a document until what it needs is there.
    pub(super) async fn keep_waiting(&self, tx: &mut Tx, case: &Case, needs: &str) -> Result<(), Trouble> {
        self.has_room(tx, &case.actor).await?;
        let brings = brings(case);
        self.keep(
            tx,
            case,
            case.activity.id.as_str(),
            needs,
            case.via.as_deref(),
            brings,
        )
        .await
    }

    /// Of what brings a post, `brings` is its id: what answers that waits behind it.
    pub(super) async fn keep(
        &self,
        tx: &mut Tx,
        case: &Case,
        key: &str,
        needs: &str,
        via: Option<&str>,
        brings: Option<&Iri>,
    ) -> Result<(), Trouble> {
        let new = NewWaiting {
            id: self.clock().uuid(),
            key,
            inbox: case.inbox.as_deref(),
            via,
            actor: case.actor.id,
            host: &case.actor.host,
            needs,
            object: brings.map(Iri::as_str),
            raw: &case.said(),
            at: self.clock().now(),
        };
        received::wait(tx, &new).await?;
        Ok(())
    }

    /// A changed actor is read again at its origin, never from the body (KEY10, KEY11).
    pub(super) async fn actor_changed(&self, tx: &mut Tx, case: &Case, actor: &Iri) -> Result<(), Trouble> {
        if *actor != case.actor.iri {
            let why = "Only an actor itself may say that it has changed.";
            return Err(Refused::forbidden("not-the-author", "object", why).into());
        }
        self.keep_waiting(tx, case, actor.as_str()).await
    }

    /// Works on what waits and is due; how many there were.
    pub(super) async fn work_on_waiting(&self) -> Result<usize, crate::store::Error> {
        let now = self.clock().now();
        let places = self.waiting_places();
        let free = i64::try_from(places.available_permits()).unwrap_or(CLAIMED);
        let due = self.store().claim_waiting(free.min(CLAIMED), now + CLAIM).await?;
        let count = due.len();
        let mut work = JoinSet::new();
        for waiting in due {
            let (engine, places) = (self.clone(), Arc::clone(places));
            work.spawn(async move {
                let _place = places.acquire_owned().await;
                engine.work_on(&waiting, now).await
            });
        }
        // Most take a moment. Whoever takes longer goes on by itself, and holds up nobody.
        let all_done = async {
            while let Some(done) = work.join_next().await {
                done.unwrap_or(Ok(()))?;
            }
            Ok(())
        };
        match tokio::time::timeout(PATIENCE, all_done).await {
            Ok(done) => done.map(|()| count),
            Err(_) => {
                work.detach_all();
                Ok(count)
            }
        }
    }

    async fn work_on(&self, waiting: &Waiting, now: DateTime<Utc>) -> Result<(), crate::store::Error> {
        match self.try_waiting(waiting).await {
            End::Done => self.store().drop_waiting(waiting.id).await,
            End::Never(why) => {
                tracing::info!(received = %waiting.id, why, "a document that waited is dropped");
                self.store().drop_waiting(waiting.id).await
            }
            End::Failed(error) => Err(error),
            End::Later if now - waiting.at > LONGEST => {
                tracing::info!(received = %waiting.id, "a document waited for a day and is dropped");
                if waiting.via.is_none() {
                    self.give_up_reply(waiting).await;
                }
                self.store().drop_waiting(waiting.id).await
            }
            End::Later => self.store().put_off(waiting.id, now + pause(waiting.tries)).await,
        }
    }

    async fn try_waiting(&self, waiting: &Waiting) -> End {
        let Ok(sender) = Iri::object(&waiting.actor_iri) else {
            return End::Never("its actor has no id".into());
        };
        if waiting.needs == waiting.actor_iri {
            return match self.peers().refresh(&sender).await {
                Ok(actor) => self.carry_over(&actor).await,
                Err(error) => after(&error),
            };
        }
        let actor = match self.peers().actor(&sender).await {
            Ok(actor) => actor,
            Err(error) => return after(&error),
        };
        match &waiting.via {
            Some(via) => self.try_announced(waiting, via, &actor).await,
            None => self.try_fetched(waiting, &actor).await,
        }
    }

    /// A Create or Update by id: its object is read at its origin, which must be its author's.
    async fn try_fetched(&self, waiting: &Waiting, actor: &Actor) -> End {
        let Ok(mut document) = serde_json::from_str::<Value>(&waiting.raw) else {
            return End::Never("it is not JSON any more".into());
        };
        let arrived = match read(&document, self) {
            Ok(activity) => activity,
            Err(refused) => return End::Never(format!("{refused:?}")),
        };
        let (id, edit) = match &arrived.ask {
            Ask::Moved { target } => return self.try_moved(actor, target).await,
            Ask::Restore { object } => return self.try_restored(waiting, &arrived, actor, object).await,
            Ask::Fetch { object, edit } => (object.clone(), *edit),
            _ => return self.go_on(waiting, arrived, actor, None).await,
        };
        // Of what was brought by its id alone, its id is all that was kept: whom it names only the post itself says.
        let is_bare = arrived.id == id && !edit;
        if !id.same_origin(&actor.iri) {
            return End::Never("its object is not on the server of its actor".into());
        }
        let object = match self.peers().document(&id).await {
            Ok((_, object)) => object,
            Err(error) => return after(&error),
        };
        let fetched = Some(object.to_string());
        if is_bare {
            let post = self.as_post(&object, &id);
            return match post.filter(|post| post.actor == actor.iri) {
                Some(activity) => self.go_on(waiting, activity, actor, fetched).await,
                None => End::Never("what was brought is not a post that names its author".into()),
            };
        }
        document["object"] = object;
        match read(&document, self) {
            Ok(activity) if waiting.needs == id.as_str() => self.end(waiting, activity, actor, fetched).await,
            // It was read before, and now waits for something else.
            Ok(activity) => self.go_on(waiting, activity, actor, fetched).await,
            Err(refused) => End::Never(format!("{refused:?}")),
        }
    }

    /// What waits for another document than its own object: a reply for what it answers, an edit for its post.
    async fn go_on(
        &self,
        waiting: &Waiting,
        activity: Activity,
        actor: &Actor,
        fetched: Option<String>,
    ) -> End {
        match &activity.ask {
            Ask::Post(_) => self.try_reply(waiting, activity, actor, fetched).await,
            Ask::Edit(post) => {
                let behind = Some(post.id.clone());
                self.end_behind(waiting, (activity, fetched), actor, behind.as_ref())
                    .await
            }
            _ => End::Never("it waits for nothing that there is".into()),
        }
    }

    /// Decides what waited.
    pub(super) async fn end(
        &self,
        waiting: &Waiting,
        activity: Activity,
        actor: &Actor,
        fetched: Option<String>,
    ) -> End {
        if let Err(refused) = self.check_origin(&activity, actor).await {
            return End::Never(format!("{refused:?}"));
        }
        let sought = answers(&activity, &waiting.needs);
        self.close(Case {
            shown: Shown::of(&activity.ask),
            activity,
            raw: waiting.raw.clone(),
            actor: Arc::new(actor.clone()),
            remembered: false,
            inbox: waiting.inbox.clone(),
            via: None,
            waited: Some(waiting.id),
            sought,
            fetched,
            original: None,
            warrant: Warrant::Own,
        })
        .await
    }

    pub(super) async fn close(&self, case: Case) -> End {
        let waited = case.waited;
        match self.turn(case).await {
            Ok(Turned::Done) => End::Done,
            // Not of what waited: its actor was read for it.
            Ok(Turned::Stale(_)) | Err(Refused::Busy { .. } | Refused::Unavailable(_)) => End::Later,
            Err(refused) => End::Never(format!("{waited:?}: {refused:?}")),
        }
    }
}

/// The post that a document brings by its author's own word.
pub(super) const fn brings(case: &Case) -> Option<&Iri> {
    match &case.activity.ask {
        Ask::Post(document) => Some(&document.id),
        _ => None,
    }
}

/// Whether it is a reply to this.
pub(super) fn answers(activity: &Activity, id: &str) -> bool {
    let parent = match &activity.ask {
        Ask::Post(post) => post.in_reply_to.as_ref(),
        _ => None,
    };
    parent.is_some_and(|parent| parent.as_str() == id)
}

/// What a failed fetch means.
pub(super) fn after(error: &FetchError) -> End {
    match error {
        FetchError::Temporary(_) | FetchError::Store(_) => End::Later,
        other => End::Never(other.to_string()),
    }
}

/// Between tries: a minute, five, half an hour, then every two hours.
fn pause(tries: i32) -> TimeDelta {
    match tries {
        ..=1 => TimeDelta::minutes(1),
        2 => TimeDelta::minutes(5),
        3 => TimeDelta::minutes(30),
        _ => TimeDelta::hours(2),
    }
}
