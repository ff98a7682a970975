//! The vectors of the specification, and what is refused.

use url::Url;

use super::*;

const PRIVATE: &str = "MC4CAQAwBQYDK2VwBCIEILrNXhbWxC/MhKQDsJOAAF1FH/R+Am5G/eZKnqNum5ro";
const PUBLIC: &str = "MCowBQYDK2VwAyEA9oGFPbz+LThzQSOhWhOpUdFxLG07Rqmn0HtAFaCz/hM=";
const TIME: i64 = 1_729_243_417;
const GROUP: &str = "/.versia/v0.6/entities/pub.versia%3Agroups%2FGroup/g1";

fn key() -> PrivateKey {
    PrivateKey::from_pkcs8(&STANDARD.decode(PRIVATE).unwrap()).unwrap()
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn signature(method: &str, path: &str, body: &str) -> String {
    let headers = sign_for_domain(&key(), "b.example", method, path, body.as_bytes(), at(TIME)).unwrap();
    assert_eq!(headers[SIGNED_BY], "b.example");
    assert_eq!(headers[SIGNED_AT], TIME.to_string());
    headers[SIGNATURE].to_str().unwrap().to_owned()
}

fn signed(signature: &str, by: &str, at: &str) -> HeaderMap {
    HeaderMap::from_iter([
        (SIGNATURE, signature.parse().unwrap()),
        (SIGNED_BY, by.parse().unwrap()),
        (SIGNED_AT, at.parse().unwrap()),
    ])
}

#[test]
fn vector_1_a_post() {
    assert_eq!(
        message(
            "POST",
            "/.versia/v0.6/inbox",
            "1729243417",
            br#"{"content":"Hello, world!"}"#
        ),
        "post /.versia/v0.6/inbox 1729243417 4+e2vswDyKEalby/akgnvZl4yJTXIbN1u42bC6inlOo="
    );
    assert_eq!(
        signature("post", "/.versia/v0.6/inbox", r#"{"content":"Hello, world!"}"#),
        "cboFpspY5XR66DjeuOQRUhHktWYvokU2pGK7Zfhf9cQiuGcIxkWuKR6Iqc/TK0FUtDJpERTzxYKIR5J9xgHmCQ=="
    );
}

#[test]
fn vector_2_a_get() {
    assert_eq!(
        signature("get", "/.versia/v0.6/entities/User/u1", ""),
        "epk9bzJk7/umTlUd0x8o9neL24qdcFlkkTiSXf5ZI5FT5EfHheEYSp5Rod36I9J48k689hXjek51vjQhTm+nCQ=="
    );
}

#[test]
fn vector_3_the_answer_to_it() {
    assert_eq!(
        signature("get", "/.versia/v0.6/entities/User/u1", r#"{"a":1}"#),
        "L974VB6aCKadSe4HPtFFMGlbEKy7flD3zSc+irzm6Z7Rce13iW+MybR+BII314pbtMN4fpWMf38Mji91V1tHDQ=="
    );
}

#[test]
fn vector_4_a_path_as_on_the_wire() {
    assert_eq!(
        signature("get", GROUP, ""),
        "Dv6GLFeWRt7GHtrvW3oLIYAaxVkuw1AGBakbUPSO8ggbLH72de7o/FYrp7m/pJK6gKr9HMae65xqWm9MilfaAQ=="
    );
}

#[test]
fn vector_5_a_path_encoded_twice_is_believed_too() {
    let twice = "mRLVUMXCANDbuLfOIG0P0GoEszlOWNUBU/ylYnv66aKmga/AbN8Tvs/KTHv+sPDpn1hoX9gD94tbCj1cFeSHAA==";
    assert_eq!(signature("get", &GROUP.replace('%', "%25"), ""), twice);
    let claim = domain_claim(
        "GET",
        GROUP,
        &signed(twice, "b.example", "1729243417"),
        b"",
        at(TIME),
    );
    assert_eq!(claim.unwrap().verify(&domain_key(PUBLIC).unwrap()), Ok(()));
}

#[test]
fn a_request_carries_the_path_without_its_query() {
    let url = Url::parse("https://b.example/.versia/v0.6/entities/User/u1?offset=0").unwrap();
    let request = Request {
        method: "GET",
        url: &url,
        body: None,
        content_type: None,
        date: at(TIME),
    };
    let headers = sign(&key(), "b.example", &request).unwrap();
    assert_eq!(
        headers[SIGNATURE],
        signature("get", "/.versia/v0.6/entities/User/u1", "")
    );
    assert_eq!(headers["host"], "b.example");
}

#[test]
fn what_was_changed_on_the_way_is_refused() {
    let (path, body) = ("/.versia/v0.6/inbox", "{}");
    let good = signature("post", path, body);
    let headers = signed(&good, "b.example", "1729243417");
    let key = domain_key(PUBLIC).unwrap();
    let verified = |method: &str, path: &str, body: &str, headers: &HeaderMap| {
        domain_claim(method, path, headers, body.as_bytes(), at(TIME)).and_then(|claim| claim.verify(&key))
    };
    assert_eq!(verified("POST", path, body, &headers), Ok(()));
    for (method, path, body) in [
        ("GET", path, body),
        ("POST", "/inbox", body),
        ("POST", path, "{ }"),
    ] {
        assert_eq!(
            verified(method, path, body, &headers),
            Err(DomainRefused::BadSignature)
        );
    }
    let later = signed(&good, "b.example", "1729243418");
    assert_eq!(
        verified("POST", path, body, &later),
        Err(DomainRefused::BadSignature)
    );
    let other = PrivateKey::generate_ed25519().unwrap();
    let claim = domain_claim("POST", path, &headers, body.as_bytes(), at(TIME)).unwrap();
    assert_eq!(claim.verify(other.public()), Err(DomainRefused::BadSignature));
    assert_eq!(claim.domain(), "b.example");
}

#[test]
fn headers_that_are_missing_odd_or_old_are_told_apart() {
    use DomainRefused::{Malformed, Missing, Older, OutsideWindow};
    let good = signature("post", "/x", "");
    let judged = |headers: &HeaderMap| domain_claim("post", "/x", headers, b"", at(TIME)).map(drop);
    let whole = signed(&good, "b.example", "1729243417");
    assert_eq!(judged(&whole), Ok(()));
    for name in [SIGNATURE, SIGNED_BY, SIGNED_AT] {
        let mut less = whole.clone();
        less.remove(&name);
        let why = judged(&less).unwrap_err();
        assert!(matches!(why, Missing(_)), "{name}");
        let named = [SIGNATURE, SIGNED_BY, SIGNED_AT].map(|one| {
            let words = why.to_string().to_ascii_lowercase();
            words.contains(&format!(" {one}")).then_some(one)
        });
        let named: Vec<_> = named.into_iter().flatten().collect();
        assert_eq!(named, std::slice::from_ref(&name), "{why}");
        let mut twice = whole.clone();
        twice.append(&name, whole[&name].clone());
        assert!(matches!(judged(&twice), Err(Malformed(_))), "{name}");
    }
    for (signature, by, at, why) in [
        ("", "b.example", "1729243417", Malformed("Versia-Signature")),
        ("AAAA", "b.example", "1729243417", Malformed("Versia-Signature")),
        (
            &good[..86],
            "b.example",
            "1729243417",
            Malformed("Versia-Signature"),
        ),
        (&good, "", "1729243417", Malformed("Versia-Signed-By")),
        (
            &good,
            &"b".repeat(254),
            "1729243417",
            Malformed("Versia-Signed-By"),
        ),
        (&good, "https://b.example/users/u1", "1729243417", Older),
        (&good, "instance b.example", "1729243417", Older),
        (&good, "b.example", "", Malformed("Versia-Signed-At")),
        (&good, "b.example", "-1729243417", Malformed("Versia-Signed-At")),
        (&good, "b.example", "1.7e9", Malformed("Versia-Signed-At")),
        (
            &good,
            "b.example",
            "Fri, 18 Oct 2024 09:23:37 GMT",
            Malformed("Versia-Signed-At"),
        ),
        (&good, "b.example", "0", OutsideWindow),
        (&good, "b.example", "1729243116", OutsideWindow),
        (&good, "b.example", "1729243718", OutsideWindow),
        (&good, "b.example", "9223372036854775807", OutsideWindow),
    ] {
        assert_eq!(judged(&signed(signature, by, at)), Err(why), "{by} {at}");
    }
    for at in ["1729243117", "1729243717", "1729243417000", "1729243417.25"] {
        assert_eq!(judged(&signed(&good, "b.example", at)), Ok(()), "{at}");
    }
    let mut old = whole;
    old.insert(OLDER, "x".parse().unwrap());
    assert_eq!(judged(&old), Err(Older));
}

#[test]
fn only_an_answer_that_is_signed_is_judged() {
    let none = domain_claim_of_answer("/x", &HeaderMap::new(), b"{}", at(TIME));
    assert!(matches!(none, Ok(None)));
    let half = HeaderMap::from_iter([(SIGNED_BY, HeaderValue::from_static("b.example"))]);
    let half = domain_claim_of_answer("/x", &half, b"{}", at(TIME));
    let why = half.unwrap_err().to_string();
    assert!(
        why.ends_with("lacks Versia-Signature and Versia-Signed-At."),
        "{why}"
    );
    let whole = signed(&signature("get", "/x", "{}"), "b.example", "1729243417");
    let whole = domain_claim_of_answer("/x", &whole, b"{}", at(TIME))
        .unwrap()
        .unwrap();
    assert_eq!(whole.verify(key().public()), Ok(()));
}

#[test]
fn a_key_is_read_as_it_is_published_and_in_no_other_way() {
    let public = domain_key(PUBLIC).unwrap();
    assert_eq!(&public, key().public());
    assert_eq!(written_for_domain(&public), PUBLIC);
    let spki = STANDARD.decode(PUBLIC).unwrap();
    for bad in [
        "".to_owned(),
        public.to_pem(),
        STANDARD.encode(&spki[12..]),
        STANDARD.encode([&spki[..], &[0]].concat()),
        STANDARD.encode(PrivateKey::generate_rsa().unwrap().public().spki()),
        STANDARD.encode([&ED25519_SPKI[..], &[0; 32]].concat()),
        STANDARD.encode([&ED25519_SPKI[..], &[1], &[0; 30], &[0x80]].concat()),
    ] {
        assert!(domain_key(&bad).is_err(), "{bad}");
    }
}
