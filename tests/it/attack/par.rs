//! PAR: documents and requests that hurt whoever reads them carelessly.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Row, Scene, refused, rows};
use crate::support::forge::Forgery;

pub(super) const ROWS: &[Row] = rows![
    par01,
    par02,
    par03,
    par05,
    par06,
    par07,
    par09,
    par10_par11,
    par13,
    par14,
    par15,
    par17,
];

/// Mallory sends bytes, rightly signed.
fn bytes(scene: &Scene, body: &str) -> Forgery {
    Forgery::new(&scene.mallory, &scene.group.inbox(), body)
}

/// A right Create with one more member.
fn with_extra(scene: &Scene, extra: &str) -> String {
    let document = scene.create(&scene.note()).to_string();
    format!("{},\"extra\":{extra}}}", &document[..document.len() - 1])
}

/// Too large.
async fn par01(scene: &Scene) {
    let body = with_extra(scene, &format!("\"{}\"", "x".repeat(1 << 20)));
    refused("PAR01", bytes(scene, &body).send().await, &[413]);
    let fits = with_extra(scene, &format!("\"{}\"", "x".repeat(900_000)));
    scene.accepted(bytes(scene, &fits).send().await).await;
}

/// Too deep.
async fn par02(scene: &Scene) {
    for depth in [33, 128, 100_000] {
        let body = with_extra(scene, &format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        refused(
            &format!("PAR02 {depth}"),
            bytes(scene, &body).send().await,
            &[400],
        );
    }
    let fits = with_extra(scene, &format!("{}{}", "[".repeat(20), "]".repeat(20)));
    scene.accepted(bytes(scene, &fits).send().await).await;
}

/// Too many values.
async fn par03(scene: &Scene) {
    let ints = format!("[{}1]", "1,".repeat(400_000));
    let objects = format!("[{}{{}}]", "{},".repeat(300_000));
    let keys: Vec<String> = (0..60_000).map(|n| format!("\"k{n}\":1")).collect();
    for extra in [ints, objects, format!("{{{}}}", keys.join(","))] {
        refused(
            "PAR03",
            bytes(scene, &with_extra(scene, &extra)).send().await,
            &[400],
        );
    }
}

/// NUL, which the database cannot keep.
async fn par05(scene: &Scene) {
    for spoil in [
        |note: &mut Value| note["content"] = json!("a\0b"),
        |note: &mut Value| note["name"] = json!("\0"),
        |note: &mut Value| note["id"] = json!(format!("{}\0", note["id"].as_str().unwrap())),
        |note: &mut Value| note["a\0b"] = json!(1),
    ] {
        let mut note = scene.note();
        spoil(&mut note);
        let answer = scene.sends(&scene.create(&note)).await;
        assert!(
            [202, 400].contains(&answer.status),
            "{} {}",
            answer.status,
            answer.body
        );
        scene.world.settles().await;
        scene.calms_down().await;
    }
}

/// Ids that are too long for an index.
async fn par06(scene: &Scene) {
    for length in [2_049, 3_000, 20_000] {
        let mut create = scene.create(&scene.note());
        let random: String = (0..length)
            .map(|n| char::from(b'a' + u8::try_from(n * 7919 % 26).unwrap()))
            .collect();
        create["id"] = json!(format!("{}/{random}", scene.evil().base()));
        refused(&format!("PAR06 {length}"), scene.sends(&create).await, &[400]);
        let mut note = scene.note();
        note["id"] = create["id"].clone();
        refused(
            &format!("PAR06 {length}"),
            scene.sends(&scene.create(&note)).await,
            &[400],
        );
    }
}

/// What is no UTF-8 JSON.
async fn par07(scene: &Scene) {
    let good = scene.create(&scene.note()).to_string();
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bodies: [Vec<u8>; 6] = [
        [b"\xef\xbb\xbf", good.as_bytes()].concat(),
        good.replace("a word", "a \\ud800 word").into_bytes(),
        [good.as_bytes(), b"\xff\xfe"].concat(),
        utf16,
        b"".to_vec(),
        good.as_bytes()[..good.len() / 2].to_vec(),
    ];
    for body in bodies {
        let forgery =
            bytes(scene, "").with(|forgery| forgery.digest = Some(folkmoot::signature::digest_header(&body)));
        let answer = scene
            .evil()
            .post_raw(&forgery.inbox, forgery.headers(), body)
            .await;
        refused("PAR07", answer, &[400]);
    }
    for text in [
        "null",
        "[]",
        "\"x\"",
        "1",
        "{}",
        "NaN",
        "{\"id\":1e400}",
        "true false",
    ] {
        refused(&format!("PAR07 {text}"), bytes(scene, text).send().await, &[400]);
    }
}

/// Dates that would break a column, or pin a post to the top.
async fn par09(scene: &Scene) {
    let first = scene.alice.post(&scene.group, "before").await;
    for date in [
        "0000-01-01T00:00:00Z",
        "294277-01-01T00:00:00Z",
        "now",
        "2099-01-01T00:00:00Z",
        "2026-06-30T23:59:60Z",
        "",
    ] {
        let mut note = scene.note();
        note["published"] = json!(date);
        note["updated"] = json!(date);
        let answer = scene.sends(&scene.create(&note)).await;
        assert!([202, 400].contains(&answer.status), "{date}: {}", answer.body);
        scene.world.settles().await;
    }
    let last = scene.alice.post(&scene.group, "after").await;
    let outbox = scene
        .world
        .document(&format!("{}?page=true", scene.group.part("outbox")))
        .await;
    assert!(
        outbox["orderedItems"][0].to_string().contains(last.id()),
        "ordered by our own time"
    );
    assert!(!outbox["orderedItems"][0].to_string().contains(first.id()));
    scene.calms_down().await;
}

/// Names that are made to mislead.
async fn par10_par11(scene: &Scene) {
    for name in [
        "\u{202e}gnorw",
        "\u{200b}\u{200d}\u{feff}",
        "\u{1f468}\u{200d}".repeat(2000).as_str(),
        "Z\u{335}".repeat(5000).as_str(),
        "\u{430}lice",
    ] {
        let mut note = scene.note();
        note["name"] = json!(name);
        note["summary"] = json!(name);
        scene.sends(&scene.create(&note)).await.is(202);
        scene.world.settles().await;
    }
    scene.calms_down().await;
}

/// Content types that are not ours to read.
async fn par13(scene: &Scene) {
    let body = scene.create(&scene.note()).to_string();
    for kind in [
        Some("text/plain"),
        Some("multipart/form-data; boundary=x"),
        Some("text/html"),
        Some("image/png"),
        Some("application/activity+json; charset=utf-7"),
        None,
    ] {
        let answer = bytes(scene, &body)
            .with(|forgery| forgery.content_type = kind)
            .send()
            .await;
        refused(&format!("PAR13 {kind:?}"), answer, &[415]);
    }
}

/// Sends bytes over a bare connection, and reads until it ends. `None`: it was cut.
async fn raw(scene: &Scene, request: Vec<u8>) -> String {
    let authority = scene.world.authority().to_owned();
    let told = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(authority).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let _ = stream.write_all(&request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    });
    told.await.unwrap()
}

