//! The server under test, in this process, with a clock that we move and other people's servers around it.
//!
//! One rule: a world ends with [`World::end`], which asks that nothing is due, that nobody complained, and that no
//! answer was a 5xx. Forgetting it fails the test.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use folkmoot::clock::{Clock, Manual};
use folkmoot::config::{self, Settings};
use folkmoot::domain::{Iri, Policies};
use folkmoot::engine::NewGroup;
use folkmoot::server::{self, House, Role};
use sqlx::{PgConnection, Row};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::database::Database;
use super::peer::{Actor, Ground, Group, LIMIT, Server};

/// How often we look whether something is due.
const LOOK: Duration = Duration::from_millis(5);

/// How often the clock moves while time passes.
const STEP: Duration = Duration::from_millis(20);

/// What is still to be done, by kind, as the database says it.
const DUE: &str = "
    select (select count(*) from due_entry)
         + (select count(*) from parked where retry_at is not null) as entries,
        (select count(*) from letter where sent_at is null and refused_at is null and parked_at is null) as letters,
        (select count(*) from subscription s join group_seq g on g.group_id = s.group_id
         where s.shape is null and s.until_seq is null and s.cursor < g.seq) as undecided,
        (select count(*) from received) as received,
        (select count(*) from held h where h.told_at is null and h.decided_at is null
         and (not exists (select from notice n where n.group_id = h.group_id and n.queue = h.queue)
             or not exists (select from held o where o.group_id = h.group_id and o.queue = h.queue
                 and o.told_at is not null and o.decided_at is null))) as notices";

const STATE: &str = "
    select 'group', coalesce(string_agg(t::text, e'\\n' order by t::text), '') from \"group\" t
    union all select 'group_seq', string_agg((t.group_id, t.seq)::text, e'\\n' order by t.group_id) from group_seq t
    union all select 'membership', coalesce(string_agg(t::text, e'\\n' order by t::text), '') from membership t
    union all select 'post', coalesce(string_agg(t::text, e'\\n' order by t::text), '') from post t
    union all select 'post_group', coalesce(string_agg(t::text, e'\\n' order by t::text), '') from post_group t
    union all select 'vote', coalesce(string_agg(t::text, e'\\n' order by t::text), '') from vote t
    union all select 'report', coalesce(string_agg(t::text, e'\\n' order by t::text), '') from report t
    union all select 'following', coalesce(string_agg(t::text, e'\\n' order by t::text), '') from following t
    union all select 'entry', coalesce(string_agg(t::text, e'\\n' order by t::text), '') from entry t
    union all select 'letter', coalesce(string_agg(t.id::text, e'\\n' order by t.id), '') from letter t
        join destination d on d.id = t.destination_id where d.host <> all($1)
    union all select 'subscription', coalesce(string_agg(concat(t.id, ' ', t.shape, ' ', t.until_seq), e'\\n'
        order by t.id), '') from subscription t
        join destination d on d.id = t.destination_id where d.host <> all($1)
    union all select 'key', coalesce(string_agg(concat(k.iri, ' ', k.pem), e'\\n' order by k.iri), '') from actor_key k
        join actor a on a.id = k.actor_id where a.host <> all($1)
    union all select 'actor', coalesce(string_agg(concat(a.iri, ' ', a.kind, ' ', a.inbox, ' ', a.shared_inbox), e'\\n'
        order by a.iri), '') from actor a where a.host <> all($1)";

pub struct World {
    ground: Ground,
    hand: Manual,
    pub database: Database,
    house: Arc<House>,
    base: String,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<anyhow::Result<()>>,
    ended: bool,
}

