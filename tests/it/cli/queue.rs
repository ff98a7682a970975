//! The queue, as an operator sees it and what they do about it.
//!
//! One rule: what is said of a host is what its server heard, or did not hear yet.

use serde_json::{Value, json};

use super::ground;
use crate::support::peer::{Group, Mood, Server};
use crate::support::process::Program;

/// The one inbox of a host, as `queue show` tells it.
async fn inbox(program: &Program, host: &str) -> Value {
    let shown = program.run(&["queue", "show", host, "--json"]).await.json();
    assert_eq!(shown["host"], host);
    let inboxes = shown["inboxes"].as_array().unwrap();
    assert_eq!(inboxes.len(), 1, "{shown}");
    inboxes[0].clone()
}

/// Asks until the one inbox of a host is as wanted.
async fn until(program: &Program, host: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..200 {
        let inbox = inbox(program, host).await;
        if wanted(&inbox) {
            return inbox;
        }
    }
    panic!("{} is not as wanted", inbox(program, host).await);
}

/// Whether `queue status` lists a host, and its row.
async fn listed(program: &Program, host: &str, words: &[&str]) -> Option<Value> {
    let words = [&["queue", "status", "--json"], words].concat();
    let rows = program.run(&words).await.json();
    let rows = rows.as_array().unwrap();
    rows.iter().find(|row| row["host"] == host).cloned()
}

/// Nothing goes to a host that is paused, also to an inbox that is new; nothing of it counts as failing; and then all of
/// it comes, in order.
#[tokio::test]
async fn a_pause_holds_everything_and_loses_nothing() {
    let (program, ground) = (Program::new().await, ground());
    let owner = Server::start("lemmy", &ground).actor("owner");
    let explainer = Server::start("onepage.pub", &ground);
    let host = explainer.authority();
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    let tom = Server::start("lemmy", &ground).actor("tom").follows(&group).await;
    let xia = explainer.actor("xia").follows(&group).await;

    let said = program.run(&["queue", "pause", host]).await.ok().out;
    assert!(said.contains("queue resume"), "{said}");
    let posts = owner.posts(&group, ["one", "two", "three"]).await;
    let xen = explainer.actor("xen");
    let join = xen.asks(&group).await;
    tom.hears_of(&posts).once().in_order().await;
    xia.hears_of(&posts).nothing();
    assert!(xen.heard().is_empty(), "no Accept yet");

    let shown = program.run(&["queue", "show", host, "--json"]).await.json();
    let inboxes = shown["inboxes"].as_array().unwrap();
    assert_eq!(inboxes.len(), 2, "each has an inbox of their own: {shown}");
    for inbox in inboxes {
        assert_eq!(
            (&inbox["state"], &inbox["failures"]),
            (&json!("paused"), &json!(0))
        );
        assert!(inbox["paused_at"].is_string() && inbox["last_error"].is_null());
    }
    let waits = |inbox: &Value| (inbox["entries"].as_i64(), inbox["letters"].as_i64());
    let mut waiting: Vec<_> = inboxes.iter().map(waits).collect();
    waiting.sort();
    // The posts, and that somebody else has come.
    assert_eq!(waiting, [(Some(0), Some(1)), (Some(4), Some(0))]);
    let text = program.run(&["queue", "status"]).await.ok().out;
    assert!(
        text.starts_with("5 deliveries wait for 2 inboxes, the oldest for "),
        "{text}"
    );
    assert!(text.contains("2 paused"), "{text}");
    program
        .run(&["queue", "retry", host])
        .await
        .fails(1, &["paused", "queue resume"]);

    program.run(&["queue", "resume", host]).await.ok();
    xia.hears_of(&posts).once().in_order().await;
    xen.is_accepted(&join).await;
    let again = program.run(&["queue", "resume", host]).await.ok().out;
    assert!(again.contains("was not paused"), "{again}");
    serving.stop().await;
}

