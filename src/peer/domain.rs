//! Servers that sign for their whole domain: whose key it is, and who their people are.
//!
//! One rule: a domain's key is what the domain itself publishes, read from there without redirects; it is read at most once in
//! ten minutes because something did not verify, and not for ten minutes after a failure, however many requests name it.

use std::{error::Error as StdError, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::{
    clock::Clock,
    dialect::{self, domains},
    domain::Iri,
    net,
    peer::{
        FetchError, Peers, Untrusted,
        fetch::{failed, judge, refused},
        media_type,
    },
    signature::{self, DomainClaim, PrivateKey, PublicKey, Scheme},
    store::{self, Actor, NewUser, UserSaid},
};

/// A key is believed for so long.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// One that did not verify is not asked for again so soon, nor is a domain whose key could not be had.
const AGAIN: TimeDelta = TimeDelta::minutes(10);
/// What somebody's own document said holds for so long.
const USER_KEPT: TimeDelta = TimeDelta::hours(24);
/// For one document.
const IN_TIME: Duration = Duration::from_secs(5);
/// Bytes of a document.
const MOST: usize = 256 * 1024;
/// Where all places are taken: fetches take seconds.
const PLACES_AGAIN: Duration = Duration::from_secs(5);

impl Peers {
    /// Whether the domain that a claim names has signed. The caller has seen that it is a domain, and not ours. `may_ask` is asked
    /// before a domain is, and else says how long to wait.
    ///
    /// # Errors
    /// [`Untrusted`] says why not, in words for the sender, and with which status to answer.
    pub async fn domain_signer(
        &self,
        claim: &DomainClaim,
        may_ask: impl Fn() -> Result<(), Duration>,
    ) -> Result<(), Untrusted> {
        let domain = claim.domain();
        if self.is_blocked(domain).await? {
            return Err(Untrusted::Blocked);
        }
        let deadline = Instant::now() + self.0.key_time.min(IN_TIME);
        let (key, is_new) = self.key_of_domain(domain, None, &may_ask, deadline).await?;
        let Err(why) = claim.verify(&key) else {
            return Ok(());
        };
        if is_new {
            return Err(why.into());
        }
        match self.key_of_domain(domain, Some(&key), &may_ask, deadline).await {
            Ok((changed, _)) => Ok(claim.verify(&changed)?),
            Err(busy @ (Untrusted::Busy { .. } | Untrusted::TooMany { .. } | Untrusted::Store(_))) => {
                Err(busy)
            }
            Err(_) => Err(why.into()),
        }
    }

    /// The key of a domain, and whether it was read just now; `failed`: another one than this, if it may be read again.
    async fn key_of_domain(
        &self,
        domain: &str,
        failed: Option<&PublicKey>,
        may_ask: impl Fn() -> Result<(), Duration>,
        deadline: Instant,
    ) -> Result<(PublicKey, bool), Untrusted> {
        let Ok(_turn) = timeout_at(deadline, self.turn(domain)).await else {
            return Err(Untrusted::Busy {
                retry_after: PLACES_AGAIN,
            });
        };
        let now = self.0.store.now();
        if let Some(known) = self.0.store.domain_key(domain).await? {
            let key = signature::domain_key(&known.key).ok();
            let key = key.filter(|key| now - known.read_at < KEPT && failed != Some(key));
            if let Some(key) = key {
                return Ok((key, false));
            }
            if failed.is_some() && known.asked_again_at.is_some_and(|at| now - at < AGAIN) {
                return Err(signature::DomainRefused::BadSignature.into());
            }
        }
        if let Some((until, why)) = self.0.domains_failed.get(domain).await
            && now < until
        {
            return Err(Untrusted::Unreachable(why));
        }
        may_ask().map_err(|retry_after| Untrusted::TooMany { retry_after })?;
        let Ok(_place) = self.0.key_places.try_acquire() else {
            return Err(Untrusted::Busy {
                retry_after: PLACES_AGAIN,
            });
        };
        let read = match timeout_at(deadline, self.read_key(domain)).await {
            Ok(Err(FetchError::Store(error))) => return Err(error.into()),
            Ok(Ok(read)) => Ok(read),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the server did not answer in time".to_owned()),
        };
        match read {
            Ok((text, key)) => {
                self.0
                    .store
                    .keep_domain_key(domain, &text, failed.is_some())
                    .await?;
                Ok((key, true))
            }
            Err(why) => {
                let failure = (now + AGAIN, why.clone());
                self.0.domains_failed.insert(domain.to_owned(), failure).await;
                Err(Untrusted::Unreachable(why))
            }
        }
    }

    async fn read_key(&self, domain: &str) -> Result<(String, PublicKey), FetchError> {
        // Unsigned, and its own signature is not asked for: the key that it would need is in it.
        let (_, metadata, _) = self.ask_domain(domain, domains::METADATA, None).await?;
        let text = domains::key_of(&metadata, domain).map_err(refused)?;
        let key = signature::domain_key(text).map_err(|_| {
            refused("its key is not 44 bytes of SPKI in base64, or one that anybody could sign for")
        })?;
        Ok((text.to_owned(), key))
    }

    /// Somebody of such a domain, who need not be known by more than an id: their document is read if it was not for a day and
    /// answers in time, and whoever cannot be read is kept as they are. Whoever never could is kept by their id, and not shown in
    /// another protocol, for which they were not asked.
    ///
    /// # Errors
    /// If the database does not answer, or the id is too long; [`FetchError::Temporary`] of somebody whose server does not answer for
    /// now and whom it never told us of.
    pub async fn user(&self, reference: &domains::Reference) -> Result<Actor, FetchError> {
        let iri = self.iri_of_user(reference)?;
        let is_fresh = |actor: &Actor| self.0.store.now() - actor.read_at < USER_KEPT;
        let was_read = |actor: &Actor| actor.read_at > DateTime::UNIX_EPOCH;
        let known = self.0.store.actor(&iri).await?;
        let failed = self.0.domains_failed.get(iri.as_str()).await;
        let waits = failed.is_some_and(|(until, _)| self.0.store.now() < until);
        let is_new = !known.as_ref().is_some_and(was_read);
        if let Some(actor) = known.filter(|actor| waits || is_fresh(actor)) {
            return Ok(actor);
        }
        let deadline = Instant::now() + self.0.key_time.min(IN_TIME);
        let reading = async {
            let _turn = self.turn(iri.as_str()).await;
            match self.0.store.actor(&iri).await?.filter(is_fresh) {
                Some(actor) => Ok(Some(actor)),
                None => match self.read_user(reference).await? {
                    Some(user) => self.keep_user(&user).await.map(Some),
                    None => Ok(None),
                },
            }
        };
        match timeout_at(deadline, reading).await {
            Ok(Ok(Some(actor))) => return Ok(actor),
            Ok(Err(FetchError::Store(error))) => return Err(error.into()),
            Ok(Err(FetchError::Temporary(_))) | Err(_) if is_new => {
                return Err(FetchError::Temporary("their server does not answer".to_owned()));
            }
            Ok(Ok(None) | Err(_)) | Err(_) => {}
        }
        let failure = (self.0.store.now() + AGAIN, String::new());
        self.0.domains_failed.insert(iri.to_string(), failure).await;
        self.keep_as(&iri, &reference.domain, None).await
    }

    /// A domain that speaks for itself, and not for one of its people.
    ///
    /// # Errors
    /// As [`Peers::user`].
    pub async fn domain_itself(&self, domain: &str) -> Result<Actor, FetchError> {
        let iri = Iri::object(&self.0.here.mirror_of_domain(domain));
        let iri = iri.map_err(|_| refused("its name is too long"))?;
        match self.0.store.actor(&iri).await? {
            Some(known) => Ok(known),
            None => self.keep_as(&iri, domain, None).await,
        }
    }

    /// Keeps what somebody's own document says of them.
    ///
    /// # Errors
    /// As [`Peers::user`].
    pub async fn keep_user(&self, user: &domains::User) -> Result<Actor, FetchError> {
        let iri = self.iri_of_user(&user.reference)?;
        let said = UserSaid {
            username: &user.username,
            name: user.name.as_deref(),
            unbridged: user.unbridged,
        };
        self.keep_as(&iri, &user.reference.domain, Some(said)).await
    }

    async fn keep_as(
        &self,
        iri: &Iri,
        domain: &str,
        said: Option<UserSaid<'_>>,
    ) -> Result<Actor, FetchError> {
        let inbox = domains::at(domain, domains::INBOX);
        let new = NewUser {
            iri,
            domain,
            inbox: &inbox,
            said,
        };
        Ok(self.0.store.keep_user(&new).await?)
    }

    fn iri_of_user(&self, reference: &domains::Reference) -> Result<Iri, FetchError> {
        Iri::object(&self.0.here.mirror(reference)).map_err(|_| refused("its id is too long"))
    }

    /// `None`: it is not there, or it is somebody else.
    async fn read_user(&self, reference: &domains::Reference) -> Result<Option<domains::User>, FetchError> {
        for path in domains::paths_of_user(&reference.id) {
            match self.entity(&reference.domain, &path).await {
                Ok((_, entity)) => {
                    let user = domains::user(&entity, &reference.domain).ok().flatten();
                    return Ok(user.filter(|user| user.reference == *reference));
                }
                Err(FetchError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// A note as its domain serves it, byte for byte; `None`: it is not there.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn note(&self, reference: &domains::Reference) -> Result<Option<Bytes>, FetchError> {
        let deadline = Instant::now() + self.0.key_time.min(IN_TIME);
        let reading = async {
            // Its answer is signed, perhaps.
            let known = self
                .key_of_domain(&reference.domain, None, || Ok(()), deadline)
                .await;
            known.map_err(|why| refused(&why.to_string()))?;
            for path in domains::paths_of_note(&reference.id) {
                match self.entity(&reference.domain, &path).await {
                    Ok((body, _)) => return Ok(Some(body)),
                    Err(FetchError::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(None)
        };
        match timeout_at(deadline, reading).await {
            Ok(read) => read,
            Err(_) => Err(FetchError::Temporary(
                "the server did not answer in time".to_owned(),
            )),
        }
    }

    /// A document of a domain, asked for in the name of ours. An answer that is signed must be signed by that domain.
    async fn entity(&self, domain: &str, path: &str) -> Result<(Bytes, Value), FetchError> {
        let ours = self.0.here.domain().ok_or_else(|| refused("we have no domain"))?;
        let own = self.0.store.own_key(store::DOMAIN).await?;
        let own = own.and_then(|own| PrivateKey::from_pkcs8(&own.pkcs8).ok());
        let key = own.ok_or_else(|| refused("we have no key for our domain"))?;
        let signer = |encoded_twice| DomainSigner {
            key: &key,
            domain: ours,
            clock: self.0.store.clock(),
            encoded_twice,
        };
        let answer = match self.ask_domain(domain, path, Some(&signer(false))).await {
            // Who signs a path with a % encodes it once more (versia-pub/server, run 2026-04).
            Err(FetchError::Refused(_)) if path.contains('%') => {
                self.ask_domain(domain, path, Some(&signer(true))).await
            }
            answer => answer,
        };
        let (body, entity, claim) = answer?;
        if let Some(claim) = claim {
            let known = self.0.store.domain_key(domain).await?;
            let key = known.and_then(|known| signature::domain_key(&known.key).ok());
            if claim.domain() != domain || key.is_none_or(|key| claim.verify(&key).is_err()) {
                return Err(refused("the answer's signature is not its server's"));
            }
        }
        Ok((body, entity))
    }

    async fn ask_domain(
        &self,
        domain: &str,
        path: &str,
        signer: Option<&DomainSigner<'_>>,
    ) -> Result<(Bytes, Value, Option<DomainClaim>), FetchError> {
        if self.is_blocked(domain).await? {
            return Err(FetchError::Blocked);
        }
        let url = Url::parse(&domains::at(domain, path)).map_err(|_| refused("its address is no URL"))?;
        let signer = signer.map(|signer| signer as &dyn net::Sign);
        let asked = self.0.client.get_there(&url, domains::ACCEPT, signer, MOST).await;
        let (answer, headers) = asked.map_err(failed)?;
        judge(answer.status)?;
        if !media_type::is_json(answer.content_type.as_deref()) {
            return Err(refused("the answer is not JSON"));
        }
        let now = self.0.store.now();
        let claim = signature::domain_claim_of_answer(url.path(), &headers, &answer.body, now)
            .map_err(|_| refused("the answer's signature cannot be read"))?;
        let (_, value) = dialect::parse(&answer.body, self.0.json)
            .map_err(|_| refused("the answer is not readable JSON"))?;
        Ok((answer.body, value, claim))
    }
}

/// Signs for our domain.
struct DomainSigner<'a> {
    key: &'a PrivateKey,
    domain: &'a str,
    clock: &'a Clock,
    encoded_twice: bool,
}

impl net::Sign for DomainSigner<'_> {
    fn sign(
        &self,
        method: &str,
        url: &Url,
        body: Option<&[u8]>,
        content_type: Option<&str>,
    ) -> Result<HeaderMap, Box<dyn StdError + Send + Sync>> {
        let date: DateTime<Utc> = self.clock.now();
        if self.encoded_twice {
            let path = url.path().replace('%', "%25");
            let body = body.unwrap_or_default();
            return Ok(signature::sign_for_domain(
                self.key,
                self.domain,
                method,
                &path,
                body,
                date,
            )?);
        }
        let request = signature::Request {
            method,
            url,
            body,
            content_type,
            date,
        };
        Ok(signature::sign(Scheme::Domain, self.key, self.domain, &request)?)
    }
}
