//! A server that can be killed, the servers around it, and the book that is kept of them.
//!
//! One rule: everybody has joined and been accepted before anything goes wrong, so what is due follows from what was said.

use std::sync::Arc;
use std::time::Duration;

use folkmoot::clock::Clock;
use folkmoot::cluster::{Cluster, Options};
use futures_util::future::join_all;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::counts::Counts;
use crate::ledger::{Ledger, Listener};
use crate::log::{Log, half_states};
use crate::neighbours::{Neighbour, Way, settle};
use crate::own::own_word;
use crate::support::peer::{Actor, Ground, Group, Server};
use crate::support::process::{Program, Serving};
use crate::support::versia::{OURS, played};
use crate::support::world::{due, failing};

/// How often what arrived is written into the book.
const COLLECT: Duration = Duration::from_millis(10);
/// How long everything that is due may take once nothing goes wrong any more: lanes may be backing off by then.
const SETTLES: Duration = Duration::from_secs(150);

/// What a scene is made of.
pub struct Plan {
    /// The private Postgres that an installation has by default; else a database of the one that all tests share,
    /// which syncs nothing.
    pub private: bool,
    /// One server with one member each.
    pub servers: &'static [&'static str],
    /// Servers whose people are in no group yet.
    pub guests: &'static [&'static str],
    /// Domains of Versia with one member each, by these ways.
    pub ways: &'static [Way],
    pub groups: usize,
}

pub const FEW: &[&str] = &["lemmy", "mastodon", "onepage.pub"];
pub const MANY: &[&str] = &[
    "lemmy",
    "mastodon",
    "onepage.pub",
    "mbin",
    "gotosocial",
    "piefed",
    "misskey",
    "mitra",
    "pleroma",
    "lemmy",
];

pub struct Scene {
    pub program: Program,
    pub ground: Ground,
    pub ledger: Arc<Ledger>,
    pub groups: Vec<Group>,
    /// One for each server; their places are the ledger's ears.
    pub members: Vec<Actor>,
    /// The ears behind those.
    pub guests: Vec<Actor>,
    /// And behind those.
    pub neighbours: Vec<Neighbour>,
    collector: AbortHandle,
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.collector.abort();
    }
}

impl Scene {
    /// A server with groups that everybody is in; it has been stopped again.
    pub async fn open(plan: &Plan) -> Self {
        let mut program = if plan.private {
            Program::with_private_postgres()
        } else {
            Program::new().await
        };
        // All peers share one address here.
        for limit in [
            "REQUESTS_PER_MINUTE",
            "INBOX_PER_MINUTE_PER_HOST",
            "INBOX_PER_MINUTE_PER_ACTOR",
            "BAD_SIGNATURES_PER_MINUTE",
        ] {
            program.set(&format!("LIMITS__{limit}"), "10000000");
        }
        program.set("DATABASE__CONNECTIONS", "10");
        Self::of(program, plan).await
    }

    /// As [`Scene::open`], of a program that is there.
    pub async fn of(mut program: Program, plan: &Plan) -> Self {
        let neighbours = settle(plan.ways, plan.servers.len() + plan.guests.len()).await;
        if !neighbours.is_empty() {
            program.set("VERSIA__DOMAIN", OURS);
            let domains = neighbours.iter().map(|neighbour| &neighbour.domain);
            program.set("VERSIA__DEV_RESOLVE", &played(domains));
        }
        let ground = Ground::new(Clock::system());
        let server = |software: &&str| Server::start(software, &ground);
        let servers: Vec<Server> = plan.servers.iter().chain(plan.guests).map(server).collect();
        let mut members: Vec<Actor> = servers.iter().map(|server| server.actor("ann")).collect();
        let guests = members.split_off(plan.servers.len());
        let serving = program.serve().await;
        let mut groups = Vec::new();
        for number in 0..plan.groups {
            groups.push(program.group(&format!("g{number}"), &members[0]).await);
        }
        for group in &groups {
            join_all(members.iter().map(|member| member.clone().follows(group))).await;
        }
        for neighbour in &neighbours {
            neighbour.joins(&ground, &program.base(), &groups).await;
        }
        for server in &servers {
            // So far everybody has been accepted, and that is all.
            server
                .0
                .record
                .heard
                .lock()
                .unwrap()
                .retain(|heard| own_word(heard).is_some());
        }
        let domains = neighbours.iter().map(Neighbour::listener);
        let ears = servers.into_iter().map(Listener::Server).chain(domains);
        let ledger = Arc::new(Ledger::new(ears));
        let collector = tokio::spawn(collect(Arc::clone(&ledger))).abort_handle();
        let scene = Self {
            program,
            ground,
            ledger,
            groups,
            members,
            guests,
            neighbours,
            collector,
        };
        scene.settles().await;
        serving.stop().await;
        scene
    }

    /// A look behind the door. The server runs.
    pub async fn look(&self) -> PgConnection {
        if let Some(database) = &self.program.database {
            return database.connect().await;
        }
        let options = Options {
            data_dir: &self.program.dir.path().join("data"),
            binaries: None,
            throwaway: false,
        };
        let cluster = Cluster::open(options).await.unwrap();
        let connection = PgConnectOptions::new_without_pgpass()
            .socket(cluster.socket_dir())
            .username(cluster.user())
            .database(cluster.database())
            .connect()
            .await;
        cluster.close().await.unwrap();
        connection.unwrap()
    }

    /// Waits until nothing is due any more, by the tables and by the book.
    ///
    /// # Panics
    /// If something stays due.
    pub async fn settles(&self) {
        let mut connection = self.look().await;
        let waiting = async {
            while due(&mut connection).await.is_some() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        if timeout(SETTLES, waiting).await.is_err() {
            let left = due(&mut connection).await;
            panic!(
                "still due: {left:?}\n{}\n{}",
                failing(&mut connection).await,
                self.program.said()
            );
        }
        // What was answered is written into the book a moment later.
        let written = async {
            while self.ledger.collect() > 0 {
                sleep(COLLECT).await;
            }
        };
        written.await;
    }

    /// Waits until something that must happen did.
    ///
    /// # Panics
    /// If it does not, with the server's last words.
    pub async fn until(&self, what: &str, limit: Duration, happened: impl Fn() -> bool) {
        let begun = Instant::now();
        while !happened() {
            let patient = begun.elapsed() < limit;
            assert!(
                patient,
                "{what} did not happen in {limit:?}\n{}",
                self.program.said()
            );
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Reckons up, and stops the server. `causes`: how many duplicates each destination may have had.
    pub async fn ends(self, serving: Serving, causes: usize) -> Counts {
        self.settles().await;
        let counts = self.reckons(causes).await;
        serving.stop().await;
        counts
    }

    /// What it has come to so far. Nothing is due.
    pub async fn reckons(&self, causes: usize) -> Counts {
        let look = &mut self.look().await;
        let mut counts = reckon(&self.ledger, look, &self.program.base(), causes).await;
        counts.wrong.extend(self.ground.failures());
        counts
    }
}

/// Compares the book with the log of the server at this address.
pub async fn reckon(ledger: &Ledger, look: &mut PgConnection, base: &str, causes: usize) -> Counts {
    let log = Log::read(look, base).await;
    let mut counts = ledger.counts(&log, causes);
    counts.wrong.extend(half_states(look).await);
    counts
}

async fn collect(ledger: Arc<Ledger>) {
    loop {
        ledger.collect();
        sleep(COLLECT).await;
    }
}
