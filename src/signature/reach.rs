//! `Collection-Synchronization`: who of one server hears an actor, as one number (FEP-8fcf).
//!
//! One rule: the number says that two servers differ, never how; who is right is asked of the collection itself.

use aws_lc_rs::digest::{SHA256, digest};

use super::parameters::Parameters;

/// The header's name, as it is signed.
pub const REACH: &str = "collection-synchronization";

/// What such a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The collection that it is about.
    pub collection: String,
    /// Where those in it are listed who live on the receiver's server.
    pub url: String,
    /// In hex, lower case.
    pub digest: String,
}

impl Reach {
    /// Reads a header; `None` if it says too little, or in another form.
    #[must_use]
    pub fn read(header: &str) -> Option<Self> {
        let parameters = Parameters::parse(header).ok()?;
        Some(Self {
            collection: parameters.get("collectionId")?.to_owned(),
            url: parameters.get("url")?.to_owned(),
            digest: parameters.get("digest")?.to_ascii_lowercase(),
        })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> String {
        let Self {
            collection,
            url,
            digest,
        } = self;
        format!(r#"collectionId="{collection}", url="{url}", digest="{digest}""#)
    }
}

/// The exclusive or of the SHA-256 of these ids, in hex.
pub fn reach_of<T: AsRef<str>>(ids: impl IntoIterator<Item = T>) -> String {
    let mut sum = [0_u8; 32];
    for id in ids {
        let hash = digest(&SHA256, id.as_ref().as_bytes());
        for (byte, other) in sum.iter_mut().zip(hash.as_ref()) {
            *byte ^= other;
        }
    }
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The FEP's own example.
    const HEADER: &str = r#"collectionId="https://example.org/users/1/followers", url="https://example.org/users/1/followers_synchronization", digest="c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f""#;

    #[test]
    fn the_header_of_the_fep_is_read_and_written() {
        let reach = Reach::read(HEADER).unwrap();
        assert_eq!(reach.collection, "https://example.org/users/1/followers");
        assert_eq!(reach.header(), HEADER);
        for text in [
            "",
            "x",
            r#"collectionId="a", url="b""#,
            r#"collectionId="a", collectionId="b", url="c", digest="d""#,
        ] {
            assert_eq!(Reach::read(text), None, "{text}");
        }
    }

    #[test]
    fn the_digest_is_that_of_the_fep_in_any_order() {
        let ids = [
            "https://testing.example.org/users/1",
            "https://testing.example.org/users/2",
        ];
        let digest = Reach::read(HEADER).unwrap().digest;
        assert_eq!(reach_of(ids), digest);
        assert_eq!(reach_of(ids.iter().rev()), digest);
        assert_eq!(reach_of([""; 0]), "0".repeat(64));
        assert_eq!(reach_of(["a", "a"]), "0".repeat(64));
    }
}