/// What did not go through is listed with its reason, what did is counted; and whoever is fine is listed on demand only.
#[tokio::test]
async fn what_came_of_sending_is_shown() {
    let (program, ground) = (Program::new().await, ground());
    let owner = Server::start("lemmy", &ground).actor("owner");
    let mastodon = Server::start("mastodon", &ground);
    let host = mastodon.authority();
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    let mia = mastodon.actor("mia").follows(&group).await;
    let fine = until(&program, host, |inbox| inbox["state"] == "idle").await;
    assert_eq!((&fine["delivered"], &fine["outcomes"]), (&json!(1), &json!([])));
    assert!(fine["last_success"].is_string() && fine["lag_seconds"].is_null());
    assert_eq!(listed(&program, host, &[]).await, None);
    assert!(listed(&program, host, &["--all"]).await.is_some());

    mastodon.is(Mood::Says(500));
    let late = owner.post(&group, "late").await;
    let failing = until(&program, host, |inbox| inbox["failures"] == 1).await;
    assert_eq!(
        (&failing["state"], &failing["entries"]),
        (&json!("backing_off"), &json!(1))
    );
    assert!(failing["lag_seconds"].is_i64(), "{failing}");
    let outcome = &failing["outcomes"][0];
    assert_eq!(
        (&outcome["what"], &outcome["why"]),
        (&json!("later"), &json!("answered 500"))
    );
    assert_eq!(
        (&outcome["kind"], &outcome["group"]),
        (&json!("posted"), &json!("garden"))
    );
    assert!(outcome["next_try"].is_string());
    assert!(listed(&program, host, &[]).await.is_some());
    mastodon.comes_back();
    program.run(&["queue", "retry", host]).await.ok();
    mia.hears_of([&late]).once().await;

    mastodon.is_next([Mood::Says(403)]);
    let refused = owner.post(&group, "refused").await;
    let last = owner.post(&group, "last").await;
    mia.hears_of([&last]).once().await;
    let after = until(&program, host, |inbox| inbox["delivered"] == 3).await;
    mia.hears_of([&refused]).nothing();
    assert_eq!((&after["refused"], &after["failures"]), (&json!(1), &json!(0)));
    let outcome = &after["outcomes"][0];
    assert_eq!(outcome["what"], "refused", "the newest is the first: {after}");
    assert!(outcome["why"].as_str().unwrap().contains("403"));
    assert!(outcome["activity"].is_string() && outcome["next_try"].is_null());
    let text = program.run(&["queue", "show", host]).await.ok().out;
    for words in [
        "idle",
        "answered 500",
        "with 403",
        "posted in garden",
        "delivered",
        "last success",
    ] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    serving.stop().await;
}

