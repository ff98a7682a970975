//! Many members at a time: into a group from a list, and out of it into one.
//!
//! One rule: a statement takes a whole batch, whatever its size. The caller holds the group's turn, and its rows name
//! each actor once. A new thing that a list says is a column of [`Newcomers`].

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use futures_util::{Stream, TryStreamExt};

use crate::store::{Error, GroupId, Result, Store, Tx, word};

/// Actors as a list tells of them, as the columns of `unnest`; all of one length.
#[derive(Clone, Debug, Default)]
pub struct Newcomers {
    pub iris: Vec<String>,
    pub hosts: Vec<String>,
    pub inboxes: Vec<String>,
    pub shared_inboxes: Vec<Option<String>>,
}

/// Actors to be let in, as the columns of `unnest`; all of one length.
#[derive(Clone, Debug, Default)]
pub struct LetIn {
    pub actors: Vec<i64>,
    /// They hear at their own inbox, not at a shared one.
    pub own_inbox: Vec<bool>,
    /// None: how their host speaks is still to be looked up.
    pub shapes: Vec<Option<String>>,
    pub since: Vec<DateTime<Utc>>,
}

/// What somebody is to a group already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Already {
    /// Nothing, or one who only reads.
    Nothing,
    Member,
    Waiting,
    Banned,
    /// Was in, and left or was put out.
    Out,
    /// The origin says that it is gone.
    Gone,
}

impl std::str::FromStr for Already {
    type Err = ();

    fn from_str(word: &str) -> std::result::Result<Self, ()> {
        Ok(match word {
            "nothing" => Self::Nothing,
            "member" => Self::Member,
            "waiting" => Self::Waiting,
            "banned" => Self::Banned,
            "out" => Self::Out,
            "gone" => Self::Gone,
            _ => return Err(()),
        })
    }
}

/// A member as a list names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMember {
    pub actor: String,
    pub inbox: String,
    pub shared_inbox: Option<String>,
    /// The operator's word on how its host speaks.
    pub dialect: Option<String>,
}

/// Until the transaction ends, every statement goes by indexes. The tables grow so fast that the planner's figures of them
/// are old at once, and by these it may read all of a table for each row of a batch.
///
/// # Errors
/// If the database does not answer.
pub async fn go_by_indexes(tx: &mut Tx) -> Result<()> {
    sqlx::query!(
        "select set_config(name, 'off', true) as is_off
         from unnest(array['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin']) as name"
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(())
}

/// Hosts that a group does not let in, and those that an operator blocked: both cover sub-domains.
///
/// # Errors
/// If the database does not answer.
pub async fn kept_out(tx: &mut Tx, group: GroupId) -> Result<(HashSet<String>, HashSet<String>)> {
    let rows = sqlx::query!(
        r#"select host as "host!", true as "banned!" from group_ban where group_id = $1
           union all select host, false from peer where blocked_at is not null"#,
        group.0
    )
    .fetch_all(&mut **tx)
    .await?;
    let (banned, blocked): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.banned);
    let banned = banned.into_iter().map(|row| row.host).collect();
    let blocked = blocked.into_iter().map(|row| row.host).collect();
    Ok((banned, blocked))
}

/// Makes these hosts known, with an operator's word where there is one and none was given before; gives for each the name
/// that it is written in by, where that is known.
///
/// # Errors
/// If the database does not answer.
pub async fn know_hosts(
    tx: &mut Tx,
    hosts: &[String],
    words: &[Option<String>],
) -> Result<HashMap<String, String>> {
    sqlx::query!(
        "insert into peer (host, shape) select host, shape from unnest($1::text[], $2::text[]) as u(host, shape)
         order by host
         on conflict (host) do update set shape = excluded.shape
         where peer.shape is null and excluded.shape is not null",
        hosts,
        words as &[Option<String>],
    )
    .execute(&mut **tx)
    .await?;
    let rows = sqlx::query!(
        r#"select host, coalesce(shape, class_shape) as "name!" from peer
           where host = any($1) and coalesce(shape, case when looked_up_at is not null then class_shape end) is not null"#,
        hosts,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.host, row.name)).collect())
}

