//! A certificate authority of the benches' own, in the world's directory.
//!
//! One rule: it is made anew for each world and trusted by nobody else.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair};

/// What the server and the floor are told to trust.
pub(crate) fn certificate(dir: &Path) -> PathBuf {
    dir.join("authority.pem")
}

pub(crate) fn make(dir: &Path) -> anyhow::Result<()> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate()?;
    fs::write(dir.join("authority.key"), key.serialize_pem())?;
    fs::write(certificate(dir), CertifiedIssuer::self_signed(params, key)?.pem())?;
    Ok(())
}

/// To issue with.
pub(crate) fn read(dir: &Path) -> anyhow::Result<Issuer<'static, KeyPair>> {
    let key = KeyPair::from_pem(&fs::read_to_string(dir.join("authority.key"))?)?;
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ok(Issuer::new(params, key))
}
