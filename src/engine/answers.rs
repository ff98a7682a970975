//! Answers: to what we asked of others, and of those who run a group to those who asked to be let in.
//!
//! One rule: joiners trust the group alone, so an admin's Accept is a word to the group, which then sends its own.

use crate::{
    dialect::{Answered, Local},
    domain::{Act, Command, Iri, Refusal, Standing, decide},
    engine::{Engine, case::Case, turn::Trouble},
    store::{
        Actor, Tx, following,
        group::InTurn,
        membership::{self, Written},
    },
};

impl Engine {
    /// Accept or Reject; an answer to nothing, or by somebody who does not decide, is dropped.
    pub(super) async fn answered(
        &self,
        tx: &mut Tx,
        case: &Case,
        answered: &Answered,
    ) -> Result<(), Trouble> {
        let accepted = answered.accepted;
        let Some(of) = &answered.of else { return Ok(()) };
        if let Some(Local::Activity(id, None)) = self.here().local(of.as_str()) {
            following::answered(tx, id, case.actor.id, accepted, self.clock().now()).await?;
            return Ok(());
        }
        let names: Vec<String> = case.activity.addressed.groups().iter().cloned().collect();
        for group in self.take(tx, &names).await? {
            self.answered_for(tx, case, &group, of, accepted).await?;
        }
        Ok(())
    }

    /// Somebody tells one group whom to let in.
    async fn answered_for(
        &self,
        tx: &mut Tx,
        case: &Case,
        group: &InTurn,
        of: &Iri,
        accepted: bool,
    ) -> Result<(), Trouble> {
        let sender = self.standing(tx, group, &case.actor).await?;
        if !sender.runs_it() || sender.is_banned(self.clock().now()) {
            return Ok(());
        }
        let waits = membership::waits(tx, group.id, of.as_str()).await?;
        let Some(waits) = waits.and_then(|iri| Iri::object(&iri).ok()) else {
            return Ok(());
        };
        match self.store().actor(&waits).await? {
            Some(actor) if accepted => self.admit_one(tx, group, &actor).await,
            Some(actor) => self.turn_away_one(tx, group, &actor).await,
            None => Ok(()),
        }
    }

    /// Lets in whoever waits, on an admin's word.
    pub(super) async fn admit_one(&self, tx: &mut Tx, group: &InTurn, actor: &Actor) -> Result<(), Trouble> {
        let before = self.standing(tx, group, actor).await?;
        let command = Command::Administer(Act::Admit, before.clone());
        let events = decide(&group.group, &Standing::operator(), &command, self.clock().now())?;
        if events.is_empty() {
            return Err(Refusal::NothingWaits.into());
        }
        let destination = self.hear(tx, group, actor).await?;
        let written = Written {
            follower: before.follower,
            member: true,
            state: "in",
            request: None,
            destination,
        };
        membership::write(tx, group.id, actor.id, &written, self.clock().now()).await?;
        let (_, request) = membership::heard_at(tx, group.id, actor.id).await?;
        match request {
            Some(request) => self.send_accept(tx, group, actor, &request).await,
            None => Ok(()),
        }
    }

    /// Turns away whoever waits, on an admin's word; a follower goes on reading.
    pub(super) async fn turn_away_one(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
    ) -> Result<(), Trouble> {
        let before = self.standing(tx, group, actor).await?;
        if !before.waiting {
            return Err(Refusal::NothingWaits.into());
        }
        let (destination, request) = membership::heard_at(tx, group.id, actor.id).await?;
        let written = Written {
            follower: before.follower,
            member: false,
            state: if before.follower { "in" } else { "out" },
            request: None,
            destination,
        };
        membership::write(tx, group.id, actor.id, &written, self.clock().now()).await?;
        match request.filter(|_| !before.follower) {
            Some(request) => {
                self.send_reject(tx, group, actor, &request, Refusal::NotInvited)
                    .await
            }
            None => Ok(()),
        }
    }
}
