//! Votes as the other protocol shows them: things of their own, each with an id.
//!
//! One rule: a vote is there while it counts, in a group that shows itself in both protocols, between people who may be shown. Its
//! id is that of the first entry that told of it; of one that came from there, the id that it has there is in the activity's.
//! `reacts` is the pattern by which an activity is known that is a reaction, which counts as a Like. An activity is found by its id
//! alone (`offset 0` sees to it): of a post there may be thousands.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::Vote,
    store::{ActorId, Result, Store, Window, view::count},
};

/// A vote of somebody who is mirrored.
#[derive(Clone, Debug)]
pub struct MirroredVote {
    pub at: DateTime<Utc>,
    /// Id of whoever votes.
    pub voter: String,
    /// The post that it is about: here, and at its origin.
    pub post: Uuid,
    pub iri: String,
    /// The group that told of it.
    pub group: String,
    /// The activity, as it arrived.
    pub raw: String,
}

/// Which votes a list holds.
#[derive(Clone, Copy, Debug)]
pub struct VotesListed<'a> {
    pub vote: Vote,
    /// Whether it is of reactions, or of all others.
    pub reactions: bool,
    pub reacts: &'a str,
}

/// A vote in a list: our id of it, the activity's own, and whose it is.
pub type ListedVote = (Uuid, String, String);

struct Listed<T> {
    total: i64,
    items: Vec<T>,
}

impl<T> Listed<T> {
    fn whole(self) -> (u64, Vec<T>) {
        (count(self.total), self.items)
    }
}

impl Store {
    /// The vote that a group told of by this activity.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn mirrored_vote(&self, activity: Uuid, there: &str) -> Result<Option<MirroredVote>> {
        Ok(sqlx::query_as!(
            MirroredVote,
            r#"select a.accepted_at as at, w.iri as voter, p.id as post, p.iri, g.name as "group", a.raw
               from activity a
               join vote v on v.post_id = a.post_id and v.actor_id = a.actor_id and v.iri = a.iri
               join actor w on w.id = a.actor_id
               join post p on p.id = a.post_id
               join post_group pg on pg.post_id = p.id and pg.group_id = a.group_id and pg.removed_at is null
               join "group" g on g.id = a.group_id
               where a.id = $1 and a.kind = 'voted' and p.public and p.deleted_at is null
                 and not starts_with(w.iri, $2) and exists (select from may_be_mirrored(w.id))
                 and exists (select from bridges(a.group_id))
                 and (starts_with(p.iri, $2) or exists (select from may_be_mirrored(p.author_id)))"#,
            activity,
            there,
        )
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Votes on a post that is mirrored, as a group told of them: the newest first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn votes_on(
        &self,
        (post, group): (Uuid, &str),
        there: &str,
        of: VotesListed<'_>,
        window: Window,
    ) -> Result<(u64, Vec<ListedVote>)> {
        let listed = sqlx::query_as!(
            Listed::<ListedVote>,
            r#"with cast_on as (
                 select a.id, v.iri, w.iri as voter, v.at
                 from vote v
                 join actor w on w.id = v.actor_id
                 cross join lateral (
                     select o.id, o.raw from (select * from activity s where s.iri = v.iri offset 0) o
                     join "group" g on g.id = o.group_id and g.name = $8
                     where o.post_id = v.post_id and o.actor_id = v.actor_id and o.kind = 'voted'
                       and exists (select from bridges(o.group_id))
                     order by o.id limit 1) a
                 where v.post_id = $1 and v.kind = $2 and (a.raw ~ $3) = $4
                   and (starts_with(w.iri, $5) or exists (select from may_be_mirrored(w.id))))
               select (select count(*) from cast_on) as "total!",
                      array(select row(c.id, c.iri, c.voter) from cast_on c
                            order by c.at desc, c.id desc offset $6 limit $7) as "items!: Vec<ListedVote>""#,
            post,
            of.vote.word(),
            of.reacts,
            of.reactions,
            there,
            window.offset,
            window.limit,
            group,
        );
        Ok(listed.fetch_one(&self.pool).await?.whole())
    }

    /// Posts on which somebody voted so, as the other protocol may see them: here, at their origin, and the
    /// oldest of the groups that told of the vote.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn voted_on_by(
        &self,
        actor: ActorId,
        there: &str,
        of: VotesListed<'_>,
        window: Window,
    ) -> Result<(u64, Vec<(Uuid, String, String)>)> {
        let listed = sqlx::query_as!(
            Listed::<(Uuid, String, String)>,
            r#"with liked as (
                 select p.id, p.iri, told.name, v.at
                 from vote v join post p on p.id = v.post_id
                 cross join lateral (
                     select g.name from (select * from activity s where s.iri = v.iri offset 0) o
                     join post_group pg on pg.post_id = o.post_id and pg.group_id = o.group_id and pg.removed_at is null
                     join "group" g on g.id = o.group_id
                     where o.post_id = v.post_id and o.actor_id = v.actor_id and o.kind = 'voted'
                       and (o.raw ~ $3) = $4 and exists (select from bridges(o.group_id))
                     order by g.id limit 1) told
                 where v.actor_id = $1 and v.kind = $2 and p.public and p.deleted_at is null
                   and (starts_with(p.iri, $5) or exists (select from may_be_mirrored(p.author_id))))
               select (select count(*) from liked) as "total!",
                      array(select row(l.id, l.iri, l.name) from liked l
                            order by l.at desc, l.id desc offset $6 limit $7) as "items!: Vec<(Uuid, String, String)>""#,
            actor.0,
            of.vote.word(),
            of.reacts,
            of.reactions,
            there,
            window.offset,
            window.limit,
        );
        Ok(listed.fetch_one(&self.pool).await?.whole())
    }

    /// By which activity a group shared a post that is mirrored, while it does.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn share_of(&self, post: Uuid, group: &str) -> Result<Option<Uuid>> {
        let share = sqlx::query_scalar!(
            r#"select pg.activity_id
               from post_group pg join post p on p.id = pg.post_id join "group" g on g.id = pg.group_id
               where p.id = $1 and g.name = $2 and pg.removed_at is null and p.public and p.deleted_at is null
                 and exists (select from bridges(g.id))"#,
            post,
            group,
        );
        Ok(share.fetch_optional(&self.pool).await?)
    }

    /// What somebody thinks of a post by an activity of this id, as long as that counts: the post, and the activity as it arrived
    /// where it was told.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn vote_said(&self, voter: &str, activity: &str) -> Result<Option<(String, Option<String>)>> {
        let vote = sqlx::query!(
            r#"select p.iri, (select a.raw from activity a
                              where a.iri = v.iri and a.post_id = v.post_id and a.actor_id = v.actor_id and a.kind = 'voted'
                              limit 1) as raw
             from vote v join actor w on w.id = v.actor_id join post p on p.id = v.post_id
             where v.iri = $2 and w.iri = $1"#,
            voter,
            activity,
        );
        let vote = vote.fetch_optional(&self.pool).await?;
        Ok(vote.map(|vote| (vote.iri, vote.raw)))
    }
}
