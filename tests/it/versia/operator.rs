//! The command line, where members are on Versia servers.
//!
//! One rule: whoever lives there is named by reference or by the address of their entity, wherever an id is taken; and what they would
//! never hear of is said to be so.

use folkmoot::clock::Clock;
use serde_json::{Value, json};

use crate::support::peer::{Actor, Ground, Server};
use crate::support::process::{Program, Serving};
use crate::support::versia::{Domain, OURS, played};

/// A real server, with a group, its owner, and b.test.
struct Stage {
    b: Domain,
    program: Program,
    serving: Serving,
    owner: Actor,
}

impl Stage {
    async fn new() -> Self {
        let b = Domain::start("b.test").await;
        let mut program = Program::new().await;
        program.set("VERSIA__DOMAIN", OURS);
        program.set("VERSIA__DEV_RESOLVE", &played([&b]));
        let serving = program.serve().await;
        let ground = Ground::new(Clock::system());
        b.meets(&ground, &program.base()).await;
        b.user("u1", "alice");
        b.user("u2", "bella");
        let owner = Server::start("lemmy", &ground).actor("owner");
        program.group("garden", &owner).await;
        Self {
            b,
            program,
            serving,
            owner,
        }
    }

    async fn says(&self, words: &str) -> String {
        let words: Vec<&str> = words.split(' ').collect();
        self.program.run(&words).await.ok().out
    }

    async fn json(&self, words: &str) -> Value {
        let words: Vec<&str> = words.split(' ').chain(["--json"]).collect();
        self.program.run(&words).await.json()
    }

    async fn fails(&self, words: &str, code: i32, why: &[&str]) {
        let words: Vec<&str> = words.split(' ').collect();
        self.program.run(&words).await.fails(code, why);
    }

    async fn hears(&self, kind: &str, field: &str, value: &str) -> Value {
        let said = |said: &Value| said["type"] == kind && said[field] == value;
        self.b.hears(kind, said).await
    }

    async fn end(self) {
        self.b.is_content();
        self.serving.stop().await;
    }
}

fn mirror(stage: &Stage, id: &str) -> String {
    format!("{}/bridge/versia/b.test/{id}", stage.program.base())
}

/// Written out and let in again, into another group: each hears it in the way in which they asked to.
#[tokio::test]
async fn a_list_with_members_from_there_comes_in_again() {
    let stage = Stage::new().await;
    let b = &stage.b;
    b.joins("b.test:u1", "garden").await;
    let follow = json!({"type": "Follow", "created_at": "2026-05-01T10:00:00Z", "author": "b.test:u2",
        "followee": format!("{OURS}:garden")});
    b.sends(&follow).await.is(202);
    stage.hears("FollowAccept", "follower", "b.test:u2").await;

    let list = stage.says("group export garden").await;
    let lines: Vec<&str> = list.lines().collect();
    let line = |id: &str, lane: &str| {
        let mirror = mirror(&stage, id);
        format!("{mirror},https://b.test/.versia/v0.6/inbox{lane},,")
    };
    assert_eq!(lines[1..], [line("u1", ""), line("u2", "#share")]);

    let orchard = stage.program.group("orchard", &stage.owner).await;
    let desk = tempfile::tempdir().unwrap();
    let file = desk.path().join("members.csv").display().to_string();
    std::fs::write(&file, &list).unwrap();
    let done = stage.json(&format!("group import orchard {file}")).await;
    assert_eq!(
        (&done["imported"], &done["bad"]),
        (&json!(2), &json!(0)),
        "{done}"
    );
    assert_eq!(stage.says("group export orchard").await, list);

    let owner = stage.owner.clone().follows(&orchard).await;
    owner.post(&orchard, "Apples").await;
    let federate = stage
        .hears(
            "pub.versia:groups/Federate",
            "group",
            &format!("{OURS}:group-orchard"),
        )
        .await;
    let share = stage
        .hears("pub.versia:share/Share", "author", &format!("{OURS}:orchard"))
        .await;
    assert_eq!(federate["note"], share["shared"]);

    // Put out, each hears the word for the way in which they were in.
    stage.says("group expel orchard b.test:u2").await;
    stage.hears("FollowReject", "follower", "b.test:u2").await;
    stage
        .says("group expel orchard https://b.test/.versia/v0.6/entities/User/u1")
        .await;
    stage
        .hears("pub.versia:groups/SubscribeReject", "subscriber", "b.test:u1")
        .await;

    // By hand, by reference.
    std::fs::write(&file, "actor,inbox,shared_inbox,dialect\nb.test:u3,,,\n").unwrap();
    stage.says(&format!("group import orchard {file}")).await;
    let list = stage.says("group export orchard").await;
    assert!(list.contains(&line("u3", "")), "{list}");
    let wrong = "actor,inbox,shared_inbox,dialect\nb.test:u4,https://b.test/inbox,,\n";
    std::fs::write(&file, wrong).unwrap();
    let why = ["line 2, column inbox", "https://b.test/.versia/v0.6/inbox#share"];
    stage
        .fails(&format!("group import orchard {file}"), 1, &why)
        .await;
    stage.end().await;
}

