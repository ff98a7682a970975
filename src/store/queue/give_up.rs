//! Giving up what waits for a host, because an operator says so.
//!
//! One rule: what is given up is counted and stays to be seen: entries as a gap, letters among the outcomes.

use super::KEPT;
use crate::store::{Result, Store, Tx};

/// How often it is begun again after a lane was in the way.
const TRIES: u32 = 3;

/// How much was given up, or would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct GivenUp {
    pub entries: i64,
    pub letters: i64,
    /// Entries and letters that had been put aside.
    pub parked: i64,
}

impl GivenUp {
    #[must_use]
    pub const fn all(self) -> i64 {
        self.entries + self.letters + self.parked
    }
}

impl Store {
    /// Gives up all that waits for a host at this moment; what is said from then on is sent as ever. Unless `really`,
    /// it is done and taken back, to see how much that would be.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn queue_drop(&self, host: &str, really: bool) -> Result<GivenUp> {
        let mut tries = 1;
        loop {
            match self.try_to_drop(host, really).await {
                Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
                other => return other,
            }
        }
    }

    async fn try_to_drop(&self, host: &str, really: bool) -> Result<GivenUp> {
        let mut tx = self.begin().await?;
        // Lanes write here, too; what they have sent by now is not missed.
        sqlx::query!(
            "select s.id from subscription s join destination d on d.id = s.destination_id
             where d.host = $1 order by s.id for update of s",
            host,
        )
        .fetch_all(&mut *tx)
        .await?;
        let (letters, parked_letters) = self.drop_letters(&mut tx, host).await?;
        let given_up = GivenUp {
            entries: drop_entries(&mut tx, host).await?,
            letters,
            parked: parked_letters + drop_parked(&mut tx, host).await?,
        };
        if really {
            self.note_dropped(&mut tx, host, given_up).await?;
            tx.commit().await?;
            self.ring();
        } else {
            tx.rollback().await?;
        }
        Ok(given_up)
    }

    /// Letters that wait, and those that were put aside.
    async fn drop_letters(&self, tx: &mut Tx, host: &str) -> Result<(i64, i64)> {
        let now = self.now();
        let gone = sqlx::query!(
            r#"with gone as (
                 update letter l set refused_at = $2 from destination d
                 where d.host = $1 and d.id = l.destination_id and l.sent_at is null and l.refused_at is null
                 returning l.id, l.destination_id, l.activity_id, l.parked_at
             ), noted as (
                 insert into outcome (destination_id, at, activity_id, what, why)
                 select destination_id, $2, activity_id, 'dropped', 'an operator dropped this letter'
                 from gone order by id
             )
             select count(*) filter (where parked_at is null) as "waiting!",
                 count(*) filter (where parked_at is not null) as "parked!" from gone"#,
            host,
            now,
        )
        .fetch_one(&mut **tx)
        .await?;
        Ok((gone.waiting, gone.parked))
    }

    /// One line in the history of each destination, which keeps its length.
    async fn note_dropped(&self, tx: &mut Tx, host: &str, given_up: GivenUp) -> Result<()> {
        if given_up.entries + given_up.parked > 0 {
            let why = format!(
                "an operator dropped what waited for the host: {} entries, {} put aside",
                given_up.entries, given_up.parked
            );
            sqlx::query!(
                "insert into outcome (destination_id, at, what, why)
                 select id, $2, 'dropped', $3 from destination where host = $1",
                host,
                self.now(),
                why,
            )
            .execute(&mut **tx)
            .await?;
        }
        sqlx::query!(
            "delete from outcome o using destination d
             where d.host = $1 and o.destination_id = d.id and o.id not in (
                 select newest.id from outcome newest where newest.destination_id = d.id
                 order by newest.id desc limit $2)",
            host,
            i64::from(KEPT),
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

/// Moves every cursor to the end of what is there, and leaves a gap.
async fn drop_entries(tx: &mut Tx, host: &str) -> Result<i64> {
    let dropped = sqlx::query_scalar!(
        r#"with waiting as (
             select s.id, s.group_id, s.shape, s.cursor, least(q.seq, s.until_seq) as upto, s.left_at,
                 s.destination_id, d.host
             from subscription s
             join destination d on d.id = s.destination_id
             join group_seq q on q.group_id = s.group_id
             where d.host = $1 and s.cursor < least(q.seq, s.until_seq)
         ), due as (
             select w.id, v.seq, v.at from waiting w cross join lateral entries_due(
                 w.id, w.group_id, w.shape, w.cursor, w.upto, w.left_at, w.destination_id, w.host) v
             union all
             -- Not decided how it is spoken to: it may have got each of them.
             select w.id, e.seq, e.at from waiting w join entry e on e.group_id = w.group_id
             where w.shape is null and e.seq > w.cursor and e.seq <= w.upto
         ), noted as (
             insert into gap as g (subscription_id, from_seq, to_seq, entries, from_at, to_at)
             select w.id, w.cursor + 1, max(v.seq), count(*), min(v.at), max(v.at)
             from waiting w join due v on v.id = w.id group by w.id, w.cursor
             on conflict (subscription_id, from_seq) do update set
                 to_seq = greatest(g.to_seq, excluded.to_seq), entries = g.entries + excluded.entries,
                 from_at = least(g.from_at, excluded.from_at), to_at = greatest(g.to_at, excluded.to_at)
         ), passed as (
             update subscription s set cursor = w.upto,
                 withheld = s.withheld + case when w.left_at is not null or w.shape is null then 0 else (
                     select count(*) from entries_for_members(
                         w.id, w.group_id, w.shape, w.cursor, w.upto, w.host) m
                     where not exists (select from due v where v.id = w.id and v.seq = m.seq)) end
             from waiting w where s.id = w.id
         ), behind as (
             delete from refused_early r using waiting w where r.subscription_id = w.id and r.seq <= w.upto
         )
         select count(*) as "count!" from due"#,
        host,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(dropped)
}

/// What was put aside is missed, and not put aside any more.
async fn drop_parked(tx: &mut Tx, host: &str) -> Result<i64> {
    let dropped = sqlx::query_scalar!(
        r#"with gone as (
             delete from parked p using destination d where d.host = $1 and d.id = p.destination_id
             returning p.subscription_id, p.group_id, p.seq
         ), noted as (
             insert into gap as g (subscription_id, from_seq, to_seq, entries, from_at, to_at)
             select x.subscription_id, x.seq, x.seq, 1, e.at, e.at
             from gone x join entry e on e.group_id = x.group_id and e.seq = x.seq
             on conflict (subscription_id, from_seq) do update set entries = g.entries + 1,
                 from_at = least(g.from_at, excluded.from_at), to_at = greatest(g.to_at, excluded.to_at)
         )
         select count(*) as "count!" from gone"#,
        host,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(dropped)
}
