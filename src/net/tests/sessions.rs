//! TLS sessions: taken up again with every host, not only the last few.

use tokio_rustls::rustls::HandshakeKind;
use tokio_rustls::rustls::SupportedProtocolVersion;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::keeper::Keeper;
use super::tls::Authority;
use super::*;

const HOSTS: usize = 40;

/// Every host is asked once, over a connection that is closed at once, and then once more.
async fn handshakes(version: &'static SupportedProtocolVersion, sessions: usize) -> Vec<HandshakeKind> {
    let authority = Authority::new();
    let peer = Keeper::encrypted(authority.everybody(&[version])).await;
    let limits = Limits {
        sessions,
        idle: 0,
        ..Limits::default()
    };
    let rules = Rules {
        limits,
        ..authority.trusted()
    };
    let client = Client::new(rules, Some(Answers::new(&[&["127.0.0.1"]]))).unwrap();
    for _ in 0..2 {
        for host in 0..HOSTS {
            let url = peer.inbox("https", &format!("host{host}.peer.test"));
            assert_eq!(post(&client, &url).await.unwrap().status, 202);
        }
        peer.has_open(0).await;
    }
    peer.handshakes()
}

#[tokio::test]
async fn a_host_that_is_met_again_resumes() {
    for version in [&TLS13, &TLS12] {
        let kinds = handshakes(version, 1_024).await;
        let (first, second) = kinds.split_at(HOSTS);
        assert!(first.iter().all(|kind| *kind == HandshakeKind::Full), "{first:?}");
        assert_eq!(second.len(), HOSTS);
        assert!(
            second.iter().all(|kind| *kind == HandshakeKind::Resumed),
            "{version:?}: {second:?}"
        );
    }
}

/// The record is bounded: who was met too long ago begins anew.
#[tokio::test]
async fn more_hosts_than_are_remembered_shake_hands_in_full() {
    let kinds = handshakes(&TLS13, HOSTS / 4).await;
    assert!(kinds.iter().all(|kind| *kind == HandshakeKind::Full), "{kinds:?}");
}
