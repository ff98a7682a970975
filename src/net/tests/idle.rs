//! Connections that are kept, and those that are not.

use super::keeper::{Keeper, Manners};
use super::*;

fn client(idle: usize) -> Client {
    let limits = Limits {
        idle,
        ..Limits::default()
    };
    let dns = Answers::new(&[&["127.0.0.1"]]);
    Client::new(Rules { limits, ..at_home() }, Some(dns)).unwrap()
}

async fn post_to(client: &Client, peer: &Keeper, host: &str) {
    let answer = post(client, &peer.inbox("http", host)).await.unwrap();
    assert_eq!(answer.status, 202);
}

#[tokio::test]
async fn a_host_that_is_asked_once_leaves_nothing_behind() {
    let (client, peer) = (client(1_024), Keeper::new(Manners::Stays).await);
    for host in 0..200 {
        post_to(&client, &peer, &format!("host{host}.test")).await;
        assert_eq!(client.idle(), 0);
    }
    assert_eq!(peer.accepted(), 200);
    peer.has_open(0).await;
}

#[tokio::test]
async fn a_host_that_is_asked_again_is_kept_warm() {
    let (client, peer) = (client(1_024), Keeper::new(Manners::Stays).await);
    for _ in 0..20 {
        post_to(&client, &peer, "peer.test").await;
        get(&client, &peer.inbox("http", "peer.test")).await.unwrap();
    }
    assert_eq!((peer.requests(), peer.accepted()), (40, 2));
    assert_eq!(client.idle(), 1);
    peer.has_open(1).await;
}

/// Whatever the number of hosts, and those that waited longest go first.
#[tokio::test]
async fn there_are_never_more_than_so_many() {
    let (client, peer) = (client(3), Keeper::new(Manners::Stays).await);
    let hosts: Vec<_> = (0..8).map(|host| format!("host{host}.test")).collect();
    for host in &hosts {
        for _ in 0..3 {
            post_to(&client, &peer, host).await;
            assert!(client.idle() <= 3);
        }
    }
    peer.has_open(3).await;

    let before = peer.accepted();
    for host in &hosts[5..] {
        post_to(&client, &peer, host).await;
    }
    assert_eq!(peer.accepted(), before, "the last three were still there");
    post_to(&client, &peer, &hosts[0]).await;
    assert_eq!(peer.accepted(), before + 1);
}

#[tokio::test]
async fn what_nobody_needs_for_a_minute_is_closed() {
    let (client, peer) = (client(1_024), Keeper::new(Manners::Stays).await);
    for host in ["a.test", "b.test"] {
        for _ in 0..2 {
            post_to(&client, &peer, host).await;
        }
    }
    peer.has_open(2).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    peer.has_open(0).await;
    assert_eq!(client.idle(), 0);
}

/// The peer hangs up after each answer and does not say so: nobody is told, and nothing is sent twice.
#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_replaced() {
    let (client, peer) = (client(1_024), Keeper::new(Manners::Leaves(1)).await);
    for _ in 0..20 {
        post_to(&client, &peer, "peer.test").await;
        peer.has_open(0).await;
    }
    assert_eq!((peer.requests(), peer.accepted()), (20, 20));
}

/// Who breaks off in the middle does not get its connection back.
#[tokio::test]
async fn an_answer_that_was_not_read_to_its_end_takes_its_connection_along() {
    let endless = raw("HTTP/1.1 202 Accepted\r\ncontent-length: 10000000\r\n\r\n").then(Then::Hold);
    let peer = Peer::always(endless).await;
    let client = client(1_024);
    for _ in 0..3 {
        assert_eq!(post(&client, &peer.url("/inbox")).await.unwrap().status, 202);
        assert_eq!(client.idle(), 0);
    }
}

/// Whoever may not begin so late sends nothing, and has the connection at once the next time.
#[tokio::test]
async fn a_request_that_comes_too_late_is_not_sent_and_keeps_its_connection() {
    let (client, peer) = (client(8), Keeper::new(Manners::Stays).await);
    let url = peer.inbox("http", "peer.test");
    let past = tokio::time::Instant::now() - Duration::from_millis(1);
    let post_by = async |not_after| {
        let headers = http::HeaderMap::new();
        client
            .post_in(&url, headers, "{}".into(), Width::One, not_after)
            .await
    };
    assert!(matches!(post_by(Some(past)).await, Err(Error::Late)));
    assert_eq!((peer.requests(), client.idle()), (0, 1));
    let soon = tokio::time::Instant::now() + Duration::from_secs(60);
    assert_eq!(post_by(Some(soon)).await.unwrap().status, 202);
    assert_eq!((peer.requests(), peer.accepted()), (1, 1));
}

/// A server that was pulled from the net: its connections look open and are not. One of them is tried, not each.
#[tokio::test]
async fn a_silent_connection_casts_doubt_on_the_others_of_its_host() {
    let peer = Keeper::new(Manners::FallsSilent(8)).await;
    // Long enough for the answers on a busy machine; then none comes.
    let limits = Limits {
        total: Duration::from_secs(2),
        ..Limits::default()
    };
    let rules = Rules { limits, ..at_home() };
    let client = Client::new(rules, Some(Answers::new(&[&["127.0.0.1"]]))).unwrap();
    let url = peer.inbox("http", "peer.test");
    let mut window = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (client, url) = (client.clone(), url.clone());
        window.spawn(async move {
            let headers = http::HeaderMap::new();
            client
                .post_in(&url, headers, "{}".into(), Width::Wide, None)
                .await
        });
    }
    while let Some(answer) = window.join_next().await {
        assert_eq!(answer.unwrap().unwrap().status, 202);
    }
    assert!(client.idle() > 1);

    assert!(matches!(post(&client, &url).await, Err(Error::Timeout)));
    assert_eq!(client.idle(), 0);
    peer.has_open(0).await;
}
