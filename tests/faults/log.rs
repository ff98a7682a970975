//! What the server's own tables say once nothing is due any more.
//!
//! One rule: each question of [`NEVER`] counts rows that must not be there, whatever was killed when. A new one is a
//! line.

use std::collections::{HashMap, HashSet};

use sqlx::{AssertSqlSafe, PgConnection, Row};

use crate::named::Named;

/// An activity in a group: its own id, and the group's.
pub type Origin = (String, String);

/// The log, as far as the accounting needs it.
pub struct Log {
    /// Where each activity stands.
    pub seqs: HashMap<Origin, i64>,
    /// What the log says that each host is to hear.
    due: HashMap<String, HashSet<Origin>>,
    parked: HashSet<(String, Origin)>,
    /// What entities of Versia mean by it.
    pub named: Named,
}

/// How the log calls an activity: by its id; one that is the group's own (see `own.rs`) by its kind and our id.
macro_rules! calling {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "coalesce(a.iri, case when a.kind in ('listed', 'unlisted', 'banned', 'unbanned', 'unhosted') then a.kind || ' ' else '' end || a.id::text)",
            $after
        )
    };
}

const SEQS: &str = calling!(
    r#"
    select $1 || '/c/' || g.name, "#,
    r#", e.seq
    from entry e join activity a on a.id = e.activity_id join "group" g on g.id = e.group_id"#
);

/// Every entry behind the place where a subscription began, in the shape that it ended with. Whoever left is not
/// asked about.
const DUE: &str = calling!(
    r#"
    select d.host, $1 || '/c/' || g.name, "#,
    r#"
    from subscription s
    join destination d on d.id = s.destination_id
    join "group" g on g.id = s.group_id
    join entry_shape x on x.group_id = s.group_id and x.shape = s.shape and x.seq > s.from_seq
        and (s.until_seq is null or x.seq <= s.until_seq)
    join entry e on e.group_id = x.group_id and e.seq = x.seq
    join activity a on a.id = e.activity_id
    where s.left_at is null and e.audience = 'public'
        and not (x.skip_author and e.author_host is not distinct from d.host)"#
);

const PARKED: &str = calling!(
    r#"
    select d.host, $1 || '/c/' || g.name, "#,
    r#"
    from parked p
    join destination d on d.id = p.destination_id
    join "group" g on g.id = p.group_id
    join entry e on e.group_id = p.group_id and e.seq = p.seq
    join activity a on a.id = e.activity_id"#
);

/// Half states. Each gives the number of rows that should not be.
const NEVER: &[(&str, &str)] = &[
    (
        "a seq is missing or stands twice",
        "select count(*) from group_seq q left join lateral (
             select count(*) as entries, coalesce(max(seq), 0) as last, coalesce(min(seq), 1) as first
             from entry e where e.group_id = q.group_id) e on true
         where q.seq <> e.entries or q.seq <> e.last or e.first <> 1",
    ),
    (
        "an activity was said and is not in the log",
        "select count(*) from activity a where not exists (select from entry e where e.activity_id = a.id)",
    ),
    (
        "an activity is in one group's log twice",
        "select count(*) from (select from activity where iri is not null
             group by group_id, iri having count(*) > 1) twice",
    ),
    (
        "a post is in no group",
        "select count(*) from post p where not exists (select from post_group g where g.post_id = p.id)",
    ),
    (
        "a post is in a group whose log does not say so",
        "select count(*) from post_group p where not exists (select from entry e
             where e.group_id = p.group_id and e.seq = p.seq and e.activity_id = p.activity_id)",
    ),
    (
        "a post is deleted and nobody was told",
        "select count(*) from post p where deleted_at is not null and not exists
             (select from activity a where a.post_id = p.id and a.kind = 'deleted')",
    ),
    (
        "a vote counts that nobody was told of",
        "select count(*) from vote v where v.kind <> 'share' and not exists (select from activity a
             where a.post_id = v.post_id and a.actor_id = v.actor_id and a.kind = 'voted')",
    ),
    (
        "an activity was said and its id was not seen",
        "select count(*) from activity a where a.iri is not null
             -- What a followed group announced is known by its own name.
             and exists (select from membership m where m.group_id = a.group_id and m.actor_id = a.actor_id)
             and not exists (select from seen s where s.iri_hash = sha256(convert_to(a.iri, 'UTF8')))",
    ),
    (
        "a reader hears the group nowhere",
        "select count(*) from membership m where m.state = 'in' and m.destination_id is not null
             and not exists (select from subscription s where s.group_id = m.group_id
                 and s.destination_id = m.destination_id and s.until_seq is null)",
    ),
    (
        "a subscription is open that nobody reads",
        "select count(*) from subscription s where s.until_seq is null and not exists (select from membership m
             where m.group_id = s.group_id and m.destination_id = s.destination_id and (m.follower or m.member))",
    ),
    (
        "somebody who asked was never answered",
        "select count(*) from membership m join actor a on a.id = m.actor_id
         where m.request is not null and m.state in ('in', 'banned')
             and not exists (select from letter l where l.group_id = m.group_id and l.kind in ('Accept', 'Reject')
                 and (position(m.request in l.body) > 0
                     -- By Versia it is answered to somebody, and not to what they said.
                     or position(replace(substring(a.iri from '/bridge/versia/(.*)'), '/', ':') in l.body) > 0))",
    ),
    (
        "a cursor stands behind the end of the log",
        "select count(*) from subscription s join group_seq q on q.group_id = s.group_id
         where s.cursor > q.seq or s.cursor < s.from_seq or s.until_seq > q.seq",
    ),
];

impl Log {
    /// Reads it. `base`: the server's address, which its ids begin with.
    pub async fn read(connection: &mut PgConnection, base: &str) -> Self {
        let mut log = Self {
            seqs: HashMap::new(),
            due: HashMap::new(),
            parked: HashSet::new(),
            named: Named::read(connection, base).await,
        };
        for row in rows(connection, SEQS, base).await {
            log.seqs.insert((row.get(0), row.get(1)), row.get(2));
        }
        for row in rows(connection, DUE, base).await {
            let at = log.due.entry(row.get(0)).or_default();
            at.insert((row.get(1), row.get(2)));
        }
        for row in rows(connection, PARKED, base).await {
            log.parked.insert((row.get(0), (row.get(1), row.get(2))));
        }
        log
    }

    pub fn due_at(&self, host: &str) -> impl Iterator<Item = &Origin> {
        self.due.get(host).into_iter().flatten()
    }

    pub fn is_parked(&self, host: &str, origin: &Origin) -> bool {
        self.parked.contains(&(host.to_owned(), origin.clone()))
    }
}

async fn rows(connection: &mut PgConnection, query: &'static str, base: &str) -> Vec<sqlx::postgres::PgRow> {
    sqlx::query(query).bind(base).fetch_all(connection).await.unwrap()
}

/// The half states that there are, in words.
pub async fn half_states(connection: &mut PgConnection) -> Vec<String> {
    let mut found = Vec::new();
    for (what, query) in NEVER {
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(*query))
            .fetch_one(&mut *connection)
            .await
            .unwrap_or_else(|why| panic!("{what}: {why}"));
        if count > 0 {
            found.push(format!("{what}: {count}"));
        }
    }
    found
}
