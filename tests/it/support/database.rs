//! One Postgres for the whole test run, one database per world.
//!
//! One rule: nothing is left behind, however the run ends: the cluster perishes with this process.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use folkmoot::clock::Clock;
use folkmoot::cluster::{Cluster, Options};
use folkmoot::store::{Origin, Store};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

/// What Postgres calls its socket.
pub const SOCKET: &str = ".s.PGSQL.5432";

/// Migrated once; every world's database is a copy.
const TEMPLATE: &str = "template_world";

struct Shared {
    socket_dir: PathBuf,
    user: String,
    /// Held until the process ends.
    _cluster: Cluster,
}

static SHARED: OnceLock<Shared> = OnceLock::new();
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A database of its own, with our tables in it.
#[derive(Clone, Debug)]
pub struct Database {
    pub name: String,
}

impl Database {
    /// An empty one.
    pub async fn create() -> Self {
        // Each test has a runtime of its own; what all of them share outlives any.
        let shared = tokio::task::spawn_blocking(|| SHARED.get_or_init(on_a_thread_of_its_own));
        let shared = shared.await.unwrap();
        let name = format!("world_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        shared
            .run(&format!("create database {name} template {TEMPLATE}"))
            .await;
        Self { name }
    }

    /// As `database.url` takes it.
    pub fn url(&self) -> String {
        self.url_through(&self.shared().socket_dir)
    }

    /// The same, by another directory for the socket.
    pub fn url_through(&self, dir: &Path) -> String {
        let dir = url::form_urlencoded::byte_serialize(dir.as_os_str().as_encoded_bytes());
        let dir: String = dir.collect();
        format!("postgres:///{}?host={dir}&user={}", self.name, self.shared().user)
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.shared().socket_dir.join(SOCKET)
    }

    fn shared(&self) -> &'static Shared {
        let Some(shared) = SHARED.get() else {
            unreachable!("a database was made")
        };
        shared
    }

    /// From now on nobody is let in, and whoever was in is put out.
    pub async fn goes_away(&self) {
        let name = &self.name;
        let shut = format!("alter database {name} with allow_connections false");
        let out = format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
        for statement in [shut, out] {
            SHARED.get().unwrap().run(&statement).await;
        }
    }

    pub async fn comes_back(&self) {
        let open = format!("alter database {} with allow_connections true", self.name);
        SHARED.get().unwrap().run(&open).await;
    }

    /// A connection, to look at what is due.
    pub async fn connect(&self) -> PgConnection {
        SHARED.get().unwrap().connect(&self.name).await
    }
}

fn on_a_thread_of_its_own() -> Shared {
    let thread = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(Shared::open())
    });
    thread.join().unwrap()
}

impl Shared {
    async fn open() -> Self {
        let data_dir = tempfile::Builder::new()
            .prefix("folkmoot-tests-")
            .tempdir()
            .unwrap()
            .keep();
        let options = Options {
            data_dir: &data_dir,
            binaries: None,
            throwaway: true,
        };
        let mut cluster = Cluster::open(options).await.unwrap();
        cluster.perish_with_owner().unwrap();
        let shared = Self {
            socket_dir: cluster.socket_dir().to_owned(),
            user: cluster.user().to_owned(),
            _cluster: cluster,
        };
        shared.run(&format!("create database {TEMPLATE}")).await;
        let origin = Origin::Socket {
            dir: &shared.socket_dir,
            user: &shared.user,
            database: TEMPLATE,
        };
        let store = Store::connect(&origin, 2, Clock::system()).await.unwrap();
        store.migrate().await.unwrap();
        store.close().await;
        shared
    }

    async fn connect(&self, database: &str) -> PgConnection {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket_dir)
            .username(&self.user)
            .database(database)
            .connect()
            .await
            .unwrap()
    }

    async fn run(&self, statement: &str) {
        let mut connection = self.connect("postgres").await;
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }
}
