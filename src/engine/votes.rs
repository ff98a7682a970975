//! Votes, and reports.

use std::collections::BTreeSet;

use crate::{
    domain::{Command, Event, Iri, Vote},
    engine::{
        Engine,
        book::Deed,
        case::Case,
        content::{At, Decided},
        matter::Matter,
        places::Answered,
        turn::Trouble,
    },
    store::{
        Tx,
        post::{self, Cast, NewReport},
    },
    text,
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

    /// A Flag, kept for whoever handles reports.
    pub(super) async fn report(
        &self,
        tx: &mut Tx,
        case: &Case,
        objects: &[Iri],
        reason: Option<&str>,
    ) -> Result<(), Trouble> {
        let named = objects
            .iter()
            .filter_map(|object| self.here().group_meant(object.as_str()));
        let mut names: BTreeSet<String> = named.map(ToOwned::to_owned).collect();
        names.extend(case.activity.addressed.groups().iter().cloned());
        let mut posts: Vec<String> = vec![];
        for object in objects {
            posts.push(self.post_meant(tx, object).await?.to_string());
        }
        names.extend(post::groups_of(tx, &posts).await?);
        if names.is_empty() {
            names.extend(case.inbox.clone());
        }
        let names: Vec<String> = names.into_iter().collect();
        let objects: Vec<String> = objects.iter().map(ToString::to_string).collect();
        let reason = reason.map(|reason| text::truncate(reason, 10_000));
        for group in self.take(tx, &names).await? {
            self.decide(tx, &group, &case.actor, &Command::Report).await??;
            let new = NewReport {
                id: self.clock().uuid(),
                iri: &case.activity.id,
                group: Some(group.id),
                reporter: case.actor.id,
                objects: &objects,
                reason,
                raw: &case.raw,
                at: self.clock().now(),
            };
            post::report(tx, &new).await?;
        }
        Ok(())
    }
}
