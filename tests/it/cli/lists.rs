//! Members, queues, peers and groups that are followed: what an operator sees of them, and does about them.
//!
//! One rule: what is listed is what the other servers were told.

use serde_json::{Value, json};

use super::{ground, names};
use crate::support::peer::{Mood, Server};
use crate::support::process::Program;

/// Whoever waits is let in or turned away; the lists say who is what.
#[tokio::test]
async fn members_are_listed_by_what_they_are() {
    let (program, ground) = (Program::new().await, ground());
    let owner = Server::start("lemmy", &ground).actor("owner");
    let explainer = Server::start("onepage.pub", &ground);
    let [ann, bob, cleo] = ["ann", "bob", "cleo"].map(|name| explainer.actor(name));
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    program
        .run(&["group", "set", "garden", "--join", "approval"])
        .await
        .ok();
    let mut joins = vec![];
    for who in [&ann, &bob, &cleo] {
        joins.push(who.asks(&group).await);
    }
    let listed = async |state: &str| {
        let rows = program
            .run(&["group", "members", "garden", "--state", state, "--json"])
            .await
            .json();
        let mut names = names(&rows, "actor");
        names.sort();
        names
    };
    assert_eq!(listed("pending").await, [ann.id(), bob.id(), cleo.id()]);
    let text = program.run(&["group", "members", "garden"]).await.ok().out;
    assert!(text.contains("--state pending"), "{text}");
    program.run(&["group", "accept", "garden", &ann.id()]).await.ok();
    program.run(&["group", "reject", "garden", &bob.id()]).await.ok();
    ann.is_accepted(&joins[0]).await;
    bob.is_rejected(&joins[1]).await;
    program
        .run(&["group", "ban", "garden", &cleo.id(), "--reason", "spam"])
        .await
        .ok();
    cleo.is_rejected(&joins[2]).await;
    assert_eq!(listed("members").await, [ann.id()]);
    assert_eq!(listed("pending").await, Vec::<String>::new());
    assert_eq!(listed("banned").await, [cleo.id()]);
    let shown = program.run(&["group", "show", "garden", "--json"]).await.json();
    assert_eq!(
        (&shown["members"], &shown["banned_actors"][0]["ban_reason"]),
        (&json!(1), &json!("spam"))
    );
    program
        .run(&["group", "accept", "garden", &bob.id()])
        .await
        .fails(1, &[]);
    program
        .run(&["group", "unban", "garden", &bob.id()])
        .await
        .fails(1, &["not banned"]);
    serving.stop().await;
}

/// What waits, for whom, and why; and an operator's word that now is the time.
#[tokio::test]
async fn the_queue_says_why_it_waits_and_tries_again_when_told() {
    let (program, ground) = (Program::new().await, ground());
    let owner = Server::start("lemmy", &ground).actor("owner");
    let mastodon = Server::start("mastodon", &ground);
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    let mia = mastodon.actor("mia").follows(&group).await;
    let mitra = Server::start("mitra", &ground);
    mitra.actor("tom").follows(&group).await;
    mastodon.is(Mood::Says(500));
    let post = owner.post(&group, "one").await;
    mastodon.hears("a try", |heard| heard.kind() == "Announce").await;
    let host = mastodon.authority();
    let row = loop {
        let rows = program.run(&["queue", "status", "--json"]).await.json();
        let row = rows
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["host"] == host)
            .cloned()
            .unwrap();
        if row["failures"] == 1 {
            break row;
        }
    };
    assert_eq!(
        (&row["entries"], &row["shapes"]),
        (&json!(1), &json!(["microblog"]))
    );
    assert!(row["last_error"].as_str().unwrap().contains("500"), "{row}");
    assert!(row["next_try"].is_string());
    let text = program.run(&["queue", "status"]).await.ok().out;
    assert!(text.contains(host) && text.contains("1 delivery waits"), "{text}");
    mastodon.comes_back();
    program.run(&["queue", "retry", host]).await.ok();
    mia.hears_of([&post]).once().await;
    program
        .run(&["queue", "retry", "nobody.example"])
        .await
        .fails(1, &["nobody.example"]);

    let peers = program.run(&["peer", "list", "--json"]).await.json();
    let known = |peers: &Value| {
        peers
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["host"] == host)
            .cloned()
            .unwrap()
    };
    let known_as = known(&peers);
    assert_eq!(
        (&known_as["software"], &known_as["class"], &known_as["shape"]),
        (&json!("mastodon"), &json!("microblog"), &Value::Null)
    );
    let text = program.run(&["peer", "list"]).await.ok().out;
    for (server, scheme) in [(&mastodon, "cavage"), (&mitra, "ed25519")] {
        let line = text
            .lines()
            .find(|line| line.contains(server.authority()))
            .unwrap();
        assert!(line.contains(scheme), "{text}");
    }
    program
        .run(&["peer", "set", host, "--shape", "threadiverse"])
        .await
        .ok();
    let peers = program.run(&["peer", "list", "--json"]).await.json();
    assert_eq!(known(&peers)["shape"], "threadiverse");
    let second = owner.post(&group, "two").await;
    mastodon
        .hears("the activity", |heard| heard.object_id() == second.id())
        .await;
    program.run(&["peer", "set", host, "--shape", "auto"]).await.ok();
    let third = owner.post(&group, "three").await;
    mia.hears_of([&third]).once().await;
    serving.stop().await;
}

/// A group that follows a group: asked for, answered, ended.
#[tokio::test]
async fn a_group_follows_a_group() {
    let (program, ground) = (Program::new().await, ground());
    let lemmy = Server::start("lemmy", &ground);
    let (owner, cats) = (lemmy.actor("owner"), lemmy.settle("cats", "Group"));
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    let asked = program
        .run(&["group", "follow", "garden", &cats.id(), "--json"])
        .await
        .json();
    assert_eq!(
        asked,
        json!({ "group": "garden", "follows": cats.id(), "accepted": false })
    );
    let follow = lemmy.hears("a Follow", |heard| heard.kind() == "Follow").await;
    assert_eq!(
        (&follow.document["actor"], &follow.document["object"]),
        (&json!(group.id), &json!(cats.id()))
    );
    let accept = cats.speaks(|me| {
        json!({ "id": (me.mint)("accept"), "type": "Accept", "actor": me.id, "object": follow.document })
    });
    cats.sends(&group, &accept).await.is(202);
    let shown = program.run(&["group", "show", "garden", "--json"]).await.json();
    assert_eq!(shown["following"][0]["actor"], cats.id());
    assert!(shown["following"][0]["accepted_at"].is_string(), "{shown}");
    program
        .run(&["group", "unfollow", "garden", &cats.id()])
        .await
        .ok();
    lemmy.hears("an Undo", |heard| heard.kind() == "Undo").await;
    let shown = program.run(&["group", "show", "garden", "--json"]).await.json();
    assert_eq!(shown["following"], json!([]));
    program
        .run(&["group", "unfollow", "garden", &cats.id()])
        .await
        .fails(1, &["does not follow"]);
    program
        .run(&["group", "follow", "garden", &owner.id()])
        .await
        .fails(1, &["not a group"]);
    serving.stop().await;
}
