//! What comes signed for a whole domain.
//!
//! One rule: a domain speaks for its own people and things and for nobody else's. Whatever claims more is refused here, before it is
//! read as the activity that says the same; from there on it is decided like every other one.
//!
//! ```text
//! claim -> a domain, not ours, not blocked -> its key -> seen? -> names -> whose word it is -> read -> turn
//! ```

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use moka::future::Cache;
use serde_json::Value;

use crate::{
    dialect::{
        self, Ask, Evidence,
        domains::{self, Known, Names, Reference, Translated, Version},
    },
    domain::{Iri, Refusal},
    engine::{
        Arrival, Engine, Left, Refused,
        case::{Case, Shown, Warrant},
        inbox::read,
        turns::Turned,
    },
    peer::{FetchError, Untrusted},
    signature::{DomainClaim, DomainRefused, domain_claim},
    store::Viewer,
};

/// So long a signature is remembered: twice as long as its time may be from ours.
const REMEMBERED: TimeDelta = TimeDelta::minutes(10);
/// More signatures than this are not remembered at a time: their ids are, in any case.
const MOST_REMEMBERED: u64 = 100_000;
/// More of our ids one entity cannot be about.
const MOST_NAMED: usize = 100;

/// More domains than this are not remembered for leaving out what must be there.
const MOST_SPARSE: u64 = 10_000;

/// So many notes one above the other are brought for an answer.
const MOST_ABOVE: usize = 10;
/// Servers that are not known here, and that one address may name in a minute: each costs us a request.
pub(super) const STRANGERS: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
/// How often an entity is read, if what it is about comes just then.
const TRIES: u32 = 3;

/// Signatures that were taken.
pub(super) struct Replays(Cache<[u8; 32], DateTime<Utc>>);

impl Replays {
    pub(super) fn new() -> Self {
        Self(Cache::new(MOST_REMEMBERED))
    }

    async fn holds(&self, claim: &DomainClaim, now: DateTime<Utc>) -> bool {
        let taken = self.0.get(&claim.fingerprint()).await;
        taken.is_some_and(|at| now - at < REMEMBERED)
    }

    async fn take(&self, claim: &DomainClaim, now: DateTime<Utc>) {
        self.0.insert(claim.fingerprint(), now).await;
    }
}

/// An entity, and whose word it is.
struct Brought<'a> {
    domain: &'a str,
    body: &'a [u8],
    /// The fingerprint of its signature; `None`: it was read at its domain.
    signature: Option<[u8; 32]>,
    /// How far it is above the answer for which it was brought.
    above: usize,
}

/// Domains that leave out what must be there, as far as the log knows of them.
pub(super) struct Sparse(Cache<String, ()>);

impl Sparse {
    pub(super) fn new() -> Self {
        Self(Cache::new(MOST_SPARSE))
    }

    async fn is_new(&self, domain: &str) -> bool {
        self.0.entry_by_ref(domain).or_insert(()).await.is_fresh()
    }
}

impl Engine {
    /// Takes an entity in; `Ok` means that it is decided, or received durably. Gives what its domain may still send, if it was
    /// counted. `caller`: the address that it came from.
    ///
    /// # Errors
    /// [`Refused`]: then nothing has changed.
    pub async fn receive_entity(
        &self,
        arrival: Arrival<'_>,
        caller: IpAddr,
    ) -> Result<Option<Left>, Refused> {
        let claim = self.claim_of_domain("POST", arrival.target, arrival.headers, &arrival.body)?;
        let claim = match claim {
            Ok(claim) => claim,
            Err(why @ DomainRefused::OutsideWindow) => {
                let why = why.to_string();
                return Err(Refused::Unreadable {
                    why,
                    field: "signature",
                });
            }
            Err(why) => return Err(Refused::Unsigned(why.to_string())),
        };
        self.believe(&claim, caller).await?;
        let now = self.clock().now();
        if self.replays().holds(&claim, now).await {
            return Ok(None);
        }
        let left = self.hosts().count(&claim.domain().to_owned())?;
        let entity = Brought {
            domain: claim.domain(),
            body: &arrival.body,
            signature: Some(claim.fingerprint()),
            above: 0,
        };
        self.take_entity(&entity).await?;
        self.replays().take(&claim, now).await;
        Ok(Some(left))
    }

    /// As whom a domain reads that signed a GET.
    ///
    /// # Errors
    /// [`Refused`]: nobody did, or the signature does not hold.
    pub async fn domain_asker(
        &self,
        method: &str,
        target: &str,
        headers: &HeaderMap,
        caller: IpAddr,
    ) -> Result<Viewer, Refused> {
        let claim = self.claim_of_domain(method, target, headers, b"")?;
        let claim = claim.map_err(|why| Refused::Unsigned(why.to_string()))?;
        self.believe(&claim, caller).await?;
        Ok(Viewer::Host(claim.domain().to_owned()))
    }

