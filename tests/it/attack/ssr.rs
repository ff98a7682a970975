//! SSR: addresses that lead inside, in every place where an address can stand.
//!
//! One rule: a trap listens where all of the spellings of loopback lead; nobody may ever connect to it.

use std::net::TcpListener;

use serde_json::json;

use super::{Row, Scene, rows};
use crate::support::peer::{Mood, redirect};

pub(super) const ROWS: &[Row] = rows![ssr01_ssr03_ssr07, ssr02, ssr09, ssr10, ssr13];

/// A listener that nobody may connect to. Its port is the same at every spelling of this machine's address.
struct Trap {
    listener: TcpListener,
    port: u16,
}

impl Trap {
    fn set() -> Self {
        // Loopback over IPv6, which the settings do not open; where there is none, a port that is not open at all.
        let listener = TcpListener::bind("[::1]:0")
            .or_else(|_| TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { listener, port }
    }

    fn is_empty(&self) -> bool {
        self.listener.accept().is_err()
    }
}

/// Puts an address into every place of a document that somebody might fetch or deliver to.
async fn everywhere(scene: &Scene, address: &str) {
    let key = scene.forge().with(|forgery| forgery.key_id = address.to_owned());
    let answer = key.send().await;
    assert!(
        [400, 401, 403].contains(&answer.status),
        "{address} as key id: {} {}",
        answer.status,
        answer.body
    );

    let mut actor = scene.create(&scene.note());
    actor["actor"] = json!(address);
    let answer = scene.sends(&actor).await;
    assert!(
        [400, 401, 403].contains(&answer.status),
        "{address} as actor: {} {}",
        answer.status,
        answer.body
    );

    let object = scene.create(&json!(address));
    taken_or_refused(scene, &object, "object").await;

    let mut embedded = scene.note();
    embedded["id"] = json!(address);
    taken_or_refused(scene, &scene.create(&embedded), "embedded object").await;

    let mut reply = scene.note();
    reply["inReplyTo"] = json!(address);
    taken_or_refused(scene, &scene.create(&reply), "inReplyTo").await;

    let like = scene
        .mallory
        .speaks(|me| json!({ "id": (me.mint)("likes"), "type": "Like", "actor": me.id, "object": address }));
    taken_or_refused(scene, &like, "liked").await;
    let announce = scene.mallory.speaks(
        |me| json!({ "id": (me.mint)("boosts"), "type": "Announce", "actor": me.id, "object": address }),
    );
    taken_or_refused(scene, &announce, "announced").await;

    for field in ["inbox", "sharedInbox"] {
        let name = scene.evil().mint("ssr").replace(['/', ':', '.'], "_");
        let odd = scene.evil().twin(&name, &scene.mallory);
        odd.publishes(|profile| match field {
            "inbox" => profile["inbox"] = json!(address),
            _ => profile["endpoints"] = json!({ "sharedInbox": address }),
        });
        let follow = odd.speaks(|me| odd.server().software().manners.join(me, &scene.group));
        let answer = odd.sends(&scene.group, &follow).await;
        assert!(
            [202, 400, 401, 403].contains(&answer.status),
            "{address} as {field}: {}",
            answer.body
        );
        if answer.status == 202 {
            scene.world.settles().await;
            odd.leaves(&scene.group, &odd.would_say(follow, String::new(), false))
                .await;
        }
    }

    // Where it is only shown, it is not followed: the post itself is right.
    let mut shown = scene.note();
    for field in [
        "icon",
        "image",
        "url",
        "attachment",
        "replies",
        "context",
        "preview",
    ] {
        shown[field] = json!({ "type": "Link", "href": address, "url": address, "id": address });
    }
    taken_or_refused(scene, &scene.create(&shown), "icon and attachment").await;
    scene.calms_down().await;
}

async fn taken_or_refused(scene: &Scene, document: &serde_json::Value, place: &str) {
    let answer = scene.sends(document).await;
    assert!(
        [202, 400, 403].contains(&answer.status),
        "{place}: {} {}\nto {document}",
        answer.status,
        answer.body
    );
    scene.world.settles().await;
}

/// Loopback in all its spellings, and names that mean it.
async fn ssr01_ssr03_ssr07(scene: &Scene) {
    let trap = Trap::set();
    let port = trap.port;
    for host in [
        "0.0.0.0",
        "0.1.2.3",
        "[::1]",
        "[::]",
        "[::ffff:0.0.0.0]",
        "[0:0:0:0:0:0:0:1]",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "\u{2460}\u{2461}\u{2466}.0.0.1",
        "localhost.",
        "a.localhost",
        "intranet",
        "x.internal",
        "x.local",
        "x.onion",
    ] {
        everywhere(scene, &format!("http://{host}:{port}/x")).await;
    }
    assert!(trap.is_empty(), "somebody connected to the trap");
}

/// Addresses of networks that are not the internet.
async fn ssr02(scene: &Scene) {
    for host in [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[fe80::1]",
        "[fc00::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ] {
        everywhere(scene, &format!("http://{host}/x")).await;
    }
}

/// User names in front of the host.
async fn ssr09(scene: &Scene) {
    let evil = scene.evil().authority().to_owned();
    let before = scene.evil().fetched().len();
    for address in [
        format!("http://good.example@{evil}/ssr09"),
        format!("http://good.example\\@{evil}/ssr09"),
    ] {
        everywhere(scene, &address).await;
    }
    let asked = scene.evil().fetched().split_off(before);
    assert!(!asked.iter().any(|path| path.contains("ssr09")), "{asked:?}");
}

/// A POST never follows a redirect, and a GET asks the guard at every hop.
async fn ssr10(scene: &Scene) {
    let trap = Trap::set();
    let inside = format!("http://[::1]:{}/x", trap.port);
    scene.evil().serves("/notes/inside", redirect(302, &inside));
    let create = scene.create(&json!(format!("{}/notes/inside", scene.evil().base())));
    taken_or_refused(scene, &create, "redirect").await;

    let moved = scene.world.server("newcomer");
    let actor = moved.actor("moved").follows(&scene.group).await;
    moved.is(Mood::Moved(inside));
    let post = scene.alice.post(&scene.group, "who follows").await;
    moved.hears("the post", |heard| heard.status == Some(307)).await;
    moved.comes_back();
    scene.world.while_time_passes(actor.hears_of([&post])).await;
    let leave = actor.speaks(
        |me| json!({ "id": (me.mint)("x"), "type": "Leave", "actor": me.id, "object": scene.group.id }),
    );
    actor.sends(&scene.group, &leave).await.is(202);
    assert!(trap.is_empty(), "somebody connected to the trap");
    scene.calms_down().await;
}

/// Ourselves, under another name.
async fn ssr13(scene: &Scene) {
    let port = scene.world.authority().rsplit(':').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost"] {
        everywhere(scene, &format!("http://{host}:{port}/c/garden")).await;
    }
}
