//! The program as a process of its own: the server that can be killed, and the commands beside it.
//!
//! One rule: nothing of this machine's settings is read, and no process outlives its test.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Child;

use super::database::Database;
use super::peer::{Actor, Group, LIMIT};

/// The next port to try: below those that systems hand out by themselves, so nobody else takes it in between.
static PORT: AtomicU16 = AtomicU16::new(0);

/// One installation: a data directory, a database, an address.
pub struct Program {
    pub dir: TempDir,
    /// None: a private Postgres.
    pub database: Option<Database>,
    pub listen: String,
    /// Variables of its environment.
    pub more: Vec<(String, String)>,
}

/// A server that runs.
pub struct Serving {
    pub child: Child,
}

/// What a command came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// # Panics
    /// If it did not succeed.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// What it answered, for programs.
    #[track_caller]
    pub fn json(self) -> Value {
        let ran = self.ok();
        serde_json::from_str(&ran.out).unwrap_or_else(|why| panic!("{why}: {ran:?}"))
    }

    /// It failed with this exit code, saying all of these, and nothing else went out.
    #[track_caller]
    pub fn fails(self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.out.is_empty(), "{self:?}");
        let said = match serde_json::from_str::<Value>(&self.err) {
            Ok(said) => said["error"].as_str().map(ToOwned::to_owned),
            Err(_) => self.err.strip_prefix("folkmoot: ").map(ToOwned::to_owned),
        };
        let said = said.unwrap_or_else(|| panic!("{self:?}"));
        for word in words {
            assert!(said.contains(word), "no {word:?} in {said}");
        }
        assert!(!self.err.contains("panicked"), "{self:?}");
    }
}

impl Program {
    /// On a database of the shared cluster.
    pub async fn new() -> Self {
        Self::on(Some(Database::create().await))
    }

    /// With its own private Postgres, made at the first start.
    pub fn with_private_postgres() -> Self {
        Self::on(None)
    }

    /// On this database; None: with a private Postgres.
    pub fn on(database: Option<Database>) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("folkmoot-program-")
            .tempdir()
            .unwrap();
        std::fs::write(dir.path().join("config.toml"), "").unwrap();
        Self {
            dir,
            database,
            listen: free_address(),
            more: Vec::new(),
        }
    }

    /// Another setting, as the environment gives it: `SERVER__LISTEN`.
    pub fn set(&mut self, key: &str, value: &str) {
        self.more.push((format!("FOLKMOOT__{key}"), value.to_owned()));
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// Writes the file of settings.
    pub fn configures(&self, text: &str) {
        std::fs::write(self.dir.path().join("config.toml"), text).unwrap();
    }

    /// From now on its data says that it is a test.
    pub fn is_marked_as_test(&self) {
        let data = self.dir.path().join("data");
        std::fs::create_dir_all(&data).unwrap();
        std::fs::write(data.join("TEST"), "").unwrap();
    }

    /// What it keeps everything in.
    pub fn database_of_ours(&self) -> &Database {
        self.database.as_ref().unwrap()
    }

    /// Runs a statement in its database, behind its back.
    pub async fn database(&self, statement: &'static str) {
        let mut connection = self.database_of_ours().connect().await;
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    }

    /// The program, about to run with these words.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
        let is_setting = |name: &str| name.starts_with("FOLKMOOT") || name == "DATABASE_URL";
        for (name, _) in std::env::vars().filter(|(name, _)| is_setting(name)) {
            command.env_remove(name);
        }
        let own = [
            ("DATA_DIR", self.dir.path().join("data").display().to_string()),
            ("SERVER__LISTEN", self.listen.clone()),
            ("FEDERATION__ALLOW_HTTP", "true".to_owned()),
            ("FEDERATION__ALLOW_PRIVATE_ADDRESSES", "127.0.0.0/8".to_owned()),
            ("DATABASE__CONNECTIONS", "6".to_owned()),
            ("METRICS__BIND", String::new()),
        ];
        let url = self
            .database
            .iter()
            .map(|database| ("DATABASE__URL", database.url()));
        for (key, value) in own.into_iter().chain(url) {
            command.env(format!("FOLKMOOT__{key}"), value);
        }
        for (name, value) in &self.more {
            command.env(name, value);
        }
        command
            .arg("--config")
            .arg(self.dir.path().join("config.toml"))
            .args(words);
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, words: &[&str]) -> Ran {
        let mut command = self.command(words);
        let output = tokio::task::spawn_blocking(move || command.output())
            .await
            .unwrap()
            .unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts the server, and waits until it answers.
    pub async fn serve(&self) -> Serving {
        let serving = self.start(&["serve"]);
        self.answers(serving).await
    }

    /// Starts a server of this role.
    pub async fn serve_as(&self, role: &str) -> Serving {
        let serving = self.start(&["serve", "--role", role]);
        self.answers(serving).await
    }

    /// Starts it with these words, and waits for nothing.
    pub fn start(&self, words: &[&str]) -> Serving {
        let log = std::fs::File::create(self.log()).unwrap();
        let mut command = tokio::process::Command::from(self.command(words));
        let child = command
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn();
        Serving {
            child: child.unwrap(),
        }
    }

    /// Waits until the server answers.
    pub async fn answers(&self, mut serving: Serving) -> Serving {
        let ready = format!("{}/readyz", self.base());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answers = tokio::time::timeout(LIMIT, async {
            let mut look = tokio::time::interval(Duration::from_millis(20));
            loop {
                look.tick().await;
                let ended = serving.child.try_wait().unwrap();
                assert!(ended.is_none(), "the server ended: {}", self.said());
                if client
                    .get(&ready)
                    .send()
                    .await
                    .is_ok_and(|answer| answer.status() == 200)
                {
                    return;
                }
            }
        });
        assert!(
            answers.await.is_ok(),
            "the server does not answer: {}",
            self.said()
        );
        serving
    }

    /// An open group, made by the command for it.
    pub async fn group(&self, name: &str, owner: &Actor) -> Group {
        let owner = owner.id();
        let words = ["group", "create", name, "--title", "A group", "--owner", &owner];
        self.run(&words).await.ok();
        Group {
            id: format!("{}/c/{name}", self.base()),
        }
    }

    /// What the server wrote into its log since it started.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> std::path::PathBuf {
        self.dir.path().join("log")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.database.is_none() {
            // Whoever uses the private Postgres last stops it, also where a server was killed.
            let _ = self.command(&["queue", "status"]).output();
        }
    }
}

impl Serving {
    /// kill -9.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(self) {
        self.is_asked_to_stop();
        self.ends().await;
    }

    /// SIGTERM.
    pub fn is_asked_to_stop(&self) {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), nix::sys::signal::SIGTERM).unwrap();
    }

    /// Waits until it has ended, well.
    pub async fn ends(mut self) {
        let ended = tokio::time::timeout(LIMIT, self.child.wait())
            .await
            .unwrap()
            .unwrap();
        assert!(ended.success(), "{ended}");
    }
}

/// An address on loopback that nobody has.
pub fn free_address() -> String {
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    PORT.compare_exchange(0, first, Ordering::Relaxed, Ordering::Relaxed)
        .ok();
    loop {
        let address = format!("127.0.0.1:{}", PORT.fetch_add(1, Ordering::Relaxed));
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}
