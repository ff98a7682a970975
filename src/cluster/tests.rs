//! The life of a cluster, with a real Postgres.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::*;

/// A data directory that the database user can reach, also when the tests run as root. Whatever still runs in it
/// at the end is stopped, so that a failed test leaves nothing behind.
struct Home {
    _dir: tempfile::TempDir,
    data_dir: PathBuf,
}

impl Home {
    fn new() -> Self {
        Self::below("")
    }

    fn below(sub: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let data_dir = dir.path().join(sub).join("data");
        Self { _dir: dir, data_dir }
    }

    fn options(&self) -> Options<'_> {
        Options {
            data_dir: &self.data_dir,
            binaries: None,
            throwaway: true,
        }
    }

    async fn open(&self) -> Cluster {
        Cluster::open(self.options()).await.unwrap()
    }

    fn place(&self) -> Place {
        Place::prepare(&self.data_dir).unwrap()
    }

    fn pid(&self) -> i32 {
        let text = std::fs::read_to_string(self.place().pid_file()).unwrap();
        text.lines().next().unwrap().parse().unwrap()
    }

    fn processes(&self) -> Vec<i32> {
        processes::on(&self.place())
    }

    async fn answers(&self) -> Answer {
        probe::ask(&self.place().socket()).await.unwrap()
    }

    /// As the out-of-memory killer would; returns when every process is gone.
    async fn kill_server(&self) {
        kill(Pid::from_raw(self.pid()), Signal::SIGKILL).unwrap();
        while !self.processes().is_empty() {
            sleep(LOOK).await;
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Ok(place) = Place::prepare(&self.data_dir) {
            for pid in processes::on(&place) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
            }
        }
    }
}

