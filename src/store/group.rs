//! Groups and their turn.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::{
    domain::{Group, Iri, Policies},
    store::{ActorId, Error, Result, Store, Tx, word},
};

/// A row of `group`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(pub i64);

/// A group whose turn it is: nobody else decides in it until the transaction ends.
#[derive(Clone, Debug)]
pub struct InTurn {
    pub id: GroupId,
    pub group: Group,
    pub owner: ActorId,
    /// Of the last entry.
    pub seq: i64,
}

/// A group to be made.
#[derive(Clone, Debug)]
pub struct NewRow<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub summary: &'a str,
    pub owner: ActorId,
    pub policies: &'a Policies,
    pub bridge: bool,
}

/// What may be changed of a group; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub title: Option<String>,
    /// Markdown.
    pub summary: Option<String>,
    pub policies: Option<Policies>,
    /// `Some(None)`: none any more.
    pub icon: Option<Option<String>>,
    pub image: Option<Option<String>>,
    pub rules: Option<Vec<String>>,
    pub related: Option<Vec<String>>,
    /// Whether its posts are shown in both protocols.
    pub bridge: Option<bool>,
}

/// A group as it is read for a decision.
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) owner_id: i64,
    pub(super) owner: String,
    pub(super) policies: PolicyRow,
    pub(super) rule: String,
    pub(super) closed: bool,
    pub(super) seq: i64,
}

/// The policies of a group, in the order in which the function `policies` of the database gives them.
pub(super) type PolicyRow = (
    (String, String, String, String, String),
    (String, String, String, i32, bool, String),
);

/// What a row says that a group granted.
pub(super) fn policies(group: &str, row: &PolicyRow) -> Result<Policies> {
    let ((join, post, follow, visibility, members_list), (invite, info, review, count, appoint, vote)) = row;
    Ok(Policies {
        join: word("group", "join_policy", group, join)?,
        post: word("group", "post_policy", group, post)?,
        follow: word("group", "follow_means", group, follow)?,
        visibility: word("group", "visibility", group, visibility)?,
        members_list: word("group", "members_list", group, members_list)?,
        invite: word("group", "invite_policy", group, invite)?,
        info: word("group", "info_policy", group, info)?,
        review: word("group", "review", group, review)?,
        review_count: u32::try_from(*count).unwrap_or(1),
        admins_appoint: *appoint,
        vote: word("group", "vote_policy", group, vote)?,
    })
}

impl TryFrom<Row> for InTurn {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let owner = Iri::object(&row.owner).map_err(|_| Error::Nonsense {
            table: "actor",
            column: "iri",
            row: row.owner.clone(),
        })?;
        Ok(Self {
            group: Group {
                policies: policies(&row.name, &row.policies)?,
                rule: word("group", "rule", &row.name, &row.rule)?,
                owner,
                closed: row.closed,
                name: row.name,
            },
            id: GroupId(row.id),
            owner: ActorId(row.owner_id),
            seq: row.seq,
        })
    }
}

