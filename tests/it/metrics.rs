//! `/metrics`, as Prometheus reads it from the real program.
//!
//! One rule: a figure is what happened, and explains itself.

use std::collections::BTreeMap;
use std::net::TcpListener;

use folkmoot::clock::Clock;
use serde_json::Value;

use crate::support::peer::{Ground, Mood, Server};
use crate::support::process::{Program, free_address};

/// The lines of a scrape: names with their labels, and values.
pub(crate) struct Scrape {
    text: String,
    figures: Vec<(String, BTreeMap<String, String>, f64)>,
}

impl Scrape {
    pub(crate) async fn of(address: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client
            .get(format!("http://{address}/metrics"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        assert!(
            answer.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/plain; version=0.0.4")
        );
        let text = answer.text().await.unwrap();
        let lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let figures = lines.map(read).collect();
        Self { text, figures }
    }

    /// The sum of all that have this name and these labels.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let mut there = self
            .figures
            .iter()
            .filter(|(known, all, _)| {
                known == name
                    && labels
                        .iter()
                        .all(|(label, value)| all.get(*label).is_some_and(|it| it == value))
            })
            .peekable();
        assert!(there.peek().is_some(), "no {name} {labels:?} in {}", self.text);
        there.map(|(.., value)| value).sum()
    }
}

fn read(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (name, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = name.split_once('{').unwrap_or((name, "}"));
    let labels = labels
        .trim_end_matches('}')
        .split(',')
        .filter(|label| !label.is_empty());
    let labels = labels.map(|label| {
        let (label, value) = label.split_once('=').unwrap();
        (label.to_owned(), value.trim_matches('"').to_owned())
    });
    (name.to_owned(), labels.collect(), value.parse().unwrap())
}

/// What was sent, what came in and what waits is in the figures.
#[tokio::test]
async fn what_happens_is_counted() {
    let (mut program, ground) = (Program::new().await, Ground::new(Clock::system()));
    let address = free_address();
    program.set("METRICS__BIND", &address);
    let owner = Server::start("lemmy", &ground).actor("owner");
    let [mastodon, other] = ["mastodon", "mastodon"].map(|software| Server::start(software, &ground));
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    let mia = mastodon.actor("mia").follows(&group).await;
    let moe = other.actor("moe").follows(&group).await;
    let heard = owner.post(&group, "heard").await;
    mia.hears_of([&heard]).once().await;
    moe.hears_of([&heard]).once().await;
    program.run(&["queue", "pause", other.authority()]).await.ok();
    mastodon.is_next([Mood::Says(403), Mood::Says(500)]);
    owner.posts(&group, ["refused", "late"]).await;
    mastodon
        .hears("the second", |heard| heard.status == Some(500))
        .await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let unsigned = client
        .post(group.inbox())
        .header("content-type", "application/activity+json")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(unsigned.status(), 401);
    let nothing = client
        .get(format!("{}/metrics", program.base()))
        .send()
        .await
        .unwrap();
    assert_eq!(nothing.status(), 404, "not for the world");

    // What was heard is written down a moment later, and the queue is sampled by the first scrape.
    loop {
        let shown = program.run(&["queue", "status", "--json"]).await.json();
        let is_failing = |row: &Value| row["host"] == mastodon.authority() && row["failures"] == 1;
        if shown.as_array().unwrap().iter().any(is_failing) {
            break;
        }
    }
    let scrape = Scrape::of(&address).await;
    let sent = |outcome, shape| {
        scrape.sum(
            "folkmoot_deliveries_total",
            &[("outcome", outcome), ("shape", shape)],
        )
    };
    assert!(sent("delivered", "microblog") >= 2.0);
    assert!(sent("delivered", "letter") >= 2.0);
    assert!(sent("refused", "microblog") >= 1.0);
    assert!(sent("later", "microblog") >= 1.0);
    let signed = scrape.sum("folkmoot_signing_seconds_count", &[]);
    assert_eq!(scrape.sum("folkmoot_delivery_seconds_count", &[]), signed);
    assert!(signed >= 6.0);

    let inbox = |status, code| scrape.sum("folkmoot_inbox_total", &[("status", status), ("code", code)]);
    assert_eq!(inbox("401", "unsigned"), 1.0);
    let taken = inbox("202", "accepted");
    assert!(taken >= 5.0, "two Follows, three posts: {taken}");
    assert_eq!(scrape.sum("folkmoot_inbox_seconds_count", &[]), taken + 1.0);
    assert!(scrape.sum("folkmoot_turn_activities_sum", &[]) >= 5.0);

    let waiting = |what| scrape.sum("folkmoot_waiting", &[("what", what)]);
    assert_eq!(
        (waiting("entries"), waiting("letters")),
        (3.0, 0.0),
        "two for moe, one for mia"
    );
    let lag = |lanes| scrape.sum("folkmoot_lag_entries", &[("lanes", lanes)]);
    assert_eq!(
        (lag("all"), lag("healthy")),
        (2.0, 0.0),
        "whom something holds up is not healthy"
    );
    assert!(scrape.sum("folkmoot_lag_seconds", &[("lanes", "all")]) >= 0.0);
    for (state, lanes) in [
        ("waiting", 2.0),
        ("paused", 1.0),
        ("backing_off", 1.0),
        ("given_up", 0.0),
        ("blocked", 0.0),
    ] {
        assert_eq!(
            scrape.sum("folkmoot_lanes", &[("state", state)]),
            lanes,
            "{state}"
        );
    }
    assert!(scrape.sum("folkmoot_lanes", &[("state", "running")]) >= 0.0);
    for (name, value) in [
        ("folkmoot_parked", 0.0),
        ("folkmoot_missed", 0.0),
        ("folkmoot_received_waiting", 0.0),
        ("folkmoot_database_up", 1.0),
        ("folkmoot_info", 1.0),
        ("folkmoot_pool_limit", 6.0),
    ] {
        assert_eq!(scrape.sum(name, &[]), value, "{name}");
    }
    assert!(scrape.sum("folkmoot_pool_connections", &[]) >= 1.0);
    assert!(scrape.sum("process_cpu_seconds_total", &[]) > 0.0);
    explains_itself(&scrape);
    serving.stop().await;
}

/// Every figure has a kind, an explanation, and a row in the manual.
fn explains_itself(scrape: &Scrape) {
    let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md")).unwrap();
    let kinds = scrape
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    let names: Vec<&str> = kinds.map(|line| line.split(' ').next().unwrap()).collect();
    assert!(names.len() > 15, "{names:?}");
    for name in &names {
        assert!(
            scrape.text.contains(&format!("# HELP {name} ")),
            "{name} is not explained"
        );
        assert!(
            manual.contains(&format!("| `{name}` |")),
            "{name} is not in the manual"
        );
    }
    for (name, ..) in &scrape.figures {
        let stem = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        let is_known = [Some(name.as_str()), stem]
            .into_iter()
            .flatten()
            .any(|name| names.contains(&name));
        assert!(is_known, "{name} has no kind");
    }
}

/// A port that somebody else has is told in the log, and the server does its work.
#[tokio::test]
async fn a_port_that_is_taken_keeps_nobody_from_serving() {
    let mut program = Program::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    program.set("METRICS__BIND", &address);
    let serving = program.serve().await;
    let said = program.said();
    for words in ["WARN", "metrics.bind", &address] {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
    serving.stop().await;
}

/// Where none are wanted, nothing is said of them.
#[tokio::test]
async fn no_address_means_no_figures() {
    let program = Program::new().await;
    let serving = program.serve().await;
    let said = program.said();
    assert!(!said.contains("metrics"), "{said}");
    serving.stop().await;
}
