//! What a group says that is about no post: of itself, of its collections.
//!
//! One rule: it takes the next place in the group's log, under the group's turn, like everything that the group says.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::Audience,
    store::{ActorId, GroupId, Result, Tx, log::NewShape},
};

/// Something to be said.
#[derive(Clone, Debug)]
pub struct NewNews<'a> {
    pub group: GroupId,
    /// Our id of it.
    pub id: Uuid,
    /// The sender's; `None`: the group says it by itself.
    pub iri: Option<&'a str>,
    /// A word of the log.
    pub kind: &'static str,
    pub actor: Option<ActorId>,
    pub author_host: Option<&'a str>,
    pub audience: Audience,
    /// The activity that is passed on, or the whole of what the group says.
    pub raw: &'a str,
    pub shapes: Vec<NewShape>,
    pub at: DateTime<Utc>,
}

/// Writes it into the log. The caller holds the group's turn.
///
/// # Errors
/// If the database does not answer.
pub async fn say(tx: &mut Tx, new: &NewNews<'_>) -> Result<()> {
    let column = |of: fn(&NewShape) -> String| new.shapes.iter().map(of).collect::<Vec<_>>();
    let tails: Vec<Option<&str>> = new.shapes.iter().map(|shape| shape.tail.as_deref()).collect();
    let skips: Vec<bool> = new.shapes.iter().map(|shape| shape.skip_author).collect();
    sqlx::query!(
        "with place as (update group_seq set seq = seq + 1 where group_id = $1 returning seq),
           kept as (
             insert into activity (id, group_id, iri, kind, actor_id, raw, accepted_at)
             values ($2, $1, $3, $4, $5, $6, $7)),
           logged as (
             insert into entry (group_id, seq, activity_id, audience, author_host, at)
             select $1, seq, $2, $8, $9, $7 from place)
         insert into entry_shape (group_id, seq, shape, head, tail, skip_author)
         select $1, place.seq, s.* from place,
             unnest($10::text[], $11::text[], $12::text[], $13::boolean[]) as s(shape, head, tail, skip_author)",
        new.group.0,
        new.id,
        new.iri,
        new.kind,
        new.actor.map(|actor| actor.0),
        new.raw,
        new.at,
        new.audience.word(),
        new.author_host,
        &column(|shape| shape.shape.to_owned()),
        &column(|shape| shape.head.clone()),
        &tails as &[Option<&str>],
        &skips,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
