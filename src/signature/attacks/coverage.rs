//! Rows SIG01 to SIG09 and SIG18: what a signature must cover, and the digest of the body.
//!
//! One rule: whatever could be changed on the way without the signature noticing is refused.

use super::*;

#[test]
fn sig01_an_unsigned_request_is_told_so() {
    assert_eq!(Knock::unsigned().judge(ED25519.public()), Err(Refused::Missing));
    let bearer = Knock::unsigned().with("authorization", "Bearer abc");
    assert_eq!(bearer.judge(ED25519.public()), Err(Refused::Missing));
    let half = Knock::post(Scheme::Rfc9421, &ED25519);
    assert_eq!(
        half.clone().without("signature").judge(ED25519.public()),
        Err(Refused::Unpaired)
    );
    assert_eq!(
        half.without("signature-input").judge(ED25519.public()),
        Err(Refused::Unpaired)
    );
}

#[test]
fn sig02_a_body_changed_after_signing_is_refused() {
    for (scheme, header) in [(Scheme::Cavage, "Digest"), (Scheme::Rfc9421, "Content-Digest")] {
        let mut knock = Knock::post(scheme, &ED25519);
        knock.body.push(b' ');
        assert_eq!(
            knock.judge(ED25519.public()),
            Err(Refused::DigestMismatch(header))
        );
    }
}

#[test]
fn sig02_a_digest_is_checked_even_if_it_is_not_covered() {
    let other = content_digest_header(b"other");
    let knock = Knock::post(Scheme::Cavage, &ED25519).with("content-digest", &other);
    assert_eq!(
        knock.judge(ED25519.public()),
        Err(Refused::DigestMismatch("Content-Digest"))
    );
}

