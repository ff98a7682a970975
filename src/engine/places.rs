//! The groups that a stored post is in, and what each of them makes of what is asked about it.
//!
//! One rule: one answer per activity. It is taken if any group takes it; then the others say no by letter.

use crate::{
    dialect::Local,
    domain::{Command, Event, Iri, Refusal, Subject},
    engine::{
        Engine, Refused,
        turn::{Case, Trouble},
    },
    store::{
        Tx,
        group::InTurn,
        post::{self, Place, Stored},
    },
};

/// What one group made of it.
pub(super) type Outcome = (InTurn, Result<Vec<Event>, Refusal>);

impl Engine {
    /// The post that something is about. Where it names groups, they must be the post's own (GRP23).
    pub(super) async fn about(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        object: &Iri,
    ) -> Result<Option<Stored>, Trouble> {
        let Some(stored) = self.post_of(tx, object).await? else {
            return Ok(None);
        };
        let bound = &case.activity.addressed.bound;
        if !bound.is_empty() && !stored.places.iter().any(|place| bound.contains(&place.name)) {
            let why = "The post is not in the group that audience or target names.";
            return Err(Refused::forbidden("groups-disagree", "audience", why).into());
        }
        Ok(Some(stored))
    }

    /// A post by its own id, or by the id of our announcement of it (Mastodon users like what was boosted).
    pub(super) async fn post_of(&self, tx: &mut Tx, object: &Iri) -> Result<Option<Stored>, Trouble> {
        if let Some(Local::Activity(id, _)) = self.here().local(object.as_str()) {
            return match post::iri_announced(tx, id).await? {
                Some(iri) => Ok(post::find(tx, &iri).await?),
                None => Ok(None),
            };
        }
        Ok(post::find(tx, object.as_str()).await?)
    }

    /// Whether it would hide what everybody could read. One that names nobody leaves its audience as it was.
    pub(super) fn narrows(&self, case: &Case<'_>, stored: Option<&Stored>) -> bool {
        let addressed = &case.activity.addressed;
        stored.is_some_and(|stored| stored.public) && addressed.somebody && !addressed.public
    }

    /// Decides in every group where a post is; the groups in which something happens.
    pub(super) async fn each_place(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        stored: &Stored,
        voted: bool,
        command: impl Fn(Subject) -> Command,
    ) -> Result<Vec<(InTurn, Place, Vec<Event>)>, Trouble> {
        let names: Vec<String> = stored.places.iter().map(|place| place.name.clone()).collect();
        let mut outcomes = vec![];
        let is_mine = stored.author == case.actor.id;
        for group in self.take(tx, &names).await? {
            let subject = Subject {
                is_here: true,
                is_mine,
                deleted: stored.deleted,
                was_public: self.narrows(case, Some(stored)),
                voted,
            };
            let decided = self.decide(tx, &group, case.actor, &command(subject)).await?;
            outcomes.push((group, decided));
        }
        let taken = self.one_answer(tx, case, outcomes).await?;
        Ok(taken
            .into_iter()
            .filter(|(_, events)| !events.is_empty())
            .filter_map(|(group, events)| {
                let place = stored
                    .places
                    .iter()
                    .find(|place| place.group == group.id)?
                    .clone();
                Some((group, place, events))
            })
            .collect())
    }

    /// One answer per activity: it is taken if any group takes it, and the others that it names say no by letter. A group
    /// that only has the thread, by following the group that was written to, has nothing to say to the author.
    pub(super) async fn one_answer(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        outcomes: Vec<Outcome>,
    ) -> Result<Vec<(InTurn, Vec<Event>)>, Trouble> {
        let any_takes_it = outcomes.iter().any(|(_, decided)| decided.is_ok());
        let named = case.activity.addressed.groups();
        let mut taken = vec![];
        for (group, decided) in outcomes {
            match decided {
                Ok(events) => taken.push((group, events)),
                Err(refusal) if case.waited.is_none() && !any_takes_it => return Err(refusal.into()),
                Err(refusal)
                    if case.via.is_none() && (!any_takes_it || named.contains(&group.group.name)) =>
                {
                    self.send_reject(tx, &group, case.actor, case.raw, refusal)
                        .await?;
                }
                Err(_) => {}
            }
        }
        Ok(taken)
    }
}
