//! SIG: whose signature it is, over what, and when.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use folkmoot::signature::{Scheme, digest_header};

use super::{Row, Scene, refused, rows};
use crate::support::forge::{Forgery, http_date};

pub(super) const ROWS: &[Row] = rows![
    sig01,
    sig02,
    sig03,
    sig05,
    sig05_lower_case,
    sig06,
    sig07,
    sig09,
    sig10,
    sig11,
    sig13,
    sig14,
    sig14_missing,
    sig15,
    sig17,
    sig18,
    sig19,
    sig21,
];

fn now(scene: &Scene) -> DateTime<Utc> {
    scene.world.ground().clock().now()
}

/// Spoils alice's request in one way, and expects 401.
async fn spoilt(scene: &Scene, what: &str, spoil: impl FnOnce(&mut Forgery)) {
    refused(what, scene.forge().with(spoil).send().await, &[401]);
}

/// No signature at all.
async fn sig01(scene: &Scene) {
    let forgery = scene.forge();
    refused("SIG01", forgery.send_with(forgery.bare_headers()).await, &[401]);
}

/// The body changed after signing.
async fn sig02(scene: &Scene) {
    let forgery = scene.forge();
    let headers = forgery.headers();
    let changed = forgery.with(|forgery| forgery.body = forgery.body.replace("a word", "an ill word"));
    refused("SIG02", changed.send_with(headers).await, &[401]);
}

/// The digest is right, and not signed.
async fn sig03(scene: &Scene) {
    spoilt(scene, "SIG03", |forgery| {
        forgery.signed.retain(|name| *name != "digest")
    })
    .await;
}

/// Digests that say nothing, or two things.
async fn sig05(scene: &Scene) {
    let right = digest_header(scene.forge().body.as_bytes());
    let other = digest_header(b"another body");
    for digest in [
        "MD5=1B2M2Y8AsgTpgAmY7PhCfg==".to_owned(),
        "SHA-512=z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="
            .to_owned(),
        other,
    ] {
        spoilt(scene, "SIG05", |forgery| forgery.digest = Some(digest)).await;
    }
    spoilt(scene, "SIG05", |forgery| {
        let right = digest_header(forgery.body.as_bytes());
        forgery.digest = Some(format!("{right},{}", digest_header(b"another body")));
    })
    .await;
    assert!(right.starts_with("SHA-256="));
}

/// `sha-256=`: some write it so.
async fn sig05_lower_case(scene: &Scene) {
    let right = scene.forge().with(|forgery| {
        forgery.digest = Some(digest_header(forgery.body.as_bytes()).replace("SHA-256=", "sha-256="));
    });
    scene.accepted(right.send().await).await;
}

/// The digest is of the bytes, not of a document that means the same.
async fn sig06(scene: &Scene) {
    let body = scene
        .forge()
        .body
        .replace("\":", "\" :\n  ")
        .replace(",\"", " ,\t\"");
    let right = Forgery::new(&scene.alice, &scene.group.inbox(), &body);
    scene.accepted(right.send().await).await;
}

/// The request target is not signed.
async fn sig07(scene: &Scene) {
    spoilt(scene, "SIG07", |forgery| {
        forgery.signed.retain(|name| *name != "(request-target)")
    })
    .await;
}

/// Signed for the shared inbox, sent to the group's.
async fn sig09(scene: &Scene) {
    spoilt(scene, "SIG09", |forgery| {
        forgery.signed_target = Some("/inbox".to_owned())
    })
    .await;
}

/// The same request again.
async fn sig10(scene: &Scene) {
    let right = scene.forge();
    let headers = right.headers();
    scene.accepted(right.send_with(headers.clone()).await).await;
    right.send_with(headers).await.is(202);
}

/// Dates beyond the window, and no date.
async fn sig11(scene: &Scene) {
    let day = |text: &str| Some(text.to_owned());
    for date in [
        Some(http_date(now(scene) - TimeDelta::hours(2))),
        Some(http_date(now(scene) + TimeDelta::hours(2))),
        day("Thu, 01 Jan 1970 00:00:00 GMT"),
        day("Fri, 31 Dec 9999 23:59:59 GMT"),
        day("yesterday"),
        day(""),
    ] {
        spoilt(scene, &format!("SIG11 {date:?}"), |forgery| forgery.date = date).await;
    }
    spoilt(scene, "SIG11 missing", |forgery| {
        forgery.date = None;
        forgery.signed.retain(|name| *name != "date");
    })
    .await;
}

/// `(created)` and `(expires)`.
async fn sig13(scene: &Scene) {
    let at = now(scene).timestamp();
    for (what, algorithm, created, expires) in [
        ("expired", "hs2019", at - 60, at - 1),
        ("from the future", "hs2019", at + 7200, at + 9000),
        ("an old name with the new fields", "rsa-sha256", at, at + 300),
    ] {
        spoilt(scene, &format!("SIG13 {what}"), |forgery| {
            forgery.algorithm = Some(algorithm);
            forgery.created = Some(created);
            forgery.expires = Some(expires);
            forgery.signed = vec!["(request-target)", "host", "(created)", "(expires)", "digest"];
        })
        .await;
    }
}

