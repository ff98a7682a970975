//! Which program speaks how.
//!
//! One rule: the table is data, one row a program, each with the source of what it needs. NodeInfo's `software.name` decides;
//! where it is not in the table, what the host sent us does; where that says nothing either, the microblog rule holds.

use crate::{
    dialect::{
        discourse, explainer, lotide, microblog, mobilizon, nodebb, peertube, piefed, shape, streams,
        threadiverse, wall,
    },
    domain::Shape,
};

/// How a program speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// As in `peer list`.
    pub name: &'static str,
    pub shape: Shape,
    pub why: &'static str,
    /// Where and when that was read.
    pub source: &'static str,
    pub date: &'static str,
}

impl Class {
    const fn shown(name: &'static str, shape: Shape, why: &'static str) -> Self {
        Self {
            name,
            shape,
            why,
            source: "",
            date: "",
        }
    }

    /// Why, with source and date.
    #[must_use]
    pub fn reason(&self) -> String {
        match (self.source, self.date) {
            ("", "") => self.why.to_owned(),
            ("", date) => format!("{} ({date})", self.why),
            (source, date) => format!("{} ({source}, {date})", self.why),
        }
    }
}

/// What a host of a program that we do not know has shown of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// It sent `audience` or an Announce of an activity, or has groups of its own, which we met: it speaks FEP-1b12.
    Wraps,
    /// One of its actors sent a Join.
    Joins,
    /// It signed for its whole domain.
    Signs,
}

/// A program, its dialect, what decides that, and where and when that was read; nothing, where it only is like another or has no
/// groups.
type Row = (&'static str, Shape, &'static str, &'static str, &'static str);

