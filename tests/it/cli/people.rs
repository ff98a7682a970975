//! Who is in a group and who runs it, by an operator's word.
//!
//! One rule: what the operator does is told to whom it is done, as if an admin had done it.

use serde_json::json;

use super::{ground, names};
use crate::support::peer::Server;
use crate::support::process::Program;

/// Invited, made an admin, offered the group, put out: by the command line, and answered from their own servers.
#[tokio::test]
async fn an_operator_does_what_an_owner_may() {
    let (program, ground) = (Program::new().await, ground());
    let owner = Server::start("onepage.pub", &ground).actor("owner");
    let explainer = Server::start("onepage.pub", &ground);
    let [ann, bob] = ["ann", "bob"].map(|name| explainer.actor(name));
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    let run = async |words: &[&str]| program.run(words).await.json();
    run(&["group", "set", "garden", "--join", "invite", "--json"]).await;
    let invited = run(&["group", "invite", "garden", &ann.id(), "--json"]).await;
    assert_eq!(
        invited,
        json!({"group": "garden", "invited": ann.id(), "changed": true})
    );
    let rows = run(&["group", "members", "garden", "--state", "invited", "--json"]).await;
    assert_eq!(names(&rows, "actor"), [ann.id()]);
    let ann = ann.follows(&group).await;
    let rows = run(&["group", "members", "garden", "--state", "invited", "--json"]).await;
    assert_eq!(rows, json!([]));

    run(&["group", "admin", "add", "garden", &ann.id(), "--json"]).await;
    program
        .run(&["group", "admin", "add", "garden", &bob.id()])
        .await
        .fails(1, &["not a member"]);
    let rows = run(&["group", "members", "garden", "--json"]).await;
    assert_eq!(names(&rows, "role"), ["admin"]);
    let gone = run(&["group", "admin", "remove", "garden", &ann.id(), "--json"]).await;
    assert_eq!(
        (&gone["dismissed"], &gone["changed"]),
        (&json!(ann.id()), &json!(true))
    );

    run(&["group", "invite", "garden", &bob.id(), "--admin", "--json"]).await;
    let text = program
        .run(&["group", "members", "garden", "--state", "invited"])
        .await
        .ok()
        .out;
    assert!(text.contains("invited as admin"), "{text}");

    let text = program
        .run(&["group", "transfer", "garden", &ann.id()])
        .await
        .ok()
        .out;
    assert!(text.contains("until they accept"), "{text}");
    let is_offer = |kind: &str| kind == "Offer";
    let offer = explainer.hears("an Offer", |heard| is_offer(heard.kind())).await;
    let accept = ann.speaks(|me| json!({
        "id": (me.mint)("activities"), "type": "Accept", "actor": me.id, "to": [group.id], "object": offer.document["id"],
    }));
    ann.sends(&group, &accept).await.is(202);
    let shown = run(&["group", "show", "garden", "--json"]).await;
    assert_eq!(shown["owner"], ann.id());
    program
        .run(&["group", "expel", "garden", &ann.id()])
        .await
        .fails(1, &["owner"]);

    let words = [
        "group",
        "ban",
        "garden",
        &bob.id(),
        "--until",
        "2999-01-31",
        "--json",
    ];
    run(&words).await;
    let shown = run(&["group", "show", "garden", "--json"]).await;
    assert_eq!(shown["banned_actors"][0]["banned_until"], "2999-01-31T00:00:00Z");
    let text = program.run(&["group", "show", "garden"]).await.ok().out;
    assert!(text.contains("until 2999-01-31T00:00:00Z"), "{text}");
    let all = ["group", "members", "garden", "--state", "banned"];
    let text = program.run(&all).await.ok().out;
    assert!(text.contains("banned until 2999-01-31T00:00:00Z"), "{text}");
    for (line, why) in [
        (
            "group ban garden evil.example --until 2999-01-31",
            "leave out --until",
        ),
        (
            "group ban garden https://a.example/u/x --until soon",
            "2027-01-31",
        ),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        program.run(&words).await.fails(2, &[why]);
    }
    serving.stop().await;
}
