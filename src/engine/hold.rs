//! Posts and edits that wait for an admin.
//!
//! One rule: one version of a post waits in a group, the newest. What is held is kept as it came, and nobody but those who
//! run the group hears of it.

use crate::{
    dialect::{Ask, PostDocument},
    domain::{Command, Event, Iri, Submission},
    engine::{
        Engine,
        book::Deed,
        content::{At, Decided},
        matter::Matter,
        places::Answered,
    },
    store::{
        facts::Turned,
        held::{NewHeld, Outcome, Pending, Queue},
    },
};

impl Engine {
    /// What waits from now on in the groups that hold it, and what does so no longer because of it.
    pub(super) fn held<'a>(
        &self,
        at: &At<'a>,
        matter: &Matter<'a>,
        document: &'a PostDocument,
        taken: &[(&'a Turned, Vec<Event>)],
    ) -> Vec<Deed<'a>> {
        let mut deeds = vec![];
        for (group, events) in taken {
            let holds = events.contains(&Event::Held);
            let before = pending_in(at, group, &document.id);
            let is_over = holds || events.contains(&Event::Posted) || events.contains(&Event::Edited);
            if let Some(before) = before.filter(|_| is_over) {
                deeds.push(Deed::Unhold(before.id, Outcome::Replaced));
            }
            if holds {
                let is_posted = at.facts.post(document.id.as_str()).is_some();
                deeds.push(self.version(matter, document, group, before, is_posted));
            }
        }
        deeds
    }

    fn version<'a>(
        &self,
        matter: &Matter<'a>,
        document: &'a PostDocument,
        group: &Turned,
        before: Option<&Pending>,
        is_posted: bool,
    ) -> Deed<'a> {
        let case = matter.case;
        let addressed = &case.activity.addressed;
        Deed::Hold(NewHeld {
            id: self.clock().uuid(),
            group: group.in_turn.id,
            queue: Queue::Activities,
            actor: case.actor.id,
            kind: match &case.activity.ask {
                // However it came, it is its author's.
                Ask::Edit(_) if is_posted => "Update",
                _ if case.via.is_some() || case.warrant.vouched_in().is_some() => "Announce",
                Ask::Edit(_) => "Update",
                _ => "Create",
            },
            iri: case.activity.id.as_str(),
            object: Some(document.id.as_str()),
            public: before.map_or(addressed.public, |before| is_public_after(matter, before)),
            raw: &case.raw,
            fetched: case.fetched.as_deref(),
        })
    }

    /// Update of a post that no group has: of one that waits it is the next version, and if that was let through it is the
    /// post.
    pub(super) fn edit_held<'a>(
        &self,
        at: &At<'a>,
        matter: &Matter<'a>,
        document: &'a PostDocument,
    ) -> Decided<'a> {
        let case = matter.case;
        if case.warrant.is_review() {
            return self.post(at, matter, document);
        }
        let mut outcomes = vec![];
        for pending in at.facts.pending(document.id.as_str()) {
            if pending.actor != case.actor.id {
                continue;
            }
            let group = at.group(pending.group)?;
            // Whoever they are now decides whether it may go on waiting; its place in a thread is looked at again with the
            // review.
            let version = Submission {
                is_comment: document.in_reply_to.is_some(),
                public: is_public_after(matter, pending),
                was_public: false,
                known: false,
                parent_is_here: true,
                parent_is_private: false,
                parent_is_locked: false,
                relayed: false,
                vouched: false,
                approved: false,
            };
            let decided = at.decide(group, matter, &Command::Post(version))?;
            outcomes.push((group, decided.map(|_| vec![Event::Held])));
        }
        let Answered { taken, letters } = self.one_answer(case, outcomes)?;
        let mut deeds = letters;
        deeds.extend(self.held(at, matter, document, &taken));
        Ok(deeds)
    }

    /// Whoever wrote it takes back all of it that waits.
    pub(super) fn withdrawn<'a>(&self, at: &At<'a>, matter: &Matter<'a>, object: &Iri) -> Vec<Deed<'a>> {
        let pending = at.facts.pending(object.as_str()).iter();
        pending
            .filter(|pending| pending.actor == matter.case.actor.id)
            .map(|pending| Deed::Unhold(pending.id, Outcome::Withdrawn))
            .collect()
    }

    /// Whether what waits under this id is somebody else's.
    pub(super) fn is_anothers(&self, at: &At<'_>, matter: &Matter<'_>, object: &Iri) -> bool {
        let mut pending = at.facts.pending(object.as_str()).iter();
        pending.any(|pending| pending.actor != matter.case.actor.id)
    }
}

/// An Update that names nobody leaves its audience as it was. What was for members is for everybody only if the post itself
/// says so: whom the Update names is who is told of it.
fn is_public_after(matter: &Matter<'_>, before: &Pending) -> bool {
    let addressed = &matter.case.activity.addressed;
    if before.public {
        addressed.public || !addressed.somebody
    } else {
        addressed.public && addressed.opens
    }
}

fn pending_in<'a>(at: &At<'a>, group: &Turned, object: &Iri) -> Option<&'a Pending> {
    let mut pending = at.facts.pending(object.as_str()).iter();
    pending.find(|pending| pending.group == group.in_turn.id)
}
