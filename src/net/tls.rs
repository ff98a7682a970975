//! Encryption: whom we believe, and what we remember of it.
//!
//! One rule: every connection trusts the same authorities (the system's, and those that the operator adds) and shares
//! one record of sessions. Only what is offered to be spoken inside differs.

use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use super::sessions::Sessions;
use super::{Cause, Error, Rules, Width};

const HTTP_1: &[u8] = b"http/1.1";
const HTTP_2: &[u8] = b"h2";

pub(super) struct Tls {
    one: TlsConnector,
    wide: TlsConnector,
}

impl Tls {
    /// # Errors
    /// [`Error::Setup`] if an extra root or the system's trust store cannot be read.
    pub(super) fn new(rules: &Rules) -> Result<Self, Error> {
        let provider = CryptoProvider::get_default()
            .cloned()
            .unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
        let verifier =
            Verifier::new_with_extra_roots(extra_roots(rules)?, Arc::clone(&provider)).map_err(unusable)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions() // 1.3 and 1.2
            .map_err(unusable)?
            .dangerous() // its name for "with a verifier that is not rustls' own"
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.resumption = Resumption::store(Arc::new(Sessions::new(rules.limits.sessions)));
        let offering = |protocols: &[&[u8]]| {
            let mut config = config.clone();
            config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
            TlsConnector::from(Arc::new(config))
        };
        Ok(Self {
            one: offering(&[HTTP_1]),
            wide: offering(&[HTTP_2, HTTP_1]),
        })
    }

    /// Shakes hands with who answers for `host`. Says also whether HTTP/2 was agreed upon.
    pub(super) async fn over(
        &self,
        stream: TcpStream,
        host: &Host<&str>,
        width: Width,
    ) -> Result<(TlsStream<TcpStream>, bool), Error> {
        let name = name_of(host)?;
        let connector = match width {
            Width::One => &self.one,
            Width::Wide => &self.wide,
        };
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(|error| objection(&error))?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP_2);
        Ok((stream, http2))
    }
}

fn name_of(host: &Host<&str>) -> Result<ServerName<'static>, Error> {
    match *host {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).map_err(|_| Error::Connect(Cause::Name)),
        Host::Ipv4(ip) => Ok(ServerName::IpAddress(ip.into())),
        Host::Ipv6(ip) => Ok(ServerName::IpAddress(ip.into())),
    }
}

/// What rustls objects to arrives as invalid data; a server that hangs up on our hello as an early end.
fn objection(error: &io::Error) -> Error {
    Error::Connect(match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Cause::Tls,
        _ => Cause::Unreachable,
    })
}

fn extra_roots(rules: &Rules) -> Result<Vec<CertificateDer<'static>>, Error> {
    let mut roots = Vec::new();
    for pem in &rules.extra_roots {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        match found {
            Ok(found) if !found.is_empty() => roots.extend(found),
            _ => return Err(Error::Setup("an extra root holds no PEM certificate".to_owned())),
        }
    }
    Ok(roots)
}

fn unusable(error: rustls::Error) -> Error {
    Error::Setup(format!("{error} (is `ca-certificates` installed?)"))
}
