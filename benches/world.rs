//! What a bench stands on: a server on a database of its own, everybody else's servers, and those who post.
//!
//! One rule: nothing of it stays, however the bench ends: the warden sees to that.

use std::fs::Permissions;
use std::io::Write as _;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use crate::database::Database;
use crate::hosts::{self, AUTHORS};
use crate::load::{Load, People, Plan, What};
use crate::numbers;
use crate::server::{House, Server};
use crate::sink::Peers;
use crate::warden::Warden;
use crate::{authority, gauge, key};

pub(crate) struct World {
    pub(crate) dir: PathBuf,
    pub(crate) house: House,
    pub(crate) database: Database,
    pub(crate) peers: Peers,
    pub(crate) facts: Facts,
    /// Numbers of posts that were given away so far.
    posts: u32,
    servers: usize,
    /// The last to go.
    warden: Warden,
}

/// What the machine is.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Facts {
    pub(crate) cores: usize,
    pub(crate) postgres: String,
    /// Milliseconds to make 8 KiB durable.
    pub(crate) fdatasync: f64,
    pub(crate) build: &'static str,
}

/// CPU used so far, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    server: u64,
    postgres: u64,
}

impl Usage {
    /// Milliseconds of the server's since.
    pub(crate) fn server_since(self, before: Self) -> f64 {
        numbers::ms(self.server.saturating_sub(before.server))
    }

    /// Milliseconds of all Postgres processes since.
    pub(crate) fn postgres_since(self, before: Self) -> f64 {
        numbers::ms(self.postgres.saturating_sub(before.postgres))
    }
}

impl World {
    pub(crate) async fn new() -> anyhow::Result<Self> {
        Self::with_connections(20).await
    }

    /// With pools of so many connections to the database.
    pub(crate) async fn with_connections(connections: u32) -> anyhow::Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix("folkmoot-bench-")
            .tempdir()?
            .keep();
        let warden = Warden::start(&dir)?;
        // As root, Postgres runs as somebody else, who must get to its own directory in here.
        std::fs::set_permissions(&dir, Permissions::from_mode(0o711))?;
        key::make(&dir)?;
        authority::make(&dir)?;
        let database = Database::open(&dir).await?;
        let facts = Facts {
            cores: std::thread::available_parallelism()?.get(),
            postgres: database.version.clone(),
            fdatasync: gauge::fdatasync(&dir)?,
            build: if cfg!(debug_assertions) {
                "debug"
            } else {
                "release"
            },
        };
        let house = House::new(&dir, connections)?;
        house.runs(&["migrate"]).await?;
        Ok(Self {
            house,
            database,
            peers: Peers::start(&dir).await?,
            facts,
            dir,
            posts: 1,
            servers: 0,
            warden,
        })
    }

    /// Starts a server of this role.
    pub(crate) async fn serves(&mut self, role: &str) -> anyhow::Result<Server> {
        self.servers += 1;
        let name = format!("server-{}", self.servers);
        let server = self.house.serves(role, &name).await?;
        self.warden.watch(server.pid)?;
        Ok(server)
    }

    pub(crate) async fn load(&mut self) -> anyhow::Result<Load> {
        Load::start(&self.dir)
    }

    /// So many activities by these people, in these groups in turn.
    pub(crate) fn plan(&mut self, groups: &[String], people: People, what: What, count: u32) -> Plan {
        let first = self.posts;
        self.posts += count;
        Plan {
            server: self.house.base(),
            ports: self.peers.ports,
            groups: groups.to_vec(),
            people,
            what,
            first,
            count,
        }
    }

    /// New threads of one person's in one group.
    pub(crate) fn threads(&mut self, group: &str, count: u32) -> Plan {
        self.plan(&[group.to_owned()], People::elsewhere(1), What::Creates, count)
    }

    /// A group in which anyone may post: who posts is no destination.
    pub(crate) async fn group(&self, name: &str) -> anyhow::Result<String> {
        let owner = format!("{}/u/owner", hosts::plain(AUTHORS, self.peers.ports));
        let title = format!("The {name}");
        let words = [
            "group", "create", name, "--title", &title, "--owner", &owner, "--post", "anyone",
        ];
        self.house.runs(&words).await?;
        Ok(name.to_owned())
    }

    /// One member on each of these hosts.
    pub(crate) async fn members(&self, group: &str, hosts: Range<u32>) -> anyhow::Result<()> {
        let bases: Vec<String> = hosts.map(|host| hosts::plain(host, self.peers.ports)).collect();
        self.members_at(group, &bases).await
    }

    /// One member on each host, given by scheme and authority.
    pub(crate) async fn members_at(&self, group: &str, bases: &[String]) -> anyhow::Result<()> {
        let who = bases.iter().map(|base| (base.clone(), "member".to_owned()));
        self.import(group, who).await
    }

    /// Those who post, as members: who of them is one follows from `takes`.
    pub(crate) async fn people(
        &self,
        group: &str,
        people: People,
        takes: impl Fn(u32) -> bool,
    ) -> anyhow::Result<()> {
        let who = (0..people.count).filter(|person| takes(*person));
        let who = who.map(|person| {
            (
                hosts::plain(people.host(person), self.peers.ports),
                format!("p{person}"),
            )
        });
        self.import(group, who).await
    }

    async fn import(&self, group: &str, who: impl Iterator<Item = (String, String)>) -> anyhow::Result<()> {
        let path = self.dir.join("members.csv");
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
        writeln!(file, "actor,inbox,shared_inbox,dialect")?;
        for (base, name) in who {
            writeln!(file, "{base}/u/{name},{base}/inbox,{base}/inbox,threadiverse")?;
        }
        file.into_inner().context("the list of members")?;
        let path = path.display().to_string();
        self.house.runs(&["group", "import", group, &path]).await?;
        Ok(())
    }

    pub(crate) fn usage(&self, server: &Server) -> anyhow::Result<Usage> {
        self.usage_of(std::slice::from_ref(server))
    }

    /// Of several servers together.
    pub(crate) fn usage_of(&self, servers: &[Server]) -> anyhow::Result<Usage> {
        let of_each: anyhow::Result<Vec<u64>> = servers.iter().map(|server| gauge::cpu(server.pid)).collect();
        Ok(Usage {
            server: of_each?.iter().sum(),
            postgres: self.database.cpu()?,
        })
    }

    /// Waits until what arrived is also written down as sent.
    pub(crate) async fn settles(&mut self) -> anyhow::Result<()> {
        self.database.settles(Duration::from_secs(60)).await
    }

    /// The end: everything is stopped, and nothing stays.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.peers.end().await?;
        self.database.close().await
    }
}

/// The directory of the files that are shown.
pub(crate) fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}
