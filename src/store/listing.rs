//! What an operator sees: every group with its numbers, who has to do with it, and every server that we know.
//!
//! One rule: only the command line asks here. It sees all, whatever a group lets others see; what people may see is read
//! elsewhere, by a `Viewer`. A new column of an answer is a field of its row type: `--json` shows each one by its name.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::store::{Result, Store};

/// A group: its settings and its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupRow {
    pub name: String,
    pub title: String,
    /// Markdown.
    pub summary: String,
    /// Id of the actor who owns it.
    pub owner: String,
    pub join: String,
    pub post: String,
    pub follow: String,
    pub members_list: String,
    pub visibility: String,
    pub review: String,
    pub review_count: i32,
    pub invite: String,
    pub info: String,
    pub vote: String,
    pub admins_appoint: bool,
    /// owned, orphaned or frozen.
    pub rule: String,
    pub rules: Vec<String>,
    pub icon: Option<String>,
    pub image: Option<String>,
    /// Ids of groups.
    pub related: Vec<String>,
    /// Whether its posts are shown in both protocols.
    pub bridge: bool,
    pub members: i64,
    /// Members who follow are among them.
    pub followers: i64,
    /// Who asked to become a member and waits.
    pub pending: i64,
    pub threads: i64,
    pub comments: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
}

/// Somebody who has to do with a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberRow {
    /// Id of the actor.
    pub actor: String,
    /// What it calls itself: not to be trusted.
    pub name: Option<String>,
    pub host: String,
    /// member, admin or owner.
    pub role: String,
    pub member: bool,
    pub follower: bool,
    /// in, pending, invited (as what: `role`), banned or out; a ban that is over is out.
    pub state: String,
    pub banned_until: Option<DateTime<Utc>>,
    pub ban_reason: Option<String>,
    pub since: DateTime<Utc>,
}

/// A group of another server that one of ours follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FollowingRow {
    /// Id of that group.
    pub actor: String,
    /// Not yet: its server has not answered.
    pub accepted_at: Option<DateTime<Utc>>,
    pub since: DateTime<Utc>,
}

/// A server that a group keeps out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostBanRow {
    pub host: String,
    pub since: DateTime<Utc>,
}

/// Another server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeerRow {
    pub host: String,
    /// As its NodeInfo says.
    pub software: Option<String>,
    pub version: Option<String>,
    /// How it speaks, see `dialect`.
    pub class: String,
    pub class_reason: String,
    /// An operator's override of the class's shape.
    pub shape: Option<String>,
    /// That override, else what its class is written in; nothing before its look-up.
    #[serde(skip)]
    pub known_as: Option<String>,
    /// How what goes there is signed: the scheme that it took last, or says that it takes (see `scheme.rs`), and `domain` where
    /// a destination has a scheme of its own; both where there are both.
    pub scheme: String,
    pub looked_up_at: Option<DateTime<Utc>>,
    pub blocked_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Every group, by name; only the named one if there is a name.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn list_groups(&self, name: Option<&str>) -> Result<Vec<GroupRow>> {
        let rows = sqlx::query_as!(
            GroupRow,
            r#"select g.name, g.title, g.summary, a.iri as owner, g.join_policy as "join", g.post_policy as post,
                      g.follow_means as follow, g.members_list, g.visibility,
                      g.review, g.review_count, g.invite_policy as invite, g.info_policy as info, g.vote_policy as vote,
                      g.admins_appoint, g.rule, g.rules, g.icon, g.image, g.related,
                      exists (select from bridges(g.id)) as "bridge!",
                      coalesce(m.members, 0) as "members!", coalesce(m.followers, 0) as "followers!",
                      coalesce(m.pending, 0) as "pending!",
                      coalesce(p.threads, 0) as "threads!", coalesce(p.comments, 0) as "comments!",
                      g.created_at, g.updated_at, g.closed_at
               from "group" g
               join actor a on a.id = g.owner_id
               left join lateral (
                   select count(*) filter (where member) as members, count(*) filter (where follower) as followers,
                          count(*) filter (where state = 'pending') as pending
                   from membership where group_id = g.id) m on true
               left join lateral (
                   select count(*) filter (where post.parent_id is null) as threads,
                          count(*) filter (where post.parent_id is not null) as comments
                   from post_group join post on post.id = post_group.post_id
                   where post_group.group_id = g.id and post_group.removed_at is null and post.deleted_at is null) p on true
               where $1::text is null or g.name = $1
               order by g.name"#,
            name,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// Who is invited to a group, as what, the newest first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn list_invited(&self, group: &str) -> Result<Vec<MemberRow>> {
        let rows = sqlx::query_as!(
            MemberRow,
            r#"select a.iri as actor, coalesce(a.name, a.username) as name, a.host, i.call as role,
                      coalesce(m.member, false) as "member!", coalesce(m.follower, false) as "follower!",
                      'invited' as "state!", null::timestamptz as banned_until, null::text as ban_reason, i.at as since
               from invitation i
               join "group" g on g.id = i.group_id
               join actor a on a.id = i.actor_id
               left join membership m on m.group_id = g.id and m.actor_id = a.id
               where g.name = $1 and i.ended_at is null
               order by i.at desc, i.id desc"#,
            group,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// Who has to do with a group, the newest first. `state` is `members`, `followers`, `pending`, `banned` or `all`; who
    /// is only invited is in [`Store::list_invited`].
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn list_members(&self, group: &str, state: &str) -> Result<Vec<MemberRow>> {
        let rows = sqlx::query_as!(
            MemberRow,
            r#"select a.iri as actor, coalesce(a.name, a.username) as name, a.host,
                      case when g.owner_id = a.id then 'owner' else m.role end as "role!",
                      m.member, m.follower, s.state as "state!", m.banned_until, m.ban_reason, m.since
               from membership m
               join "group" g on g.id = m.group_id
               join actor a on a.id = m.actor_id
               cross join lateral (
                   select case when m.state = 'banned' and m.banned_until <= $3 then 'out' else m.state end as state) s
               where g.name = $1
                   and case $2
                       when 'members' then m.member
                       when 'followers' then m.follower
                       when 'all' then m.member or m.follower or s.state <> 'out'
                       else s.state = $2
                   end
               order by m.since desc, m.actor_id desc"#,
            group,
            state,
            self.now(),
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// The groups elsewhere that a group follows, the newest first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn list_following(&self, group: &str) -> Result<Vec<FollowingRow>> {
        let rows = sqlx::query_as!(
            FollowingRow,
            r#"select a.iri as actor, f.accepted_at, f.since
               from following f
               join "group" g on g.id = f.group_id
               join actor a on a.id = f.actor_id
               where g.name = $1
               order by f.since desc, f.actor_id desc"#,
            group,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// The servers that a group keeps out, by name.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn list_host_bans(&self, group: &str) -> Result<Vec<HostBanRow>> {
        let rows = sqlx::query_as!(
            HostBanRow,
            r#"select b.host, b.since from group_ban b join "group" g on g.id = b.group_id
               where g.name = $1 order by b.host"#,
            group,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// Every server that we know, by name.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn list_peers(&self) -> Result<Vec<PeerRow>> {
        let rows = sqlx::query_as!(
            PeerRow,
            r#"select p.host, software, version, class, class_reason, shape, looked_up_at, blocked_at,
                    coalesce((select string_agg(distinct coalesce(d.scheme, p.scheme), ', ') from destination d where d.host = p.host),
                             case when p.evidence = 'signs' then 'domain' else p.scheme end) as "scheme!",
                    coalesce(shape, case when looked_up_at is not null then class_shape end) as known_as
             from peer p order by p.host"#,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }
}