/// Requests that two programs would read in two ways.
async fn par14(scene: &Scene) {
    let host = scene.world.authority();
    for request in [
        format!(
            "POST /inbox HTTP/1.1\r\nhost: {host}\r\ncontent-length: 3\r\ncontent-length: 5\r\nconnection: close\r\n\r\nabcde"
        ),
        format!(
            "POST /inbox HTTP/1.1\r\nhost: {host}\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n"
        ),
        format!("POST /inbox HTTP/1.1\r\nhost: {host}\r\ncontent-length: -1\r\nconnection: close\r\n\r\n"),
        format!(
            "POST /inbox HTTP/1.1\r\nhost: {host}\r\ntransfer-encoding: chunked, chunked\r\nconnection: close\r\n\r\n0\r\n\r\n"
        ),
        "GET /\r\n".to_owned(),
        "\0\0\0\0\r\n\r\n".to_owned(),
        format!(
            "GET / HTTP/1.1\r\nhost: {host}\r\nx: {}\r\nconnection: close\r\n\r\n",
            "x".repeat(1 << 20)
        ),
        format!(
            "GET / HTTP/1.1\r\nhost: {host}\r\n{}connection: close\r\n\r\n",
            "x: y\r\n".repeat(500)
        ),
    ] {
        let answer = raw(scene, request.clone().into_bytes()).await;
        let status = answer.split(' ').nth(1).unwrap_or("400");
        assert!(
            status.starts_with('4'),
            "{status} to {}",
            &request[..request.len().min(120)]
        );
    }
}

/// SQL in every string.
async fn par15(scene: &Scene) {
    let sql = "'; drop table post; --";
    let mut note = scene.note();
    for field in ["name", "content", "summary", "mediaType"] {
        note[field] = json!(sql);
    }
    scene.accepted(scene.sends(&scene.create(&note)).await).await;
    for path in [
        "/c/garden'--",
        "/c/'%20or%201=1",
        "/c/garden/outbox?page=1'--",
        "/c/garden/members?page='",
        "/post/'",
        "/activities/'",
    ] {
        let answer = scene
            .world
            .get(
                &format!("{}{path}", scene.world.base()),
                "application/activity+json",
            )
            .await;
        assert!(
            [200, 400, 404].contains(&answer.status().as_u16()),
            "{path}: {}",
            answer.status()
        );
    }
}

/// Connections that never come to the point are closed.
async fn par17(scene: &Scene) {
    let host = scene.world.authority();
    let stalled = [
        String::new(),
        format!("POST /inbox HTTP/1.1\r\nhost: {host}\r\n"),
        format!(
            "POST /inbox HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/activity+json\r\ncontent-length: 9\r\n\r\nabc"
        ),
    ];
    let answers =
        futures_util::future::join_all(stalled.map(|request| raw(scene, request.into_bytes()))).await;
    for answer in answers {
        // Closed without a word, or told why.
        assert!(
            answer.is_empty()
                || answer
                    .split(' ')
                    .nth(1)
                    .is_some_and(|status| status.starts_with('4')),
            "{answer}"
        );
    }
}
