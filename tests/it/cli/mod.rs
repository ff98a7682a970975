//! The command line, as operators and their scripts use it: the real program, beside a server that runs, or without one.
//!
//! One rule: when a command has returned, what it did is in force. What goes wrong: `words.rs`; whom and what it lists:
//! `lists.rs`; what waits to be delivered: `queue.rs`.

mod keys;
mod lists;
mod members;
mod people;
mod queue;
mod words;

use folkmoot::clock::Clock;
use serde_json::{Value, json};

use crate::support::peer::{Actor, Answer, Ground, Group, Server};
use crate::support::process::Program;

fn ground() -> Ground {
    Ground::new(Clock::system())
}

/// Somebody who posts something to the group now.
async fn tries_to_post(who: &Actor, group: &Group) -> Answer {
    let manners = who.server().software().manners;
    let post = who.speaks(|me| manners.post(me, group, "now"));
    who.server().publishes(&post["object"]);
    who.sends(group, &post).await
}

fn names(rows: &Value, field: &str) -> Vec<String> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row[field].as_str().unwrap().to_owned()).collect()
}

/// Made, listed, shown, changed, closed; in words for people and in JSON for programs, and no server runs.
#[tokio::test]
async fn groups_are_made_and_changed_without_a_server() {
    let (program, ground) = (Program::new().await, ground());
    let owner = Server::start("lemmy", &ground).actor("owner");
    let owner_id = owner.id();
    let empty = program.run(&["group", "list"]).await.ok();
    assert!(empty.out.contains("group create"), "{}", empty.out);
    assert_eq!(program.run(&["group", "list", "--json"]).await.json(), json!([]));
    let create = [
        "group",
        "create",
        "garden",
        "--title",
        "The garden",
        "--owner",
        &owner_id,
        "--summary",
        "*Plants*",
    ];
    let policies = [
        "--join",
        "approval",
        "--post",
        "followers",
        "--follow",
        "reads",
        "--review",
        "first",
        "--review-count",
        "3",
        "--invite",
        "admins",
        "--info",
        "admins",
        "--vote",
        "members",
        "--members-list",
        "members",
        "--admins-appoint",
    ];
    let words = [&create[..], &policies[..], &["--visibility", "private", "--json"]].concat();
    let made = program.run(&words).await.json();
    let id = format!("{}/c/garden", program.base());
    let handle = format!("!garden@{}", program.base().trim_start_matches("http://"));
    assert_eq!(
        made,
        json!({ "name": "garden", "id": id, "handle": handle, "owner_known": true })
    );
    let shown = program.run(&["group", "show", "garden", "--json"]).await.json();
    for (field, value) in [
        ("id", json!(id)),
        ("title", json!("The garden")),
        ("summary", json!("*Plants*")),
        ("owner", json!(owner_id)),
        ("join", json!("approval")),
        ("post", json!("followers")),
        ("follow", json!("reads")),
        ("review", json!("first")),
        ("review_count", json!(3)),
        ("visibility", json!("private")),
        ("invite", json!("admins")),
        ("info", json!("admins")),
        ("vote", json!("members")),
        ("members_list", json!("members")),
        ("admins_appoint", json!(true)),
        ("closed", json!(false)),
    ] {
        assert_eq!(shown[field], value, "{field}");
    }
    let text = program.run(&["group", "show", &handle]).await.ok().out;
    for word in ["The garden", "approval", &owner_id] {
        assert!(text.contains(word), "{text}");
    }
    let set = [
        "group", "set", "garden", "--title", "Garden", "--join", "open", "--json",
    ];
    let changed = program.run(&set).await.json();
    assert_eq!(
        (&changed["title"], &changed["join"], &changed["post"]),
        (&json!("Garden"), &json!("open"), &json!("followers"))
    );
    // Private as it is, it shows itself nowhere else.
    let set = program.run(&["group", "set", "garden", "--bridge", "on"]).await;
    set.fails(1, &["private"]);
    let set = ["group", "set", "garden", "--visibility", "public", "--json"];
    assert_eq!(program.run(&set).await.json()["bridge"], true);
    let set = ["group", "set", "garden", "--bridge", "off", "--json"];
    assert_eq!(program.run(&set).await.json()["bridge"], false);
    let text = program.run(&["group", "show", "garden"]).await.ok().out;
    assert!(text.contains("bridge"), "{text}");
    let long = "y".repeat(2_001);
    let set = program.run(&["group", "set", "garden", "--rule", &long]).await;
    set.fails(1, &["2000 characters"]);
    program.run(&["group", "close", "garden"]).await.ok();
    let set = program.run(&["group", "set", "garden", "--title", "New"]).await;
    set.fails(1, &["closed"]);
    assert_eq!(
        program.run(&["group", "list", "--json"]).await.json()[0]["closed"],
        true
    );
    program.run(&create).await.fails(1, &["garden"]);
}

