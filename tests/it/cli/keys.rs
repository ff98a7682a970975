//! `key rotate`: a new key for our domain, from the command line.

use folkmoot::clock::Clock;
use serde_json::Value;

use crate::support::peer::{Ground, Server};
use crate::support::process::Program;

#[tokio::test]
async fn the_key_of_our_domain_is_changed_while_the_server_runs() {
    let mut program = Program::new().await;
    let off = program.run(&["key", "rotate", "versia"]).await;
    off.fails(1, &["Versia is off"]);
    program.set("VERSIA__DOMAIN", "g.test");
    program.set("VERSIA__DEV_RESOLVE", "b.test=http://127.0.0.1:1");
    let serving = program.serve().await;
    let before = published(&program).await;
    let new = program.run(&["key", "rotate", "versia", "--json"]).await.json();
    assert_eq!(new["domain"], "g.test");
    let after = published(&program).await;
    assert_ne!(before, after);
    assert_eq!(new["public_key"], after);
    let told = program.run(&["key", "rotate", "versia"]).await.ok();
    assert!(
        told.out.contains(published(&program).await.as_str().unwrap()),
        "{}",
        told.out
    );
    program
        .run(&["key", "rotate", "other"])
        .await
        .fails(2, &["versia"]);
    serving.stop().await;
}

/// References name the domain: where somebody hears a group by it, it stays what it was, or the server does not start.
#[tokio::test]
async fn a_domain_by_which_somebody_hears_is_not_changed() {
    let mut program = Program::new().await;
    program.set("VERSIA__DEV_RESOLVE", "b.test=http://127.0.0.1:1");
    for domain in ["forum.test", "moot.test"] {
        program.set("VERSIA__DOMAIN", domain);
        program.serve().await.stop().await;
    }
    assert!(program.said().contains("Versia is on"), "{}", program.said());
    let ann = Server::start("lemmy", &Ground::new(Clock::system())).actor("ann");
    let serving = program.serve().await;
    let group = program.group("garden", &ann).await;
    ann.follows(&group).await;
    serving.stop().await;
    program.database("update destination set scheme = 'domain'").await;
    program.set("VERSIA__DOMAIN", "forum.test");
    let changed = program.run(&["serve"]).await;
    changed.fails(
        1,
        &["`moot.test`", "1 server", "forum.test", "set `versia.domain`"],
    );
    program.set("VERSIA__DOMAIN", "moot.test");
    program.serve().await.stop().await;
}

async fn published(program: &Program) -> Value {
    let url = format!("{}/.versia/v0.6/instance", program.base());
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(url)
        .send()
        .await
        .unwrap();
    let metadata: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    metadata["public_key"]["key"].clone()
}
