//! Which lanes have something to send, a page at a time.
//!
//! One rule: nothing here depends on a signal having been heard. A group's [`Mark`] says whether its ears are worth a
//! look; letters, second tries and times that have come are found by indexes of their own. A last try in the future means
//! that the clock was put back: what waits for a time by the old clock is tried now. A new reason for a lane to
//! wake is a line in [`Store::woken`], or a change of `group_seq.touched`.

use chrono::{DateTime, Utc};

use crate::store::{DueLane, Result, Store, Walls};

/// What changes when entries of a group may have become due for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub group: i64,
    /// Of its last entry.
    pub seq: i64,
    /// Grows when subscriptions change.
    pub touched: i64,
}

/// Changes when hosts are blocked, or are not any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocks((i64, Option<DateTime<Utc>>));

/// A subscription that the log has gone past, and its destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ear {
    pub subscription: i64,
    pub lane: i64,
    pub group: i64,
    pub group_name: String,
    pub shape: String,
    /// The last entry that needs no more sending.
    pub cursor: i64,
    pub host: String,
    pub inbox: String,
    /// How it is signed: as the destination itself says, or `peer.scheme`, which its host took last.
    pub scheme: String,
    /// Its last try failed or was slow.
    pub doubtful: bool,
    /// Only public entries, in their order, are to be sent: no need to look at the tables for each.
    pub plain: bool,
    /// Who on its host is told of the group: `followers`, or where there are none, `members`; and their digest, as bits.
    pub reach_part: Option<String>,
    pub reach_digest: Option<String>,
}

/// A page of a group's ears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub ears: Vec<Ear>,
    /// The subscription after which the next page begins, if there is one.
    pub next: Option<i64>,
}

