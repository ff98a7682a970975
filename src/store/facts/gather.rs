//! Asking for the facts.
//!
//! One rule: one statement with one row, in which each set of facts is an array: a round trip costs as much as ten of them.
//! Everything is found by an index, in the order in which it is written here (`offset 0` sees to it): see
//! [`turn`](crate::store::turn).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{
    ActorId, GroupId, Result, Tx,
    facts::{Asked, Facts, ToldVote, Turned},
    group, hash,
    held::{self, PendingRow},
    membership,
    post::{Marks, Place, Stored},
};

type PostRow = (
    (Uuid, String, i64, String, Uuid),
    (bool, bool, bool, DateTime<Utc>, Option<DateTime<Utc>>),
    Option<String>,
);
type PlaceRow = (
    (Uuid, i64, i64, Uuid, DateTime<Utc>, Option<Uuid>),
    (bool, bool, bool, bool),
);
type GroupRow = (
    (i64, String, i64, i64, String),
    (group::PolicyRow, String, bool),
    Vec<String>,
    (bool, bool),
    Vec<String>,
);
type MemberRow = (
    (i64, i64, bool, bool, String, String),
    (Option<DateTime<Utc>>, Option<String>, bool, bool),
);
type ToldRow = ((Uuid, i64, String), (i64, Uuid, String), (bool, Vec<String>));
type OtherBanRow = (i64, i64, Option<DateTime<Utc>>, Option<String>);

struct Answer {
    posts: Vec<PostRow>,
    places: Vec<PlaceRow>,
    removed: Vec<(Uuid, i64)>,
    pending: Vec<PendingRow>,
    groups: Vec<GroupRow>,
    not_in_turn: Vec<String>,
    members: Vec<MemberRow>,
    accepted: Vec<(i64, i64, i64)>,
    bans: Vec<(i64, String)>,
    other_bans: Vec<OtherBanRow>,
    votes: Vec<(Uuid, i64, String)>,
    told: Vec<ToldRow>,
    hidden: Vec<(Uuid, i64, i64)>,
    seen: Vec<Vec<u8>>,
    graves: Vec<(Vec<u8>, i64)>,
    awaited: Vec<String>,
    actors: Vec<(i64, DateTime<Utc>, bool)>,
    unbridged: Vec<i64>,
    faces: Vec<(i64, Uuid)>,
    answered: Vec<(Uuid, i64, Uuid, String)>,
    mentioned: Vec<(String, Uuid)>,
    blocked: Vec<String>,
    waited_for: Vec<String>,
    dialects: Vec<(String, String)>,
}

