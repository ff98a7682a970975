//! Requests, whole and signed, ready to be written into a connection.
//!
//! One rule: which activity a number stands for follows from the plan alone, so that ids are right however it is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Context as _;
use folkmoot::clock::Clock;
use folkmoot::signature::{self, PrivateKey, Request, Scheme};
use serde_json::{Value, json};
use url::Url;

use super::{Plan, What};
use crate::hosts;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
const CONTENT_TYPE: &str = "application/activity+json";
/// A post of usual length: some 600 characters.
const TEXT: &str = "<p>The beans are up, all but the row by the shed, where the slugs got there first. If \
    anybody has seed left over, I would trade it for a jar of last year's honey. The compost is ready, too; bring \
    your own sacks and take as much as you can carry, but leave some for those who come on Sunday.</p><p>Also: the \
    tap by the gate drips again. I have put a bucket under it, and the water is good enough for the borders. Whoever \
    has the long spanner, please bring it along. Until then, please turn it off gently, for the thread is nearly \
    gone.</p>";

/// Cheap to clone; all clones draw from one pile.
#[derive(Clone, Default)]
pub(super) struct Deck {
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    pub(super) server: String,
}

impl Deck {
    /// Signs on all cores.
    pub(super) fn sign(plan: &Plan, key: &PrivateKey) -> anyhow::Result<Self> {
        let numbers: Vec<u32> = (plan.first..plan.first + plan.count).collect();
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let share = numbers.len().div_ceil(cores).max(1);
        let signed = thread::scope(|scope| {
            let hands: Vec<_> = numbers
                .chunks(share)
                .map(|chunk| {
                    scope.spawn(move || chunk.iter().map(|number| request(plan, *number, key)).collect())
                })
                .collect();
            let piles: Vec<anyhow::Result<Vec<Vec<u8>>>> = hands
                .into_iter()
                .map(|hand| {
                    hand.join()
                        .unwrap_or_else(|_| Err(anyhow::anyhow!("a signer broke")))
                })
                .collect();
            piles.into_iter().collect::<anyhow::Result<Vec<_>>>()
        })?;
        let server = plan.server.trim_start_matches("http://").to_owned();
        Ok(Self {
            requests: Arc::new(signed.into_iter().flatten().collect()),
            next: Arc::default(),
            server,
        })
    }

    /// The next request and its place; nothing when all are gone.
    pub(super) fn draw(&self) -> Option<(usize, &[u8])> {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        Some((place, self.requests.get(place)?))
    }
}

/// A request line, its headers with the signature, and the body.
fn request(plan: &Plan, number: u32, key: &PrivateKey) -> anyhow::Result<Vec<u8>> {
    let said = say(plan, number);
    let body = said.document.to_string();
    let url: Url = said.inbox.parse()?;
    let headers = signature::sign(
        Scheme::Cavage,
        key,
        &format!("{}#main-key", said.actor),
        &Request {
            method: "POST",
            url: &url,
            body: Some(body.as_bytes()),
            content_type: Some(CONTENT_TYPE),
            date: Clock::system().now(),
        },
    )?;
    let mut text = format!("POST {} HTTP/1.1\r\n", url.path());
    for (name, value) in &headers {
        text += &format!("{name}: {}\r\n", value.to_str().context("a header of ours")?);
    }
    text += &format!("content-length: {}\r\n\r\n{body}", body.len());
    Ok(text.into_bytes())
}

/// An activity, who says it, and to which inbox.
struct Said {
    actor: String,
    inbox: String,
    document: Value,
}

fn say(plan: &Plan, number: u32) -> Said {
    match plan.what {
        What::Mixed { from, to } if number % 2 == 1 => like(plan, number, from, to),
        _ => create(plan, number),
    }
}

fn create(plan: &Plan, number: u32) -> Said {
    let (actor, base) = person(plan, number % plan.people.count);
    let group = group(plan, number);
    let note = format!("{base}{}{number}", super::MARK);
    let document = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "type": "Create",
        "id": format!("{base}/a/{number}"),
        "actor": actor,
        "to": [PUBLIC],
        "cc": [group],
        "audience": group,
        "object": {
            "type": "Page",
            "id": note,
            "attributedTo": actor,
            "to": [group, PUBLIC],
            "cc": [],
            "audience": group,
            "name": format!("From plot {number}"),
            "content": TEXT,
            "mediaType": "text/html",
            "sensitive": false,
            "published": "2026-01-15T08:30:00Z",
        },
    });
    let inbox = format!("{group}/inbox");
    Said {
        actor,
        inbox,
        document,
    }
}

/// A Like, of another post by another person each time: no two numbers up to people x posts name the same two.
fn like(plan: &Plan, number: u32, from: u32, to: u32) -> Said {
    let (turn, posts) = (number / 2, to - from);
    let post = from + turn % posts;
    let (actor, base) = person(plan, (turn / posts + post) % plan.people.count);
    let (_, author) = person(plan, post % plan.people.count);
    let document = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "type": "Like",
        "id": format!("{base}/a/{number}"),
        "actor": actor,
        "object": format!("{author}{}{post}", super::MARK),
        "audience": group(plan, post),
    });
    // A post's group is ours to know: Likes come to the inbox that all groups share.
    let inbox = format!("{}/inbox", plan.server);
    Said {
        actor,
        inbox,
        document,
    }
}

fn group(plan: &Plan, number: u32) -> String {
    let at = usize::try_from(number).unwrap_or_default() % plan.groups.len();
    format!("{}/c/{}", plan.server, plan.groups[at])
}

/// Their id, and their host.
fn person(plan: &Plan, person: u32) -> (String, String) {
    let base = hosts::plain(plan.people.host(person), plan.ports);
    (format!("{base}/u/p{person}"), base)
}
