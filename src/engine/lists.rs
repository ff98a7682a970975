//! Add and Remove: what they mean is whose collection the target is.
//!
//! One rule: a target that names no collection of a group of ours that can be changed so is refused (GRP15). One more
//! collection is an arm in [`Engine::collect`].

use crate::{
    dialect::Local,
    domain::{Act, Call, Command, Event, Iri, Refusal, Role, Standing, Way},
    engine::{Engine, Refused, case::Case, turn::Trouble},
    store::{self, Tx, people},
};

impl Engine {
    /// Add, Remove: what it means is whose collection it is.
    pub(super) async fn collect(
        &self,
        tx: &mut Tx,
        case: &Case,
        (object, target): (&Iri, &Iri),
        wanted: bool,
        reason: Option<&str>,
    ) -> Result<(), Trouble> {
        match self.here().local(target.as_str()) {
            Some(Local::Group {
                name,
                part: Some("members"),
            }) => {
                self.list_member(tx, case, name, object, wanted, reason).await?;
                self.was_said_inside(tx, case, name).await
            }
            Some(Local::Group {
                name,
                part: Some("admins" | "moderators"),
            }) => {
                self.list_admin(tx, case, name, object, wanted).await?;
                self.was_said_inside(tx, case, name).await
            }
            // Mastodon tells everybody what its people pin.
            None if self.groups_meant(case, None).is_empty() => Ok(()),
            _ => {
                let why = "The target is no collection of this group that can be changed so.";
                Err(Refused::forbidden("no-such-collection", "target", why).into())
            }
        }
    }

    pub(super) async fn list_member(
        &self,
        tx: &mut Tx,
        case: &Case,
        name: &str,
        whom: &Iri,
        wanted: bool,
        reason: Option<&str>,
    ) -> Result<(), Trouble> {
        let group = self.one(tx, name).await.map_err(as_not_theirs)?;
        let sender = self.standing(tx, &group, &case.actor).await?;
        if wanted {
            let them = match store::actor_in(&mut **tx, whom).await? {
                Some(actor) => self.standing(tx, &group, &actor).await?,
                None => Standing::stranger(),
            };
            // Nobody becomes a member unasked: whoever does not wait is invited.
            if sender.runs_it() && !them.waiting {
                return self
                    .invite(tx, case, (name, whom), Call::Member, (false, true))
                    .await;
            }
            return self.by_sender(tx, case, &group, (&Act::Admit, whom), None).await;
        }
        if *whom == case.actor.iri && sender.role != Role::Owner {
            return self.leave_by_name(tx, case, name, Way::Join).await;
        }
        self.by_sender(tx, case, &group, (&Act::Expel, whom), reason)
            .await
    }

    pub(super) async fn list_admin(
        &self,
        tx: &mut Tx,
        case: &Case,
        name: &str,
        whom: &Iri,
        wanted: bool,
    ) -> Result<(), Trouble> {
        if !wanted && *whom == case.actor.iri {
            return self.resign(tx, case, name).await;
        }
        let group = self.one(tx, name).await.map_err(as_not_theirs)?;
        let act = if wanted { Act::Appoint } else { Act::Dismiss };
        self.by_sender(tx, case, &group, (&act, whom), None).await
    }

    /// Whoever sent it is an admin no more.
    pub(super) async fn resign(&self, tx: &mut Tx, case: &Case, name: &str) -> Result<(), Trouble> {
        let group = self.one(tx, name).await.map_err(as_not_theirs)?;
        let events = self.decide(tx, &group, &case.actor, &Command::Resign).await??;
        if events.contains(&Event::Dismissed) {
            people::rank(tx, group.id, case.actor.id, false, self.clock().now()).await?;
            self.tell_rank(tx, &group, &case.actor.iri, false, Some(case))
                .await?;
            self.see_who_rules(tx, &group, false).await?;
        }
        Ok(())
    }
}

/// A group that is not there is run by nobody.
fn as_not_theirs(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Refused(Refused::NotFound) => Refusal::DoesNotRunIt.into(),
        other => other,
    }
}
