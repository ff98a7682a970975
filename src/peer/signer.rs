//! Whose request is it?
//!
//! One rule: every signature that a request makes must verify, with a key that the signer's own document lists, and all
//! of them must be of one actor: the one that the activity names.

use tokio::time::Instant;

use crate::{
    domain::Iri,
    peer::{Peers, Untrusted, key_id::KeyId, keys::Why},
    signature::{Claim, PublicKey, Refused},
    store::Actor,
};

impl Peers {
    /// The actor who signed a request; `claimed` is the activity's `actor`, which it must be then.
    ///
    /// Keys come from what is stored. A key that is not there, or does not verify, is asked for at its origin, within
    /// `limits.key_fetch_seconds` in all.
    ///
    /// # Errors
    /// [`Untrusted`] says why not, in words for the sender, and with which status to answer.
    pub async fn signer(&self, claims: &[Claim], claimed: Option<&Iri>) -> Result<Actor, Untrusted> {
        let deadline = Instant::now() + self.0.key_time;
        let mut signer: Option<Actor> = None;
        let mut keys = vec![];
        for claim in claims {
            let (actor, key) = self.signer_of(claim, claimed, deadline).await?;
            keys.push((claim.key_id().to_owned(), key));
            if signer.as_ref().is_some_and(|other| other.id != actor.id) {
                return Err(Untrusted::NotTheActor);
            }
            signer = Some(actor);
        }
        let signer = signer.ok_or(Refused::Missing)?;
        if claimed.is_some_and(|claimed| *claimed != signer.iri) {
            return Err(Untrusted::NotTheActor);
        }
        self.remember(&signer, keys).await;
        Ok(signer)
    }

    async fn signer_of(
        &self,
        claim: &Claim,
        claimed: Option<&Iri>,
        deadline: Instant,
    ) -> Result<(Actor, PublicKey), Untrusted> {
        let key_id = KeyId::read(claim.key_id(), self.0.here.authority(), self.0.client.rules())?;
        if self.is_blocked(&key_id.iri.authority()).await? {
            return Err(Untrusted::Blocked);
        }
        let mut why = Why::Unknown;
        if let Some((actor, key)) = self.held(&key_id, claimed).await?
            && claimed.is_none_or(|claimed| *claimed == actor.iri)
        {
            if !actor.gone && claim.verify(&key).is_ok() {
                return Ok((actor, key));
            }
            why = Why::Failed;
        }
        let learned = self.learn(&key_id, claimed, why, deadline).await;
        let Some((actor, key)) = self.held(&key_id, claimed).await? else {
            return Err(learned.err().unwrap_or(Untrusted::KeyElsewhere));
        };
        if actor.gone {
            return Err(Untrusted::Gone);
        }
        match (claim.verify(&key), learned) {
            (Ok(()), _) => Ok((actor, key)),
            // The key may have been changed, and we could not ask.
            (Err(_), Err(later @ (Untrusted::Busy { .. } | Untrusted::Store(_)))) => Err(later),
            (Err(why), _) => Err(why.into()),
        }
    }
}
