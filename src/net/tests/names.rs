//! Names: judged by where they lead, at the moment of connecting.

use super::*;

fn with(rules: Rules, answers: &Arc<Answers>) -> Client {
    let resolver: Arc<dyn Resolve> = Arc::clone(answers) as _;
    Client::new(rules, Some(resolver)).unwrap()
}

async fn greeting() -> Peer {
    Peer::always(reply("200 OK", &[], "{}")).await
}

#[tokio::test]
async fn a_name_that_leads_to_an_opened_range_is_reached() {
    let peer = greeting().await;
    let dns = Answers::new(&[&["127.0.0.1"]]);
    let fetched = get(&with(at_home(), &dns), &peer.as_host("peer.test"))
        .await
        .unwrap();
    assert_eq!(fetched.status, 200);
    assert_eq!(*dns.asked.lock().unwrap(), ["peer.test"]);
    assert!(peer.heard()[0].contains(&format!("host: peer.test:{}\r\n", peer.at.port())));
}

/// The port is one of the open internet here, so only the address can refuse.
#[tokio::test]
async fn a_name_that_leads_home_is_refused() {
    let peer = greeting().await;
    let rules = Rules {
        allow_http: true,
        allow_ports: vec![peer.at.port()],
        ..Rules::strict("test")
    };
    for address in [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "64:ff9b::7f00:1",
    ] {
        let client = with(rules.clone(), &Answers::new(&[&[address]]));
        for failed in [
            get(&client, &peer.as_host("peer.test")).await.err(),
            post(&client, &peer.as_host("peer.test")).await.err(),
        ] {
            let forbidden = matches!(failed, Some(Error::Forbidden(Forbidden::Address)));
            assert!(forbidden, "{address}: {failed:?}");
        }
    }
    assert!(peer.heard().is_empty());
}

#[tokio::test]
async fn one_bad_address_refuses_the_whole_name() {
    let peer = greeting().await;
    for answers in [
        ["127.0.0.1", "10.0.0.1"],
        ["10.0.0.1", "127.0.0.1"],
        ["127.0.0.1", "::1"],
    ] {
        let client = with(at_home(), &Answers::new(&[&answers]));
        let failed = get(&client, &peer.as_host("peer.test")).await;
        assert!(
            matches!(failed, Err(Error::Forbidden(Forbidden::Address))),
            "{answers:?}: {failed:?}"
        );
    }
    assert!(peer.heard().is_empty());
}

/// The next one is tried when one does not answer; nobody has to list the good one first.
#[tokio::test]
async fn any_address_of_a_name_will_do() {
    let peer = greeting().await;
    let rules = Rules {
        allow_private: vec!["127.0.0.1/32".parse().unwrap(), "::1/128".parse().unwrap()],
        ..at_home()
    };
    for answers in [["::1", "127.0.0.1"], ["127.0.0.1", "::1"]] {
        let client = with(rules.clone(), &Answers::new(&[&answers]));
        assert_eq!(
            get(&client, &peer.as_host("peer.test")).await.unwrap().status,
            200
        );
    }
    let nobody: u16 = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let client = with(rules, &Answers::new(&[&["::1", "127.0.0.1"]]));
    let failed = get(&client, &format!("http://peer.test:{nobody}/").parse().unwrap()).await;
    assert!(
        matches!(failed, Err(Error::Connect(Cause::Refused))),
        "{failed:?}"
    );
}

/// With an unusual port even a public address is out of bounds: the port is open on opened ranges only.
#[tokio::test]
async fn an_unusual_port_does_not_lead_to_public_addresses() {
    let client = with(at_home(), &Answers::new(&[&["8.8.8.8"]]));
    let failed = get(&client, &"http://peer.test:9000/".parse().unwrap()).await;
    assert!(
        matches!(failed, Err(Error::Forbidden(Forbidden::Address))),
        "{failed:?}"
    );
}

