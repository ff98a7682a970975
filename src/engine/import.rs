//! Many members at a time, on an operator's word.
//!
//! One rule: a batch is one transaction in the group's turn, so an import that is killed is done up to a batch, and the
//! next run of the same list does the rest. Bans, blocks and a member's own leaving count before the list.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    dialect::{
        self, Dialect,
        domains::{self, Ear},
    },
    domain::{Act, Iri, host_and_parents},
    engine::{AdminError, Engine, turn::Trouble},
    store::{
        self, Tx,
        group::InTurn,
        import::{self, Already, LetIn, Newcomers},
        membership::{self, Written},
    },
};

/// How often a batch is tried again after a conflict with another transaction.
const TRIES: u32 = 3;

/// Somebody whom a list names, all on one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMember {
    pub actor: Iri,
    /// Authority of the id.
    pub host: String,
    pub inbox: Iri,
    pub shared_inbox: Option<Iri>,
    /// None: how the server speaks is looked up, as for whoever joins.
    pub dialect: Option<Dialect>,
    /// Where they hear the group, if that is not for their inbox and dialect to say.
    pub ear: Option<Ear>,
}

/// What became of those whom a list names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Imported {
    pub imported: u64,
    /// Were in before.
    pub already: u64,
    /// Banned from the group, by themselves or with their server.
    pub banned: u64,
    /// Of servers that we have nothing to do with.
    pub blocked: u64,
    /// Were in once, and left or were put out.
    pub left: u64,
    /// Their server says that they are no more.
    pub gone: u64,
}

/// An import under way.
pub struct Import<'a> {
    engine: &'a Engine,
    group: &'a str,
    /// What the settings say of hosts; `allowed_only` counts if there is any.
    blocked: HashSet<&'a str>,
    allowed_only: HashSet<&'a str>,
    done: Imported,
    /// When the last one came in: lists keep their order by it.
    last: DateTime<Utc>,
}

impl Engine {
    /// Begins to let people into a group.
    ///
    /// # Errors
    /// If there is no such group, or it is closed.
    pub async fn import<'a>(&'a self, group: &'a str) -> Result<Import<'a>, AdminError> {
        let mut tx = self.store().begin().await?;
        self.open_group_in_turn(&mut tx, group).await?;
        let federation = &self.settings().federation;
        Ok(Import {
            engine: self,
            group,
            blocked: federation.blocked.iter().map(String::as_str).collect(),
            allowed_only: federation.allowed_only.iter().map(String::as_str).collect(),
            done: Imported::default(),
            last: self.clock().now(),
        })
    }

    /// Those whose dialect is not the operator's earlier word for their host: their place among `members`, and that word.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn contradicted<'a>(
        &self,
        members: impl Iterator<Item = &'a NewMember>,
    ) -> Result<HashMap<usize, String>, AdminError> {
        let words = self.store().words().await?;
        let contradicted = members.enumerate().filter_map(|(at, member)| {
            let word = words.get(&member.host)?;
            let dialect = member.dialect?;
            (dialect.name != word).then(|| (at, word.clone()))
        });
        Ok(contradicted.collect())
    }

    /// Hosts hear in what the operator's word for them is written in, also where a later version writes it otherwise, or
    /// where an import was interrupted.
    pub(super) async fn hold_to_words(&self) -> Result<(), store::Error> {
        let (names, shapes): (Vec<_>, Vec<_>) = dialect::dialects()
            .map(|dialect| (dialect.name.to_owned(), dialect.shape.0.to_owned()))
            .unzip();
        for host in self.store().hosts_off_their_word(&names, &shapes).await? {
            self.settle_host(&host).await?;
        }
        Ok(())
    }

    async fn open_group_in_turn(&self, tx: &mut Tx, name: &str) -> Result<InTurn, AdminError> {
        let group = self.group_in_turn(tx, name).await?;
        if group.group.closed {
            return Err(AdminError::No(format!(
                "{name} is closed: nobody comes in any more"
            )));
        }
        Ok(group)
    }
}

