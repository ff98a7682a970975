//! What one caller may take of the server: time, bytes, depth, requests.
//!
//! One rule: limits are settings, and small here; nothing is timed: a test waits for the server to end what it should.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::peer::{Actor, LIMIT};
use crate::support::world::World;

/// A connection on which every byte is ours.
struct Line(TcpStream);

impl Line {
    async fn to(world: &World, bytes: &str) -> Self {
        let mut line = Self(TcpStream::connect(world.authority()).await.unwrap());
        line.0.write_all(bytes.as_bytes()).await.unwrap();
        line
    }

    /// What the server says until it hangs up.
    async fn rest(mut self) -> String {
        let mut said = vec![];
        // A connection that is reset has ended, too.
        let _ = timeout(LIMIT, self.0.read_to_end(&mut said)).await.unwrap();
        String::from_utf8(said).unwrap()
    }

    /// One more answer, of which the header and a body of the length that it names are read.
    async fn answer(&mut self) -> String {
        let mut said = String::new();
        while !said.contains("\r\n\r\n") {
            said.push(char::from(
                timeout(LIMIT, self.0.read_u8()).await.unwrap().unwrap(),
            ));
        }
        let length = said.to_ascii_lowercase();
        let length = length
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
        timeout(LIMIT, self.0.read_exact(&mut body))
            .await
            .unwrap()
            .unwrap();
        said + std::str::from_utf8(&body).unwrap()
    }
}

const SHORT: [(&str, &str); 4] = [
    ("LIMITS__HEADER_SECONDS", "1"),
    ("LIMITS__BODY_SECONDS", "1"),
    ("LIMITS__REQUEST_SECONDS", "2"),
    ("LIMITS__IDLE_SECONDS", "1"),
];
/// A document of the largest allowed size is `body_bytes`; nothing else here is small.
const POST: &str = "POST /inbox HTTP/1.1\r\nhost: x\r\ncontent-type: application/activity+json\r\n";

async fn short() -> World {
    let key = [("LIMITS__KEY_FETCH_SECONDS", "1")];
    World::start_with(&[&SHORT[..], &key[..]].concat()).await
}

/// A header that never comes, or never ends.
#[tokio::test]
async fn who_says_nothing_is_not_waited_for() {
    let world = short().await;
    for begun in ["", "GET", "GET / HTTP/1.1\r\nhost: x\r\nx-slow: "] {
        let said = Line::to(&world, begun).await.rest().await;
        assert!(
            said.is_empty() || said.starts_with("HTTP/1.1 408"),
            "{begun:?}: {said}"
        );
    }
    world.end().await;
}

/// Between two requests a connection is kept for a while; then it ends.
#[tokio::test]
async fn an_idle_connection_ends() {
    let world = short().await;
    let mut line = Line::to(&world, "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(line.answer().await.starts_with("HTTP/1.1 200"));
    line.0
        .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(
        line.answer().await.starts_with("HTTP/1.1 200"),
        "it was kept open"
    );
    assert_eq!(line.rest().await, "");
    world.end().await;
}

/// A body that stops half-way, or comes too slowly as a whole.
#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let world = short().await;
    let mut stopped = Line::to(&world, &format!("{POST}content-length: 100\r\n\r\n{{")).await;
    assert!(stopped.answer().await.starts_with("HTTP/1.1 408"));
    let slow = Line::to(&world, &format!("{POST}content-length: 1000000\r\n\r\n{{")).await;
    let (mut reading, mut writing) = slow.0.into_split();
    let drip = tokio::spawn(async move {
        let mut drop = tokio::time::interval(Duration::from_millis(100));
        while writing.write_all(b" ").await.is_ok() {
            drop.tick().await;
        }
    });
    let mut said = vec![0; 12];
    timeout(LIMIT, reading.read_exact(&mut said))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(said, b"HTTP/1.1 408");
    drip.abort();
    world.end().await;
}

