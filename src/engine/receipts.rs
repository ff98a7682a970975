//! Receipts: to an author whose software asks for them, that what they sent was taken, or that a reviewer did not take it.
//!
//! One rule: to nobody else: most programs take an Accept or Reject for the answer to a Follow, and choke on this one.

use crate::{
    dialect,
    engine::{Engine, book::Deed, case::Case, content::At, turn::Trouble},
    store::{self, Actor, Tx, facts::Turned, group::InTurn},
};

impl Engine {
    /// The receipt for what a group took, if its author hears of such.
    pub(super) fn receipt<'a>(&self, at: &At<'a>, case: &Case, group: &'a Turned) -> Option<Deed<'a>> {
        let hears = at
            .facts
            .dialect_of(&case.actor.host)
            .is_some_and(dialect::takes_receipts);
        let is_theirs = case.via.is_none() && !case.raw.is_empty();
        (hears && is_theirs).then_some(Deed::Receipt(group))
    }

    pub(super) async fn send_receipt(&self, tx: &mut Tx, group: &InTurn, case: &Case) -> Result<(), Trouble> {
        let (id, now) = (self.clock().uuid(), self.clock().now());
        let name = &group.group.name;
        let to = case.actor.iri.as_str();
        let body = dialect::accept(id, name, to, &case.raw, now, self.here());
        self.send(tx, group, &case.actor, "Receipt", id, &body).await
    }

    /// A reviewer said no. Walls mark what waits as refused by it.
    pub(super) async fn send_refusal(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        author: &Actor,
        raw: &str,
        why: &str,
    ) -> Result<(), Trouble> {
        let dialect = store::shape_of(&mut **tx, &author.host).await?;
        if raw.is_empty() || !dialect.as_deref().is_some_and(dialect::takes_rejects) {
            return Ok(());
        }
        let (id, now) = (self.clock().uuid(), self.clock().now());
        let (by, to) = (self.here().group(&group.group.name), author.iri.as_str());
        let body = dialect::reject(id, &by, to, raw, why, now, self.here());
        self.send(tx, group, author, "Receipt", id, &body).await
    }
}
