//! GET and POST, bounded in size and time.
//!
//! One rule: every request passes [`reach`] here before it is carried, and every hop of a redirect is a request.
//! The carrier follows nothing, unpacks nothing and knows no proxy.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_ENCODING, HOST, HeaderMap, HeaderValue};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};
use url::{Position, Url};

use super::answer::location;
use super::carrier::{Carrier, Reply};
use super::check::{Own, Reach, reach};
use super::crowd::{Crowd, Place, owner};
use super::{Answer, Error, Fetched, Forbidden, Resolve, Rules, System};

/// Hops after the first request.
const MAX_REDIRECTS: usize = 3;
/// What an inbox answers does not matter; some servers refuse who names no type.
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");

/// Signs a request at the moment of sending.
///
/// The room does not know keys or schemes: callers bring the signature as headers.
pub trait Sign: Send + Sync {
    /// The headers that sign this request: `Signature`, `Date`, `Digest` and what else the scheme needs.
    ///
    /// # Errors
    /// Whatever kept it from being signed; it becomes [`Error::Unsigned`].
    fn sign(
        &self,
        method: &str,
        url: &Url,
        body: Option<&[u8]>,
        content_type: Option<&str>,
    ) -> Result<HeaderMap, Box<dyn StdError + Send + Sync>>;
}

/// How many requests to one host may be under way, as far as their sender knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// One after the other: HTTP/1.1.
    #[default]
    One,
    /// Dozens at a time: HTTP/2 if the server speaks it, else as many connections, kept for the next ones.
    Wide,
}

/// The one HTTP client. Cheap to clone; all clones share connections and places.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    rules: Arc<Rules>,
    own: Vec<Own>,
    carrier: Carrier,
    places: Semaphore,
    owners: Crowd<Box<str>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.0.rules).finish()
    }
}

impl Client {
    /// Builds the client; without a `resolver` it asks the machine's name servers.
    ///
    /// # Errors
    /// [`Error::Setup`] if an own authority, an extra root or the machine's own trust store cannot be read.
    pub fn new(rules: Rules, resolver: Option<Arc<dyn Resolve>>) -> Result<Self, Error> {
        let own = rules.own.iter().map(|own| {
            Own::read(own).ok_or_else(|| Error::Setup(format!("`{own}` is not a host or host:port")))
        });
        let own = own.collect::<Result<_, _>>()?;
        let resolver = match resolver {
            Some(resolver) => resolver,
            None => Arc::new(System::new()?),
        };
        let rules = Arc::new(rules);
        Ok(Self(Arc::new(Inner {
            own,
            carrier: Carrier::new(&rules, resolver)?,
            places: Semaphore::new(rules.limits.in_flight.min(Semaphore::MAX_PERMITS)),
            owners: Crowd::new(rules.limits.per_owner),
            rules,
        })))
    }

