//! Canonical ids.
//!
//! One rule: an id is taken only as it would be written again. Two spellings of one URL are two ids to a database and
//! one to a browser, and every ban, dedupe and origin check would have a way around it.

use std::fmt;

use url::{Host, Url};

/// Longest id that we keep, in bytes (PAR06).
const LONGEST: usize = 2_048;

/// A canonical `http` or `https` id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Iri(String);

/// Why a text is not a canonical id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCanonical {
    #[error("an id is at most 2,048 bytes long")]
    TooLong,
    #[error("an id is an absolute http or https URL")]
    NotHttp,
    #[error("an id has no user name or password in it")]
    UserInfo,
    #[error("an id names a host, without a trailing dot")]
    Host,
    #[error("an id is written in its canonical form")]
    Spelling,
    #[error("the id of an object or actor has no fragment")]
    Fragment,
}

impl Iri {
    /// The id of an activity: canonical; a fragment is allowed (Mastodon's and Smithereen's ids have one).
    ///
    /// # Errors
    /// Names the first rule that the text breaks.
    pub fn activity(text: &str) -> Result<Self, NotCanonical> {
        if text.len() > LONGEST {
            return Err(NotCanonical::TooLong);
        }
        let url = Url::parse(text).map_err(|_| NotCanonical::NotHttp)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NotCanonical::NotHttp);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotCanonical::UserInfo);
        }
        match url.host() {
            Some(Host::Domain(name)) if name.ends_with('.') => return Err(NotCanonical::Host),
            Some(_) => {}
            None => return Err(NotCanonical::Host),
        }
        if !is_written_as(&url, text) {
            return Err(NotCanonical::Spelling);
        }
        Ok(Self(text.to_owned()))
    }

    /// The id of an object or actor: as [`Iri::activity`], and no fragment.
    ///
    /// # Errors
    /// Names the first rule that the text breaks.
    pub fn object(text: &str) -> Result<Self, NotCanonical> {
        if text.contains('#') {
            return Err(NotCanonical::Fragment);
        }
        Self::activity(text)
    }

    /// The id as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host, with the port if it is not the scheme's own: what a peer is known by.
    #[must_use]
    pub fn authority(&self) -> String {
        Url::parse(&self.0).map_or_else(|_| String::new(), |url| authority_of(&url))
    }

    /// The same id as a URL.
    #[must_use]
    pub fn to_url(&self) -> Option<Url> {
        Url::parse(&self.0).ok()
    }

    /// Whether both are of one scheme, host and port (FEP-fe34).
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        match (self.to_url(), other.to_url()) {
            (Some(a), Some(b)) => a.origin() == b.origin(),
            _ => false,
        }
    }
}

impl fmt::Display for Iri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Iri {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Host, with the port if it is not the scheme's own.
#[must_use]
pub fn authority_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// An authority and what blocks of it may be called: itself, its host, and every parent domain of the host.
#[must_use]
pub fn host_and_parents(authority: &str) -> Vec<String> {
    let mut all = vec![authority.to_owned()];
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !host.ends_with(':') => host,
        _ => authority,
    };
    let mut rest = host;
    loop {
        if rest != authority {
            all.push(rest.to_owned());
        }
        match rest.split_once('.') {
            Some((_, parent)) if parent.contains(|c: char| c.is_ascii_alphabetic()) => rest = parent,
            _ => return all,
        }
    }
}

/// The URL crate writes a path where there is none; real ids lack it (`https://host`, `https://host?c=148` at WordPress).
fn is_written_as(url: &Url, text: &str) -> bool {
    let canonical = url.as_str();
    if canonical == text {
        return true;
    }
    let origin = url.origin().ascii_serialization();
    url.path() == "/"
        && text.strip_prefix(&origin)
            == canonical
                .strip_prefix(&origin)
                .and_then(|rest| rest.strip_prefix('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_only_as_it_would_be_written_again() {
        for good in [
            "https://example.com/u",
            "https://example.com",
            "https://example.com/",
            "https://example.com?c=148",
            "https://example.com/?author=0",
            "https://example.com//users/3",
            "http://127.0.0.1:4001/u/ann",
        ] {
            assert_eq!(Iri::object(good).map(|iri| iri.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "https:example.com/u",
            r"https:\\example.com/u",
            "https:///example.com/u",
            "https://exa\tmple.com/u",
            "https://exam\u{ad}ple.com/u",
            "https://example%2ecom/u",
            "https://EXAMPLE.com/u",
            "https://example.com:443/u",
            "https://example.com/u/../v",
            "https://example.com/u/%2e%2e/v",
            " https://example.com/u",
        ] {
            assert_eq!(Iri::object(bad), Err(NotCanonical::Spelling), "{bad}");
        }
        assert_eq!(Iri::object("https://example.com./u"), Err(NotCanonical::Host));
        assert_eq!(
            Iri::object("https://a@example.com/u"),
            Err(NotCanonical::UserInfo)
        );
        assert_eq!(Iri::object("data:text/plain,x"), Err(NotCanonical::NotHttp));
        assert_eq!(
            Iri::object(&format!("https://a/{}", "x".repeat(2_040))),
            Err(NotCanonical::TooLong)
        );
    }

    #[test]
    fn only_activities_have_fragments() {
        let id = "https://example.com/u#follows/1";
        assert_eq!(Iri::object(id), Err(NotCanonical::Fragment));
        assert!(Iri::activity(id).is_ok());
        assert!(Iri::activity("https://example.com/n#activity#activity").is_ok());
    }

    #[test]
    fn a_block_covers_sub_domains_and_ports() {
        assert_eq!(
            host_and_parents("a.evil.tld:8443"),
            ["a.evil.tld:8443", "a.evil.tld", "evil.tld", "tld"]
        );
        assert_eq!(host_and_parents("127.0.0.1:80"), ["127.0.0.1:80", "127.0.0.1"]);
        assert_eq!(host_and_parents("evil.tld"), ["evil.tld", "tld"]);
    }
}
