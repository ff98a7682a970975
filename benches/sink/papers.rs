//! The documents that hosts show of themselves: people, and what software runs there.
//!
//! One rule: all people share one key; each names it by an id of their own.

use std::path::Path;

use serde_json::json;

use super::Manners;
use crate::hosts::{self, Ports};
use crate::key;

/// RFC 9421 §5.1: what this host would like to see signed, and how.
pub(super) const ACCEPT_SIGNATURE: &str = "accept-signature: sig1=(\"@method\" \"@target-uri\" \"content-digest\");created;keyid;alg=\"ed25519\"\r\n";

pub(super) struct Papers {
    ports: Ports,
    pem: String,
}

impl Papers {
    pub(super) fn new(dir: &Path, ports: Ports) -> anyhow::Result<Self> {
        let pem = key::read(dir)?.public().to_pem();
        Ok(Self { ports, pem })
    }

    /// The answer to a GET, head and body.
    pub(super) fn get(&self, host: u32, path: &str, secure: bool, manners: &Manners) -> Vec<u8> {
        let base = match secure {
            true => hosts::secure(host, self.ports),
            false => hosts::plain(host, self.ports),
        };
        let (kind, document) = match path {
            "/.well-known/nodeinfo" => ("application/json", links(&base)),
            "/nodeinfo/2.0" => ("application/json", software()),
            _ => match path.strip_prefix("/u/") {
                Some(name) => ("application/activity+json", self.person(&base, name, manners)),
                None => return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec(),
            },
        };
        let more = if manners.takes_ed25519 {
            ACCEPT_SIGNATURE
        } else {
            ""
        };
        let body = document.to_string();
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n{more}\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    fn person(&self, base: &str, name: &str, manners: &Manners) -> serde_json::Value {
        let id = format!("{base}/u/{name}");
        let mut person = json!({
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "type": "Person",
            "id": id,
            "preferredUsername": name,
            "inbox": format!("{base}/inbox"),
            "outbox": format!("{id}/outbox"),
            "endpoints": {"sharedInbox": format!("{base}/inbox")},
            "publicKey": {"id": format!("{id}#main-key"), "owner": id, "publicKeyPem": self.pem},
        });
        if manners.takes_ed25519 {
            // FEP-844e.
            person["generator"] = json!({"type": "Application", "implements": implements()});
            person["implements"] = implements();
        }
        person
    }
}

fn implements() -> serde_json::Value {
    json!([{
        "href": "https://datatracker.ietf.org/doc/html/rfc9421",
        "name": "RFC-9421: HTTP Message Signatures"
    }, {
        "href": "https://datatracker.ietf.org/doc/html/rfc9421#name-eddsa-using-curve-edwards25",
        "name": "RFC-9421 signatures using the Ed25519 algorithm"
    }])
}

fn links(base: &str) -> serde_json::Value {
    json!({"links": [{
        "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
        "href": format!("{base}/nodeinfo/2.0")
    }]})
}

fn software() -> serde_json::Value {
    json!({
        "version": "2.0",
        "software": {"name": "lemmy", "version": "0.19.12"},
        "protocols": ["activitypub"],
        "usage": {"users": {"total": 1}},
        "openRegistrations": false,
        "services": {"inbound": [], "outbound": []},
        "metadata": {}
    })
}
