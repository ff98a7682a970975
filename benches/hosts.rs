//! Many hosts on one machine: every address of 127.0.0.0/8 is one.
//!
//! One rule: a host is a number; what it is called follows from the number and the sink's port, and nothing else.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;

/// The first of all hosts; those below are the server's and the machine's own.
const BASE: u32 = 0x7f10_0000; // 127.16.0.0
/// Hosts from here on are those of people who post. They are never in the way of destinations.
pub(crate) const AUTHORS: u32 = 0x00e0_0000; // 127.240.0.0

/// Where the sink answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Ports {
    pub(crate) http: u16,
    pub(crate) https: u16,
    /// Bound, and nobody listens: who connects is refused.
    pub(crate) refusing: u16,
}

pub(crate) fn address(host: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(BASE + host)
}

/// The number of the host that was connected to.
pub(crate) fn number(at: SocketAddr) -> Option<u32> {
    match at.ip() {
        IpAddr::V4(ip) if ip.is_loopback() => ip.to_bits().checked_sub(BASE),
        _ => None,
    }
}

/// `http://127.16.0.1:PORT`
pub(crate) fn plain(host: u32, ports: Ports) -> String {
    format!("http://{}:{}", address(host), ports.http)
}

pub(crate) fn secure(host: u32, ports: Ports) -> String {
    format!("https://{}:{}", address(host), ports.https)
}

/// A host where nobody listens.
pub(crate) fn refusing(host: u32, ports: Ports) -> String {
    format!("http://{}:{}", address(host), ports.refusing)
}

/// The inboxes of these hosts.
pub(crate) fn inboxes(hosts: Range<u32>, ports: Ports) -> Vec<String> {
    hosts
        .map(|host| format!("{}/inbox", plain(host, ports)))
        .collect()
}
