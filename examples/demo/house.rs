//! The real server: the program beside this one, as a child process on a directory that is gone afterwards.
//!
//! One rule: nothing of it stays, however the demo ends: not the process, not its Postgres, not its directory.

use std::fs::{File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use folkmoot::cluster::{Cluster, Options};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// How long it may take to start on a new directory, or to stop.
const LIMIT: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(10);
/// How much of its log is shown when something went wrong.
const LOG_LINES: usize = 20;

/// The server and its commands. Clones are the same one.
#[derive(Clone)]
pub(crate) struct House(Arc<Inner>);

struct Inner {
    program: PathBuf,
    /// `http://127.0.0.1:PORT`.
    base: String,
    dir: Mutex<Option<TempDir>>,
    server: Mutex<Option<Child>>,
    /// Held while a command runs, and by whoever closes the house.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl House {
    /// Starts the server; [`House::is_ready`] waits for it.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let program = program()?;
        let dir = tempfile::Builder::new().prefix("folkmoot-demo-").tempdir()?;
        // As root, the server's Postgres runs as somebody else, who must get to its own directory in here.
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o711))?;
        // The machine's own settings are not ours to read.
        File::create(dir.path().join("config.toml"))?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let house = Self(Arc::new(Inner {
            program,
            base: format!("http://127.0.0.1:{port}"),
            dir: Mutex::new(Some(dir)),
            server: Mutex::default(),
            turn: Arc::default(),
        }));
        let log = File::create(house.dir().join("server.log"))?;
        let mut serve = house.command();
        // A group of its own: Ctrl-C is for us, who then stop it.
        serve
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0);
        *lock(&house.0.server) = Some(serve.spawn().context("the server does not start")?);
        Ok(house)
    }

    pub(crate) fn base(&self) -> &str {
        &self.0.base
    }

    /// The program that runs, as one would call it from here.
    pub(crate) fn program(&self) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        let program = self.0.program.strip_prefix(here).unwrap_or(&self.0.program);
        program.display().to_string()
    }

    /// Waits until it answers.
    pub(crate) async fn is_ready(&self, client: &reqwest::Client) -> anyhow::Result<()> {
        let begun = Instant::now();
        let url = format!("{}/readyz", self.0.base);
        while begun.elapsed() < LIMIT {
            if let Some(status) = self.has_ended()? {
                anyhow::bail!("the server ended at once: {status}");
            }
            if client
                .get(&url)
                .send()
                .await
                .is_ok_and(|answer| answer.status() == 200)
            {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        anyhow::bail!("the server does not answer")
    }

    /// Runs one of its commands while it serves, as an operator would.
    pub(crate) async fn runs(&self, line: &[&str]) -> anyhow::Result<String> {
        let turn = Arc::clone(&self.0.turn).lock_owned().await;
        anyhow::ensure!(lock(&self.0.dir).is_some(), "the house is closed");
        let mut command = self.command();
        command.args(line);
        let ran = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            command.output()
        });
        let output = ran.await??;
        let said = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        anyhow::ensure!(
            output.status.success(),
            "folkmoot {}: {said}{error}",
            line.join(" ")
        );
        Ok(said)
    }

    /// The last lines of its log.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.dir().join("server.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }

    /// Stops the server, which stops its Postgres, and removes all that it wrote.
    pub(crate) async fn close(&self) -> anyhow::Result<()> {
        let _turn = self.0.turn.lock().await;
        let server = lock(&self.0.server).take();
        let stopped = match server {
            Some(child) => stop(child).await,
            None => Ok(()),
        };
        self.stop_orphans().await?;
        if let Some(dir) = lock(&self.0.dir).take() {
            dir.close().context("the temporary directory")?;
        }
        stopped
    }

    /// A server that died has left its Postgres running: adopts and stops it.
    async fn stop_orphans(&self) -> anyhow::Result<()> {
        let data_dir = self.data_dir();
        if data_dir.join("postgres/postmaster.pid").exists() {
            let options = Options {
                data_dir: &data_dir,
                binaries: None,
                throwaway: true,
            };
            Cluster::open(options).await?.close().await?;
        }
        Ok(())
    }

    fn has_ended(&self) -> anyhow::Result<Option<std::process::ExitStatus>> {
        lock(&self.0.server)
            .as_mut()
            .map_or(Ok(None), |server| Ok(server.try_wait()?))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.0.program);
        let address = self.0.base.trim_start_matches("http://");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("FOLKMOOT__") {
                command.env_remove(name);
            }
        }
        command
            .arg("--config")
            .arg(self.dir().join("config.toml"))
            .env("FOLKMOOT__DATA_DIR", self.data_dir())
            .env("FOLKMOOT__SERVER__LISTEN", address)
            .env("FOLKMOOT__SERVER__PUBLIC_URL", self.base())
            .env("FOLKMOOT__METRICS__BIND", "")
            .env("FOLKMOOT__FEDERATION__ALLOW_HTTP", "true")
            .env("FOLKMOOT__FEDERATION__ALLOW_PRIVATE_ADDRESSES", "127.0.0.0/8");
        command
    }

    fn data_dir(&self) -> PathBuf {
        self.dir().join("data")
    }

    fn dir(&self) -> PathBuf {
        let dir = lock(&self.0.dir);
        dir.as_ref().map(|dir| dir.path().to_owned()).unwrap_or_default()
    }
}

/// `folkmoot`, built together with this program: the examples' directory lies beside it.
fn program() -> anyhow::Result<PathBuf> {
    let me = std::env::current_exe()?;
    let program = me.parent().and_then(Path::parent).map(|dir| dir.join("folkmoot"));
    let program = program.filter(|program| program.is_file());
    program.context("there is no folkmoot beside this program; `make demo` builds both")
}

/// Asks it to finish, and insists when it does not.
async fn stop(mut server: Child) -> anyhow::Result<()> {
    let pid = Pid::from_raw(i32::try_from(server.id())?);
    let begun = Instant::now();
    if server.try_wait()?.is_none() {
        kill(pid, Signal::SIGTERM)?;
    }
    while begun.elapsed() < LIMIT {
        if let Some(status) = server.try_wait()? {
            anyhow::ensure!(status.success(), "the server ended with {status}");
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    server.kill()?;
    server.wait()?;
    anyhow::bail!("the server did not stop within {} s", LIMIT.as_secs())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
