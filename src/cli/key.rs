//! `key`: our own keys.
//!
//! One rule: a private key is never shown. Peers read a new public key when the first signature does not verify with the old one.

use anyhow::bail;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use crate::cli::print::Out;
use crate::server::House;
use crate::signature::written_for_domain;

/// Keys that can be changed.
const VERSIA: &str = "versia";

#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Make a new key in place of one; what was signed with the old one is not believed any more
    Rotate {
        /// The key that signs for our whole domain
        #[arg(value_parser = PossibleValuesParser::new([VERSIA]))]
        key: String,
    },
}

pub(super) async fn run(house: &House, command: Key, out: Out) -> anyhow::Result<()> {
    let Key::Rotate { key } = command;
    let Some(public) = house.engine.rotate_domain_key().await? else {
        bail!("{}", house.settings.why_no_domain());
    };
    let public = written_for_domain(&public);
    let domain = house.here.domain().unwrap_or_default();
    let text = format!(
        "{domain} has a new key:\n  {public}\nWhat this server sends is signed with it within seconds; others read it when they \
         need it.",
    );
    out.answer(
        &json!({"key": key, "domain": domain, "public_key": public}),
        &text,
    )
}
