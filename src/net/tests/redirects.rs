//! Redirects: few, judged one by one, never of a POST.

use std::error::Error as StdError;

use http::HeaderMap;

use super::*;

#[tokio::test]
async fn a_get_follows_to_another_origin_and_says_where_it_ended() {
    let there = Peer::always(reply(
        "200 OK",
        &["content-type: application/activity+json"],
        "{}",
    ))
    .await;
    let target = there.url("/u/ann#key");
    let here = Peer::always(redirect(302, target.as_str())).await;

    let fetched = get(&client(at_home()), &here.url("/u/ann#main-key"))
        .await
        .unwrap();

    assert_eq!(
        fetched.url,
        there.url("/u/ann"),
        "the final address, without a fragment"
    );
    assert_eq!((fetched.status, &fetched.body[..]), (200, &b"{}"[..]));
    assert_eq!(fetched.content_type.as_deref(), Some("application/activity+json"));
    assert_eq!(here.heard_paths(), ["/u/ann"]);
}

#[tokio::test]
async fn three_hops_are_followed_and_a_fourth_is_not() {
    let client = client(at_home());
    let hops = |last: u8| {
        move |path: &str| match path.trim_start_matches('/').parse::<u8>() {
            Ok(n) if n < last => redirect(307, &format!("/{}", n + 1)),
            _ => reply("200 OK", &[], "arrived"),
        }
    };
    let near = Peer::says(hops(3)).await;
    assert_eq!(get(&client, &near.url("/0")).await.unwrap().url, near.url("/3"));

    let far = Peer::says(hops(4)).await;
    let failed = get(&client, &far.url("/0")).await;
    assert!(matches!(failed, Err(Error::Redirects)), "{failed:?}");
    assert_eq!(far.heard_paths(), ["/0", "/1", "/2", "/3"]);
}

#[tokio::test]
async fn loops_come_to_an_end() {
    let client = client(at_home());
    let itself = Peer::always(redirect(301, "/")).await;
    assert!(matches!(
        get(&client, &itself.url("/")).await,
        Err(Error::Redirects)
    ));
    assert_eq!(itself.heard().len(), 4);

    let pair = Peer::says(|path| redirect(308, if path == "/a" { "/b" } else { "/a" })).await;
    assert!(matches!(
        get(&client, &pair.url("/a")).await,
        Err(Error::Redirects)
    ));
    assert_eq!(pair.heard_paths(), ["/a", "/b", "/a", "/b"]);
}

/// What is out of bounds at first is out of bounds as a second step.
#[tokio::test]
async fn every_hop_is_judged_again() {
    let trap = Peer::always(reply("200 OK", &[], "secret")).await;
    let port = trap.at.port();
    let own = vec![format!("127.0.0.1:{port}")];
    let rules = Rules { own, ..at_home() };
    for (to, why) in [
        (
            "http://169.254.169.254/latest/meta-data/".to_owned(),
            Forbidden::Address,
        ),
        (format!("http://[::ffff:10.0.0.1]:{port}/"), Forbidden::Address),
        ("http://8.8.8.8:22/".to_owned(), Forbidden::Port),
        ("http://printer.local/".to_owned(), Forbidden::Name),
        ("http://social.example./".to_owned(), Forbidden::TrailingDot),
        (
            "http://ann:secret@social.example/".to_owned(),
            Forbidden::Credentials,
        ),
        ("file:///etc/passwd".to_owned(), Forbidden::Scheme),
        ("data:application/activity+json,{}".to_owned(), Forbidden::Scheme),
        (trap.url("/").to_string(), Forbidden::Own),
    ] {
        let lure = Peer::always(redirect(302, &to)).await;
        let failed = get(&client(rules.clone()), &lure.url("/")).await;
        assert!(
            matches!(failed, Err(Error::Forbidden(said)) if said == why),
            "{to}: {failed:?}"
        );
        assert_eq!(lure.heard().len(), 1, "{to}");
    }
    assert!(trap.heard().is_empty());
}

#[tokio::test]
async fn a_redirect_to_nowhere_fails() {
    let client = client(at_home());
    for headers in [&[][..], &["location: http://"], &["location: /a", "location: /b"]] {
        let peer = Peer::always(reply("302 Found", headers, "")).await;
        let failed = get(&client, &peer.url("/")).await;
        assert!(matches!(failed, Err(Error::Lost)), "{headers:?}: {failed:?}");
    }
}

#[tokio::test]
async fn a_post_is_not_redirected() {
    let client = client(at_home());
    let elsewhere = Peer::always(reply("202 Accepted", &[], "")).await;
    for status in [301, 302, 303, 307, 308] {
        let inbox = Peer::always(redirect(status, elsewhere.url("/inbox").as_str())).await;
        let answer = post(&client, &inbox.url("/inbox")).await.unwrap();
        assert_eq!(
            (answer.status, answer.location),
            (status, Some(elsewhere.url("/inbox")))
        );
    }
    assert!(elsewhere.heard().is_empty());
}

/// A signer that signs the address, so that a signature tells which request it was made for.
struct Names;

impl Sign for Names {
    fn sign(
        &self,
        method: &str,
        url: &Url,
        body: Option<&[u8]>,
        content_type: Option<&str>,
    ) -> Result<HeaderMap, Box<dyn StdError + Send + Sync>> {
        assert!(body.is_none() && content_type.is_none(), "a GET has no body");
        let mut headers = HeaderMap::new();
        headers.insert("signature", format!("{method} {url}").to_lowercase().parse()?);
        Ok(headers)
    }
}

struct Keyless;

impl Sign for Keyless {
    fn sign(
        &self,
        _: &str,
        _: &Url,
        _: Option<&[u8]>,
        _: Option<&str>,
    ) -> Result<HeaderMap, Box<dyn StdError + Send + Sync>> {
        Err("no key".into())
    }
}

#[tokio::test]
async fn each_hop_is_signed_for_its_own_address() {
    let there = Peer::always(reply("200 OK", &[], "{}")).await;
    let target = there.url("/ann");
    let here = Peer::always(redirect(302, target.as_str())).await;

    let client = client(at_home());
    client
        .get(&here.url("/u/ann"), "application/activity+json", Some(&Names))
        .await
        .unwrap();

    let signature = |peer: &Peer, path: &str| format!("signature: get {}\r\n", peer.url(path));
    assert!(
        here.heard()[0].contains(&signature(&here, "/u/ann")),
        "{:?}",
        here.heard()
    );
    assert!(
        there.heard()[0].contains(&signature(&there, "/ann")),
        "{:?}",
        there.heard()
    );
}

#[tokio::test]
async fn what_cannot_be_signed_is_not_sent() {
    let peer = Peer::always(reply("200 OK", &[], "{}")).await;
    let failed = client(at_home())
        .get(&peer.url("/"), "application/activity+json", Some(&Keyless))
        .await;
    assert!(matches!(failed, Err(Error::Unsigned(_))), "{failed:?}");
    assert!(peer.heard().is_empty());
}
