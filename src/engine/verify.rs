//! Whose request is it, and is the body the one that they signed?

use std::fmt::Write as _;

use http::{HeaderMap, header::AUTHORIZATION};

use crate::{
    domain::Iri,
    engine::{Engine, Refused},
    peer::Untrusted,
    signature::{self, Claim, Received},
    store::{Actor, Viewer},
};

/// How a token is presented.
const TOKEN: &str = "ActivityPubActorToken ";

impl Engine {
    /// What can be judged of a request without its signer's key.
    pub(super) fn claims(
        &self,
        method: &str,
        target: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Vec<Claim>, signature::Refused> {
        let public = &self.settings().server.public_url;
        let received = Received {
            method,
            authority: self.here().authority(),
            scheme: public.scheme(),
            target,
            headers,
            body,
        };
        signature::claims(&received, self.clock().now())
    }

    /// The actor that signed, who must be the one that is named, if anybody is.
    pub(super) async fn signer(&self, claims: &[Claim], named: Option<&Iri>) -> Result<Actor, Refused> {
        self.peers().signer(claims, named).await.map_err(Refused::from)
    }

    /// Who signed a GET; `None`: nobody did, or the signature does not hold.
    pub async fn asker(&self, method: &str, target: &str, headers: &HeaderMap) -> Option<Actor> {
        let claims = self.claims(method, target, headers, b"").ok()?;
        self.peers().signer(&claims, None).await.ok()
    }

    /// As whom they read. Who presents a token that does not hold (FEP-db0e) is nobody.
    pub async fn viewer(&self, method: &str, target: &str, headers: &HeaderMap) -> Viewer {
        let Some(actor) = self.asker(method, target, headers).await else {
            return Viewer::Anyone;
        };
        let presented = headers
            .get_all(AUTHORIZATION)
            .into_iter()
            .find_map(|value| value.to_str().ok()?.strip_prefix(TOKEN));
        if let Some(token) = presented
            && !self.gave(token, &actor.iri).await.is_ok_and(|gave| gave)
        {
            return Viewer::Anyone;
        }
        seen_as(&actor)
    }
}

/// An instance actor's signature counts for its host (PRV07), a person's for that person alone.
#[must_use]
pub fn seen_as(actor: &Actor) -> Viewer {
    if actor.kind == "Application" {
        Viewer::Host(actor.host.clone())
    } else {
        Viewer::Actor(actor.id)
    }
}

impl From<Untrusted> for Refused {
    fn from(untrusted: Untrusted) -> Self {
        match untrusted {
            Untrusted::NotTheActor => Self::forbidden(
                "not-the-signer",
                "actor",
                "The signature is not by the actor that the activity names.",
            ),
            Untrusted::Blocked => {
                Self::forbidden("blocked", "actor", "This server does not talk to that host.")
            }
            Untrusted::Busy { retry_after } => Self::Busy {
                retry_after: u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX).max(1),
            },
            Untrusted::TooMany { retry_after } => Self::TooMany {
                why: "This address has named as many servers that are not known here as one may in a minute.",
                retry_after: u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX).max(1),
            },
            Untrusted::Store(error) => error.into(),
            other => {
                let mut why = other.to_string();
                if !why.ends_with('.') {
                    let _ = why.write_char('.');
                }
                Self::Unsigned(why)
            }
        }
    }
}