/// Takes the turns of the named groups, in the order of their ids; names that do not exist are not in the answer.
///
/// # Errors
/// If the database does not answer.
pub async fn take_turns(tx: &mut Tx, names: &[String]) -> Result<Vec<InTurn>> {
    // Locked first, and read then: one statement would show the group as it was before it waited (PostgreSQL looks again at
    // what it locks, and at nothing else).
    sqlx::query!(
        r#"select from group_seq s where s.group_id = any(array(select g.id from "group" g where g.name = any($1)))
           order by s.group_id for no key update"#,
        names,
    )
    .fetch_all(&mut **tx)
    .await?;
    let rows = sqlx::query_as!(
        Row,
        r#"select g.id, g.name, g.owner_id, a.iri as owner,
                  row(row(g.join_policy, g.post_policy, g.follow_means, g.visibility, g.members_list),
                      row(g.invite_policy, g.info_policy, g.review, g.review_count, g.admins_appoint, g.vote_policy)) as "policies!: PolicyRow",
                  g.rule, g.closed_at is not null as "closed!", s.seq
           from group_seq s
           join "group" g on g.id = s.group_id
           join actor a on a.id = g.owner_id
           where g.name = any($1)
           order by s.group_id"#,
        names,
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(InTurn::try_from).collect()
}

/// Makes a group; its key is a row of `own_key`.
///
/// # Errors
/// [`Error::Taken`] if the name is taken.
pub async fn insert(tx: &mut Tx, new: &NewRow<'_>, now: DateTime<Utc>) -> Result<GroupId> {
    let is_somebody = sqlx::query_scalar!(
        r#"select exists (select from mirror where username = $1) as "is!""#,
        new.name
    );
    if is_somebody.fetch_one(&mut **tx).await? {
        return Err(Error::Taken(format!(
            "somebody from elsewhere is called '{}' here already",
            new.name
        )));
    }
    let id = sqlx::query_scalar!(
        r#"insert into "group" (name, title, summary, owner_id, bridge, created_at, updated_at)
           values ($1, $2, $3, $4, $6, $5, $5) returning id"#,
        new.name,
        new.title,
        new.summary,
        new.owner.0,
        now,
        new.bridge,
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(
        |error| match error.as_database_error().and_then(|e| e.constraint()) {
            Some("group_name_taken") => {
                Error::Taken(format!("there is a group named '{}' already", new.name))
            }
            _ => error.into(),
        },
    )?;
    sqlx::query!("insert into group_seq (group_id) values ($1)", id)
        .execute(&mut **tx)
        .await?;
    allow(tx, GroupId(id), new.policies).await?;
    Ok(GroupId(id))
}

/// Changes a group.
///
/// # Errors
/// If the database does not answer.
pub async fn change(tx: &mut Tx, group: GroupId, change: &Change, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        r#"update "group" set title = coalesce($2, title), summary = coalesce($3, summary),
                  icon = case when $4 then $5 else icon end, image = case when $6 then $7 else image end,
                  rules = coalesce($8, rules), related = coalesce($9, related), updated_at = $10,
                  bridge = coalesce($11, bridge)
           where id = $1"#,
        group.0,
        change.title,
        change.summary,
        change.icon.is_some(),
        change.icon.clone().flatten(),
        change.image.is_some(),
        change.image.clone().flatten(),
        change.rules.as_deref(),
        change.related.as_deref(),
        now,
        change.bridge,
    )
    .execute(&mut **tx)
    .await?;
    match &change.policies {
        Some(policies) => allow(tx, group, policies).await,
        None => Ok(()),
    }
}

async fn allow(tx: &mut Tx, group: GroupId, granted: &Policies) -> Result<()> {
    sqlx::query!(
        r#"update "group" set join_policy = $2, post_policy = $3, follow_means = $4, visibility = $5,
                  members_list = $6, invite_policy = $7, info_policy = $8, review = $9, review_count = $10,
                  admins_appoint = $11, vote_policy = $12
           where id = $1"#,
        group.0,
        granted.join.word(),
        granted.post.word(),
        granted.follow.word(),
        granted.visibility.word(),
        granted.members_list.word(),
        granted.invite.word(),
        granted.info.word(),
        granted.review.word(),
        i32::try_from(granted.review_count).unwrap_or(i32::MAX),
        granted.admins_appoint,
        granted.vote.word(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Closes a group for good.
///
/// # Errors
/// If the database does not answer.
pub async fn close(tx: &mut Tx, group: GroupId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        r#"update "group" set closed_at = coalesce(closed_at, $2) where id = $1"#,
        group.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How many open groups an actor owns; nobody else counts until the transaction ends.
///
/// # Errors
/// If the database does not answer.
pub async fn owned_by(tx: &mut Tx, owner: ActorId) -> Result<i64> {
    sqlx::query!("select id from actor where id = $1 for update", owner.0)
        .fetch_optional(&mut **tx)
        .await?;
    count_owned(&mut **tx, owner).await
}

async fn count_owned(database: impl sqlx::PgExecutor<'_>, owner: ActorId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "groups!" from "group" where owner_id = $1 and closed_at is null"#,
        owner.0,
    )
    .fetch_one(database)
    .await?)
}

impl Store {
    /// How many open groups an actor owns.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn groups_owned_by(&self, owner: ActorId) -> Result<i64> {
        count_owned(&self.pool, owner).await
    }

    /// Whether there is a private group of this name.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn is_private(&self, name: &str) -> Result<bool> {
        Ok(sqlx::query_scalar!(
            r#"select exists(select from "group" where name = $1 and visibility = 'private') as "is!""#,
            name
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// Whether there is, or was, a group of this name.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn group_exists(&self, name: &str) -> Result<bool> {
        Ok(sqlx::query_scalar!(
            r#"select exists(select from "group" where name = $1) as "is!""#,
            name
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// Which of these names are those of groups.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn groups_among(&self, names: &[String]) -> Result<HashSet<String>> {
        let there = sqlx::query_scalar!(r#"select name from "group" where name = any($1)"#, names);
        Ok(there.fetch_all(&self.pool).await?.into_iter().collect())
    }
}
