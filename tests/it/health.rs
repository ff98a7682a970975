//! What those are told who watch the server, and how it stops.
//!
//! One rule: alive means that the process answers, ready that it can do its work; whoever is asked to stop finishes what
//! was begun, and no more.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use folkmoot::clock::Clock;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

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
    let program = Program::new().await;
    let serving = program.serve().await;
    let mut connection = program.database_of_ours().connect().await;
    let mut ours = vec![];
    // It opens more connections for a while, until it has all that it may have.
    let hangs = tokio::time::timeout(LIMIT, async {
        loop {
            ours = sqlx::query_scalar(
                "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
            )
            .fetch_all(&mut connection)
            .await
            .unwrap();
            signal(&ours, Signal::SIGSTOP);
            if get(&program, "/readyz").await.status() == 503 {
                return is_alive_and_not_ready(&program).await;
            }
        }
    })
    .await;
    signal(&ours, Signal::SIGCONT);
    assert!(hangs.is_ok(), "it waits: {}", program.said());
    is_ready(&program).await;
    serving.stop().await;
}

fn signal(processes: &[i32], signal: Signal) {
    for process in processes {
        // One that has ended by itself needs none.
        let _ = kill(Pid::from_raw(*process), signal);
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
