//! What operators do from the command line.
//!
//! One rule: a change is in force when it returns: it is a transaction in the database that the server reads.

use crate::{
    dialect,
    domain::{Act, Ban, Command, Iri, Policies, PolicyChange, Refusal, Standing, decide, host_and_parents},
    engine::{Engine, door::Refused, keys::NoKey, turn::Trouble},
    store::{
        self, Actor, Tx,
        group::{self, Change, InTurn},
        log, membership,
    },
    text,
};

/// A group to be made.
#[derive(Clone, Debug)]
pub struct NewGroup {
    pub name: String,
    pub title: String,
    /// Markdown.
    pub summary: String,
    pub owner: Iri,
    pub policies: Policies,
}

/// A group that was made.
#[derive(Clone, Debug)]
pub struct Created {
    pub id: String,
    /// The owner's server answered; else the owner is known by id only, until it does.
    pub owner_known: bool,
}

/// Whom a ban is about.
#[derive(Clone, Debug)]
pub enum Whom {
    Actor(Iri),
    /// An authority; its sub-domains too.
    Host(String),
}

/// Why it could not be done, in one or two sentences.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error("there is no group named '{0}'; `folkmoot group list` shows all")]
    NoGroup(String),
    #[error("{0}")]
    BadName(String),
    #[error("there is no shape named '{given}'; it is one of: {known}")]
    NoShape { given: String, known: String },
    #[error("{0} could not be read: {1}")]
    NoActor(Iri, String),
    #[error("{0} is not a group, so it cannot be followed")]
    NotAGroup(Iri),
    #[error("a group cannot follow itself")]
    Itself,
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("{0} is not banned from the group")]
    NotBanned(String),
    #[error("another change is in the way; try again")]
    Busy,
    #[error("{0}")]
    No(String),
    #[error(transparent)]
    Key(#[from] NoKey),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<Trouble> for AdminError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Conflict => Self::Busy,
            Trouble::Down(why)
            | Trouble::Refused(Refused::Forbidden { why, .. } | Refused::Unavailable(why)) => Self::No(why),
            Trouble::Refused(other) => Self::No(format!("{other:?}")),
        }
    }
}

impl Engine {
    /// Makes a group with its key and its own actor.
    ///
    /// # Errors
    /// If the name is taken or no name, or the store does not answer.
    pub async fn create_group(&self, new: NewGroup) -> Result<Created, AdminError> {
        text::group_name(&new.name).map_err(|why| AdminError::BadName(why.to_string()))?;
        checked_title(&new.title)?;
        let id = self.here().group(&new.name);
        let (owner, owner_known) = self.actor_or_stub(&new.owner).await?;
        let keys = self.keys_for(&new.name).await?;
        let mut tx = self.store().begin().await?;
        self.insert_group(&mut tx, &new, &owner, keys).await?;
        self.commit(tx).await?;
        Ok(Created { id, owner_known })
    }

    /// Changes a group's title, summary or policies.
    ///
    /// # Errors
    /// If there is no such group.
    pub async fn change_group(
        &self,
        name: &str,
        mut change: Change,
        policies: &PolicyChange,
    ) -> Result<(), AdminError> {
        change.title = change.title.as_deref().map(checked_title).transpose()?;
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        change.policies = Some(policies.of(group.group.policies));
        self.change_now(&mut tx, &group, &change).await?;
        self.commit(tx).await
    }

    /// Closes a group for good.
    ///
    /// # Errors
    /// If there is no such group.
    pub async fn close_group(&self, name: &str) -> Result<(), AdminError> {
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        self.close_now(&mut tx, &group).await?;
        self.commit(tx).await
    }

    /// Keeps an actor, or a whole host, out of a group. Whoever was in is told.
    ///
    /// # Errors
    /// If there is no such group, or it is the owner.
    pub async fn ban(&self, name: &str, whom: &Whom, reason: Option<String>) -> Result<(), AdminError> {
        let stub = match whom {
            Whom::Actor(iri) => Some(self.actor_or_stub(iri).await?.0),
            Whom::Host(_) => None,
        };
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        let ban = Ban { until: None, reason };
        match (whom, stub) {
            (Whom::Host(host), _) => {
                if host_and_parents(&group.group.owner.authority()).contains(host) {
                    return Err(Refusal::IsTheOwner.into());
                }
                membership::ban_host(&mut tx, group.id, host, self.clock().now()).await?;
                for iri in membership::actors_of_host(&mut tx, group.id, host).await? {
                    self.turn_out(&mut tx, &group, &iri).await?;
                }
            }
            (Whom::Actor(_), Some(actor)) => self.ban_actor(&mut tx, &group, &actor, &ban).await?,
            (Whom::Actor(_), None) => {}
        }
        self.commit(tx).await
    }

    /// Somebody whose host is banned leaves the group, and is told.
    async fn turn_out(&self, tx: &mut Tx, group: &InTurn, iri: &str) -> Result<(), AdminError> {
        let iri = Iri::object(iri).map_err(|why| AdminError::BadName(why.to_string()))?;
        let Some(actor) = self.store().actor(&iri).await? else {
            return Ok(());
        };
        let (_, request) = membership::heard_at(tx, group.id, actor.id).await?;
        if let Some(request) = request {
            self.send_reject(tx, group, &actor, &request, Refusal::Banned)
                .await?;
        }
        Ok(self.put_out(tx, group, actor.id).await?)
    }