const SOFTWARE: [Row; 52] = [
    (
        "lemmy",
        threadiverse::SHAPE,
        "answers 400 to an Announce of an object, and to a moderator who is no Person (0.19.20, measured)",
        "https://github.com/LemmyNet/lemmy",
        "2026-08",
    ),
    (
        "mbin",
        threadiverse::SHAPE,
        "an announced activity is unwrapped; a date and no (created) must be signed",
        "https://github.com/MbinOrg/mbin",
        "2026-08-05",
    ),
    (
        "kbin",
        threadiverse::SHAPE,
        "as mbin, which comes from it",
        "",
        "",
    ),
    (
        "piefed",
        piefed::SHAPE,
        "ignores an Announce of an id on another host (app/activitypub/util.py); wants `algorithm` in a signature; reads EmojiReact, PollVote and ChooseAnswer",
        "https://github.com/Fedihosting-Foundation-Forks/pyfedi",
        "2026-03-05",
    ),
    (
        "mitra",
        threadiverse::SHAPE,
        "takes Announce of Create, Update, Delete, Like, Dislike; has no shared inbox",
        "https://codeberg.org/silverpill/mitra",
        "2026-08-20",
    ),
    (
        "plamenu",
        threadiverse::SHAPE,
        "FEP-1b12 and FEP-5219",
        "https://codeberg.org/fediverse/fep/src/branch/main/fep/5219/fep-5219.md",
        "2026-08",
    ),
    (
        "friendica",
        threadiverse::SHAPE,
        "reads an Announce{Create} of a Group",
        "https://github.com/friendica/friendica",
        "2024-10",
    ),
    ("sublinks", threadiverse::SHAPE, "as lemmy", "", ""),
    (
        "folkmoot",
        threadiverse::SHAPE,
        "unwraps announced activities and checks them at their origin (FEP-fe34)",
        "https://codeberg.org/fediverse/fep/src/branch/main/fep/fe34/fep-fe34.md",
        "2025-11-06",
    ),
    (
        "nodebb",
        nodebb::SHAPE,
        "fetches what is announced and answers 424 where it cannot; a topic's id goes first (src/activitypub/feps.js)",
        "https://github.com/NodeBB/NodeBB",
        "2026-08-22",
    ),
    (
        "discourse",
        discourse::SHAPE,
        "honours only a Create inside; 204 is a failure",
        "https://github.com/discourse/discourse-activity-pub/pull/337",
        "2026-08-31",
    ),
    (
        "mastodon",
        microblog::SHAPE,
        "would boost every comment of Announce{Create}",
        "https://github.com/mastodon/mastodon/issues/18069",
        "2026-08-08",
    ),
    ("hometown", microblog::SHAPE, "a fork of mastodon", "", ""),
    ("glitchcafe", microblog::SHAPE, "a fork of mastodon", "", ""),
    ("fedibird", microblog::SHAPE, "a fork of mastodon", "", ""),
    ("kmyblue", microblog::SHAPE, "a fork of mastodon", "", ""),
    (
        "misskey",
        microblog::SHAPE,
        "skips an Announce of an activity, drops one that is older than its note, and bodies over 64 KiB (ApInboxService.ts)",
        "https://github.com/MisskeyIO/misskey",
        "2026-03-22",
    ),
    ("sharkey", microblog::SHAPE, "a fork of misskey", "", ""),
    ("firefish", microblog::SHAPE, "a fork of misskey", "", ""),
    ("calckey", microblog::SHAPE, "a fork of misskey", "", ""),
    ("foundkey", microblog::SHAPE, "a fork of misskey", "", ""),
    ("cherrypick", microblog::SHAPE, "a fork of misskey", "", ""),
    ("iceshrimp", microblog::SHAPE, "a fork of misskey", "", ""),
    (
        "iceshrimp.net",
        microblog::SHAPE,
        "strict JSON-LD; FEP-1b12 is planned",
        "https://iceshrimp.dev/iceshrimp/Iceshrimp.NET/src/branch/dev/FEDERATION.md",
        "2026-08",
    ),
    ("catodon", microblog::SHAPE, "a fork of misskey", "", ""),
    (
        "pleroma",
        microblog::SHAPE,
        "Announce of an object's id only; `source` is a string",
        "https://git.pleroma.social/pleroma/pleroma",
        "2026-08",
    ),
    ("akkoma", microblog::SHAPE, "a fork of pleroma", "", ""),
    (
        "gotosocial",
        microblog::SHAPE,
        "Announce of an object's id only; signs every GET and wants it signed; has no shared inbox",
        "https://codeberg.org/superseriousbusiness/gotosocial",
        "2025-10-03",
    ),
    (
        "hollo",
        microblog::SHAPE,
        "can follow Groups, no FEP-1b12",
        "https://github.com/fedify-dev/hollo",
        "2026-08",
    ),
    (
        "pixelfed",
        microblog::SHAPE,
        "following communities shows nothing",
        "https://github.com/pixelfed/pixelfed/issues/5142",
        "2026-08",
    ),
    (
        "guppe",
        microblog::SHAPE,
        "boosts ids of objects (index.js)",
        "https://github.com/immers-space/guppe",
        "2023-10",
    ),
    (
        "wordpress",
        microblog::SHAPE,
        "ignored Announce{activity} for long",
        "https://github.com/Automattic/wordpress-activitypub/issues/746",
        "2024-10",
    ),
    ("writefreely", microblog::SHAPE, "has no groups", "", ""),
    ("gancio", microblog::SHAPE, "has no groups", "", ""),
    (
        "takahe",
        microblog::SHAPE,
        "fetches announced objects (#1731)",
        "https://github.com/neodb-social/neodb",
        "2026-08",
    ),
    ("neodb", microblog::SHAPE, "as takahe", "", ""),
    (
        "bookwyrm",
        microblog::SHAPE,
        "has no groups",
        "https://github.com/bookwyrm-social/bookwyrm/issues/1548",
        "2026-08",
    ),
    ("snac", microblog::SHAPE, "a small microblog", "", ""),
    ("microblogpub", microblog::SHAPE, "a small microblog", "", ""),
    ("ktistec", microblog::SHAPE, "a small microblog", "", ""),
    (
        "smithereen",
        wall::SHAPE,
        "no handler for a Group's Announce: Add to a wall; the Join embedded in its Accept; `algorithm` in a signature (1.0.3)",
        "https://github.com/grishka/Smithereen",
        "2026-07-26",
    ),
    (
        "mastodon-groups",
        wall::SHAPE,
        "Add to a wall (features/nlnet-groups)",
        "https://github.com/ClearlyClaire/mastodon",
        "2022-10-22",
    ),
    (
        "lotide",
        lotide::SHAPE,
        "needs Announce and Add of the post's id (apub_util/ingest.rs)",
        "https://github.com/lotide-org/lotide",
        "2024-08-20",
    ),
    (
        "streams",
        streams::SHAPE,
        "containers of activities (FEP-171b)",
        "https://codeberg.org/fediverse/fep/src/branch/main/fep/171b/fep-171b.md",
        "2025-11-06",
    ),
    (
        "forte",
        streams::SHAPE,
        "as streams",
        "https://codeberg.org/fediverse/fep/src/branch/main/fep/171b/fep-171b.md",
        "2025-11-06",
    ),
    (
        "hubzilla",
        streams::SHAPE,
        "as streams; its key's id is its actor's (8.8.7)",
        "https://framagit.org/hubzilla/core",
        "2024-01",
    ),
    (
        "mobilizon",
        mobilizon::SHAPE,
        "Announce with the thing embedded (5.1.3)",
        "https://framagit.org/framasoft/mobilizon",
        "2025-04",
    ),
    (
        "peertube",
        peertube::SHAPE,
        "Announces of Videos only",
        "https://github.com/Chocobozzz/PeerTube/issues/6400",
        "2026-08",
    ),
    ("owncast", microblog::SHAPE, "has no groups", "", ""),
    ("funkwhale", microblog::SHAPE, "has no groups", "", ""),
    (
        "bonfire",
        microblog::SHAPE,
        "Announce, in part",
        "https://github.com/bonfire-networks",
        "2026-08",
    ),
    (
        "onepage.pub",
        explainer::SHAPE,
        "delivers Join and Create to Groups (0.19.2, measured)",
        "https://github.com/evanp/onepage.pub",
        "2026-08",
    ),
];

