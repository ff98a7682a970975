//! TLS: who they say they are, now, by somebody we trust.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ALL_VERSIONS, ServerConfig, SupportedProtocolVersion};

use super::*;

/// A certificate authority of a test's own.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn trusted(&self) -> Rules {
        Rules {
            extra_roots: vec![self.0.pem().into_bytes()],
            ..at_home()
        }
    }

    /// A TLS peer whose certificate names `name`.
    async fn peer(&self, name: &str, answer: Reply) -> Peer {
        self.certified(CertificateParams::new([name.to_owned()]).unwrap(), answer)
            .await
    }

    async fn certified(&self, params: CertificateParams, answer: Reply) -> Peer {
        let config = self.certify(params, ALL_VERSIONS);
        serve(
            TlsAcceptor::from(Arc::new(config)),
            Arc::new(move |_: &str| answer.clone()),
        )
        .await
    }

    /// What a server says who is everybody below `peer.test`.
    pub(super) fn everybody(&self, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
        let names = ["peer.test".to_owned(), "*.peer.test".to_owned()];
        self.certify(CertificateParams::new(names).unwrap(), versions)
    }

    fn certify(
        &self,
        params: CertificateParams,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let chain = vec![params.signed_by(&key, &self.0).unwrap().der().clone()];
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        ServerConfig::builder_with_protocol_versions(versions)
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap()
    }
}

async fn serve(acceptor: TlsAcceptor, script: Script) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, heard) = (listener.local_addr().unwrap(), Heard::default());
    let ears = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(converse(stream, Arc::clone(&script), Arc::clone(&ears)));
            }
        }
    });
    Peer { at, heard }
}

fn secure(peer: &Peer) -> Url {
    format!("https://peer.test:{}/", peer.at.port()).parse().unwrap()
}

fn client(rules: Rules) -> Client {
    Client::new(rules, Some(Answers::new(&[&["127.0.0.1"]]))).unwrap()
}

#[tokio::test]
async fn a_server_that_a_trusted_authority_names_is_believed() {
    let authority = Authority::new();
    let peer = authority.peer("peer.test", reply("200 OK", &[], "{}")).await;
    assert_eq!(
        get(&client(authority.trusted()), &secure(&peer))
            .await
            .unwrap()
            .status,
        200
    );
}

#[tokio::test]
async fn a_stranger_another_and_a_thing_of_the_past_are_not() {
    let authority = Authority::new();
    let answer = reply("200 OK", &[], "{}");
    let honest = authority.peer("peer.test", answer.clone()).await;
    let other = authority.peer("other.test", answer.clone()).await;
    let mut params = CertificateParams::new(["peer.test".to_owned()]).unwrap();
    params.not_after = date_time_ymd(2020, 1, 1);
    let expired = authority.certified(params, answer).await;

    for (peer, rules) in [
        (&honest, at_home()),
        (&honest, Authority::new().trusted()),
        (&other, authority.trusted()),
        (&expired, authority.trusted()),
    ] {
        let failed = get(&client(rules), &secure(peer)).await;
        assert!(matches!(failed, Err(Error::Connect(Cause::Tls))), "{failed:?}");
        assert!(peer.heard().is_empty());
    }
}

#[tokio::test]
async fn a_redirect_out_of_encryption_is_refused() {
    let trap = Peer::always(reply("200 OK", &[], "{}")).await;
    let authority = Authority::new();
    let lure = authority
        .peer("peer.test", redirect(301, trap.url("/").as_str()))
        .await;
    let failed = get(&client(authority.trusted()), &secure(&lure)).await;
    assert!(
        matches!(failed, Err(Error::Forbidden(Forbidden::Downgrade))),
        "{failed:?}"
    );
    assert_eq!((lure.heard().len(), trap.heard().len()), (1, 0));
}

#[tokio::test]
async fn a_handshake_that_hangs_or_is_none_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("https://{}/", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let failed = get(&client(in_a_hurry()), &silent).await;
    assert!(matches!(failed, Err(Error::Timeout)), "{failed:?}");

    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", plain.local_addr().unwrap())
        .parse()
        .unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = plain.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Plain\r\n\r\n").await;
        }
    });
    let failed = get(&client(at_home()), &url).await;
    assert!(matches!(failed, Err(Error::Connect(Cause::Tls))), "{failed:?}");
}
