//! Rows SIG11 to SIG15: dates, `created`, `expires`, and algorithms.
//!
//! One rule: a request is tried on both sides of each limit.

use super::*;

#[test]
fn sig11_a_date_out_of_the_window_is_refused() {
    for (date, refused) in [
        ("Wed, 31 Dec 2025 22:00:00 GMT", Refused::OutsideWindow("Date")),
        ("Thu, 01 Jan 2026 02:00:00 GMT", Refused::OutsideWindow("Date")),
        ("Thu, 01 Jan 1970 00:00:00 GMT", Refused::OutsideWindow("Date")),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Refused::OutsideWindow("Date")),
        ("2026-01-01T00:00:00Z", Refused::Malformed("Date")),
        (
            "Thu, 01 Jan 2026 00:00:00 GMT, Thu, 01 Jan 2026 00:00:00 GMT",
            Refused::Malformed("Date"),
        ),
        ("", Refused::Malformed("Date")),
    ] {
        let knock = Knock::unsigned().with("date", date).cavage(&ED25519, "", POST);
        assert_eq!(knock.judge(ED25519.public()), Err(refused), "{date}");
    }
    let missing = Knock::post(Scheme::Cavage, &ED25519).without("date");
    assert_eq!(missing.judge(ED25519.public()), Err(Refused::AbsentHeader));
    for scheme in SCHEMES {
        let knock = Knock::post(scheme, &ED25519);
        for (minutes, fits) in [(-66, false), (-64, true), (64, true), (66, false)] {
            let judged = knock.judge_at(ED25519.public(), time(NOW) + TimeDelta::minutes(minutes));
            assert_eq!(judged.is_ok(), fits, "{scheme:?} {minutes}");
        }
    }
}

#[test]
fn sig13_created_and_expires_are_held_to() {
    let covered = "(request-target) host digest (created) (expires)";
    let judge = |parameters: String, seconds| {
        let knock = Knock::unsigned()
            .without("date")
            .cavage(&RSA, &parameters, covered);
        knock.judge_at(RSA.public(), time(NOW + seconds))
    };
    let times = format!("created={NOW},expires={}", NOW + 300);
    let hs2019 = format!("algorithm=\"hs2019\",{times}");
    assert_eq!(judge(hs2019.clone(), 0), Ok(()), "a missing Date is no fault");
    assert_eq!(judge(hs2019.clone(), 300), Ok(()));
    assert_eq!(judge(hs2019.clone(), 301), Err(Refused::Expired));
    assert_eq!(judge(hs2019, -3901), Err(Refused::OutsideWindow("created")));
    let rsa_sha256 = format!("algorithm=\"rsa-sha256\",{times}");
    assert_eq!(judge(rsa_sha256, 0), Err(Refused::CreatedWithRsaSha256));
    assert_eq!(
        judge(format!("created={NOW}"), 0),
        Err(Refused::MissingParameter("expires"))
    );
    assert_eq!(
        judge(times.replace("expires", "created"), 0),
        Err(Refused::Duplicate("Signature"))
    );
    assert_eq!(
        judge(times.replace("created", "Created"), 0),
        Err(Refused::MissingParameter("created"))
    );

    for (parameters, refused) in [
        (
            format!(";created={}", NOW + 3901),
            Refused::OutsideWindow("created"),
        ),
        (
            format!(";created={}", NOW - 3901),
            Refused::OutsideWindow("created"),
        ),
        (format!(";created={NOW};expires={}", NOW - 1), Refused::Expired),
        (format!(";created=\"{NOW}\""), Refused::BadParameter("created")),
    ] {
        let parameters = format!("{parameters};keyid=\"k\"");
        let knock = Knock::unsigned().rfc9421(&RSA, "a", "@method @target-uri content-digest", &parameters);
        assert_eq!(knock.judge(RSA.public()), Err(refused), "{parameters}");
    }
}

#[test]
fn sig14_algorithms_are_few_and_spelt_exactly() {
    let judge = |key: &PrivateKey, algorithm: &str| {
        let parameters = format!("algorithm=\"{algorithm}\"");
        Knock::unsigned()
            .cavage(key, &parameters, POST)
            .judge(key.public())
    };
    assert_eq!(
        Knock::unsigned().cavage(&RSA, "", POST).judge(RSA.public()),
        Ok(()),
        "none is hs2019"
    );
    for algorithm in ["rsa-sha256", "hs2019"] {
        assert_eq!(judge(&RSA, algorithm), Ok(()));
    }
    for algorithm in ["ed25519", "hs2019"] {
        assert_eq!(judge(&ED25519, algorithm), Ok(()));
    }
    for algorithm in [
        "none",
        "",
        "hmac-sha256",
        "rsa-sha1",
        "rsa-sha512",
        "RSA-SHA256",
        "Hs2019",
    ] {
        assert_eq!(judge(&RSA, algorithm), Err(Refused::Algorithm), "{algorithm}");
    }
    assert_eq!(judge(&RSA, "ed25519"), Err(Refused::WrongKind));
    assert_eq!(judge(&ED25519, "rsa-sha256"), Err(Refused::WrongKind));

    let covered = "@method @target-uri content-digest";
    for algorithm in [
        "hmac-sha256",
        "rsa-pss-sha512",
        "rsa-v1_5-sha1",
        "RSA-V1_5-SHA256",
        "none",
    ] {
        let parameters = format!("{};alg=\"{algorithm}\"", created_and_keyid());
        let knock = Knock::unsigned().rfc9421(&RSA, "a", covered, &parameters);
        assert_eq!(knock.judge(RSA.public()), Err(Refused::Algorithm), "{algorithm}");
    }
}

#[test]
fn sig15_a_mac_with_the_public_key_as_its_secret_is_refused() {
    use aws_lc_rs::hmac;
    let knock = Knock::unsigned();
    let digest = knock.header("digest");
    let base = format!(
        "(request-target): post {}\nhost: here.example\ndate: {}\ndigest: {digest}",
        knock.target,
        knock.header("date")
    );
    let secret = hmac::Key::new(hmac::HMAC_SHA256, RSA.public().to_pem().as_bytes());
    let mac = STANDARD.encode(hmac::sign(&secret, base.as_bytes()));
    for (algorithm, refused) in [
        ("hmac-sha256", Refused::Algorithm),
        ("hs2019", Refused::BadSignature),
    ] {
        let signature =
            format!(r#"keyId="{KEY_ID}",algorithm="{algorithm}",headers="{POST}",signature="{mac}""#);
        assert_eq!(
            knock.clone().with("signature", &signature).judge(RSA.public()),
            Err(refused)
        );
    }
}
