//! What came in: ids seen, and documents that wait for something to be fetched.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::Iri,
    store::{ActorId, GroupId, Result, Store, Tx, hash, turn::key_of},
};

/// Documents of one host that are claimed at a time: a host that hangs holds up itself.
const OF_ONE_HOST: i64 = 4;

/// Remembers an activity's id, which is held until the transaction ends; whether it is new.
///
/// # Errors
/// If the database does not answer.
pub async fn see(tx: &mut Tx, iri: &str, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into seen (iri_hash, at)
         select $1, $2 where (select count(pg_advisory_xact_lock($3))) > 0 on conflict do nothing",
        hash(iri),
        now,
        key_of(iri),
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

impl Store {
    /// Whether an activity of this id was decided about.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn has_seen(&self, id: &Iri) -> Result<bool> {
        Ok(sqlx::query_scalar!(
            r#"select exists(select from seen where iri_hash = $1) as "is!""#,
            hash(id.as_str()),
        )
        .fetch_one(&self.pool)
        .await?)
    }
}

/// A document that waits.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub id: Uuid,
    /// Name of the group whose inbox it came to.
    pub inbox: Option<String>,
    /// Name of the group that follows whoever announced it.
    pub via: Option<String>,
    pub actor: ActorId,
    pub actor_iri: String,
    pub needs: String,
    pub raw: String,
    pub at: DateTime<Utc>,
    pub tries: i32,
}

/// A document to be kept until what it needs is there.
#[derive(Clone, Debug)]
pub struct NewWaiting<'a> {
    pub id: Uuid,
    /// What makes it one: the activity's id, with the group's name where it came by a followed group.
    pub key: &'a str,
    pub inbox: Option<&'a str>,
    pub via: Option<&'a str>,
    pub actor: ActorId,
    pub host: &'a str,
    pub needs: &'a str,
    /// Id of the post that it brings, if it carries one.
    pub object: Option<&'a str>,
    pub raw: &'a str,
    pub at: DateTime<Utc>,
}

/// How many documents wait.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    pub all: i64,
    pub of_host: i64,
    pub of_actor: i64,
}

