//! What goes wrong is told in words: exit 2 for bad usage, 1 for the rest.
//!
//! One rule: whoever reads the message knows what to write instead.

use serde_json::json;

use super::ground;
use crate::support::peer::Server;
use crate::support::process::Program;

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
        (&format!("{create} --visibility hidden"), &["public, private"]),
        (
            &format!("{create} --review some"),
            &["none, first, non-members, all"],
        ),
        ("group set garden", &["nothing is given", "--help"]),
        ("group set garden --review-count 0", &["1..=1000"]),
        ("group set garden --bridge yes", &["`on` or `off`"]),
        ("group members garden --state here", &["pending"]),
        ("group ban garden https://", &["https://your.server/users/you"]),
        ("peer block https://evil.example/", &["write evil.example"]),
        ("peer block *.evil.example", &["write evil.example"]),
        (
            "peer set b.example --shape round",
            &[
                "threadiverse, nodebb, discourse, microblog, wall, lotide, streams, mobilizon, peertube, explainer, auto",
            ],
        ),
        ("group ban garden 18603", &["social.example:8443"]),
        ("group ban garden not_a_host", &["social.example:8443"]),
        ("group reject garden 019e830e", &["group pending"]),
        ("group remove-post garden x", &["a post is named by its URL"]),
        ("group reports garden --done 7", &["not an id"]),
        ("group collection delete garden 7", &["not an id"]),
        ("nonsense --json", &["nonsense"]),
        ("queue retry", &["<HOST>"]),
        ("serve --role king", &["all, web, delivery"]),
    ] {
        let words_of: Vec<&str> = line.split(' ').collect();
        program.run(&words_of).await.fails(2, words);
    }
}

/// Whoever reads JSON reads what went wrong in JSON, too.
#[tokio::test]
async fn programs_are_told_in_json() {
    let program = Program::new().await;
    for line in [
        "group close nothing --json",
        "--json group ban garden 18603",
        "group --json list nonsense",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let ran = program.run(&words).await;
        let said: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
        assert!(
            said["error"].as_str().is_some_and(|why| !why.is_empty()),
            "{said}"
        );
        assert_eq!(said.as_object().unwrap().len(), 1);
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
        (
            "group reject garden https://a.example/u/x",
            &["https://a.example/u/x", "has not asked", "group pending garden"],
        ),
        ("group close nothing --json", &["nothing"]),
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
