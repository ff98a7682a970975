//! What comes signed for a whole domain.
//!
//! One rule: a domain speaks for its own people and things and for nobody else's. Whatever claims more is refused here, before it is
//! read as the activity that says the same; from there on it is decided like every other one.
//!
//! ```text
//! claim -> a domain, not ours, not blocked -> its key -> seen? -> names -> whose word it is -> read -> turn
//! ```

use std::{fmt::Write as _, net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use moka::future::Cache;
use sha2::{Digest, Sha256};

use crate::{
    dialect::{
        self, Ask, Evidence,
        domains::{self, Known, Names, Translated},
    },
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

/// Servers that are not known here, and that one address may name in a minute: each costs us a request (versia.md, section 7).
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
        self.take_entity(claim.domain(), &arrival.body).await?;
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

    async fn take_entity(&self, domain: &str, body: &[u8]) -> Result<(), Refused> {
        let (_, entity) = dialect::parse(body, self.json_limits())?;
        if let Some(user) = domains::user(&entity, domain)? {
            return self.take_user(&user).await;
        }
        let names = domains::names(&entity, domain, self.here())?;
        self.check_claims(&names, domain)?;
        if domains::is_mirrored(&entity) {
            return Ok(());
        }
        let hash = hex(&Sha256::digest(body));
        for _ in 0..TRIES {
            let known = self.look_up_named(&names, domain).await?;
            let Some(said) = domains::read(&entity, domain, &hash, &known, self.here())? else {
                tracing::debug!(domain, "an entity says nothing to us");
                return Ok(());
            };
            if let Turned::Done = self.take_translated(said).await? {
                return Ok(());
            }
        }
        Err(Refused::Busy { retry_after: 1 })
    }

    /// Somebody's own document; of people whom nobody here knows nothing is kept.
    async fn take_user(&self, user: &domains::User) -> Result<(), Refused> {
        let iri = self.here().mirror(&user.reference);
        let known = match crate::domain::Iri::object(&iri) {
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
            known.ids = self.store().meant_by(&names.ours, &viewer).await?;
        }
        if let Some(note) = &names.note {
            known.author = self.store().author_of(note).await?;
            known.edited_at = known.author.as_ref().map(|_| self.clock().now());
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
    async fn take_translated(&self, said: Translated) -> Result<Turned, Refused> {
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
        let actor = self.peers().user(&said.actor).await.map_err(not_kept)?;
        self.learn(&actor, Some(Evidence::Signs), false).await?;
        if matches!(activity.ask, Ask::Report { .. }) {
            self.reporters().count(&actor.id)?;
        }
        if self.is_counted(&activity.ask, &actor).await? {
            self.speakers().count(&actor.id)?;
        }
        self.look_at_joiner(&activity, &actor).await?;
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
            warrant: Warrant::Own,
        };
        self.turn(case).await
    }
}

fn not_kept(error: FetchError) -> Refused {
    match error {
        FetchError::Store(error) => error.into(),
        _ => Refused::Unreadable {
            why: "The id is too long.".to_owned(),
            field: "id",
        },
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
