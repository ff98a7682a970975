//! What a lane has to send next. What came of it: `lane/record.rs`.
//!
//! One rule: what is due is said by `entries_due` and the letters, in the statement that loads it; nothing is
//! remembered from the last look but what the caller hands in. A new reason not to send an entry is a condition in
//! that function; a new reason to keep a whole lane shut is one in [`Store::look`] and the view `ear`.

mod ear;
mod flush;
mod piece;
mod record;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use ear::{Blocks, Ear, Mark, Page};
pub use flush::Reached;
pub use piece::Piece;
pub use record::{Fate, Settled};

use crate::{
    domain::{host_and_parents, registrable_domain},
    store::{Error, Result, Store, key_of_group, key_of_steward},
};

/// Settings that shut lanes, beside the blocks of operators in `peer`. Authorities; each covers its sub-domains.
#[derive(Clone, Debug, Default)]
pub struct Walls {
    pub blocked: Vec<String>,
    /// If there is any, nobody else is sent to.
    pub allowed_only: Vec<String>,
}

impl Walls {
    /// Whether nothing is sent to this authority. `blocked`: those of operators.
    #[must_use]
    pub fn keep_out(&self, host: &str, blocked: &HashSet<String>) -> bool {
        let nobody = self.blocked.is_empty() && self.allowed_only.is_empty() && blocked.is_empty();
        if nobody {
            return false;
        }
        let names = host_and_parents(host);
        let is_in = |list: &[String]| names.iter().any(|name| list.contains(name));
        is_in(&self.blocked)
            || names.iter().any(|name| blocked.contains(name))
            || !self.allowed_only.is_empty() && !is_in(&self.allowed_only)
    }
}

/// A destination that something is due for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueLane {
    pub id: i64,
    pub host: String,
}

/// What one owner has of the network: lanes of one domain share their places.
#[must_use]
pub fn domain_of(host: &str) -> &str {
    registrable_domain(host)
}

/// One thing that a destination gets. Its order is the lane's: letters first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    Letter(i64),
    /// A parked entry that an operator wants tried once more.
    Retried {
        subscription: i64,
        group: i64,
        seq: i64,
    },
    Entry {
        subscription: i64,
        group: i64,
        seq: i64,
    },
}

/// An item and its bytes.
#[derive(Clone, Debug)]
pub struct Due {
    pub item: Item,
    /// The activity's own id, for the log and to know the item again.
    pub activity: Uuid,
    /// What it is about, if it is an entry about something.
    pub object: Option<Uuid>,
    /// What it is written in, if it is an entry.
    pub shape: Option<String>,
    /// Whose key signs it: a purpose of `own_key`.
    pub key: String,
    /// The body is `head`, then `raw` and `tail` where there are any.
    pub head: String,
    pub raw: Option<String>,
    pub tail: Option<String>,
    /// An earlier entry on its object is parked here: it is to be parked too.
    pub follows_parked: bool,
}

/// How a destination has been failing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failing {
    /// Temporary failures in a row.
    pub failures: u32,
    pub since: Option<DateTime<Utc>>,
    /// The item that keeps being answered with 5xx or 401.
    pub stuck: Option<Stuck>,
}

/// An item that is answered, but neither taken nor refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stuck {
    pub on: Uuid,
    pub answers: u32,
    pub since: DateTime<Utc>,
}

/// A destination as it is now, and what is to be sent to it.
#[derive(Clone, Debug)]
pub struct Sight {
    pub inbox: String,
    /// How it is signed: as the destination itself says, or `peer.scheme`, which its host took last.
    pub scheme: String,
    pub failing: Failing,
    /// Backing off, parked, paused or blocked.
    pub shut: bool,
    /// What goes next, unless it is shut.
    pub due: Option<Due>,
}

/// What a lane knows beyond the tables.
#[derive(Clone, Debug, Default)]
pub struct Ahead {
    /// Items beyond the durable cursor that are not to be loaded again.
    pub taken: Vec<Item>,
    /// Subscriptions that have had their turn in this round.
    pub served: Vec<i64>,
    /// Look behind the back-off: the item that caused it is among `taken`.
    pub probing: bool,
}

