//! Proofs inside of what arrives (FEP-8b32).
//!
//! One rule: a proof that is there must hold; where a document came from it needs none, so it is put aside here: what is left
//! is what its id answers with.

use folkmoot::signature::proof_of;
use serde_json::Value;

use super::Server;

impl Server {
    /// Verifies the proof of an actor's own document.
    pub(super) async fn verify_proof(&self, document: &Value) -> Result<(), String> {
        let proof = proof_of(document, self.ground().clock().now()).map_err(|why| why.to_string())?;
        let Some(claim) = proof else { return Ok(()) };
        let (owner, key) = self.key_of(claim.key_id()).await?;
        if document["actor"] != owner.as_str() {
            return Err(format!("the proof is by {owner}"));
        }
        claim.verify(&key).map_err(|why| format!("the proof: {why}"))
    }
}

pub(super) fn without_proof(mut document: Value) -> Value {
    if let Some(fields) = document.as_object_mut() {
        fields.shift_remove("proof");
    }
    document
}
