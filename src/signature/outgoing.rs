//! A request that is about to be signed.
//!
//! One rule: what is signed is byte for byte what an HTTP client makes of the same address: its host, path and query.

use chrono::{DateTime, Utc};
use http::header::{CONTENT_TYPE, DATE, HOST};
use http::{HeaderMap, HeaderValue, Method};
use url::{Position, Url};

use super::SignError;
use super::claim::MAX_KEY_ID;
use super::structured::quote;

/// What is to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// In upper case.
    pub method: &'a str,
    /// Absolute, with a host. A fragment is not sent.
    pub url: &'a Url,
    /// The raw bytes; `None` sends no digest and no content type.
    pub body: Option<&'a [u8]>,
    pub content_type: Option<&'a str>,
    /// The time to sign with: now, for peers look at it.
    pub date: DateTime<Utc>,
}

impl Request<'_> {
    /// Whether this can be signed at all.
    pub(super) fn check(&self, key_id: &str) -> Result<(), SignError> {
        if !self.url.has_host() {
            return Err(SignError::NoHost);
        }
        if !self.url.username().is_empty() || self.url.password().is_some() {
            return Err(SignError::Userinfo);
        }
        if key_id.is_empty() || key_id.len() > MAX_KEY_ID || quote(key_id).is_none() {
            return Err(SignError::KeyId);
        }
        Method::from_bytes(self.method.as_bytes()).map_err(|_| SignError::Method)?;
        Ok(())
    }

    /// `host`, `date`, and with a body `content-type`.
    pub(super) fn headers(&self) -> Result<HeaderMap, SignError> {
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(HOST, self.host().parse().map_err(|_| SignError::NoHost)?);
        // IMF-fixdate (RFC 9110 §5.6.7).
        let date = self.date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        headers.insert(DATE, value(&date)?);
        if let Some(content_type) = self.content_type.filter(|_| self.body.is_some()) {
            headers.insert(
                CONTENT_TYPE,
                content_type.parse().map_err(|_| SignError::ContentType)?,
            );
        }
        Ok(headers)
    }

    /// Host, with the port unless it is the scheme's own.
    fn host(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// Path and query, as in the request line.
    pub(super) fn target(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }

    /// The address without its fragment (RFC 9421 §2.2.2).
    pub(super) fn target_uri(&self) -> &str {
        &self.url[..Position::AfterQuery]
    }
}

/// A header value of ours: made of parts that were checked before.
pub(super) fn value(text: &str) -> Result<HeaderValue, SignError> {
    HeaderValue::from_str(text).map_err(|_| SignError::KeyId)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn get(url: &Url) -> Request<'_> {
        let date = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        Request {
            method: "GET",
            url,
            body: None,
            content_type: Some("text/plain"),
            date,
        }
    }

    #[test]
    fn the_host_has_a_port_only_if_it_is_unusual() {
        for (address, host) in [
            ("https://A.example:443/x", "a.example"),
            ("http://a.example:80/x", "a.example"),
            ("https://a.example:8443/x", "a.example:8443"),
            ("http://[::1]:3000/", "[::1]:3000"),
        ] {
            assert_eq!(get(&url(address)).headers().unwrap()[HOST], host);
        }
    }

    #[test]
    fn the_target_keeps_its_query_and_drops_its_fragment() {
        let url = url("https://a.example/x%20y?b=c&d#e");
        assert_eq!(get(&url).target(), "/x%20y?b=c&d");
        assert_eq!(get(&url).target_uri(), "https://a.example/x%20y?b=c&d");
    }

    #[test]
    fn the_date_is_in_the_fixed_form() {
        let headers = get(&url("https://a.example")).headers().unwrap();
        assert_eq!(headers[DATE], "Thu, 01 Jan 2026 00:00:00 GMT");
        assert!(
            !headers.contains_key(CONTENT_TYPE),
            "there is no body to have a type"
        );
    }

    #[test]
    fn what_cannot_be_signed_is_said() {
        let here = url("https://a.example/");
        let check = |address: &str| get(&url(address)).check("https://b.example/#k");
        assert_eq!(check("https://a.example/"), Ok(()));
        assert_eq!(check("data:text/plain,x"), Err(SignError::NoHost));
        assert_eq!(check("https://u@a.example/"), Err(SignError::Userinfo));
        assert_eq!(check("https://:p@a.example/"), Err(SignError::Userinfo));
        for key_id in ["", "a\"b", "a\r\nb", "é", &"k".repeat(MAX_KEY_ID + 1)] {
            assert_eq!(get(&here).check(key_id), Err(SignError::KeyId));
        }
        let odd_method = Request {
            method: "GE T",
            ..get(&here)
        };
        assert_eq!(odd_method.check("k"), Err(SignError::Method));
        let odd_type = Request {
            body: Some(b""),
            content_type: Some("a\nb"),
            ..get(&here)
        };
        assert_eq!(odd_type.headers(), Err(SignError::ContentType));
    }
}