/// Giving up is counted first and done when asked for; what was given up is shown, and what is said later comes.
#[tokio::test]
async fn what_is_given_up_is_counted_and_shown() {
    let (program, ground) = (Program::new().await, ground());
    let owner = Server::start("lemmy", &ground).actor("owner");
    let mastodon = Server::start("mastodon", &ground);
    let host = mastodon.authority();
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    let mia = mastodon.actor("mia").follows(&group).await;
    until(&program, host, |inbox| inbox["delivered"] == 1).await;
    let none = program.run(&["queue", "drop", host]).await.ok().out;
    assert!(none.contains("nothing is dropped"), "{none}");

    program.run(&["queue", "pause", host]).await.ok();
    let posts = owner.posts(&group, ["one", "two"]).await;
    let moe = mastodon.actor("moe");
    moe.asks(&group).await;
    until(&program, host, |inbox| inbox["letters"] == 1).await;
    program
        .run(&["queue", "drop", host])
        .await
        .fails(1, &["2 entries, 1 letter", "--yes", "Nothing is dropped yet"]);
    let waiting = inbox(&program, host).await;
    assert_eq!((&waiting["entries"], &waiting["letters"]), (&json!(2), &json!(1)));
    let dropped = program
        .run(&["queue", "drop", host, "--yes", "--json"])
        .await
        .json();
    assert_eq!(
        dropped,
        json!({"host": host, "entries": 2, "letters": 1, "parked": 0})
    );

    let after = inbox(&program, host).await;
    assert_eq!((&after["entries"], &after["letters"]), (&json!(0), &json!(0)));
    let gap = &after["gaps"][0];
    assert_eq!((&gap["group"], &gap["entries"]), (&json!("garden"), &json!(2)));
    let why: Vec<_> = after["outcomes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["what"])
        .collect();
    assert_eq!(
        why,
        ["dropped", "dropped"],
        "the entries, and the letter: {after}"
    );
    assert_eq!(after["refused"], 0, "it was not asked");
    let text = program.run(&["queue", "status"]).await.ok().out;
    assert!(text.contains("2 missed"), "{text}");

    program.run(&["queue", "resume", host]).await.ok();
    let next = owner.post(&group, "three").await;
    mia.hears_of([&next]).once().await;
    mia.hears_of(&posts).nothing();
    serving.stop().await;
}

/// A block that ends lets what waited go at once, to the sub-domains too.
#[tokio::test]
async fn what_waited_behind_a_block_comes_when_it_ends() {
    let (program, ground) = (Program::new().await, ground());
    let owner = Server::start("lemmy", &ground).actor("owner");
    let mastodon = Server::start("mastodon", &ground);
    let host = mastodon.authority();
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    let tom = Server::start("lemmy", &ground).actor("tom").follows(&group).await;
    let mia = mastodon.actor("mia").follows(&group).await;
    program.run(&["peer", "block", host]).await.ok();
    let posts = owner.posts(&group, ["one", "two"]).await;
    tom.hears_of(&posts).once().await;
    assert_eq!(inbox(&program, host).await["state"], "blocked");
    mia.hears_of(&posts).nothing();
    program.run(&["peer", "unblock", host]).await.ok();
    mia.hears_of(&posts).once().in_order().await;
    serving.stop().await;
}

/// A host that we do not know is answered with one that we do.
#[tokio::test]
async fn an_unknown_host_is_told_from_a_known_one() {
    let (program, ground) = (Program::new().await, ground());
    let owner = Server::start("lemmy", &ground).actor("owner");
    program.group("garden", &owner).await;
    let verbs = ["show", "retry", "pause", "resume", "drop"];
    for verb in verbs {
        program
            .run(&["queue", verb, "nobody.example"])
            .await
            .fails(1, &["nobody.example", "nor to anybody else"]);
    }
    let serving = program.serve().await;
    let group = Group {
        id: format!("{}/c/garden", program.base()),
    };
    let lemmy = Server::start("lemmy", &ground);
    lemmy.actor("tom").follows(&group).await;
    let near = lemmy.authority().replace("127.0.0.1", "127.0.0.2");
    for verb in verbs {
        let meant = format!("The nearest host that we send to is {};", lemmy.authority());
        program
            .run(&["queue", verb, &near])
            .await
            .fails(1, &[&meant, "--all"]);
    }
    serving.stop().await;
}

/// Ten thousand inboxes are summed up; those that are fine are not listed.
#[tokio::test]
async fn ten_thousand_inboxes_are_no_wall_of_text() {
    let program = Program::new().await;
    program.run(&["migrate"]).await.ok();
    let fill = "insert into destination (inbox, host, delivered, failures, next_try, last_error)
        select 'https://h' || n || '.example/inbox', 'h' || n || '.example', 3, n / 10000, '2999-01-01', 'answered 502'
        from generate_series(1, 10000) n";
    program.database(fill).await;
    let text = program.run(&["queue", "status"]).await.ok().out;
    assert_eq!(
        text.lines().filter(|line| line.contains("/inbox")).count(),
        1,
        "{text}"
    );
    for words in [
        "30000 delivered",
        "10000 inboxes of 10000 hosts",
        "9999 other inboxes",
        "answered 502",
    ] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    let totals = program
        .run(&["queue", "status", "--totals", "--json"])
        .await
        .json();
    assert_eq!(
        (&totals["inboxes"], &totals["delivered"]),
        (&json!(10_000), &json!(30_000))
    );
    let all = program.run(&["queue", "status", "--all", "--json"]).await.json();
    assert_eq!(all.as_array().unwrap().len(), 10_000);
}
