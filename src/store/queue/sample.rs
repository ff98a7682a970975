//! The queue in a few sums, for whoever watches the server.
//!
//! One rule: one statement, whatever the number of destinations. It is asked every few seconds, also while everybody is
//! behind.

use crate::store::{Result, Store, Walls};

/// The queue at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Entries and letters that are due, of all destinations.
    pub entries: i64,
    pub letters: i64,
    /// Destinations that they are due for.
    pub waiting: i64,
    /// What the destination has that is furthest behind: of all, and of those that nothing holds up.
    pub most_entries: i64,
    pub most_entries_healthy: i64,
    /// For how long the oldest of it has been due, in seconds.
    pub longest: i64,
    pub longest_healthy: i64,
    /// Destinations by what holds them up; each counts once, the strongest reason first. Of those that are blocked,
    /// only such as something is due for.
    pub blocked: i64,
    pub paused: i64,
    pub given_up: i64,
    pub backing_off: i64,
    /// Entries and letters put aside one by one.
    pub parked: i64,
    /// Entries that somebody missed for good.
    pub missed: i64,
    /// Documents that were received and wait for something to be fetched.
    pub received: i64,
}

impl Store {
    /// Takes it.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn queue_sample(&self, walls: &Walls) -> Result<Sample> {
        let sample = sqlx::query_as!(
            Sample,
            r#"with due as (
                 select destination_id, sum(entries)::bigint as entries, sum(letters)::bigint as letters,
                     min(oldest) as oldest
                 from (select destination_id, entries, 0 as letters, oldest from lag
                       union all
                       select destination_id, 0, 1, at from letter
                       where sent_at is null and refused_at is null and parked_at is null) as both_kinds
                 group by destination_id
             ), lane as (
                 select coalesce(v.entries, 0) as entries, coalesce(v.letters, 0) as letters,
                     extract(epoch from greatest($1 - v.oldest, '0'))::bigint as seconds,
                     case when v.destination_id is not null and b.there_are_walls and (
                              select exists (select from peer p where p.host = any(h.names) and p.blocked_at is not null)
                                  or h.names && $2
                                  or cardinality($3::text[]) > 0 and not h.names && $3
                              from (select host_and_parents(d.host) as names offset 0) h)
                          then 'blocked'
                          when d.paused_at is not null then 'paused'
                          when d.parked_at is not null then 'given up'
                          when d.next_try > $1 then 'backing off' else '' end as held_up_by
                 from destination d left join due v on v.destination_id = d.id
                 cross join (select cardinality($2::text[]) + cardinality($3::text[]) > 0
                                 or exists (select from peer where blocked_at is not null) as there_are_walls) b
             )
             select coalesce(sum(entries), 0)::bigint as "entries!", coalesce(sum(letters), 0)::bigint as "letters!",
                 count(*) filter (where entries + letters > 0) as "waiting!",
                 coalesce(max(entries + letters), 0) as "most_entries!",
                 coalesce(max(entries + letters) filter (where held_up_by = ''), 0) as "most_entries_healthy!",
                 coalesce(max(seconds), 0) as "longest!",
                 coalesce(max(seconds) filter (where held_up_by = ''), 0) as "longest_healthy!",
                 count(*) filter (where held_up_by = 'blocked') as "blocked!",
                 count(*) filter (where held_up_by = 'paused') as "paused!",
                 count(*) filter (where held_up_by = 'given up') as "given_up!",
                 count(*) filter (where held_up_by = 'backing off') as "backing_off!",
                 (select count(*) from parked)
                     + (select count(*) from letter
                        where parked_at is not null and sent_at is null and refused_at is null) as "parked!",
                 (select coalesce(sum(g.entries), 0)::bigint from gap g) as "missed!",
                 (select count(*) from received) as "received!"
             from lane"#,
            self.now(),
            &walls.blocked,
            &walls.allowed_only,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(sample)
    }

    /// Connections to the database: how many are open, how many of them do nothing, and how many there may be.
    #[must_use]
    pub fn connections(&self) -> (u32, usize, u32) {
        let (turns, others) = (&self.turns, &self.pool);
        (
            turns.size() + others.size(),
            turns.num_idle() + others.num_idle(),
            turns.options().get_max_connections() + others.options().get_max_connections(),
        )
    }
}
