//! What happens, in order.
//!
//! One rule: every deed is a signed request of a peer, or a command that an operator could type.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use folkmoot::clock::Clock;
use serde_json::Value;

use crate::house::House;
use crate::peer::{Actor, Ground, Group, Mood};
use crate::tally::{Count, Member, Tally};
use crate::trace;

/// How long the queue may take to be empty, once all that was due has arrived.
const LIMIT: Duration = Duration::from_secs(4);

/// Tells it all.
///
/// # Errors
/// If the server cannot be used at all; what merely does not arrive is in the count.
pub(crate) async fn tell(house: House) -> anyhow::Result<Count> {
    let begun = Instant::now();
    let ground = Ground::new(Clock::system());
    let cast = cast(&ground);
    let [ann, bob, cleo, dan] = &cast;
    let people: [Actor; 4] = [ann, bob, cleo, dan].map(|member| member.actor.clone());
    house.is_ready(ground.client()).await?;
    introduce(&house, &cast, begun.elapsed());
    let group = found(&house, &people[0]).await?;
    let mut tally = Tally::new(cast.into());
    play(&mut tally, &house, &group, &people).await?;
    let waiting = waits_until_idle(&house).await?;
    Ok(tally.end(&ground, waiting))
}

fn cast(ground: &Ground) -> [Member; 4] {
    [
        ("ann", ("lemmy", "Lemmy"), "Follows; expects Announce{activity}"),
        (
            "bob",
            ("mastodon", "Mastodon"),
            "Follows; expects Announce{object id}",
        ),
        (
            "cleo",
            ("onepage.pub", "onepage"),
            "Joins, as the SWICG explainer has it",
        ),
        ("dan", ("mbin", "Mbin"), "its inbox goes down and comes back"),
    ]
    .map(|(name, software, manner)| Member::new(ground, name, software, manner))
}

fn introduce(house: &House, cast: &[Member], took: Duration) {
    trace::chapter("One real server on a temporary directory, and four servers of other people");
    let server = format!("{:<16}{:<24}", "Folkmoot", house.base());
    trace::aside(&format!(
        "{server}{}, ready after {:.1} s",
        house.program(),
        took.as_secs_f64()
    ));
    for member in cast {
        let who = format!("{:<6}{}", member.name, member.program);
        trace::aside(&format!(
            "{who:<16}{:<24}{}",
            member.actor.server().base(),
            member.manner
        ));
    }
}

/// Makes the group, as an operator does.
async fn found(house: &House, owner: &Actor) -> anyhow::Result<Group> {
    let owner = owner.id();
    let said = house
        .runs(&[
            "group", "create", "garden", "--title", "Garden", "--owner", &owner,
        ])
        .await?;
    let line = format!("folkmoot group create garden --title Garden --owner {owner}");
    trace::command(&line, &said);
    Ok(Group {
        id: format!("{}/c/garden", house.base()),
    })
}

async fn play(tally: &mut Tally, house: &House, group: &Group, people: &[Actor; 4]) -> anyhow::Result<()> {
    let [ann, bob, cleo, dan] = people;
    trace::chapter("They join: each gets an Accept around its own request");
    let ann_in = tally.joins("joins", ann.asks(group)).await;
    let bob_in = tally.joins("joins", bob.asks(group)).await;
    let cleo_in = tally.joins("joins", cleo.asks(group)).await;
    let dan_in = tally.joins("joins", dan.asks(group)).await;

    trace::chapter("Whatever one says, the others hear as their servers understand it");
    let seeds = tally
        .says(
            "posts: Kale seed, swap or buy?",
            ann.post(group, "Kale seed, swap or buy?"),
        )
        .await;

    trace::chapter("Mbin's inbox goes down; the others notice nothing");
    tally.goes_away("dan", Mood::Says(503));
    let slugs = tally
        .says("mentions the group: Slugs again", bob.post(group, "Slugs again"))
        .await;
    tally
        .says("replies: Beer traps", cleo.replies(group, &slugs, "Beer traps"))
        .await;
    tally
        .says(
            "edits her post: Kale seed, swapped",
            ann.edits(group, &seeds, "Kale seed, swapped"),
        )
        .await;
    let like = tally.says("likes ann's post", bob.likes(group, &seeds)).await;
    trace::aside("");
    trace::aside(&waiting(house, dan).await?);

    trace::chapter("Mbin is back. Its first signed request brings forward what waits, which comes in order");
    let back = tally.comes_back("dan");
    tally.says("likes ann's post", dan.likes(group, &seeds)).await;
    tally.catches_up("dan", back).await;

    trace::chapter("What is taken back is taken back everywhere");
    tally.says("takes the like back", bob.undoes(group, &like)).await;
    tally.says("deletes her post", ann.deletes(group, &seeds)).await;

    trace::chapter("They leave, and hear no more");
    tally.leaves("leaves", cleo.leaves(group, &cleo_in)).await;
    tally.leaves("leaves", bob.leaves(group, &bob_in)).await;
    tally
        .says("posts: Just us two now", ann.post(group, "Just us two now"))
        .await;
    tally.leaves("leaves", dan.leaves(group, &dan_in)).await;
    tally.leaves("leaves", ann.leaves(group, &ann_in)).await;
    trace::command("folkmoot group list", &house.runs(&["group", "list"]).await?);
    Ok(())
}

/// What an operator sees of somebody's server: `folkmoot queue status`, a line of it.
async fn waiting(house: &House, whom: &Actor) -> anyhow::Result<String> {
    let rows = queue(house).await?;
    let row = rows.iter().find(|row| row["host"] == whom.server().authority());
    let row = row.context("queue status does not know the server that is down")?;
    let [why, when] = ["last_error", "next_try"].map(|field| row[field].as_str().unwrap_or("unknown"));
    let (second, _) = when.split_once('.').unwrap_or((when, ""));
    let waiting = &row["entries"];
    Ok(format!(
        "folkmoot queue status: {waiting} wait for {}, which {why}; next try {second}",
        whom.server().authority()
    ))
}

async fn queue(house: &House) -> anyhow::Result<Vec<Value>> {
    let status = house.runs(&["queue", "status", "--json"]).await?;
    serde_json::from_str(&status).context("queue status --json is not as expected")
}

/// Waits until the server has nothing left to send; what it has left all the same.
async fn waits_until_idle(house: &House) -> anyhow::Result<u64> {
    let begun = Instant::now();
    let kinds = ["entries", "letters", "undecided"];
    loop {
        let rows = queue(house).await?;
        let numbers = rows
            .iter()
            .flat_map(|row| kinds.map(|kind| row[kind].as_u64().unwrap_or(1)));
        let waiting = numbers.sum();
        if waiting == 0 || begun.elapsed() > LIMIT {
            return Ok(waiting);
        }
    }
}
