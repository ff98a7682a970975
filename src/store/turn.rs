//! Taking turns: what a batch of activities holds until its transaction ends.
//!
//! One rule: ids first, in the order of their keys, then groups, in the order of their ids. Whoever keeps to that never
//! waits in a ring. What is read for a decision is read after this, so it shows what others committed meanwhile.

use crate::store::{GroupId, Result, Store, Tx, hash};

/// Whether a batch waits for a group that another transaction has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Until the group is free.
    Waits,
    /// It goes on without: the other groups of the batch are not held up.
    GoesOn,
}

/// What a batch holds.
#[derive(Clone, Debug, Default)]
pub struct Holds<'a> {
    /// Keys of ids: see [`key_of`].
    pub keys: Vec<i64>,
    /// Names of groups.
    pub names: Vec<&'a str>,
    /// Ids of posts: every group that they are in, or held by.
    pub posts: Vec<&'a str>,
}

/// The key by which an id is held: nobody else decides about it until the transaction ends.
#[must_use]
pub fn key_of(iri: &str) -> i64 {
    let hash = hash(iri);
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(first)
}

/// How connections for batches are set up. Their statements look everything up by keys, in the order in which they are
/// written: one plan is right for all of them. It is made once per connection, and must not depend on which tables
/// happen to be small then. Measured: planning takes longer than all the rest.
pub(super) const SETTINGS: [(&str, &str); 7] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("join_collapse_limit", "1"),
    ("from_collapse_limit", "1"),
    ("jit", "off"),
];

/// How many connections of so many are for batches.
pub(super) fn share_of(connections: u32) -> u32 {
    (connections / 4).clamp(2, 8)
}

impl Store {
    /// Begins the transaction of a batch, on one of the connections that are kept for that. One that was lost while it was
    /// idle shows that here only: nothing was done on it, so another is as good.
    ///
    /// # Errors
    /// If no connection is free in time, or the database does not answer.
    pub async fn begin_turn(&self) -> Result<Tx> {
        let mut begun = self.turns.begin().await;
        for _ in 0..self.for_turns() {
            match &begun {
                Err(error) if is_lost(error) => begun = self.turns.begin().await,
                _ => break,
            }
        }
        Ok(begun?)
    }

    /// How many connections there are for batches.
    #[must_use]
    pub fn for_turns(&self) -> u32 {
        self.turns.options().get_max_connections()
    }
}

/// Takes what a batch holds; gives the groups whose turn it is now.
///
/// An array and no `in`: a row that another transaction has changed meanwhile is looked at again, and then the rows of a
/// subquery are not there any more; it would be passed over (PostgreSQL 15, tried).
///
/// `offset 0` keeps lookups in the order in which they are written: else a plan that is made while there are no statistics
/// may walk through all posts for each batch (seen in a bench: five times the cost).
///
/// Posts may come to be in other groups while it waits: whoever reads them afterwards looks whether all of those are in
/// the answer.
///
/// # Errors
/// If the database does not answer.
pub async fn take(tx: &mut Tx, holds: &Holds<'_>, patience: Patience) -> Result<Vec<GroupId>> {
    let mut keys = holds.keys.clone();
    keys.sort_unstable();
    keys.dedup();
    macro_rules! take {
        ($waits:literal) => {
            sqlx::query_scalar!(
                r#"select q.group_id from group_seq q
                   where (select count(pg_advisory_xact_lock(k)) from unnest($1::bigint[]) as k) >= 0
                     and q.group_id = any(array(
                       select g.id from "group" g where g.name = any($2)
                       union all
                       select pg.group_id
                       from unnest($3::text[]) as w(iri)
                       cross join lateral (select p.id from post p where p.iri = w.iri offset 0) p
                       cross join lateral (select g.group_id from post_group g
                                           where g.post_id = p.id and g.removed_at is null offset 0) pg
                       union all
                       select h.group_id
                       from unnest($3::text[]) as w(iri)
                       cross join lateral (select o.group_id from held o
                                           where o.object = w.iri and o.decided_at is null offset 0) h))
                   order by q.group_id for no key update of q"#
                    + $waits,
                &keys,
                &holds.names as &[&str],
                &holds.posts as &[&str],
            )
            .fetch_all(&mut **tx)
            .await?
        };
    }
    let groups = match patience {
        Patience::Waits => take!(""),
        Patience::GoesOn => take!(" skip locked"),
    };
    Ok(groups.into_iter().map(GroupId).collect())
}

/// Whether the connection is gone: broken, or ended by the database.
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}
