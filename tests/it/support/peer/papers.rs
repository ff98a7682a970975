//! What a server publishes: its people, NodeInfo, WebFinger, and whatever a test puts there.
//!
//! One rule: a reply is made anew for each request, so that a test can serve what no file could: bodies without end.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::response::Response;
use folkmoot::signature::PrivateKey;
use serde_json::{Value, json};

use super::software::{KeyForm, Software};

/// What is answered to a GET.
pub type Reply = Arc<dyn Fn() -> Response<Body> + Send + Sync>;

/// A document, as `application/activity+json`.
pub fn activity_json(document: &Value) -> Reply {
    let text = document.to_string();
    Arc::new(move || answer(200, "application/activity+json", text.clone()))
}

/// An answer with a body.
pub(super) fn answer(status: u16, content_type: &str, body: impl Into<Body>) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(body.into())
        .unwrap()
}

/// As Mitra has it (FEP-844e).
static RFC_9421: LazyLock<Value> = LazyLock::new(|| {
    json!([
        { "name": "RFC-9421: HTTP Message Signatures", "href": "https://datatracker.ietf.org/doc/html/rfc9421" },
        {
            "name": "RFC-9421 signatures using the Ed25519 algorithm",
            "href": "https://datatracker.ietf.org/doc/html/rfc9421#name-eddsa-using-curve-edwards25",
        },
    ])
});

/// Somebody who lives here.
pub(super) struct Papers {
    pub(super) document: Value,
    pub(super) key: PrivateKey,
    pub(super) key_id: String,
    form: KeyForm,
}

impl Papers {
    pub(super) fn new(software: &Software, base: &str, name: &str, kind: &str, key: PrivateKey) -> Self {
        let id = format!("{base}{}{name}", software.people);
        let key_id = match software.key {
            KeyForm::Fragment => format!("{id}#main-key"),
            KeyForm::Document => format!("{id}/main-key"),
            KeyForm::Actor => id.clone(),
        };
        let mut document = json!({
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": id,
            "type": kind,
            "preferredUsername": name,
            "name": name,
            "inbox": format!("{id}/inbox"),
            "outbox": format!("{id}/outbox"),
            "followers": format!("{id}/followers"),
            "url": format!("{base}/@{name}"),
            "published": "2026-01-02T03:04:05Z",
        });
        if software.shared_inbox {
            document["endpoints"] = json!({ "sharedInbox": format!("{base}/inbox") });
        }
        if software.ed25519 {
            let key = PrivateKey::generate_ed25519().unwrap();
            document["assertionMethod"] = json!([{
                "id": format!("{id}#ed25519-key"),
                "type": "Multikey",
                "controller": id,
                "publicKeyMultibase": key.public().to_multibase().unwrap(),
            }]);
            document["generator"] = json!({ "type": "Application", "implements": *RFC_9421 });
        }
        let mut papers = Self {
            document,
            key: key.clone(),
            key_id,
            form: software.key,
        };
        papers.take_key(key);
        papers
    }

    pub(super) fn id(&self) -> &str {
        self.document["id"].as_str().unwrap_or_default()
    }

    /// From now on this key, under the same id.
    pub(super) fn take_key(&mut self, key: PrivateKey) {
        self.document["publicKey"] = json!({
            "id": self.key_id,
            "owner": self.document["id"],
            "publicKeyPem": key.public().to_pem(),
        });
        self.key = key;
    }

    /// What is at this address of theirs, if anything.
    pub(super) fn at(&self, url: &str) -> Option<Value> {
        if url == self.id() {
            return Some(self.document.clone());
        }
        // GoToSocial: a stub of the actor with the key.
        (self.form == KeyForm::Document && url == self.key_id).then(|| {
            json!({
                "@context": self.document["@context"],
                "id": self.document["id"],
                "type": self.document["type"],
                "preferredUsername": self.document["preferredUsername"],
                "publicKey": self.document["publicKey"],
            })
        })
    }
}

/// The well-known documents of a server: the body and its type.
pub(super) fn well_known(software: &Software, base: &str, path: &str) -> Option<Value> {
    let authority = base.trim_start_matches("http://");
    match path {
        "/.well-known/nodeinfo" => Some(json!({
            "links": [{
                "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
                "href": format!("{base}/nodeinfo/2.0"),
            }],
        })),
        "/nodeinfo/2.0" => Some(json!({
            "version": "2.0",
            "software": { "name": software.name, "version": software.version },
            "protocols": ["activitypub"],
            "services": { "inbound": [], "outbound": [] },
            "openRegistrations": false,
            "usage": { "users": {} },
            "metadata": {},
        })),
        _ => {
            let name = path
                .strip_prefix("/.well-known/webfinger?resource=acct:")?
                .strip_suffix(authority)?
                .strip_suffix('@')?;
            Some(json!({
                "subject": format!("acct:{name}@{authority}"),
                "links": [{
                    "rel": "self",
                    "type": "application/activity+json",
                    "href": format!("{base}{}{name}", software.people),
                }],
            }))
        }
    }
}

/// An empty answer of this status.
pub fn status(status: u16) -> Reply {
    Arc::new(move || answer(status, "text/plain", ""))
}

/// Sends whoever asks elsewhere.
pub fn redirect(status: u16, to: &str) -> Reply {
    let to = to.to_owned();
    Arc::new(move || {
        let mut answer = answer(status, "text/plain", "");
        answer.headers_mut().insert("location", to.parse().unwrap());
        answer
    })
}

/// A document under any content type.
pub fn typed(document: &Value, content_type: &'static str) -> Reply {
    let text = document.to_string();
    Arc::new(move || answer(200, content_type, text.clone()))
}
