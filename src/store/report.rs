//! Reports: kept for the admins of a group, or for the operator alone.
//!
//! One rule: who reported is for those who handle it to know, and leaves this server with nobody.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::Iri,
    store::{ActorId, GroupId, Result, Store, Tx},
};

/// A report to be kept.
#[derive(Clone, Debug)]
pub struct NewReport<'a> {
    pub id: Uuid,
    pub iri: &'a Iri,
    /// `None`: it is for the operator alone.
    pub group: Option<GroupId>,
    pub reporter: ActorId,
    /// In one order, whatever they came in.
    pub objects: &'a [String],
    pub reason: Option<&'a str>,
    pub raw: &'a str,
    pub at: DateTime<Utc>,
}

/// A report as it is shown.
#[derive(Clone, Debug)]
pub struct ReportRow {
    pub id: Uuid,
    pub group: Option<String>,
    pub reporter: String,
    pub objects: Vec<String>,
    pub reason: Option<String>,
    pub at: DateTime<Utc>,
    pub handled_at: Option<DateTime<Utc>>,
}

/// What is known of a report before it is kept.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// This reporter said the same of the same, and nobody has handled it yet.
    pub same: bool,
    /// So did somebody.
    pub known: bool,
}

/// Whether the same was reported already.
///
/// # Errors
/// If the database does not answer.
pub async fn before(
    tx: &mut Tx,
    group: Option<GroupId>,
    reporter: ActorId,
    objects: &[String],
) -> Result<Before> {
    Ok(sqlx::query_as!(
        Before,
        r#"select coalesce(bool_or(reporter_id = $2), false) as "same!", count(*) > 0 as "known!"
           from report where group_id is not distinct from $1 and handled_at is null and objects = $3"#,
        group.map(|id| id.0),
        reporter.0,
        objects,
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Keeps a report for whoever handles them.
///
/// # Errors
/// If the database does not answer.
pub async fn keep(tx: &mut Tx, new: &NewReport<'_>) -> Result<()> {
    sqlx::query!(
        "insert into report (id, iri, group_id, reporter_id, objects, reason, raw, at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id,
        new.iri.as_str(),
        new.group.map(|id| id.0),
        new.reporter.0,
        new.objects,
        new.reason,
        new.raw,
        new.at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

impl Store {
    /// Reports that nobody has handled yet, the oldest first: those of one group, or, without a name, those that are for the
    /// operator alone.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn list_reports(&self, group: Option<&str>) -> Result<Vec<ReportRow>> {
        Ok(sqlx::query_as!(
            ReportRow,
            r#"select r.id, g.name as "group?", w.iri as reporter, r.objects, r.reason, r.at, r.handled_at
               from report r
               join actor w on w.id = r.reporter_id
               left join "group" g on g.id = r.group_id
               where r.handled_at is null and g.name is not distinct from $1
               order by r.at, r.id"#,
            group,
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// A report is handled, and so is every other of the same; false if there is none that waits.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn handle_report(&self, id: Uuid) -> Result<bool> {
        let done = sqlx::query!(
            "update report r set handled_at = $2
             from report one
             where one.id = $1 and one.handled_at is null and r.handled_at is null
               and r.group_id is not distinct from one.group_id and r.objects = one.objects",
            id,
            self.now(),
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }
}

/// Ids of whoever runs a group.
///
/// # Errors
/// If the database does not answer.
pub async fn who_runs_it(tx: &mut Tx, group: GroupId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select w.iri from who_runs($1) r join actor w on w.id = r.actor_id",
        group.0,
    )
    .fetch_all(&mut **tx)
    .await?)
}