#[test]
fn sig03_and_sig07_what_must_be_covered_must_be_covered() {
    for (covered, missing) in [
        ("(request-target) host date", "Digest"),
        ("host date digest", "(request-target)"),
        ("(request-target) date digest", "host"),
        ("(request-target) host digest", "Date or (created)"),
        ("date", "(request-target)"),
    ] {
        let knock = Knock::unsigned().cavage(&ED25519, "", covered);
        assert_eq!(
            knock.judge(ED25519.public()),
            Err(Refused::NotCovered(missing)),
            "{covered}"
        );
    }
    let none = Knock::unsigned().with("signature", r#"keyId="k",signature="YQ==""#);
    assert_eq!(
        none.judge(ED25519.public()),
        Err(Refused::NotCovered("Date or (created)"))
    );
}

#[test]
fn sig03_a_get_needs_no_digest_unless_it_has_a_body() {
    let get = Knock {
        method: "GET",
        body: vec![],
        ..Knock::unsigned().without("digest").without("content-digest")
    };
    let get = get.cavage(&ED25519, "", "(request-target) host date");
    assert_eq!(get.judge(ED25519.public()), Ok(()));
    let with_body = Knock {
        body: b"x".to_vec(),
        ..get
    };
    assert_eq!(
        with_body.judge(ED25519.public()),
        Err(Refused::NotCovered("Digest"))
    );
}

#[test]
fn sig05_and_sig06_the_digest_is_sha_256_of_the_raw_bytes() {
    let upper = Knock::unsigned().header("digest");
    let lower = upper.replace("SHA-256", "sha-256");
    let judge = |digest: &str| {
        Knock::unsigned()
            .with("digest", digest)
            .cavage(&ED25519, "", POST)
            .judge(ED25519.public())
    };
    assert_eq!(judge(&upper), Ok(()));
    assert_eq!(judge(&lower), Ok(()));
    for weak in [
        "MD5=XUFAKrxLKna5cZ2REBfFkg==",
        "SHA-512=YQ==",
        &format!("{upper},{lower}"),
    ] {
        assert_eq!(judge(weak), Err(Refused::DigestAlgorithm("Digest")), "{weak}");
    }
    let twice = Knock::unsigned().and("digest", &upper).cavage(&ED25519, "", POST);
    assert_eq!(
        twice.judge(ED25519.public()),
        Err(Refused::DigestAlgorithm("Digest"))
    );

    let odd = b"{ \"b\" : 1,\n\"a\":2 }  ";
    let knock = Knock::signed(Scheme::Cavage, &ED25519, "POST", Some(odd));
    assert_eq!(knock.judge(ED25519.public()), Ok(()));
}

#[test]
fn sig08_and_sig09_a_signature_holds_for_one_inbox_and_one_host() {
    for scheme in SCHEMES {
        let knock = Knock::post(scheme, &ED25519);
        let elsewhere = Knock {
            target: "/g/x/inbox".to_owned(),
            ..knock.clone()
        };
        assert_eq!(elsewhere.judge(ED25519.public()), Err(Refused::BadSignature));
        let otherwise = Knock {
            method: "PUT",
            ..knock
        };
        assert_eq!(otherwise.judge(ED25519.public()), Err(Refused::BadSignature));
    }
    let for_another = Knock::unsigned()
        .with("host", "evil.example")
        .cavage(&ED25519, "", POST);
    assert_eq!(for_another.judge(ED25519.public()), Err(Refused::BadSignature));
    let authority = "@method @authority @path @query content-digest";
    let rewritten = Knock::unsigned().rfc9421(&ED25519, "a", authority, &created_and_keyid());
    let rewritten = rewritten.with("host", "127.0.0.1:8080");
    assert_eq!(
        rewritten.judge(ED25519.public()),
        Ok(()),
        "a proxy may rewrite Host"
    );
}

#[test]
fn sig18_rfc_9421_needs_its_components_and_created() {
    let judge = |target: &str, covered: &str, parameters: &str| {
        let knock = Knock {
            target: target.to_owned(),
            ..Knock::unsigned()
        };
        knock
            .rfc9421(&ED25519, "a", covered, parameters)
            .judge(ED25519.public())
    };
    let parameters = created_and_keyid();
    for covered in [
        "@method @target-uri content-digest",
        "content-digest date @query @path @authority @method",
        "@method host @path @query content-digest",
    ] {
        assert_eq!(judge("/a?b", covered, &parameters), Ok(()), "{covered}");
    }
    assert_eq!(
        judge("/a", "@method @authority @path content-digest", &parameters),
        Ok(())
    );
    for (covered, missing) in [
        ("@method @target-uri", "Content-Digest"),
        ("@method @target-uri digest", "Content-Digest"),
        ("@target-uri content-digest", "@method"),
        ("@method content-digest", "@target-uri"),
        ("@method @path @query content-digest", "@target-uri"),
        ("@method @authority @query content-digest", "@target-uri"),
        ("@method @authority @path content-digest", "@target-uri"),
        ("", "@method"),
    ] {
        assert_eq!(
            judge("/a?b", covered, &parameters),
            Err(Refused::NotCovered(missing)),
            "{covered}"
        );
    }
    let covered = "@method @target-uri content-digest";
    let missing = |name| Err(Refused::MissingParameter(name));
    assert_eq!(judge("/a", covered, ";keyid=\"k\""), missing("created"));
    assert_eq!(judge("/a", covered, &format!(";created={NOW}")), missing("keyid"));
    let twice = "@method @target-uri content-digest @method";
    assert_eq!(
        judge("/a", twice, &parameters),
        Err(Refused::Duplicate("Signature-Input"))
    );
}

#[test]
fn a_covered_header_must_be_there_and_known() {
    let key = ED25519.public();
    let gone = Knock::unsigned()
        .with("x-a", "1")
        .cavage(&ED25519, "", &format!("{POST} x-a"))
        .without("x-a");
    assert_eq!(gone.judge(key), Err(Refused::AbsentHeader));
    let several = Knock::unsigned()
        .with("x-a", "1, 2")
        .cavage(&ED25519, "", &format!("{POST} x-a"));
    assert_eq!(
        several
            .without("x-a")
            .and("x-a", "1")
            .and("x-a", " 2 ")
            .judge(key),
        Ok(())
    );
    let knock = Knock::post(Scheme::Cavage, &ED25519);
    let signature = knock.header("signature").replace("content-type", "(response)");
    assert_eq!(
        knock.with("signature", &signature).judge(key),
        Err(Refused::Component)
    );
}
