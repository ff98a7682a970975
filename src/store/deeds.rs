//! Writing down what a batch decided.
//!
//! One rule: a number of statements that depends neither on how many activities there are nor on how many hear of them.
//! What nearly every batch does is one statement; what few do has its own, and is only sent where there is some.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::{Iri, Vote},
    store::{
        ActorId, GroupId, NewMirror, Result, Tx, hash,
        held::{self, NewHeld, Outcome},
        log::NewEntry,
        mark::{self, Marked},
        mirror, original,
        post::{Cast, Edit, NewPlace, NewPost},
    },
};

/// What is to be written.
#[derive(Clone, Debug, Default)]
pub struct Deeds<'a> {
    /// Ids of activities that are decided about.
    pub seen: Vec<&'a Iri>,
    pub posts: Vec<NewPost<'a>>,
    pub places: Vec<NewPlace>,
    pub casts: Vec<Cast<'a>>,
    pub uncasts: Vec<(Uuid, ActorId, Vote)>,
    /// One at most for each actor.
    pub faces: Vec<NewMirror>,
    /// Of each group in the order of their places.
    pub entries: Vec<NewEntry<'a>>,
    /// What was signed, by the id of the activity, where that says it in other words.
    pub originals: Vec<(&'a str, &'a str)>,
    pub edits: Vec<(Uuid, Edit<'a>)>,
    /// Edited posts that are told by that in the protocol that they did not come from.
    pub crossed: Vec<(Uuid, GroupId)>,
    pub deletions: Vec<Uuid>,
    /// Posts that are out of a group by another's word.
    pub removals: Vec<(Uuid, GroupId)>,
    /// Of each post in a group one of a kind.
    pub marks: Vec<Marked<'a>>,
    /// What waits for an admin, and what does so no longer.
    pub held: Vec<NewHeld<'a>>,
    pub ended: Vec<(Uuid, Outcome)>,
    /// Deleted by an actor before we saw it.
    pub graves: Vec<(&'a Iri, ActorId)>,
    /// Rows in which something waited that is decided now.
    pub finished: Vec<Uuid>,
}

impl Deeds<'_> {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
            && self.finished.is_empty()
            && self.entries.is_empty()
            && self.casts.is_empty()
            && self.uncasts.is_empty()
            && self.graves.is_empty()
            && self.deletions.is_empty()
            && self.held.is_empty()
            && self.ended.is_empty()
    }

    fn has_rest(&self) -> bool {
        !(self.edits.is_empty()
            && self.deletions.is_empty()
            && self.removals.is_empty()
            && self.graves.is_empty()
            && self.finished.is_empty())
    }
}

/// Writes it all.
///
/// # Errors
/// If the database does not answer, or somebody else wrote the same meanwhile.
pub async fn write(tx: &mut Tx, deeds: &Deeds<'_>, now: DateTime<Utc>) -> Result<()> {
    if deeds.is_empty() {
        return Ok(());
    }
    write_most(tx, deeds, now).await?;
    if deeds.has_rest() {
        write_rest(tx, deeds, now).await?;
    }
    for face in &deeds.faces {
        mirror::make(&mut **tx, face, now).await?;
    }
    for marked in &deeds.marks {
        mark::write(tx, marked, now).await?;
    }
    held::write(tx, &deeds.held, &deeds.ended, now).await?;
    original::keep(tx, &deeds.originals, now).await
}

/// A column of some rows.
fn column<'r, T, C>(rows: &'r [T], of: impl Fn(&'r T) -> C) -> Vec<C> {
    rows.iter().map(of).collect()
}

