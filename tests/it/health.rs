//! What those are told who watch the server, and how it stops.
//!
//! One rule: alive means that the process answers, ready that it can do its work; whoever is asked to stop finishes what
//! was begun, and no more.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use folkmoot::clock::Clock;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use crate::support::database::{Database, SOCKET};
use crate::support::peer::{Ground, LIMIT, Mood, Server};
use crate::support::process::Program;

async fn get(program: &Program, path: &str) -> reqwest::Response {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(LIMIT)
        .build()
        .unwrap();
    client
        .get(format!("{}{path}", program.base()))
        .send()
        .await
        .unwrap()
}

/// Asks until it is ready again.
async fn is_ready(program: &Program) {
    let ready = async {
        while get(program, "/readyz").await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        tokio::time::timeout(LIMIT, ready).await.is_ok(),
        "{}",
        program.said()
    );
}

async fn is_alive_and_not_ready(program: &Program) {
    assert_eq!(get(program, "/livez").await.status(), 200);
    let answer = get(program, "/readyz").await;
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(problem["status"], 503);
}

/// The database is away: alive, not ready; and all is well when it is back.
#[tokio::test]
async fn without_its_database_it_lives_and_is_not_ready() {
    let (program, ground) = (Program::new().await, Ground::new(Clock::system()));
    let serving = program.serve().await;
    let group = program
        .group("garden", &Server::start("lemmy", &ground).actor("owner"))
        .await;
    // Whoever is answered shows that everything has begun.
    Server::start("mastodon", &ground)
        .actor("moe")
        .follows(&group)
        .await;
    assert_eq!(get(&program, "/livez").await.status(), 200);
    program.database_of_ours().goes_away().await;
    is_alive_and_not_ready(&program).await;
    program.database_of_ours().comes_back().await;
    is_ready(&program).await;
    Server::start("mastodon", &ground)
        .actor("mia")
        .follows(&group)
        .await;
    serving.stop().await;
}

/// The database takes our questions and does not answer them: we do not wait for it.
#[tokio::test]
async fn a_database_that_hangs_is_not_waited_for() {
    let (mut program, ground) = (Program::new().await, Ground::new(Clock::system()));
    let line = Line::to(program.database_of_ours());
    program.set("DATABASE__URL", &line.url);
    let serving = program.serve().await;
    let group = program
        .group("garden", &Server::start("lemmy", &ground).actor("owner"))
        .await;
    Server::start("mastodon", &ground)
        .actor("moe")
        .follows(&group)
        .await;
    line.passes_on.send_replace(false);
    is_alive_and_not_ready(&program).await;
    line.passes_on.send_replace(true);
    is_ready(&program).await;
    serving.stop().await;
}

/// A socket before the database's own, which can keep to itself what is said.
struct Line {
    url: String,
    passes_on: watch::Sender<bool>,
    _dir: TempDir,
}

impl Line {
    fn to(database: &Database) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("folkmoot-line-")
            .tempdir()
            .unwrap();
        let listener = UnixListener::bind(dir.path().join(SOCKET)).unwrap();
        let (passes_on, may_pass) = watch::channel(true);
        let behind = database.socket();
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let (asks, hears) = caller.into_split();
                let (answers, takes) = UnixStream::connect(&behind).await.unwrap().into_split();
                tokio::spawn(pass_on(asks, takes, may_pass.clone()));
                tokio::spawn(pass_on(answers, hears, may_pass.clone()));
            }
        });
        Self {
            url: database.url_through(dir.path()),
            passes_on,
            _dir: dir,
        }
    }
}

/// Until either side hangs up.
async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut may_pass: watch::Receiver<bool>) {
    let mut bytes = vec![0; 8 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if may_pass.wait_for(|may| *may).await.is_err() || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

/// Asked to stop in the middle of a request and of a delivery: no new callers, and both come to their end.
#[tokio::test]
async fn what_was_begun_is_finished() {
    let (program, ground) = (Program::new().await, Ground::new(Clock::system()));
    let owner = Server::start("lemmy", &ground).actor("owner");
    let mastodon = Server::start("mastodon", &ground);
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    mastodon.actor("mia").follows(&group).await;
    mastodon.is(Mood::Hangs);
    owner.post(&group, "one").await;
    mastodon
        .hears("a request that hangs", |heard| heard.kind() == "Announce")
        .await;
    let mut caller = begins_a_post(&program);

    serving.is_asked_to_stop();
    let refused = async {
        while TcpStream::connect(address(&program)).is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        tokio::time::timeout(LIMIT, refused).await.is_ok(),
        "it takes new callers"
    );
    let answer = tokio::task::spawn_blocking(move || {
        caller.write_all(b"{}").unwrap();
        let mut answer = String::new();
        caller.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    serving.ends().await;
    // It was not taken, so it is still due, and counted as tried.
    let host = mastodon.authority();
    let shown = program.run(&["queue", "show", host, "--json"]).await.json();
    assert_eq!(
        (&shown["inboxes"][0]["entries"], &shown["inboxes"][0]["failures"]),
        (&1.into(), &1.into())
    );
}

/// Asked to stop while it is answered that it should knock in another way: it does, and nothing comes again afterwards.
#[tokio::test]
async fn a_second_knock_is_part_of_the_first() {
    let (program, ground) = (Program::new().await, Ground::new(Clock::system()));
    let owner = Server::start("lemmy", &ground).actor("owner");
    let strict = Server::start("mastodon", &ground);
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    let mia = strict.actor("mia").follows(&group).await;
    strict.is(Mood::Slowly(&Mood::WantsRfc9421));
    let post = owner.post(&group, "one").await;
    // The first answer takes longer than this.
    tokio::time::sleep(Duration::from_millis(500)).await;
    serving.stop().await;
    let serving = program.serve().await;
    mia.hears_of([&post]).once().await;
    serving.stop().await;
    let announces = strict
        .heard()
        .into_iter()
        .filter(|heard| heard.kind() == "Announce");
    let schemes: Vec<bool> = announces.map(|heard| heard.rfc9421).collect();
    assert_eq!(schemes, [false, true]);
}

/// One who never comes to an end is not waited for longer than the settings say.
#[tokio::test]
async fn nobody_keeps_it_from_stopping() {
    let mut program = Program::new().await;
    for (limit, seconds) in [("BODY", "600"), ("REQUEST", "600"), ("SHUTDOWN", "1")] {
        program.set(&format!("LIMITS__{limit}_SECONDS"), seconds);
    }
    let serving = program.serve().await;
    let _caller = begins_a_post(&program);
    serving.stop().await;
    assert!(
        program.said().contains("still open when time was up"),
        "{}",
        program.said()
    );
}

/// The header of a POST, which waits for its body.
fn begins_a_post(program: &Program) -> TcpStream {
    let address = address(program);
    let mut caller = TcpStream::connect(&address).unwrap();
    caller.set_read_timeout(Some(LIMIT)).unwrap();
    let header = format!(
        "POST /inbox HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/activity+json\r\nContent-Length: 2\r\n\
         Connection: close\r\nExpect: 100-continue\r\n\r\n"
    );
    caller.write_all(header.as_bytes()).unwrap();
    // It says that it waits for the body once somebody reads that.
    let mut said = [0; 25];
    caller.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");
    caller
}

fn address(program: &Program) -> String {
    program.base().trim_start_matches("http://").to_owned()
}
