//! `key rotate`: a new key for our domain, from the command line.

use serde_json::Value;

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