/// Invited, banned, put out, taken out, made an admin: by reference; and what could not be heard is said, or not begun.
#[tokio::test]
async fn whoever_lives_there_is_named_by_reference() {
    let stage = Stage::new().await;
    let b = &stage.b;
    let u1 = mirror(&stage, "u1");
    stage.says("group set garden --join invite").await;
    let told = stage.says("group invite garden b.test:u1").await;
    assert!(
        told.contains("not told") && told.contains("g.test:group-garden"),
        "{told}"
    );
    b.joins("b.test:u1", "garden").await;
    let members = stage.json("group members garden").await;
    assert_eq!(members[0]["actor"], u1);
    assert_eq!(members[0]["host"], "b.test");

    for never in [
        "group transfer garden b.test:u1",
        "group invite garden b.test:u1 --admin",
    ] {
        stage.fails(never, 1, &["could never accept"]).await;
    }
    let added = stage.json("group admin add garden b.test:u1").await;
    assert_eq!((&added["admin"], &added["told"]), (&json!(u1), &json!(false)));
    stage.says("group admin remove garden b.test:u1").await;

    b.publishes(&b.note("n1", "b.test:u1", "garden", "Hi"))
        .await
        .is(202);
    let note = "https://b.test/.versia/v0.6/entities/Note/n1";
    let pinned = stage.json(&format!("group pin garden {note}")).await;
    assert_eq!(pinned["pinned"], mirror(&stage, "notes/n1"));
    stage.says(&format!("group remove-post garden {note}")).await;
    stage.says("group restore-post garden b.test:n1").await;

    stage.says("group ban garden b.test:u1").await;
    stage
        .hears("pub.versia:groups/SubscribeReject", "subscriber", "b.test:u1")
        .await;
    let shown = stage.json("group show garden").await;
    assert_eq!(shown["banned_actors"][0]["actor"], u1);
    stage.says("group unban garden b.test:u1").await;
    // Whom nobody here has met.
    stage.says("group ban garden b.test:u7").await;
    let shown = stage.json("group show garden").await;
    assert_eq!(shown["banned_actors"][0]["host"], "b.test");
    stage
        .fails("group invite garden g.test:garden", 2, &["g.test is this server"])
        .await;
    stage.end().await;
}

/// What an operator is told of a group and of a server that speak Versia.
#[tokio::test]
async fn an_operator_sees_what_is_so() {
    let stage = Stage::new().await;
    let shown = stage.json("group show garden").await;
    let faces = json!({"group": "g.test:group-garden", "user": "g.test:garden", "handle": "@garden@g.test"});
    assert_eq!(shown["versia"], faces);
    let text = stage.says("group show garden").await;
    assert!(
        text.contains("g.test:group-garden") && text.contains("@garden@g.test"),
        "{text}"
    );

    let owner = stage.owner.id();
    let create = |name: &str, more: &str| format!("group create {name} --title T --owner {owner} {more}");
    stage.says(&create("apart", "--bridge off")).await;
    assert_eq!(stage.json("group show apart").await["bridge"], false);
    stage.says(&create("hidden", "--visibility private")).await;
    let hidden = stage.json("group show hidden").await["versia"].clone();
    assert_eq!(
        hidden,
        json!({"group": "g.test:group-hidden", "user": null, "handle": null})
    );
    let both = create("other", "--visibility private --bridge on");
    stage.fails(&both, 1, &["private"]).await;

    stage.b.joins("b.test:u1", "garden").await;
    signs_by_domain(&stage).await;
    let set = stage.says("peer set b.test --shape microblog").await;
    assert!(set.contains("goes on hearing in Versia"), "{set}");
    let other = stage.says("peer set c.test --shape microblog").await;
    assert!(!other.contains("Versia"), "{other}");
    signs_by_domain(&stage).await;
    stage.end().await;
}

/// `peer list` says how a server really signs.
async fn signs_by_domain(stage: &Stage) {
    let rows = stage.json("peer list").await;
    let mut rows_there = rows.as_array().unwrap().iter();
    let row = rows_there.find(|row| row["host"] == "b.test");
    assert_eq!(row.unwrap()["scheme"], "domain", "{rows}");
}
