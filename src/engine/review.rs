//! What becomes of what waits: an admin, from any server, lets it through or not.
//!
//! One rule: what is decided about is what was seen: an entry, or a post that was never changed. Let through, it is asked
//! again like a fresh one, with the review behind it.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use crate::{
    dialect::{Activity, Answered, Local},
    domain::{Act, Command, Event, Held as Waits, Iri, Refusal, Standing, decide},
    engine::{
        AdminError, Engine, Refused,
        administer::words,
        amended::edited,
        answers::differs,
        case::{Case, Shown, Warrant},
        inbox::read,
        matter::Matter,
        turn::Trouble,
    },
    store::{
        self, Actor, Tx,
        held::{self, Held, Named, Outcome, Queue},
        membership,
        turn::{self, Holds, Patience, key_of},
    },
};

/// What the author hears where the admin gave no reason.
const NO_REASON: &str = "An admin of the group did not let it through.";

/// Who decides, and what.
struct Word<'a> {
    /// `None`: the operator.
    by: Option<&'a Actor>,
    lets_through: bool,
    reason: Option<&'a str>,
    /// What they say of it, and how they name it.
    about: Option<(&'a Answered, Named<'a>)>,
}

impl Engine {
    /// Accept or Reject of something that is or was held; false: it is of something else.
    pub(super) async fn review(
        &self,
        tx: &mut Tx,
        case: &Case,
        answered: &Answered,
    ) -> Result<bool, Trouble> {
        let Some(of) = &answered.of else { return Ok(false) };
        let name = match self.here().local(of.as_str()) {
            Some(Local::Activity(id, None)) => Named::Entry(id),
            _ => Named::Activity(of.as_str()),
        };
        let meant = self.groups_meant(case, None);
        let mut entries = held::named(tx, name).await?;
        entries.retain(|entry| {
            entry.queue == Queue::Activities && (meant.is_empty() || meant.contains(&entry.group_name))
        });
        // Of one activity, each group that held it has its own entry; the newest counts.
        let mut groups = vec![];
        entries.retain(|entry| {
            let is_new = !groups.contains(&entry.group);
            groups.push(entry.group);
            is_new
        });
        let word = Word {
            by: Some(&case.actor),
            lets_through: answered.accepted,
            reason: answered.reason.as_deref(),
            about: Some((answered, name)),
        };
        let (is_any, mut refused, mut done) = (!entries.is_empty(), None, false);
        for entry in &entries {
            match self.review_one(tx, entry, &word).await {
                Ok(()) => done = true,
                // An admin of one of the groups need not run the others.
                Err(Trouble::Refused(why)) if entries.len() > 1 => refused = Some(why),
                Err(other) => return Err(other),
            }
        }
        match refused {
            Some(why) if !done => Err(why.into()),
            _ => Ok(is_any),
        }
    }

    async fn review_one(&self, tx: &mut Tx, entry: &Held, word: &Word<'_>) -> Result<(), Trouble> {
        let now = self.clock().now();
        let Some(author) = author_of(tx, entry).await? else {
            return Ok(());
        };
        // Read before anybody has to wait for us.
        let again = if word.lets_through && entry.outcome.is_none() {
            Some(self.again(entry, author.clone())?)
        } else {
            None
        };
        let object = entry.object.as_deref().unwrap_or_default();
        let holds = Holds {
            keys: vec![key_of(object)],
            names: vec![&entry.group_name],
            posts: vec![object],
        };
        turn::take(tx, &holds, Patience::Waits).await?;
        let Some(group) = self
            .take(tx, std::slice::from_ref(&entry.group_name))
            .await?
            .pop()
        else {
            return Ok(());
        };
        let named = held::named(tx, Named::Entry(entry.id)).await?;
        let outcome = named.first().and_then(|entry| entry.outcome);
        let waiting = held::waiting(tx, entry.group, object).await?;
        let changed = outcome == Some(Outcome::Replaced);
        let waits = Waits {
            is_decided: waiting.is_none() || (outcome.is_some() && !changed),
            changed,
            is_version: !matches!(word.about, Some((_, Named::Activity(_)))),
        };
        let who = match word.by {
            Some(actor) => self.standing(tx, &group, actor).await?,
            None => Standing::operator(),
        };
        if !who.runs_it() || who.is_banned(now) {
            // The same whatever they name, or they could find out by guessing.
            return Err(Refusal::DoesNotRunIt.into());
        }
        if let Some((answered, name)) = word.about {
            agrees(answered, entry, name)?;
        }
        let command = Command::Review(waits, word.lets_through);
        let events = decide(&group.group, &who, &command, now)?;
        let by = word.by.map(|actor| actor.id);
        if events.contains(&Event::Reviewed(true)) {
            held::decide(tx, entry.id, Outcome::Accepted, by, word.reason, now).await?;
            let Some(case) = again else {
                return Err(Trouble::Conflict);
            };
            let matter = Matter::of_seen(&case, &case.activity.ask);
            return self.decide_now(tx, &[matter]).await.map_err(about_its_author);
        }
        if let Some(waiting) = waiting.filter(|_| events.contains(&Event::Reviewed(false))) {
            held::decide(tx, waiting.id, Outcome::Rejected, by, word.reason, now).await?;
            let why = words(word.reason, NO_REASON);
            self.send_refusal(tx, &group, &author, &waiting.raw, &why).await?;
        }
        Ok(())
    }

