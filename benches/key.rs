//! The RSA key of everybody who posts.
//!
//! One rule: made once per world, of 2,048 bits, and read by all its processes.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use folkmoot::signature::PrivateKey;

pub(crate) fn make(dir: &Path) -> anyhow::Result<()> {
    fs::write(dir.join("key.der"), PrivateKey::generate_rsa()?.to_pkcs8())?;
    Ok(())
}

pub(crate) fn read(dir: &Path) -> anyhow::Result<PrivateKey> {
    let der = fs::read(dir.join("key.der")).context("the world has no key")?;
    Ok(PrivateKey::from_pkcs8(&der)?)
}
