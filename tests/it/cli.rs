//! The command line, as operators and their scripts use it: the real program, beside a server that runs, or without one.
//!
//! One rule: when a command has returned, what it did is in force.

use folkmoot::clock::Clock;
use serde_json::{Value, json};

use crate::support::peer::{Actor, Answer, Ground, Group, Mood, Server};
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
        "none",
    ];
    let words = [&create[..], &policies[..], &["--visibility", "public", "--json"]].concat();
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
        ("review", json!("none")),
        ("visibility", json!("public")),
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
    program.run(&["group", "close", "garden"]).await.ok();
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

/// Bad usage is exit 2, and says what to write; nothing is opened for it.
#[tokio::test]
async fn bad_usage_is_told_in_words() {
    let mut program = Program::new().await;
    program.set("DATABASE__URL", "postgres://nobody@127.0.0.1:1/nothing");
    let create = "group create garden --title T --owner https://a.example/u/x";
    for (line, words) in [
        ("nonsense", &["nonsense"][..]),
        (
            "group create Garden --title T --owner https://a.example/u/x",
            &["write garden"],
        ),
        ("group create garden --title T", &["--owner"]),
        (
            "group create garden --title T --owner @x@a.example",
            &["https://your.server/users/you"],
        ),
        (
            &format!("{create} --join everybody"),
            &["open, approval, invite, closed"],
        ),
        (
            &format!("{create} --post all"),
            &["anyone, followers, members, admins"],
        ),
        (
            &format!("{create} --visibility private"),
            &["not protected yet", "Leave it at public"],
        ),
        (
            &format!("{create} --review all"),
            &["cannot be held", "Leave it at none"],
        ),
        ("group set garden", &["nothing is given", "--help"]),
        ("group set garden --review first", &["cannot be held"]),
        ("group members garden --state here", &["pending"]),
        ("group ban garden https://", &["https://your.server/users/you"]),
        ("peer block https://evil.example/", &["write evil.example"]),
        ("peer block *.evil.example", &["write evil.example"]),
        (
            "peer set b.example --shape round",
            &["threadiverse, microblog, explainer, auto"],
        ),
        ("queue retry", &["<HOST>"]),
        ("serve --role king", &["all, web, delivery"]),
    ] {
        let words_of: Vec<&str> = line.split(' ').collect();
        program.run(&words_of).await.fails(2, words);
    }
}

/// What cannot be done is exit 1, and says why.
#[tokio::test]
async fn what_cannot_be_done_is_told_in_words() {
    let (mut program, ground) = (Program::new().await, ground());
    let owner = Server::start("lemmy", &ground).actor("owner");
    program.group("garden", &owner).await;
    for (line, words) in [
        ("group show nothing", &["nothing", "group list"][..]),
        ("group set nothing --title T", &["nothing", "group list"]),
        ("group close nothing", &["nothing"]),
        ("group members nothing", &["nothing"]),
        ("group ban nothing evil.example", &["nothing"]),
        ("group unban garden evil.example", &["evil.example", "not banned"]),
        (&format!("group ban garden {}", owner.id()), &["owner"]),
        (
            "group follow garden http://127.0.0.1:1/c/x",
            &["127.0.0.1:1", "could not be read"],
        ),
        ("queue retry nobody.example", &["nobody.example"]),
    ] {
        let words_of: Vec<&str> = line.split(' ').collect();
        program.run(&words_of).await.fails(1, words);
    }
    let serving = program.serve().await;
    program
        .run(&["serve"])
        .await
        .fails(1, &["cannot listen", "server.listen"]);
    serving.stop().await;
    program.set("DATABASE__URL", "postgres://nobody@127.0.0.1:1/nothing");
    program.run(&["group", "list"]).await.fails(1, &["database"]);
}

/// Bad settings name the nearest right one, all of them at once; no secret is shown.
#[tokio::test]
async fn settings_are_checked_and_printed() {
    let mut program = Program::new().await;
    program.run(&["config", "check"]).await.ok();
    let checked = program.run(&["config", "check", "--json"]).await.json();
    assert_eq!(checked["ok"], true);
    assert!(
        checked["variables"]
            .as_array()
            .unwrap()
            .contains(&json!("FOLKMOOT__DATA_DIR")),
        "{checked}"
    );

    program.configures(
        "[server]\nlisen = \"127.0.0.1:1\"\n[federation]\nalow_http = true\n[limits]\nbody_bytes = 1\n",
    );
    let wrong = [
        "line 2",
        "server.listen",
        "line 4",
        "federation.allow_http",
        "line 6",
        "1024",
    ];
    program.run(&["config", "check"]).await.fails(1, &wrong);
    program.run(&["serve"]).await.fails(1, &wrong);
    program.configures("[limits]\nbody_bytes = 2048\n");
    program.set("DATABASE__URL", "postgres://me:secret@db.example/x");
    let printed = program.run(&["config", "print", "--json"]).await.json();
    assert_eq!(printed["limits"]["body_bytes"], 2048);
    let text = program.run(&["config", "print"]).await.ok().out;
    assert!(
        text.contains("body_bytes = 2048") && text.contains("db.example"),
        "{text}"
    );
    assert!(
        !text.contains("secret") && !printed.to_string().contains("secret"),
        "{text}"
    );
    program.set("SERVR__LISTEN", "127.0.0.1:1");
    program
        .run(&["config", "check"])
        .await
        .fails(1, &["FOLKMOOT__SERVER__LISTEN"]);
}

/// What weakens a server is refused in the open, unless its data says that it is a test.
#[tokio::test]
async fn plain_http_is_for_this_machine_only() {
    let mut program = Program::new().await;
    program.set("SERVER__PUBLIC_URL", "https://groups.example");
    let why = [
        "federation.allow_http",
        "federation.allow_private_addresses",
        "TEST",
    ];
    program.run(&["config", "check"]).await.fails(1, &why);
    program.run(&["serve"]).await.fails(1, &why);
    program.is_marked_as_test();
    program.run(&["config", "check"]).await.ok();
    program.set("SERVER__PUBLIC_URL", "http://groups.example");
    program.run(&["group", "list"]).await.ok();
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