impl Import<'_> {
    /// Lets in some thousand at most, each named once.
    ///
    /// # Errors
    /// If the group is closed meanwhile, or the database does not answer. Nobody of the batch is in then.
    pub async fn batch(&mut self, members: &[&NewMember]) -> Result<(), AdminError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut done = self.done;
            match self.try_batch(members, &mut done).await {
                Err(Failed::Conflict) if tries < TRIES => {}
                Err(Failed::Conflict) => return Err(AdminError::Busy),
                Err(Failed::Other(error)) => return Err(error),
                Ok((last, to_settle)) => {
                    (self.done, self.last) = (done, last);
                    for host in to_settle {
                        self.engine.settle_host(&host).await?;
                    }
                    return Ok(());
                }
            }
        }
    }

    /// What has become of all batches so far.
    #[must_use]
    pub const fn done(&self) -> Imported {
        self.done
    }

    /// Gives when the last one came in, and hosts that are to hear otherwise than they do.
    async fn try_batch(
        &self,
        members: &[&NewMember],
        done: &mut Imported,
    ) -> Result<(DateTime<Utc>, Vec<String>), Failed> {
        let engine = self.engine;
        let now = engine.clock().now();
        let mut tx = engine.store().begin().await?;
        import::go_by_indexes(&mut tx).await?;
        let group = engine.open_group_in_turn(&mut tx, self.group).await?;
        let guests = self.welcome(&mut tx, &group, members, done).await?;
        let names = know(&mut tx, &guests).await?;
        let iris: Vec<String> = guests.iter().map(|guest| guest.actor.to_string()).collect();
        let standings = import::standings(&mut tx, group.id, &iris, now).await?;
        let mut new = LetIn::default();
        let mut since = now.max(self.last);
        for (guest, (actor, already)) in guests.iter().zip(standings) {
            match already {
                Already::Nothing if guest.ear.is_some() => {
                    since += TimeDelta::microseconds(1);
                    engine.let_in_at_ear(&mut tx, &group, guest, since).await?;
                    done.imported += 1;
                }
                Already::Nothing => {
                    let name = names.get(&guest.host);
                    let shape = name.map(|name| dialect::written_in(name));
                    since += TimeDelta::microseconds(1);
                    new.actors.push(actor);
                    new.own_inbox.push(shape.is_some_and(dialect::wants_own_inbox));
                    new.shapes.push(shape.map(|shape| shape.0.to_owned()));
                    new.since.push(since);
                    done.imported += 1;
                }
                Already::Waiting => {
                    engine.admit_waiting(&mut tx, &group, &guest.actor).await?;
                    done.imported += 1;
                }
                Already::Member => done.already += 1,
                Already::Banned => done.banned += 1,
                Already::Out => done.left += 1,
                Already::Gone => done.gone += 1,
            }
        }
        import::let_in(&mut tx, group.id, &new, now).await?;
        import::touch(&mut tx, group.id).await?;
        let right = names
            .into_iter()
            .map(|(host, name)| (host, dialect::written_in(&name).0.to_owned()));
        let (hosts, shapes): (Vec<_>, Vec<_>) = right.unzip();
        let to_settle = import::hear_otherwise(&mut tx, &hosts, &shapes).await?;
        tx.commit().await.map_err(store::Error::from)?;
        engine.store().ring();
        Ok((since, to_settle))
    }

    /// Those who are not kept out with their hosts.
    async fn welcome<'m>(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        members: &[&'m NewMember],
        done: &mut Imported,
    ) -> Result<Vec<&'m NewMember>, Failed> {
        let (banned, blocked) = import::kept_out(tx, group.id).await?;
        let mut welcome = Vec::with_capacity(members.len());
        for member in members {
            let names = host_and_parents(&member.host);
            let is_ours = self.engine.here().is_no_person(member.actor.as_str());
            if is_ours || self.is_walled(&names) || names.iter().any(|name| blocked.contains(name)) {
                done.blocked += 1;
            } else if names.iter().any(|name| banned.contains(name)) {
                done.banned += 1;
            } else {
                welcome.push(*member);
            }
        }
        Ok(welcome)
    }

    /// Whether the settings leave out a host of these names.
    fn is_walled(&self, names: &[String]) -> bool {
        let named = |list: &HashSet<&str>| names.iter().any(|name| list.contains(name.as_str()));
        named(&self.blocked) || !(self.allowed_only.is_empty() || named(&self.allowed_only))
    }
}

impl Engine {
    /// Lets in one who hears the group as they once asked, and not as their host speaks.
    async fn let_in_at_ear(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        guest: &NewMember,
        since: DateTime<Utc>,
    ) -> Result<(), Failed> {
        let (Some(ear), Some(actor)) = (&guest.ear, store::actor_in(&mut **tx, &guest.actor).await?) else {
            return Ok(());
        };
        let (request, id) = domains::request(actor.iri.as_str(), ear, &group.group.name, self.here());
        let written = Written {
            follower: !domains::subscribes(&request),
            member: true,
            state: "in",
            request: Some((&request, &id)),
            destination: self.hear(tx, group, &actor, Some(&request)).await?,
        };
        Ok(membership::write(tx, group.id, actor.id, &written, since).await?)
    }

    /// Lets in one who waits: their server is told.
    async fn admit_waiting(&self, tx: &mut Tx, group: &InTurn, actor: &Iri) -> Result<(), Failed> {
        self.as_operator(tx, group, &Act::Admit, actor, None).await?;
        Ok(())
    }
}

/// Writes down hosts and actors; gives the name that each host is written in by, where that is known.
async fn know(tx: &mut Tx, guests: &[&NewMember]) -> Result<HashMap<String, String>, Failed> {
    let mut words: HashMap<String, Option<String>> = HashMap::new();
    let mut new = Newcomers::default();
    for member in guests {
        let word = member.dialect.map(|dialect| dialect.name.to_owned());
        let known = words.entry(member.host.clone()).or_default();
        *known = known.take().or(word);
        new.iris.push(member.actor.to_string());
        new.hosts.push(member.host.clone());
        new.inboxes.push(member.inbox.to_string());
        new.shared_inboxes
            .push(member.shared_inbox.as_ref().map(Iri::to_string));
    }
    let (hosts, words): (Vec<_>, Vec<_>) = words.into_iter().unzip();
    let names = import::know_hosts(tx, &hosts, &words).await?;
    import::know_actors(tx, &new).await?;
    Ok(names)
}

/// Why a batch did not end well.
enum Failed {
    /// Another transaction was in the way; the same batch may be tried again.
    Conflict,
    Other(AdminError),
}

impl From<store::Error> for Failed {
    fn from(error: store::Error) -> Self {
        if error.is_conflict() {
            Self::Conflict
        } else {
            Self::Other(error.into())
        }
    }
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Conflict => Self::Conflict,
            other => Self::Other(other.into()),
        }
    }
}

impl From<AdminError> for Failed {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Store(error) => error.into(),
            other => Self::Other(other),
        }
    }
}