impl World {
    /// A server without groups, and nobody around it.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// As [`World::start`], with settings as the environment gives them: `("LIMITS__JSON_DEPTH", "16")`.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let database = Database::create().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let settings = Arc::new(settings_for(&base, &database, settings));
        let start = DateTime::parse_from_rfc3339("2026-06-01T12:00:00Z").unwrap();
        let (clock, hand) = Clock::manual(start.to_utc());
        let house = Arc::new(server::open(settings, clock.clone()).await.unwrap());
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn({
            let house = Arc::clone(&house);
            async move {
                let stopped = async {
                    let _ = stopped.await;
                };
                house.serve(Role::All, Some(listener), stopped).await
            }
        });
        Self {
            ground: Ground::new(clock),
            hand,
            database,
            house,
            base,
            stop: Some(stop),
            serving,
            ended: false,
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub fn house(&self) -> &House {
        &self.house
    }

    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// Moves everybody's clock on.
    pub fn advance(&self, by: TimeDelta) {
        self.hand.advance(by);
    }

    /// Waits for something that takes hours or days: the clock moves on until it is there.
    pub async fn while_time_passes<T>(&self, something: impl IntoFuture<Output = T>) -> T {
        let mut something = std::pin::pin!(something.into_future());
        let mut step = tokio::time::interval(STEP);
        loop {
            tokio::select! {
                there = &mut something => return there,
                _ = step.tick() => self.advance(TimeDelta::seconds(20)),
            }
        }
    }

    /// An open group.
    pub async fn group(&self, name: &str) -> Group {
        self.group_with(name, Policies::default()).await
    }

    pub async fn group_with(&self, name: &str, policies: Policies) -> Group {
        let owner = self.server("newcomer").actor("owner");
        self.group_of(&owner, name, policies).await
    }

    /// A group that somebody owns.
    pub async fn group_of(&self, owner: &Actor, name: &str, policies: Policies) -> Group {
        let new = NewGroup {
            name: name.to_owned(),
            title: format!("The {name}"),
            summary: String::new(),
            owner: Iri::object(&owner.id()).unwrap(),
            policies,
            bridge: None,
        };
        let created = self.house.engine.create_group(new).await.unwrap();
        assert_eq!(created.id, format!("{}/c/{name}", self.base));
        Group { id: created.id }
    }

    /// A server of this software.
    pub fn server(&self, software: &str) -> Server {
        Server::start(software, &self.ground)
    }

    pub fn lemmy(&self) -> Server {
        self.server("lemmy")
    }

    pub fn mastodon(&self) -> Server {
        self.server("mastodon")
    }

    pub fn explainer(&self) -> Server {
        self.server("onepage.pub")
    }

    /// A GET of our server, signed by nobody.
    pub async fn get(&self, url: &str, accept: &str) -> reqwest::Response {
        let answer = self
            .ground
            .client()
            .get(url)
            .header("accept", accept)
            .send()
            .await
            .unwrap();
        self.ground.note(url, &answer);
        answer
    }

    /// A document of our server.
    pub async fn document(&self, url: &str) -> serde_json::Value {
        let answer = self.get(url, "application/activity+json").await;
        assert_eq!(answer.status(), 200, "{url}");
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    /// Looks behind the door: a row of one query, which gives one number.
    pub async fn count(&self, query: &'static str) -> i64 {
        let mut connection = self.database.connect().await;
        sqlx::query_scalar(query)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    /// As [`World::count`], of one text.
    pub async fn text(&self, query: &'static str) -> String {
        let mut connection = self.database.connect().await;
        sqlx::query_scalar(query)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    /// The address of the database, for another process beside the server.
    pub fn database_url(&self) -> String {
        self.database.url()
    }

    /// A connection behind the door, for whoever stands in the way there.
    pub async fn behind(&self) -> PgConnection {
        self.database.connect().await
    }

    /// Waits until a query gives this number.
    ///
    /// # Panics
    /// After [`LIMIT`].
    pub async fn until(&self, query: &'static str, number: i64) {
        let mut connection = self.database.connect().await;
        let mut last: Option<i64> = None;
        let waited = tokio::time::timeout(LIMIT, async {
            let mut look = tokio::time::interval(LOOK);
            while last != Some(number) {
                look.tick().await;
                let row = sqlx::query_scalar(query).fetch_one(&mut connection);
                last = row.await.unwrap();
            }
        });
        assert!(waited.await.is_ok(), "{last:?}, and not {number}: {query}");
    }

    /// What the groups, their people, posts and logs are now, by table. What is only remembered (seen ids, caches of
    /// actors) is not part of it, nor are letters to hosts in `but`.
    pub async fn state(&self, but: &[&str]) -> BTreeMap<String, String> {
        let but: Vec<String> = but.iter().map(|host| (*host).to_owned()).collect();
        let mut connection = self.database.connect().await;
        let rows = sqlx::query(STATE)
            .bind(but)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// Waits until nothing is due any more: everything was sent, refused or parked, and nothing waits to be decided.
    ///
    /// # Panics
    /// After [`LIMIT`], with what is still due.
    pub async fn settles(&self) {
        let mut connection = self.database.connect().await;
        let mut left = String::new();
        let waited = tokio::time::timeout(LIMIT, async {
            let mut look = tokio::time::interval(LOOK);
            loop {
                look.tick().await;
                match due(&mut connection).await {
                    None => return,
                    Some(due) => left = due,
                }
            }
        });
        if waited.await.is_err() {
            panic!("still due: {left}\n{}", failing(&mut connection).await);
        }
    }

    /// The end: nothing is due, nobody complained, nothing was sent twice, and no answer was a 5xx.
    pub async fn end(self) {
        self.settles().await;
        self.ends_loudly(&[]).await;
    }

    /// As [`World::end`], where some complaints are what the test is about: any that holds one of these texts.
    pub async fn ends_loudly(mut self, expected: &[&str]) {
        self.ended = true;
        assert_eq!(self.ground.failures(), Vec::<String>::new(), "answers of 5xx");
        for server in self.ground.servers() {
            let mut complaints = server.complaints();
            complaints.retain(|complaint| !expected.iter().any(|known| complaint.contains(known)));
            assert_eq!(
                complaints,
                Vec::<String>::new(),
                "complaints of {}",
                server.software().name
            );
        }
        self.shut_down().await;
    }

    async fn shut_down(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        (&mut self.serving).await.unwrap().unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        assert!(
            self.ended || std::thread::panicking(),
            "a test ends with world.end().await"
        );
    }
}

/// Settings of a server on loopback that may speak to others on loopback.
fn settings_for(base: &str, database: &Database, more: &[(&str, &str)]) -> Settings {
    let own = [
        ("DATA_DIR", "/nonexistent"),
        ("SERVER__LISTEN", base.trim_start_matches("http://")),
        ("SERVER__PUBLIC_URL", base),
        ("DATABASE__URL", &database.url()),
        ("DATABASE__CONNECTIONS", "6"),
        ("METRICS__BIND", ""),
        ("FEDERATION__ALLOW_HTTP", "true"),
        ("FEDERATION__ALLOW_PRIVATE_ADDRESSES", "127.0.0.0/8"),
        // All peers share one address here.
        ("LIMITS__REQUESTS_PER_MINUTE", "1000000"),
        ("LIMITS__BAD_SIGNATURES_PER_MINUTE", "1000000"),
        // One of them may be a load.
        ("LIMITS__INBOX_PER_MINUTE_PER_ACTOR", "1000000"),
    ];
    let all: BTreeMap<_, _> = own.iter().chain(more).copied().collect();
    let env = all
        .into_iter()
        .map(|(key, value)| (format!("FOLKMOOT__{key}"), value.to_owned()));
    // A file of our own: the machine's is not ours to read.
    let nothing = tempfile::NamedTempFile::new().unwrap();
    config::load(Some(nothing.path()), env).unwrap()
}

/// What is still to be done, in words.
pub async fn due(connection: &mut PgConnection) -> Option<String> {
    let row = sqlx::query(DUE).fetch_one(connection).await.unwrap();
    let kinds = ["entries", "letters", "undecided", "received", "notices"];
    let counts = kinds.map(|kind| (kind, row.get::<i64, _>(kind)));
    counts
        .iter()
        .any(|(_, count)| *count > 0)
        .then(|| format!("{counts:?}"))
}

/// The destinations that fail, and why.
pub async fn failing(connection: &mut PgConnection) -> String {
    let query = "select inbox || ': ' || coalesce(last_error, 'no error') || ', next try ' || \
                 coalesce(next_try::text, 'now') from destination";
    let lines: Vec<String> = sqlx::query_scalar(query).fetch_all(connection).await.unwrap();
    lines.join("\n")
}