/// Whoever is slow holds up nobody.
#[tokio::test]
async fn silent_callers_keep_nobody_out() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let mut silent = vec![];
    for _ in 0..50 {
        silent.push(Line::to(&world, "POST /inbox HTTP/1.1\r\nhost: x\r\n").await);
    }
    let ann = world.mastodon().actor("ann").follows(&group).await;
    ann.post(&group, "one").await;
    drop(silent);
    world.end().await;
}

/// Too many bytes, whether their number is given or not; too many or too long header fields.
#[tokio::test]
async fn what_is_too_large_is_refused_unread() {
    let world = World::start_with(&[("LIMITS__BODY_BYTES", "2048")]).await;
    let group = world.group("garden").await;
    let ann = world.mastodon().actor("ann").follows(&group).await;
    let document = json!({ "id": ann.server().mint("x"), "type": "Like", "actor": ann.id(), "object": "x".repeat(2048) });
    ann.sends(&group, &document).await.problem(413);

    let mut told = Line::to(&world, &format!("{POST}content-length: 2049\r\n\r\n")).await;
    assert!(
        told.answer().await.starts_with("HTTP/1.1 413"),
        "before a byte of it came"
    );
    let chunk = format!("{:x}\r\n{}\r\n", 1500, "x".repeat(1500));
    let mut chunked = Line::to(
        &world,
        &format!("{POST}transfer-encoding: chunked\r\n\r\n{chunk}{chunk}"),
    )
    .await;
    assert!(
        chunked.answer().await.starts_with("HTTP/1.1 413"),
        "without an end"
    );

    let many: String = (0..200).map(|number| format!("x-{number}: y\r\n")).collect();
    let long = format!("x-long: {}\r\n", "y".repeat(64 * 1024));
    for fields in [many, long] {
        let said = Line::to(&world, &format!("GET / HTTP/1.1\r\nhost: x\r\n{fields}\r\n"))
            .await
            .rest()
            .await;
        assert!(said.starts_with("HTTP/1.1 431"), "{said}");
    }
    world.end().await;
}

/// Depth and number of values, as the settings say: up to them it is read, beyond them refused.
#[tokio::test]
async fn what_is_too_deep_or_too_many_is_refused() {
    let settings = [("LIMITS__JSON_DEPTH", "10"), ("LIMITS__JSON_NODES", "100")];
    let world = World::start_with(&settings).await;
    let group = world.group("garden").await;
    let ann = world.mastodon().actor("ann").follows(&group).await;
    let like = |extra: Value| json!({ "id": ann.server().mint("likes"), "type": "Like", "actor": ann.id(), "object": group.id, "x": extra });
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    let many = |number: usize| Value::Array(vec![json!(1); number]);
    for (extra, status) in [
        (nested(8), 202),
        (nested(11), 400),
        (many(80), 202),
        (many(101), 400),
    ] {
        let document = like(extra);
        let answer = ann.sends(&group, &document).await;
        match status {
            202 => drop(answer.is(202)),
            _ => drop(answer.problem(400)),
        }
    }
    world.end().await;
}

/// What is no activity by its type is not read; what is no POST is told what to do.
#[tokio::test]
async fn wrong_types_and_methods_are_told_so() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let client = world.ground().client();
    for (kind, coding) in [
        ("text/plain", None),
        ("text/html; charset=utf-8", None),
        ("application/x-www-form-urlencoded", None),
        ("application/activity+json; charset=utf-16", None),
        ("application/activity+json", Some("gzip")),
    ] {
        let mut request = client.post(group.inbox()).header("content-type", kind).body("{}");
        if let Some(coding) = coding {
            request = request.header("content-encoding", coding);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (415, &"application/problem+json".parse().unwrap()),
            "{kind}"
        );
    }
    for (method, url, allow) in [
        (http::Method::PUT, group.inbox(), "POST"),
        (http::Method::DELETE, group.id.clone(), "GET,HEAD"),
        (http::Method::POST, group.part("outbox"), "GET,HEAD"),
    ] {
        let answer = client.request(method, &url).send().await.unwrap();
        assert_eq!(
            (
                answer.status().as_u16(),
                answer.headers()["allow"].to_str().unwrap()
            ),
            (405, allow),
            "{url}"
        );
    }
    world.end().await;
}

