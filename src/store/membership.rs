//! Who is in which group, and as what.

use chrono::{DateTime, Utc};

use crate::{
    domain::{Ban, Role, Standing},
    store::{ActorId, DestinationId, GroupId, Result, Tx, word},
};

/// A membership as it is to be written.
#[derive(Clone, Debug)]
pub struct Written<'a> {
    pub follower: bool,
    pub member: bool,
    /// in, pending, out.
    pub state: &'static str,
    /// The Follow or Join as it arrived, and its id.
    pub request: Option<(&'a str, &'a str)>,
    pub destination: Option<DestinationId>,
}

/// What one actor is to one group, for `decide`. The caller holds the group's turn.
///
/// # Errors
/// If the database does not answer, or a row makes no sense.
pub async fn standing(tx: &mut Tx, group: GroupId, actor: ActorId, hosts: &[String]) -> Result<Standing> {
    let row = sqlx::query!(
        r#"select m.follower as "follower?", m.member as "member?", m.role as "role?", m.state as "state?",
                  m.banned_until, m.ban_reason, m.watched as "watched?", m.expelled as "expelled?",
                  g.owner_id = $2 and g.rule = 'owned' as "owns!",
                  (select row(x.banned_until, x.ban_reason) from other_bans(g.id, $2) x) as "other: OtherBan",
                  array(select i.call from invitation i
                        where i.group_id = g.id and i.actor_id = $2 and i.ended_at is null) as "calls!",
                  exists(select from group_ban b where b.group_id = g.id and b.host = any($3)) as "host_is_banned!"
           from "group" g left join membership m on m.group_id = g.id and m.actor_id = $2
           where g.id = $1"#,
        group.0,
        actor.0,
        hosts,
    )
    .fetch_one(&mut **tx)
    .await?;
    let known = match (row.follower, row.member, row.role, row.state) {
        (Some(follower), Some(member), Some(role), Some(state)) => Some(Row {
            follower,
            member,
            role,
            state,
            banned_until: row.banned_until,
            ban_reason: row.ban_reason,
            watched: row.watched.unwrap_or_default(),
            expelled: row.expelled.unwrap_or_default(),
        }),
        _ => None,
    };
    let standing = standing_of(known.as_ref(), actor, row.owns, row.host_is_banned)?;
    let standing = also_banned(standing, row.other);
    let was_asked = |call: &str| row.calls.iter().any(|known| known == call);
    Ok(Standing {
        invited: was_asked("member"),
        called: was_asked("admin"),
        offered: was_asked("owner"),
        ..standing
    })
}

/// A row of `membership`, as far as a decision asks for it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) follower: bool,
    pub(super) member: bool,
    pub(super) role: String,
    pub(super) state: String,
    pub(super) banned_until: Option<DateTime<Utc>>,
    pub(super) ban_reason: Option<String>,
    pub(super) watched: bool,
    pub(super) expelled: bool,
}

/// A ban of the same person under another id: until when, and why.
pub(super) type OtherBan = (Option<DateTime<Utc>>, Option<String>);

/// A ban follows whoever it is of. It takes the group from nobody.
pub(super) fn also_banned(standing: Standing, other: Option<OtherBan>) -> Standing {
    match other {
        Some((until, reason)) if standing.role != Role::Owner => Standing {
            ban: Some(Ban { until, reason }),
            ..standing
        },
        _ => standing,
    }
}

/// What a row says of an actor, together with what the group says of it.
pub(super) fn standing_of(
    row: Option<&Row>,
    actor: ActorId,
    owns: bool,
    host_is_banned: bool,
) -> Result<Standing> {
    let state = row.map_or("", |row| row.state.as_str());
    let ban = match row.filter(|_| state == "banned") {
        Some(row) => Some(Ban {
            until: row.banned_until,
            reason: row.ban_reason.clone(),
        }),
        None => host_is_banned.then_some(Ban {
            until: None,
            reason: None,
        }),
    };
    let role = match row {
        _ if owns => Role::Owner,
        Some(row) => word("membership", "role", actor.0, &row.role)?,
        None => Role::Member,
    };
    Ok(Standing {
        follower: row.is_some_and(|row| row.follower),
        member: row.is_some_and(|row| row.member),
        role,
        waiting: state == "pending",
        watched: row.is_some_and(|row| row.watched),
        // A ban that has ended leaves them out.
        left: matches!(state, "out" | "banned"),
        expelled: row.is_some_and(|row| row.expelled),
        ban,
        ..Standing::stranger()
    })
}

