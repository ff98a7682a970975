//! Receipts: who hears that what they sent was taken, and that it was not.

use serde_json::{Value, json};

use super::{Garden, answer, answers};
use crate::support::peer::{Actor, Heard, Said};

fn answers_to<'a>(heard: &'a [Heard], said: &Said) -> Vec<&'a str> {
    let of = heard.iter().filter(|heard| heard.object_id() == said.id());
    of.filter(|heard| heard.kind() == "Accept" || heard.kind() == "Reject")
        .map(Heard::kind)
        .collect()
}

async fn says_and_is_judged(garden: &Garden, author: &Actor) -> [Said; 2] {
    let good = author.post(&garden.group, "good").await;
    answers(&garden.olga, &garden.group, "Accept", &garden.entry().await["id"])
        .await
        .is(202);
    let bad = author.post(&garden.group, "bad").await;
    let mut reject = answer(&garden.olga, &garden.group, "Reject", &garden.entry().await["id"]);
    reject["summary"] = json!("Not here, please.");
    garden.olga.sends(&garden.group, &reject).await.is(202);
    garden.world.settles().await;
    [good, bad]
}

/// Authors of the explainer's software hear both, with the reason; all others hear that it was refused, but Lemmy, which answers 400.
#[tokio::test]
async fn authors_hear_what_became_of_it_where_they_ask_for_it() {
    let garden = Garden::all().await;
    let xia = garden.world.explainer().actor("xia").follows(&garden.group).await;
    let [good, bad] = says_and_is_judged(&garden, &xia).await;
    let accept = xia.is_accepted(&good).await;
    assert_eq!(accept.document["actor"], garden.group.id);
    let reject = xia.is_rejected(&bad).await;
    assert_eq!(reject.document["summary"], "Not here, please.");
    // What is rejected is nobody's to read by the letter's id either.
    garden.tom.reads(reject.id()).await.is(404);
    xia.reads(reject.id()).await.is(200);
    let delete = xia.deletes(&garden.group, &good).await;
    xia.is_accepted(&delete).await;

    for said in says_and_is_judged(&garden, &garden.ann).await {
        assert_eq!(answers_to(&garden.ann.heard(), &said), Vec::<&str>::new());
    }
    let mut authors = vec![];
    for software in ["mastodon", "nodebb", "streams", "mobilizon"] {
        let author = garden
            .world
            .server(software)
            .actor("mia")
            .follows(&garden.group)
            .await;
        let [good, bad] = says_and_is_judged(&garden, &author).await;
        assert_eq!(
            answers_to(&author.heard(), &good),
            Vec::<&str>::new(),
            "{software}"
        );
        assert_eq!(answers_to(&author.heard(), &bad), ["Reject"], "{software}");
        authors.push(author);
    }
    garden.world.end().await;
}

/// A wall waits for the word that a post was refused, and makes nothing of the other.
#[tokio::test]
async fn a_wall_hears_what_was_refused() {
    let garden = Garden::all().await;
    let wally = garden
        .world
        .server("newcomer")
        .actor("wally")
        .follows(&garden.group)
        .await;
    let host = wally.server().authority().to_owned();
    garden
        .world
        .house()
        .engine
        .set_shape(&host, Some("wall"))
        .await
        .unwrap();
    let [good, bad] = says_and_is_judged(&garden, &wally).await;
    assert_eq!(answers_to(&wally.heard(), &good), Vec::<&str>::new());
    assert_eq!(answers_to(&wally.heard(), &bad), ["Reject"]);
    assert_eq!(garden.entries().await, Vec::<Value>::new());
    garden.world.end().await;
}