/// Too many requests, too many bad signatures, too many activities of one host: later, and how much later.
#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let told = |answer: reqwest::Response| {
        assert_eq!(answer.status(), 429);
        let after: u32 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&after), "{after}");
    };
    let reads = World::start_with(&[("LIMITS__REQUESTS_PER_MINUTE", "5")]).await;
    let url = format!("{}/actor", reads.base());
    let mut last = reads.get(&url, "*/*").await;
    for _ in 0..5 {
        last = reads.get(&url, "*/*").await;
    }
    told(last);
    reads.end().await;

    let unsigned = World::start_with(&[("LIMITS__BAD_SIGNATURES_PER_MINUTE", "3")]).await;
    let inbox = format!("{}/inbox", unsigned.base());
    // That a signature is one too many is known once it was tried.
    for expected in [401, 401, 401, 401, 429] {
        let post = unsigned
            .ground()
            .client()
            .post(&inbox)
            .header("content-type", "application/activity+json");
        let answer = post.body("{}").send().await.unwrap();
        assert_eq!(answer.status(), expected);
        if expected == 429 {
            told(answer);
        }
    }
    unsigned.end().await;

    let busy = World::start_with(&[("LIMITS__INBOX_PER_MINUTE_PER_HOST", "3")]).await;
    let group = busy.group("garden").await;
    let (noisy, other) = (busy.mastodon(), busy.mastodon());
    let ann = noisy.actor("ann").follows(&group).await;
    ann.posts(&group, ["one", "two"]).await;
    let post = ann.speaks(|me| noisy.software().manners.post(me, &group, "three"));
    let answer = ann.sends(&group, &post).await.is(429);
    assert!(answer.headers.contains_key("retry-after"));
    other.actor("bob").follows(&group).await;
    busy.end().await;
}

/// What waits to be fetched has room for every host, and of that for every actor: one who fills their own part is told to come
/// again, and their neighbours are heard, until there is no room for their host.
#[tokio::test]
async fn one_actor_leaves_room_for_its_neighbours() {
    let world = World::start_with(&[("LIMITS__RECEIVED_WAITING_PER_HOST", "8")]).await;
    let group = world.group("garden").await;
    let (home, away) = (world.lemmy(), world.mastodon());
    let zed = away.actor("zed").follows(&group).await;
    let missing = zed.speaks(|me| away.software().manners.post(me, &group, "not here yet"));
    away.publishes(&missing["object"]);
    let post = missing["object"]["id"].as_str().unwrap().to_owned();
    let missing = zed.would_say(missing, post, false);
    let mut people = vec![];
    for name in ["ann", "bea", "cleo", "dora", "ella"] {
        people.push(home.actor(name).follows(&group).await);
    }
    let other = world.lemmy().actor("other").follows(&group).await;
    away.goes_away();
    let answers = |who: &Actor| {
        let reply = who.speaks(|me| home.software().manners.reply(me, &group, &missing, "an answer"));
        home.publishes(&reply["object"]);
        reply
    };
    for who in &people[..4] {
        for _ in 0..2 {
            who.sends(&group, &answers(who)).await.is(202);
        }
        let full = who.sends(&group, &answers(who)).await;
        assert_eq!(full.headers["retry-after"], "60");
        full.problem(503);
    }
    let ella = &people[4];
    ella.sends(&group, &answers(ella)).await.problem(503);
    let reply = other.speaks(|me| {
        other
            .server()
            .software()
            .manners
            .reply(me, &group, &missing, "an answer")
    });
    other.server().publishes(&reply["object"]);
    other.sends(&group, &reply).await.is(202);
    assert_eq!(world.count("select count(*) from received").await, 9);
    away.comes_back();
    let empty = world.until("select count(*) from received", 0);
    world.while_time_passes(empty).await;
    ella.sends(&group, &answers(ella)).await.is(202);
    world.settles().await;
    assert_eq!(world.count("select count(*) from post").await, 11);
    world.end().await;
}
