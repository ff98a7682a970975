//! One request over one connection, one answer.
//!
//! One rule: a request is sent once. It is sent over another connection only where the first one was closed before the
//! peer could begin with it; whether to try again after that is the caller's to decide.
//!
//! ```text
//! take from the pool, else dial -> send -> head -> body to its end -> back to the pool, if the host is warm
//! ```

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use tokio::time::Instant;
use url::{Position, Url};

use super::check::Reach;
use super::connection::{Connection, Unanswered};
use super::crowd::Crowd;
use super::dial::{AtAddress, Dialer};
use super::pool::Pool;
use super::recent::Recent;
use super::resolve::Guard;
use super::tls::Tls;
use super::{Error, Resolve, Rules, Width};

pub(super) struct Carrier {
    dialer: Dialer,
    pool: Arc<Pool>,
    recent: Recent,
    user_agent: HeaderValue,
}

/// An answer whose body is still to be read. Dropped before, it takes its connection along.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    body: Incoming,
    line: Line,
    /// Where the connection goes back to.
    home: Option<Arc<Pool>>,
}

/// A connection in use.
struct Line {
    origin: Arc<str>,
    connection: Connection,
    /// It has carried requests before.
    used: bool,
    _place: AtAddress,
}

impl Carrier {
    /// # Errors
    /// [`Error::Setup`] if an extra root, the machine's trust store or the user agent makes no sense.
    pub(super) fn new(rules: &Arc<Rules>, resolver: Arc<dyn Resolve>) -> Result<Self, Error> {
        let user_agent = HeaderValue::from_str(&rules.user_agent);
        let guard = Guard {
            resolver,
            rules: Arc::clone(rules),
        };
        Ok(Self {
            dialer: Dialer {
                rules: Arc::clone(rules),
                guard,
                tls: Tls::new(rules)?,
                addresses: Crowd::new(rules.limits.per_address),
            },
            pool: Pool::new(rules.limits.idle),
            recent: Recent::default(),
            user_agent: user_agent
                .map_err(|_| Error::Setup("the user agent is no text for a header".to_owned()))?,
        })
    }

    /// Sends a request to `url`, which has been judged and may reach as far as `reach` says.
    pub(super) async fn carry(
        &self,
        (url, reach): (&Url, Reach),
        method: Method,
        headers: HeaderMap,
        body: Bytes,
        (width, not_after): (Width, Option<Instant>),
    ) -> Result<Reply, Error> {
        let origin = &url[..Position::BeforePath];
        let warm = self.recent.again(origin) || width == Width::Wide;
        let mut request = self.request(method, headers, body);
        loop {
            let mut line = self.line(url, reach, width).await?;
            if not_after.is_some_and(|not_after| Instant::now() > not_after) {
                if !line.connection.is_shared() {
                    self.pool.put(line.origin, line.connection);
                }
                return Err(Error::Late);
            }
            let mut doubt = Doubt::about(&line, &self.pool);
            match line.connection.send(url, request).await {
                Ok(response) => {
                    doubt.dispelled = true;
                    let (head, body) = response.into_parts();
                    return Ok(Reply {
                        status: head.status.as_u16(),
                        headers: head.headers,
                        body,
                        line,
                        home: warm.then(|| Arc::clone(&self.pool)),
                    });
                }
                Err(Unanswered::Untouched(again)) if line.used => {
                    doubt.dispelled = true;
                    self.pool.forget(origin, &line.connection);
                    request = *again;
                }
                Err(Unanswered::Untouched(_)) => return Err(Error::Broken),
                Err(Unanswered::Failed(error)) => return Err(error),
            }
        }
    }

    fn request(&self, method: Method, mut headers: HeaderMap, body: Bytes) -> Request<Full<Bytes>> {
        // Asks for the body as it is, whatever else is asked for.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(USER_AGENT, self.user_agent.clone());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.headers_mut() = headers;
        request
    }

    async fn line(&self, url: &Url, reach: Reach, width: Width) -> Result<Line, Error> {
        let origin = &url[..Position::BeforePath];
        if let Some((origin, connection)) = self.pool.take(origin) {
            return match self.dialer.enter(connection.address) {
                Ok(place) => Ok(Line {
                    origin,
                    connection,
                    used: true,
                    _place: place,
                }),
                Err(busy) => {
                    self.pool.put(origin, connection);
                    Err(busy)
                }
            };
        }
        // Boxed: it is large, and most requests of a warm host go without.
        let (connection, place) = Box::pin(self.dialer.dial(url, reach, width)).await?;
        let origin = Arc::from(origin);
        if let Some(shared) = connection.share() {
            self.pool.put(Arc::clone(&origin), shared);
        }
        Ok(Line {
            origin,
            connection,
            used: false,
            _place: place,
        })
    }

    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.pool.len()
    }

    #[cfg(test)]
    pub(super) fn enter(&self, address: std::net::IpAddr) -> Result<AtAddress, Error> {
        self.dialer.enter(address)
    }
}

/// A server that does not answer over one connection (or not in time: then this is merely dropped) may have gone away
/// from the others, too. They would cost a time-out each to find out.
struct Doubt<'a> {
    origin: Arc<str>,
    pool: &'a Pool,
    dispelled: bool,
}

impl<'a> Doubt<'a> {
    fn about(line: &Line, pool: &'a Pool) -> Self {
        Self {
            origin: Arc::clone(&line.origin),
            pool,
            dispelled: false,
        }
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if !self.dispelled {
            self.pool.forget_all(&self.origin);
        }
    }
}

impl Reply {
    /// The body, at most `limit` bytes of it. One that announces more is not read at all.
    pub(super) async fn read(mut self, limit: usize) -> Result<Bytes, Error> {
        let mut whole = Whole::default();
        self.each_chunk(limit, |chunk| whole.add(chunk)).await?;
        self.go_home().await;
        Ok(whole.bytes())
    }

    /// Reads the body away, so that the connection can be used again.
    pub(super) async fn finish(mut self, limit: usize) -> Result<(), Error> {
        self.each_chunk(limit, drop).await?;
        self.go_home().await;
        Ok(())
    }

    async fn each_chunk(&mut self, limit: usize, mut take: impl FnMut(Bytes)) -> Result<(), Error> {
        if self.body.size_hint().lower() > limit as u64 {
            return Err(Error::TooLarge);
        }
        let mut length = 0;
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|_| Error::Broken)?;
            if let Ok(chunk) = frame.into_data() {
                length += chunk.len();
                if length > limit {
                    return Err(Error::TooLarge);
                }
                take(chunk);
            }
        }
        Ok(())
    }

    /// What others share is in the pool already.
    async fn go_home(self) {
        let mut line = self.line;
        if let Some(pool) = self.home
            && !line.connection.is_shared()
            && line.connection.is_free_again().await
        {
            pool.put(line.origin, line.connection);
        }
    }
}

/// A body that mostly comes in one piece, and is not copied then.
#[derive(Default)]
struct Whole {
    first: Bytes,
    rest: BytesMut,
}

impl Whole {
    fn add(&mut self, chunk: Bytes) {
        if self.first.is_empty() {
            self.first = chunk;
            return;
        }
        if self.rest.is_empty() {
            self.rest.extend_from_slice(&self.first);
        }
        self.rest.extend_from_slice(&chunk);
    }

    fn bytes(self) -> Bytes {
        if self.rest.is_empty() {
            self.first
        } else {
            self.rest.freeze()
        }
    }
}
