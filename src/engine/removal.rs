//! What is taken out of groups: by whoever wrote it, or by those who run a group.
//!
//! One rule: an author takes back what is theirs everywhere; whoever runs a group takes out of that group alone.

use crate::{
    dialect::{self, Ask, Local, What},
    domain::{Command, Iri, Refusal, Subject, Visibility},
    engine::{
        AdminError, Engine, Refused,
        book::Deed,
        case::{Case, Warrant},
        content::{At, Decided},
        matter::Matter,
        places::Answered,
        turn::Trouble,
    },
    store::{
        self, Tx,
        group::InTurn,
        post::{self, Placed, Stored},
        turn::{self, Holds, Patience, key_of},
    },
};

impl Engine {
    /// A Delete: by the author, of whatever we have of it, or before it has come; by others, of what is in their group.
    pub(super) fn delete<'a>(&self, at: &At<'a>, matter: &Matter<'a>, object: &'a Iri) -> Decided<'a> {
        let actor = &matter.case.actor;
        let withdrawn = self.withdrawn(at, matter, object);
        let Some(stored) = self.about(at, matter, object)? else {
            let theirs = object.same_origin(&actor.iri);
            let buried = theirs.then_some(Deed::Bury(object, actor.id));
            return Ok(withdrawn.into_iter().chain(buried).collect());
        };
        if stored.author != actor.id && self.runs_a_place(at, matter, stored)? {
            return self.remove(at, matter, stored);
        }
        let Answered { taken, letters } = self.each_place(at, matter, stored, false, |subject| {
            Command::Delete(Subject {
                // Of what everybody could read before the group was private, anybody may know that it is gone.
                names_public: subject.names_public && !stored.public,
                ..subject
            })
        })?;
        let mut deeds = letters;
        deeds.extend(withdrawn);
        // Out of every group by others' word, it is still its author's to delete.
        let is_nowhere = stored.places.is_empty() && !stored.deleted && stored.author == actor.id;
        if !taken.is_empty() || is_nowhere {
            deeds.push(Deed::Delete(stored.id));
        }
        for (group, place, _) in taken {
            deeds.extend(self.tell_gone(at, matter, group, stored, "deleted", place));
            deeds.extend(self.receipt(at, matter.case, group));
        }
        Ok(deeds)
    }

    fn runs_a_place(
        &self,
        at: &At<'_>,
        matter: &Matter<'_>,
        stored: &Stored,
    ) -> Result<bool, super::content::Halt> {
        for place in at.places(matter.case, stored) {
            if at.standing(at.group(place.group)?, matter)?.runs_it() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn remove<'a>(&self, at: &At<'a>, matter: &Matter<'a>, stored: &'a Stored) -> Decided<'a> {
        let Answered { taken, letters } = self.each_place(at, matter, stored, false, Command::Remove)?;
        let mut deeds = letters;
        for (group, place, _) in taken {
            deeds.push(Deed::Remove(stored.id, group.in_turn.id));
            deeds.extend(self.tell_gone(at, matter, group, stored, "removed", place));
        }
        Ok(deeds)
    }

    /// Whether a collection holds a group's posts: what is added to it or removed from it is a post.
    pub(super) fn is_of_posts(&self, target: &Iri) -> bool {
        let here = self.here();
        matches!(
            here.local(target.as_str()),
            Some(Local::Group {
                part: None | Some("outbox" | dialect::WALL | dialect::COMMENTS | "threads"),
                ..
            })
        )
    }

    /// Add of a post to what a group says, or Remove from it. Nobody adds what another wrote (GRP30); what one wrote comes
    /// as a Create.
    pub(super) async fn place_post(
        &self,
        tx: &mut Tx,
        case: &Case,
        (object, target): (&Iri, &Iri),
        wanted: bool,
    ) -> Result<(), Trouble> {
        let name = self.here().group_of(target.as_str()).unwrap_or_default();
        if wanted {
            if object.same_origin(&case.actor.iri) {
                return self.was_said_inside(tx, case, name).await;
            }
            return Err(Refusal::NotTheAuthor.into());
        }
        let object = self.post_meant(tx, object).await?;
        hold(tx, name, &object).await?;
        self.must_be_theirs(tx, case, name, &object).await?;
        let ask = Ask::Delete { object };
        self.decide_now(tx, &[Matter::of_seen(case, &ask)]).await
    }

    /// The post that a Remove or Delete would take out, and which of the two it is; `None`: it is about something else.
    pub(super) fn takes_out<'q>(&self, what: &'q Ask) -> Option<(&'q Iri, What)> {
        match what {
            Ask::Delete { object } => Some((object, What::Removed)),
            Ask::Collect {
                object,
                target,
                wanted: false,
                ..
            } if self.is_of_posts(target) => Some((object, What::TakenOut)),
            _ => None,
        }
    }

    /// Offer of a Remove or Delete by an admin: the group issues it as its own.
    pub(super) async fn propose_removal(&self, tx: &mut Tx, case: &Case, what: &Ask) -> Result<(), Trouble> {
        let Some((object, what)) = self.takes_out(what) else {
            return Ok(());
        };
        let object = self.post_meant(tx, object).await?;
        let mut names: Vec<String> = case.activity.addressed.groups().iter().cloned().collect();
        if names.is_empty() {
            names = post::groups_of(tx, &[object.to_string()], Some(case.actor.id)).await?;
        }
        let [name] = names.as_slice() else {
            return Err(if names.is_empty() {
                Refusal::DoesNotRunIt.into()
            } else {
                let why = "It does not say which group is to issue it.";
                Refused::forbidden("groups-disagree", "target", why).into()
            });
        };
        hold(tx, name, &object).await?;
        let found = self.must_be_theirs(tx, case, name, &object).await?;
        let standing = self.standing(tx, &found.0, &case.actor).await?;
        if !standing.runs_it() {
            return Err(Refusal::DoesNotRunIt.into());
        }
        match found {
            (group, Some(placed)) => {
                let public = is_public(&group, &placed);
                let ask = Ask::Delete { object };
                self.act_as_group(tx, name, what, ask, (None, public)).await
            }
            (_, None) => Ok(()),
        }
    }

    /// The group, and the post in it; an author, or whoever runs the group, may ask, and hears if there is none.
    async fn must_be_theirs(
        &self,
        tx: &mut Tx,
        case: &Case,
        name: &str,
        object: &Iri,
    ) -> Result<(InTurn, Option<Placed>), Trouble> {
        let Some(group) = self.take(tx, &[name.to_owned()]).await?.pop() else {
            return Err(Refused::NotFound.into());
        };
        let placed = post::placed(tx, group.id, object.as_str()).await?;
        let subject = Subject {
            is_here: placed.is_some(),
            ..Subject::default()
        };
        if placed
            .as_ref()
            .is_some_and(|placed| placed.author == case.actor.id)
        {
            return Ok((group, placed));
        }
        self.decide(tx, &group, &case.actor, &Command::Remove(subject))
            .await??;
        match placed {
            Some(placed) => Ok((group, Some(placed))),
            None => Err(Refused::NotFound.into()),
        }
    }

    /// The group does something to a post of its own by its own word.
    pub(super) async fn act_as_group(
        &self,
        tx: &mut Tx,
        name: &str,
        what: What,
        ask: Ask,
        (reason, public): (Option<&str>, bool),
    ) -> Result<(), Trouble> {
        let (Ask::Delete { object } | Ask::Mark { object, .. }) = &ask else {
            return Ok(());
        };
        let deed = dialect::Deed {
            id: self.clock().uuid(),
            group: name,
            what,
            object: object.as_str(),
            reason,
            until: None,
            public,
            at: self.clock().now(),
        };
        let document = dialect::deed(&deed, self.here());
        let mut case = self.own_case(tx, name, &document).await?;
        case.activity.ask = ask;
        self.decide_now(tx, &[Matter::of_seen(&case, &case.activity.ask)])
            .await
    }

    /// What a group says by itself, as if it had come.
    pub(super) async fn own_case(
        &self,
        tx: &mut Tx,
        name: &str,
        document: &serde_json::Value,
    ) -> Result<Case, Trouble> {
        let unreadable = |_| Trouble::Down("a removal of ours cannot be read".to_owned());
        let activity = dialect::read(document, self.here()).map_err(unreadable)?;
        let Some(own) = store::actor_in(&mut **tx, &activity.actor).await? else {
            return Err(Trouble::Down("a group has no actor".to_owned()));
        };
        let warrant = Warrant::Group {
            group: name.to_owned(),
        };
        Ok(Case::of_group(activity, document.to_string(), own, warrant))
    }

    /// Takes a post out of a group, on the operator's word.
    ///
    /// # Errors
    /// If there is no such group, or the post is not in it.
    pub async fn remove_post(&self, name: &str, post: &Iri, reason: Option<&str>) -> Result<(), AdminError> {
        let mut tx = self.store().begin().await?;
        let (object, group, placed) = self.post_named(&mut tx, name, post).await?;
        let public = is_public(&group, &placed);
        let ask = Ask::Delete { object };
        self.act_as_group(&mut tx, name, What::Removed, ask, (reason, public))
            .await?;
        self.commit(tx).await
    }

    /// A post in a group, as an operator names it: by its id at its origin, or by one of ours. The group is locked then.
    pub(super) async fn post_named(
        &self,
        tx: &mut Tx,
        name: &str,
        post: &Iri,
    ) -> Result<(Iri, InTurn, Placed), AdminError> {
        let post = match self.here().local(post.as_str()) {
            Some(Local::Post(id)) => post::iri_of(tx, id).await?,
            Some(Local::Activity(id, _)) => post::iri_announced(tx, id).await?,
            _ => Some(post.to_string()),
        };
        let missing = || AdminError::No(format!("there is no such post in {name}"));
        let object = post.and_then(|iri| Iri::object(&iri).ok()).ok_or_else(missing)?;
        hold(tx, name, &object).await?;
        let group = self.group_in_turn(tx, name).await?;
        let placed = post::placed(tx, group.id, object.as_str()).await?;
        Ok((object, group, placed.ok_or_else(missing)?))
    }
}

/// Whether everybody may read a post, and so hear that it is gone.
pub(super) fn is_public(group: &InTurn, placed: &Placed) -> bool {
    placed.public && group.group.policies.visibility == Visibility::Public
}

/// A post that may be taken out, and its groups: ids first, as everywhere, before a group is asked about it.
async fn hold(tx: &mut Tx, group: &str, post: &Iri) -> Result<(), store::Error> {
    let holds = Holds {
        keys: vec![key_of(post.as_str())],
        names: vec![group],
        posts: vec![post.as_str()],
    };
    turn::take(tx, &holds, Patience::Waits).await.map(drop)
}
