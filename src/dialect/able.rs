//! What this program can do, for those who ask before they try (FEP-844e).
//!
//! One rule: only what no field of a document shows by itself ("MUST NOT use it in cases where capabilities can be inferred").
//! One more: a row of the registry in that FEP.

use serde_json::{Value, json};

/// The term, as the FEP's own context has it.
pub(crate) fn terms() -> Value {
    json!({"@id": "https://w3id.org/fep/844e/implements", "@type": "@id", "@container": "@list"})
}

/// The value of `implements`.
pub(crate) fn implements() -> Value {
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
