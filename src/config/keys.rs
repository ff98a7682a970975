//! The table of settings.
//!
//! One rule: a setting is a row here. What is not here does not exist, neither in the file nor in the environment.

use super::kind::Kind;
use Value::{Is, Unset};

/// One setting.
#[derive(Debug)]
pub(super) struct Key {
    /// `section.key`, or `key` for what belongs to no section.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) default: Value,
    /// What it is, with its unit, as the example says it.
    pub(super) about: &'static str,
}

/// What a setting is when nobody says; written as in the environment.
#[derive(Debug)]
pub(super) enum Value {
    Is(&'static str),
    /// There is no fixed default; the text is an example.
    Unset(&'static str),
}

/// The sections, in the order of the example.
pub(super) const SECTIONS: &[(&str, &str)] = &[
    (
        "server",
        "Where we listen, and under which name the world knows us.",
    ),
    (
        "database",
        "Without a url the server runs a private Postgres of its own, in the data directory.",
    ),
    ("federation", "With whom we speak, and how strictly."),
    (
        "versia",
        "Versia, a protocol besides ActivityPub; FEDERATION.md says what is spoken of it.",
    ),
    (
        "groups",
        "Who may make groups here by a signed activity, and what they may send about groups.",
    ),
    (
        "limits",
        "How much of anything one peer, one address or one request may take. The unit is in the name: bytes, seconds, \
         a number per minute; or, without one, a plain number.",
    ),
    ("log", "What is logged, and how."),
    (
        "metrics",
        "Figures for Prometheus; docs/operations.md explains them.",
    ),
];

const SECONDS: Kind = Kind::Count(1, 3600);
const BYTES: Kind = Kind::Count(1024, 64 << 20);
const RATE: Kind = Kind::Count(1, 10_000_000);
const HOLDS: Kind = Kind::Count(1, 1_000_000);

/// All of them, section by section.
pub(super) const KEYS: &[Key] = &[
    key(
        "data_dir",
        Kind::Path,
        Unset("/var/lib/folkmoot"),
        "The directory for all that the server keeps. Default: /var/lib/folkmoot as root; else $XDG_DATA_HOME/folkmoot, \
         or $HOME/.local/share/folkmoot. A file named TEST in it marks it as a test: see federation.allow_http.",
    ),
    key(
        "server.listen",
        Kind::Address,
        Is("127.0.0.1:8536"),
        "The IP address and port to listen on.",
    ),
    key(
        "server.public_url",
        Kind::Origin,
        Unset("https://groups.example"),
        "The address under which the world reaches us: scheme, host, and the port if it is not the usual one. It is part \
         of every id, so choose it once. http only for this machine itself. Default: http:// and server.listen.",
    ),
    key(
        "server.trusted_proxies",
        Kind::Nets,
        Is(""),
        "Address ranges of reverse proxies in front of us, whose X-Forwarded-For is believed.",
    ),
    key(
        "database.url",
        Kind::Postgres,
        Unset("postgres://folkmoot:password@localhost/folkmoot"),
        "A Postgres database to use in place of the private one. A secret: FOLKMOOT__DATABASE__URL_FILE reads it from a \
         file.",
    ),
    key(
        "database.binaries",
        Kind::Path,
        Unset("/usr/lib/postgresql/17/bin"),
        "The directory of initdb and postgres, for the private database. Default: found on PATH and where packages put \
         them.",
    ),
    key(
        "database.connections",
        Kind::Count(2, 1000),
        Is("20"),
        "How many connections the pool opens at most; a few more are held for listening and locks.",
    ),
    key(
        "federation.allow_http",
        Kind::Flag,
        Is("false"),
        "Speak plain http to others, too. Only for tests: refused unless server.public_url is this machine (localhost, \
         *.localhost, 127.0.0.0/8, ::1) or the data directory holds a file named TEST.",
    ),
    key(
        "federation.allow_private_addresses",
        Kind::Nets,
        Is(""),
        "Ranges of loopback or private addresses that we may connect to, such as 127.0.0.0/8. Only for tests, as \
         allow_http.",
    ),
    key(
        "federation.allow_ports",
        Kind::Ports,
        Is(""),
        "Ports that we may connect to besides 443 (and 80 with allow_http).",
    ),
    key(
        "federation.blocked",
        Kind::Hosts,
        Is(""),
        "Hosts with which we have nothing to do; each stands for its sub-domains, too.",
    ),
    key(
        "federation.allowed_only",
        Kind::Hosts,
        Is(""),
        "If this names any host, we speak with these and their sub-domains and with nobody else.",
    ),
    key(
        "versia.domain",
        Kind::Domain,
        Unset("groups.example"),
        "The domain that references to us name. Default: the host of server.public_url; if that has a port, is an \
         address or a name without a dot, Versia is off. It leads to us on port 443 and is part of every reference: once \
         somebody of Versia is in a group, it cannot be changed.",
    ),
    key(
        "versia.strict",
        Kind::Flag,
        Is("false"),
        "Refuse a note without attachments, is_sensitive, mentions or previews, and a report without tags. Most examples of \
         the specification leave some of them out, so this is for tests of other software. Otherwise they are taken as empty \
         or false, and the log says once of which domain.",
    ),
    key(
        "versia.dev_resolve",
        Kind::Origins,
        Is(""),
        "Only for tests: domains and the addresses of this machine that answer for them, such as { \"b.test\" = \
         \"http://127.0.0.1:4101\" }; in a variable b.test=http://127.0.0.1:4101, comma-separated. Refused unless \
         server.public_url is this machine. With it versia.domain may be any domain.",
    ),
    key(
        "groups.create",
        Kind::Founders,
        Is("nobody"),
        "Who may make groups here from another server: \"nobody\", \"anyone\", or a list of actors (by URL) and hosts, which \
         cover their sub-domains. `folkmoot group create` always may.",
    ),
    key(
        "groups.create_limit",
        Kind::Count(1, 1_000_000),
        Is("10"),
        "How many open groups one actor may own before it can make no more.",
    ),
    key(
        "groups.reports_per_hour",
        Kind::Count(1, 100_000),
        Is("60"),
        "How many reports one actor may send in an hour; then the inbox answers 429.",
    ),
    key(
        "limits.body_bytes",
        BYTES,
        Is("1048576"),
        "The largest request body that is read, in bytes (1 MiB).",
    ),
    key(
        "limits.json_depth",
        Kind::Count(8, 100),
        Is("32"),
        "How deep a JSON document may nest.",
    ),
    key(
        "limits.json_nodes",
        Kind::Count(100, 1_000_000),
        Is("10000"),
        "How many values a JSON document may hold.",
    ),
    key(
        "limits.header_seconds",
        SECONDS,
        Is("5"),
        "The time for a request's header to arrive, in seconds.",
    ),
    key(
        "limits.body_seconds",
        SECONDS,
        Is("5"),
        "The longest pause while a request's body arrives, in seconds.",
    ),
    key(
        "limits.request_seconds",
        SECONDS,
        Is("10"),
        "The time for a request in all, its answer included, in seconds.",
    ),
    key(
        "limits.idle_seconds",
        SECONDS,
        Is("60"),
        "How long a connection stays open between requests, in seconds.",
    ),
    key(
        "limits.outbound_seconds",
        SECONDS,
        Is("10"),
        "The time for a request of ours to a peer in all, in seconds.",
    ),
    key(
        "limits.outbound_bytes",
        BYTES,
        Is("1048576"),
        "The largest answer of a peer that is read, in bytes (1 MiB).",
    ),
    key(
        "limits.key_fetch_seconds",
        SECONDS,
        Is("4"),
        "The time for fetching a signer's key while its request waits, in seconds; less than request_seconds.",
    ),
    key(
        "limits.key_fetches_at_once",
        Kind::Count(1, 10_000),
        Is("64"),
        "How many signers' keys are fetched at once; requests beyond that get 503 and Retry-After.",
    ),
    key(
        "limits.requests_per_minute",
        RATE,
        Is("3000"),
        "Requests for pages and documents that one address may make, per minute.",
    ),
    key(
        "limits.inbox_per_minute_per_host",
        RATE,
        Is("6000"),
        "Activities that one host, known by its signature, may send, per minute.",
    ),
    key(
        "limits.inbox_per_minute_per_actor",
        RATE,
        Is("120"),
        "Posts, edits, votes, shares, items of collections and requests to join that one actor may send, per minute.",
    ),
    key(
        "limits.bad_signatures_per_minute",
        RATE,
        Is("120"),
        "Requests with a missing or wrong signature that one address may make, per minute.",
    ),
    key(
        "limits.received_waiting",
        HOLDS,
        Is("10000"),
        "How many received activities may wait for something to be fetched, in all; then the inbox answers 503.",
    ),
    key(
        "limits.received_waiting_per_host",
        HOLDS,
        Is("100"),
        "The same for the activities of one host; at most received_waiting. One actor has a quarter of it at most.",
    ),
    key(
        "limits.shutdown_seconds",
        SECONDS,
        Is("15"),
        "How long a server that was asked to stop finishes what it began, in seconds.",
    ),
    key(
        "log.filter",
        Kind::Filter,
        Is("info"),
        "Which events: a level (error, warn, info, debug, trace), or levels by room such as \
         \"info,folkmoot::delivery=debug\".",
    ),
    key(
        "log.format",
        Kind::OneOf(&["text", "json"]),
        Is("text"),
        "\"text\" for people, \"json\" for programs.",
    ),
    key(
        "metrics.bind",
        Kind::AddressOrNone,
        Is("127.0.0.1:8537"),
        "The IP address and port where `serve` answers /metrics, apart from server.listen; \"\" turns it off. Whoever \
         reaches it reads how much goes on here. If something else has the port, the server runs without it.",
    ),
];

const fn key(name: &'static str, kind: Kind, default: Value, about: &'static str) -> Key {
    Key {
        name,
        kind,
        default,
        about,
    }
}

impl Key {
    /// The section, empty for none, and the key in it.
    pub(super) fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or(("", self.name))
    }

    /// `FOLKMOOT__SECTION__KEY`.
    pub(super) fn variable(&self) -> String {
        format!("FOLKMOOT__{}", self.name.replace('.', "__").to_uppercase())
    }
}

/// The setting of this name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The setting that somebody who wrote `name` most likely meant: the same key in another section, else the name that
/// looks most like it.
pub(super) fn nearest(name: &str) -> &'static Key {
    let last = name.rsplit('.').next().unwrap_or(name);
    let likeness = |key: &Key| {
        if key.parts().1 == last {
            2.0
        } else {
            strsim::normalized_damerau_levenshtein(key.name, name)
        }
    };
    let mut best = &KEYS[0];
    for key in KEYS {
        if likeness(key) > likeness(best) {
            best = key;
        }
    }
    best
}