const UNKNOWN: Class = Class::shown("unknown", microblog::SHAPE, "nothing known: the microblog rule");
const WRAPS: Class = Class::shown(
    threadiverse::SHAPE.0,
    threadiverse::SHAPE,
    "by evidence: it speaks FEP-1b12, or has groups",
);
const JOINS: Class = Class::shown(
    explainer::SHAPE.0,
    explainer::SHAPE,
    "by evidence: its actor sent a Join",
);

/// How its actors hear, if it has any, that does not say.
const SIGNS: Class = Class {
    name: "versia",
    shape: microblog::SHAPE,
    why: "by evidence: it signed an entity for its whole domain; whoever subscribes or follows there hears Versia",
    source: "https://versia.pub/signatures",
    date: "2026-05",
};

/// Every program that we know by name, in the order in which they are read here.
pub fn programs() -> impl Iterator<Item = (&'static str, Class)> {
    SOFTWARE.iter().map(|(name, written, why, source, date)| {
        let class = Class {
            name: shape::class_written_in(*written),
            shape: *written,
            why,
            source,
            date,
        };
        (*name, class)
    })
}

/// The class of a host, by its software's name (any case) or by what it has shown.
#[must_use]
pub fn class_of(software: Option<&str>, evidence: Option<Evidence>) -> Class {
    let software = software.map(str::to_lowercase);
    let named = software.and_then(|name| programs().find(|(known, _)| *known == name));
    match (named, evidence) {
        (Some((_, class)), _) => class,
        (None, Some(Evidence::Wraps)) => WRAPS,
        (None, Some(Evidence::Joins)) => JOINS,
        (None, Some(Evidence::Signs)) => SIGNS,
        (None, None) => UNKNOWN,
    }
}

/// What a document, and whoever sent it, by their type, show of the host that they are at.
#[must_use]
pub fn evidence_of(document: &serde_json::Value, kind: &str) -> Option<Evidence> {
    shown_by(document).or_else(|| evidence_in(kind))
}

/// What it shows that a host has an actor of this type.
#[must_use]
pub fn evidence_in(kind: &str) -> Option<Evidence> {
    (kind == "Group").then_some(Evidence::Wraps)
}

fn shown_by(document: &serde_json::Value) -> Option<Evidence> {
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

    #[test]
    fn each_program_is_named_once_and_says_why() {
        let all: Vec<_> = programs().collect();
        for (i, (name, class)) in all.iter().enumerate() {
            let again = all[i + 1..].iter().any(|(other, _)| other == name);
            assert!(!again, "{name} twice");
            assert!(!class.why.is_empty() && name.to_lowercase() == *name);
            let (is_linked, is_dated) = (class.source.starts_with("https://"), !class.date.is_empty());
            let is_sourced = is_linked && is_dated;
            let is_plain = class.source.is_empty() && class.date.is_empty() && says_nothing_odd(class.why);
            assert!(is_sourced || is_plain, "{name}: where and when was that read?");
        }
    }

    /// It is like another of the table, or has nothing to read.
    fn says_nothing_odd(why: &str) -> bool {
        let other = why
            .strip_prefix("a fork of ")
            .or_else(|| why.strip_prefix("as "))
            .and_then(|rest| rest.split([',', ';']).next());
        match other {
            Some(other) => programs().any(|(name, _)| name == other),
            None => matches!(why, "has no groups" | "a small microblog"),
        }
    }

    #[test]
    fn the_programs_name_counts_before_what_it_shows() {
        assert_eq!(
            class_of(Some("Mastodon"), Some(Evidence::Joins)).shape,
            microblog::SHAPE
        );
        assert_eq!(class_of(Some("lemmy"), None).shape, threadiverse::SHAPE);
        let piefed = class_of(Some("piefed"), None);
        assert_eq!((piefed.name, piefed.shape), ("threadiverse", piefed::SHAPE));
        assert_eq!(
            class_of(Some("something-new"), Some(Evidence::Wraps)).shape,
            threadiverse::SHAPE
        );
        assert_eq!(class_of(None, Some(Evidence::Joins)).shape, explainer::SHAPE);
        assert_eq!(class_of(None, None).shape, microblog::SHAPE);
    }
}
