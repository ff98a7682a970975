//! Reading a request's body, for as long and as far as we said.
//!
//! One rule: what is too large is refused before it is read, where its length is given, and at the limit where it is not.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{HeaderMap, header};

use crate::{
    config::Limits,
    web::error::{self, Problem},
};

/// The types of document that an inbox takes, in UTF-8 and as they are (PAR13).
pub(super) fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let coded = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let kinds: Vec<_> = headers.get_all(header::CONTENT_TYPE).iter().collect();
    match kinds[..] {
        [kind] if !coded && kind.to_str().is_ok_and(is_activity) => Ok(()),
        _ => Err(Problem::new(error::MEDIA_TYPE).about("content-type")),
    }
}

fn is_activity(kind: &str) -> bool {
    let (essence, params) = kind.split_once(';').unwrap_or((kind, ""));
    let known = [
        "application/activity+json",
        "application/ld+json",
        "application/json",
    ];
    let charset = params.split(';').find_map(|param| {
        let (name, value) = param.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"'))
    });
    known
        .iter()
        .any(|known| essence.trim().eq_ignore_ascii_case(known))
        && charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8"))
}

/// The whole body: at most `body_bytes`, no pause longer than `body_seconds`, in all at most `request_seconds`.
pub(super) async fn read(body: Body, headers: &HeaderMap, limits: &Limits) -> Result<Bytes, Problem> {
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limits.body_bytes as u64) {
        return Err(Problem::new(error::TOO_LARGE).about("body"));
    }
    let pause = Duration::from_secs(limits.body_seconds);
    let in_all = Duration::from_secs(limits.request_seconds);
    tokio::time::timeout(in_all, collect(body, limits.body_bytes, pause))
        .await
        .unwrap_or(Err(Problem::new(error::TOO_SLOW)))
}

async fn collect(body: Body, most: usize, pause: Duration) -> Result<Bytes, Problem> {
    let mut pieces = body.into_data_stream();
    let mut whole = BytesMut::new();
    loop {
        match tokio::time::timeout(pause, pieces.next()).await {
            Err(_) => return Err(Problem::new(error::TOO_SLOW)),
            Ok(None) => return Ok(whole.freeze()),
            Ok(Some(Err(_))) => {
                return Err(Problem::because(error::BAD_REQUEST, "The body broke off."));
            }
            Ok(Some(Ok(piece))) if whole.len() + piece.len() > most => {
                return Err(Problem::new(error::TOO_LARGE).about("body"));
            }
            Ok(Some(Ok(piece))) => whole.extend_from_slice(&piece),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inboxes_take_what_peers_send_and_nothing_else() {
        for good in [
            "application/activity+json",
            "application/activity+json; charset=utf-8",
            "Application/Activity+JSON;charset=\"UTF-8\"",
            "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
            "application/ld+json; profile=\"https://a.test/x https://b.test/y\"; charset=utf-8",
            "application/json",
        ] {
            assert!(is_activity(good), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "text/html",
            "multipart/form-data; boundary=x",
            "application/activity+json; charset=utf-7",
            "application/activity+jsonx",
            "application/x-www-form-urlencoded",
            "application/*",
        ] {
            assert!(!is_activity(bad), "{bad}");
        }
    }

    #[test]
    fn one_type_and_no_coding() {
        let with = |pairs: &[(http::HeaderName, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(name, value.parse().expect("a header"));
            }
            check_type(&headers).is_ok()
        };
        let json = (header::CONTENT_TYPE, "application/activity+json");
        assert!(with(std::slice::from_ref(&json)));
        assert!(with(&[json.clone(), (header::CONTENT_ENCODING, "identity")]));
        assert!(!with(&[json.clone(), (header::CONTENT_ENCODING, "gzip")]));
        assert!(!with(&[json.clone(), (header::CONTENT_TYPE, "text/plain")]));
        assert!(!with(&[]));
    }

    #[tokio::test]
    async fn what_is_too_large_is_not_read() {
        let whole = |bytes: usize, most: usize| {
            let body = Body::from(vec![b'x'; bytes]);
            collect(body, most, Duration::from_secs(5))
        };
        assert_eq!(whole(10, 10).await.expect("read").len(), 10);
        let refused = whole(11, 10).await.expect_err("refused");
        assert_eq!(refused.status(), http::StatusCode::PAYLOAD_TOO_LARGE);
        assert!(whole(0, 10).await.expect("read").is_empty());
    }
}
