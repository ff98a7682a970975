//! Asking another server for a document.
//!
//! One rule: what came is believed only if the id's own origin answered, as a document, and (but for key documents) if
//! its `id` is the one that was asked for (FET01, FET02, KEY03).
//!
//! Asked as the instance actor: in the scheme that the host took last, on 401 in the other one, which is remembered if
//! it helps; and who still says 401 or 403 is asked once without a signature.

use std::error::Error as StdError;

use http::HeaderMap;
use serde_json::Value;
use url::Url;

use crate::{
    clock::Clock,
    dialect::{self, text_of},
    domain::Iri,
    net::{self, Fetched},
    peer::{FetchError, InstanceKey, Peers, media_type},
    signature::{self, Scheme},
    store,
};

/// Some servers answer 406 to anything shorter.
const ACCEPT: &str =
    r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams", application/activity+json"#;

/// A document, as it came and as it reads.
pub(super) struct Document {
    pub(super) text: String,
    pub(super) value: Value,
}

impl Document {
    pub(super) fn is(&self, id: &Iri) -> bool {
        text_of(&self.value, "id") == Some(id.as_str())
    }
}

impl Peers {
    /// Fetches an object or activity: its text, byte for byte, and what it reads as. Its `id` is `iri`.
    ///
    /// # Errors
    /// [`FetchError::Refused`] also for what is ours: nothing of ours is asked for over the network (FET09).
    pub async fn document(&self, iri: &Iri) -> Result<(String, Value), FetchError> {
        let document = self.fetch(iri).await?;
        if !document.is(iri) {
            return Err(refused("the document there has another id"));
        }
        Ok((document.text, document.value))
    }

    /// Fetches whatever document the id's own origin has there; the caller judges its `id`.
    pub(super) async fn fetch(&self, iri: &Iri) -> Result<Document, FetchError> {
        let host = iri.authority();
        if self.0.here.owns(iri) {
            return Err(refused("it would be here, and is not"));
        }
        if self.is_blocked(&host).await? {
            return Err(FetchError::Blocked);
        }
        let url = iri.to_url().ok_or_else(|| refused("its id is not a URL"))?;
        let answer = self.knock(&url, &host).await?;
        // Before the status: another server's 410 says nothing of what is here.
        if answer.url.origin() != url.origin() {
            return Err(refused("the server redirects to another one"));
        }
        judge(answer.status)?;
        if !media_type::is_activity(answer.content_type.as_deref()) {
            return Err(refused(
                "the answer's content type is not that of an ActivityStreams document",
            ));
        }
        let (text, value) = dialect::parse(&answer.body, self.0.json)
            .map_err(|_| refused("the answer is not readable JSON"))?;
        let document = Document {
            text: text.to_owned(),
            value,
        };
        if document.is(iri) && text_of(&document.value, "type") == Some("Tombstone") {
            return Err(FetchError::Gone);
        }
        Ok(document)
    }

    async fn knock(&self, url: &Url, host: &str) -> Result<Fetched, FetchError> {
        let scheme = self.scheme_of(host).await?;
        let first = self.ask(url, Some(scheme)).await?;
        if !matches!(first.status, 401 | 403) {
            return Ok(first);
        }
        if first.status == 401 {
            let scheme = other(scheme);
            let second = self.ask(url, Some(scheme)).await?;
            if second.status == 200 {
                self.remember_scheme(host, scheme).await?;
                return Ok(second);
            }
        }
        self.ask(url, None).await
    }

    async fn ask(&self, url: &Url, scheme: Option<Scheme>) -> Result<Fetched, FetchError> {
        let signer = scheme.map(|scheme| InstanceSigner {
            instance: &self.0.instance,
            scheme,
            clock: self.0.store.clock(),
        });
        let signer = signer.as_ref().map(|signer| signer as &dyn net::Sign);
        self.0.client.get(url, ACCEPT, signer).await.map_err(failed)
    }

    /// The signature scheme that a host took last; draft-cavage where nothing is known.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn scheme_of(&self, host: &str) -> Result<Scheme, store::Error> {
        let known = self.0.store.peer_scheme(host).await?;
        Ok(match known.as_deref() {
            // What we fetch is signed with RSA: those who take Ed25519 take it by RFC 9421.
            Some("rfc9421" | "ed25519") => Scheme::Rfc9421,
            _ => Scheme::Cavage,
        })
    }

    /// A host took a request that was signed in this scheme, after it had refused the other one.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn remember_scheme(&self, host: &str, scheme: Scheme) -> Result<(), store::Error> {
        let name = match scheme {
            Scheme::Cavage => "cavage",
            Scheme::Rfc9421 => "rfc9421",
            // A host is never asked for documents in this one.
            Scheme::Domain => return Ok(()),
        };
        self.0.store.remember_scheme(host, name).await
    }
}

/// Signs as the instance actor.
struct InstanceSigner<'a> {
    instance: &'a InstanceKey,
    scheme: Scheme,
    clock: &'a Clock,
}

impl net::Sign for InstanceSigner<'_> {
    fn sign(
        &self,
        method: &str,
        url: &Url,
        body: Option<&[u8]>,
        content_type: Option<&str>,
    ) -> Result<HeaderMap, Box<dyn StdError + Send + Sync>> {
        let request = signature::Request {
            method,
            url,
            body,
            content_type,
            date: self.clock.now(),
        };
        Ok(signature::sign(
            self.scheme,
            &self.instance.key,
            &self.instance.id,
            &request,
        )?)
    }
}

fn other(scheme: Scheme) -> Scheme {
    match scheme {
        Scheme::Cavage => Scheme::Rfc9421,
        Scheme::Rfc9421 | Scheme::Domain => Scheme::Cavage,
    }
}

pub(super) fn judge(status: u16) -> Result<(), FetchError> {
    match status {
        200 => Ok(()),
        404 => Err(FetchError::NotFound),
        410 => Err(FetchError::Gone),
        408 | 425 | 429 | 500..=599 => Err(FetchError::Temporary(format!("the server answers {status}"))),
        _ => Err(FetchError::Refused(format!("the server answers {status}"))),
    }
}

pub(super) fn failed(error: net::Error) -> FetchError {
    if error.is_temporary() {
        FetchError::Temporary(error.to_string())
    } else {
        FetchError::Refused(error.to_string())
    }
}

pub(super) fn refused(why: &str) -> FetchError {
    FetchError::Refused(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_410_is_gone_and_only_what_may_pass_is_temporary() {
        assert!(judge(200).is_ok());
        assert!(matches!(judge(404), Err(FetchError::NotFound)));
        assert!(matches!(judge(410), Err(FetchError::Gone)));
        for status in [408, 425, 429, 500, 502, 503, 599] {
            assert!(matches!(judge(status), Err(FetchError::Temporary(_))), "{status}");
        }
        for status in [201, 204, 206, 304, 400, 401, 403, 406, 418, 600] {
            assert!(matches!(judge(status), Err(FetchError::Refused(_))), "{status}");
        }
    }

    #[test]
    fn a_document_is_what_its_id_says_letter_by_letter() {
        let id = Iri::object("https://a.example/u/ann").expect("canonical");
        let document = |id: Value| Document {
            text: String::new(),
            value: serde_json::json!({ "id": id }),
        };
        assert!(document("https://a.example/u/ann".into()).is(&id));
        for other in [
            Value::from("https://a.example/u/ann/"),
            "https://a.example/u/ann#x".into(),
            "https://a.example/u/bob".into(),
            Value::Null,
            serde_json::json!(["https://a.example/u/ann"]),
        ] {
            assert!(!document(other).is(&id));
        }
    }
}
