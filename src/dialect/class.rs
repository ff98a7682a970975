//! Which program speaks how.
//!
//! One rule: the table is data, one row a program, each with the source of what it needs. NodeInfo's `software.name` decides;
//! where it is not in the table, what the host sent us does; where that says nothing either, the microblog rule holds.

use crate::{
    dialect::{explainer, microblog, threadiverse, written_in},
    domain::Shape,
};

/// How a program speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// As in `peer list`.
    pub name: &'static str,
    pub shape: Shape,
    /// Why, with source and date.
    pub why: &'static str,
}

/// What a host of a program that we do not know has shown of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// It sent `audience` or an Announce of an activity: it speaks FEP-1b12.
    Wraps,
    /// One of its actors sent a Join.
    Joins,
}

const T: &str = "threadiverse";
const M: &str = "microblog";

/// Software, class (a row of `shape.rs`), and where that was read.
const SOFTWARE: [(&str, &str, &str); 52] = [
    (
        "lemmy",
        T,
        "answers 400 to an Announce of an object (0.19.20, measured 2026-08)",
    ),
    ("mbin", T, "Announce dict is unwrapped (MbinOrg/mbin, 2026-08-05)"),
    ("kbin", T, "as mbin, its ancestor"),
    (
        "piefed",
        T,
        "ignores a bare-URI Announce of another host (pyfedi app/activitypub/util.py, 2026-03-05)",
    ),
    (
        "mitra",
        T,
        "consumes Announce(Create, Update, Delete, Like) (mitra 2026-08-20)",
    ),
    ("plamenu", T, "FEP-1b12 and FEP-5219 (read 2026-08)"),
    (
        "friendica",
        T,
        "reads Announce{Create} of a Group (friendica 2024-10)",
    ),
    ("sublinks", T, "FEP-1b12 (read 2026-08)"),
    (
        "folkmoot",
        T,
        "unwraps announced activities and checks them at their origin",
    ),
    (
        "nodebb",
        "nodebb",
        "refetches what is announced (NodeBB 4.15.1, 2026-08-22)",
    ),
    (
        "discourse",
        "discourse",
        "only nested Create is honoured (discourse-activity-pub#337, 2026-08-31)",
    ),
    (
        "mastodon",
        M,
        "boosts every comment of Announce{Create} (mastodon#18069)",
    ),
    ("hometown", M, "a fork of mastodon"),
    ("glitchcafe", M, "a fork of mastodon"),
    ("fedibird", M, "a fork of mastodon"),
    ("kmyblue", M, "a fork of mastodon"),
    (
        "misskey",
        M,
        "skips an Announce of an activity (ApInboxService.ts, 2026-03-22)",
    ),
    ("sharkey", M, "a fork of misskey"),
    ("firefish", M, "a fork of misskey"),
    ("calckey", M, "a fork of misskey"),
    ("foundkey", M, "a fork of misskey"),
    ("cherrypick", M, "a fork of misskey"),
    ("iceshrimp", M, "a fork of misskey"),
    ("iceshrimp.net", M, "FEP-1b12 planned (read 2026-08)"),
    ("catodon", M, "a fork of misskey"),
    ("pleroma", M, "Announce of an object id only"),
    ("akkoma", M, "a fork of pleroma"),
    (
        "gotosocial",
        M,
        "Announce of an object URI only (gotosocial 2025-10-03)",
    ),
    ("hollo", M, "can follow Groups, no FEP-1b12 (read 2026-08)"),
    (
        "pixelfed",
        M,
        "following communities shows nothing (pixelfed#5142)",
    ),
    ("guppe", M, "boosts object ids (immers-space/guppe 2023-10)"),
    (
        "wordpress",
        M,
        "ignored Announce{activity} for long (wordpress-activitypub#746)",
    ),
    ("writefreely", M, "no groups"),
    ("gancio", M, "no groups"),
    ("takahe", M, "refetches announced objects (#1731)"),
    ("neodb", M, "as takahe"),
    ("bookwyrm", M, "no groups (bookwyrm#1548)"),
    ("snac", M, "a small microblog"),
    ("microblogpub", M, "a small microblog"),
    ("ktistec", M, "a small microblog"),
    (
        "smithereen",
        "wall",
        "has no handler for a Group's Announce (Smithereen 1.0.3, 2026-07-26)",
    ),
    (
        "mastodon-groups",
        "wall",
        "Add to a wall (ClearlyClaire/mastodon, 2022-10-22)",
    ),
    (
        "lotide",
        "lotide",
        "needs Announce and Add of the object id (lotide 2024-08-20)",
    ),
    ("streams", "streams", "FEP-171b containers"),
    ("forte", "streams", "FEP-171b containers"),
    ("hubzilla", "streams", "as streams (hubzilla 8.8.7, 2024-01)"),
    (
        "mobilizon",
        "mobilizon",
        "Announce with embedded object (mobilizon 5.1.3, 2025-04)",
    ),
    ("peertube", "peertube", "Announces of Videos only (PeerTube#6400)"),
    ("owncast", M, "no groups"),
    ("funkwhale", M, "no groups"),
    ("bonfire", M, "Announce, partial (read 2026-08)"),
    (
        "onepage.pub",
        "explainer",
        "delivers Join and Create to Groups (0.19.2, measured 2026-08)",
    ),
];

