//! What comes back.
//!
//! One rule: of a peer's answer we keep what somebody decides by, already read: a status, a type, bytes up to the limit.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use url::Url;

/// The answer to a GET.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The address that answered, after all redirects and without a fragment. A document is believed for this one only.
    pub url: Url,
    /// The status; never a redirect that was followed.
    pub status: u16,
    /// The `Content-Type` as sent; nothing if there is none, more than one, or one that is not ASCII.
    pub content_type: Option<String>,
    /// The body of a success (2xx); empty for every other status, whose body is not read.
    pub body: Bytes,
}

/// The answer to a POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status. It alone decides success: the text that follows it is read away and dropped.
    pub status: u16,
    /// When the peer wants to hear from us again.
    pub retry_after: Option<RetryAfter>,
    /// Where a redirect points, made absolute. It has not been followed or checked.
    pub location: Option<Url>,
}

/// `Retry-After` (RFC 9110 §10.2.3) as sent: not clamped, not compared to any clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// In so many seconds. Some peers send a negative number.
    Seconds(i64),
    /// At that time.
    At(DateTime<Utc>),
    /// Present, but neither a number nor an HTTP date.
    Unreadable,
}

impl Fetched {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The head of an answer, its body still to be read.
    pub(super) fn head(url: Url, status: u16, headers: &HeaderMap) -> Self {
        let content_type = only(headers, &CONTENT_TYPE).map(str::to_owned);
        Self {
            url,
            status,
            content_type,
            body: Bytes::new(),
        }
    }
}

impl Answer {
    pub(super) fn head(url: &Url, status: u16, headers: &HeaderMap) -> Self {
        let retry_after = headers
            .get(RETRY_AFTER)
            .map(|value| value.to_str().map_or(RetryAfter::Unreadable, RetryAfter::read));
        Self {
            status,
            retry_after,
            location: location(url, headers),
        }
    }
}

impl RetryAfter {
    fn read(text: &str) -> Self {
        let text = text.trim();
        if let Ok(seconds) = text.parse() {
            return Self::Seconds(seconds);
        }
        httpdate::parse_http_date(text).map_or(Self::Unreadable, |at| Self::At(at.into()))
    }
}

/// Where a redirect from `url` points: absolute and without a fragment.
pub(super) fn location(url: &Url, headers: &HeaderMap) -> Option<Url> {
    let mut to = url.join(only(headers, &LOCATION)?).ok()?;
    to.set_fragment(None);
    Some(to)
}

/// The value of a header that must not occur twice: who sends two wants two readers to see different things.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn retry_after_is_read_as_sent() {
        let date = "2026-03-01T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("120", RetryAfter::Seconds(120)),
            (" 0 ", RetryAfter::Seconds(0)),
            ("-1", RetryAfter::Seconds(-1)),
            ("315360000", RetryAfter::Seconds(315_360_000)),
            ("Sun, 01 Mar 2026 12:00:00 GMT", RetryAfter::At(date)),
            ("99999999999999999999", RetryAfter::Unreadable),
            ("soon", RetryAfter::Unreadable),
            ("1.5", RetryAfter::Unreadable),
            ("", RetryAfter::Unreadable),
        ] {
            assert_eq!(RetryAfter::read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_location_is_made_absolute_and_loses_its_fragment() {
        let from = Url::parse("https://social.example/users/ann").unwrap();
        for (text, expected) in [
            ("/u/ann#key", "https://social.example/u/ann"),
            ("bob", "https://social.example/users/bob"),
            ("//other.example/x", "https://other.example/x"),
            ("http://127.0.0.1/", "http://127.0.0.1/"),
        ] {
            assert_eq!(
                location(&from, &headers(&[("location", text)])).unwrap().as_str(),
                expected
            );
        }
        assert_eq!(location(&from, &headers(&[])), None);
        assert_eq!(location(&from, &headers(&[("location", "https://")])), None);
    }

    #[test]
    fn two_content_types_are_none() {
        let url = Url::parse("https://social.example/").unwrap();
        let two = headers(&[
            ("content-type", "application/activity+json"),
            ("content-type", "text/html"),
        ]);
        assert_eq!(Fetched::head(url.clone(), 200, &two).content_type, None);
        let one = headers(&[("content-type", "application/activity+json; charset=utf-8")]);
        assert_eq!(
            Fetched::head(url, 200, &one).content_type.as_deref(),
            Some("application/activity+json; charset=utf-8")
        );
    }
}
