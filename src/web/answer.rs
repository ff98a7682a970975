//! A good answer: its type, how long it may be kept and by whom, and its validator.
//!
//! One rule: what one viewer gets because of who they are is kept by nobody (PRV05).

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::store::Viewer;

/// Exactly this: some readers compare it as a string.
pub(super) const ACTIVITY: &str = "application/activity+json";
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// What answers depend on: the form, and where posts are shown, who asks.
const VARY: &str = "Accept, Signature, Signature-Input, Authorization";

/// An answer in the making.
pub(super) struct Reply {
    status: StatusCode,
    kind: &'static str,
    body: String,
    cache: &'static str,
    everywhere: bool,
    location: Option<HeaderValue>,
}

impl Reply {
    pub(super) fn new(kind: &'static str, body: impl Into<String>) -> Self {
        Self {
            status: StatusCode::OK,
            kind,
            body: body.into(),
            cache: "public, max-age=60",
            everywhere: false,
            location: None,
        }
    }

    /// It is found at another address.
    pub(super) fn elsewhere(address: &str) -> Self {
        Self {
            location: HeaderValue::from_str(address).ok(),
            ..Self::new("text/plain; charset=utf-8", "").with_status(StatusCode::FOUND)
        }
    }

    /// An ActivityPub document.
    pub(super) fn activity(document: &Value) -> Self {
        Self::new(ACTIVITY, document.to_string())
    }

    /// As read by this viewer.
    pub(super) fn read_by(mut self, viewer: &Viewer) -> Self {
        if viewer.is_known() {
            self.cache = "private, no-store";
        }
        self
    }

    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// May be kept for so long.
    pub(super) fn kept(mut self, cache: &'static str) -> Self {
        self.cache = cache;
        self
    }

    /// Scripts of any site may read it (WebFinger, NodeInfo).
    pub(super) fn for_every_site(mut self) -> Self {
        self.everywhere = true;
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let tag = etag(self.body.as_bytes());
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.cache));
        headers.insert(header::VARY, HeaderValue::from_static(VARY));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
        if let Some(location) = self.location {
            headers.insert(header::LOCATION, location);
        }
        if self.everywhere {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        response
    }
}

/// A strong validator: it stands for these bytes.
fn etag(body: &[u8]) -> String {
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(body)[..16]))
}

/// Whether the caller has this answer already (RFC 9110 §13.1.2: the weak comparison).
pub(super) fn is_known(asked: &HeaderMap, answer: &HeaderMap) -> bool {
    let Some(tag) = answer.get(header::ETAG).and_then(|tag| tag.to_str().ok()) else {
        return false;
    };
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(if_none_match: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::IF_NONE_MATCH, if_none_match.parse().expect("a header"))])
    }

    #[test]
    fn the_same_bytes_are_known_again_and_others_are_not() {
        let one = Reply::new(HTML, "one").into_response();
        let tag = one.headers()[header::ETAG].to_str().expect("text").to_owned();
        let other = Reply::new(HTML, "other").into_response();
        for known in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"x\", {tag}"),
            "*".to_owned(),
        ] {
            assert!(is_known(&asked(&known), one.headers()), "{known}");
        }
        assert!(!is_known(&asked(&tag), other.headers()));
        assert!(!is_known(&asked(tag.trim_matches('"')), one.headers()));
        assert!(!is_known(&HeaderMap::new(), one.headers()));
    }

    #[test]
    fn what_a_known_viewer_gets_is_kept_by_nobody() {
        let cache = |viewer| {
            let reply = Reply::new(HTML, "x").read_by(&viewer).into_response();
            reply.headers()[header::CACHE_CONTROL].clone()
        };
        assert_eq!(cache(Viewer::Anyone), "public, max-age=60");
        assert_eq!(
            cache(Viewer::Actor(crate::store::ActorId(1))),
            "private, no-store"
        );
        assert_eq!(cache(Viewer::Host("a.test".to_owned())), "private, no-store");
    }
}
