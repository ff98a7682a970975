//! Whose activity it is, and who brought it.
//!
//! One rule: an activity is its actor's if their key signed the request, or the document itself (FEP-8b32). Who brings
//! what another has proven only carries it: it is their server that is counted, and that shows how it speaks.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    dialect::Activity,
    engine::{Engine, Refused, case::is_about_content},
    signature::{self, Claim},
    store::Actor,
};

/// The actor of an activity, as we know them.
pub(super) struct Sender {
    pub actor: Arc<Actor>,
    /// From memory: the turn looks whether they are still as they were.
    pub remembered: bool,
    /// Somebody else sent it.
    pub bearer: Option<Actor>,
}

impl Sender {
    /// Who made the request.
    pub(super) fn who(&self) -> &Actor {
        self.bearer.as_ref().unwrap_or(&self.actor)
    }
}

/// Whether a key's id says that it is this actor's: `/u/annabel#key` is not `/u/ann`'s.
fn is_of(key: &str, actor: &str) -> bool {
    let rest = key.strip_prefix(actor);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['#', '/']))
}

impl Engine {
    /// Who signed the activity, or proved it.
    pub(super) async fn sender(
        &self,
        claims: &[Claim],
        activity: &Activity,
        document: &Value,
    ) -> Result<Sender, Refused> {
        let own = |actor, remembered| Sender {
            actor,
            remembered,
            bearer: None,
        };
        if is_about_content(&activity.ask)
            && let Some(actor) = self.peers().remembered(claims, &activity.actor).await
        {
            return Ok(own(actor, true));
        }
        let is_theirs = |claim: &Claim| is_of(claim.key_id(), activity.actor.as_str());
        if claims.iter().all(is_theirs) || !signature::is_proven(document) {
            let actor = self.signer(claims, Some(&activity.actor)).await?;
            return Ok(own(Arc::new(actor), false));
        }
        let who = self.signer(claims, None).await?;
        if who.iri == activity.actor {
            return Ok(own(Arc::new(who), false));
        }
        Ok(Sender {
            actor: Arc::new(self.prover(document, activity).await?),
            remembered: false,
            bearer: Some(who),
        })
    }

    /// The actor of an activity that carries a proof by them.
    pub(super) async fn prover(&self, document: &Value, activity: &Activity) -> Result<Actor, Refused> {
        let proof = signature::proof_of(document, self.clock().now())
            .and_then(|proof| proof.ok_or(signature::Refused::Missing))
            .map_err(|why| Refused::Unsigned(why.to_string()))?;
        self.signer(&[proof], Some(&activity.actor)).await
    }
}
