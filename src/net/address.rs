//! Which addresses the client may connect to.
//!
//! One rule: an allow-list. IPv6 is open only inside 2000::/3, so what embeds or translates an IPv4 address (NAT64,
//! v4-compatible, v4-translated) is out without being named; the tables hold the special ranges that remain.
//! Source: the IANA special-purpose address registries (RFC 6890). A further range is a row here and in the test.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::Rules;

/// Whether `rules` let us connect to `ip`.
///
/// An IPv4 address written as IPv6 (`::ffff:a.b.c.d`) is judged as the IPv4 address that it is. Our own addresses are
/// never allowed; `allow_private` opens what the tables below close.
#[must_use]
pub fn address_allowed(ip: IpAddr, rules: &Rules) -> bool {
    !is_own(ip, rules) && (is_public(ip) || is_opened(ip, rules))
}

/// Whether the operator has opened the range of `ip`, and it is not ours.
pub(super) fn opened_by_operator(ip: IpAddr, rules: &Rules) -> bool {
    !is_own(ip, rules) && is_opened(ip, rules)
}

fn is_own(ip: IpAddr, rules: &Rules) -> bool {
    let ip = ip.to_canonical();
    rules.own_addresses.iter().any(|own| own.to_canonical() == ip)
}

fn is_opened(ip: IpAddr, rules: &Rules) -> bool {
    let ip = ip.to_canonical();
    rules.allow_private.iter().any(|range| range.contains(&ip))
}

fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => !SPECIAL_V4.iter().any(|range| range.contains(&ip)),
        IpAddr::V6(ip) => GLOBAL_V6.contains(&ip) && !SPECIAL_V6.iter().any(|range| range.contains(&ip)),
    }
}

const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0], 3);

const SPECIAL_V4: [Ipv4Net; 19] = [
    v4([0, 0, 0, 0], 8),        // this network
    v4([10, 0, 0, 0], 8),       // private
    v4([100, 64, 0, 0], 10),    // carrier-grade NAT, and some clouds' metadata
    v4([127, 0, 0, 0], 8),      // loopback
    v4([168, 63, 129, 16], 32), // a cloud's host agent: looks public, is reachable from inside only
    v4([169, 254, 0, 0], 16),   // link-local, and most clouds' metadata
    v4([172, 16, 0, 0], 12),    // private
    v4([192, 0, 0, 0], 24),     // protocol assignments
    v4([192, 0, 2, 0], 24),     // documentation
    v4([192, 31, 196, 0], 24),  // AS112
    v4([192, 52, 193, 0], 24),  // multicast tunnelling
    v4([192, 88, 99, 0], 24),   // 6to4 relays
    v4([192, 168, 0, 0], 16),   // private
    v4([192, 175, 48, 0], 24),  // AS112
    v4([198, 18, 0, 0], 15),    // benchmarks
    v4([198, 51, 100, 0], 24),  // documentation
    v4([203, 0, 113, 0], 24),   // documentation
    v4([224, 0, 0, 0], 4),      // multicast
    v4([240, 0, 0, 0], 4),      // reserved, and broadcast
];

const SPECIAL_V6: [Ipv6Net; 5] = [
    v6([0x2001, 0, 0], 23),           // protocol assignments: Teredo, benchmarks, ORCHID
    v6([0x2001, 0x0db8, 0], 32),      // documentation
    v6([0x2002, 0, 0], 16),           // 6to4: carries any IPv4 address
    v6([0x2620, 0x004f, 0x8000], 48), // AS112
    v6([0x3fff, 0, 0], 20),           // documentation
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b, c]: [u16; 3], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// First and last address of every special range, and the forms that smuggle one in.
    const CLOSED: &str = "
        0.0.0.0 0.1.2.3 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.100.100.200 100.127.255.255
        127.0.0.0 127.8.8.8 127.255.255.255 168.63.129.16 169.254.0.0 169.254.169.254 169.254.255.255
        172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.192 192.0.0.255 192.0.2.1 192.31.196.1 192.52.193.1
        192.88.99.1 192.168.0.0 192.168.255.255 192.175.48.1 198.18.0.0 198.19.255.255 198.51.100.7
        203.0.113.7 224.0.0.0 239.255.255.255 240.0.0.0 255.255.255.255 :: ::1 ::127.0.0.1 ::8.8.8.8
        ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1
        64:ff9b::8.8.8.8 64:ff9b:1::10.0.0.1 100::1 2001::1 2001:0:4136:e378::1 2001:2::1 2001:10::1
        2001:20::1 2001:1ff:ffff::1 2001:db8::1 2002:7f00:1::1 2002:808:808::1 2620:4f:8000::1 3fff::1
        3fff:fff:ffff::1 4000::1 5f00::1 fc00::1 fdff::1 fe80::1 fec0::1 ff02::1
        ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
    ";

    /// The neighbours of the closed ranges, so that no row is wider than it should be.
    const OPEN: &str = "
        1.0.0.0 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
        168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0
        192.0.3.0 192.88.98.1 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.101.0
        203.0.112.255 203.0.114.0 223.255.255.255 ::ffff:8.8.8.8 2000::1 2001:200::1 2001:db7::1
        2001:db9::1 2003::1 2606:4700::1111 2620:4f:7fff::1 2a01:4f8::1 3ffe::1 3fff:1000::1
    ";

    #[test]
    fn special_addresses_are_out_of_reach() {
        let rules = Rules::strict("test");
        for text in CLOSED.split_whitespace() {
            assert!(!address_allowed(ip(text), &rules), "{text} must be refused");
        }
    }

    #[test]
    fn their_neighbours_are_within_reach() {
        let rules = Rules::strict("test");
        for text in OPEN.split_whitespace() {
            assert!(address_allowed(ip(text), &rules), "{text} must be allowed");
        }
    }

    #[test]
    fn the_operator_opens_what_they_name_and_no_more() {
        let rules = Rules {
            allow_private: vec!["127.0.0.0/8".parse().unwrap()],
            ..Rules::strict("test")
        };
        for text in ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1"] {
            assert!(address_allowed(ip(text), &rules), "{text} is opened");
        }
        for text in ["10.0.0.1", "::1", "::127.0.0.1", "64:ff9b::127.0.0.1"] {
            assert!(!address_allowed(ip(text), &rules), "{text} stays closed");
        }
    }

    #[test]
    fn our_own_public_address_is_out_of_reach_in_both_its_forms() {
        let rules = Rules {
            own_addresses: vec![ip("8.8.4.4")],
            ..Rules::strict("test")
        };
        assert!(!address_allowed(ip("8.8.4.4"), &rules));
        assert!(!address_allowed(ip("::ffff:8.8.4.4"), &rules));
        assert!(address_allowed(ip("8.8.4.5"), &rules));
    }
}
