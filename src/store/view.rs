//! What the outside world may read of groups.
//!
//! One rule: a read that gives content out takes a [`Viewer`] and decides in its own SQL what that viewer sees; there is
//! no second look later. Reads of content: `view_post.rs`, `view_activity.rs`; lists of people: `collections.rs`.
//! One more: a query here or there, with the visibility clause of its neighbours if it shows posts.

use chrono::{DateTime, Utc};

use crate::{
    domain::{Group, Iri},
    store::{
        ActorId, Error, GroupId, Result, Store,
        group::{PolicyRow, policies},
        word,
    },
};

/// Who is asking, as far as their signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    Anyone,
    /// One actor, by its own key: it sees what it may see itself, and nothing for others of its server.
    Actor(ActorId),
    /// A server, by its instance actor's key.
    Host(String),
}

impl Viewer {
    /// Whether somebody in particular is asking, so that the answer may be theirs alone.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        !matches!(self, Self::Anyone)
    }

    pub(super) const fn actor(&self) -> Option<i64> {
        match self {
            Self::Actor(ActorId(id)) => Some(*id),
            Self::Anyone | Self::Host(_) => None,
        }
    }

    pub(super) fn host(&self) -> Option<&str> {
        match self {
            Self::Host(host) => Some(host),
            Self::Anyone | Self::Actor(_) => None,
        }
    }
}

/// A group as its own document and page need it.
#[derive(Clone, Debug)]
pub struct GroupView {
    /// Row of `"group"`, for the reads that follow.
    pub id: GroupId,
    pub group: Group,
    pub title: String,
    /// Markdown.
    pub summary: String,
    /// Where the pictures are.
    pub icon: Option<String>,
    pub image: Option<String>,
    pub rules: Vec<String>,
    /// Ids of groups.
    pub related: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub key_id: String,
    pub public_pem: String,
    /// Its other key, with its id: not there for a moment where an older version of the program has made the group.
    pub ed25519: Option<(String, String)>,
}

/// How many there are in a group, and what the one who asks is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    pub members: u64,
    pub followers: u64,
    pub viewer_is_member: bool,
    /// The lists of members and followers are shown to the viewer.
    pub shows_members: bool,
    /// Owner or admin.
    pub viewer_runs_it: bool,
}

/// A group in the list on the front page.
#[derive(Clone, Debug)]
pub struct GroupCard {
    pub name: String,
    pub title: String,
    /// Markdown.
    pub summary: String,
    pub members: u64,
}

/// What NodeInfo tells: open groups and what is public in them. Private groups are in no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostFigures {
    pub groups: u64,
    pub threads: u64,
    pub comments: u64,
}

struct GroupRow {
    id: i64,
    name: String,
    title: String,
    summary: String,
    owner: String,
    policies: PolicyRow,
    rule: String,
    icon: Option<String>,
    image: Option<String>,
    rules: Vec<String>,
    related: Vec<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    key_id: String,
    public_pem: String,
    ed25519_id: Option<String>,
    ed25519_pem: Option<String>,
}

impl TryFrom<GroupRow> for GroupView {
    type Error = Error;

    fn try_from(row: GroupRow) -> Result<Self> {
        let owner = Iri::object(&row.owner).map_err(|_| Error::Nonsense {
            table: "group",
            column: "owner_id",
            row: row.id.to_string(),
        })?;
        Ok(Self {
            id: GroupId(row.id),
            group: Group {
                owner,
                policies: policies(&row.name, &row.policies)?,
                rule: word("group", "rule", row.id, &row.rule)?,
                closed: row.closed_at.is_some(),
                name: row.name,
            },
            title: row.title,
            summary: row.summary,
            icon: row.icon,
            image: row.image,
            rules: row.rules,
            related: row.related,
            created_at: row.created_at,
            updated_at: row.updated_at,
            closed_at: row.closed_at,
            key_id: row.key_id,
            public_pem: row.public_pem,
            ed25519: row.ed25519_id.zip(row.ed25519_pem),
        })
    }
}

impl Store {
    /// What a group shows of itself, closed ones included.
    ///
    /// # Errors
    /// If the database does not answer, or the row makes no sense.
    pub async fn group_face(&self, name: &str) -> Result<Option<GroupView>> {
        group_face(&self.pool, name).await
    }

