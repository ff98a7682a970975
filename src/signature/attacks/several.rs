//! Rows SIG17 to SIG21 and KEY07: more than one signature, and what cannot be one.
//!
//! One rule: two readers of one request must find the same signatures in it.

use super::*;

#[test]
fn sig17_there_is_exactly_one_signature_of_the_draft() {
    let knock = Knock::post(Scheme::Cavage, &ED25519);
    let signature = knock.header("signature");
    let authorization = format!("Signature {signature}");
    let only = knock
        .clone()
        .without("signature")
        .with("authorization", &authorization);
    assert_eq!(
        only.judge(ED25519.public()),
        Ok(()),
        "Authorization alone will do"
    );
    let key = ED25519.public();
    assert_eq!(
        only.and("authorization", &authorization).judge(key),
        Err(Refused::Ambiguous)
    );
    assert_eq!(
        knock.clone().and("signature", &signature).judge(key),
        Err(Refused::Ambiguous)
    );
    assert_eq!(
        knock.clone().with("authorization", &authorization).judge(key),
        Err(Refused::Ambiguous)
    );
    let one_line = knock
        .clone()
        .with("signature", &format!("{signature}, {signature}"));
    assert_eq!(one_line.judge(key), Err(Refused::Duplicate("Signature")));
    let twice = knock.clone().with(
        "signature",
        &format!("{signature},keyId=\"https://evil.example/\""),
    );
    assert_eq!(twice.judge(key), Err(Refused::Duplicate("Signature")));
    let covered_twice = Knock::unsigned().cavage(&ED25519, "", &format!("{POST} date"));
    assert_eq!(covered_twice.judge(key), Err(Refused::Duplicate("Signature")));
}

#[test]
fn sig19_every_signature_that_is_there_must_verify() {
    let covered = "@method @target-uri content-digest";
    let parameters = created_and_keyid();
    let both = |cavage: &PrivateKey, rfc9421: &PrivateKey| {
        Knock::unsigned()
            .cavage(cavage, "", POST)
            .rfc9421(rfc9421, "a", covered, &parameters)
    };
    let key = ED25519.public();
    let schemes: Vec<_> = both(&ED25519, &ED25519)
        .claims(time(NOW))
        .unwrap()
        .iter()
        .map(Claim::scheme)
        .collect();
    assert_eq!(schemes, SCHEMES.map(Some));
    assert_eq!(both(&ED25519, &ED25519).judge(key), Ok(()));
    assert_eq!(both(&RSA, &ED25519).judge(key), Err(Refused::BadSignature));
    assert_eq!(both(&ED25519, &RSA).judge(key), Err(Refused::BadSignature));

    let labelled = |keys: &[&PrivateKey]| {
        keys.iter()
            .enumerate()
            .fold(Knock::unsigned(), |knock, (index, key)| {
                knock.rfc9421(key, &format!("sig{index}"), covered, &parameters)
            })
    };
    let good: &PrivateKey = &ED25519;
    assert_eq!(labelled(&[good, good, good, good]).judge(key), Ok(()));
    assert_eq!(labelled(&[good, &RSA]).judge(key), Err(Refused::BadSignature));
    assert_eq!(labelled(&[good; 5]).judge(key), Err(Refused::TooMany));
    let unpaired = labelled(&[good]).and("signature-input", &format!("sig9=(){parameters}"));
    assert_eq!(unpaired.judge(key), Err(Refused::Unpaired));
    let renamed = labelled(&[good]).with("signature-input", &format!("sig9=(){parameters}"));
    assert_eq!(renamed.judge(key), Err(Refused::Unpaired));
}

#[test]
fn sig21_a_signature_that_cannot_be_one_is_refused() {
    let cavage = |signature: &str| {
        let parameters = format!(r#"keyId="{KEY_ID}",headers="{POST}",signature="{signature}""#);
        Knock::unsigned()
            .with("signature", &parameters)
            .judge(ED25519.public())
    };
    let bad = Err(Refused::BadParameter("signature"));
    for signature in ["", "%%%", "YQ==YQ==", "é", &"A".repeat(2000)] {
        let refused = if signature == "é" {
            Err(Refused::Malformed("Signature"))
        } else {
            bad
        };
        assert_eq!(cavage(signature), refused, "{signature}");
    }
    assert_eq!(cavage("YQ=="), Err(Refused::BadSignature));
    assert_eq!(
        cavage(&"A".repeat(1_000_000)),
        Err(Refused::TooLarge("Signature"))
    );
    let knock = Knock::post(Scheme::Rfc9421, &ED25519);
    assert_eq!(
        knock.clone().with("signature", "sig1=::").judge(ED25519.public()),
        bad
    );
    let huge = knock.clone().and("signature-input", &"a".repeat(9000));
    assert_eq!(
        huge.judge(ED25519.public()),
        Err(Refused::TooLarge("Signature-Input"))
    );
    let huge = Knock::unsigned().with("authorization", &format!("Signature {}", "a".repeat(9000)));
    assert_eq!(
        huge.judge(ED25519.public()),
        Err(Refused::TooLarge("Authorization"))
    );
}

#[test]
fn key07_a_key_id_is_there_and_of_a_bearable_length() {
    for (key_id, fits) in [
        (String::new(), false),
        ("k".repeat(2048), true),
        ("k".repeat(2049), false),
    ] {
        let knock = Knock::post(Scheme::Cavage, &ED25519);
        let signature = knock.header("signature").replace(KEY_ID, &key_id);
        let expected = if fits {
            Ok(())
        } else {
            Err(Refused::BadParameter("keyId"))
        };
        assert_eq!(
            knock.with("signature", &signature).judge(ED25519.public()),
            expected
        );
    }
    let none = Knock::post(Scheme::Cavage, &ED25519);
    let signature = none.header("signature").replace("keyId", "key");
    let none = none.with("signature", &signature);
    assert_eq!(
        none.judge(ED25519.public()),
        Err(Refused::MissingParameter("keyId"))
    );
}

#[test]
fn no_refusal_repeats_what_the_peer_wrote() {
    let knock = Knock::post(Scheme::Cavage, &ED25519).with("signature", "keyId=<script>,algorithm=\"<b>\"");
    let sentence = knock.judge(ED25519.public()).unwrap_err().to_string();
    assert!(sentence.ends_with('.') && !sentence.contains('<'), "{sentence}");
}
