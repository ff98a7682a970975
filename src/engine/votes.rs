//! Votes.

use crate::{
    dialect,
    domain::{Command, Event, Iri, Visibility, Vote},
    engine::{
        Engine,
        book::Deed,
        content::{At, Decided},
        matter::Matter,
        places::Answered,
        saying::{TakesBack, face_needed},
    },
    store::post::Cast,
};

impl Engine {
    /// Casts or takes back a vote: counted once per actor, told where it changes something.
    pub(super) fn cast<'a>(
        &self,
        at: &At<'a>,
        matter: &Matter<'a>,
        vote: Vote,
        object: &Iri,
        back: bool,
    ) -> Decided<'a> {
        let Some(stored) = self.about(at, matter, object)? else {
            return Ok(vec![]);
        };
        let case = matter.case;
        // What answers a post that asks nothing is no vote.
        if vote == Vote::Answer && !dialect::is_question(&stored.kind) {
            return Ok(vec![]);
        }
        let vote = if back {
            at.taken_back(stored, case.actor.id, vote)
        } else {
            vote
        };
        let voted = at.facts.has_voted(stored.id, case.actor.id, vote);
        let command = |subject| {
            if back {
                Command::Unvote(vote, subject)
            } else {
                Command::Vote(vote, subject)
            }
        };
        let Answered { taken, letters } = self.each_place(at, matter, stored, voted, command)?;
        let mut deeds = letters;
        if taken.is_empty() {
            return Ok(deeds);
        }
        deeds.push(if back {
            Deed::TakeBack(stored.id, case.actor.id, vote)
        } else {
            Deed::Cast(Cast {
                post: stored.id,
                actor: case.actor.id,
                vote,
                iri: &case.activity.id,
            })
        });
        let had = |vote: &Vote| at.facts.has_voted(stored.id, case.actor.id, *vote);
        let ended = if back {
            Some(vote)
        } else {
            vote.opposite().filter(had)
        };
        for (group, _, events) in taken {
            let is_private = group.in_turn.group.policies.visibility == Visibility::Private;
            if vote == Vote::Answer && !case.activity.addressed.public && !is_private {
                // Mastodon tells an answer to whoever asked, and to nobody else.
                continue;
            }
            let Some(kind) = events.iter().find_map(Event::announced_as) else {
                continue;
            };
            let ends = ended
                .and_then(|vote| at.facts.told_of(stored.id, case.actor.id, vote, group.in_turn.id))
                .map(TakesBack::Vote);
            let outvoted = ends
                .filter(|_| !back)
                .and_then(|ends| self.beside(at, matter, group, stored, dialect::OUTVOTED, Some(ends)));
            let entry = self.entry(at, matter, group, stored, kind, ends.filter(|_| back));
            for entry in outvoted.into_iter().chain(entry) {
                deeds.extend(face_needed(at, matter, &entry).map(Deed::Face));
                deeds.push(Deed::Say(group, entry, None));
            }
        }
        Ok(deeds)
    }
}