/// What is done beside a running server holds for the very next request.
#[tokio::test]
async fn a_change_is_in_force_when_the_command_returns() {
    let (program, ground) = (Program::new().await, ground());
    let lemmy = Server::start("lemmy", &ground);
    let (ann, host) = (lemmy.actor("ann"), lemmy.authority());
    let owner = Server::start("lemmy", &ground).actor("owner");
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    let does = async |words: &[&str]| {
        program.run(words).await.ok();
    };
    ann.clone().follows(&group).await;
    tries_to_post(&ann, &group).await.is(202);

    does(&["group", "ban", "garden", &ann.id()]).await;
    tries_to_post(&ann, &group).await.problem(403);
    does(&["group", "unban", "garden", &ann.id()]).await;
    ann.clone().follows(&group).await;
    tries_to_post(&ann, &group).await.is(202);

    does(&["group", "set", "garden", "--post", "admins"]).await;
    tries_to_post(&ann, &group).await.problem(403);
    tries_to_post(&owner, &group).await.is(202);
    does(&["group", "set", "garden", "--post", "members"]).await;
    tries_to_post(&ann, &group).await.is(202);

    does(&["peer", "block", host]).await;
    tries_to_post(&ann, &group).await.problem(403);
    does(&["peer", "unblock", host]).await;
    tries_to_post(&ann, &group).await.is(202);

    does(&["group", "ban", "garden", host]).await;
    tries_to_post(&ann, &group).await.problem(403);
    does(&["group", "unban", "garden", host]).await;
    ann.clone().follows(&group).await;
    does(&["group", "close", "garden"]).await;
    tries_to_post(&ann, &group).await.problem(403);
    serving.stop().await;
    assert_eq!(ground.failures(), Vec::<String>::new());
}

/// Help and version go to standard output; the schema may be brought up to date by itself.
#[tokio::test]
async fn what_asks_for_nothing_special_just_works() {
    let program = Program::new().await;
    let version = program.run(&["--version"]).await.ok().out;
    assert_eq!(version.trim(), format!("folkmoot {}", env!("CARGO_PKG_VERSION")));
    let help = program.run(&["--help"]).await.ok().out;
    for command in ["serve", "group", "peer", "queue", "migrate", "config"] {
        assert!(help.contains(command), "{help}");
    }
    program.run(&["migrate"]).await.ok();
    assert!(
        program.run(&["migrate", "--json"]).await.json()["migrations"]
            .as_i64()
            .unwrap()
            > 0
    );
}

/// The private Postgres is there for whoever comes first, outlives a kill, and is shared while a server runs.
#[tokio::test]
async fn the_private_database_serves_commands_and_server() {
    let (program, ground) = (Program::with_private_postgres(), ground());
    let owner = Server::start("lemmy", &ground).actor("owner");
    program.group("before", &owner).await;
    let serving = program.serve().await;
    program.group("beside", &owner).await;
    let all = ["before", "beside"];
    assert_eq!(
        names(&program.run(&["group", "list", "--json"]).await.json(), "name"),
        all
    );
    serving.kill().await;
    assert_eq!(
        names(&program.run(&["group", "list", "--json"]).await.json(), "name"),
        all
    );
    let serving = program.serve().await;
    let ann = Server::start("mastodon", &ground).actor("ann");
    let beside = Group {
        id: format!("{}/c/beside", program.base()),
    };
    ann.follows(&beside).await;
    serving.stop().await;
}