/// Reads all that a batch needs; `in_turn` is what it took.
///
/// # Errors
/// If the database does not answer, or a row makes no sense.
pub async fn gather(tx: &mut Tx, asked: &Asked<'_>, in_turn: &[GroupId]) -> Result<Facts> {
    let mut posts = asked.posts.clone();
    posts.sort_unstable();
    posts.dedup();
    let ids: Vec<Vec<u8>> = asked.ids.iter().map(|id| hash(id.as_str())).collect();
    let groups: Vec<i64> = in_turn.iter().map(|id| id.0).collect();
    let (voted, voters): (Vec<&str>, Vec<i64>) = asked.votes.iter().map(|(post, who)| (*post, who.0)).unzip();
    let (read, readers): (Vec<&str>, Vec<i64>) =
        asked.readers.iter().map(|(post, who)| (*post, who.0)).unzip();
    let (graves, mourners): (Vec<Vec<u8>>, Vec<i64>) = asked
        .graves
        .iter()
        .map(|(post, who)| (hash(post.as_str()), who.0))
        .unzip();
    let actors: Vec<i64> = asked.actors.iter().map(|actor| actor.id.0).collect();
    let authorities: Vec<&str> = asked.actors.iter().map(|actor| actor.host.as_str()).collect();
    let answer = sqlx::query_as!(
        Answer,
        r#"with found as materialized (
             select p.id, p.iri, p.author_id, p.kind, p.thread_id, p.parent_id is not null as is_comment, p.public,
                    p.deleted_at is not null as deleted, p.published_at, p.updated_at,
                    p.target
             from unnest($1::text[]) as w(iri)
             cross join lateral (select * from post p where p.iri = w.iri offset 0) p)
           select
             array(select row(row(f.id, f.iri, f.author_id, f.kind, f.thread_id),
                              row(f.is_comment, f.public, f.deleted, f.published_at, f.updated_at),
                              f.target)
                   from found f) as "posts!: Vec<PostRow>",
             array(select row(row(pg.post_id, pg.group_id, pg.seq, pg.activity_id, v.accepted_at, pg.named_id),
                              row(pg.crossed, pg.locked_at is not null,
                                  exists (select from post_group t
                                          where t.group_id = pg.group_id and t.post_id = f.thread_id
                                            and t.locked_at is not null),
                                  pg.featured_at is not null))
                   from found f
                   cross join lateral (select * from post_group g
                                       where g.post_id = f.id and g.removed_at is null offset 0) pg
                   cross join lateral (select a.accepted_at from activity a where a.id = pg.activity_id offset 0) v
                   order by pg.group_id) as "places!: Vec<PlaceRow>",
             array(select row(pg.post_id, pg.group_id)
                   from found f
                   cross join lateral (select * from post_group g
                                       where g.post_id = f.id and g.removed_at is not null offset 0) pg) as "removed!: Vec<(Uuid, i64)>",
             array(select row(h.id, h.group_id, h.object, h.iri, h.actor_id, h.public)
                   from unnest($1::text[]) as w(iri)
                   cross join lateral (select * from held o
                                       where o.object = w.iri and o.decided_at is null offset 0) h
                   order by h.group_id, h.id) as "pending!: Vec<PendingRow>",
             array(select row(
                     row(g.id, g.name, q.seq, g.owner_id, o.iri),
                     row(row(row(g.join_policy, g.post_policy, g.follow_means, g.visibility, g.members_list),
                             row(g.invite_policy, g.info_policy, g.review, g.review_count, g.admins_appoint,
                                 g.vote_policy)),
                         g.rule, g.closed_at is not null),
                     array(select h.shape from unnest($2::text[]) as h(shape)
                           where exists (select from subscription s
                                         where s.group_id = g.id and s.until_seq is null and s.shape = h.shape)),
                     row(exists (select from subscription s
                                 where s.group_id = g.id and s.until_seq is null and s.shape is null),
                         exists (select from bridges(g.id))),
                     array(select n.name from actor a
                           join following f on f.actor_id = a.id and f.accepted_at is not null
                           join "group" n on n.id = f.group_id and n.closed_at is null
                           where a.iri = $3::text || g.name))
                   from "group" g join group_seq q on q.group_id = g.id join actor o on o.id = g.owner_id
                   where g.id = any($4) order by g.id) as "groups!: Vec<GroupRow>",
             array(select g.name from "group" g where g.name = any($14) and g.id <> all($4)) as "not_in_turn!",
             array(select row(row(m.group_id, m.actor_id, m.follower, m.member, m.role, m.state),
                              row(m.banned_until, m.ban_reason, m.watched, m.expelled))
                   from membership m where m.group_id = any($4) and m.actor_id = any($5)) as "members!: Vec<MemberRow>",
             array(select row(g.id, w.actor, (
                       select count(*) from (
                           select from post p
                           cross join lateral (select from post_group pg where pg.group_id = g.id and pg.post_id = p.id
                                                   and pg.removed_at is null offset 0) pg
                           where p.author_id = w.actor and p.deleted_at is null limit g.review_count) few))
                   from "group" g cross join unnest($5::bigint[]) as w(actor)
                   where g.id = any($4) and g.review = 'first') as "accepted!: Vec<(i64, i64, i64)>",
             array(select row(b.group_id, b.host) from group_ban b
                   where b.group_id = any($4) and b.host = any($6)) as "bans!: Vec<(i64, String)>",
             -- As `other_bans`, for all of them at once; the longest last.
             array(select row(b.group_id, me.id, b.banned_until, b.ban_reason)
                   from unnest($5::bigint[]) as w(actor)
                   cross join lateral (select * from actor a where a.id = w.actor offset 0) me
                   cross join lateral unnest(me.also_known_as || me.iri) as n(iri)
                   cross join lateral (select o.id from actor o
                                       where folded(o.iri) = folded(n.iri) and o.id <> me.id offset 0) other
                   cross join lateral (select * from membership m
                                       where m.group_id = any($4) and m.actor_id = other.id and m.state = 'banned'
                                       offset 0) b
                   order by b.banned_until nulls last) as "other_bans!: Vec<OtherBanRow>",
             array(select row(v.post_id, v.actor_id, v.kind)
                   from unnest($7::text[], $8::bigint[]) as w(iri, actor)
                   join found f on f.iri = w.iri
                   cross join lateral (select * from vote o
                                       where o.post_id = f.id and o.actor_id = w.actor offset 0) v) as "votes!: Vec<(Uuid, i64, String)>",
             array(select row(row(v.post_id, v.actor_id, v.kind), row(a.group_id, a.id, a.raw),
                              row(e.seq is not null,
                                  array(select x.shape from entry_shape x
                                        where x.group_id = e.group_id and x.seq = e.seq)))
                   from unnest($7::text[], $8::bigint[]) as w(iri, actor)
                   join found f on f.iri = w.iri
                   cross join lateral (select * from vote o
                                       where o.post_id = f.id and o.actor_id = w.actor offset 0) v
                   cross join lateral (select * from activity o where o.iri = v.iri offset 0) a
                   left join lateral (select * from entry o where o.activity_id = a.id offset 0) e on true
                   where a.post_id = v.post_id and a.actor_id = v.actor_id and a.kind = 'voted') as "told!: Vec<ToldRow>",
             array(select row(f.id, pg.group_id, w.actor)
                   from unnest($15::text[], $16::bigint[]) as w(iri, actor)
                   join found f on f.iri = w.iri
                   cross join lateral (select * from post_group g
                                       where g.post_id = f.id and g.removed_at is null offset 0) pg
                   where not exists (select from readable(pg.group_id, f.author_id, f.public, w.actor, null::text)))
                 as "hidden!: Vec<(Uuid, i64, i64)>",
             array(select s.iri_hash from unnest($9::bytea[]) as w(hash)
                   cross join lateral (select iri_hash from seen where iri_hash = w.hash offset 0) s) as "seen!",
             array(select row(t.iri_hash, t.actor_id)
                   from unnest($10::bytea[], $11::bigint[]) as w(iri_hash, actor)
                   cross join lateral (select * from tombstone g
                                       where g.iri_hash = w.iri_hash and g.actor_id = w.actor offset 0) t) as "graves!: Vec<(Vec<u8>, i64)>",
             array(select r.needs from received r where r.needs = any($12)
                   union select r.object from received r where r.object = any($12)) as "awaited!",
             array(select row(a.id, a.fetched_at, a.gone_at is not null)
                   from actor a where a.id = any($5)) as "actors!: Vec<(i64, DateTime<Utc>, bool)>",
             array(select w.actor
                   from (select unnest($5::bigint[]) as actor union select f.author_id from found f) w
                   where not exists (select from may_be_mirrored(w.actor))) as "unbridged!: Vec<i64>",
             array(select row(m.actor_id, m.id) from mirror m where m.actor_id = any($5)) as "faces!: Vec<(i64, Uuid)>",
             array(select row(f.id, pg.group_id, o.id, o.iri)
                   from found f
                   cross join lateral (select * from post_group g
                                       where g.post_id = f.id and g.removed_at is null offset 0) pg
                   cross join lateral answered(f.id, pg.group_id, $19) o
                   where f.iri = any($17)) as "answered!: Vec<(Uuid, i64, Uuid, String)>",
             array(select row(a.iri, m.id)
                   from unnest($18::text[]) as w(iri)
                   cross join lateral (select * from actor o where o.iri = w.iri offset 0) a
                   join mirror m on m.actor_id = a.id
                   where exists (select from may_be_mirrored(a.id))) as "mentioned!: Vec<(String, Uuid)>",
             array(select p.host from peer p where p.host = any($6) and p.blocked_at is not null) as "blocked!",
             array(select distinct d.host from destination d
                   where d.host = any($13) and (d.next_try is not null or d.parked_at is not null)) as "waited_for!",
             array(select row(p.host, coalesce(p.shape, p.class_shape)) from peer p
                   where p.host = any($13) and coalesce(p.shape, p.class_shape) is not null
                     and (p.shape is not null or p.looked_up_at is not null)) as "dialects!: Vec<(String, String)>""#,
        &posts as &[&str],
        &asked.shapes as &[&str],
        asked.group_base,
        &groups,
        &actors,
        &asked.hosts,
        &voted as &[&str],
        &voters,
        &ids,
        &graves,
        &mourners,
        &asked.awaited as &[&str],
        &authorities as &[&str],
        &asked.names as &[&str],
        &read as &[&str],
        &readers,
        &asked.edited as &[&str],
        &asked.mentioned,
        asked.there,
    )
    .fetch_one(&mut **tx)
    .await?;
    Facts::try_from(answer)
}

