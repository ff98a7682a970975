//! The programs that a server can be: one row each.
//!
//! One rule: a row holds what differs on the wire between programs of one family; the family's habits are in its file.

use super::{
    discourse::Discourse,
    explainer::Explainer,
    lotide::Lotide,
    manners::Manners,
    microblog::Microblog,
    mobilizon::Mobilizon,
    nodebb::NodeBb,
    peertube::PeerTube,
    streams::Streams,
    threadiverse::{Kin, Threadiverse},
    wall::Wall,
};

/// One program.
pub struct Software {
    /// NodeInfo's `software.name`.
    pub name: &'static str,
    pub version: &'static str,
    pub manners: &'static dyn Manners,
    /// Where people live: `/u/ann`.
    pub people: &'static str,
    pub key: KeyForm,
    pub shared_inbox: bool,
    pub json: Json,
    /// Its people have an Ed25519 key and say that their server takes RFC 9421 signed with one (FEP-521a, FEP-844e).
    pub ed25519: bool,
    /// Nothing but keys and discovery is read there without a signature.
    pub signed_fetch: bool,
}

/// What the id of somebody's key looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// `ACTOR#main-key`.
    Fragment,
    /// `ACTOR/main-key`, a document of its own (GoToSocial).
    Document,
    /// The actor's id itself (Hubzilla).
    Actor,
}

/// How the JSON library of a program escapes: all of it must come back byte for byte.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Json {
    Plain,
    /// PHP: `\/`.
    Slashes,
    /// Rails: `\u003c`, `\u003e`, `\u0026`.
    Brackets,
}

const T: &dyn Manners = &Threadiverse {
    keeps_private: false,
    kin: Kin::Other,
};
/// It refuses whatever lacks a field that it reads.
const Y: &dyn Manners = &Threadiverse {
    keeps_private: false,
    kin: Kin::Lemmy,
};
/// It has private groups.
const P: &dyn Manners = &Threadiverse {
    keeps_private: true,
    kin: Kin::Other,
};
/// It has words of its own, and wants `algorithm` in a signature.
const F: &dyn Manners = &Threadiverse {
    keeps_private: false,
    kin: Kin::PieFed,
};
const M: &dyn Manners = &Microblog { signs_within: false };
/// Its edits carry a signature.
const E: &dyn Manners = &Microblog { signs_within: true };
const N: &dyn Manners = &NodeBb;
const D: &dyn Manners = &Discourse;
const W: &dyn Manners = &Wall;
const L: &dyn Manners = &Lotide;
const S: &dyn Manners = &Streams;
const Z: &dyn Manners = &Mobilizon;
const V: &dyn Manners = &PeerTube;
const X: &dyn Manners = &Explainer;

static SOFTWARE: [Software; 20] = [
    row("lemmy", "0.19.20", Y, "/u/", KeyForm::Fragment, true, Json::Plain),
    row("mbin", "1.8.4", T, "/u/", KeyForm::Fragment, true, Json::Slashes),
    row("piefed", "1.6.6", F, "/u/", KeyForm::Fragment, true, Json::Plain),
    Software {
        ed25519: true,
        ..row(
            "mitra",
            "4.9.0",
            P,
            "/users/",
            KeyForm::Fragment,
            false,
            Json::Plain,
        )
    },
    row(
        "friendica",
        "2024.12",
        P,
        "/profile/",
        KeyForm::Fragment,
        true,
        Json::Slashes,
    ),
    row(
        "mastodon",
        "4.5.3",
        E,
        "/users/",
        KeyForm::Fragment,
        true,
        Json::Brackets,
    ),
    row(
        "misskey",
        "2026.3.2",
        M,
        "/users/",
        KeyForm::Fragment,
        true,
        Json::Plain,
    ),
    row(
        "pleroma",
        "2.9.1",
        M,
        "/users/",
        KeyForm::Fragment,
        true,
        Json::Plain,
    ),
    Software {
        signed_fetch: true,
        ..row(
            "gotosocial",
            "0.20.0",
            M,
            "/users/",
            KeyForm::Document,
            false,
            Json::Plain,
        )
    },
    row(
        "nodebb",
        "4.15.1",
        N,
        "/uid/",
        KeyForm::Fragment,
        true,
        Json::Plain,
    ),
    row(
        "discourse",
        "2026.8.0",
        D,
        "/ap/actor/",
        KeyForm::Fragment,
        true,
        Json::Brackets,
    ),
    row(
        "smithereen",
        "1.0.3",
        W,
        "/users/",
        KeyForm::Fragment,
        true,
        Json::Plain,
    ),
    row(
        "lotide",
        "0.15.0",
        L,
        "/users/",
        KeyForm::Fragment,
        true,
        Json::Plain,
    ),
    row(
        "streams",
        "25.11.1",
        S,
        "/channel/",
        KeyForm::Actor,
        true,
        Json::Slashes,
    ),
    row(
        "hubzilla",
        "8.8.7",
        S,
        "/channel/",
        KeyForm::Actor,
        true,
        Json::Slashes,
    ),
    row(
        "mobilizon",
        "5.1.3",
        Z,
        "/@",
        KeyForm::Fragment,
        true,
        Json::Plain,
    ),
    row(
        "peertube",
        "7.3.0",
        V,
        "/accounts/",
        KeyForm::Fragment,
        true,
        Json::Plain,
    ),
    row(
        "onepage.pub",
        "0.19.2",
        X,
        "/person/",
        KeyForm::Fragment,
        false,
        Json::Plain,
    ),
    row(
        "newcomer",
        "0.1.0",
        M,
        "/people/",
        KeyForm::Fragment,
        true,
        Json::Plain,
    ),
    row(
        "joiner",
        "0.1.0",
        X,
        "/people/",
        KeyForm::Fragment,
        true,
        Json::Plain,
    ),
];

const fn row(
    name: &'static str,
    version: &'static str,
    manners: &'static dyn Manners,
    people: &'static str,
    key: KeyForm,
    shared_inbox: bool,
    json: Json,
) -> Software {
    Software {
        name,
        version,
        manners,
        people,
        key,
        shared_inbox,
        json,
        ed25519: false,
        signed_fetch: false,
    }
}

impl Software {
    /// The row of that name.
    pub(super) fn named(name: &str) -> &'static Self {
        let row = SOFTWARE.iter().find(|software| software.name == name);
        row.unwrap_or_else(|| panic!("no software named {name}: add a row to software.rs"))
    }

    /// A document as this program writes it.
    pub fn write(&self, document: &serde_json::Value) -> String {
        let text = document.to_string();
        match self.json {
            Json::Plain => text,
            // None of these can stand outside a string.
            Json::Slashes => text.replace('/', "\\/"),
            Json::Brackets => text
                .replace('<', "\\u003c")
                .replace('>', "\\u003e")
                .replace('&', "\\u0026"),
        }
    }
}