const UNKNOWN: Class = Class {
    name: "unknown",
    shape: microblog::SHAPE,
    why: "nothing known: the microblog rule",
};

/// The class of a host, by its software's name (any case) or by what it has shown.
#[must_use]
pub fn class_of(software: Option<&str>, evidence: Option<Evidence>) -> Class {
    let software = software.map(str::to_lowercase);
    let row = software.and_then(|name| SOFTWARE.iter().find(|(known, ..)| *known == name));
    match (row, evidence) {
        (Some((_, name, why)), _) => Class {
            name,
            shape: written_in(name),
            why,
        },
        (None, Some(Evidence::Wraps)) => Class {
            name: T,
            shape: threadiverse::SHAPE,
            why: "by evidence: it speaks FEP-1b12",
        },
        (None, Some(Evidence::Joins)) => Class {
            name: "explainer",
            shape: explainer::SHAPE,
            why: "by evidence: its actor sent a Join",
        },
        (None, None) => UNKNOWN,
    }
}

/// What a document shows of the host that sent it.
#[must_use]
pub fn evidence_of(document: &serde_json::Value) -> Option<Evidence> {
    if super::fields::kind_of(document, &["Join"]).is_some() {
        return Some(Evidence::Joins);
    }
    // Whoever makes a group in this way speaks of members, too; who tells of one that is there may not.
    let makes = super::fields::kind_of(document, &["Create"]).is_some()
        && document.get("object").is_some_and(|object| {
            super::fields::kind_of(object, &["Group"]).is_some() && object.get("id").is_none()
        });
    if makes {
        return Some(Evidence::Joins);
    }
    let wraps = super::fields::kind_of(document, &["Announce"]).is_some()
        && document
            .get("object")
            .is_some_and(|object| object.get("actor").is_some());
    let audience =
        |value: &serde_json::Value| value.get("audience").is_some_and(|audience| !audience.is_null());
    (wraps || audience(document) || document.get("object").is_some_and(audience)).then_some(Evidence::Wraps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::dialect_named;

    #[test]
    fn each_program_is_named_once_and_says_why() {
        for (i, (name, class, why)) in SOFTWARE.iter().enumerate() {
            assert!(
                SOFTWARE[i + 1..].iter().all(|(other, ..)| other != name),
                "{name} twice"
            );
            assert!(!why.is_empty() && name.to_lowercase() == *name);
            assert!(
                dialect_named(class).is_some(),
                "{name} is of no dialect that there is"
            );
        }
    }

    #[test]
    fn the_programs_name_counts_before_what_it_shows() {
        assert_eq!(
            class_of(Some("Mastodon"), Some(Evidence::Joins)).shape,
            microblog::SHAPE
        );
        assert_eq!(class_of(Some("lemmy"), None).shape, threadiverse::SHAPE);
        assert_eq!(
            class_of(Some("something-new"), Some(Evidence::Wraps)).shape,
            threadiverse::SHAPE
        );
        assert_eq!(class_of(None, Some(Evidence::Joins)).shape, explainer::SHAPE);
        assert_eq!(class_of(None, None).shape, microblog::SHAPE);
    }
}