impl Store {
    /// The mark of every group, and what changes when an operator blocks a host, or does so no more.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn marks(&self) -> Result<(Vec<Mark>, Blocks)> {
        let rows = sqlx::query!(
            r#"select group_id as "group", seq, touched,
                   (select count(*) from peer where blocked_at is not null) as "blocks!",
                   (select max(blocked_at) from peer where blocked_at is not null) as last_block
               from group_seq"#
        )
        .fetch_all(&self.pool)
        .await?;
        let blocks = rows.first().map_or((0, None), |row| (row.blocks, row.last_block));
        let marks = rows.into_iter().map(|row| Mark {
            group: row.group,
            seq: row.seq,
            touched: row.touched,
        });
        Ok((marks.collect(), Blocks(blocks)))
    }

    /// The next `most` subscriptions of a group that the log has gone past, from the one after `after` on, in their order;
    /// and those of them that may be sent to now.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn ears_of_group(&self, group: i64, after: i64, shards: &[i32], most: i64) -> Result<Page> {
        // The page first and by itself: without statistics (a group that was just imported) the whole group would be
        // joined and sorted for each page.
        let rows = sqlx::query!(
            r#"with page as materialized (
                 select s.id from subscription s
                 where s.group_id = $1 and s.id > $2 and s.shape is not null
                     and s.cursor < (select seq from group_seq where group_id = $1)
                     and (s.until_seq is null or s.cursor < s.until_seq)
                     and (s.destination_id % 64)::int = any($3)
                 order by s.id limit $5)
             select page.id as "subscription!", destination_id as "lane?", group_name as "group_name?",
                shape as "shape?", cursor as "cursor?", host as "host?", inbox as "inbox?", scheme as "scheme?",
                doubtful as "doubtful?", plain as "plain?", reach_part, reach_digest
             from page left join ear on subscription_id = page.id and (next_try is null or next_try <= $4 or last_try > $4)
             order by page.id"#,
            group,
            after,
            shards,
            self.now(),
            most,
        )
        .fetch_all(&self.pool)
        .await?;
        let last = rows.last().map(|row| row.subscription);
        let is_full = i64::try_from(rows.len()).is_ok_and(|looked| looked == most);
        let ears = rows.into_iter().filter_map(|row| {
            Some(Ear {
                subscription: row.subscription,
                lane: row.lane?,
                group,
                group_name: row.group_name?,
                shape: row.shape?,
                cursor: row.cursor?,
                host: row.host?,
                inbox: row.inbox?,
                scheme: row.scheme?,
                doubtful: row.doubtful?,
                plain: row.plain?,
                reach_part: row.reach_part,
                reach_digest: row.reach_digest,
            })
        });
        Ok(Page {
            ears: ears.collect(),
            next: last.filter(|_| is_full),
        })
    }

    /// All ears of these lanes, as far as they may be sent to now.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn ears_of_lanes(&self, lanes: &[i64]) -> Result<Vec<Ear>> {
        Ok(sqlx::query_as!(
            Ear,
            r#"select subscription_id as "subscription!", destination_id as "lane!", group_id as "group!",
                group_name as "group_name!", shape as "shape!", cursor as "cursor!", host as "host!",
                inbox as "inbox!", scheme as "scheme!", doubtful as "doubtful!", plain as "plain!",
                reach_part, reach_digest
             from ear
             where destination_id = any($1) and (next_try is null or next_try <= $2 or last_try > $2)
             order by destination_id, subscription_id"#,
            lanes,
            self.now(),
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Destinations of these shards, but for `except`, that wake without an entry of their group: a letter waits, an
    /// operator wants something tried once more, or the time of the next try has come. The longest untried first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn woken(
        &self,
        shards: &[i32],
        except: &[i64],
        doubtful: bool,
        most: i64,
        walls: &Walls,
    ) -> Result<Vec<DueLane>> {
        Ok(sqlx::query_as!(
            DueLane,
            "select d.id, d.host from destination d
             where d.id in (
                     select destination_id from letter
                         where sent_at is null and refused_at is null and parked_at is null
                     union select destination_id from parked where retry_at is not null
                     union select id from destination where next_try <= $5 or next_try is not null and last_try > $5)
                 and (d.id % 64)::int = any($1) and d.id <> all($2) and (d.failures > 0 or d.slow) = $3
                 and d.parked_at is null and d.paused_at is null and (d.next_try is null or d.next_try <= $5 or d.last_try > $5)
                 and (cardinality($6::text[]) = 0 or not host_and_parents(d.host) && $6)
                 and (cardinality($7::text[]) = 0 or host_and_parents(d.host) && $7)
                 and not exists (select from peer p
                     where p.host = any(host_and_parents(d.host)) and p.blocked_at is not null)
             order by d.last_try nulls first, d.id
             limit $4",
            shards,
            except,
            doubtful,
            most,
            self.now(),
            &walls.blocked,
            &walls.allowed_only,
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// When the next destination has backed off for long enough.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn next_try(&self, shards: &[i32]) -> Result<Option<DateTime<Utc>>> {
        let at = sqlx::query_scalar!(
            "select min(next_try) from destination
             where next_try > $1 and parked_at is null and paused_at is null and (id % 64)::int = any($2)",
            self.now(),
            shards,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(at)
    }

    /// Authorities that an operator blocked; each covers its sub-domains.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn blocked_hosts(&self) -> Result<Vec<String>> {
        Ok(
            sqlx::query_scalar!("select host from peer where blocked_at is not null")
                .fetch_all(&self.pool)
                .await?,
        )
    }

    /// Those of these lanes that a letter waits for.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn with_letters(&self, lanes: &[i64]) -> Result<Vec<i64>> {
        Ok(sqlx::query_scalar!(
            "select distinct destination_id from letter
             where sent_at is null and refused_at is null and parked_at is null and destination_id = any($1)",
            lanes,
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Those of these lanes that an operator stopped, or wants something else of first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn interrupted(&self, lanes: &[i64]) -> Result<Vec<i64>> {
        Ok(sqlx::query_scalar!(
            "select d.id from destination d
             where d.id = any($1) and (d.paused_at is not null or d.parked_at is not null
                 or exists (select from parked p where p.destination_id = d.id and p.retry_at is not null))",
            lanes,
        )
        .fetch_all(&self.pool)
        .await?)
    }
}
