//! Size, time and form of answers.

use super::*;

const KIB: usize = 1024;

fn small() -> Rules {
    let limits = Limits {
        body: KIB,
        answer: KIB,
        ..Limits::default()
    };
    Rules { limits, ..at_home() }
}

#[tokio::test]
async fn a_request_says_who_we_are_and_asks_for_plain_text() {
    let client = client(at_home());
    let peer = Peer::always(reply("200 OK", &[], "{}")).await;
    get(&client, &peer.url("/u/ann?page=1")).await.unwrap();

    let head = &peer.heard()[0];
    assert!(head.starts_with("get /u/ann?page=1 http/1.1\r\n"), "{head}");
    for line in [
        &format!("host: {}", peer.at),
        "accept: application/activity+json",
        "accept-encoding: identity",
        "user-agent: folkmoot-test (+https://groups.example)",
    ] {
        assert_eq!(
            head.lines().filter(|other| *other == line).count(),
            1,
            "{line} in {head}"
        );
    }
}

#[tokio::test]
async fn a_post_carries_the_callers_headers() {
    let client = client(at_home());
    let peer = Peer::always(reply("202 Accepted", &[], "thanks")).await;
    let mut headers = http::HeaderMap::new();
    headers.insert("signature", "keyid=x".parse().unwrap());
    headers.insert("content-type", "application/activity+json".parse().unwrap());

    let answer = client
        .post(&peer.url("/inbox"), headers, "{\"a\":1}".into())
        .await
        .unwrap();

    assert_eq!(
        answer,
        Answer {
            status: 202,
            retry_after: None,
            location: None
        }
    );
    let head = &peer.heard()[0];
    for line in [
        "signature: keyid=x",
        "content-type: application/activity+json",
        "content-length: 7",
    ] {
        assert!(head.lines().any(|other| other == line), "{line} in {head}");
    }
}

#[tokio::test]
async fn statuses_come_back_as_they_are() {
    let client = client(at_home());
    for (line, status) in [
        ("204 No Content", 204),
        ("304 Not Modified", 304),
        ("404 Not Found", 404),
        ("410 Gone", 410),
        ("503 Busy", 503),
    ] {
        let peer = Peer::always(raw(&format!("HTTP/1.1 {line}\r\nconnection: close\r\n\r\n"))).await;
        let fetched = get(&client, &peer.url("/")).await.unwrap();
        assert_eq!((fetched.status, fetched.body.len()), (status, 0));
        assert_eq!(post(&client, &peer.url("/")).await.unwrap().status, status);
    }
}

#[tokio::test]
async fn a_busy_peer_says_when_to_come_back() {
    let peer = Peer::always(reply("429 Slow Down", &["retry-after: 120"], "")).await;
    let answer = post(&client(at_home()), &peer.url("/inbox")).await.unwrap();
    assert_eq!(
        (answer.status, answer.retry_after),
        (429, Some(RetryAfter::Seconds(120)))
    );
}

#[tokio::test]
async fn a_compressed_answer_is_refused_unread() {
    let client = client(at_home());
    for coding in ["gzip", "br", "deflate", "identity, gzip", "GZIP"] {
        let peer = Peer::always(reply("200 OK", &[&format!("content-encoding: {coding}")], "bomb")).await;
        let failed = get(&client, &peer.url("/")).await;
        assert!(matches!(failed, Err(Error::Encoded)), "{coding}: {failed:?}");
    }
    let peer = Peer::always(reply("200 OK", &["content-encoding: Identity"], "{}")).await;
    assert_eq!(&get(&client, &peer.url("/")).await.unwrap().body[..], b"{}");
}

/// Success is the status; what comes after it is not looked at.
#[tokio::test]
async fn a_post_that_is_thanked_in_gzip_has_arrived() {
    let peer = Peer::always(reply("200 OK", &["content-encoding: gzip"], "thanks")).await;
    assert_eq!(
        post(&client(at_home()), &peer.url("/")).await.unwrap().status,
        200
    );
}

#[tokio::test]
async fn a_body_fits_to_the_byte() {
    let client = client(small());
    let full = Peer::always(reply("200 OK", &[], &"x".repeat(KIB))).await;
    assert_eq!(get(&client, &full.url("/")).await.unwrap().body.len(), KIB);

    let over = Peer::always(reply("200 OK", &[], &"x".repeat(KIB + 1))).await;
    assert!(matches!(get(&client, &over.url("/")).await, Err(Error::TooLarge)));
}

