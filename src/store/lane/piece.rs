//! A stretch of one group's log in one shape, for every lane that hears it.
//!
//! One rule: what is here is the same for all who hear the shape; who may have it is said by `ear` and `entries_due`.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{Result, Store};

/// One entry, written in one shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub seq: i64,
    pub activity: Uuid,
    /// What happened: see `domain::Event::announced_as`.
    pub kind: String,
    pub at: DateTime<Utc>,
    /// The post that it is about, and the one that that answers.
    pub object: Option<Uuid>,
    pub parent: Option<Uuid>,
    /// Anybody may have it. Else who gets it is asked of the tables, and it may not even be written in this shape.
    pub public: bool,
    /// It takes an earlier entry back.
    pub takes_back: bool,
    /// The server that it is not for: its author's.
    pub not_for: Option<String>,
    /// The body is `head`, then `raw` and `tail` where there are any.
    pub head: String,
    pub raw: Option<String>,
    pub tail: Option<String>,
}

impl Store {
    /// What a group said in a shape, from the entry after `after` to `upto`; and what it said to members in others only:
    /// who does not get it is counted.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn pieces(&self, group: i64, shape: &str, after: i64, upto: i64) -> Result<Vec<Piece>> {
        Ok(sqlx::query_as!(
            Piece,
            r#"select e.seq, e.activity_id as activity, a.kind, e.at, a.post_id as object, p.parent_id as parent,
                e.audience = 'public' as "public!", e.retracts is not null as "takes_back!",
                case when x.skip_author then e.author_host end as not_for,
                coalesce(x.head, '') as "head!", case when x.tail is not null then a.raw end as raw, x.tail as "tail?"
             from entry e
             left join entry_shape x on x.group_id = e.group_id and x.seq = e.seq and x.shape = $2
             join activity a on a.id = e.activity_id
             left join post p on p.id = a.post_id
             where e.group_id = $1 and e.seq > $3 and e.seq <= $4 and (x.seq is not null or e.audience = 'members')
             order by e.seq"#,
            group,
            shape,
            after,
            upto,
        )
        .fetch_all(&self.pool)
        .await?)
    }
}
