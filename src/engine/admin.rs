//! What operators do from the command line.
//!
//! One rule: a change is in force when it returns: it is a transaction in the database that the server reads.

use crate::{
    dialect::{self, domains::Mirrored},
    domain::{Iri, Policies, PolicyChange, Refusal, Visibility, host_and_parents},
    engine::{Engine, describing::LONGEST_RULE, door::Refused, keys::NoKey, turn::Trouble},
    peer::FetchError,
    store::{
        self, Actor, Tx,
        group::{self, Change, InTurn},
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
    /// Whether it is bridged; `None`: if it is public.
    pub bridge: Option<bool>,
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
        if dialect::group_of_steward(&new.name).is_some() {
            return Err(AdminError::BadName(format!(
                "{} is what the steward of a group is called; choose another name",
                new.name
            )));
        }
        if self.here().is_no_person(new.owner.as_str()) {
            return Err(AdminError::No("a group cannot own a group".to_owned()));
        }
        may_bridge(new.bridge, new.policies.visibility)?;
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
        let rules = change.rules.iter().flatten();
        if rules.into_iter().any(|rule| rule.chars().count() > LONGEST_RULE) {
            return Err(AdminError::No(format!(
                "a rule is at most {LONGEST_RULE} characters long"
            )));
        }
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        if group.group.closed {
            return Err(Refusal::Closed.into());
        }
        let policies = policies.of(group.group.policies);
        may_bridge(change.bridge, policies.visibility)?;
        change.policies = Some(policies);
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
        self.in_place(self.drop_now(actor)).await
    }

    async fn drop_now(&self, actor: &Actor) -> Result<(), store::Error> {
        let mut tx = self.store().begin().await?;
        if let Err(trouble) = self.has_gone(&mut tx, actor, None).await {
            tracing::warn!(
                ?trouble,
                "an actor that is gone could not be dropped; it is when its inbox says so again"
            );
            return Ok(());
        }
        tx.commit().await?;
        self.store().ring();
        Ok(())
    }

    /// An actor as its server tells it, or by its id alone where that does not answer.
    pub(super) async fn actor_or_stub(&self, iri: &Iri) -> Result<(Actor, bool), AdminError> {
        if let Some(Mirrored::User(reference)) = self.here().mirrored(iri.as_str()) {
            // Whoever is known by their domain alone is kept with it, also where they cannot be read.
            let user = self.peers().user(&reference).await;
            return match user {
                Ok(actor) => Ok((actor, true)),
                Err(FetchError::Store(error)) => Err(error.into()),
                Err(error) => Err(AdminError::BadName(error.to_string())),
            };
        }
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

fn may_bridge(bridge: Option<bool>, visibility: Visibility) -> Result<(), AdminError> {
    match (bridge, visibility) {
        (Some(true), Visibility::Private) => Err(AdminError::No(
            "what is said in a private group is never shown in another protocol".to_owned(),
        )),
        _ => Ok(()),
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
