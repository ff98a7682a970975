//! Servers that somebody on this machine plays, and answers that are taken from where they were asked for.

use super::*;

/// Plain http stays out of reach, but for who plays.
fn playing(peer: &Peer) -> Client {
    let played = [("b.test".to_owned(), peer.url("/"))].into();
    client(Rules {
        played,
        allow_http: false,
        ..at_home()
    })
}

#[tokio::test]
async fn who_plays_a_server_is_asked_as_that_server() {
    let peer = Peer::always(reply("200 OK", &[], "{}")).await;
    let client = playing(&peer);
    let url = "https://b.test/a%2Fb?c=d".parse().unwrap();
    let fetched = get(&client, &url).await.unwrap();
    assert_eq!(fetched.url, url, "the answer counts as that server's");
    assert_eq!(post(&client, &url).await.unwrap().status, 200);
    for head in peer.heard() {
        assert!(
            head.contains(" /a%2fb?c=d ") && head.contains("host: b.test\r\n"),
            "{head}"
        );
    }
    for other in ["https://b.test:8443/", "http://127.0.0.1:1/", "https://a.b.test/"] {
        assert!(get(&client, &other.parse().unwrap()).await.is_err(), "{other}");
    }
    assert_eq!(peer.heard().len(), 2);
}

#[tokio::test]
async fn what_is_asked_for_there_comes_from_nowhere_else() {
    let peer = Peer::says(|path| match path {
        "/moved" => redirect(301, "/here"),
        _ => reply("200 OK", &["x-note: kept"], "12345"),
    })
    .await;
    let client = client(at_home());
    let ask = async |path: &str, most| client.get_there(&peer.url(path), "*/*", None, most).await;
    let (moved, _) = ask("/moved", 5).await.unwrap();
    assert_eq!(moved.status, 301);
    let (fetched, headers) = ask("/here", 5).await.unwrap();
    assert_eq!(
        (&fetched.body[..], &headers["x-note"]),
        (&b"12345"[..], &"kept".parse().unwrap())
    );
    assert!(matches!(ask("/here", 4).await, Err(Error::TooLarge)));
    assert_eq!(peer.heard_paths(), ["/moved", "/here", "/here"]);
}
