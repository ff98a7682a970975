//! Whether a POST that arrived is signed by whom it says.
//!
//! One rule: the key is fetched from the id that the signature names, and its owner must be the activity's actor.

use axum::http::HeaderMap;
use folkmoot::signature::{KeyError, KeyKind, PublicKey, REACH, Received, Request, Scheme, claims, sign};
use serde_json::Value;

use super::Server;

/// Who signed.
pub(super) struct Signed {
    pub(super) key_id: String,
    pub(super) reach: Option<String>,
    pub(super) rfc9421: bool,
    pub(super) ed25519: bool,
    /// By the activity's actor; else somebody passes it on.
    pub(super) by_actor: bool,
}

impl Server {
    /// The one signature of a POST, verified.
    pub(super) async fn verify(
        &self,
        target: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Signed, String> {
        let received = Received {
            method: "POST",
            authority: self.authority(),
            scheme: "http",
            target,
            headers,
            body,
        };
        let claims = claims(&received, self.ground().clock().now()).map_err(|why| why.to_string())?;
        let [claim] = claims.as_slice() else {
            return Err(format!("{} signatures", claims.len()));
        };
        let document: Value = serde_json::from_slice(body).map_err(|why| why.to_string())?;
        let actor = document["actor"].as_str().ok_or("the actor is not a string")?;
        let (owner, key) = self.key_of(claim.key_id()).await?;
        claim.verify(&key).map_err(|why| why.to_string())?;
        if owner == actor {
            self.verify_proof(&document).await?;
        }
        let (rfc9421, ed25519) = (
            claim.scheme() == Some(Scheme::Rfc9421),
            key.kind() == KeyKind::Ed25519,
        );
        if ed25519 && !(rfc9421 && self.state().takes_ed25519) {
            return Err("nobody said that we take such a signature with Ed25519".to_owned());
        }
        let reach = headers.get(REACH).map(|value| value.to_str().unwrap().to_owned());
        if reach.is_some() && !claim.covers(REACH) {
            return Err(format!("{REACH} is not signed"));
        }
        Ok(Signed {
            reach,
            key_id: claim.key_id().to_owned(),
            rfc9421,
            ed25519,
            by_actor: owner == actor,
        })
    }

    /// Whose key it is, and the key.
    pub(super) async fn key_of(&self, key_id: &str) -> Result<(String, PublicKey), String> {
        if let Some(known) = self.state().keys.get(key_id) {
            return Ok(known.clone());
        }
        let document = self.fetch(key_id.split('#').next().unwrap_or_default()).await?;
        let owner = document["id"].as_str().unwrap_or_default();
        let key = listed(&document, key_id, owner)
            .ok_or_else(|| format!("{key_id} is not a key of {owner}: {document}"))?
            .map_err(|why| why.to_string())?;
        let known = (owner.to_owned(), key);
        self.state().keys.insert(key_id.to_owned(), known.clone());
        Ok(known)
    }

    /// Whether a GET is signed by somebody whose key can be read.
    pub(super) async fn verify_get(&self, target: &str, headers: &HeaderMap) -> Result<(), String> {
        let received = Received {
            method: "GET",
            authority: self.authority(),
            scheme: "http",
            target,
            headers,
            body: b"",
        };
        let claims = claims(&received, self.ground().clock().now()).map_err(|why| why.to_string())?;
        let claim = claims.first().ok_or("not signed")?;
        let (_, key) = self.key_of(claim.key_id()).await?;
        claim.verify(&key).map_err(|why| why.to_string())
    }

    /// A document by its id; signed where it must be.
    pub(super) async fn fetch(&self, url: &str) -> Result<Value, String> {
        let client = self.ground().client();
        let request = || client.get(url).header("accept", "application/activity+json");
        let failed = |why| format!("{url}: {why}");
        let mut answer = request().send().await.map_err(failed)?;
        if answer.status() == 401 {
            let headers = self.signature_of_get(url)?;
            answer = request().headers(headers).send().await.map_err(failed)?;
        }
        self.ground().note(url, &answer);
        if answer.status() != 200 {
            return Err(format!("{url} answers {}", answer.status()));
        }
        let body = answer.bytes().await.map_err(|why| format!("{url}: {why}"))?;
        serde_json::from_slice(&body).map_err(|why| format!("{url}: {why}"))
    }
}

impl Server {
    /// The headers of a GET that the server's own actor signs.
    fn signature_of_get(&self, url: &str) -> Result<HeaderMap, String> {
        let own = self.settle("server", "Application");
        let target: url::Url = url.parse().map_err(|why| format!("{url}: {why}"))?;
        let request = Request {
            method: "GET",
            url: &target,
            body: None,
            content_type: None,
            date: self.ground().clock().now(),
        };
        sign(Scheme::Cavage, &own.key(), &own.key_id(), &request).map_err(|why| why.to_string())
    }
}

/// A key that an actor lists as its own: in `publicKey`, or in `assertionMethod` (FEP-521a).
fn listed(document: &Value, key_id: &str, owner: &str) -> Option<Result<PublicKey, KeyError>> {
    let text = |key: &Value, field: &str| key[field].as_str().unwrap_or_default().to_owned();
    let rsa = &document["publicKey"];
    if rsa["id"] == key_id {
        return (rsa["owner"] == owner).then(|| PublicKey::from_pem(&text(rsa, "publicKeyPem")));
    }
    let keys = document["assertionMethod"].as_array()?;
    let key = keys.iter().find(|key| key["id"] == key_id)?;
    (key["type"] == "Multikey" && key["controller"] == owner)
        .then(|| PublicKey::from_multibase(&text(key, "publicKeyMultibase")))
}
