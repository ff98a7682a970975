//! Certificates: one authority, and a certificate for each host that somebody connects to.
//!
//! One rule: a host's certificate and its sessions are its own, as they would be on a machine of its own.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use rcgen::{CertificateParams, Issuer, KeyPair};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{HandshakeKind, ServerConfig};
use tokio_rustls::server::TlsStream;

use super::Handshakes;
use crate::{authority, hosts};

pub(super) struct Certificates {
    issuer: Issuer<'static, KeyPair>,
    made: Mutex<HashMap<u32, TlsAcceptor>>,
    handshakes: Mutex<Handshakes>,
}

impl Certificates {
    pub(super) fn new(dir: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            issuer: authority::read(dir)?,
            made: Mutex::default(),
            handshakes: Mutex::default(),
        })
    }

    pub(super) fn forget(&self) {
        *lock(&self.handshakes) = Handshakes::default();
    }

    pub(super) fn handshakes(&self) -> Handshakes {
        *lock(&self.handshakes)
    }

    /// The handshake; nothing if it fails.
    pub(super) async fn accept(&self, host: u32, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let acceptor = self.of(host).ok()?;
        let stream = acceptor.accept(stream).await.ok()?;
        let mut handshakes = lock(&self.handshakes);
        match stream.get_ref().1.handshake_kind() {
            Some(HandshakeKind::Resumed) => handshakes.resumed += 1,
            _ => handshakes.full += 1,
        }
        drop(handshakes);
        Some(stream)
    }

    fn of(&self, host: u32) -> anyhow::Result<TlsAcceptor> {
        if let Some(made) = lock(&self.made).get(&host) {
            return Ok(made.clone());
        }
        let acceptor = self.make(host)?;
        lock(&self.made).insert(host, acceptor.clone());
        Ok(acceptor)
    }

    fn make(&self, host: u32) -> anyhow::Result<TlsAcceptor> {
        let params = CertificateParams::new([hosts::address(host).to_string()])?;
        let key = KeyPair::generate()?;
        let chain = vec![params.signed_by(&key, &self.issuer)?.der().clone()];
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .context("no certificate")?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
