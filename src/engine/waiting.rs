//! Documents that wait for something to be fetched.
//!
//! One rule: what waits is durable and was answered 202; each ends in a decision, a letter, or a line in the log, within a day.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    dialect::{self, Activity, Addressed, Ask},
    domain::{Iri, Vote},
    engine::{
        Engine, Refused,
        case::{Case, Shown, Warrant},
        inbox::read,
        matter::Matter,
        turn::Trouble,
        turns::Turned,
    },
    peer::FetchError,
    store::{
        Actor, Tx, following,
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

/// How what somebody announced comes to a group of ours, by its name.
#[derive(Clone, Copy)]
enum Bearing<'a> {
    /// The group follows whoever announced it, or they are in it: their people need not be.
    Relays(&'a str),
    /// It is as if its author had sent it: it is for the group if it says so itself, or answers what is there.
    Brings,
}

impl Bearing<'_> {
    fn relayed(self) -> Option<String> {
        match self {
            Self::Relays(group) => Some(group.to_owned()),
            Self::Brings => None,
        }
    }
}

impl Engine {
    /// Keeps a document until what it needs is there.
    pub(super) async fn keep_waiting(&self, tx: &mut Tx, case: &Case, needs: &str) -> Result<(), Trouble> {
        self.has_room(tx, &case.actor).await?;
        self.keep(tx, case, case.activity.id.as_str(), needs, case.via.as_deref())
            .await
    }

    pub(super) async fn keep(
        &self,
        tx: &mut Tx,
        case: &Case,
        key: &str,
        needs: &str,
        via: Option<&str>,
    ) -> Result<(), Trouble> {
        let new = NewWaiting {
            id: self.clock().uuid(),
            key,
            inbox: case.inbox.as_deref(),
            via,
            actor: case.actor.id,
            host: &case.actor.host,
            needs,
            object: match &case.activity.ask {
                Ask::Post(document) if via.is_none() => Some(document.id.as_str()),
                _ => None,
            },
            raw: &case.said(),
            at: self.clock().now(),
        };
        received::wait(tx, &new).await?;
        Ok(())
    }