/// Writes down actors that nobody has fetched: what we know of the others stays. Their keys are fetched when they first sign.
///
/// # Errors
/// If the database does not answer.
pub async fn know_actors(tx: &mut Tx, new: &Newcomers) -> Result<()> {
    sqlx::query!(
        "insert into actor (iri, host, kind, inbox, shared_inbox, fetched_at)
         select iri, host, 'Person', inbox, shared_inbox, 'epoch'
         from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as u(iri, host, inbox, shared_inbox)
         order by iri
         on conflict (iri) do update set inbox = excluded.inbox, shared_inbox = excluded.shared_inbox
         where actor.inbox = ''",
        &new.iris,
        &new.hosts,
        &new.inboxes,
        &new.shared_inboxes as &[Option<String>],
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What each of these actors is to a group, in the order of `iris`, with its row. A ban that is over leaves them out.
///
/// # Errors
/// If the database does not answer.
pub async fn standings(
    tx: &mut Tx,
    group: GroupId,
    iris: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<(i64, Already)>> {
    let rows = sqlx::query!(
        r#"select a.id as "id!", case
               when a.gone_at is not null then 'gone'
               when m.state = 'banned' and (m.banned_until is null or m.banned_until > $3) then 'banned'
               when m.state in ('banned', 'out') then 'out'
               when m.state = 'pending' then 'waiting'
               when m.member then 'member'
               else 'nothing' end as "already!"
           from unnest($2::text[]) with ordinality as u(iri, n)
           join actor a on a.iri = u.iri
           left join membership m on m.group_id = $1 and m.actor_id = a.id
           order by u.n"#,
        group.0,
        iris,
        now,
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.id, word("membership", "state", row.id, &row.already)?)))
        .collect()
}

/// Lets actors in as members who follow, each hearing the group from its next entry on.
///
/// Whoever follows already goes on hearing where they do.
///
/// # Errors
/// If the database does not answer.
pub async fn let_in(tx: &mut Tx, group: GroupId, new: &LetIn, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into destination (inbox, host)
         select distinct on (inbox) heard.inbox, a.host
         from unnest($1::bigint[], $2::boolean[]) as u(actor_id, own)
         join actor a on a.id = u.actor_id
         cross join lateral (select case when u.own then a.inbox else coalesce(a.shared_inbox, a.inbox) end as inbox) heard
         order by inbox
         on conflict (inbox) do nothing",
        &new.actors,
        &new.own_inbox,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into membership as m (group_id, actor_id, follower, member, state, destination_id, since)
         select $1, a.id, true, true, 'in', d.id, u.since
         from unnest($2::bigint[], $3::boolean[], $4::timestamptz[]) as u(actor_id, own, since)
         join actor a on a.id = u.actor_id
         join destination d on d.inbox = case when u.own then a.inbox else coalesce(a.shared_inbox, a.inbox) end
         on conflict (group_id, actor_id) do update
         set follower = true, member = true, state = 'in', since = excluded.since,
             destination_id = coalesce(m.destination_id, excluded.destination_id)",
        group.0,
        &new.actors,
        &new.own_inbox,
        &new.since,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into subscription (group_id, destination_id, shape, shape_wanted, from_seq, cursor)
         select distinct on (m.destination_id) $1, m.destination_id, u.shape, $4, q.seq, q.seq
         from unnest($2::bigint[], $3::text[]) as u(actor_id, shape)
         join membership m on m.group_id = $1 and m.actor_id = u.actor_id
         join group_seq q on q.group_id = $1
         where m.destination_id is not null
         order by m.destination_id
         on conflict (group_id, destination_id) where until_seq is null do nothing",
        group.0,
        &new.actors,
        &new.shapes as &[Option<String>],
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Of these hosts, those that hear a group in another shape than the one that is right for them.
///
/// # Errors
/// If the database does not answer.
pub async fn hear_otherwise(tx: &mut Tx, hosts: &[String], shapes: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select u.host as "host!" from unnest($1::text[], $2::text[]) as u(host, shape)
           where exists (select from destination d join subscription s on s.destination_id = d.id
                         where d.host = u.host and d.scheme is null and s.until_seq is null and s.shape <> u.shape)"#,
        hosts,
        shapes,
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Somebody new hears the group although its log has not grown: lanes look again.
///
/// # Errors
/// If the database does not answer.
pub async fn touch(tx: &mut Tx, group: GroupId) -> Result<()> {
    sqlx::query!(
        "update group_seq set touched = touched + 1 where group_id = $1",
        group.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

impl Store {
    /// The planner learns how many there are now: else the first posts are told by plans for empty tables.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn count_newcomers(&self) -> Result<()> {
        sqlx::raw_sql("analyze actor, peer, destination, membership, subscription")
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// A group's members as of one moment: those of other servers whose inbox is known, in the order in which they came.
    pub fn listed<'a>(
        &'a self,
        group: &'a str,
        ours: &'a str,
    ) -> impl Stream<Item = Result<ListedMember>> + Send + 'a {
        sqlx::query_as!(
            ListedMember,
            r#"select a.iri as actor, coalesce(d.inbox, a.inbox) as "inbox!", a.shared_inbox, p.shape as dialect
               from membership m
               join "group" g on g.id = m.group_id
               join actor a on a.id = m.actor_id
               left join peer p on p.host = a.host
               -- How somebody asked to hear the group is in where they hear it, if that has a scheme of its own.
               left join destination d on d.id = m.destination_id and d.scheme is not null
               where g.name = $1 and m.member and m.state = 'in' and a.host <> $2 and a.inbox <> ''
               order by m.since, m.actor_id"#,
            group,
            ours,
        )
        .fetch(&self.pool)
        .map_err(Error::from)
    }

    /// How many only follow a group, and how many of its members are of this server.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn not_listed(&self, group: &str, ours: &str) -> Result<(i64, i64)> {
        let row = sqlx::query!(
            r#"select count(*) filter (where m.follower and not m.member) as "followers!",
                      count(*) filter (where m.member and a.host = $2) as "ours!"
               from membership m join "group" g on g.id = m.group_id join actor a on a.id = m.actor_id
               where g.name = $1 and (a.host = $2 or not m.member)"#,
            group,
            ours,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((row.followers, row.ours))
    }

    /// The operator's word on every host that there is one of.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn words(&self) -> Result<HashMap<String, String>> {
        let rows = sqlx::query!(r#"select host, shape as "shape!" from peer where shape is not null"#)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|row| (row.host, row.shape)).collect())
    }

    /// Hosts that hear a group in another shape than the operator's word for them is written in. `names` and `shapes`:
    /// what each word is written in.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn hosts_off_their_word(&self, names: &[String], shapes: &[String]) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar!(
            "select distinct d.host
             from peer p join unnest($1::text[], $2::text[]) as w(name, shape) on w.name = p.shape
             join destination d on d.host = p.host
             join subscription s on s.destination_id = d.id
             where s.until_seq is null and d.scheme is null and s.shape <> w.shape",
            names,
            shapes,
        )
        .fetch_all(&self.pool)
        .await?)
    }
}
