//! Every way to send refuses what the others refuse (SSR): to a cold host, to a warm one, and in a wide lane.

use super::keeper::{Keeper, Manners};
use super::*;

/// What each way of sending says to `url`.
async fn ways(client: &Client, url: &Url) -> Vec<Option<Error>> {
    let wide = client
        .post_in(url, http::HeaderMap::new(), "{}".into(), Width::Wide, None)
        .await;
    vec![
        get(client, url).await.err(),
        post(client, url).await.err(),
        wide.err(),
        // Now the host has been asked before.
        get(client, url).await.err(),
        post(client, url).await.err(),
    ]
}

fn assert_refused(said: &[Option<Error>], why: Forbidden, what: &str) {
    for error in said {
        let refused = matches!(error, Some(Error::Forbidden(said)) if *said == why);
        assert!(refused, "{what}: {error:?}");
    }
}

#[tokio::test]
async fn what_a_url_shows_is_refused_in_every_way() {
    let peer = Peer::always(reply("200 OK", &[], "{}")).await;
    let port = peer.at.port();
    let rules = Rules {
        own: vec![format!("127.0.0.1:{port}")],
        ..at_home()
    };
    let client = client(rules);
    for (url, why) in [
        (format!("http://127.0.0.1:{port}/"), Forbidden::Own),
        (format!("http://127.0.0.2:{port}/"), Forbidden::Address),
        ("http://169.254.169.254/".to_owned(), Forbidden::Address),
        (format!("http://0x7f.2:{port}/"), Forbidden::Address),
        (format!("http://[::ffff:10.0.0.1]:{port}/"), Forbidden::Address),
        ("http://8.8.8.8:22/".to_owned(), Forbidden::Port),
        ("http://printer.local/".to_owned(), Forbidden::Name),
        ("http://social.example./".to_owned(), Forbidden::TrailingDot),
        ("http://ann:x@social.example/".to_owned(), Forbidden::Credentials),
        ("ftp://social.example/".to_owned(), Forbidden::Scheme),
    ] {
        let said = ways(&client, &url.parse().unwrap()).await;
        assert_refused(&said, why, &url);
    }
    assert!(peer.heard().is_empty());
}

#[tokio::test]
async fn where_a_name_leads_is_refused_in_every_way() {
    let peer = Peer::always(reply("200 OK", &[], "{}")).await;
    for answers in [
        &["10.0.0.1"][..],
        &["127.0.0.1", "10.0.0.1"],
        &["8.8.8.8"], // the port is open on opened ranges only
        &["::1"],
        &["64:ff9b::7f00:1"],
    ] {
        let client = Client::new(at_home(), Some(Answers::new(&[answers]))).unwrap();
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://peer.test:{}/", peer.at.port());
            let said = ways(&client, &url.parse().unwrap()).await;
            assert_refused(&said, Forbidden::Address, &format!("{answers:?}"));
        }
    }
    assert!(peer.heard().is_empty());
}

/// A warm connection is one to an address that was judged. A name that changes its mind is judged anew as soon as a new
/// connection is needed, and never led to the new address by an old one.
#[tokio::test]
async fn a_name_that_is_rebound_keeps_its_old_connection_or_is_refused() {
    let peer = Keeper::new(Manners::Leaves(3)).await;
    let dns = Answers::new(&[&["127.0.0.1"], &["127.0.0.1"], &["10.0.0.1"]]);
    let client = Client::new(at_home(), Some(Arc::clone(&dns) as _)).unwrap();
    let url = peer.inbox("http", "peer.test");
    for _ in 0..4 {
        assert_eq!(post(&client, &url).await.unwrap().status, 202);
    }
    assert_eq!((dns.asked(), peer.accepted(), peer.requests()), (2, 2, 4));
    peer.has_open(0).await;

    let said = ways(&client, &url).await;
    assert_refused(&said, Forbidden::Address, "rebound");
    assert_eq!(peer.requests(), 4);
}