    fn claim_of_domain(
        &self,
        method: &str,
        target: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Result<DomainClaim, DomainRefused>, Refused> {
        if self.here().domain().is_none() {
            return Err(Refused::NotFound);
        }
        let path = target.split('?').next().unwrap_or_default();
        Ok(domain_claim(method, path, headers, body, self.clock().now()))
    }

    /// Whether a domain has really signed. Nobody is asked for anything before the claim makes sense.
    async fn believe(&self, claim: &DomainClaim, caller: IpAddr) -> Result<(), Refused> {
        if !domains::is_domain(claim.domain()) {
            let why = "What is said to have signed is no domain.";
            return Err(Refused::Unsigned(why.to_owned()));
        }
        if Some(claim.domain()) == self.here().domain() {
            let why = "This server signs nothing that it sends to itself.";
            return Err(Refused::forbidden("not-the-signer", "signature", why));
        }
        let may_ask = || match self.callers().count(&caller) {
            Err(Refused::TooMany { retry_after, .. }) => Err(Duration::from_secs(retry_after.into())),
            _ => Ok(()),
        };
        let believed = self.peers().domain_signer(claim, may_ask).await;
        believed.map_err(|untrusted| match untrusted {
            Untrusted::Blocked => {
                let why = "This server does not talk to that domain.";
                Refused::forbidden("blocked", "signature", why)
            }
            other => other.into(),
        })
    }

    async fn take_entity(&self, brought: &Brought<'_>) -> Result<(), Refused> {
        let domain = brought.domain;
        let (text, entity) = dialect::parse(brought.body, self.json_limits())?;
        if let Some(user) = domains::user(&entity, domain)? {
            return self.take_user(&user).await;
        }
        let names = domains::names(&entity, domain, self.here())?;
        self.check_claims(&names, domain)?;
        self.check_left_out(&names, domain).await?;
        if domains::is_mirrored(&entity) {
            return Ok(());
        }
        let hash = match &brought.signature {
            Some(signature) if domains::is_said_anew(&entity) => domains::hash_of(signature),
            _ => domains::hash_of(brought.body),
        };
        for _ in 0..TRIES {
            let known = self.look_up_named(&names, domain).await?;
            let Some(said) = domains::read(&entity, domain, &hash, &known, self.here())? else {
                tracing::debug!(domain, "an entity says nothing to us");
                return Ok(());
            };
            let refused = match self.take_translated(said, domain, text).await {
                Ok(Turned::Done) => return Ok(()),
                Ok(Turned::Stale(_)) => continue,
                Err(refused) => refused,
            };
            let is_here_now = match &names.answers {
                Some(parent) if refused.is_for(&Refusal::ParentElsewhere) => {
                    self.bring(parent, brought.above).await?
                }
                _ => false,
            };
            if !is_here_now {
                return Err(in_their_words(refused, &entity));
            }
        }
        Err(Refused::Busy { retry_after: 1 })
    }

    /// What a note answers, if that is not here yet: it is on its way, or was never sent. It is read where it is, and decided like every
    /// other one. Gives whether it is here then.
    async fn bring(&self, parent: &Reference, above: usize) -> Result<bool, Refused> {
        let Ok(iri) = Iri::object(&self.here().mirror_of_note(parent)) else {
            return Ok(false);
        };
        if above == MOST_ABOVE || self.store().has_post(&iri).await? {
            return Ok(false);
        }
        let body = match self.peers().note(parent).await {
            Ok(Some(body)) => body,
            Err(FetchError::Store(error)) => return Err(error.into()),
            Err(FetchError::Temporary(_)) => return Err(Refused::Busy { retry_after: 60 }),
            Ok(None) | Err(_) => return Ok(false),
        };
        let parent = Brought {
            domain: &parent.domain,
            body: &body,
            signature: None,
            above: above + 1,
        };
        match Box::pin(self.take_entity(&parent)).await {
            Err(later @ (Refused::Busy { .. } | Refused::Unavailable(_))) => Err(later),
            Ok(()) | Err(_) => Ok(self.store().has_post(&iri).await?),
        }
    }

    /// Somebody's own document; of people whom nobody here knows nothing is kept.
    async fn take_user(&self, user: &domains::User) -> Result<(), Refused> {
        let iri = self.here().mirror(&user.reference);
        let known = match Iri::object(&iri) {
            Ok(iri) => self.store().actor(&iri).await?,
            Err(_) => None,
        };
        if known.is_some() {
            self.peers().keep_user(user).await.map_err(not_kept)?;
        }
        Ok(())
    }

    /// A domain speaks for what is its own.
    fn check_claims(&self, names: &Names, domain: &str) -> Result<(), Refused> {
        let foreign = names.claims.iter().find(|(_, named)| named.domain != domain);
        match foreign {
            Some((field, _)) => Err(Refused::forbidden(
                "not-the-author",
                field,
                "This is of another domain than the one that signed.",
            )),
            None => Ok(()),
        }
    }

    /// What most leave out is taken as empty, and said once in the log; an operator may be stricter.
    async fn check_left_out(&self, names: &Names, domain: &str) -> Result<(), Refused> {
        let Some(field) = names.left_out.first() else {
            return Ok(());
        };
        if self.settings().is_strict_with_domains() {
            let why = "This must be there, empty or not.".to_owned();
            return Err(Refused::Unreadable { why, field });
        }
        if self.sparse().is_new(domain).await {
            tracing::info!(domain, fields = ?names.left_out, "a domain leaves out what must be there");
        }
        Ok(())
    }

    async fn look_up_named(&self, names: &Names, domain: &str) -> Result<Known, Refused> {
        if names.ours.len() > MOST_NAMED {
            return Err(Refused::Unreadable {
                why: "It names more of what is here than it can be about.".to_owned(),
                field: "mentions",
            });
        }
        let viewer = Viewer::Host(domain.to_owned());
        let mut known = Known::default();
        if !names.ours.is_empty() {
            for (id, meant) in self.store().meant_by(&names.ours, &viewer).await? {
                known.ids.insert(id, meant.iri);
                known.handles.extend(meant.handle.map(|handle| (id, handle)));
            }
        }
        if let Some(note) = &names.note {
            let last = self.store().last_version(note).await?;
            known.note = last.map(|last| Version {
                author: last.author,
                is_posted: last.is_posted,
                waits: last.waits,
                id: last.activity,
                hash: last
                    .original
                    .map(|original| domains::hash_of(original.as_bytes())),
            });
            known.edited_at = known.note.as_ref().map(|_| self.clock().now());
        }
        if !names.mentioned.is_empty() {
            known.groups = self.store().groups_among(&names.mentioned).await?;
        }
        if let Some((voter, activity)) = &names.undone {
            known.undone = self.store().vote_said(voter, activity).await?;
        }
        if let Some(group) = &names.group
            && self.store().is_private(group).await?
        {
            known.private.insert(group.clone());
        }
        Ok(known)
    }

    /// What an entity says in other words, decided like whatever says it in these. It is stale if what it is about has come
    /// meanwhile.
    async fn take_translated(&self, said: Translated, domain: &str, signed: &str) -> Result<Turned, Refused> {
        if let Some(group) = &said.group
            && !self.store().group_exists(group).await?
        {
            return Err(Refused::NotFound);
        }
        let activity = read(&said.activity, self)?;
        if matches!(activity.ask, Ask::ActorGone { .. })
            && self.store().actor(&activity.actor).await?.is_none()
        {
            return Ok(Turned::Done);
        }
        let actor = match &said.actor {
            Some(user) => self.peers().user(user).await,
            None => self.peers().domain_itself(domain).await,
        };
        let actor = actor.map_err(not_kept)?;
        self.learn(&actor, Some(Evidence::Signs), false).await?;
        if matches!(activity.ask, Ask::Report { .. }) {
            self.reporters().count(&actor.id)?;
        }
        if self.is_counted(&activity.ask, &actor).await? {
            self.speakers().count(&actor.id)?;
        }
        self.look_at_joiner(&activity, &actor).await?;
        // What is taken back may be for others by now.
        let is_taken_back = matches!(activity.ask, Ask::Delete { .. });
        fail::fail_point!("in::verified", |_| std::process::abort());
        let case = Case {
            shown: Shown::of(&activity.ask),
            activity,
            raw: said.activity.to_string(),
            actor: Arc::new(actor),
            remembered: false,
            inbox: None,
            via: None,
            waited: None,
            sought: false,
            fetched: None,
            original: (!is_taken_back).then(|| signed.to_owned()),
            warrant: Warrant::Own,
        };
        self.turn(case).await
    }
}

/// What was read as an activity was written as an entity: a field is named as its sender named it.
fn in_their_words(refused: Refused, entity: &Value) -> Refused {
    let key = |field: &str| domains::key(entity, field);
    match refused {
        Refused::Unreadable { why, field } => Refused::Unreadable {
            why,
            field: key(field),
        },
        Refused::Forbidden { code, why, field } => Refused::Forbidden {
            code,
            why,
            field: key(field),
        },
        Refused::NotFound => Refused::Nowhere(key("object")),
        other => other,
    }
}

fn not_kept(error: FetchError) -> Refused {
    match error {
        FetchError::Store(error) => error.into(),
        FetchError::Temporary(_) => Refused::Busy { retry_after: 60 },
        _ => Refused::Unreadable {
            why: "The id is too long.".to_owned(),
            field: "id",
        },
    }
}
