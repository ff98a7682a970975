//! The settings as the rooms see them: typed, complete, checked.
//!
//! One rule: a field's name is its key's name, and a number says its unit in it. Meanings and defaults: `keys.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::print;

/// Everything that an operator decided, or the default.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// An absolute path.
    pub data_dir: PathBuf,
    pub server: Server,
    pub database: Database,
    pub federation: Federation,
    pub versia: Versia,
    pub groups: Groups,
    pub limits: Limits,
    pub log: Log,
    pub metrics: Metrics,
}

/// Where we listen, and under which name the world knows us.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    /// An origin: `http` or `https`, a host, perhaps a port; no path but the `/` that `Url` writes.
    pub public_url: Url,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// Where the database is; without a `url`, a private cluster in the data directory.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// May hold a password: neither `Debug` nor serialisation shows it.
    #[serde(default, serialize_with = "print::without_password")]
    pub url: Option<String>,
    /// The directory of `initdb` and `postgres`.
    #[serde(default)]
    pub binaries: Option<PathBuf>,
    pub connections: u32,
}

/// With whom we speak, and how strictly.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Federation {
    pub allow_http: bool,
    pub allow_private_addresses: Vec<IpNet>,
    pub allow_ports: Vec<u16>,
    /// Authorities, `host` or `host:port`, lower case, punycode, no trailing dot; each covers its sub-domains.
    pub blocked: Vec<String>,
    /// As `blocked`. When it is not empty, we speak with nobody else.
    pub allowed_only: Vec<String>,
}

/// Under which domain we speak Versia.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Versia {
    /// In lower case; no port.
    #[serde(default)]
    pub domain: Option<String>,
    /// Asks for what the drafts of the specification left out, too.
    pub strict: bool,
    /// Domains and the origins on loopback that answer for them. Only in tests.
    pub dev_resolve: BTreeMap<String, Url>,
}

/// Who may make groups here by a signed activity, and how many.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Groups {
    pub create: Founders,
    pub create_limit: u32,
    pub reports_per_hour: NonZeroU32,
}

/// Who may make groups.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(from = "Named", into = "Named")]
pub enum Founders {
    Nobody,
    Anyone,
    /// Ids of actors, and authorities, each with its sub-domains.
    These(Vec<String>),
}

/// As it is written: a word, or a list.
#[derive(Clone, Deserialize, Serialize)]
#[serde(untagged)]
enum Named {
    Word(String),
    List(Vec<String>),
}

impl From<Named> for Founders {
    fn from(named: Named) -> Self {
        match named {
            Named::Word(word) if word == "anyone" => Self::Anyone,
            Named::Word(_) => Self::Nobody,
            Named::List(list) => Self::These(list),
        }
    }
}

impl From<Founders> for Named {
    fn from(founders: Founders) -> Self {
        match founders {
            Founders::Nobody => Self::Word("nobody".to_owned()),
            Founders::Anyone => Self::Word("anyone".to_owned()),
            Founders::These(list) => Self::List(list),
        }
    }
}

/// How much of anything one peer, address or request may take.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub body_bytes: usize,
    pub json_depth: usize,
    pub json_nodes: usize,
    pub header_seconds: u64,
    pub body_seconds: u64,
    pub request_seconds: u64,
    pub idle_seconds: u64,
    pub outbound_seconds: u64,
    pub outbound_bytes: usize,
    pub key_fetch_seconds: u64,
    pub key_fetches_at_once: usize,
    pub requests_per_minute: NonZeroU32,
    pub inbox_per_minute_per_host: NonZeroU32,
    pub inbox_per_minute_per_actor: NonZeroU32,
    pub bad_signatures_per_minute: NonZeroU32,
    pub received_waiting: u32,
    pub received_waiting_per_host: u32,
    pub shutdown_seconds: u64,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Directives of `tracing_subscriber::EnvFilter`; known to parse.
    pub filter: String,
    pub format: Format,
}

/// Figures for Prometheus.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Where they are served, if at all: `""` in the file.
    #[serde(with = "address_or_none")]
    pub bind: Option<SocketAddr>,
}

/// An address as text; none is empty text.
mod address_or_none {
    use std::net::SocketAddr;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(address: &Option<SocketAddr>, out: S) -> Result<S::Ok, S::Error> {
        match address {
            Some(address) => out.collect_str(address),
            None => out.serialize_str(""),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<SocketAddr>, D::Error> {
        match String::deserialize(input)?.as_str() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(D::Error::custom),
        }
    }
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

impl Settings {
    /// Whether our own name can only mean this machine: `localhost`, `*.localhost`, 127.0.0.0/8 or `::1`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.server.public_url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// Whether the data directory is marked as a test: it holds a file named `TEST`.
    ///
    /// Only such a server, or one on loopback, may speak plain HTTP and reach private addresses.
    #[must_use]
    pub fn is_marked_as_test(&self) -> bool {
        self.data_dir.join("TEST").is_file()
    }

    /// The domain that we are known by to those who know servers by their domains alone: as set, else our host. Nothing if
    /// that has a port, or is an address: nobody could find us by it.
    #[must_use]
    pub fn domain(&self) -> Option<String> {
        let url = &self.server.public_url;
        let host = match url.host() {
            Some(Host::Domain(name)) if url.port().is_none() && name.contains('.') => Some(name),
            _ => None,
        };
        let set = self.versia.domain.as_deref();
        let is_a_test = !self.versia.dev_resolve.is_empty();
        match (host, set) {
            (Some(host), set) => Some(set.unwrap_or(host).to_owned()),
            (None, set) => set.filter(|_| is_a_test).map(ToOwned::to_owned),
        }
    }

    /// Why there is no domain, where there is none.
    #[must_use]
    pub fn why_no_domain(&self) -> String {
        let url = &self.server.public_url;
        let reason = match url.host() {
            Some(Host::Domain(_)) if url.port().is_some() => "has a port",
            Some(Host::Domain(_)) => "has a name without a dot",
            _ => "is an address",
        };
        let though = if self.versia.domain.is_some() {
            ", though `versia.domain` is set"
        } else {
            ""
        };
        format!(
            "Versia is off{though}: `server.public_url` {reason}, and who looks for a domain looks at port 443 of a domain in the DNS"
        )
    }

    /// Whether what comes signed for a domain must hold what nearly everybody leaves out, too.
    #[must_use]
    pub const fn is_strict_with_domains(&self) -> bool {
        self.versia.strict
    }

    /// Where the servers of some domains really are, by their domains. Only in tests.
    #[must_use]
    pub fn origins(&self) -> &BTreeMap<String, Url> {
        &self.versia.dev_resolve
    }

    /// Our host as the fediverse writes it: `host`, or `host:port` if the port is not the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        let url = &self.server.public_url;
        let host = url.host_str().unwrap_or_default();
        match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Database")
            .field("url", &self.url.as_deref().map(print::hide_password))
            .field("binaries", &self.binaries)
            .field("connections", &self.connections)
            .finish()
    }
}