impl TryFrom<Answer> for Facts {
    type Error = crate::store::Error;

    fn try_from(answer: Answer) -> Result<Self> {
        let mut places: HashMap<Uuid, Vec<Place>> = HashMap::new();
        for ((post, group, seq, activity, at, named), (crossed, locked, in_locked, pinned)) in answer.places {
            let group = GroupId(group);
            places.entry(post).or_default().push(Place {
                group,
                seq,
                activity,
                at,
                marks: Marks {
                    locked,
                    in_locked,
                    pinned,
                },
                named,
                crossed,
            });
        }
        let mut removed: HashMap<Uuid, Vec<GroupId>> = HashMap::new();
        for (post, group) in answer.removed {
            removed.entry(post).or_default().push(GroupId(group));
        }
        let mut told: HashMap<(Uuid, ActorId, String), Vec<ToldVote>> = HashMap::new();
        for ((post, actor, vote), (group, id, raw), (is_kept, shapes)) in answer.told {
            told.entry((post, ActorId(actor), vote))
                .or_default()
                .push(ToldVote {
                    group: GroupId(group),
                    id,
                    raw,
                    shapes: is_kept.then_some(shapes),
                });
        }
        let post = |((id, iri, author, kind, thread), rest, target): PostRow| {
            let (is_comment, public, deleted, published, updated) = rest;
            let stored = Stored {
                places: places.remove(&id).unwrap_or_default(),
                removed: removed.remove(&id).unwrap_or_default(),
                author: ActorId(author),
                id,
                iri: iri.clone(),
                kind,
                thread,
                is_comment,
                target,
                public,
                published,
                updated,
                deleted,
            };
            (iri, stored)
        };
        Ok(Self {
            posts: answer.posts.into_iter().map(post).collect(),
            pending: held::pending_by_object(answer.pending),
            groups: answer
                .groups
                .into_iter()
                .map(turned)
                .collect::<Result<Vec<_>>>()?,
            not_in_turn: answer.not_in_turn,
            members: answer.members.into_iter().map(member).collect(),
            accepted: answer
                .accepted
                .into_iter()
                .map(|(group, actor, posts)| ((GroupId(group), ActorId(actor)), posts))
                .collect(),
            bans: answer
                .bans
                .into_iter()
                .map(|(group, host)| (GroupId(group), host))
                .collect(),
            other_bans: answer
                .other_bans
                .into_iter()
                .map(|(group, actor, until, reason)| ((GroupId(group), ActorId(actor)), (until, reason)))
                .collect(),
            votes: answer
                .votes
                .into_iter()
                .map(|(post, who, kind)| (post, ActorId(who), kind))
                .collect(),
            hidden: answer
                .hidden
                .into_iter()
                .map(|(post, group, who)| (post, GroupId(group), ActorId(who)))
                .collect(),
            seen: answer.seen.into_iter().collect(),
            graves: answer
                .graves
                .into_iter()
                .map(|(hash, who)| (hash, ActorId(who)))
                .collect(),
            awaited: answer.awaited.into_iter().collect(),
            actors: answer
                .actors
                .into_iter()
                .map(|(id, read_at, gone)| (ActorId(id), (read_at, gone)))
                .collect(),
            unbridged: answer.unbridged.into_iter().map(ActorId).collect(),
            answered: (answer.answered.into_iter())
                .map(|(post, group, id, iri)| ((post, GroupId(group)), (id, iri)))
                .collect(),
            mentioned: answer.mentioned.into_iter().collect(),
            faces: (answer.faces.into_iter())
                .map(|(actor, id)| (ActorId(actor), id))
                .collect(),
            told,
            blocked: answer.blocked.into_iter().collect(),
            waited_for: answer.waited_for.into_iter().collect(),
            dialects: answer.dialects.into_iter().collect(),
        })
    }
}

fn turned((face, policies, heard, (undecided, is_bridged), followed_by): GroupRow) -> Result<Turned> {
    let (id, name, seq, owner_id, owner) = face;
    let (policies, rule, closed) = policies;
    let row = group::Row {
        id,
        name,
        owner_id,
        owner,
        policies,
        rule,
        closed,
        seq,
    };
    Ok(Turned {
        in_turn: row.try_into()?,
        heard,
        undecided,
        is_bridged,
        followed_by,
    })
}

fn member(row: MemberRow) -> ((GroupId, ActorId), membership::Row) {
    let ((group, actor, follower, member, role, state), (banned_until, ban_reason, watched, expelled)) = row;
    let row = membership::Row {
        follower,
        member,
        role,
        state,
        banned_until,
        ban_reason,
        watched,
        expelled,
    };
    ((GroupId(group), ActorId(actor)), row)
}
