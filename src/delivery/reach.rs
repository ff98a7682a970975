//! Who of a host hears a group, told to that host with what is delivered (FEP-8fcf).
//!
//! One rule: it is as old as what the lane knows of its subscription. A host to which it seems wrong asks, and is told what
//! holds then.

use std::sync::Arc;

use crate::{signature, store::Ear};

/// A list of the group, and the digest of those in it who live there.
#[derive(Debug)]
pub(super) struct Told {
    part: String,
    digest: String,
}

impl Told {
    /// What there is to tell with this subscription.
    pub(super) fn of(ear: &Ear) -> Option<Arc<Self>> {
        let (part, bits) = (ear.reach_part.clone()?, ear.reach_digest.as_deref()?);
        let digest = hex(bits)?;
        Some(Arc::new(Self { part, digest }))
    }

    /// The header, in the name of whose key this is.
    pub(super) fn header(&self, key_id: &str) -> Option<String> {
        let (group, _) = key_id.split_once('#')?;
        let collection = format!("{group}/{}", self.part);
        let reach = signature::Reach {
            url: format!("{collection}_synchronization"),
            digest: self.digest.clone(),
            collection,
        };
        Some(reach.header())
    }
}

/// Bits as the database writes them, four to a digit.
fn hex(bits: &str) -> Option<String> {
    let digits = bits.as_bytes().chunks(4).map(|four| {
        let text = std::str::from_utf8(four).ok()?;
        let digit = u32::from_str_radix(text, 2).ok()?;
        char::from_digit(digit, 16)
    });
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_written_in_hex() {
        assert_eq!(hex("0000000111101111").as_deref(), Some("01ef"));
        assert_eq!(hex("0002"), None);
    }

    #[test]
    fn the_header_names_the_groups_own_collection() {
        let told = Told {
            part: "followers".into(),
            digest: "0a".into(),
        };
        let header = told.header("https://here.example/c/garden#main-key").unwrap();
        let reach = signature::Reach::read(&header).unwrap();
        assert_eq!(reach.collection, "https://here.example/c/garden/followers");
        assert_eq!(
            reach.url,
            "https://here.example/c/garden/followers_synchronization"
        );
        assert_eq!(told.header("no-fragment"), None);
    }
}
