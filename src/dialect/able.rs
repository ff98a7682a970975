//! What this program can do, for those who ask before they try (FEP-844e).
//!
//! One rule: only what no field of a document shows by itself ("MUST NOT use it in cases where capabilities can be inferred").
//! One more: a row of the registry in that FEP.

use serde_json::{Value, json};

/// The proposals that are implemented, as FEDERATION.md lists them (FEP-67ff).
pub const FEPS: [&str; 15] = [
    "67ff", "1b12", "2c59", "d556", "8fcf", "db0e", "d36d", "521a", "844e", "8b32", "f228", "fe34", "400e",
    "171b", "5219",
];

/// The term, as the FEP's own context has it.
pub(crate) fn terms() -> Value {
    json!({"@id": "https://w3id.org/fep/844e/implements", "@type": "@id", "@container": "@list"})
}

/// The value of `implements`.
#[must_use]
pub fn implements() -> Value {
    json!([
        {
            "type": "Link",
            "href": "https://datatracker.ietf.org/doc/html/rfc9421",
            "name": "RFC-9421: HTTP Message Signatures",
        },
        {
            "type": "Link",
            "href": "https://datatracker.ietf.org/doc/html/rfc9421#name-eddsa-using-curve-edwards25",
            "name": "RFC-9421 signatures using the Ed25519 algorithm",
        },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_lists_the_same() {
        let page = include_str!("../../FEDERATION.md");
        let listed = page.lines().filter_map(|line| line.strip_prefix("- [FEP-"));
        let listed: Vec<&str> = listed.filter_map(|line| line.split(']').next()).collect();
        assert_eq!(FEPS.as_slice(), listed);
    }
}