    /// The rules it was built with, for [`super::check`] ahead of a request.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.0.rules
    }

    /// Fetches `url`, through at most three redirects; each hop is checked again and signed anew.
    ///
    /// # Errors
    /// Every variant of [`Error`]. A status is not an error.
    pub async fn get(&self, url: &Url, accept: &str, signer: Option<&dyn Sign>) -> Result<Fetched, Error> {
        self.way(url)?;
        let accept = HeaderValue::from_str(accept).map_err(|error| Error::Unsigned(error.into()))?;
        let _place = self.place().await?;
        let fetching = self.follow(url, &accept, signer);
        timeout(self.0.rules.limits.total, fetching)
            .await
            .map_err(|_| Error::Timeout)?
    }

    /// Fetches `url` from there and nowhere else: a redirect is an answer and not followed. At most `most` bytes; all
    /// headers of the answer come along.
    ///
    /// # Errors
    /// As [`Client::get`], but no redirect errors.
    pub async fn get_there(
        &self,
        url: &Url,
        accept: &str,
        signer: Option<&dyn Sign>,
        most: usize,
    ) -> Result<(Fetched, HeaderMap), Error> {
        self.way(url)?;
        let accept = HeaderValue::from_str(accept).map_err(|error| Error::Unsigned(error.into()))?;
        let _place = self.place().await?;
        let fetching = async {
            let _place = self.enter_owner(url)?;
            let reply = self.ask(url, &accept, signer).await?;
            let headers = reply.headers.clone();
            let most = most.min(self.0.rules.limits.body);
            Ok((self.fetched(url.clone(), reply, most).await?, headers))
        };
        timeout(self.0.rules.limits.total, fetching)
            .await
            .map_err(|_| Error::Timeout)?
    }

    /// Sends `body` once, with the caller's (signed) `headers`. A redirect is an answer and not followed.
    ///
    /// Once a status has come the call succeeds, even if the rest of the answer breaks off or never ends.
    ///
    /// # Errors
    /// No redirect, size or encoding errors: only refusals, and failures before a status came.
    pub async fn post(&self, url: &Url, headers: HeaderMap, body: Bytes) -> Result<Answer, Error> {
        self.post_in(url, headers, body, Width::One, None).await
    }

    /// As [`Client::post`], for a sender who has so many requests under way to that host, and begins no request later
    /// than `not_after`.
    ///
    /// # Errors
    /// The same; and [`Error::Late`].
    pub async fn post_in(
        &self,
        url: &Url,
        mut headers: HeaderMap,
        body: Bytes,
        width: Width,
        not_after: Option<Instant>,
    ) -> Result<Answer, Error> {
        let (there, reach) = self.way(url)?;
        let _place = self.place().await?;
        let end = Instant::now() + self.0.rules.limits.total;
        headers.entry(ACCEPT).or_insert(ANYTHING);
        name_host(&mut headers, url)?;
        let sending = self
            .0
            .carrier
            .carry((&there, reach), Method::POST, headers, body, (width, not_after));
        let reply = timeout_at(end, sending).await.map_err(|_| Error::Timeout)??;
        let answer = Answer::head(url, reply.status, &reply.headers);
        // How the rest ends does not matter; reading it lets the connection serve again.
        let _ = timeout_at(end, reply.finish(self.0.rules.limits.answer)).await;
        Ok(answer)
    }

    async fn follow(
        &self,
        url: &Url,
        accept: &HeaderValue,
        signer: Option<&dyn Sign>,
    ) -> Result<Fetched, Error> {
        let mut url = url.clone();
        url.set_fragment(None);
        for _ in 0..=MAX_REDIRECTS {
            let _place = self.enter_owner(&url)?;
            let reply = self.ask(&url, accept, signer).await?;
            if !redirects(&reply) {
                return self.fetched(url, reply, self.0.rules.limits.body).await;
            }
            url = next(&url, &reply)?;
        }
        Err(Error::Redirects)
    }

    async fn ask(&self, url: &Url, accept: &HeaderValue, signer: Option<&dyn Sign>) -> Result<Reply, Error> {
        let (there, reach) = self.way(url)?;
        let mut headers = match signer {
            Some(signer) => signer.sign("GET", url, None, None).map_err(Error::Unsigned)?,
            None => HeaderMap::new(),
        };
        headers.insert(ACCEPT, accept.clone());
        name_host(&mut headers, url)?;
        self.0
            .carrier
            .carry(
                (&there, reach),
                Method::GET,
                headers,
                Bytes::new(),
                (Width::One, None),
            )
            .await
    }

    async fn fetched(&self, url: Url, reply: Reply, most: usize) -> Result<Fetched, Error> {
        let mut fetched = Fetched::head(url, reply.status, &reply.headers);
        if fetched.is_success() {
            if is_encoded(&reply.headers) {
                return Err(Error::Encoded);
            }
            fetched.body = reply.read(most).await?;
        }
        Ok(fetched)
    }

    /// Where a request for `url` goes, and what it may reach: its own host, unless the operator has said who plays that.
    fn way<'u>(&self, url: &'u Url) -> Result<(Cow<'u, Url>, Reach), Forbidden> {
        let player = url
            .host_str()
            .filter(|_| url.port().is_none())
            .and_then(|host| self.0.rules.played.get(host));
        let Some(player) = player else {
            return Ok((Cow::Borrowed(url), reach(url, &self.0.rules, &self.0.own)?));
        };
        let mut there = player.clone();
        there.set_path(url.path());
        there.set_query(url.query());
        Ok((Cow::Owned(there), Reach::Opened))
    }

    fn enter_owner(&self, url: &Url) -> Result<Option<Place<Box<str>>>, Error> {
        url.host()
            .and_then(|host| owner(&host))
            .map(|owner| self.0.owners.enter(owner.into()))
            .transpose()
    }

    /// A place among the calls under way. Waiting for one is not the peer's fault and not on its time.
    async fn place(&self) -> Result<SemaphorePermit<'_>, Error> {
        if let Ok(place) = self.0.places.try_acquire() {
            return Ok(place);
        }
        match timeout(self.0.rules.limits.total, self.0.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Error::Busy),
        }
    }

    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.0.carrier.idle()
    }

    #[cfg(test)]
    pub(super) fn enter(&self, address: std::net::IpAddr) -> Result<super::dial::AtAddress, Error> {
        self.0.carrier.enter(address)
    }
}

/// The host that is asked is the one of the URL, whoever plays it.
fn name_host(headers: &mut HeaderMap, url: &Url) -> Result<(), Error> {
    if !headers.contains_key(HOST) {
        let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]);
        headers.insert(HOST, host.map_err(|_| Error::no_request())?);
    }
    Ok(())
}

fn redirects(reply: &Reply) -> bool {
    matches!(reply.status, 301 | 302 | 303 | 307 | 308)
}

fn next(url: &Url, reply: &Reply) -> Result<Url, Error> {
    let to = location(url, &reply.headers).ok_or(Error::Lost)?;
    if url.scheme() == "https" && to.scheme() == "http" {
        return Err(Forbidden::Downgrade.into());
    }
    Ok(to)
}

fn is_encoded(headers: &HeaderMap) -> bool {
    let is_plain = |value: &HeaderValue| {
        let coding = value.as_bytes().trim_ascii();
        coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
    };
    !headers.get_all(CONTENT_ENCODING).iter().all(is_plain)
}