/// The peer announces much and says nothing: a client that waited for it would run out of time instead.
#[tokio::test]
async fn an_announced_excess_is_refused_at_once() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n";
    let peer = Peer::always(raw(head).then(Then::Hold)).await;
    let failed = get(&client(at_home()), &peer.url("/")).await;
    assert!(matches!(failed, Err(Error::TooLarge)), "{failed:?}");
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_limit() {
    let client = client(small());
    let unframed = raw("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").then(Then::Repeat(&[b'x'; KIB]));
    let chunked =
        raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").then(Then::Repeat(b"4\r\nxxxx\r\n"));
    for endless in [unframed, chunked] {
        let peer = Peer::always(endless).await;
        let failed = get(&client, &peer.url("/")).await;
        assert!(matches!(failed, Err(Error::TooLarge)), "{failed:?}");
        assert_eq!(post(&client, &peer.url("/")).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_length_that_lies_is_found_out() {
    let client = client(at_home());
    let short = raw("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 100\r\n\r\n{}");
    let two = raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 4\r\n\r\n{}{}");
    for lie in [short, two] {
        let peer = Peer::always(lie).await;
        let failed = get(&client, &peer.url("/")).await;
        assert!(matches!(failed, Err(Error::Broken)), "{failed:?}");
    }
    let long = Peer::always(raw(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}{}",
    ))
    .await;
    assert_eq!(
        &get(&client, &long.url("/")).await.unwrap().body[..],
        b"{}",
        "not a byte more"
    );
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let client = client(at_home());
    let banner = raw("SSH-2.0-OpenSSH_9.9\r\n\r\n");
    let headers = raw("HTTP/1.1 200 OK\r\n").then(Then::Repeat(b"x-more: and more\r\n"));
    for noise in [banner, headers, raw("")] {
        let peer = Peer::always(noise).await;
        let failed = get(&client, &peer.url("/")).await;
        assert!(matches!(failed, Err(Error::Broken)), "{failed:?}");
    }
}

/// Silence after the request, and after the head: the total time ends both.
#[tokio::test]
async fn a_peer_that_never_finishes_is_left() {
    let client = client(in_a_hurry());
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";
    for silence in [raw(""), raw(head)] {
        let peer = Peer::always(silence.then(Then::Hold)).await;
        let failed = get(&client, &peer.url("/")).await;
        assert!(matches!(failed, Err(Error::Timeout)), "{failed:?}");
    }
}

#[tokio::test]
async fn a_post_needs_a_status() {
    let mute = Peer::always(raw("").then(Then::Hold)).await;
    let failed = post(&client(in_a_hurry()), &mute.url("/")).await;
    assert!(matches!(failed, Err(Error::Timeout)), "{failed:?}");
}

#[tokio::test]
async fn a_post_needs_no_more_than_a_status() {
    // Long enough for the status on a busy machine; the rest never comes.
    let limits = Limits {
        total: Duration::from_secs(2),
        ..Limits::default()
    };
    let client = client(Rules { limits, ..at_home() });
    for rest in [
        raw("HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\n{"),
        raw("HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\nnonsense"),
        raw("HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\n{").then(Then::Hold),
    ] {
        let peer = Peer::always(rest).await;
        assert_eq!(post(&client, &peer.url("/")).await.unwrap().status, 202);
    }
}

#[tokio::test]
async fn a_closed_port_is_a_refused_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    drop(listener);
    let failed = get(&client(at_home()), &url).await.unwrap_err();
    assert!(matches!(failed, Error::Connect(Cause::Refused)), "{failed:?}");
    assert!(failed.is_temporary() && !failed.is_forbidden());
}

#[tokio::test]
async fn no_place_is_no_fault_of_the_peer() {
    let limits = Limits {
        in_flight: 0,
        ..in_a_hurry().limits
    };
    let peer = Peer::always(reply("200 OK", &[], "{}")).await;
    let failed = get(&client(Rules { limits, ..at_home() }), &peer.url("/")).await;
    assert!(matches!(failed, Err(Error::Busy)), "{failed:?}");
    assert!(peer.heard().is_empty());
}