impl Store {
    /// One destination and its next item, both of one moment. Letters go first, then what is retried, then entries:
    /// the groups take turns, the oldest entry first, and of one group a closed subscription before its successor.
    ///
    /// # Errors
    /// If the database does not answer, or the destination makes no sense.
    pub async fn look(&self, lane: &DueLane, ahead: &Ahead) -> Result<Sight> {
        let taken = Taken::of(&ahead.taken);
        let row = sqlx::query!(
            r#"
            with next as (
                (select 'letter' as what, l.id as number, l.group_id, 0::bigint as seq, l.activity_id,
                        null::uuid as object, null::text as shape, l.body as head, null::text as raw, null::text as tail,
                        false as follows_parked, 0 as rank, l.kind = 'Steward' as by_steward
                 from letter l
                 where l.destination_id = $1 and l.sent_at is null and l.refused_at is null and l.parked_at is null
                     and l.id <> all($3)
                 order by l.id limit 1)
                union all
                (select 'retried', p.subscription_id, p.group_id, p.seq, v.activity_id, a.post_id, s.shape, v.head,
                        case when v.tail is not null then a.raw end, v.tail, false, 1, false
                 from parked p
                 join subscription s on s.id = p.subscription_id
                 cross join lateral entries_due(
                     s.id, p.group_id, s.shape, p.seq - 1, p.seq, s.left_at, $1, $9) v
                 join activity a on a.id = v.activity_id
                 where p.destination_id = $1 and p.retry_at is not null
                 order by p.group_id, p.seq limit 1)
                union all
                (select 'entry', s.id, s.group_id, n.seq, n.activity_id, a.post_id as object, s.shape, n.head,
                        case when n.tail is not null then a.raw end, n.tail,
                        exists (select from parked p
                            join entry pe on pe.group_id = p.group_id and pe.seq = p.seq
                            join activity pa on pa.id = pe.activity_id
                            where p.destination_id = $1 and p.group_id = s.group_id and p.seq < n.seq
                                and pa.post_id = a.post_id),
                        2, false
                 from subscription s
                 join group_seq g on g.group_id = s.group_id
                 left join (select subscription_id, max(seq) as seq
                            from unnest($4::bigint[], $5::bigint[]) as u(subscription_id, seq)
                            group by subscription_id) taken on taken.subscription_id = s.id
                 cross join lateral (
                     select * from entries_due(s.id, s.group_id, s.shape, greatest(s.cursor, taken.seq),
                         s.until_seq, s.left_at, $1, $9) v
                     order by v.seq limit 1) n
                 join activity a on a.id = n.activity_id
                 where s.destination_id = $1 and s.cursor < least(g.seq, s.until_seq)
                     and not exists (select from subscription older
                         where older.destination_id = $1 and older.group_id = s.group_id and older.id < s.id
                             and older.shape is not null and older.cursor < older.until_seq)
                 order by s.id = any($6), n.at, s.id limit 1)
            )
            select d.inbox, d.failures, d.failing_since, d.stuck_on, d.stuck_answers, d.stuck_since,
                coalesce(d.scheme, p.scheme, 'cavage') as "scheme!",
                (d.parked_at is not null or d.paused_at is not null or (d.next_try > $7 and coalesce(d.last_try, $7) <= $7 and not $8)
                    or exists (select from peer b where b.blocked_at is not null and b.host = any($2))) is true
                    as "shut!",
                n.what as "what?", n.number as "number?", n.group_id as "group_id?", n.seq as "seq?",
                n.activity_id as "activity_id?", n.object, n.shape, n.head as "head?", n.raw, n.tail,
                n.follows_parked as "follows_parked?", n.by_steward as "by_steward?", g.name as "group_name?"
            from destination d
            left join peer p on p.host = d.host
            left join (select * from next order by rank limit 1) n on true
            left join "group" g on g.id = n.group_id
            where d.id = $1
            "#,
            lane.id,
            &host_and_parents(&lane.host),
            &taken.letters,
            &taken.subscriptions,
            &taken.seqs,
            &ahead.served,
            self.now(),
            ahead.probing,
            lane.host,
        )
        .fetch_one(&self.pool)
        .await?;

        let due = match (
            row.what,
            row.number,
            row.group_id,
            row.seq,
            row.activity_id,
            row.head,
            row.group_name,
        ) {
            (Some(what), Some(number), Some(group), Some(seq), Some(activity), Some(head), Some(name)) => {
                let item = match what.as_str() {
                    "letter" => Item::Letter(number),
                    "retried" => Item::Retried {
                        subscription: number,
                        group,
                        seq,
                    },
                    _ => Item::Entry {
                        subscription: number,
                        group,
                        seq,
                    },
                };
                Some(Due {
                    item,
                    activity,
                    object: row.object,
                    shape: row.shape,
                    key: if row.by_steward == Some(true) {
                        key_of_steward(&name)
                    } else {
                        key_of_group(&name)
                    },
                    head,
                    raw: row.raw,
                    tail: row.tail,
                    follows_parked: row.follows_parked.unwrap_or(false),
                })
            }
            _ => None,
        };
        Ok(Sight {
            inbox: row.inbox,
            scheme: row.scheme,
            failing: Failing {
                failures: count(row.failures, "failures", lane.id)?,
                since: row.failing_since,
                stuck: match (row.stuck_on, row.stuck_since) {
                    (Some(on), Some(since)) => {
                        let answers = count(row.stuck_answers, "stuck_answers", lane.id)?;
                        Some(Stuck { on, answers, since })
                    }
                    _ => None,
                },
            },
            shut: row.shut,
            due: due.filter(|_| !row.shut),
        })
    }

