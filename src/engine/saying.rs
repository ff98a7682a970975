//! Writing one event into one group's log, in every shape that somebody there hears.
//!
//! One rule: shapes are rendered here, once, in the accepting transaction; delivery only concatenates.

use uuid::Uuid;

use crate::{
    dialect::{self, Said, What},
    domain::Audience,
    engine::{
        Engine,
        turn::{Case, Trouble},
    },
    store::{
        Tx,
        group::InTurn,
        log::{self, NewEntry},
        post::{Place, Stored},
    },
};

impl Engine {
    /// Writes one event into one group's log, in every shape that somebody there hears; gives its id and place.
    pub(super) async fn say(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        group: &InTurn,
        stored: &Stored,
        kind: &'static str,
        retracts: Option<&Place>,
    ) -> Result<(Uuid, i64), Trouble> {
        let (id, at) = (self.clock().uuid(), self.clock().now());
        let Some(what) = What::from_word(kind) else {
            return Ok((id, group.seq));
        };
        let said = Said {
            id,
            group: &group.group.name,
            what,
            at,
            object: &stored.iri,
            object_kind: &stored.kind,
            published: stored.published,
            is_comment: stored.is_comment,
            public: stored.public,
            author: case.actor.iri.as_str(),
            wrapped: !case.raw.is_empty(),
            retracts: retracts.map(|place| (place.activity, place.at)),
        };
        let heard = log::shapes_heard(tx, group.id).await?;
        let undecided = heard.contains(&None);
        let shapes: Vec<_> = dialect::shapes()
            .into_iter()
            .filter(|shape| undecided || heard.iter().flatten().any(|heard| heard == shape.0))
            .filter_map(|shape| {
                let written = dialect::write(shape, &said, self.here())?;
                Some((shape.0, written.head, written.tail, written.skip_author))
            })
            .collect();
        let entry = NewEntry {
            group: group.id,
            id,
            iri: Some(case.activity.id.as_str()),
            kind,
            actor: case.actor.id,
            post: stored.id,
            thread: stored.thread,
            author_host: &case.actor.host,
            audience: if stored.public {
                Audience::Public
            } else {
                Audience::Members
            },
            retracts: retracts.map(|place| (place.seq, place.activity)),
            raw: case.raw,
            at,
            shapes: &shapes,
        };
        let seq = log::append(tx, &entry).await?;
        Ok((id, seq))
    }
}