    /// How many members and followers a group has, and what the viewer is in it.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn group_figures(&self, group: GroupId, viewer: &Viewer) -> Result<Figures> {
        let row = sqlx::query!(
            r#"select count(*) filter (where member) as "members!",
                      count(*) filter (where follower and state <> 'banned') as "followers!",
                      coalesce(bool_or(actor_id = $2 and member), false) as "is_member!",
                      coalesce(bool_or(actor_id = $2 and role in ('admin', 'owner') and state <> 'banned'), false)
                          or exists (select from "group" g where g.id = $1 and g.owner_id = $2) as "runs_it!",
                      exists (select from shows_members($1, $2, $3)) as "shows_members!"
               from membership where group_id = $1"#,
            group.0,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Figures {
            members: count(row.members),
            followers: count(row.followers),
            viewer_is_member: row.is_member,
            shows_members: row.shows_members,
            viewer_runs_it: row.runs_it,
        })
    }

    /// Whether somebody is inside a group: a member, whoever runs it, or the server of one where it is private.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn is_inside(&self, group: GroupId, viewer: &Viewer) -> Result<bool> {
        Ok(sqlx::query_scalar!(
            r#"select exists (select from inside($1, $2, $3)) as "is!""#,
            group.0,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// Public groups that are open, by name, those after `after` first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn group_cards(&self, after: &str, limit: i64) -> Result<Vec<GroupCard>> {
        let rows = sqlx::query!(
            r#"select g.name, g.title, g.summary,
                      (select count(*) from membership m
                       where m.group_id = g.id and m.member) as "members!"
               from "group" g
               where g.closed_at is null and g.visibility = 'public' and g.name > $1 order by g.name limit $2"#,
            after,
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        let cards = rows.into_iter().map(|row| GroupCard {
            name: row.name,
            title: row.title,
            summary: row.summary,
            members: count(row.members),
        });
        Ok(cards.collect())
    }

    /// The figures of the whole host.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn host_figures(&self) -> Result<HostFigures> {
        let row = sqlx::query!(
            r#"select (select count(*) from "group" where closed_at is null and visibility = 'public') as "groups!",
                      count(*) filter (where parent_id is null) as "threads!",
                      count(*) filter (where parent_id is not null) as "comments!"
               from post
               where public and deleted_at is null
                 and id not in (select pg.post_id from post_group pg join "group" g on g.id = pg.group_id
                                where g.visibility = 'private')"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(HostFigures {
            groups: count(row.groups),
            threads: count(row.threads),
            comments: count(row.comments),
        })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// If it does not.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query_scalar!("select 1").fetch_one(&self.pool).await?;
        Ok(())
    }
}

/// As [`Store::group_face`], for whoever is in a transaction.
///
/// # Errors
/// If the database does not answer, or the row makes no sense.
pub async fn group_face(database: impl sqlx::PgExecutor<'_>, name: &str) -> Result<Option<GroupView>> {
    let row = sqlx::query_as!(
        GroupRow,
        r#"select g.id, g.name, g.title, g.summary, w.iri as owner,
                  row(row(g.join_policy, g.post_policy, g.follow_means, g.visibility, g.members_list),
                      row(g.invite_policy, g.info_policy, g.review, g.review_count, g.admins_appoint, g.vote_policy))
                      as "policies!: PolicyRow",
                  g.rule, g.icon, g.image, g.rules, g.related, g.created_at, g.updated_at, g.closed_at, k.iri as key_id, k.public_pem,
                  e.iri as "ed25519_id?", e.public_pem as "ed25519_pem?"
           from "group" g
           join actor w on w.id = g.owner_id
           join own_key k on k.purpose = 'group:' || g.name
           left join own_key e on e.purpose = 'group:' || g.name || '/ed25519'
           where g.name = $1"#,
        name,
    )
    .fetch_optional(database)
    .await?;
    row.map(GroupView::try_from).transpose()
}

/// Postgres counts in signed numbers.
pub(super) fn count(rows: i64) -> u64 {
    u64::try_from(rows).unwrap_or(0)
}