#[tokio::test]
async fn a_cold_start_makes_a_cluster_that_sqlx_can_use() {
    let home = Home::new();
    let cluster = home.open().await;
    let options = sqlx::postgres::PgConnectOptions::new_without_pgpass()
        .socket(cluster.socket_dir())
        .username(cluster.user())
        .database(cluster.database());
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let mut ask = async |setting: &'static str| -> String {
        sqlx::query_scalar("select current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    };
    assert_eq!(ask("listen_addresses").await, "");
    assert_eq!(ask("server_encoding").await, "UTF8");
    assert_eq!(ask("data_checksums").await, "on");
    assert_eq!(ask("fsync").await, "off");
    cluster.close().await.unwrap();
    assert!(home.processes().is_empty());
    assert_eq!(home.answers().await, Answer::Nobody);
}

#[tokio::test]
async fn a_real_one_is_durable() {
    let home = Home::new();
    let cluster = Cluster::open(Options {
        throwaway: false,
        ..home.options()
    })
    .await
    .unwrap();
    let options = sqlx::postgres::PgConnectOptions::new_without_pgpass()
        .socket(cluster.socket_dir())
        .username(cluster.user())
        .database(cluster.database());
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let value: String = sqlx::query_scalar("select current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(value, "on", "{setting}");
    }
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn the_server_outlives_its_owner_and_is_adopted() {
    let home = Home::new();
    drop(home.open().await);
    let before = home.pid();
    assert_eq!(home.answers().await, Answer::Ready);

    let cluster = home.open().await;
    assert_eq!(home.pid(), before);
    cluster.close().await.unwrap();
    assert!(home.processes().is_empty());
}

#[tokio::test]
async fn two_share_one_server_and_the_last_one_stops_it() {
    let home = Home::new();
    let (ann, bob) = tokio::join!(home.open(), home.open());
    let pid = home.pid();
    ann.close().await.unwrap();
    assert_eq!(home.answers().await, Answer::Ready);
    assert_eq!(home.pid(), pid);
    bob.close().await.unwrap();
    assert!(home.processes().is_empty());
}

#[tokio::test]
async fn data_survives_a_stop_and_a_start() {
    let home = Home::new();
    home.open().await.close().await.unwrap();
    let made = home
        .data_dir
        .join("postgres/PG_VERSION")
        .metadata()
        .unwrap()
        .modified()
        .unwrap();
    let cluster = home.open().await;
    assert_eq!(
        home.data_dir
            .join("postgres/PG_VERSION")
            .metadata()
            .unwrap()
            .modified()
            .unwrap(),
        made
    );
    cluster.close().await.unwrap();
}

/// What a container leaves behind: pid files that name a process which lives, and is somebody else.
#[tokio::test]
async fn a_pid_file_that_names_a_stranger_does_no_harm() {
    let home = Home::new();
    drop(home.open().await);
    let stale = std::fs::read_to_string(home.place().pid_file()).unwrap();
    home.kill_server().await;

    // Of the database's own user: Postgres would take this one for its predecessor.
    let mut stranger = home
        .place()
        .runner
        .command(Path::new("/bin/sleep"))
        .arg("600")
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let pid = stranger.id().unwrap();
    let rest = stale.split_once('\n').unwrap().1;
    std::fs::write(home.place().pid_file(), format!("{pid}\n{rest}")).unwrap();
    let socket_lock = home.place().socket_dir.join(".s.PGSQL.5432.lock");
    std::fs::write(&socket_lock, format!("{pid}\n")).unwrap();

    let cluster = home.open().await;
    assert_ne!(home.pid().cast_unsigned(), pid);
    cluster.close().await.unwrap();
    assert!(
        stranger.try_wait().unwrap().is_none(),
        "the stranger was stopped in place of the server"
    );
    stranger.kill().await.unwrap();
}

/// Its server may live where we cannot see it: in another container, its socket in a /tmp of its own.
#[tokio::test]
async fn a_silent_directory_that_somebody_else_uses_is_left_alone() {
    let home = Home::new();
    std::fs::create_dir_all(&home.data_dir).unwrap();
    std::fs::set_permissions(&home.data_dir, PermissionsExt::from_mode(0o711)).unwrap();
    let mut other = Locks::beside(&home.data_dir).unwrap();
    let turn = other.turn().await.unwrap();
    other.enter(&turn).unwrap();
    other.share(&turn).unwrap();
    let alone = Locks::beside(&home.data_dir).unwrap().enter(&turn).unwrap();
    let pid_file = home.data_dir.join("postgres/postmaster.pid");
    std::fs::create_dir(pid_file.parent().unwrap()).unwrap();
    std::fs::write(&pid_file, "1\n").unwrap();

    let error = settle(&home.place(), &home.options(), alone, Duration::ZERO)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Silent { .. }), "{error}");
    assert!(pid_file.exists());
}

#[tokio::test]
async fn what_a_killed_initdb_left_is_swept_away() {
    let home = Home::new();
    std::fs::create_dir_all(home.data_dir.join("postgres.new/base")).unwrap();
    home.open().await.close().await.unwrap();
    assert!(!home.data_dir.join("postgres.new").exists());
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_works() {
    let home = Home::below(&"long/".repeat(25));
    let cluster = home.open().await;
    let socket_dir = cluster.socket_dir().to_owned();
    assert!(socket_dir.starts_with("/tmp/"));
    assert_eq!(
        std::fs::metadata(&socket_dir).unwrap().permissions().mode() & 0o777,
        0o700
    );
    cluster.close().await.unwrap();
    assert!(!socket_dir.exists());
}

#[tokio::test]
async fn a_server_that_cannot_start_shows_the_end_of_its_log() {
    let home = Home::new();
    home.open().await.close().await.unwrap();
    let configuration = home.data_dir.join("postgres/postgresql.conf");
    std::fs::write(configuration, "no_such_setting = 1\n").unwrap();
    let error = Cluster::open(home.options()).await.unwrap_err().to_string();
    assert!(error.contains("no_such_setting"), "{error}");
}

#[tokio::test]
async fn a_test_cluster_perishes_with_its_owner() {
    let home = Home::new();
    let mut cluster = home.open().await;
    cluster.perish_with_owner().unwrap();
    drop(cluster);
    while home.data_dir.exists() {
        sleep(LOOK).await;
    }
}
