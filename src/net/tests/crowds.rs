//! Caps by address and by owner: many names of one attacker do not take everybody's places (QUE11).

use super::*;

fn few() -> Rules {
    let limits = Limits {
        per_address: 2,
        per_owner: 2,
        ..Limits::default()
    };
    Rules { limits, ..at_home() }
}

fn leading_to(address: &str, rules: Rules) -> Client {
    Client::new(rules, Some(Answers::new(&[&[address]]))).unwrap()
}

/// Nothing is sent to the public address of this test: it is crowded before we come.
#[tokio::test]
async fn names_that_lead_to_one_address_share_its_places() {
    for (address, neighbour) in [("8.8.8.8", "8.8.8.8"), ("2600::1", "2600::ffff:2")] {
        let client = leading_to(address, few());
        let hung: Vec<_> = (0..2)
            .map(|_| client.enter(neighbour.parse().unwrap()).unwrap())
            .collect();
        for host in 0..20 {
            let url = format!("https://host{host}.test/inbox").parse().unwrap();
            for failed in [
                post(&client, &url).await.unwrap_err(),
                get(&client, &url).await.unwrap_err(),
            ] {
                assert!(matches!(failed, Error::Busy), "{failed:?}");
                assert!(failed.is_temporary());
            }
        }
        drop(hung);
        assert!(client.enter(neighbour.parse().unwrap()).is_ok());
    }
}

#[tokio::test]
async fn literal_addresses_have_the_same_cap() {
    let client = leading_to("8.8.8.8", few());
    let _hung: Vec<_> = (0..2)
        .map(|_| client.enter("8.8.8.8".parse().unwrap()).unwrap())
        .collect();
    let failed = post(&client, &"https://8.8.8.8/inbox".parse().unwrap()).await;
    assert!(matches!(failed, Err(Error::Busy)), "{failed:?}");
}

/// As in a test set-up, where the whole fediverse has one address.
#[tokio::test]
async fn a_range_that_the_operator_opened_is_never_crowded() {
    let peer = Peer::always(raw("").then(Then::Hold)).await;
    let client = leading_to("127.0.0.1", few());
    let mut hung = tokio::task::JoinSet::new();
    for host in 0..10 {
        let (client, url) = (client.clone(), peer.as_host(&format!("host{host}.test")));
        hung.spawn(async move { post(&client, &url).await });
    }
    heard(&peer, 10).await;
}

#[tokio::test]
async fn fetches_below_one_registrable_domain_share_its_places() {
    let silent = Peer::always(raw("").then(Then::Hold)).await;
    let kind = Peer::always(reply("200 OK", &[], "{}")).await;
    let client = leading_to("127.0.0.1", few());
    let mut hung = tokio::task::JoinSet::new();
    for host in ["a.example.co.uk", "b.c.example.co.uk"] {
        let (client, url) = (client.clone(), silent.as_host(host));
        hung.spawn(async move { get(&client, &url).await });
    }
    heard(&silent, 2).await;

    for host in ["example.co.uk", "d.example.co.uk"] {
        let failed = get(&client, &kind.as_host(host)).await;
        assert!(matches!(failed, Err(Error::Busy)), "{host}: {failed:?}");
    }
    for host in ["other.co.uk", "example.org", "localhost"] {
        assert_eq!(get(&client, &kind.as_host(host)).await.unwrap().status, 200);
    }
    hung.shutdown().await;
    assert_eq!(
        get(&client, &kind.as_host("example.co.uk")).await.unwrap().status,
        200
    );
}

/// A redirect is a way into another owner's hosts, and counted there.
#[tokio::test]
async fn a_redirect_into_a_crowd_is_refused() {
    let silent = Peer::always(raw("").then(Then::Hold)).await;
    let client = leading_to("127.0.0.1", few());
    let mut hung = tokio::task::JoinSet::new();
    for host in ["a.example.org", "b.example.org"] {
        let (client, url) = (client.clone(), silent.as_host(host));
        hung.spawn(async move { get(&client, &url).await });
    }
    heard(&silent, 2).await;
    let lure = Peer::always(redirect(302, silent.as_host("c.example.org").as_str())).await;
    let failed = get(&client, &lure.as_host("elsewhere.net")).await;
    assert!(matches!(failed, Err(Error::Busy)), "{failed:?}");
    assert_eq!(silent.heard().len(), 2);
}

async fn heard(peer: &Peer, count: usize) {
    let hearing = async {
        while peer.heard().len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let heard = tokio::time::timeout(Duration::from_secs(60), hearing).await;
    assert!(
        heard.is_ok(),
        "{count} should have been heard: {}",
        peer.heard().len()
    );
}
