//! The floor: the same signature and the same POST, with the same client, to the same hosts, and nothing else.
//!
//! One rule: what the server does beside that (reading the log, cursors, waiting lists, order) is what the ratio to this
//! shows, so none of it is here. It runs as a process of its own, with the server's allocator and runtime.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use folkmoot::clock::Clock;
use folkmoot::net::{Client, Rules};
use folkmoot::signature::{self, PrivateKey, Request, Scheme};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use url::Url;

use crate::helper::{self, Helper, Questions};
use crate::numbers;
use crate::{authority, gauge, key};

/// What the floor is asked to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) inboxes: Vec<String>,
    /// How many posts each inbox gets, one after the other.
    pub(crate) each: usize,
    /// Inboxes at once.
    pub(crate) at_once: usize,
    pub(crate) body: String,
}

/// What it took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Floor {
    pub(crate) posts: usize,
    /// User and system, in nanoseconds.
    cpu: u64,
    wall: u64,
}

impl Floor {
    /// Milliseconds of CPU per post.
    pub(crate) fn cpu(&self) -> f64 {
        numbers::ms(self.cpu) / numbers::count(self.posts)
    }

    /// Posts a second.
    pub(crate) fn rate(&self) -> f64 {
        numbers::count(self.posts) / (numbers::ms(self.wall) / 1e3)
    }
}

/// As many lanes as the server has.
pub(crate) fn lanes() -> usize {
    folkmoot::delivery::Settings::default().lanes
}

/// The parent's end: a new process, so its connections are new; it may be asked several times.
pub(crate) struct Floors(Helper);

impl Floors {
    pub(crate) fn start(dir: &Path) -> anyhow::Result<Self> {
        Ok(Self(Helper::start("floor", dir)?))
    }

    pub(crate) async fn run(&mut self, task: &Task) -> anyhow::Result<Floor> {
        let posts = u64::try_from(task.inboxes.len() * task.each)?;
        let limit = Duration::from_secs(30 + posts / 100);
        self.0.ask(task, limit).await
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.0.end().await
    }
}

/// One measurement by a new process.
pub(crate) async fn measure(dir: &Path, task: &Task) -> anyhow::Result<Floor> {
    let mut floors = Floors::start(dir)?;
    let floor = floors.run(task).await?;
    floors.end().await?;
    Ok(floor)
}

/// The floor's end.
pub(crate) async fn run(dir: &Path) -> anyhow::Result<()> {
    folkmoot::server::raise_descriptors();
    let mut rules = Rules {
        allow_http: true,
        allow_private: vec!["127.0.0.0/8".parse()?],
        ..Rules::strict("Folkmoot/0.1.0 (+http://127.0.0.1:8536/)")
    };
    rules.extra_roots = vec![std::fs::read(authority::certificate(dir))?];
    let client = Client::new(rules, None)?;
    let key = key::read(dir)?;
    let mut questions = Questions::new();
    while let Some(task) = questions.next().await? {
        helper::answer(floor(&client, &key, task).await)?;
    }
    Ok(())
}

async fn floor(client: &Client, key: &PrivateKey, task: Task) -> anyhow::Result<Floor> {
    let inboxes: Result<Vec<Url>, _> = task.inboxes.iter().map(|inbox| inbox.parse()).collect();
    let inboxes: Arc<[Url]> = inboxes?.into();
    let body = Bytes::from(task.body);
    let next = Arc::new(AtomicUsize::new(0));
    let (cpu, wall) = (gauge::own_cpu()?, gauge::monotonic()?);
    let mut lanes = JoinSet::new();
    for _ in 0..task.at_once.min(inboxes.len()) {
        let (client, key, body) = (client.clone(), key.clone(), body.clone());
        let (inboxes, next) = (Arc::clone(&inboxes), Arc::clone(&next));
        lanes.spawn(async move {
            while let Some(inbox) = inboxes.get(next.fetch_add(1, Ordering::Relaxed)) {
                for _ in 0..task.each {
                    post(&client, &key, inbox, &body).await?;
                }
            }
            anyhow::Ok(())
        });
    }
    while let Some(lane) = lanes.join_next().await {
        lane??;
    }
    Ok(Floor {
        posts: inboxes.len() * task.each,
        cpu: gauge::own_cpu()? - cpu,
        wall: gauge::monotonic()? - wall,
    })
}

async fn post(client: &Client, key: &PrivateKey, inbox: &Url, body: &Bytes) -> anyhow::Result<()> {
    let headers = signature::sign(
        Scheme::Cavage,
        key,
        "http://127.0.0.1:8536/c/garden#main-key",
        &Request {
            method: "POST",
            url: inbox,
            body: Some(body),
            content_type: Some("application/activity+json"),
            date: Clock::system().now(),
        },
    )?;
    let answer = client.post(inbox, headers, body.clone()).await;
    let answer = answer.with_context(|| format!("the floor's post to {inbox}"))?;
    anyhow::ensure!(answer.status == 202, "the sink answered {}", answer.status);
    Ok(())
}
