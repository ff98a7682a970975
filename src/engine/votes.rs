//! Votes.

use crate::{
    domain::{Command, Event, Iri, Vote},
    engine::{
        Engine,
        book::Deed,
        content::{At, Decided},
        matter::Matter,
        places::Answered,
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
        for (group, _, events) in taken {
            let kind = events.iter().find_map(Event::announced_as);
            let entry = kind.and_then(|kind| self.entry(at, matter, group, stored, kind, None));
            deeds.extend(entry.map(|entry| Deed::Say(group, entry, None)));
        }
        Ok(deeds)
    }
}
