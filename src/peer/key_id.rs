//! Key ids as requests name them.
//!
//! One rule: what a key id is about is decided by its text alone, before anything is asked for (KEY06, KEY07).
//!
//! Real ones are an actor's id with a fragment, a document below it (`/main-key`, `/cryptographickey/x`), the actor's id
//! itself, and odder ones: `/?author=0#main-key`, or `//users/3#main-key` of the actor `/users/3`.

use crate::{
    domain::Iri,
    net::{self, Rules},
    peer::Untrusted,
};

/// A key id that may be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyId {
    /// Canonical, as the request and the actor's document both write it.
    pub(super) iri: Iri,
    /// The same without its fragment: the document to ask.
    pub(super) document: Iri,
}

impl KeyId {
    /// Reads a key id; `ours` is our own authority.
    pub(super) fn read(text: &str, ours: &str, rules: &Rules) -> Result<Self, Untrusted> {
        let refused = |why: &dyn std::fmt::Display| Untrusted::KeyId(why.to_string());
        let iri = Iri::activity(text).map_err(|why| refused(&why))?;
        let bare = text.split_once('#').map_or(text, |(bare, _)| bare);
        let document = Iri::object(bare).map_err(|why| refused(&why))?;
        if iri.authority() == ours {
            return Err(refused(
                &"it is a key of this server, which does not write to itself",
            ));
        }
        let url = document
            .to_url()
            .ok_or_else(|| refused(&"it is not an absolute URL"))?;
        net::check(&url, rules).map_err(|why| refused(&why))?;
        Ok(Self { iri, document })
    }

    /// The documents that may say whose key this is, in the order to ask them.
    ///
    /// The actor that the request claims to be by comes first, if it is of the same origin: its document must list the
    /// key in the end, which spares asking for the key's own document, and finds keys whose document does not exist.
    pub(super) fn documents<'a>(&'a self, claimed: Option<&'a Iri>) -> Vec<&'a Iri> {
        claimed
            .filter(|claimed| **claimed != self.document && claimed.same_origin(&self.document))
            .into_iter()
            .chain([&self.document])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<KeyId, Untrusted> {
        KeyId::read(text, "us.example", &Rules::strict("tests"))
    }

    fn iri(text: &str) -> Iri {
        Iri::object(text).expect("canonical")
    }

    #[test]
    fn the_document_of_a_key_is_its_id_without_the_fragment() {
        for (text, document) in [
            ("https://a.example/u/ann#main-key", "https://a.example/u/ann"),
            (
                "https://a.example/u/ann/main-key",
                "https://a.example/u/ann/main-key",
            ),
            ("https://a.example/u/ann", "https://a.example/u/ann"),
            (
                "https://a.example/?author=0#main-key",
                "https://a.example/?author=0",
            ),
            (
                "https://a.example//users/3#main-key",
                "https://a.example//users/3",
            ),
        ] {
            let key_id = read(text).expect("read");
            assert_eq!((key_id.iri.as_str(), key_id.document.as_str()), (text, document));
        }
    }

    #[test]
    fn what_may_not_be_asked_for_is_refused_at_once() {
        let long = format!("https://a.example/{}", "x".repeat(3_000));
        for bad in [
            "https://us.example/actor#main-key",
            "http://a.example/u/ann#main-key",
            "data:text/plain,x",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "ftp://a.example/u/ann",
            "acct:ann@a.example",
            "https://a@a.example/u/ann",
            "https://127.0.0.1/u/ann",
            "https://0x7f.1/u/ann",
            "https://[::1]/u/ann",
            "https://localhost/u/ann",
            "https://a.example:22/u/ann",
            "https://A.example/u/ann",
            "https://a.example/u/../ann",
            "main-key",
            "",
            long.as_str(),
        ] {
            assert!(matches!(read(bad), Err(Untrusted::KeyId(_))), "{bad}");
        }
    }

    #[test]
    fn the_claimed_actor_is_asked_first_on_its_own_origin_only() {
        let key_id = read("https://a.example//users/3#main-key").expect("read");
        let claimed = iri("https://a.example/users/3");
        assert_eq!(key_id.documents(Some(&claimed)), [&claimed, &key_id.document]);
        let elsewhere = iri("https://b.example/users/3");
        assert_eq!(key_id.documents(Some(&elsewhere)), [&key_id.document]);
        assert_eq!(key_id.documents(None), [&key_id.document]);
        let itself = key_id.document.clone();
        assert_eq!(key_id.documents(Some(&itself)), [&key_id.document]);
    }
}
