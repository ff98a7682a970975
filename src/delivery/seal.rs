//! How a request is signed: by which scheme, and with which of a group's two keys, or with our domain's.
//!
//! One rule: Ed25519 goes with RFC 9421 only, and only to hosts that say that they take it; every peer can verify RSA.
//! One more: an arm in each function here, and a word in the check of `peer.scheme`, or of `destination.scheme`.

use std::{borrow::Cow, time::Duration};

use moka::future::Cache;

use crate::{signature::Scheme, store};

/// Hosts of which we have just learned something.
const AT_MOST: u64 = 10_000;
/// By then every lane has read the tables again.
const FOR: Duration = Duration::from_secs(600);

/// What `peer.scheme` names, or `destination.scheme`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seal {
    /// draft-cavage with RSA: what nearly everybody reads.
    Cavage,
    /// RFC 9421 with RSA.
    Rfc9421,
    /// RFC 9421 with Ed25519: a signature takes 15 microseconds in place of 360.
    Ed25519,
    /// Signed for our whole domain, with the one key for that: the destination's own way, and no other is tried.
    Domain,
}

impl Seal {
    /// The one of this name; one that we do not know was written by a later version.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "rfc9421" => Self::Rfc9421,
            "ed25519" => Self::Ed25519,
            "domain" => Self::Domain,
            _ => Self::Cavage,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Cavage => "cavage",
            Self::Rfc9421 => "rfc9421",
            Self::Ed25519 => "ed25519",
            Self::Domain => "domain",
        }
    }

    pub(super) const fn scheme(self) -> Scheme {
        match self {
            Self::Cavage => Scheme::Cavage,
            Self::Rfc9421 | Self::Ed25519 => Scheme::Rfc9421,
            Self::Domain => Scheme::Domain,
        }
    }

    /// The purpose of the key that signs, where `rsa` is that of the RSA key of whoever speaks.
    pub(super) fn key(self, rsa: &str) -> Cow<'_, str> {
        match self {
            Self::Domain => Cow::Borrowed(store::DOMAIN),
            Self::Ed25519 if store::has_ed25519(rsa) => Cow::Owned(store::ed25519_of(rsa)),
            Self::Cavage | Self::Rfc9421 | Self::Ed25519 => Cow::Borrowed(rsa),
        }
    }

    /// What to try, one after the other, when it is not accepted.
    pub(super) const fn others(self) -> &'static [Self] {
        match self {
            Self::Cavage => &[Self::Rfc9421],
            Self::Rfc9421 => &[Self::Cavage],
            Self::Ed25519 => &[Self::Cavage, Self::Rfc9421],
            Self::Domain => &[],
        }
    }
}

/// What hosts took in place of what a lane may still hold the tables to say: what one lane has learned, all lanes of this
/// process know.
pub(super) struct Seals(Cache<String, (Seal, Seal)>);

impl Seals {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(AT_MOST).time_to_live(FOR).build())
    }

    /// What a host took in place of `named`.
    pub(super) async fn taken(&self, host: &str, named: Seal) -> Option<Seal> {
        let (of, seal) = self.0.get(host).await?;
        (of == named).then_some(seal)
    }

    pub(super) async fn take(&self, host: &str, named: Seal, seal: Seal) {
        self.0.insert(host.to_owned(), (named, seal)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_and_we_call_seals_by_the_same_names() {
        for seal in [Seal::Cavage, Seal::Rfc9421, Seal::Ed25519, Seal::Domain] {
            assert_eq!(Seal::named(seal.name()), seal);
        }
        assert_eq!(Seal::named("of a later version"), Seal::Cavage);
    }

    #[test]
    fn whatever_is_refused_ends_with_rsa() {
        for seal in [Seal::Cavage, Seal::Rfc9421, Seal::Ed25519] {
            assert!(!seal.others().contains(&seal), "{seal:?} was tried");
            for other in seal.others() {
                assert_eq!(other.key("group:garden"), "group:garden");
            }
        }
        assert_eq!(
            Seal::Ed25519.others()[0],
            Seal::Cavage,
            "what nearly everybody reads"
        );
        assert_eq!(Seal::Ed25519.key("group:garden"), "group:garden/ed25519");
        assert_eq!(Seal::Ed25519.scheme(), Scheme::Rfc9421);
        assert_eq!(
            Seal::Ed25519.key("steward:garden"),
            "steward:garden",
            "it has no other"
        );
    }

    #[tokio::test]
    async fn what_was_taken_holds_for_what_it_was_taken_in_place_of() {
        let seals = Seals::new();
        assert_eq!(seals.taken("a.example", Seal::Ed25519).await, None);
        seals.take("a.example", Seal::Ed25519, Seal::Cavage).await;
        assert_eq!(seals.taken("a.example", Seal::Ed25519).await, Some(Seal::Cavage));
        assert_eq!(seals.taken("a.example", Seal::Rfc9421).await, None);
        assert_eq!(seals.taken("b.example", Seal::Ed25519).await, None);
    }
}