/// How many documents wait, in all, of a host, and of an actor.
///
/// # Errors
/// If the database does not answer.
pub async fn waiting_count(tx: &mut Tx, host: &str, actor: ActorId) -> Result<Count> {
    Ok(sqlx::query_as!(
        Count,
        r#"select count(*) as "all!", count(*) filter (where host = $1) as "of_host!",
                  count(*) filter (where actor_id = $2) as "of_actor!" from received"#,
        host,
        actor.0
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Whether something waits for a document of this id, or to bring it.
///
/// # Errors
/// If the database does not answer.
pub async fn is_awaited(tx: &mut Tx, needs: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists(select from received where needs = $1 or object = $1) as "is!""#,
        needs
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Keeps a document; one that waits already stays as it is.
///
/// # Errors
/// If the database does not answer.
pub async fn wait(tx: &mut Tx, new: &NewWaiting<'_>) -> Result<()> {
    sqlx::query!(
        "insert into received (id, iri_hash, inbox, via, actor_id, host, needs, raw, at, next_try, object)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10) on conflict do nothing",
        new.id,
        hash(new.key),
        new.inbox,
        new.via,
        new.actor.0,
        new.host,
        new.needs,
        new.raw,
        new.at,
        new.object,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends the waiting of a document.
///
/// # Errors
/// If the database does not answer.
pub async fn finish(tx: &mut Tx, id: Uuid) -> Result<()> {
    sqlx::query!("delete from received where id = $1", id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whether this group took an activity of this id, or held it. What others took is none of its admins' business.
///
/// # Errors
/// If the database does not answer.
pub async fn was_taken(tx: &mut Tx, group: GroupId, iri: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists(select from activity where iri = $2 and group_id = $1)
                  or exists(select from held where iri = $2 and group_id = $1) as "was!""#,
        group.0,
        iri
    )
    .fetch_one(&mut **tx)
    .await?)
}

impl Store {
    /// Whether a document that waits brings a post of this id, by its author's own word.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn is_on_its_way(&self, object: &Iri) -> Result<bool> {
        let found = sqlx::query_scalar!(
            r#"select exists(select from received where object = $1) as "is!""#,
            object.as_str()
        );
        Ok(found.fetch_one(&self.pool).await?)
    }

    /// Whether something waits for this to be fetched.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn is_being_fetched(&self, object: Option<&Iri>) -> Result<bool> {
        let Some(object) = object else { return Ok(false) };
        let mut tx = self.begin().await?;
        is_awaited(&mut tx, object.as_str()).await
    }

    /// Documents whose next try has come, oldest first, claimed until `until` for whoever asks.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn claim_waiting(&self, most: i64, until: DateTime<Utc>) -> Result<Vec<Waiting>> {
        let mut rows = sqlx::query_as!(
            WaitingRow,
            r#"with fair as (select id, at, row_number() over (partition by host order by at) as turn
                             from received where next_try <= $1),
               due as (select r.id from received r join fair on fair.id = r.id
                       where fair.turn <= $4 order by r.at limit $2 for update of r skip locked)
               update received r set next_try = $3, tries = tries + 1
               from due, actor a
               where r.id = due.id and a.id = r.actor_id
               returning r.id, r.inbox, r.via, r.actor_id, a.iri as actor_iri, r.needs, r.raw, r.at, r.tries"#,
            self.now(),
            most,
            until,
            OF_ONE_HOST,
        )
        .fetch_all(&self.pool)
        .await?;
        rows.sort_by_key(|row| (row.at, row.id));
        Ok(rows.into_iter().map(Waiting::from).collect())
    }

    /// Puts a document off.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn put_off(&self, id: Uuid, until: DateTime<Utc>) -> Result<()> {
        sqlx::query!("update received set next_try = $2 where id = $1", id, until)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Gives up on a document.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn drop_waiting(&self, id: Uuid) -> Result<()> {
        sqlx::query!("delete from received where id = $1", id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Forgets ids and tombstones older than `before`, a chunk at a time; how many went.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn forget_seen(&self, before: DateTime<Utc>, most: i64) -> Result<u64> {
        let seen = sqlx::query!(
            "delete from seen where iri_hash in (select iri_hash from seen where at < $1 limit $2)",
            before,
            most
        )
        .execute(&self.pool)
        .await?;
        let graves = sqlx::query!(
            "delete from tombstone where ctid = any(array(select ctid from tombstone where at < $1 limit $2))",
            before,
            most
        )
        .execute(&self.pool)
        .await?;
        Ok(seen.rows_affected() + graves.rows_affected())
    }

    /// Drops entries older than `kept`, or older than `longest` even where a lane still needs them; how many went. Whoever
    /// was still to get them, or had them put aside, has a gap from then on.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn forget_entries(
        &self,
        kept: DateTime<Utc>,
        longest: DateTime<Utc>,
        most: i64,
    ) -> Result<u64> {
        let done = sqlx::query!(
            "with old as (
                select e.group_id, e.seq, e.at from entry e where e.at < $1 and (e.at < $2 or not exists (
                    select from subscription s join destination d on d.id = s.destination_id
                    where s.group_id = e.group_id and s.cursor < e.seq and s.from_seq < e.seq and d.parked_at is null
                      and (s.until_seq is null or s.until_seq >= e.seq)))
                order by e.at, e.group_id, e.seq limit $3
                -- Others may prune too: an entry is missed once.
                for update of e skip locked
             ), missed as (
                select s.id, s.cursor + 1 as from_seq, o.seq, o.at
                from old o
                join subscription s on s.group_id = o.group_id and s.cursor < o.seq
                join destination d on d.id = s.destination_id
                cross join lateral entries_due(
                    s.id, s.group_id, s.shape, o.seq - 1, least(o.seq, s.until_seq), s.left_at, d.id, d.host) v
                union all
                select p.subscription_id, p.seq, p.seq, o.at
                from old o join parked p on p.group_id = o.group_id and p.seq = o.seq
             ), noted as (
                insert into gap as g (subscription_id, from_seq, to_seq, entries, from_at, to_at)
                select id, from_seq, max(seq), count(*), min(at), max(at) from missed group by id, from_seq
                on conflict (subscription_id, from_seq) do update set
                    to_seq = greatest(g.to_seq, excluded.to_seq), entries = g.entries + excluded.entries,
                    from_at = least(g.from_at, excluded.from_at), to_at = greatest(g.to_at, excluded.to_at)
             ), put_aside as (
                delete from parked p using old o where p.group_id = o.group_id and p.seq = o.seq
             )
             delete from entry e using old o where e.group_id = o.group_id and e.seq = o.seq",
            kept,
            longest,
            most
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }
}

struct WaitingRow {
    id: Uuid,
    inbox: Option<String>,
    via: Option<String>,
    actor_id: i64,
    actor_iri: String,
    needs: String,
    raw: String,
    at: DateTime<Utc>,
    tries: i32,
}

impl From<WaitingRow> for Waiting {
    fn from(row: WaitingRow) -> Self {
        Self {
            id: row.id,
            inbox: row.inbox,
            via: row.via,
            actor: ActorId(row.actor_id),
            actor_iri: row.actor_iri,
            needs: row.needs,
            raw: row.raw,
            at: row.at,
            tries: row.tries,
        }
    }
}
