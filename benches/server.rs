//! The server under test: the program itself, as a process of its own.
//!
//! One rule: it is built, configured and started as an operator would; the limits are raised, for all of the world is
//! on one address here, and figures are counted, on whatever port is free.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::authority;

/// How long it may take to start, or to stop.
const LIMIT: Duration = Duration::from_secs(60);

/// Where it is installed.
#[derive(Clone, Debug)]
pub(crate) struct House {
    dir: PathBuf,
    /// `127.0.0.1:PORT`
    listen: String,
}

/// One that runs.
pub(crate) struct Server {
    child: Child,
    pub(crate) pid: i32,
    log: PathBuf,
}

impl House {
    /// Writes the settings.
    pub(crate) fn new(dir: &Path, connections: u32) -> anyhow::Result<Self> {
        let listen = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .to_string();
        let settings = format!(
            "data_dir = \"{}\"\n\
             [server]\nlisten = \"{listen}\"\n\
             [database]\nconnections = {connections}\n\
             [federation]\nallow_http = true\nallow_private_addresses = [\"127.0.0.0/8\"]\n\
             [limits]\nrequests_per_minute = 10000000\ninbox_per_minute_per_host = 10000000\n\
             inbox_per_minute_per_actor = 10000000\n\
             bad_signatures_per_minute = 10000000\n\
             [metrics]\nbind = \"127.0.0.1:0\"\n",
            dir.join("data").display(),
        );
        std::fs::write(dir.join("config.toml"), settings)?;
        Ok(Self {
            dir: dir.to_owned(),
            listen,
        })
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.listen)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("FOLKMOOT") || name == "DATABASE_URL" {
                command.env_remove(&*name);
            }
        }
        command
            .arg("--config")
            .arg(self.dir.join("config.toml"))
            .args(words)
            // The roots that are trusted on this machine, for its TLS library: those of the benches only.
            .env("SSL_CERT_FILE", authority::certificate(&self.dir))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a command of an operator's to its end.
    pub(crate) async fn runs(&self, words: &[&str]) -> anyhow::Result<String> {
        let output = timeout(LIMIT * 10, self.command(words).output()).await;
        let output = output.with_context(|| format!("`folkmoot {}` does not end", words.join(" ")))??;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(
            output.status.success(),
            "`folkmoot {}`: {said}{error}",
            words.join(" ")
        );
        Ok(said)
    }

    /// Starts a server, and waits until it answers; one that only delivers is ready when it says so.
    pub(crate) async fn serves(&self, role: &str, name: &str) -> anyhow::Result<Server> {
        let log = self.dir.join(format!("{name}.log"));
        let banner = self.dir.join(format!("{name}.out"));
        let mut child = self
            .command(&["serve", "--role", role])
            .stdout(File::create(&banner)?)
            .stderr(File::create(&log)?)
            .spawn()?;
        let pid = i32::try_from(child.id().context("it ended at once")?)?;
        let begun = Instant::now();
        while !self.is_ready(role, &banner).await {
            if let Some(status) = child.try_wait()? {
                anyhow::bail!("the server ended: {status}\n{}", tail(&log));
            }
            anyhow::ensure!(
                begun.elapsed() < LIMIT,
                "the server does not answer\n{}",
                tail(&log)
            );
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Server { child, pid, log })
    }

    async fn is_ready(&self, role: &str, banner: &Path) -> bool {
        if role == "delivery" {
            return std::fs::metadata(banner).is_ok_and(|banner| banner.len() > 0);
        }
        let client = reqwest::Client::builder().no_proxy().build();
        let Ok(client) = client else { return false };
        let answer = client.get(format!("{}/readyz", self.base())).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }
}

impl Server {
    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stops(mut self) -> anyhow::Result<()> {
        kill(Pid::from_raw(self.pid), Signal::SIGTERM)?;
        let ended = timeout(LIMIT, self.child.wait()).await;
        let ended = ended.context("the server does not stop")??;
        anyhow::ensure!(ended.success(), "the server ended: {ended}\n{}", tail(&self.log));
        Ok(())
    }

    /// kill -9.
    pub(crate) async fn kills(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// The end of a log, for whoever asks why.
fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
