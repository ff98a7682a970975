//! What must be accepted: what we sign, and what other software signed.
//!
//! One rule: a peer that follows its scheme is never turned away.

use super::*;

#[test]
fn what_we_sign_we_accept() {
    for key in [&*RSA, &*ED25519] {
        for scheme in SCHEMES {
            for (method, body) in [
                ("POST", Some(&b"{}"[..])),
                ("POST", Some(b"")),
                ("GET", None),
                ("DELETE", None),
            ] {
                let knock = Knock::signed(scheme, key, method, body);
                let claims = knock.claims(time(NOW)).unwrap();
                assert_eq!(claims.len(), 1);
                assert_eq!((claims[0].key_id(), claims[0].scheme()), (KEY_ID, Some(scheme)));
                assert_eq!(claims[0].verify(key.public()), Ok(()));
            }
        }
    }
}

#[test]
fn our_headers_are_the_ones_that_peers_ask_for() {
    let post = Knock::post(Scheme::Cavage, &RSA).headers;
    let signature = post["signature"].to_str().unwrap();
    assert!(signature.starts_with(&format!(
        r#"keyId="{KEY_ID}",algorithm="rsa-sha256",headers="(request-target) host date digest content-type",signature=""#
    )));
    assert_eq!(post["host"], "here.example");
    assert_eq!(post["date"], "Thu, 01 Jan 2026 00:00:00 GMT");
    assert_eq!(post["digest"], vectors::DIGEST);
    assert_eq!(post["content-type"], "application/activity+json");
    assert_eq!(post.len(), 5);

    let get = Knock::signed(Scheme::Cavage, &ED25519, "GET", None).headers;
    let signature = get["signature"].to_str().unwrap();
    assert!(signature.contains(r#"algorithm="hs2019",headers="(request-target) host date","#));
    assert_eq!(get.len(), 3);

    let post = Knock::post(Scheme::Rfc9421, &RSA).headers;
    assert_eq!(
        post["signature-input"],
        format!(
            r#"sig1=("@method" "@target-uri" "content-digest" "content-type");created={NOW};keyid="{KEY_ID}";alg="rsa-v1_5-sha256""#
        )
    );
    assert_eq!(post["content-digest"], vectors::CONTENT_DIGEST);
    assert!(!post.contains_key("digest"));

    let get = Knock::signed(Scheme::Rfc9421, &ED25519, "GET", None).headers;
    let input = format!(r#"sig1=("@method" "@target-uri");created={NOW};keyid="{KEY_ID}";alg="ed25519""#);
    assert_eq!(get["signature-input"], input);
    assert!(!get.contains_key("content-digest"));
}

#[test]
fn signatures_that_others_made_are_accepted() {
    let rsa = PublicKey::from_pem(vectors::RSA_PKCS1).unwrap();
    let ed25519 = PublicKey::from_multibase(vectors::ED25519_MULTIBASE).unwrap();
    let post = Knock::unsigned();
    assert_eq!(post.header("digest"), vectors::DIGEST);

    let plain = format!(
        r#"keyId="{KEY_ID}",algorithm="rsa-sha256",headers="(request-target) content-type date digest host",signature="{}""#,
        vectors::CAVAGE_RSA
    );
    assert_eq!(post.clone().with("signature", &plain).judge(&rsa), Ok(()));
    let relabelled = plain.replace("rsa-sha256", "hs2019");
    assert_eq!(post.clone().with("signature", &relabelled).judge(&rsa), Ok(()));
    assert_eq!(
        post.clone()
            .with("authorization", &format!("Signature {plain}"))
            .judge(&rsa),
        Ok(())
    );

    for quote in ["\"", ""] {
        let created = format!(
            r#"keyId="{KEY_ID}",algorithm="hs2019",created={quote}{NOW}{quote},expires={quote}{}{quote},headers="host date digest (request-target) (created) (expires)",signature="{}""#,
            NOW + 300,
            vectors::CAVAGE_CREATED
        );
        assert_eq!(post.clone().with("signature", &created).judge(&rsa), Ok(()));
    }

    let input = format!("sig1={}", vectors::INPUT_RSA);
    let signature = format!("sig1=:{}:", vectors::SIGNATURE_RSA);
    let by_rsa = post
        .clone()
        .with("signature-input", &input)
        .with("signature", &signature);
    assert_eq!(by_rsa.judge(&rsa), Ok(()));
    let input = format!("sig2={}", vectors::INPUT_ED25519);
    let signature = format!("sig2=:{}:", vectors::SIGNATURE_ED25519);
    let by_ed25519 = post.with("signature-input", &input).with("signature", &signature);
    assert_eq!(by_ed25519.judge(&ed25519), Ok(()));
}

#[test]
fn a_target_signed_without_its_query_is_accepted() {
    let key = PublicKey::from_pem(vectors::ED25519_SPKI).unwrap();
    let signature = format!(
        r#"keyId="{KEY_ID}",algorithm="hs2019",headers="(request-target) host date",signature="{}""#,
        vectors::CAVAGE_GET
    );
    let get = Knock::signed(Scheme::Cavage, &ED25519, "GET", None).with("signature", &signature);
    assert_eq!(get.judge(&key), Ok(()));
    let elsewhere = Knock {
        target: "/c/other/inbox?x=1".to_owned(),
        ..get
    };
    assert_eq!(elsewhere.judge(&key), Err(Refused::BadSignature));
}

proptest! {
    #[test]
    fn one_byte_changed_anywhere_is_refused(
        (rfc9421, place, index, byte) in (any::<bool>(), 0..5_usize, any::<prop::sample::Index>(), 0x21..0x7f_u8)
    ) {
        let scheme = if rfc9421 { Scheme::Rfc9421 } else { Scheme::Cavage };
        let mut knock = Knock::post(scheme, &ED25519);
        let (digest, time) = if rfc9421 { ("content-digest", "signature-input") } else { ("digest", "date") };
        let flip = |text: &[u8]| {
            let mut text = text.to_vec();
            let index = index.index(text.len());
            text[index] = if text[index] == byte { byte ^ 1 } else { byte };
            text
        };
        match place {
            0 => knock.body = flip(&knock.body),
            1 => knock.target = String::from_utf8(flip(knock.target.as_bytes())).unwrap(),
            _ => {
                let name = [digest, time, "content-type"][place - 2];
                let value = HeaderValue::from_bytes(&flip(knock.headers[name].as_bytes())).unwrap();
                knock.headers.insert(name, value);
            }
        }
        prop_assert!(knock.judge(ED25519.public()).is_err());
    }

    #[test]
    fn no_header_makes_the_reader_stumble(signature in "[ -~]{0,120}", input in "[ -~]{0,120}") {
        let knock = Knock::unsigned().with("signature", &signature).with("signature-input", &input);
        prop_assert!(knock.judge(ED25519.public()).is_err());
        let knock = Knock::unsigned().with("signature", &format!("keyId={signature}"));
        prop_assert!(knock.judge(ED25519.public()).is_err());
    }
}
