//! QUE: inboxes that hang, drip, lie, refuse, send us elsewhere or are no more.
//!
//! One rule: each row ends with its people put out, so that nothing waits for them; whoever is well hears all the while.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::TimeDelta;
use folkmoot::domain::Iri;
use folkmoot::engine::Whom;
use folkmoot::store::{QueueRow, Walls};
use serde_json::json;
use tokio::sync::watch;

use super::raw::{RawInbox, answers, goes_on, never_answers, says, says_once, waits};
use super::{Row, Scene, rows};
use crate::support::peer::{Actor, LIMIT, Mood, Said, Server};

pub(super) const ANSWERING: &[Row] = rows![que02, que03, que05, que06, que07];
pub(super) const AWAY: &[Row] = rows![que09, que10, que11, que13, que15, que17, que18];

const NOW: TimeDelta = TimeDelta::zero();

/// What `queue status` says of a host's one inbox.
async fn seen(scene: &Scene, host: &str) -> QueueRow {
    let store = &scene.world.house().store;
    let mut rows = store.queue_of(Some(host), &Walls::default()).await.unwrap();
    assert_eq!(rows.len(), 1, "{host}");
    rows.remove(0)
}

/// Asks until `queue status` says what is wanted.
async fn until(scene: &Scene, host: &str, what: &str, wanted: impl Fn(&QueueRow) -> bool) -> QueueRow {
    let waited = tokio::time::timeout(LIMIT, async {
        loop {
            let row = seen(scene, host).await;
            if wanted(&row) {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    match waited.await {
        Ok(row) => row,
        Err(_) => panic!("not {what}: {:?}", seen(scene, host).await),
    }
}

/// Moves the clock on to a host's next try.
async fn next_try(scene: &Scene, host: &str) -> TimeDelta {
    let row = seen(scene, host).await;
    let wait = row.next_try.unwrap() - scene.world.house().store.now();
    scene.world.advance(wait.max(NOW));
    wait
}

/// A post of alice's that bob hears of, whatever somebody else does meanwhile.
async fn goes_round(scene: &Scene, text: &str) -> Said {
    let post = scene.alice.post(&scene.group, text).await;
    scene.bob.hears_of([&post]).once().await;
    post
}

/// Somebody is no member any more.
async fn puts_out(scene: &Scene, actor: &Iri) {
    let whom = Whom::Actor(actor.clone());
    scene
        .world
        .house()
        .engine
        .ban("garden", &whom, None, None)
        .await
        .unwrap();
}

/// A member on a server of its own, which is well so far.
async fn member(scene: &Scene, software: &str, name: &str) -> (Server, Actor) {
    let server = scene.world.server(software);
    let actor = server.actor(name).follows(&scene.group).await;
    scene.world.settles().await;
    (server, actor)
}

async fn leaves(scene: &Scene, actor: &Actor) {
    actor.server().comes_back();
    puts_out(scene, &Iri::object(&actor.id()).unwrap()).await;
    scene.calms_down().await;
}

/// A status is all that is needed; what comes after it, and whether it ever ends, is not waited for and not read.
async fn que02(scene: &Scene) {
    const BRIEFLY: Duration = Duration::from_millis(50);
    const MIB: &[u8] = &[b'x'; 1 << 20];
    let (drip, flood) = (
        "HTTP/1.1 202 Accepted\r\ncontent-length: 100000\r\n\r\n",
        "HTTP/1.1 202 Accepted\r\ncontent-length: 10737418240\r\n\r\n",
    );
    for (what, script, taken) in [
        ("a dripping body", goes_on(drip, b"x", BRIEFLY), true),
        ("10 GB", goes_on(flood, MIB, Duration::ZERO), true),
        (
            "a status that drips",
            goes_on("HTTP/1.1 20", b"2", BRIEFLY),
            false,
        ),
        (
            "headers without end",
            goes_on("HTTP/1.1 202 Accepted\r\n", b"x: y\r\n", Duration::ZERO),
            false,
        ),
        ("no HTTP", says("220 mail.example ESMTP\r\n"), false),
        (
            "a status that is none",
            says("HTTP/1.1 999999 Fine\r\n\r\n"),
            false,
        ),
        ("nothing", says(""), false),
    ] {
        let inbox = RawInbox::at("127.0.0.1", script).await;
        let actor = inbox.joins(&scene.world, "x", "microblog").await;
        let post = goes_round(scene, what).await;
        let row = until(scene, inbox.host(), what, |row| {
            row.delivered + i64::from(row.failures) > 0
        })
        .await;
        assert_eq!(
            (row.delivered == 1, row.failures == 0),
            (taken, taken),
            "{what}: {row:?}"
        );
        assert_eq!((row.entries == 0, row.refused), (taken, 0), "{what}: {row:?}");
        assert!(inbox.bodies()[0].contains(&post.post), "{what}");
        puts_out(scene, &actor).await;
    }
    scene.calms_down().await;
}

/// Wherever an inbox sends us, nobody follows; it is tried again.
async fn que03(scene: &Scene) {
    let trap = RawInbox::at("127.0.0.1", says("HTTP/1.1 202 Accepted\r\n\r\n")).await;
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        let to = format!("http://{}/u/x/inbox", trap.host());
        let answer = format!("HTTP/1.1 {status}\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
        let inbox = RawInbox::at("127.0.0.1", says(answer)).await;
        let actor = inbox.joins(&scene.world, "x", "microblog").await;
        goes_round(scene, status).await;
        let row = until(scene, inbox.host(), status, |row| row.failures == 1).await;
        assert_eq!(
            (row.entries, row.delivered, row.refused),
            (1, 0, 0),
            "{status}: {row:?}"
        );
        assert!(row.last_error.unwrap().contains(&status[..3]), "{status}");
        puts_out(scene, &actor).await;
    }
    // What is not empty was posted: a stray request for a port that was somebody else's a moment ago is not ours.
    let posted: Vec<String> = trap
        .bodies()
        .into_iter()
        .filter(|body| !body.is_empty())
        .collect();
    assert_eq!(posted, Vec::<String>::new());
    scene.calms_down().await;
}

/// A refusal that a repetition will not change is counted, and the next one follows. 400 is one once it was said to each
/// of our signatures, and 404 and 410 are the inbox's word and not yet its reader's end.
async fn que05(scene: &Scene) {
    let (server, tom) = member(scene, "lemmy", "tom").await;
    for (status, times) in [
        (400, 2),
        (403, 1),
        (404, 1),
        (409, 1),
        (410, 1),
        (413, 1),
        (422, 1),
        (424, 1),
        (451, 1),
    ] {
        let refused = seen(scene, server.authority()).await.refused;
        server.is_next(vec![Mood::Says(status); times]);
        let posts = scene.alice.posts(&scene.group, ["one", "two", "three"]).await;
        tom.hears_of(&posts[1..]).once().in_order().await;
        scene.world.settles().await;
        tom.hears_of(&posts[..1]).nothing();
        let row = seen(scene, server.authority()).await;
        assert_eq!((row.refused, row.failures), (refused + 1, 0), "{status}: {row:?}");
    }
    let members = scene.world.document(&scene.group.part("members")).await;
    assert_eq!(members["totalItems"], 4, "nobody was dropped");
    leaves(scene, &tom).await;
}

/// 401 to every signature, again and again: in the end it may be this one entry, and the lane goes on without it.
async fn que06(scene: &Scene) {
    let first: Arc<OnceLock<String>> = Arc::default();
    let (relents, relented) = watch::channel(false);
    let script = {
        let first = Arc::clone(&first);
        answers(
            move |body| match *relented.borrow() || first.get_or_init(|| body.to_owned()) != body {
                true => 202,
                false => 401,
            },
        )
    };
    let inbox = RawInbox::at("127.0.0.1", script).await;
    let host = inbox.host();
    let actor = inbox.joins(&scene.world, "x", "microblog").await;
    let posts = [goes_round(scene, "one").await, goes_round(scene, "two").await];
    for tries in 1..5 {
        let row = until(scene, host, "tried", |row| row.failures == tries).await;
        assert_eq!((row.refused, row.parked_entries), (0, 0), "{row:?}");
        assert!(row.last_error.unwrap().contains("401"));
        let knocks = inbox.bodies();
        assert!(
            knocks.len() >= 2 * tries as usize,
            "each try is signed in two ways"
        );
        assert!(knocks.iter().all(|body| body.contains(&posts[0].post)));
        next_try(scene, host).await;
    }
    let row = until(scene, host, "parked", |row| row.parked_entries == 1).await;
    assert_eq!((row.entries, row.delivered, row.refused), (0, 1, 0), "{row:?}");
    assert!(inbox.bodies().last().unwrap().contains(&posts[1].post));
    relents.send_replace(true);
    scene.world.house().store.queue_retry(host).await.unwrap();
    until(scene, host, "taken", |row| {
        row.delivered == 2 && row.parked_entries == 0
    })
    .await;
    puts_out(scene, &actor).await;
    scene.calms_down().await;
}

/// What is asked for is waited for, but for no less than a second and no more than a day; nonsense is not asked for.
async fn que07(scene: &Scene) {
    let day = 24 * 60 * 60;
    for (status, asked, seconds) in [
        (429, "120", 120),
        (503, "120", 120),
        (429, "-1", 1),
        (503, "315360000", day),
        (503, "Mon, 01 Jun 2026 12:00:00 GMT", 1),
        (429, "Sun, 01 Jun 2036 12:00:00 GMT", day),
        (503, "99999999999999999999999999", 10),
        (429, "soon", 10),
        (503, "1e3", 10),
        (429, "", 10),
    ] {
        let later = format!("HTTP/1.1 {status} Later\r\nretry-after: {asked}\r\ncontent-length: 0\r\n\r\n");
        let inbox = RawInbox::at("127.0.0.1", says_once(later)).await;
        let actor = inbox.joins(&scene.world, "x", "microblog").await;
        goes_round(scene, asked).await;
        let row = until(scene, inbox.host(), asked, |row| row.failures == 1).await;
        let wait = row.next_try.unwrap() - row.last_try.unwrap();
        assert_eq!(wait, TimeDelta::seconds(seconds), "{status} {asked:?}");
        scene.world.advance(TimeDelta::seconds(seconds - 1));
        assert_eq!(inbox.bodies().len(), 1, "{status} {asked:?}");
        scene.world.advance(TimeDelta::seconds(1));
        until(scene, inbox.host(), asked, |row| row.delivered == 1).await;
        puts_out(scene, &actor).await;
    }
    scene.calms_down().await;
}

/// Hundreds that are dead: a row each, however much is said, and one try until its time has come.
async fn que09(scene: &Scene) {
    const DEAD: usize = 300;
    let inbox = RawInbox::at("127.0.0.1", says("")).await;
    let mut actors = vec![];
    for n in 0..DEAD {
        let name = format!("dead{n}");
        actors.push(inbox.joins(&scene.world, &name, "explainer").await);
    }
    let rows = "select (select count(*) from subscription) + (select count(*) from destination)
                     + (select count(*) from letter) + (select count(*) from parked)
                     + (select count(*) from refused_early) + (select count(*) from gap)";
    let before = scene.world.count(rows).await;
    for n in 0..10 {
        goes_round(scene, &n.to_string()).await;
    }
    scene
        .world
        .until(
            "select count(*) from destination where failures = 1 and inbox like '%/dead%'",
            300,
        )
        .await;
    assert_eq!(
        scene.world.count(rows).await,
        before,
        "nothing is written per entry and inbox"
    );
    assert_eq!(inbox.bodies().len(), DEAD, "each was tried once");
    assert_eq!(
        scene
            .world
            .count("select max(failures)::bigint from destination")
            .await,
        1
    );
    let host = inbox.host().to_owned();
    let whom = Whom::Host(host);
    let engine = &scene.world.house().engine;
    engine.ban("garden", &whom, None, None).await.unwrap();
    engine.unban("garden", &whom).await.unwrap();
    scene.calms_down().await;
}

/// Inboxes that no URL should be: their owners are not let in, or not believed, and nobody else notices.
async fn que10(scene: &Scene) {
    let far = "x".repeat(10_000);
    for (n, inbox) in [
        "",
        "/inbox",
        "http://",
        "http://[",
        "http://[::1",
        "HOST/in\0box",
        "HOST/in\r\nbox: x",
        "HOST/in box",
        "HOST/inbox#here",
        "http://b\u{fc}cher.example/inbox",
        "http://xn--bcher-kva.example/inbox",
        "http://xn--/inbox",
        "HOST/FAR",
        "mailto:x@example.com",
    ]
    .into_iter()
    .enumerate()
    {
        let odd = scene.evil().twin(&format!("odd{n}"), &scene.mallory);
        let inbox = inbox.replace("HOST", scene.evil().base()).replace("FAR", &far);
        odd.publishes(|profile| profile["inbox"] = json!(inbox));
        let follow = odd.speaks(|me| odd.server().software().manners.join(me, &scene.group));
        let answer = odd.sends(&scene.group, &follow).await;
        assert!(
            (400..404).contains(&answer.status),
            "{inbox:?}: {} {}",
            answer.status,
            answer.body
        );
    }
    let members = scene.world.document(&scene.group.part("members")).await;
    assert_eq!(members["totalItems"], 3, "{members}");
    goes_round(scene, "all is well").await;
    scene.calms_down().await;
}

/// A hundred hosts of one owner hang: they take the places of each other, and nobody else's.
async fn que11(scene: &Scene) {
    const HOSTS: usize = 100;
    const OF_ONE_DOMAIN: usize = 64;
    let mut inboxes = vec![];
    for _ in 0..HOSTS {
        let inbox = RawInbox::at("localhost", never_answers()).await;
        inbox.joins(&scene.world, "x", "microblog").await;
        inboxes.push(inbox);
    }
    let open = || inboxes.iter().map(RawInbox::open).sum::<usize>();
    let tried = || inboxes.iter().filter(|inbox| !inbox.bodies().is_empty()).count();
    goes_round(scene, "who answers").await;
    let most = tokio::time::timeout(LIMIT, async {
        let mut most = 0;
        while tried() < HOSTS {
            most = most.max(open());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        most
    });
    let most = most.await.unwrap_or_else(|_| panic!("{} were tried", tried()));
    assert!(
        (OF_ONE_DOMAIN / 2..=OF_ONE_DOMAIN).contains(&most),
        "{most} at once"
    );
    for inbox in &inboxes {
        until(scene, inbox.host(), "tried", |row| row.failures == 1).await;
        puts_out(scene, &inbox.actor("x")).await;
    }
    scene.calms_down().await;
}

/// A week away: given up, as an operator sees; on their word, all that was missed comes in order.
async fn que13(scene: &Scene) {
    let (server, max) = member(scene, "mastodon", "max").await;
    let host = server.authority();
    server.goes_away();
    let mut posts = vec![goes_round(scene, "one").await];
    let mut waited = NOW;
    for failures in 1.. {
        let row = until(scene, host, "tried", |row| row.failures == failures).await;
        if row.parked_at.is_some() {
            break;
        }
        waited += next_try(scene, host).await;
    }
    assert!((7..8).contains(&waited.num_days()), "{waited}");
    posts.push(goes_round(scene, "two").await);
    let row = seen(scene, host).await;
    assert_eq!((row.entries, row.next_try), (2, None), "{row:?}");
    assert!(row.failing_since.is_some() && row.last_error.is_some());
    server.comes_back();
    assert_eq!(scene.world.house().store.queue_retry(host).await.unwrap(), 1);
    max.hears_of(&posts).once().in_order().await;
    leaves(scene, &max).await;
}

/// An inbox that leads to a private network by now: nobody connects, and it counts as a failure that may pass.
async fn que15(scene: &Scene) {
    let inbox = RawInbox::at("127.0.0.1", answers(|_| 202)).await;
    let actor = inbox.joins(&scene.world, "x", "microblog").await;
    let moved = "with moved as (update destination set inbox = 'http://10.9.8.7/inbox'
                     where id in (select max(id) from destination) returning 1) select count(*) from moved";
    assert_eq!(scene.world.count(moved).await, 1);
    goes_round(scene, "one").await;
    let row = until(scene, inbox.host(), "tried", |row| row.failures == 1).await;
    assert_eq!((row.inbox.as_str(), row.entries), ("http://10.9.8.7/inbox", 1));
    assert_eq!((row.refused, row.delivered), (0, 0), "{row:?}");
    let why = row.last_error.unwrap();
    assert!(why.contains("not public"), "{why}");
    assert_eq!(inbox.bodies(), Vec::<String>::new());
    puts_out(scene, &actor).await;
    scene.calms_down().await;
}

/// Our clock goes back and forth: a try that was to come comes, once, and nobody else waits for it.
async fn que17(scene: &Scene) {
    let (server, max) = member(scene, "mastodon", "max").await;
    let host = server.authority();
    let (back, forth) = (TimeDelta::minutes(-10), TimeDelta::minutes(10));
    for steps in [[back, forth], [forth, back]] {
        server.is_next([Mood::Says(503)]);
        let heard = server.heard().len();
        let first = goes_round(scene, "one").await;
        until(scene, host, "tried", |row| row.failures == 1).await;
        let mut posts = vec![first];
        for step in steps {
            scene.world.advance(step);
            posts.push(goes_round(scene, "meanwhile").await);
        }
        let row = seen(scene, host).await;
        if row.failures > 0 {
            next_try(scene, host).await;
        }
        max.hears_of(&posts).once().in_order().await;
        scene.world.settles().await;
        assert_eq!(
            server.heard().len() - heard,
            posts.len() + 1,
            "one try more than posts"
        );
        assert_eq!(seen(scene, host).await.failures, 0);
    }
    leaves(scene, &max).await;
}

/// Said to members while one of them is slow, who is put out before it is sent: from then on not a word of it leaves.
async fn que18(scene: &Scene) {
    const SECRET: &str = "for members only";
    let (_, xia) = member(scene, "onepage.pub", "xia").await;
    let (script, go) = waits();
    let inbox = RawInbox::at("127.0.0.1", script).await;
    let xen = inbox.joins(&scene.world, "xen", "explainer").await;
    for _ in 0..5 {
        let whisper = xia.speaks(|me| {
            json!({
                "id": (me.mint)("activities"), "type": "Create", "actor": me.id, "to": [scene.group.id],
                "audience": scene.group.id, "object": {
                    "id": (me.mint)("notes"), "type": "Note", "content": SECRET, "attributedTo": me.id,
                    "to": [scene.group.id], "published": me.now,
                },
            })
        });
        xia.server().publishes(&whisper["object"]);
        xia.sends(&scene.group, &whisper).await.is(202);
    }
    inbox.hears(1).await;
    puts_out(scene, &xen).await;
    // What had begun by then may have been read from the tables up to a second before.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begun = inbox.bodies();
    go.send_replace(true);
    scene.world.settles().await;
    assert!(begun[0].contains(SECRET));
    let later = inbox.bodies().split_off(begun.len());
    assert!(
        !later.iter().any(|body| body.contains(SECRET)),
        "{later:?} was sent after that"
    );
    let row = until(scene, inbox.host(), "answered", |row| row.delivered > 0).await;
    assert_eq!((row.entries, row.failures), (0, 0), "{row:?}");
    puts_out(scene, &Iri::object(&xia.id()).unwrap()).await;
    scene.calms_down().await;
}
