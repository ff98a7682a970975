//! Groups and their turn.

use chrono::{DateTime, Utc};

use crate::{
    domain::{FollowMeans, Group, Iri, JoinPolicy, ListPolicy, PostPolicy},
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
    pub join: JoinPolicy,
    pub post: PostPolicy,
    pub follow: FollowMeans,
    pub members_list: ListPolicy,
}

/// What may be changed of a group; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub title: Option<String>,
    pub summary: Option<String>,
    pub join: Option<JoinPolicy>,
    pub post: Option<PostPolicy>,
    pub follow: Option<FollowMeans>,
    pub members_list: Option<ListPolicy>,
}

#[cfg_attr(feature = "failpoints", derive(sqlx::FromRow))]
struct Row {
    id: i64,
    name: String,
    owner: String,
    join_policy: String,
    post_policy: String,
    follow_means: String,
    closed: bool,
    seq: i64,
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
                join: word("group", "join_policy", &row.name, &row.join_policy)?,
                post: word("group", "post_policy", &row.name, &row.post_policy)?,
                follow: word("group", "follow_means", &row.name, &row.follow_means)?,
                owner,
                closed: row.closed,
                name: row.name,
            },
            id: GroupId(row.id),
            seq: row.seq,
        })
    }
}

/// Takes the turns of the named groups, in the order of their ids; names that do not exist are not in the answer.
///
/// # Errors
/// If the database does not answer.
pub async fn take_turns(tx: &mut Tx, names: &[String]) -> Result<Vec<InTurn>> {
    #[cfg(feature = "failpoints")]
    if crate::store::is_serial() {
        let query = r#"select g.id, g.name, a.iri as owner, g.join_policy, g.post_policy, g.follow_means,
                  g.closed_at is not null as closed, s.seq
           from group_seq s join "group" g on g.id = s.group_id join actor a on a.id = g.owner_id
           where g.name = any($1) order by s.group_id"#;
        let rows: Vec<Row> = sqlx::query_as(query).bind(names).fetch_all(&mut **tx).await?;
        return rows.into_iter().map(InTurn::try_from).collect();
    }
    let rows = sqlx::query_as!(
        Row,
        r#"select g.id, g.name, a.iri as owner, g.join_policy, g.post_policy, g.follow_means,
                  g.closed_at is not null as "closed!", s.seq
           from group_seq s
           join "group" g on g.id = s.group_id
           join actor a on a.id = g.owner_id
           where g.name = any($1)
           order by s.group_id
           for no key update of s"#,
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
    let id = sqlx::query_scalar!(
        r#"insert into "group" (name, title, summary, owner_id, join_policy, post_policy, follow_means, members_list, created_at, updated_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) returning id"#,
        new.name,
        new.title,
        new.summary,
        new.owner.0,
        new.join.word(),
        new.post.word(),
        new.follow.word(),
        new.members_list.word(),
        now,
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(|error| match error.as_database_error().and_then(|e| e.constraint()) {
        Some("group_name_taken") => Error::Taken(format!("there is a group named '{}' already", new.name)),
        _ => error.into(),
    })?;
    sqlx::query!("insert into group_seq (group_id) values ($1)", id)
        .execute(&mut **tx)
        .await?;
    Ok(GroupId(id))
}

/// Changes a group.
///
/// # Errors
/// If the database does not answer.
pub async fn change(tx: &mut Tx, group: GroupId, change: &Change, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        r#"update "group" set title = coalesce($2, title), summary = coalesce($3, summary),
                  join_policy = coalesce($4, join_policy), post_policy = coalesce($5, post_policy),
                  follow_means = coalesce($6, follow_means), members_list = coalesce($7, members_list), updated_at = $8
           where id = $1"#,
        group.0,
        change.title,
        change.summary,
        change.join.map(JoinPolicy::word),
        change.post.map(PostPolicy::word),
        change.follow.map(FollowMeans::word),
        change.members_list.map(ListPolicy::word),
        now,
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

impl Store {
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
}