    async fn ban_actor(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        ban: &Ban,
    ) -> Result<(), AdminError> {
        let standing = self.standing(tx, group, actor).await?;
        let command = Command::Administer(Act::Ban(ban.clone()), standing.clone());
        decide(&group.group, &Standing::operator(), &command, self.clock().now())?;
        let (destination, request) = membership::heard_at(tx, group.id, actor.id).await?;
        if let Some(request) = request.filter(|_| standing.follower || standing.member || standing.waiting) {
            self.send_reject(tx, group, actor, &request, Refusal::Banned)
                .await?;
        }
        membership::ban(tx, group.id, actor.id, ban, self.clock().now()).await?;
        if let Some(destination) = destination {
            log::close_unread(tx, group.id, destination).await?;
        }
        Ok(())
    }

    /// Ends a ban; whoever was banned may ask to come in again.
    ///
    /// # Errors
    /// If there is no such group, or no such ban.
    pub async fn unban(&self, name: &str, whom: &Whom) -> Result<(), AdminError> {
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        let ended = match whom {
            Whom::Host(host) => membership::unban_host(&mut tx, group.id, host).await?,
            Whom::Actor(iri) => match self.store().actor(iri).await? {
                Some(actor) => membership::unban(&mut tx, group.id, actor.id).await?,
                None => false,
            },
        };
        if !ended {
            let whom = match whom {
                Whom::Actor(iri) => iri.to_string(),
                Whom::Host(host) => host.clone(),
            };
            return Err(AdminError::NotBanned(whom));
        }
        self.commit(tx).await
    }

    /// Lets in an actor that waits.
    ///
    /// # Errors
    /// If there is no such group, or the actor does not wait.
    pub async fn admit(&self, name: &str, actor: &Iri) -> Result<(), AdminError> {
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        let actor = self.store().actor(actor).await?.ok_or(Refusal::NothingWaits)?;
        self.admit_one(&mut tx, &group, &actor).await?;
        self.commit(tx).await
    }

    /// Turns away an actor that waits; a follower goes on reading.
    ///
    /// # Errors
    /// If there is no such group, or the actor does not wait.
    pub async fn turn_away(&self, name: &str, actor: &Iri) -> Result<(), AdminError> {
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        let actor = self.store().actor(actor).await?.ok_or(Refusal::NothingWaits)?;
        self.turn_away_one(&mut tx, &group, &actor).await?;
        self.commit(tx).await
    }

    /// An operator's word on how a host is spoken to; `None` takes it back.
    ///
    /// # Errors
    /// If there is no such shape.
    pub async fn set_shape(&self, host: &str, shape: Option<&str>) -> Result<(), AdminError> {
        if let Some(given) = shape
            && dialect::dialect_named(given).is_none()
        {
            let known: Vec<_> = dialect::dialects().map(|dialect| dialect.name).collect();
            return Err(AdminError::NoShape {
                given: given.to_owned(),
                known: known.join(", "),
            });
        }
        self.store().set_peer_shape(host, shape).await?;
        Ok(self.settle_host(host).await?)
    }

    /// Blocks a host and its sub-domains, or lets it in again.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn set_blocked(&self, host: &str, blocked: bool) -> Result<(), AdminError> {
        if blocked
            && host_and_parents(self.here().authority())
                .iter()
                .any(|ours| ours == host)
        {
            return Err(AdminError::No("that is this server itself".to_owned()));
        }
        if blocked {
            self.store().block_host(host).await?;
        } else {
            self.store().unblock_host(host).await?;
        }
        self.store().ring();
        Ok(())
    }

    /// An actor that is gone is in no group any more.
    pub(super) async fn drop_actor(&self, actor: &Actor) -> Result<(), store::Error> {
        let mut tx = self.store().begin().await?;
        let names = membership::groups_of(&mut tx, actor.id).await?;
        let dropped = async {
            for group in self.take(&mut tx, &names).await? {
                self.put_out(&mut tx, &group, actor.id).await?;
            }
            Ok::<_, Trouble>(())
        };
        if let Err(trouble) = dropped.await {
            tracing::warn!(
                ?trouble,
                "an actor that is gone could not be dropped; it is when its inbox says so again"
            );
            return Ok(());
        }
        tx.commit().await?;
        Ok(())
    }

    /// An actor as its server tells it, or by its id alone where that does not answer.
    async fn actor_or_stub(&self, iri: &Iri) -> Result<(Actor, bool), AdminError> {
        if let Ok(actor) = self.peers().actor(iri).await {
            return Ok((actor, true));
        }
        Ok((self.store().stub_actor(iri).await?, false))
    }

    pub(super) async fn group_in_turn(&self, tx: &mut Tx, name: &str) -> Result<InTurn, AdminError> {
        let groups = group::take_turns(tx, &[name.to_owned()]).await?;
        groups
            .into_iter()
            .next()
            .ok_or_else(|| AdminError::NoGroup(name.to_owned()))
    }

    pub(super) async fn commit(&self, tx: Tx) -> Result<(), AdminError> {
        tx.commit().await.map_err(store::Error::from)?;
        self.store().ring();
        Ok(())
    }
}

/// A title as it is kept: no control characters, and short enough for a line.
pub(super) fn checked_title(title: &str) -> Result<String, AdminError> {
    const LONGEST: usize = 200;
    let title = text::tidy_name(title);
    match title.chars().count() {
        1..=LONGEST => Ok(title),
        0 => Err(AdminError::No(
            "a title has at least one visible character".to_owned(),
        )),
        _ => Err(AdminError::No(format!(
            "a title is at most {LONGEST} characters long"
        ))),
    }
}
