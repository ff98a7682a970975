//! What waits to be sent, for operators. What they do about it: `queue/change.rs` and `queue/give_up.rs`; what came of
//! sending: `queue/history.rs`; the sums for whoever watches: `queue/sample.rs`.
//!
//! One rule: an operator sees every reason why something waits. A new reason is a field of [`QueueRow`], and an arm of
//! [`QueueRow::state`] if it keeps the whole lane waiting.

mod change;
mod give_up;
mod history;
mod sample;

use chrono::{DateTime, Utc};

pub(super) use history::KEPT;

pub use give_up::GivenUp;
pub use history::Outcome;
pub use sample::Sample;

use crate::store::{Result, Store, Walls};

/// Entries of one group that a destination will never get: it had been away for longer than they are kept, or an
/// operator gave them up.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Gap {
    pub group: String,
    pub entries: i64,
    /// When the first of them was written ...
    pub from: DateTime<Utc>,
    /// ... and the last.
    pub until: DateTime<Utc>,
}

/// What a destination missed, the oldest gap first.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Gaps(pub Vec<Gap>);

/// One destination.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct QueueRow {
    pub host: String,
    pub inbox: String,
    /// The shapes in which its groups are written for it; empty while they are looked up.
    pub shapes: Vec<String>,
    /// Entries that are due.
    pub entries: i64,
    /// Letters that are due.
    pub letters: i64,
    /// When the oldest of both was written.
    pub oldest_waiting: Option<DateTime<Utc>>,
    /// How long ago that is.
    pub lag_seconds: Option<i64>,
    /// Groups whose entries wait until we know how the host speaks.
    pub undecided: i64,
    /// Temporary failures in a row.
    pub failures: i32,
    pub failing_since: Option<DateTime<Utc>>,
    pub next_try: Option<DateTime<Utc>>,
    pub parked_at: Option<DateTime<Utc>>,
    /// An operator wants nothing sent there.
    pub paused_at: Option<DateTime<Utc>>,
    /// Entries and letters put aside one by one.
    pub parked_entries: i64,
    /// Entries for members only that were not sent: not all who read there are members, or its shape cannot say who
    /// may read them.
    pub withheld: i64,
    /// Entries that were dropped before it got them, the oldest first.
    pub gaps: Gaps,
    pub gone_at: Option<DateTime<Utc>>,
    /// The inbox answered that it has moved; the actors behind it are being asked.
    pub redirected_at: Option<DateTime<Utc>>,
    /// Its last answer took over two seconds, or did not come.
    pub slow: bool,
    pub last_error: Option<String>,
    pub last_try: Option<DateTime<Utc>>,
    pub last_success: Option<DateTime<Utc>>,
    /// Entries and letters that it took.
    pub delivered: i64,
    /// Entries and letters that it refused for good.
    pub refused: i64,
    /// Blocked, by an operator or by the settings.
    pub blocked: bool,
}

/// Why nothing is sent to a destination now, or that something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneState {
    Blocked,
    Paused,
    /// Answered that nobody is there; its people are asked one by one.
    Gone,
    /// Failed for seven days.
    GivenUp,
    BackingOff,
    Sending,
    /// We do not know yet how the host speaks.
    LookingUp,
    Idle,
}

impl QueueRow {
    /// The strongest reason first.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> LaneState {
        if self.blocked {
            LaneState::Blocked
        } else if self.paused_at.is_some() {
            LaneState::Paused
        } else if self.gone_at.is_some() {
            LaneState::Gone
        } else if self.parked_at.is_some() {
            LaneState::GivenUp
        } else if self.next_try.is_some_and(|at| at > now) {
            LaneState::BackingOff
        } else if self.waiting() > 0 {
            LaneState::Sending
        } else if self.undecided > 0 {
            LaneState::LookingUp
        } else {
            LaneState::Idle
        }
    }

    /// Entries and letters that are due.
    #[must_use]
    pub const fn waiting(&self) -> i64 {
        self.entries + self.letters
    }

    /// Entries that it will never get.
    #[must_use]
    pub fn missed(&self) -> i64 {
        self.gaps.0.iter().map(|gap| gap.entries).sum()
    }

    /// Whether an operator has a reason to look at it.
    #[must_use]
    pub fn has_something_to_tell(&self) -> bool {
        self.waiting() > 0
            || self.undecided > 0
            || self.failures > 0
            || self.parked_entries > 0
            || self.parked_at.is_some()
            || self.paused_at.is_some()
            || self.gone_at.is_some()
            || !self.gaps.0.is_empty()
    }
}