    /// What was held, as if it had just come.
    fn again(&self, entry: &Held, author: Actor) -> Result<Case, Trouble> {
        let unreadable = || Trouble::Down(format!("what entry {} holds cannot be read", entry.id));
        let activity = self.activity_in(entry).ok_or_else(unreadable)?;
        Ok(Case {
            shown: Shown::of(&activity.ask),
            activity,
            raw: entry.raw.clone(),
            actor: Arc::new(author),
            remembered: false,
            inbox: None,
            via: (entry.kind == "Announce").then(|| entry.group_name.clone()),
            waited: None,
            sought: false,
            fetched: entry.fetched.clone(),
            original: None,
            warrant: Warrant::Reviewed {
                group: entry.group_name.clone(),
                public: entry.public,
            },
        })
    }

    fn activity_in(&self, entry: &Held) -> Option<Activity> {
        let fetched = match &entry.fetched {
            Some(text) => Some(serde_json::from_str::<Value>(text).ok()?),
            None => None,
        };
        if entry.raw.is_empty() {
            let id = Iri::object(entry.object.as_deref()?).ok()?;
            let post = self.as_post(&fetched?, &id)?;
            return Some(if entry.kind == "Update" {
                edited(post)
            } else {
                post
            });
        }
        let mut document = serde_json::from_str::<Value>(&entry.raw).ok()?;
        if let Some(object) = fetched {
            document["object"] = object;
        }
        read(&document, self).ok()
    }

    /// Lets through what waits, or not, on the operator's word; who asked, and whether it was to be let in.
    ///
    /// # Errors
    /// If there is no such group or entry, or it does not wait any more.
    pub async fn review_as_operator(
        &self,
        name: &str,
        entry: Uuid,
        lets_through: bool,
        reason: Option<&str>,
    ) -> Result<(String, Queue), AdminError> {
        let mut tx = self.store().begin().await?;
        self.group_in_turn(&mut tx, name).await?;
        let entries = held::named(&mut tx, Named::Entry(entry)).await?;
        let entry = entries
            .into_iter()
            .find(|entry| entry.group_name == name)
            .ok_or_else(|| {
                AdminError::No(format!(
                    "nothing of this id has waited in {name}; `folkmoot group pending {name}` shows what does"
                ))
            })?;
        if let Some(outcome) = entry.outcome {
            return Err(AdminError::No(format!(
                "that does not wait any more: it was {outcome}"
            )));
        }
        drop(tx);
        if entry.queue == Queue::Members {
            let actor = Iri::object(&entry.actor).map_err(|why| AdminError::BadName(why.to_string()))?;
            if lets_through {
                self.admit(name, &actor).await?;
            } else {
                self.turn_away(name, &actor, reason).await?;
            }
            return Ok((entry.actor, entry.queue));
        }
        let word = Word {
            by: None,
            lets_through,
            reason,
            about: None,
        };
        let mut tx = self.store().begin().await?;
        self.review_one(&mut tx, &entry, &word).await?;
        self.commit(tx).await?;
        Ok((entry.actor, entry.queue))
    }

    /// From now on whatever somebody posts waits for an admin, or does not any more.
    ///
    /// # Errors
    /// If there is no such group, or nobody there of this id.
    pub async fn watch(&self, name: &str, whom: &Iri, watched: bool) -> Result<(), AdminError> {
        let unknown = || AdminError::No(format!("{whom} is not in {name}"));
        let actor = self.store().actor(whom).await?.ok_or_else(unknown)?;
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        let them = self.standing(&mut tx, &group, &actor).await?;
        let command = Command::Administer(Act::Watch(watched), them);
        decide(&group.group, &Standing::operator(), &command, self.clock().now())?;
        if !membership::watch(&mut tx, group.id, actor.id, watched).await? {
            return Err(unknown());
        }
        self.commit(tx).await
    }
}

/// What its author may not do any more, in words for the admin who lets it through.
fn about_its_author(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Refused(Refused::Forbidden { field: "actor", .. }) => {
            let why = "Whoever wrote it may not post here any more. Reject it, or let them in first.";
            Refused::forbidden("author-may-not-post", "object", why).into()
        }
        other => other,
    }
}

async fn author_of(tx: &mut Tx, entry: &Held) -> Result<Option<Actor>, Trouble> {
    match Iri::object(&entry.actor) {
        Ok(iri) => Ok(store::actor_in(&mut **tx, &iri).await?),
        Err(_) => Ok(None),
    }
}

/// Fields of an embedded stub that are there must be as we have them (GRP10).
fn agrees(answered: &Answered, entry: &Held, name: Named<'_>) -> Result<(), Trouble> {
    if matches!(name, Named::Entry(_)) {
        return Ok(()); // ours: what it holds is not read from them
    }
    let differs_in =
        |given: Option<&Iri>, ours: Option<&str>| given.is_some_and(|given| Some(given.as_str()) != ours);
    if differs_in(answered.actor.as_ref(), Some(&entry.actor)) {
        return Err(differs("object.actor", "The activity is by another actor."));
    }
    if differs_in(answered.object.as_ref(), entry.object.as_deref()) {
        return Err(differs("object.object", "The activity is about something else."));
    }
    if answered
        .kind
        .as_deref()
        .is_some_and(|kind| kind != entry.kind && entry.kind != "Announce")
    {
        return Err(differs("object.type", "The activity is of another type."));
    }
    Ok(())
}
