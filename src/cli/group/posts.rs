//! `group pending`, `accept`, `reject`, `remove-post`, `lock`, `pin`, `watch`: what waits, what becomes of it, and
//! what is taken out, locked and pinned.
//!
//! One rule: what an operator decides is decided as by an admin; whoever runs a group and cannot be told that something
//! waits is named wherever an operator looks.

use serde::Serialize;
use serde_json::json;

use crate::cli::args::{Post, Posts};
use crate::cli::names::Waits;
use crate::cli::print::{Out, Side, count, date, table};
use crate::cli::{Usage, names};
use crate::domain::Mark;
use crate::engine::can_be_told;
use crate::server::House;
use crate::store::held::Queue;

const COLUMNS: [(&str, Side); 5] = [
    ("ENTRY", Side::Left),
    ("WHAT", Side::Left),
    ("WHO", Side::Left),
    ("SINCE", Side::Left),
    ("POST", Side::Left),
];

/// A group in which something waits of which somebody who runs it cannot be told.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Untold {
    group: String,
    waiting: usize,
    admins: Vec<String>,
}

impl Untold {
    pub(in crate::cli) fn in_words(&self) -> String {
        let waiting = i64::try_from(self.waiting).unwrap_or(i64::MAX);
        format!(
            "{}: {} for an admin. Cannot be notified: {}",
            self.group,
            count(waiting, "thing waits", "things wait"),
            self.admins.join(", ")
        )
    }
}

/// Every such group.
pub(in crate::cli) async fn untold(house: &House) -> anyhow::Result<Vec<Untold>> {
    let mut all = vec![];
    for group in house.store.groups_with_pending().await? {
        let admins = not_told(house, &group).await?;
        if !admins.is_empty() {
            let waiting = house.store.list_pending(&group).await?.len();
            all.push(Untold {
                group,
                waiting,
                admins,
            });
        }
    }
    Ok(all)
}

async fn not_told(house: &House, group: &str) -> anyhow::Result<Vec<String>> {
    let reviewers = house.store.reviewers(group).await?;
    let deaf = reviewers.into_iter().filter(|reviewer| !can_be_told(reviewer));
    Ok(deaf.map(|reviewer| reviewer.iri).collect())
}

pub(super) async fn run(house: &House, command: Posts, out: Out) -> anyhow::Result<()> {
    let known = |name: &str| names::group(name, &house.here).map_err(Usage);
    match command {
        Posts::Pending { name } => pending(house, &known(&name)?, out).await,
        Posts::RemovePost { name, post, reason } => {
            let (name, post) = (known(&name)?, post.id(&house.here)?);
            let engine = &house.engine;
            engine.remove_post(&name, &post, reason.as_deref()).await?;
            let answer = json!({"group": name, "removed": post.as_str()});
            out.answer(&answer, &format!("{post} is not in {name} any more."))
        }
        Posts::RestorePost(Post { name, post }) => {
            let (name, post) = (known(&name)?, post.id(&house.here)?);
            house.engine.restore_post(&name, &post).await?;
            let answer = json!({"group": name, "restored": post.as_str()});
            out.answer(&answer, &format!("{post} is in {name} again."))
        }
        Posts::Lock(post) => mark(house, &post, (Mark::Locked, true), out).await,
        Posts::Unlock(post) => mark(house, &post, (Mark::Locked, false), out).await,
        Posts::Pin(post) => mark(house, &post, (Mark::Pinned, true), out).await,
        Posts::Unpin(post) => mark(house, &post, (Mark::Pinned, false), out).await,
        Posts::Watch { name, actor, watched } => {
            let (name, actor, watched) = (known(&name)?, actor.id(&house.here)?, watched == "on");
            house.engine.watch(&name, &actor, watched).await?;
            let answer = json!({"group": name, "watched": watched, "actor": actor.as_str()});
            let text = if watched {
                format!("Whatever {actor} posts in {name} waits for an admin from now on.")
            } else {
                format!("What {actor} posts in {name} waits only as everybody's does.")
            };
            out.answer(&answer, &text)
        }
    }
}

async fn mark(house: &House, what: &Post, (mark, wanted): (Mark, bool), out: Out) -> anyhow::Result<()> {
    let name = names::group(&what.name, &house.here).map_err(Usage)?;
    let post = what.post.id(&house.here)?;
    let changed = house.engine.mark_post(&name, &post, mark, wanted).await?;
    let (word, says) = match (mark, wanted) {
        (Mark::Locked, true) => ("locked", "takes no comments"),
        (Mark::Locked, false) => ("unlocked", "takes comments"),
        (Mark::Pinned, true) => ("pinned", "is shown first"),
        (Mark::Pinned, false) => ("unpinned", "is not shown first"),
    };
    let when = if changed { "from now on" } else { "already" };
    let answer = json!({"group": name, word: post.as_str(), "changed": changed});
    out.answer(&answer, &format!("{post} {says} in {name} {when}."))
}

async fn pending(house: &House, name: &str, out: Out) -> anyhow::Result<()> {
    if house.store.group_face(name).await?.is_none() {
        anyhow::bail!("there is no group named '{name}'; `folkmoot group list` shows all");
    }
    let waiting = house.store.list_pending(name).await?;
    let not_told = not_told(house, name).await?;
    let rows: Vec<_> = waiting
        .iter()
        .map(|held| {
            json!({
                "id": held.id, "queue": held.queue.word(), "kind": held.kind, "actor": held.actor, "object": held.object,
                "since": date(held.at),
            })
        })
        .collect();
    let answer = json!({"group": name, "pending": rows, "cannot_be_notified": not_told});
    let mut text = if waiting.is_empty() {
        format!("Nothing waits in {name}.")
    } else {
        let cells: Vec<Vec<String>> = waiting
            .iter()
            .map(|held| {
                vec![
                    held.id.to_string(),
                    held.kind.clone(),
                    held.actor.clone(),
                    date(held.at),
                    held.object.clone().unwrap_or_default(),
                ]
            })
            .collect();
        table(&COLUMNS, &cells)
    };
    if !not_told.is_empty() {
        text = format!("{}\nCannot be notified: {}", text.trim_end(), not_told.join(", "));
    }
    out.answer(&answer, &text)
}

/// Lets somebody in or a post through, or not.
pub(super) async fn decide(
    house: &House,
    name: &str,
    what: &Waits,
    lets_through: bool,
    reason: Option<&str>,
    out: Out,
) -> anyhow::Result<()> {
    let engine = &house.engine;
    let word = if lets_through { "accepted" } else { "rejected" };
    let (actor, queue) = match what {
        Waits::Entry(id) => engine.review_as_operator(name, *id, lets_through, reason).await?,
        Waits::Actor(actor) => {
            let actor = actor.id(&house.here)?;
            if lets_through {
                engine.admit(name, &actor).await?;
            } else {
                engine.turn_away(name, &actor, reason).await?;
            }
            (actor.to_string(), Queue::Members)
        }
    };
    let text = match (queue, lets_through) {
        (Queue::Members, true) => format!("{actor} is a member of {name} now."),
        (Queue::Members, false) => format!("{actor} was turned away from {name}."),
        (Queue::Activities, true) => format!("What {actor} sent is in {name} now."),
        (Queue::Activities, false) => format!("What {actor} sent does not come into {name}."),
    };
    let mut answer = json!({"group": name, word: actor});
    if let Waits::Entry(id) = what {
        answer["entry"] = json!(id);
    }
    out.answer(&answer, &text)
}
