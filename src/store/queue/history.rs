//! What came of sending, as far as it did not go through at once.
//!
//! One rule: the newest [`KEPT`] per destination are kept, by whoever writes one: `lane/record.rs` and `give_up.rs`.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{Result, Store};

/// Outcomes that are kept per destination.
pub(in crate::store) const KEPT: i32 = 20;

/// One attempt that ended otherwise than delivered.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Outcome {
    pub inbox: String,
    pub at: DateTime<Utc>,
    /// `refused`, `later`, `parked`, `dropped`.
    pub what: String,
    /// In our words.
    pub why: String,
    /// What was sent, where it may be that activity's fault.
    pub activity: Option<Uuid>,
    /// Its kind and its group's name, as far as it is still kept.
    pub kind: Option<String>,
    pub group: Option<String>,
    /// Of `later`: when it is tried again; without one, the host was given up.
    pub next_try: Option<DateTime<Utc>>,
}

impl Store {
    /// The last outcomes of a host, the newest first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn outcomes_of(&self, host: &str) -> Result<Vec<Outcome>> {
        let outcomes = sqlx::query_as!(
            Outcome,
            r#"select d.inbox, o.at, o.what, o.why, o.activity_id as activity,
                coalesce(a.kind, l.kind) as kind, g.name as "group?", o.next_try
             from outcome o
             join destination d on d.id = o.destination_id
             left join activity a on a.id = o.activity_id
             left join letter l on l.activity_id = o.activity_id
             left join "group" g on g.id = coalesce(a.group_id, l.group_id)
             where d.host = $1
             order by o.id desc"#,
            host,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(outcomes)
    }

    /// Every host that has a destination.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn hosts_sent_to(&self) -> Result<Vec<String>> {
        Ok(
            sqlx::query_scalar!("select distinct host from destination order by 1")
                .fetch_all(&self.pool)
                .await?,
        )
    }
}
