//! A group's turn: one transaction in which an activity is decided and everything that follows from it is written.
//!
//! One rule: locks first, then reads, then the decision, then the writes; `Ok` is said after the commit.

use uuid::Uuid;

use crate::{
    dialect::{Activity, Ask},
    domain::{Command, Event, Refusal, Standing, Way, decide, host_and_parents},
    engine::{Engine, Refused},
    store::{
        self, Actor, Tx,
        group::{self, InTurn},
        membership, post, received,
    },
};

/// An activity to be decided, and how it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'a> {
    pub(super) activity: &'a Activity,
    /// Word for word, as it arrived. Empty: only the object is known.
    pub(super) raw: &'a str,
    pub(super) actor: &'a Actor,
    /// Name of the group whose inbox it came to.
    pub(super) inbox: Option<&'a str>,
    /// Name of the group that follows whoever announced it.
    pub(super) via: Option<&'a str>,
    /// The row in which it waited: its id has been seen. The row ends with the turn.
    pub(super) waited: Option<Uuid>,
}

/// How often a turn is taken again after a conflict with another.
const TRIES: u32 = 3;

impl Engine {
    /// Decides an activity.
    pub(super) async fn turn(&self, case: &Case<'_>) -> Result<(), Refused> {
        let _turn = self.turns().wait(self.line(case)).await;
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_turn(case).await {
                Err(Trouble::Conflict) if tries < TRIES => {}
                Err(Trouble::Conflict) => return Err(Refused::Busy { retry_after: 1 }),
                Err(Trouble::Refused(refused)) => return Err(refused),
                Ok(()) => return Ok(()),
            }
        }
    }

    /// The line that a case waits in: that of a group that it names, before anything is read.
    fn line<'a>(&'a self, case: &Case<'a>) -> &'a str {
        match &case.activity.ask {
            Ask::Join { group, .. } | Ask::Leave { group } => self.here().group_meant(group.as_str()),
            _ => case.activity.addressed.groups().first().map(String::as_str),
        }
        .or(case.inbox)
        .unwrap_or_default()
    }

    async fn try_turn(&self, case: &Case<'_>) -> Result<(), Trouble> {
        let mut tx = self.store().begin().await?;
        fail::fail_point!("in::begun", |_| std::process::abort());
        let now = self.clock().now();
        let fresh = case.waited.is_some() || received::see(&mut tx, case.activity.id.as_str(), now).await?;
        fail::fail_point!("in::mid", |_| std::process::abort());
        match &case.activity.ask {
            Ask::Join { group, way } => self.join(&mut tx, case, group, *way, fresh).await?,
            _ if !fresh => return Ok(()),
            Ask::Leave { group } => self.leave(&mut tx, case, group).await?,
            Ask::Post(_) | Ask::Edit(_) => self.content(&mut tx, case).await?,
            Ask::Describe {
                group,
                title,
                summary,
            } => {
                self.describe(&mut tx, case, group, title.as_deref(), summary.as_deref())
                    .await?;
            }
            Ask::Delete { object } => self.delete(&mut tx, case, object).await?,
            Ask::Vote { vote, object } => self.cast(&mut tx, case, *vote, object, false).await?,
            Ask::Unvote { vote, object } => self.cast(&mut tx, case, *vote, object, true).await?,
            Ask::Undo { object } => self.undo(&mut tx, case, object).await?,
            Ask::Announce { objects } => self.announce(&mut tx, case, objects).await?,
            Ask::Report { objects, reason } => self.report(&mut tx, case, objects, reason.as_deref()).await?,
            Ask::Answer { of, accepted } => self.answered(&mut tx, case, of.as_ref(), *accepted).await?,
            Ask::Fetch { object, .. } => self.keep_waiting(&mut tx, case, object.as_str()).await?,
            Ask::ActorChanged { actor } => self.actor_changed(&mut tx, case, actor).await?,
            Ask::ActorGone { .. } => self.actor_gone(&mut tx, case).await?,
            Ask::Nothing => {}
        }
        if let Some(waited) = case.waited {
            received::finish(&mut tx, waited).await?;
        }
        fail::fail_point!("in::before-commit", |_| std::process::abort());
        tx.commit().await.map_err(store::Error::from)?;
        fail::fail_point!("in::committed", |_| std::process::abort());
        self.store().ring();
        Ok(())
    }

    /// The turns of the groups of these names; an empty list of names takes none.
    pub(super) async fn take(&self, tx: &mut Tx, names: &[String]) -> Result<Vec<InTurn>, Trouble> {
        if names.is_empty() {
            Ok(vec![])
        } else {
            Ok(group::take_turns(tx, names).await?)
        }
    }

    /// What the sender is to a group.
    pub(super) async fn standing(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
    ) -> Result<Standing, Trouble> {
        Ok(membership::standing(tx, group.id, actor.id, &host_and_parents(&actor.host)).await?)
    }

    /// What a group decides.
    pub(super) async fn decide(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        command: &Command,
    ) -> Result<Result<Vec<Event>, Refusal>, Trouble> {
        let standing = self.standing(tx, group, actor).await?;
        Ok(decide(&group.group, &standing, command, self.clock().now()))
    }

    /// Undo of something given by id only: a vote or a request to join, by whoever did it (ORG11).
    async fn undo(&self, tx: &mut Tx, case: &Case<'_>, object: &crate::domain::Iri) -> Result<(), Trouble> {
        if let Some((post, vote)) = post::vote_by(tx, case.actor.id, object.as_str()).await? {
            return self.cast(tx, case, vote, &post, true).await;
        }
        if let Some(name) = membership::group_of_request(tx, case.actor.id, object.as_str()).await? {
            return self.leave_by_name(tx, case, &name).await;
        }
        Ok(())
    }
}

/// Why a turn did not end well.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Another transaction was in the way; the same turn may be taken again.
    Conflict,
    Refused(Refused),
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        if error.is_conflict() {
            Self::Conflict
        } else {
            Self::Refused(error.into())
        }
    }
}

/// Whether an answer is due that says *you are in*.
pub(super) fn lets_in(events: &[Event], way: Way) -> bool {
    match way {
        Way::Follow => events.contains(&Event::FollowerAccepted),
        Way::Join => events.contains(&Event::MemberAccepted),
    }
}
