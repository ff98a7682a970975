//! Votes and reports, as transactions.

use std::collections::BTreeSet;

use crate::{
    domain::{Command, Event, Iri, Vote},
    engine::{
        Engine,
        turn::{Case, Trouble},
    },
    store::{
        Tx,
        post::{self, NewReport},
    },
    text,
};

impl Engine {
    /// Casts or takes back a vote: counted once per actor, told where it changes something.
    pub(super) async fn cast(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        vote: Vote,
        object: &Iri,
        back: bool,
    ) -> Result<(), Trouble> {
        let Some(stored) = self.about(tx, case, object).await? else {
            return Ok(());
        };
        let voted = post::has_voted(tx, stored.id, case.actor.id, vote).await?;
        let command = |subject| {
            if back {
                Command::Unvote(vote, subject)
            } else {
                Command::Vote(vote, subject)
            }
        };
        let places = self.each_place(tx, case, &stored, voted, command).await?;
        if places.is_empty() {
            return Ok(());
        }
        if back {
            post::unvote(tx, stored.id, case.actor.id, vote).await?;
        } else {
            post::vote(
                tx,
                stored.id,
                case.actor.id,
                vote,
                &case.activity.id,
                self.clock().now(),
            )
            .await?;
        }
        for (group, _, events) in places {
            if let Some(kind) = events.iter().find_map(Event::announced_as) {
                self.say(tx, case, &group, &stored, kind, None).await?;
            }
        }
        Ok(())
    }

    /// A Flag, kept for whoever handles reports.
    pub(super) async fn report(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        objects: &[Iri],
        reason: Option<&str>,
    ) -> Result<(), Trouble> {
        let mut names: BTreeSet<String> = case.activity.addressed.groups().clone();
        for object in objects {
            names.extend(self.here().group_meant(object.as_str()).map(ToOwned::to_owned));
            let stored = self.post_of(tx, object).await?;
            names.extend(
                stored
                    .into_iter()
                    .flat_map(|stored| stored.places)
                    .map(|place| place.name),
            );
        }
        if names.is_empty() {
            names.extend(case.inbox.map(ToOwned::to_owned));
        }
        let names: Vec<String> = names.into_iter().collect();
        let objects: Vec<String> = objects.iter().map(ToString::to_string).collect();
        let reason = reason.map(|reason| text::truncate(reason, 10_000));
        for group in self.take(tx, &names).await? {
            self.decide(tx, &group, case.actor, &Command::Report).await??;
            let new = NewReport {
                id: self.clock().uuid(),
                iri: &case.activity.id,
                group: Some(group.id),
                reporter: case.actor.id,
                objects: &objects,
                reason,
                raw: case.raw,
                at: self.clock().now(),
            };
            post::report(tx, &new).await?;
        }
        Ok(())
    }
}