type GapRow = (String, i64, DateTime<Utc>, DateTime<Utc>);

impl From<Vec<GapRow>> for Gaps {
    fn from(rows: Vec<GapRow>) -> Self {
        let gap = |(group, entries, from, until)| Gap {
            group,
            entries,
            from,
            until,
        };
        Self(rows.into_iter().map(gap).collect())
    }
}

impl Store {
    /// Every destination, the one that waits longest first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn queue_status(&self, walls: &Walls) -> Result<Vec<QueueRow>> {
        self.queue_of(None, walls).await
    }

    /// The same for one host, or for all.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn queue_of(&self, host: Option<&str>, walls: &Walls) -> Result<Vec<QueueRow>> {
        let rows = sqlx::query_as!(
            QueueRow,
            r#"select d.host, d.inbox, coalesce(s.shapes, '{}') as "shapes!: Vec<String>",
                coalesce(e.waiting, 0) as "entries!", coalesce(l.waiting, 0) as "letters!",
                w.oldest as oldest_waiting,
                case when w.oldest is not null then greatest(extract(epoch from $4 - w.oldest), 0)::bigint end as lag_seconds,
                coalesce(s.undecided, 0) as "undecided!",
                d.failures, d.failing_since, d.next_try, d.parked_at, d.paused_at,
                coalesce(p.parked, 0) + coalesce(l.parked, 0) as "parked_entries!",
                coalesce(s.withheld, 0) as "withheld!",
                array(select row(o.name, g.entries, g.from_at, g.to_at)
                      from gap g join subscription s on s.id = g.subscription_id join "group" o on o.id = s.group_id
                      where s.destination_id = d.id
                      order by g.from_at, g.subscription_id, g.from_seq) as "gaps!: Vec<GapRow>",
                d.gone_at, d.redirected_at, d.slow, d.last_error, d.last_try,
                greatest(d.last_success, s.sent_at) as last_success,
                d.delivered + coalesce(s.delivered, 0) as "delivered!", d.refused,
                -- Most have no walls at all, and taking ten thousand names apart takes half a second.
                (case when b.there_are_walls then (
                    select exists (select from peer p where p.host = any(h.names) and p.blocked_at is not null)
                        or h.names && $1
                        or cardinality($2::text[]) > 0 and not h.names && $2
                    from (select host_and_parents(d.host) as names offset 0) h) else false end) as "blocked!"
            from destination d
            cross join (select cardinality($1::text[]) + cardinality($2::text[]) > 0
                            or exists (select from peer where blocked_at is not null) as there_are_walls) b
            left join (select destination_id, sum(entries)::bigint as waiting, min(oldest) as oldest
                       from lag group by destination_id) e on e.destination_id = d.id
            left join (select destination_id, count(*) filter (where parked_at is null) as waiting,
                           count(*) filter (where parked_at is not null) as parked,
                           min(at) filter (where parked_at is null) as oldest
                       from letter where sent_at is null and refused_at is null
                       group by destination_id) l on l.destination_id = d.id
            left join (select destination_id, count(*) as parked from parked
                       group by destination_id) p on p.destination_id = d.id
            left join (select destination_id,
                           array_agg(distinct shape) filter (where until_seq is null and shape is not null) as shapes,
                           count(*) filter (where until_seq is null and shape is null) as undecided,
                           sum(withheld)::bigint as withheld, sum(delivered)::bigint as delivered,
                           max(sent_at) as sent_at
                       from subscription group by destination_id) s on s.destination_id = d.id
            cross join lateral (select least(e.oldest, l.oldest) as oldest) w
            where $3::text is null or d.host = $3
            order by w.oldest nulls last, d.host, d.id"#,
            &walls.blocked,
            &walls.allowed_only,
            host,
            self.now(),
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }
}