/// Ids, posts, votes and the log. Foreign keys are looked at when the statement ends, so the order in it means nothing.
async fn write_most(tx: &mut Tx, deeds: &Deeds<'_>, now: DateTime<Utc>) -> Result<()> {
    let Deeds {
        posts,
        places,
        casts,
        uncasts,
        entries,
        ..
    } = deeds;
    let mut seen = column(&deeds.seen, |id| hash(id.as_str()));
    seen.sort_unstable();
    let gone: Vec<(Uuid, ActorId, Vote)> = uncasts
        .iter()
        .copied()
        .chain(
            casts
                .iter()
                .filter_map(|cast| Some((cast.post, cast.actor, cast.instead_of()?))),
        )
        .collect();
    let shapes: Vec<_> = entries
        .iter()
        .flat_map(|entry| entry.shapes.iter().map(move |shape| (entry, shape)))
        .collect();
    sqlx::query!(
        "with seen_now as (insert into seen (iri_hash, at) select h, $1 from unnest($2::bytea[]) as h),
           new_posts as (
             insert into post (id, iri, author_id, kind, parent_id, thread_id, title, content, url, public, published_at,
                               target, received_at)
             select p.*, $1
             from unnest($3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::uuid[], $8::uuid[], $9::text[], $10::text[],
                         $11::text[], $12::boolean[], $13::timestamptz[], $44::text[]) as p),
           placed as (
             insert into post_group (post_id, group_id, seq, activity_id, named_id, crossed)
             select * from unnest($14::uuid[], $15::bigint[], $16::bigint[], $17::uuid[], $45::uuid[], $46::boolean[])),
           taken_back as (
             delete from vote v using unnest($18::uuid[], $19::bigint[], $20::text[]) as g(post, actor, kind)
             where v.post_id = g.post and v.actor_id = g.actor and v.kind = g.kind),
           cast_now as (
             insert into vote (post_id, actor_id, kind, iri, at)
             select c.*, $1 from unnest($21::uuid[], $22::bigint[], $23::text[], $24::text[]) as c
             on conflict do nothing),
           said as materialized (
             select * from unnest($25::uuid[], $26::bigint[], $27::bigint[], $28::text[], $29::text[], $30::bigint[],
                                  $31::uuid[], $32::uuid[], $33::text[], $34::text[], $35::bigint[], $36::uuid[], $37::text[])
               as s(id, group_id, seq, iri, kind, actor_id, post_id, thread_id, audience, author_host, retracts_seq,
                    retracts, raw)),
           turned as (
             update group_seq q set seq = s.seq from (select group_id, max(seq) as seq from said group by group_id) s
             where q.group_id = s.group_id),
           kept as (
             insert into activity (id, group_id, iri, kind, actor_id, post_id, retracts, raw, accepted_at)
             select id, group_id, iri, kind, actor_id, post_id, retracts, raw, $1 from said),
           logged as (
             insert into entry (group_id, seq, activity_id, thread_id, audience, author_host, retracts, at)
             select group_id, seq, id, thread_id, audience, author_host, retracts_seq, $1 from said)
         insert into entry_shape (group_id, seq, shape, head, tail, skip_author)
         select * from unnest($38::bigint[], $39::bigint[], $40::text[], $41::text[], $42::text[], $43::boolean[])",
        now,
        &seen,
        &column(posts, |p| p.id),
        &column(posts, |p| p.iri.as_str()) as &[&str],
        &column(posts, |p| p.author.0),
        &column(posts, |p| p.kind) as &[&str],
        &column(posts, |p| p.parent) as &[Option<Uuid>],
        &column(posts, |p| p.thread),
        &column(posts, |p| p.title) as &[Option<&str>],
        &column(posts, |p| p.content) as &[Option<&str>],
        &column(posts, |p| p.url) as &[Option<&str>],
        &column(posts, |p| p.public),
        &column(posts, |p| p.published),
        &column(places, |p| p.post),
        &column(places, |p| p.group.0),
        &column(places, |p| p.seq),
        &column(places, |p| p.activity),
        &column(&gone, |(post, ..)| *post),
        &column(&gone, |(_, actor, _)| actor.0),
        &column(&gone, |(.., vote)| vote.word()) as &[&str],
        &column(casts, |c| c.post),
        &column(casts, |c| c.actor.0),
        &column(casts, |c| c.vote.word()) as &[&str],
        &column(casts, |c| c.iri.as_str()) as &[&str],
        &column(entries, |e| e.id),
        &column(entries, |e| e.group.0),
        &column(entries, |e| e.seq),
        &column(entries, |e| e.iri) as &[Option<&str>],
        &column(entries, |e| e.kind) as &[&str],
        &column(entries, |e| e.actor.0),
        &column(entries, |e| e.post),
        &column(entries, |e| e.thread),
        &column(entries, |e| e.audience.word()) as &[&str],
        &column(entries, |e| e.author_host) as &[&str],
        &column(entries, |e| e.retracts.map(|(seq, _)| seq)) as &[Option<i64>],
        &column(entries, |e| e.retracts.map(|(_, id)| id)) as &[Option<Uuid>],
        &column(entries, |e| e.raw) as &[&str],
        &column(&shapes, |(e, _)| e.group.0),
        &column(&shapes, |(e, _)| e.seq),
        &column(&shapes, |(_, s)| s.shape) as &[&str],
        &column(&shapes, |(_, s)| s.head.as_str()) as &[&str],
        &column(&shapes, |(_, s)| s.tail.as_deref()) as &[Option<&str>],
        &column(&shapes, |(_, s)| s.skip_author),
        &column(posts, |p| p.target) as &[Option<&str>],
        &column(places, |p| p.named) as &[Option<Uuid>],
        &column(places, |p| p.crossed),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Edits, deletions and removals (a place stays, so that what is deleted stays so), tombstones that keep Creates out which come after
/// their Deletes (ORD01), and the ends of what waited.
async fn write_rest(tx: &mut Tx, deeds: &Deeds<'_>, now: DateTime<Utc>) -> Result<()> {
    let Deeds { edits, graves, .. } = deeds;
    sqlx::query!(
        "with edited as (
             update post p set kind = e.kind, title = e.title, content = e.content, url = e.url, updated_at = e.updated
             from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
               as e(id, kind, title, content, url, updated)
             where p.id = e.id and p.deleted_at is null),
           deleted as (
             update post set deleted_at = $1, title = null, content = null, url = null where id = any($8)),
           removed as (
             update post_group g set removed_at = $1
             from unnest($12::uuid[], $13::bigint[]) as r(post, of_group)
             where g.post_id = r.post and g.group_id = r.of_group),
           crossed as (
             update post_group g set crossed = true
             from unnest($14::uuid[], $15::bigint[]) as c(post, of_group)
             where g.post_id = c.post and g.group_id = c.of_group and not g.crossed),
           buried as (
             insert into tombstone (iri_hash, actor_id, at)
             select t.*, $1 from unnest($9::bytea[], $10::bigint[]) as t on conflict do nothing)
         delete from received where id = any($11)",
        now,
        &column(edits, |(id, _)| *id),
        &column(edits, |(_, e)| e.kind) as &[&str],
        &column(edits, |(_, e)| e.title) as &[Option<&str>],
        &column(edits, |(_, e)| e.content) as &[Option<&str>],
        &column(edits, |(_, e)| e.url) as &[Option<&str>],
        &column(edits, |(_, e)| e.updated),
        &deeds.deletions,
        &column(graves, |(iri, _)| hash(iri.as_str())),
        &column(graves, |(_, actor)| actor.0),
        &deeds.finished,
        &column(&deeds.removals, |(post, _)| *post),
        &column(&deeds.removals, |(_, group)| group.0),
        &column(&deeds.crossed, |(post, _)| *post),
        &column(&deeds.crossed, |(_, group)| group.0),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