    /// Announce: by a group that a group of ours follows it is a submission; so it is by a program or group that addresses a
    /// group of ours with it (NodeBB's own actor brings what its people wrote for us; 4.15.1, 2026-08-22); of something that we
    /// have it is counted.
    pub(super) async fn announce(&self, tx: &mut Tx, case: &Case, objects: &[Iri]) -> Result<(), Trouble> {
        let mut followers: BTreeSet<String> = following::followers_of(tx, case.actor.id)
            .await?
            .into_iter()
            .collect();
        let was_asked = !followers.is_empty();
        if case.actor.kind != "Person" {
            followers.extend(case.activity.addressed.groups().iter().cloned());
        }
        let mut shared = BTreeSet::new();
        for object in objects {
            // Our own announcement coming back is a share at most, never a post (ANN06).
            if followers.is_empty() || self.here().owns(object) {
                shared.insert(self.post_meant(tx, object).await?);
                continue;
            }
            if was_asked {
                self.host_has_room(tx, &case.actor).await?;
            } else {
                self.has_room(tx, &case.actor).await?;
            }
            for name in &followers {
                let key = format!("{object} {name}");
                self.keep(tx, case, &key, object.as_str(), Some(name)).await?;
            }
        }
        let shares: Vec<Ask> = shared
            .into_iter()
            .map(|object| Ask::Vote {
                vote: Vote::Share,
                object,
            })
            .collect();
        let matters: Vec<_> = shares.iter().map(|ask| Matter::of_seen(case, ask)).collect();
        self.decide_now(tx, &matters).await
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
                self.give_up_reply(waiting).await;
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
        let id = match &arrived.ask {
            Ask::Moved { target } => return self.try_moved(actor, target).await,
            Ask::Fetch { object, .. } => object.clone(),
            _ => return self.go_on(waiting, arrived, actor, None).await,
        };
        if !id.same_origin(&actor.iri) {
            return End::Never("its object is not on the server of its actor".into());
        }
        let object = match self.peers().document(&id).await {
            Ok((_, object)) => object,
            Err(error) => return after(&error),
        };
        let fetched = Some(object.to_string());
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

    /// What a followed group announced is believed only as its author's own server tells it (ANN01).
    async fn try_announced(&self, waiting: &Waiting, via: &str, announcer: &Actor) -> End {
        if announcer.iri.as_str() != waiting.actor_iri {
            return End::Never("its announcer has another id now".into());
        }
        if let Ok(document) = serde_json::from_str::<Value>(&waiting.raw)
            && document.get("id").and_then(Value::as_str) == Some(waiting.needs.as_str())
            && let Ok(activity) = read(&document, self)
        {
            // A group of this server passed it on: it was verified when it came.
            let ours = Bearing::Relays(via);
            return self.end_via(waiting, activity, &waiting.raw, None, ours).await;
        }
        let relays = match self.store().relays(via, announcer).await {
            Ok(relays) => relays,
            Err(error) => return End::Failed(error),
        };
        let via = if relays {
            Bearing::Relays(via)
        } else {
            Bearing::Brings
        };
        let Ok(needs) = Iri::activity(&waiting.needs) else {
            return End::Never("what it needs has no id".into());
        };
        if let Some((text, document)) = dialect::carried(&waiting.raw, needs.as_str())
            && let Some(activity) = self.announced_by_author(&document, &needs)
            && self.prover(&document, &activity).await.is_ok()
        {
            return self.end_proven(waiting, via, activity, text, &document).await;
        }
        let (text, document) = match self.peers().document(&needs).await {
            Ok(found) => found,
            Err(error) => match (after(&error), inner_object(&waiting.raw, &needs)) {
                (End::Never(_), Some(object)) => return self.try_object(waiting, via, &object).await,
                (end, _) => return end,
            },
        };
        if document.get("actor").is_some() {
            return match read(&document, self) {
                Ok(activity) if activity.id == needs && activity.id.same_origin(&activity.actor) => {
                    self.end_via(waiting, activity, &text, None, via).await
                }
                Ok(_) => End::Never("the activity is not on the server of its actor".into()),
                Err(refused) => End::Never(format!("{refused:?}")),
            };
        }
        self.end_object(waiting, via, &document, &needs).await
    }

    /// What an Announce carries, an activity or a bare post, if it has the id under which its author could have said it.
    fn announced_by_author(&self, document: &Value, id: &Iri) -> Option<Activity> {
        if document.get("actor").is_none() {
            return self.as_post(document, id);
        }
        let activity = read(document, self).ok()?;
        (activity.id == *id && id.same_origin(&activity.actor)).then_some(activity)
    }

    /// Its author has proved it (FEP-8b32): nobody needs to be asked.
    async fn end_proven(
        &self,
        waiting: &Waiting,
        via: Bearing<'_>,
        activity: Activity,
        text: &str,
        document: &Value,
    ) -> End {
        if document.get("actor").is_some() {
            return self.end_via(waiting, activity, text, None, via).await;
        }
        let fetched = Some(document.to_string());
        self.end_via(waiting, activity, "", fetched, via).await
    }

    /// The activity is not to be had (ids of fragments never are): its object may be.
    async fn try_object(&self, waiting: &Waiting, via: Bearing<'_>, object: &Iri) -> End {
        match self.peers().document(object).await {
            Ok((_, document)) => self.end_object(waiting, via, &document, object).await,
            Err(error) => after(&error),
        }
    }

    async fn end_object(&self, waiting: &Waiting, via: Bearing<'_>, document: &Value, id: &Iri) -> End {
        match self.as_post(document, id) {
            Some(activity) => {
                self.end_via(waiting, activity, "", Some(document.to_string()), via)
                    .await
            }
            None => End::Never("what was announced is not a post that names its author".into()),
        }
    }

    /// A bare object as if its author had sent it.
    pub(super) fn as_post(&self, document: &Value, id: &Iri) -> Option<Activity> {
        let author = document.get("attributedTo").and_then(dialect::id_of)?;
        let actor = Iri::object(author).ok().filter(|actor| actor.same_origin(id))?;
        let wrapped = serde_json::json!({
            "id": id.as_str(), "type": "Create", "actor": author, "object": document,
            "to": document.get("to"), "cc": document.get("cc"),
        });
        let activity = dialect::read(&wrapped, self.here()).ok()?;
        Some(Activity {
            actor,
            addressed: Addressed::read(&wrapped, self.here()),
            ..activity
        })
    }

    async fn end_via(
        &self,
        waiting: &Waiting,
        activity: Activity,
        raw: &str,
        fetched: Option<String>,
        via: Bearing<'_>,
    ) -> End {
        if !matches!(activity.ask, Ask::Post(_)) {
            return End::Never("only posts of followed groups are taken".into());
        }
        let author = match self.peers().actor(&activity.actor).await {
            Ok(author) => author,
            Err(error) => return after(&error),
        };
        if let Err(refused) = self.check_origin(&activity, &author).await {
            return End::Never(format!("{refused:?}"));
        }
        let sought = answers(&activity, &waiting.needs);
        self.close(Case {
            shown: Shown::of(&activity.ask),
            activity,
            raw: raw.trim().to_owned(),
            actor: Arc::new(author),
            remembered: false,
            inbox: None,
            via: via.relayed(),
            waited: Some(waiting.id),
            sought,
            fetched,
            warrant: Warrant::Own,
        })
        .await
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
            warrant: Warrant::Own,
        })
        .await
    }

    async fn close(&self, case: Case) -> End {
        let waited = case.waited;
        match self.turn(case).await {
            Ok(Turned::Done) => End::Done,
            // Not of what waited: its actor was read for it.
            Ok(Turned::Stale(_)) | Err(Refused::Busy { .. } | Refused::Unavailable(_)) => End::Later,
            Err(refused) => End::Never(format!("{waited:?}: {refused:?}")),
        }
    }
}

/// Whether it is a reply to this.
fn answers(activity: &Activity, id: &str) -> bool {
    let parent = match &activity.ask {
        Ask::Post(post) => post.in_reply_to.as_ref(),
        _ => None,
    };
    parent.is_some_and(|parent| parent.as_str() == id)
}

/// The object inside of what an Announce carries under this id.
fn inner_object(announce: &str, id: &Iri) -> Option<Iri> {
    let announce = serde_json::from_str::<Value>(announce).ok()?;
    let inner = announce.get("object")?;
    let inner = inner.as_array().map_or(inner, |all| {
        all.iter()
            .find(|one| dialect::id_of(one) == Some(id.as_str()))
            .unwrap_or(&Value::Null)
    });
    let object = inner.get("object").and_then(dialect::id_of)?;
    Iri::object(object).ok().filter(|object| object.same_origin(id))
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
