//! The same from the command line, by an operator, and through a kill between the hold and the approval.

use folkmoot::clock::Clock;
use serde_json::{Value, json};

use super::answers;
use crate::support::peer::{Ground, Server};
use crate::support::process::Program;

/// What waits is listed, let through and turned away; a post is taken out; somebody is watched. The server was killed in
/// between, and nothing that waited is lost.
#[tokio::test]
async fn an_operator_works_the_queue() {
    let (program, ground) = (Program::new().await, Ground::new(Clock::system()));
    let olga = Server::start("mastodon", &ground).actor("olga");
    let ann = Server::start("lemmy", &ground).actor("ann");
    let tom = Server::start("lemmy", &ground).actor("tom");
    let owner = olga.id();
    let group = program.group("garden", &olga).await;
    program
        .run(&["group", "set", "garden", "--review", "all"])
        .await
        .ok();
    let serving = program.serve().await;
    let (ann, tom) = (ann.follows(&group).await, tom.follows(&group).await);
    let mut posts = ann.posts(&group, ["one", "two", "three"]).await;
    serving.kill().await;

    let pending = program
        .run(&["group", "pending", "garden", "--json"])
        .await
        .json();
    assert_eq!(pending["cannot_be_notified"], json!([owner]));
    let ids: Vec<Value> = pending["pending"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].clone())
        .collect();
    assert_eq!(ids.len(), 3, "{pending}");
    assert_eq!(pending["pending"][0]["actor"], json!(ann.id()));
    assert_eq!(pending["pending"][0]["object"], json!(posts[0].post));
    let words = program.run(&["group", "pending", "garden"]).await.ok().out;
    assert!(
        words.contains("Cannot be notified") && words.contains(&posts[2].post),
        "{words}"
    );
    for line in [&["queue", "status"][..], &["queue", "status", "--totals"]] {
        let words = program.run(line).await.ok().out;
        assert!(
            words.contains("garden: 3 things wait") && words.contains(&owner),
            "{words}"
        );
    }

    let serving = program.serve().await;
    let id = |n: usize| ids[n].as_str().unwrap().to_owned();
    let accepted = program
        .run(&["group", "accept", "garden", &id(0), "--json"])
        .await
        .json();
    assert_eq!(
        accepted,
        json!({ "group": "garden", "accepted": ann.id(), "entry": id(0) })
    );
    tom.hears_of([&posts[0]]).once().await;
    program
        .run(&["group", "reject", "garden", &id(1), "--reason", "no"])
        .await
        .ok();
    program
        .run(&["group", "accept", "garden", &id(1)])
        .await
        .fails(1, &["rejected"]);
    // By an admin's own word, too: the same queue.
    answers(&olga, &group, "Accept", &json!(posts[2].id()))
        .await
        .is(202);
    tom.hears_of([&posts[2]]).once().await;

    let removed = program
        .run(&["group", "remove-post", "garden", &posts[0].post, "--json"])
        .await
        .json();
    assert_eq!(removed["removed"], json!(posts[0].post));
    program
        .run(&["group", "remove-post", "garden", &posts[0].post])
        .await
        .fails(1, &["no such post"]);
    let restored = program
        .run(&["group", "restore-post", "garden", &posts[0].post, "--json"])
        .await
        .json();
    assert_eq!(restored["restored"], json!(posts[0].post));
    program
        .run(&["group", "restore-post", "garden", &posts[0].post])
        .await
        .fails(1, &["no such post"]);
    program
        .run(&["group", "remove-post", "garden", &posts[0].post, "--json"])
        .await
        .json();

    let post = posts[2].post.as_str();
    for (word, says) in [
        ("lock", "locked"),
        ("unlock", "unlocked"),
        ("pin", "pinned"),
        ("unpin", "unpinned"),
    ] {
        let line = ["group", word, "garden", post, "--json"];
        let done = program.run(&line).await.json();
        assert_eq!(done, json!({"group": "garden", says: post, "changed": true}));
        let text = program.run(&line[..4]).await.ok().out;
        assert!(text.contains("already"), "{text}");
        program
            .run(&["group", word, "garden", &posts[0].post])
            .await
            .fails(1, &["no such post"]);
    }

    program
        .run(&["group", "set", "garden", "--review", "none"])
        .await
        .ok();
    program
        .run(&["group", "watch", "garden", &ann.id(), "on"])
        .await
        .ok();
    posts.push(ann.post(&group, "watched").await);
    let pending = program
        .run(&["group", "pending", "garden", "--json"])
        .await
        .json();
    assert_eq!(pending["pending"][0]["object"], json!(posts[3].post), "{pending}");
    program
        .run(&["group", "watch", "garden", &ann.id(), "off", "--json"])
        .await
        .json();
    let last = ann.post(&group, "not watched").await;
    tom.hears_of([&last]).once().await;
    program
        .run(&["group", "watch", "garden", "https://nowhere.example/u/x", "on"])
        .await
        .fails(1, &["is not in"]);
    serving.stop().await;
}