    /// Whether an item is still to be sent: its readers may have left, or lost the right to it.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn is_due(&self, item: Item) -> Result<bool> {
        let (Item::Entry {
            subscription, seq, ..
        }
        | Item::Retried {
            subscription, seq, ..
        }) = item
        else {
            return Ok(true);
        };
        Ok(sqlx::query_scalar!(
            r#"select exists (
                select from subscription s
                join destination d on d.id = s.destination_id
                cross join lateral entries_due(
                    s.id, s.group_id, s.shape, $2::bigint - 1, least($2, s.until_seq), s.left_at, d.id, d.host)
                where s.id = $1) as "is!""#,
            subscription,
            seq,
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// Moves the cursors of a lane past entries that are not for it, up to what the log holds in the same moment; counts
    /// those that are withheld, and forgets what was put aside and is not for it any more. Gives how many subscriptions moved.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn pass_over(&self, lane: i64) -> Result<u64> {
        let passed = sqlx::query!(
            "with vanished as (
                 delete from parked p using subscription s, destination d
                 where p.destination_id = $1 and p.retry_at is not null
                     and s.id = p.subscription_id and d.id = p.destination_id
                     and not exists (select from entries_due(
                         s.id, p.group_id, s.shape, p.seq - 1, p.seq, s.left_at, d.id, d.host))
             ), passed as (
                 update subscription s set
                     cursor = least(g.seq, s.until_seq),
                     withheld = s.withheld + case when s.left_at is not null then 0 else (
                         select count(*) from entries_for_members(
                             s.id, s.group_id, s.shape, s.cursor, least(g.seq, s.until_seq), d.host)) end
                 from group_seq g, destination d
                 where g.group_id = s.group_id and d.id = s.destination_id and s.destination_id = $1 and s.shape is not null
                     and s.cursor < least(g.seq, s.until_seq)
                     and not exists (select from due_entry v where v.subscription_id = s.id)
                 returning s.id, s.cursor
             ), behind as (
                 delete from refused_early r using passed where r.subscription_id = passed.id and r.seq <= passed.cursor
             ), tried as (
                 update destination set next_try = null where id = $1 and next_try <= $2
             )
             select from passed",
            lane,
            self.now(),
        )
        .execute(&self.pool)
        .await?;
        Ok(passed.rows_affected())
    }
}

/// Items, as the columns of `unnest`.
#[derive(Default)]
struct Taken {
    letters: Vec<i64>,
    subscriptions: Vec<i64>,
    seqs: Vec<i64>,
}

impl Taken {
    fn of(items: &[Item]) -> Self {
        let mut taken = Self::default();
        for item in items {
            match *item {
                Item::Letter(id) => taken.letters.push(id),
                Item::Entry {
                    subscription, seq, ..
                } => {
                    taken.subscriptions.push(subscription);
                    taken.seqs.push(seq);
                }
                // Retried ones go one at a time: none is ever sent ahead of another.
                Item::Retried { .. } => {}
            }
        }
        taken
    }
}

fn count(value: i32, column: &'static str, lane: i64) -> Result<u32> {
    value.try_into().map_err(|_| Error::Nonsense {
        table: "destination",
        column,
        row: lane.to_string(),
    })
}