/// Algorithms that prove nothing.
async fn sig14(scene: &Scene) {
    for algorithm in ["none", "hmac-sha256", "rsa-sha1", "RSA-SHA256", "rsa-sha512", ""] {
        spoilt(scene, &format!("SIG14 {algorithm}"), |forgery| {
            forgery.algorithm = Some(algorithm)
        })
        .await;
    }
}

/// None named: the key decides.
async fn sig14_missing(scene: &Scene) {
    let right = scene.forge().with(|forgery| forgery.algorithm = None);
    scene.accepted(right.send().await).await;
}

/// A MAC with the public key as its secret.
async fn sig15(scene: &Scene) {
    for algorithm in ["hmac-sha256", "hs2019"] {
        let forgery = scene.forge().with(|forgery| forgery.algorithm = Some(algorithm));
        let mut headers = forgery.bare_headers();
        let pem = scene.alice.key().public().to_pem();
        let secret = hmac::Key::new(hmac::HMAC_SHA256, pem.as_bytes());
        let tag = STANDARD.encode(hmac::sign(&secret, forgery.base(&headers).as_bytes()));
        headers.insert("signature", forgery.parameters(&tag).parse().unwrap());
        refused("SIG15", forgery.send_with(headers).await, &[401]);
    }
}

/// More than one signature, or one that says who signed twice.
async fn sig17(scene: &Scene) {
    let forgery = scene.forge();
    let right = forgery.headers();
    let signature = right["signature"].to_str().unwrap().to_owned();
    for (name, value) in [
        ("signature", signature.clone()),
        ("authorization", format!("Signature {signature}")),
    ] {
        let mut headers = right.clone();
        headers.append(name, value.parse().unwrap());
        refused("SIG17", forgery.send_with(headers).await, &[401]);
    }
    let twice = format!("keyId=\"{}\",{signature}", scene.mallory.key_id());
    let mut headers = right.clone();
    headers.insert("signature", twice.parse().unwrap());
    refused("SIG17", forgery.send_with(headers).await, &[401]);
}

/// RFC 9421 without one of what must be covered; whole, it is taken.
async fn sig18(scene: &Scene) {
    let all = ["@method", "@target-uri", "content-digest"];
    let created = Some(now(scene).timestamp());
    for without in all {
        let forgery = scene.forge();
        let rest: Vec<_> = all.into_iter().filter(|name| *name != without).collect();
        refused(
            &format!("SIG18 {without}"),
            forgery.send_with(forgery.rfc9421(&rest, created)).await,
            &[401],
        );
    }
    let forgery = scene.forge();
    refused(
        "SIG18 created",
        forgery.send_with(forgery.rfc9421(&all, None)).await,
        &[401],
    );
    scene
        .accepted(forgery.send_with(forgery.rfc9421(&all, created)).await)
        .await;
}

/// Both schemes, one of them wrong.
async fn sig19(scene: &Scene) {
    let at = Some(now(scene).timestamp());
    let all = ["@method", "@target-uri", "content-digest"];
    let right = scene.forge();
    let wrong = right.clone().with(|forgery| forgery.key = scene.mallory.key());
    for (cavage, rfc9421) in [(&right, &wrong), (&wrong, &right)] {
        let mut headers = cavage.headers();
        for (name, value) in &rfc9421.rfc9421(&all, at) {
            if ["signature", "signature-input", "content-digest"].contains(&name.as_str()) {
                headers.append(name, value.clone());
            }
        }
        refused("SIG19", right.send_with(headers).await, &[401]);
    }
    let sent = scene
        .alice
        .sends_signed(&scene.group.inbox(), &right.body, Scheme::Rfc9421)
        .await;
    scene.accepted(sent).await;
}

/// What is no signature. Beyond what any header may be, HTTP itself refuses.
async fn sig21(scene: &Scene) {
    let forgery = scene.forge();
    for signature in ["", "!!!", "AAAA", &"A".repeat(6000)] {
        let mut headers = forgery.bare_headers();
        headers.insert("signature", forgery.parameters(signature).parse().unwrap());
        refused("SIG21", forgery.send_with(headers).await, &[401]);
    }
    let mut headers = forgery.bare_headers();
    headers.insert(
        "signature",
        forgery.parameters(&"A".repeat(1 << 20)).parse().unwrap(),
    );
    let answer = scene
        .world
        .ground()
        .client()
        .post(&forgery.inbox)
        .headers(headers)
        .body(forgery.body)
        .send()
        .await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| [401, 431].contains(&answer.status().as_u16())));
}
