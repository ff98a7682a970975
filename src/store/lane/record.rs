//! What came of sending.
//!
//! One rule: one statement each, so that it holds whole or not at all; a cursor only ever rises. What did not go through
//! is noted in `outcome` by the same statement, the newest [`KEPT`] per destination; what did is counted only.

use chrono::{DateTime, Utc};

use super::{Failing, Item};
use crate::store::{Result, Store, queue::KEPT};

/// How an item ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Delivered,
    /// Refused for good.
    Refused,
    /// Refused for good, and an earlier one is still tried. Of a letter: as [`Fate::Refused`].
    RefusedEarly,
    /// Delivered, and an earlier one is still tried. Of a letter: as [`Fate::Delivered`].
    DeliveredEarly,
    /// Put aside until an operator says otherwise; why, in our words.
    Parked(String),
}

/// Items that need no more sending.
#[derive(Clone, Debug)]
pub struct Settled {
    pub fates: Vec<(Item, Fate)>,
    /// What the operator should know of, in our words.
    pub error: Option<String>,
    /// The destination says that it is gone.
    pub gone: bool,
    /// The answer took long.
    pub slow: bool,
    /// It goes on failing, and what it waits for stays.
    pub still_failing: bool,
}

/// [`Settled`], as columns.
#[derive(Default)]
struct Columns {
    letters: Vec<i64>,
    letter_fates: Vec<String>,
    subscriptions: Vec<i64>,
    groups: Vec<i64>,
    seqs: Vec<i64>,
    fates: Vec<String>,
    early_subscriptions: Vec<i64>,
    early_seqs: Vec<i64>,
    parked_subscriptions: Vec<i64>,
    parked_groups: Vec<i64>,
    parked_seqs: Vec<i64>,
    parked_reasons: Vec<String>,
    retried_groups: Vec<i64>,
    retried_seqs: Vec<i64>,
    delivered: i64,
    refused: i64,
    noted: Noted,
}

/// Rows of `outcome`: a letter, or the place of an entry; what came of it, and why.
#[derive(Default)]
struct Noted {
    letters: Vec<Option<i64>>,
    groups: Vec<Option<i64>>,
    seqs: Vec<Option<i64>>,
    what: Vec<String>,
    why: Vec<String>,
}

