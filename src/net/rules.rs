//! What the operator lets the client do, and its sizes and times.
//!
//! One rule: the defaults are for the open internet; whatever widens them is named by the operator or by a test.
//! A further setting is a field here, with its strict value in [`Rules::strict`] or [`Limits::default`].

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

/// What may be reached. [`Rules::strict`] is the default for the open internet.
#[derive(Clone, Debug)]
pub struct Rules {
    /// `http` and port 80 are allowed beside `https` and 443.
    pub allow_http: bool,
    /// Ranges that are reached although they are special; on them every port is allowed.
    pub allow_private: Vec<IpNet>,
    /// Further ports that are allowed on public addresses.
    pub allow_ports: Vec<u16>,
    /// Our own authorities, `host` or `host:port`: never asked over the network.
    pub own: Vec<String>,
    /// Our own public addresses where known, so that an alias does not lead back to us either.
    pub own_addresses: Vec<IpAddr>,
    /// Names whose servers are played by somebody on this machine, and where: in tests. Such a server is asked there, as
    /// the host that it plays.
    pub played: BTreeMap<String, Url>,
    /// Names us and our host: some servers refuse who does not say.
    pub user_agent: String,
    /// Sizes and times.
    pub limits: Limits,
    /// Certificate authorities that are trusted beside the system's, each one or more PEM blocks.
    pub extra_roots: Vec<Vec<u8>>,
}

/// Sizes and times. The times run on the monotonic clock.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For one call in all: every redirect, and the body to its end.
    pub total: Duration,
    /// For one connection: name, TCP and TLS.
    pub connect: Duration,
    /// Bytes of a GET's body.
    pub body: usize,
    /// Bytes of a POST's answer that are read so that the connection can be used again.
    pub answer: usize,
    /// Calls that are under way at the same time.
    pub in_flight: usize,
    /// Of these, at one address (of IPv6: one /64). Ranges that the operator opened have no such limit.
    pub per_address: usize,
    /// Fetches at a time from all hosts below one registrable domain.
    pub per_owner: usize,
    /// Connections that are kept open although nothing is sent over them.
    pub idle: usize,
    /// Servers with which an encrypted session can be taken up again; some 3.5 KB each, most of it their certificates.
    pub sessions: usize,
}

impl Rules {
    /// `https` on port 443, public addresses only.
    #[must_use]
    pub fn strict(user_agent: &str) -> Self {
        Self {
            allow_http: false,
            allow_private: Vec::new(),
            allow_ports: Vec::new(),
            own: Vec::new(),
            own_addresses: Vec::new(),
            played: BTreeMap::new(),
            user_agent: user_agent.to_owned(),
            limits: Limits::default(),
            extra_roots: Vec::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(10),
            connect: Duration::from_secs(5),
            body: 1024 * 1024,
            answer: 64 * 1024,
            in_flight: 4_096,
            per_address: 256,
            per_owner: 64,
            idle: 1_024,
            sessions: 32_768,
        }
    }
}
