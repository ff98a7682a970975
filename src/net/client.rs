//! GET and POST, bounded in size and time.
//!
//! One rule: reqwest only carries. It follows nothing, unpacks nothing, knows no proxy and asks our resolver; what it
//! would decide by itself is decided here.
//!
//! reqwest never asks a resolver for literal addresses, hence `reach` before each request; and the resolver is not told
//! the port, hence two carriers: one for the usual ports, and one that reaches opened ranges only.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Certificate, Response};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::answer::location;
use super::check::{Reach, reach, split};
use super::resolve::{Connector, Guard};
use super::{Answer, Error, Fetched, Forbidden, Resolve, Rules, System};

/// Hops after the first request.
const MAX_REDIRECTS: usize = 3;
/// Most servers are asked once in a while: few of their connections are kept, and not for long.
const IDLE_PER_HOST: usize = 2;
const IDLE_FOR: Duration = Duration::from_secs(60);
/// Headers of an answer.
const MAX_HEADERS: usize = 100;

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

/// The one HTTP client. Cheap to clone; all clones share connections and places.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rules: Arc<Rules>,
    allowed: reqwest::Client,
    opened: reqwest::Client,
    places: Semaphore,
}

impl Client {
    /// Builds the client; without a `resolver` it asks the machine's name servers.
    ///
    /// # Errors
    /// [`Error::Setup`] if an own authority, an extra root or the machine's own trust store cannot be read.
    pub fn new(rules: Rules, resolver: Option<Arc<dyn Resolve>>) -> Result<Self, Error> {
        if let Some(own) = rules.own.iter().find(|own| split(own).is_none()) {
            return Err(Error::Setup(format!("`{own}` is not a host or host:port")));
        }
        let resolver = match resolver {
            Some(resolver) => resolver,
            None => Arc::new(System::new()?),
        };
        let rules = Arc::new(rules);
        let carrier = |reach| {
            carrier(Guard {
                resolver: Arc::clone(&resolver),
                rules: Arc::clone(&rules),
                reach,
            })
        };
        let allowed = carrier(Reach::Allowed)?;
        let opened = if rules.allow_private.is_empty() {
            allowed.clone()
        } else {
            carrier(Reach::Opened)?
        };
        let places = Semaphore::new(rules.limits.in_flight.min(Semaphore::MAX_PERMITS));
        Ok(Self(Arc::new(Inner {
            rules,
            allowed,
            opened,
            places,
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
        reach(url, self.rules())?;
        let accept = HeaderValue::from_str(accept).map_err(|error| Error::Unsigned(error.into()))?;
        let _place = self.place().await?;
        let fetching = self.follow(url, &accept, signer);
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
        let carrier = self.carrier(url)?;
        let _place = self.place().await?;
        let end = Instant::now() + self.0.rules.limits.total;
        let request = carrier.post(url.clone()).headers(plain(headers)).body(body);
        let response = timeout_at(end, request.send())
            .await
            .map_err(|_| Error::Timeout)?;
        let response = response.map_err(|error| Error::of(&error))?;
        let answer = Answer::head(url, response.status().as_u16(), response.headers());
        // How the rest ends does not matter; reading it lets the connection serve again.
        let _ = timeout_at(end, read(response, self.0.rules.limits.answer)).await;
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
            let response = self.ask(&url, accept, signer).await?;
            if !redirects(&response) {
                return self.fetched(url, response).await;
            }
            url = next(&url, &response)?;
        }
        Err(Error::Redirects)
    }

    async fn ask(
        &self,
        url: &Url,
        accept: &HeaderValue,
        signer: Option<&dyn Sign>,
    ) -> Result<Response, Error> {
        let carrier = self.carrier(url)?;
        let signed = match signer {
            Some(signer) => signer.sign("GET", url, None, None).map_err(Error::Unsigned)?,
            None => HeaderMap::new(),
        };
        let mut headers = plain(signed);
        headers.insert(ACCEPT, accept.clone());
        carrier
            .get(url.clone())
            .headers(headers)
            .send()
            .await
            .map_err(|error| Error::of(&error))
    }

    async fn fetched(&self, url: Url, response: Response) -> Result<Fetched, Error> {
        let mut fetched = Fetched::head(url, response.status().as_u16(), response.headers());
        if fetched.is_success() {
            if is_encoded(response.headers()) {
                return Err(Error::Encoded);
            }
            fetched.body = read(response, self.0.rules.limits.body).await?;
        }
        Ok(fetched)
    }

    /// Judges the URL; what it may reach decides who carries the request.
    fn carrier(&self, url: &Url) -> Result<&reqwest::Client, Forbidden> {
        Ok(match reach(url, &self.0.rules)? {
            Reach::Allowed => &self.0.allowed,
            Reach::Opened => &self.0.opened,
        })
    }

    /// A place among the calls under way. Waiting for one is not the peer's fault and not on its time.
    async fn place(&self) -> Result<SemaphorePermit<'_>, Error> {
        match timeout(self.0.rules.limits.total, self.0.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Error::Busy),
        }
    }
}

fn carrier(guard: Guard) -> Result<reqwest::Client, Error> {
    let rules = Arc::clone(&guard.rules);
    reqwest::Client::builder()
        .user_agent(&rules.user_agent)
        .dns_resolver(Connector(Arc::new(guard)))
        .no_proxy() // with a proxy from the environment the resolver, and so the guard, would not be asked
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .http1_max_headers(MAX_HEADERS)
        .connect_timeout(rules.limits.connect)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_idle_timeout(IDLE_FOR)
        .tls_certs_merge(extra_roots(&rules)?)
        .build()
        .map_err(|error| Error::Setup(format!("{} (is `ca-certificates` installed?)", in_full(&error))))
}

fn extra_roots(rules: &Rules) -> Result<Vec<Certificate>, Error> {
    let mut roots = Vec::new();
    for pem in &rules.extra_roots {
        match Certificate::from_pem_bundle(pem) {
            Ok(found) if !found.is_empty() => roots.extend(found),
            _ => return Err(Error::Setup("an extra root holds no PEM certificate".to_owned())),
        }
    }
    Ok(roots)
}

/// An error of ours with its causes. At start-up only, where no peer has spoken yet.
fn in_full(error: &(dyn StdError + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Asks for the body as it is, whatever else is asked for.
fn plain(mut headers: HeaderMap) -> HeaderMap {
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers
}

fn redirects(response: &Response) -> bool {
    matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn next(url: &Url, response: &Response) -> Result<Url, Error> {
    let to = location(url, response.headers()).ok_or(Error::Lost)?;
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

/// Reads a body of at most `limit` bytes. One that announces more is not read at all.
async fn read(mut response: Response, limit: usize) -> Result<Bytes, Error> {
    if response
        .content_length()
        .is_some_and(|length| length > limit as u64)
    {
        return Err(Error::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Error::of(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(Error::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
