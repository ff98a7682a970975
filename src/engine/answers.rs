//! Answers: to what we asked of others, and of those who run a group to those who asked to be let in.
//!
//! One rule: joiners trust the group alone, so an admin's Accept is a word to the group, which then sends its own. Whoever
//! does not run the group is told so, and nothing else: not whether there is what they name.

use uuid::Uuid;

use crate::{
    dialect::{Answered, Local},
    domain::{Act, Call, Iri, Refusal},
    engine::{Engine, Refused, administer::Hand, case::Case, turn::Trouble},
    store::{
        Tx,
        asked::{self, Asking},
        call, following,
        group::InTurn,
        people, received,
    },
};

impl Engine {
    /// Accept or Reject.
    pub(super) async fn answered(
        &self,
        tx: &mut Tx,
        case: &Case,
        answered: &Answered,
    ) -> Result<(), Trouble> {
        let local = answered.of.as_ref().and_then(|of| self.here().local(of.as_str()));
        let ours = match local {
            Some(Local::Activity(id, None)) => Some(id),
            _ => None,
        };
        if self.review(tx, case, answered).await? {
            return Ok(());
        }
        let mut answered = answered.clone();
        if ours.is_some() && asked::named(tx, ours, "").await?.is_some() {
            // An entry of ours, embedded whole: what it holds is not read from them.
            (answered.kind, answered.actor, answered.object) = (None, None, None);
        }
        let answered = &answered;
        if self.answers_us(tx, case, answered, ours).await? {
            return Ok(());
        }
        self.answers_who_asked(tx, case, answered, ours).await
    }

    /// Whether it is an answer to a Follow, an Invite or an Offer; one that we do not know of is dropped.
    async fn answers_us(
        &self,
        tx: &mut Tx,
        case: &Case,
        answered: &Answered,
        ours: Option<Uuid>,
    ) -> Result<bool, Trouble> {
        if let Some(id) = ours {
            let now = self.clock().now();
            if following::answered(tx, id, case.actor.id, answered.accepted, now).await? {
                must_be_of(answered, "Follow")?;
                return Ok(true);
            }
        }
        if let Some(of) = &answered.of
            && let Some(asked) = call::named(tx, ours, of.as_str()).await?
        {
            if asked.actor == case.actor.id {
                let called = if asked.call == Call::Owner {
                    "Offer"
                } else {
                    "Invite"
                };
                must_be_of(answered, called)?;
                self.answer_call(tx, case, &asked, answered.accepted).await?;
                return Ok(true);
            }
            // Somebody else was asked.
            if asked.ours {
                return Ok(true);
            }
        }
        if let Some(id) = ours
            && people::was_asked(tx, id).await?
        {
            return Ok(true);
        }
        let asks = matches!(answered.kind.as_deref(), Some("Follow" | "Invite" | "Offer"));
        let by_us = answered
            .actor
            .as_ref()
            .and_then(|actor| self.here().group_of(actor.as_str()));
        Ok(asks && by_us.is_some())
    }

    /// Somebody says whom to let in.
    async fn answers_who_asked(
        &self,
        tx: &mut Tx,
        case: &Case,
        answered: &Answered,
        ours: Option<Uuid>,
    ) -> Result<(), Trouble> {
        let asking = match &answered.of {
            Some(of) => asked::named(tx, ours, of.as_str()).await?,
            None => None,
        };
        let mut names = self.groups_meant(case, answered.group.as_deref());
        if names.is_empty() {
            names.extend(asking.as_ref().map(|asking| asking.group.clone()));
        }
        // What another group was asked is none of this one's business, and may be private.
        let asking = asking.filter(|asking| names.contains(&asking.group));
        let mut ending = Err(Refusal::DoesNotRunIt.into());
        for group in self.take(tx, &names).await? {
            ending = self
                .answered_for(tx, case, &group, answered, asking.as_ref())
                .await;
            if !matches!(ending, Err(Trouble::Refused(_))) {
                return ending;
            }
        }
        ending
    }

    async fn answered_for(
        &self,
        tx: &mut Tx,
        case: &Case,
        group: &InTurn,
        answered: &Answered,
        asking: Option<&Asking>,
    ) -> Result<(), Trouble> {
        let sender = self.standing(tx, group, &case.actor).await?;
        if !sender.runs_it() || sender.is_banned(self.clock().now()) {
            return Err(Refusal::DoesNotRunIt.into());
        }
        let name = group.group.name.as_str();
        let about = answered
            .object
            .as_ref()
            .map(|object| self.here().group_of(object.as_str()));
        if about.is_some_and(|about| about != Some(name)) {
            return Err(differs("object.object", "The request is about another group."));
        }
        let who = match (asking, answered.of.as_ref().or(answered.actor.as_ref())) {
            (Some(asking), _) => Some(asking.who.clone()),
            (None, Some(named)) => people::named(tx, group.id, named.as_str()).await?,
            (None, None) => None,
        };
        let Some(who) = who else {
            return match &answered.of {
                // What was taken without a review is not for an answer any more.
                Some(of) if received::was_taken(tx, group.id, of.as_str()).await? => Ok(()),
                _ => Err(Refused::NotFound.into()),
            };
        };
        if answered.actor.as_ref().is_some_and(|actor| actor.as_str() != who) {
            return Err(differs("object.actor", "The request is by another actor."));
        }
        let stored = asking.map(|asking| asking.kind.as_str());
        if answered
            .kind
            .as_deref()
            .is_some_and(|kind| !is_request(kind, stored))
        {
            return Err(differs("object.type", OTHER_TYPE));
        }
        let act = match (answered.accepted, asking) {
            // The first answer stays; only whoever was let in can still be put out.
            (true, Some(asking)) if asking.decided => return Ok(()),
            (false, Some(asking)) if asking.decided && !asking.accepted => return Ok(()),
            (true, _) => Act::Admit,
            (false, _) => Act::TurnAway,
        };
        let who = Iri::object(&who).map_err(|_| Refused::NotFound)?;
        let hand = Hand {
            who: &sender,
            by: Some(case.actor.id),
            reason: answered.reason.as_deref(),
            iri: None,
            said: None,
        };
        self.administer(tx, group, &hand, &act, &who).await?;
        Ok(())
    }

    /// The groups that something is about: the one that it says, else those that it names, else the one to whose inbox it
    /// came.
    pub(super) fn groups_meant(&self, case: &Case, said: Option<&str>) -> Vec<String> {
        let named = case.activity.addressed.groups();
        match said {
            Some(name) => vec![name.to_owned()],
            None if named.is_empty() => case.inbox.iter().cloned().collect(),
            None => named.iter().cloned().collect(),
        }
    }
}

const OTHER_TYPE: &str = "The request is of another type.";

/// Whether a type is that of the request that we have; where we have none, of any request.
fn is_request(kind: &str, stored: Option<&str>) -> bool {
    let kind = match kind {
        "TentativeJoin" | "sm:TentativeJoin" => "Join",
        kind => kind,
    };
    stored.map_or(matches!(kind, "Join" | "Follow"), |stored| stored == kind)
}

/// A stub that says another type of request than the one that it names is about something else (GRP10).
fn must_be_of(answered: &Answered, kind: &str) -> Result<(), Trouble> {
    let requests = ["Follow", "Join", "Invite", "Offer"];
    let said = answered.kind.as_deref().filter(|said| requests.contains(said));
    if said.is_some_and(|said| said != kind) {
        return Err(differs("object.type", OTHER_TYPE));
    }
    Ok(())
}

pub(super) fn differs(field: &'static str, why: &str) -> Trouble {
    Refused::forbidden("differs", field, why).into()
}