/// One question a connection: the answer that was judged is the one that is connected.
#[tokio::test]
async fn a_name_that_changes_its_mind_is_judged_by_each_answer() {
    let peer = greeting().await;
    let dns = Answers::new(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let client = with(at_home(), &dns);

    assert_eq!(
        get(&client, &peer.as_host("peer.test")).await.unwrap().status,
        200
    );
    assert_eq!(dns.asked(), 1);

    let failed = get(&client, &peer.as_host("peer.test")).await;
    assert!(
        matches!(failed, Err(Error::Forbidden(Forbidden::Address))),
        "{failed:?}"
    );
    assert_eq!(dns.asked(), 2);
    assert_eq!(peer.heard().len(), 1);
}

#[tokio::test]
async fn a_redirect_to_a_name_that_leads_home_is_refused() {
    let trap = greeting().await;
    let target = trap.as_host("rebound.test");
    let lure = Peer::always(redirect(302, target.as_str())).await;
    let failed = get(&with(at_home(), &Answers::new(&[&["10.0.0.1"]])), &lure.url("/")).await;
    assert!(
        matches!(failed, Err(Error::Forbidden(Forbidden::Address))),
        "{failed:?}"
    );
    assert!(trap.heard().is_empty());
}

#[tokio::test]
async fn an_alias_of_our_own_address_is_refused() {
    let peer = greeting().await;
    let rules = Rules {
        own_addresses: vec![peer.at.ip()],
        ..at_home()
    };
    let failed = get(
        &with(rules, &Answers::new(&[&["127.0.0.1"]])),
        &peer.as_host("alias.test"),
    )
    .await;
    assert!(
        matches!(failed, Err(Error::Forbidden(Forbidden::Address))),
        "{failed:?}"
    );
    assert!(peer.heard().is_empty());
}

#[tokio::test]
async fn localhost_is_this_machine_whatever_dns_says() {
    let peer = greeting().await;
    let dns = Answers::new(&[&["8.8.8.8"]]);
    assert_eq!(
        get(&with(at_home(), &dns), &peer.as_host("localhost"))
            .await
            .unwrap()
            .status,
        200
    );

    let elsewhere = Rules {
        allow_private: vec!["10.0.0.0/8".parse().unwrap()],
        ..at_home()
    };
    let failed = get(&with(elsewhere, &dns), &peer.as_host("localhost")).await;
    assert!(
        matches!(failed, Err(Error::Forbidden(Forbidden::Address))),
        "{failed:?}"
    );
    assert_eq!((dns.asked(), peer.heard().len()), (0, 1));
}

/// The resolver is not asked for addresses, so the check ahead of the request must see them.
#[tokio::test]
async fn literal_addresses_are_refused_before_any_connection() {
    let peer = greeting().await;
    let rules = Rules {
        allow_http: true,
        allow_ports: vec![peer.at.port()],
        ..Rules::strict("test")
    };
    let dns = Answers::new(&[&["8.8.8.8"]]);
    let client = with(rules, &dns);
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.1",
        "１２７.0.0.1",
        "[::ffff:127.0.0.1]",
        "[::1]",
    ] {
        let failed = post(&client, &peer.as_host(host)).await;
        assert!(
            matches!(failed, Err(Error::Forbidden(Forbidden::Address))),
            "{host}: {failed:?}"
        );
    }
    assert_eq!((dns.asked(), peer.heard().len()), (0, 0));
}

#[tokio::test]
async fn a_name_without_an_address_may_have_one_tomorrow() {
    for answers in [&[][..], &[&[][..]]] {
        let client = with(at_home(), &Answers::new(answers));
        let failed = get(&client, &"http://peer.test/".parse().unwrap())
            .await
            .unwrap_err();
        assert!(matches!(failed, Error::Connect(Cause::Name)), "{failed:?}");
        assert!(failed.is_temporary());
    }
}

/// A resolver that never answers costs no more than the call's time.
#[tokio::test]
async fn a_name_server_that_is_silent_is_left() {
    struct Silent;
    impl Resolve for Silent {
        fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Resolved> {
            Box::pin(std::future::pending())
        }
    }
    let client = Client::new(in_a_hurry(), Some(Arc::new(Silent))).unwrap();
    let failed = get(&client, &"http://peer.test/".parse().unwrap()).await;
    assert!(matches!(failed, Err(Error::Timeout)), "{failed:?}");
}

/// Also where no name servers are configured.
#[tokio::test]
async fn the_machines_resolver_can_be_built() {
    assert!(System::new().is_ok());
}

#[tokio::test]
async fn settings_that_make_no_sense_are_told_at_start() {
    let own = Rules {
        own: vec!["https://groups.example/".to_owned()],
        ..at_home()
    };
    let roots = Rules {
        extra_roots: vec![b"not a certificate".to_vec()],
        ..at_home()
    };
    for rules in [own, roots] {
        assert!(matches!(
            Client::new(rules, Some(Answers::new(&[]))),
            Err(Error::Setup(_))
        ));
    }
}
