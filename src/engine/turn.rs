//! A turn: one transaction in which activities are decided and everything that follows from it is written.
//!
//! One rule: locks first, then reads, then the decisions, then the writes; `Ok` is said after the commit. What is about
//! content is decided many at a time (`batch.rs`); everything else alone, here.

use crate::{
    dialect::Ask,
    domain::{Act, Ban, Command, Event, Iri, Refusal, Standing, Way, decide, host_and_parents},
    engine::{Engine, Refused, case::Case, figures, matter::Matter},
    store::{
        self, Actor, Tx,
        group::{self, InTurn},
        membership, received,
    },
};

/// How often a turn is taken again after a conflict with another.
pub(super) const TRIES: u32 = 3;

impl Engine {
    /// Decides one case by itself.
    pub(super) async fn decide_alone(&self, case: &Case) -> Result<(), Refused> {
        for _ in 0..TRIES {
            match self.try_alone(case).await {
                Err(Trouble::Conflict) => {}
                Err(trouble) => return Err(trouble.into()),
                Ok(()) => return Ok(()),
            }
        }
        Err(Trouble::Conflict.into())
    }

    async fn try_alone(&self, case: &Case) -> Result<(), Trouble> {
        let mut tx = self.store().begin().await?;
        fail::fail_point!("in::begun", |_| std::process::abort());
        let now = self.clock().now();
        let fresh = case.waited.is_some() || received::see(&mut tx, case.activity.id.as_str(), now).await?;
        fail::fail_point!("in::mid", |_| std::process::abort());
        match &case.activity.ask {
            Ask::Join { group, way } => self.join(&mut tx, case, group, *way, fresh).await?,
            _ if !fresh => return Ok(()),
            Ask::Leave { group, way } => self.leave(&mut tx, case, group, *way).await?,
            Ask::Describe { group, object } => self.describe(&mut tx, case, group, object).await?,
            Ask::Close { group } => self.shut(&mut tx, case, group).await?,
            ask @ (Ask::Post(_)
            | Ask::Edit(_)
            | Ask::Delete { .. }
            | Ask::Mark { .. }
            | Ask::Vote { .. }
            | Ask::Unvote { .. }) => self.decide_now(&mut tx, &[Matter::of_seen(case, ask)]).await?,
            Ask::Restore { object } => self.restore(&mut tx, case, object).await?,
            Ask::Undo { object } => self.undo(&mut tx, case, object).await?,
            Ask::Announce { objects } => self.announce(&mut tx, case, objects).await?,
            Ask::Report {
                objects,
                reason,
                to_server,
            } => {
                self.report(&mut tx, case, (objects, reason.as_deref()), *to_server)
                    .await?;
            }
            Ask::Answer(answered) => self.answered(&mut tx, case, answered).await?,
            Ask::Invite {
                group,
                whom,
                call,
                told,
                wanted,
            } => {
                self.invite(&mut tx, case, (group, whom), *call, (*told, *wanted))
                    .await?;
                self.was_said_inside(&mut tx, case, group).await?;
            }
            Ask::Block {
                group,
                whom,
                until,
                reason,
                clears,
                wanted,
            } => {
                let ban = Ban {
                    until: *until,
                    reason: reason.clone(),
                };
                let act = if *wanted { Act::Ban(ban) } else { Act::Unban };
                self.block(&mut tx, case, (group.as_deref(), whom), &act, reason.as_deref())
                    .await?;
                if *clears {
                    self.clears(&mut tx, case, group.as_deref(), whom).await?;
                }
            }
            Ask::Arrange { group, what } => {
                self.arrange(&mut tx, case, group.as_deref(), what).await?;
            }
            Ask::Collect {
                object,
                target,
                wanted,
                ..
            } if self.album_meant(target).is_some() => {
                self.collected(&mut tx, case, object, target, *wanted).await?;
            }
            Ask::Collect {
                object,
                target,
                wanted,
                ..
            } if self.is_of_posts(target) => {
                self.place_post(&mut tx, case, (object, target), *wanted).await?;
            }
            Ask::Collect {
                object,
                target,
                reason,
                wanted,
            } => {
                self.collect(&mut tx, case, (object, target), *wanted, reason.as_deref())
                    .await?;
            }
            Ask::Grant(granting) => self.granted(&mut tx, case, granting).await?,
            Ask::Propose(ask) if self.takes_out(ask).is_some() => {
                self.propose_removal(&mut tx, case, ask).await?;
            }
            Ask::Propose(ask) => self.proposed(&mut tx, case, ask).await?,
            Ask::Fetch { object, .. } => self.keep_waiting(&mut tx, case, object.as_str()).await?,
            Ask::ActorChanged { actor } => self.actor_changed(&mut tx, case, actor).await?,
            Ask::ActorGone { .. } => self.actor_gone(&mut tx, case).await?,
            Ask::Moved { target } => self.moved(&mut tx, case, target).await?,
            // Decided before its turn: its keys take time. What is chosen answers no question that is here.
            Ask::Found(_) | Ask::Choose { .. } | Ask::Nothing => {}
        }
        self.names_public_where_it_may(&mut tx, case).await?;
        if let Some(waited) = case.waited {
            received::finish(&mut tx, waited).await?;
        }
        fail::fail_point!("in::before-commit", |_| std::process::abort());
        tx.commit().await.map_err(store::Error::from)?;
        figures::turn(1);
        fail::fail_point!("in::committed", |_| std::process::abort());
        self.store().ring();
        if matches!(case.activity.ask, Ask::ActorGone { .. }) {
            self.peers().forget(&case.actor.iri).await;
        }
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

    /// Undo of something given by id only that is no vote: a request to join, by whoever did it (ORG11), or what was done to
    /// others.
    async fn undo(&self, tx: &mut Tx, case: &Case, object: &Iri) -> Result<(), Trouble> {
        match membership::group_of_request(tx, case.actor.id, object.as_str()).await? {
            Some(name) => self.leave_by_name(tx, case, &name, Way::Join).await,
            None => self.take_back(tx, case, object).await,
        }
    }
}

/// Why a turn did not end well.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Another transaction was in the way; the same turn may be taken again.
    Conflict,
    Refused(Refused),
    /// The database cannot be reached: nobody's turn would end better.
    Down(String),
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

/// For whoever does not try again.
impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(refused) => refused,
            Trouble::Conflict => Self::Busy { retry_after: 1 },
            Trouble::Down(why) => Self::Unavailable(why),
        }
    }
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        if error.is_conflict() {
            Self::Conflict
        } else if error.is_outage() {
            Self::Down(error.to_string())
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
