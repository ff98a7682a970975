//! From an item to the request that carries it.
//!
//! One rule: the bytes of the body are those of the log, in their order, and never looked into: what an item means is
//! nobody's business here. It is signed when it is sent, never when it is queued: peers look at the date.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, header::ACCEPT};
use url::Url;

use crate::{
    delivery::{keys::Key, reach::Told},
    signature::{self, Request, Scheme},
};

/// What every peer reads (dialects §7); the profile variant is refused by some.
const CONTENT_TYPE: &str = "application/activity+json";

const fn content_type(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Cavage | Scheme::Rfc9421 => CONTENT_TYPE,
        Scheme::Domain => signature::DOMAIN_CONTENT_TYPE,
    }
}

/// A request, ready to be posted once.
#[derive(Debug)]
pub(super) struct Ready {
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// `head`, `raw` and `tail`, one after the other.
pub(super) fn body(head: &str, raw: Option<&str>, tail: Option<&str>) -> Bytes {
    [head, raw.unwrap_or_default(), tail.unwrap_or_default()]
        .concat()
        .into()
}

/// Signs `body` for `inbox` as of `now`; `reach` goes along.
///
/// # Errors
/// In words: why this can be sent to nobody, or not to this inbox.
pub(super) fn request(
    inbox: &str,
    body: &Bytes,
    key: &Key,
    scheme: Scheme,
    reach: Option<&Told>,
    now: DateTime<Utc>,
) -> Result<Ready, String> {
    let url = Url::parse(inbox).map_err(|_| "its inbox is not a URL".to_owned())?;
    let reach = reach.and_then(|told| told.header(&key.id));
    let mut headers = signature::sign_with(
        scheme,
        &key.private,
        &key.id,
        &Request {
            method: "POST",
            url: &url,
            body: Some(body),
            content_type: Some(content_type(scheme)),
            date: now,
        },
        reach.as_deref().map(|reach| (signature::REACH, reach)),
    )
    .map_err(|error| error.to_string())?;
    if scheme == Scheme::Domain {
        // Every request of Versia says what it takes for an answer (`app/federation/http`), one to an inbox, too.
        headers.insert(ACCEPT, HeaderValue::from_static(signature::DOMAIN_TYPE));
    }
    Ok(Ready {
        url,
        headers,
        body: body.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::PrivateKey;

    fn key() -> Key {
        Key {
            id: "https://here.example/c/garden#main-key".into(),
            private: PrivateKey::generate_ed25519().unwrap(),
        }
    }

    #[test]
    fn the_raw_text_is_spliced_in_byte_for_byte() {
        let raw = "{ \"id\" :1.0,\r\n \"é\":\"\\u00e9\" }";
        let whole = body("{\"object\":", Some(raw), Some("}"));
        assert_eq!(whole, format!("{{\"object\":{raw}}}"));
        assert_eq!(body("{}", None, None), "{}");
    }

    #[test]
    fn the_same_item_has_the_same_body_and_another_date_each_time() {
        let (body, key) = (body("{}", None, None), key());
        let sent = |at: &str| {
            let inbox = "https://there.example/inbox";
            request(inbox, &body, &key, Scheme::Cavage, None, at.parse().unwrap()).unwrap()
        };
        let (first, second) = (sent("2026-03-01T12:00:00Z"), sent("2026-03-02T12:00:00Z"));
        assert_eq!(first.body, second.body);
        assert_ne!(first.headers["date"], second.headers["date"]);
    }

    #[test]
    fn an_inbox_that_is_no_url_is_an_error_in_words() {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        for inbox in [
            "",
            "inbox",
            "https://",
            "https://a b/",
            "https://a\0b/",
            "mailto:x@y.example",
        ] {
            assert!(
                request(inbox, &Bytes::new(), &key(), Scheme::Cavage, None, now).is_err(),
                "{inbox:.40}"
            );
        }
    }
}