impl Store {
    /// Items of a lane need no more sending. If the destination took or refused any, it is not failing any more, unless
    /// [`Settled::still_failing`].
    ///
    /// # Errors
    /// If the database does not answer; then nothing of it holds.
    pub async fn settle(&self, lane: i64, settled: &Settled) -> Result<()> {
        let columns = Columns::of(settled);
        sqlx::query!(
            r#"
            with moved as (
                update subscription s set
                    cursor = greatest(s.cursor, e.seq),
                    -- It was under way when the last reader left; taking back is nothing that can be taken back.
                    left_at = case when s.left_at is not null then greatest(s.left_at, e.told) end,
                    withheld = s.withheld + case when s.left_at is not null then 0 else (
                        select count(*) from entries_for_members(
                            s.id, s.group_id, s.shape, s.cursor, e.seq, e.host) w
                        where w.seq <> all(e.seqs)) end
                from (select u.subscription_id, max(u.seq) as seq, array_agg(u.seq) as seqs, d.host,
                          max(u.seq) filter (where u.fate = 'delivered' and x.retracts is null) as told
                      from unnest($4::bigint[], $18::bigint[], $5::bigint[], $19::text[])
                          as u(subscription_id, group_id, seq, fate)
                      join destination d on d.id = $1
                      left join entry x on x.group_id = u.group_id and x.seq = u.seq
                      group by u.subscription_id, d.host) e
                where s.id = e.subscription_id
            ), early as (
                insert into refused_early (subscription_id, seq)
                select u.subscription_id, u.seq from unnest($20::bigint[], $21::bigint[]) as u(subscription_id, seq)
                on conflict do nothing
            ), behind as (
                delete from refused_early r using unnest($4::bigint[], $5::bigint[]) as u(subscription_id, seq)
                where r.subscription_id = u.subscription_id and r.seq <= u.seq
            ), told as (
                update letter l set
                    sent_at = case u.fate when 'delivered' then $14::timestamptz end,
                    refused_at = case u.fate when 'refused' then $14::timestamptz end,
                    parked_at = case u.fate when 'parked' then $14::timestamptz end
                from unnest($2::bigint[], $3::text[]) as u(id, fate)
                where l.id = u.id
            ), aside as (
                insert into parked (destination_id, subscription_id, group_id, seq, reason, at)
                select $1, u.subscription_id, u.group_id, u.seq, u.reason, $14
                from unnest($6::bigint[], $7::bigint[], $8::bigint[], $9::text[])
                    as u(subscription_id, group_id, seq, reason)
                on conflict do nothing
            ), taken_up as (
                delete from parked p
                using unnest($10::bigint[], $11::bigint[]) as u(group_id, seq)
                where p.destination_id = $1 and p.group_id = u.group_id and p.seq = u.seq
            ), noted as (
                insert into outcome (destination_id, at, activity_id, what, why)
                select $1, $14, coalesce(l.activity_id, x.activity_id), u.what, u.why
                from unnest($23::bigint[], $24::bigint[], $25::bigint[], $26::text[], $27::text[])
                    with ordinality as u(letter, group_id, seq, what, why, number)
                left join letter l on l.id = u.letter
                left join entry x on x.group_id = u.group_id and x.seq = u.seq
                order by u.number
            ), forgotten as (
                delete from outcome where cardinality($26::text[]) > 0 and id in (
                    select id from outcome where destination_id = $1
                    order by id desc offset greatest($28 - cardinality($26::text[]), 0))
            )
            update destination set
                delivered = delivered + $12,
                refused = refused + $13,
                failures = case when $22 then 0 else failures end,
                failing_since = case when $22 then null else failing_since end,
                next_try = case when $22 then null else next_try end,
                stuck_on = case when $22 then null else stuck_on end,
                stuck_answers = case when $22 then 0 else stuck_answers end,
                stuck_since = case when $22 then null else stuck_since end,
                last_try = case when $12 + $13 > 0 then $14 else last_try end,
                last_success = case when $12 > 0 then $14 else last_success end,
                last_error = case when $12 > 0 then $15 else coalesce($15, last_error) end,
                gone_at = case when $16 then coalesce(gone_at, $14) when $12 > 0 then null else gone_at end,
                redirected_at = case when $12 > 0 then null else redirected_at end,
                slow = case when $12 + $13 > 0 then $17 else slow end
            where id = $1
            "#,
            lane,
            &columns.letters,
            &columns.letter_fates,
            &columns.subscriptions,
            &columns.seqs,
            &columns.parked_subscriptions,
            &columns.parked_groups,
            &columns.parked_seqs,
            &columns.parked_reasons,
            &columns.retried_groups,
            &columns.retried_seqs,
            columns.delivered,
            columns.refused,
            self.now(),
            settled.error,
            settled.gone,
            settled.slow,
            &columns.groups,
            &columns.fates,
            &columns.early_subscriptions,
            &columns.early_seqs,
            columns.answered(settled.still_failing),
            &columns.noted.letters as &[Option<i64>],
            &columns.noted.groups as &[Option<i64>],
            &columns.noted.seqs as &[Option<i64>],
            &columns.noted.what,
            &columns.noted.why,
            KEPT,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A temporary failure: nothing is sent before `next_try`; without one the destination is parked. The outcome names
    /// the activity if this one more answer is counted against it: silence is nobody's fault.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn back_off(
        &self,
        lane: i64,
        failing: &Failing,
        next_try: Option<DateTime<Utc>>,
        why: &str,
        redirected: bool,
        slow: bool,
    ) -> Result<()> {
        sqlx::query!(
            "with noted as (
                insert into outcome (destination_id, at, activity_id, what, why, next_try)
                select $1, $8, case when (stuck_on, stuck_answers) is distinct from ($4::uuid, $5::integer) then $4 end,
                    'later', $9, $7
                from destination where id = $1
             ), forgotten as (
                delete from outcome where id in (
                    select id from outcome where destination_id = $1 order by id desc offset $12 - 1)
             )
             update destination set
                failures = $2, failing_since = $3, stuck_on = $4, stuck_answers = $5, stuck_since = $6,
                next_try = $7, parked_at = case when $7::timestamptz is null then $8::timestamptz end,
                last_error = $9, last_try = $8, slow = $11,
                redirected_at = case when $10 then coalesce(redirected_at, $8) else redirected_at end
             where id = $1",
            lane,
            i32::try_from(failing.failures).unwrap_or(i32::MAX),
            failing.since,
            failing.stuck.map(|stuck| stuck.on),
            failing
                .stuck
                .map_or(0, |stuck| i32::try_from(stuck.answers).unwrap_or(i32::MAX)),
            failing.stuck.map(|stuck| stuck.since),
            next_try,
            self.now(),
            why,
            redirected,
            slow,
            KEPT,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// We could not try, and the destination has no part in it: later, without a word against it, but not sooner than
    /// it would have been. `why`, in our words, where an operator can do something about it.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn postpone(&self, lane: i64, until: DateTime<Utc>, why: Option<&str>) -> Result<()> {
        sqlx::query!(
            "with noted as (
                insert into outcome (destination_id, at, what, why, next_try)
                select $1, $4, 'later', $3, $2 where $3::text is not null
             ), forgotten as (
                delete from outcome where $3 is not null and id in (
                    select id from outcome where destination_id = $1 order by id desc offset $5 - 1)
             )
             update destination set next_try = greatest(next_try, $2), last_error = coalesce($3, last_error)
             where id = $1",
            lane,
            until,
            why,
            self.now(),
            KEPT,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A parked entry was tried once more, in vain: it stays, and so do later ones on its object.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn park_again(&self, lane: i64, group: i64, seq: i64, reason: &str) -> Result<()> {
        sqlx::query!(
            "with noted as (
                insert into outcome (destination_id, at, activity_id, what, why)
                select $1, $5, x.activity_id, 'parked', $4 from entry x where x.group_id = $2 and x.seq = $3
             ), forgotten as (
                delete from outcome where id in (
                    select id from outcome where destination_id = $1 order by id desc offset $6 - 1)
             )
             update parked p set retry_at = null, reason = case p.seq when $3 then $4 else p.reason end
             from entry e join activity a on a.id = e.activity_id
             where p.destination_id = $1 and p.group_id = $2 and e.group_id = p.group_id and e.seq = p.seq
                 and (p.seq = $3 or p.seq > $3 and a.post_id = (
                     select same.post_id from entry tried join activity same on same.id = tried.activity_id
                     where tried.group_id = $2 and tried.seq = $3))",
            lane,
            group,
            seq,
            reason,
            self.now(),
            KEPT,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

impl Columns {
    fn of(settled: &Settled) -> Self {
        let mut columns = Self::default();
        for (item, fate) in &settled.fates {
            columns.push(*item, fate);
        }
        columns.noted = Noted::of(settled);
        columns
    }

    /// The destination answered, and that is all that it was waited for.
    fn answered(&self, still_failing: bool) -> bool {
        self.delivered + self.refused > 0 && !still_failing
    }

    fn push(&mut self, item: Item, fate: &Fate) {
        let word = match fate {
            Fate::Delivered | Fate::DeliveredEarly => "delivered",
            Fate::Refused | Fate::RefusedEarly => "refused",
            Fate::Parked(_) => "parked",
        };
        self.delivered += i64::from(word == "delivered");
        self.refused += i64::from(word == "refused");
        match item {
            Item::Letter(id) => {
                self.letters.push(id);
                self.letter_fates.push(word.to_owned());
            }
            Item::Retried { group, seq, .. } => {
                self.retried_groups.push(group);
                self.retried_seqs.push(seq);
            }
            Item::Entry {
                subscription, seq, ..
            } if matches!(fate, Fate::RefusedEarly | Fate::DeliveredEarly) => {
                self.early_subscriptions.push(subscription);
                self.early_seqs.push(seq);
            }
            Item::Entry {
                subscription,
                group,
                seq,
            } => {
                self.subscriptions.push(subscription);
                self.groups.push(group);
                self.seqs.push(seq);
                self.fates.push(word.to_owned());
                if let Fate::Parked(reason) = fate {
                    self.parked_subscriptions.push(subscription);
                    self.parked_groups.push(group);
                    self.parked_seqs.push(seq);
                    self.parked_reasons.push(reason.clone());
                }
            }
        }
    }
}

impl Noted {
    /// What was delivered is not noted.
    fn of(settled: &Settled) -> Self {
        // Where something is parked, the error is about that.
        let parks = settled
            .fates
            .iter()
            .any(|(_, fate)| matches!(fate, Fate::Parked(_)));
        let refused = settled.error.as_deref().filter(|_| !parks);
        let refused = refused.unwrap_or("refused for good");
        let mut noted = Self::default();
        let newest = settled.fates.iter().filter(|(_, fate)| *fate != Fate::Delivered);
        let older = newest
            .clone()
            .count()
            .saturating_sub(usize::try_from(KEPT).unwrap_or_default());
        for (item, fate) in newest.skip(older) {
            match fate {
                Fate::Parked(why) => noted.push(*item, "parked", why),
                _ => noted.push(*item, "refused", refused),
            }
        }
        noted
    }

    fn push(&mut self, item: Item, what: &str, why: &str) {
        let (letter, place) = match item {
            Item::Letter(id) => (Some(id), None),
            Item::Entry { group, seq, .. } | Item::Retried { group, seq, .. } => (None, Some((group, seq))),
        };
        self.letters.push(letter);
        self.groups.push(place.map(|(group, _)| group));
        self.seqs.push(place.map(|(_, seq)| seq));
        self.what.push(what.to_owned());
        self.why.push(why.to_owned());
    }
}