/// Writes what an actor is to a group; the role stays.
///
/// # Errors
/// If the database does not answer.
pub async fn write(
    tx: &mut Tx,
    group: GroupId,
    actor: ActorId,
    new: &Written<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into membership as m (group_id, actor_id, follower, member, state, request, request_iris, destination_id, since)
         values ($1, $2, $3, $4, $5, $6, array_remove(array[$7::text], null), $8, $9)
         on conflict (group_id, actor_id) do update
         set follower = $3, member = $4, request = coalesce($6, m.request),
             -- A ban in force ends by its own end, or by an admin's word, and by nothing else.
             state = case when m.state = 'banned' and not $4 and (m.banned_until is null or m.banned_until > $9)
                          then m.state else $5 end,
             request_iris = case when m.state = 'out' then excluded.request_iris
                                 else (excluded.request_iris || m.request_iris)[1:4] end,
             destination_id = $8,
             follow_request = case when $3 then m.follow_request end,
             follow_destination_id = case when $3 then m.follow_destination_id end,
             banned_until = case when m.state = 'banned' and not $4 and m.banned_until > $9 then m.banned_until end,
             ban_reason = case when m.state = 'banned' and not $4 then m.ban_reason end,
             ban_iri = case when m.state = 'banned' and not $4 then m.ban_iri end,
             expelled = m.expelled and not $4,
             since = case when m.member = $4 and m.follower = $3 then m.since else $9 end",
        group.0,
        actor.0,
        new.follower,
        new.member,
        new.state,
        new.request.map(|(text, _)| text),
        new.request.map(|(_, iri)| iri),
        new.destination.map(|id| id.0),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Bans an actor from a group; `iri` is of the Block, if that is how it came.
///
/// # Errors
/// If the database does not answer.
pub async fn ban(
    tx: &mut Tx,
    group: GroupId,
    actor: ActorId,
    ban: &Ban,
    iri: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into membership as m (group_id, actor_id, state, banned_until, ban_reason, ban_iri, since, expelled)
         values ($1, $2, 'banned', $3, $4, $6, $5, true)
         on conflict (group_id, actor_id) do update
         set follower = false, member = false, state = 'banned', banned_until = $3, ban_reason = $4, ban_iri = $6,
             role = 'member', ranked_at = null, destination_id = null, follow_request = null, follow_destination_id = null,
             since = $5, expelled = true",
        group.0,
        actor.0,
        ban.until,
        ban.reason,
        now,
        iri,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends an actor's ban; whether there was one.
///
/// # Errors
/// If the database does not answer.
pub async fn unban(tx: &mut Tx, group: GroupId, actor: ActorId) -> Result<bool> {
    let done = sqlx::query!(
        "update membership set state = 'out', banned_until = null, ban_reason = null, ban_iri = null, expelled = false
         where group_id = $1 and actor_id = $2 and state = 'banned'",
        group.0,
        actor.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Which lists of a group an actor is on.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub iri: String,
    pub member: bool,
    pub admin: bool,
}

/// The lists of a group that an actor is on.
///
/// # Errors
/// If the database does not answer.
pub async fn listed(tx: &mut Tx, group: GroupId, actor: ActorId) -> Result<Option<Listed>> {
    Ok(sqlx::query_as!(
        Listed,
        r#"select a.iri, m.member, m.role = 'admin' as "admin!" from membership m join actor a on a.id = m.actor_id
           where m.group_id = $1 and m.actor_id = $2"#,
        group.0,
        actor.0
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Where an actor hears a group, and the request that let them in.
///
/// # Errors
/// If the database does not answer.
pub async fn heard_at(
    tx: &mut Tx,
    group: GroupId,
    actor: ActorId,
) -> Result<(Option<DestinationId>, Option<String>)> {
    let row = sqlx::query!(
        "select destination_id, request from membership where group_id = $1 and actor_id = $2",
        group.0,
        actor.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map_or((None, None), |row| {
        (row.destination_id.map(DestinationId), row.request)
    }))
}

/// How somebody is in a group.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// As [`heard_at`] gives them.
    pub destination: Option<DestinationId>,
    pub request: Option<String>,
    /// That was a Join, and this is the Follow of the same one, with where it is heard.
    pub follow: Option<(DestinationId, String)>,
}

impl Ways {
    /// Each request that was answered with a yes, or waits for an answer.
    pub fn requests(&self) -> impl Iterator<Item = &str> {
        let follow = self.follow.as_ref().map(|(_, request)| request);
        self.request.iter().chain(follow).map(String::as_str)
    }

    /// Wherever something is heard by it.
    pub fn destinations(&self) -> impl Iterator<Item = DestinationId> {
        let follow = self.follow.as_ref().map(|(at, _)| *at);
        self.destination.into_iter().chain(follow)
    }
}

/// How somebody is in a group, or was.
///
/// # Errors
/// If the database does not answer.
pub async fn ways(tx: &mut Tx, group: GroupId, actor: ActorId) -> Result<Ways> {
    let row = sqlx::query!(
        "select destination_id, request, follow_destination_id, follow_request
         from membership where group_id = $1 and actor_id = $2",
        group.0,
        actor.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map_or_else(Ways::default, |row| Ways {
        destination: row.destination_id.map(DestinationId),
        request: row.request,
        follow: row
            .follow_destination_id
            .map(DestinationId)
            .zip(row.follow_request),
    }))
}

/// Whoever has subscribed follows, too.
///
/// # Errors
/// If the database does not answer.
pub async fn follow(
    tx: &mut Tx,
    group: GroupId,
    actor: ActorId,
    request: &str,
    at: DestinationId,
) -> Result<()> {
    sqlx::query!(
        "update membership set follow_request = $3, follow_destination_id = $4 where group_id = $1 and actor_id = $2",
        group.0,
        actor.0,
        request,
        at.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// They do not any more.
///
/// # Errors
/// If the database does not answer.
pub async fn unfollow(tx: &mut Tx, group: GroupId, actor: ActorId) -> Result<()> {
    sqlx::query!(
        "update membership set follower = false, follow_request = null, follow_destination_id = null
         where group_id = $1 and actor_id = $2",
        group.0,
        actor.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// They do no more than follow; `member`: and are a member by that.
///
/// # Errors
/// If the database does not answer.
pub async fn only_follow(
    tx: &mut Tx,
    group: GroupId,
    actor: ActorId,
    member: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update membership set request = follow_request, destination_id = follow_destination_id, follow_request = null,
             follow_destination_id = null, member = $3, state = case when state = 'pending' then 'in' else state end,
             since = case when member = $3 then since else $4 end
         where group_id = $1 and actor_id = $2 and follow_request is not null",
        group.0,
        actor.0,
        member,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The group that an actor asked to join by a request of this id: lotide sends a Follow and a Join, and undoes one of them.
///
/// # Errors
/// If the database does not answer.
pub async fn group_of_request(tx: &mut Tx, actor: ActorId, request: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"select g.name from membership m join "group" g on g.id = m.group_id
           where $2 = any(m.request_iris) and m.actor_id = $1 and m.state <> 'out'"#,
        actor.0,
        request
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// The groups in which an actor is anything at all.
///
/// # Errors
/// If the database does not answer.
pub async fn groups_of(tx: &mut Tx, actor: ActorId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select g.name from membership m join "group" g on g.id = m.group_id
           where m.actor_id = $1 and (m.state in ('in', 'pending') or m.role = 'admin')"#,
        actor.0
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Actors of a host that are in a group, to be put out with the host.
///
/// # Errors
/// If the database does not answer.
pub async fn actors_of_host(tx: &mut Tx, group: GroupId, host: &str) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select a.iri from membership m join actor a on a.id = m.actor_id
           where m.group_id = $1 and m.state in ('in', 'pending')
             and $2 = any(host_and_parents(a.host))"#,
        group.0,
        host
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Keeps a whole host out of a group.
///
/// # Errors
/// If the database does not answer.
pub async fn ban_host(tx: &mut Tx, group: GroupId, host: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into group_ban (group_id, host, since) values ($1, $2, $3) on conflict do nothing",
        group.0,
        host,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Lets a host in again; whether it was banned.
///
/// # Errors
/// If the database does not answer.
pub async fn unban_host(tx: &mut Tx, group: GroupId, host: &str) -> Result<bool> {
    let done = sqlx::query!(
        "delete from group_ban where group_id = $1 and host = $2",
        group.0,
        host
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether whatever an actor posts waits for an admin; false: the group knows nothing of them.
///
/// # Errors
/// If the database does not answer.
pub async fn watch(tx: &mut Tx, group: GroupId, actor: ActorId, watched: bool) -> Result<bool> {
    let done = sqlx::query!(
        "update membership set watched = $3 where group_id = $1 and actor_id = $2",
        group.0,
        actor.0,
        watched
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}
