//! Whose a host is: the name that somebody registered, with all that lies below it.
//!
//! One rule: for caps only, never for trust. The public-suffix list is somebody's opinion of a moment, compiled in; two
//! hosts of one registrable domain may still be two servers.

/// The registrable domain of an authority: the public suffix (publicsuffix.org, private suffixes too) and one label.
///
/// A literal address, a public suffix itself, and a host below no known suffix are their own. Port and trailing dot are
/// left out; the spelling stays, so only canonical (lower-case) authorities can be compared by it.
#[must_use]
pub fn registrable_domain(authority: &str) -> &str {
    let host = host_of(authority);
    let lower;
    let name = if host.bytes().any(|b| b.is_ascii_uppercase()) {
        lower = host.to_ascii_lowercase();
        lower.as_str()
    } else {
        host
    };
    let length = match psl::domain(name.as_bytes()) {
        Some(domain) if domain.suffix().is_known() => domain.as_bytes().len(),
        _ => return host,
    };
    host.len()
        .checked_sub(length)
        .and_then(|start| host.get(start..))
        .unwrap_or(host)
}

/// Without a port, and without the dot of the root. An IPv6 address keeps its brackets.
fn host_of(authority: &str) -> &str {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !is_cut_address(host) => host,
        _ => authority,
    };
    host.strip_suffix('.').unwrap_or(host)
}

/// Whether what stands before a colon is the beginning of an IPv6 address and no host.
fn is_cut_address(host: &str) -> bool {
    host.contains(':') && !host.ends_with(']')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sub_domains_are_one_owners() {
        for (authority, owner) in [
            ("example.com", "example.com"),
            ("a.b.example.com", "example.com"),
            ("a.example.com:8443", "example.com"),
            ("a.example.com.", "example.com"),
            ("a.example.com.:8443", "example.com"),
            ("groups.example.co.uk", "example.co.uk"),
            ("a.b.city.kawasaki.jp", "city.kawasaki.jp"), // an exception to `*.kawasaki.jp`
            ("a.b.c.kawasaki.jp", "b.c.kawasaki.jp"),
            ("A.Example.CO.UK", "Example.CO.UK"),
        ] {
            assert_eq!(registrable_domain(authority), owner, "{authority}");
        }
    }

    /// Whoever lets strangers have names below theirs is no owner of those.
    #[test]
    fn private_suffixes_count() {
        assert_eq!(registrable_domain("ann.github.io"), "ann.github.io");
        assert_eq!(registrable_domain("x.ann.github.io:443"), "ann.github.io");
        assert_eq!(registrable_domain("ANN.GitHub.io"), "ANN.GitHub.io");
    }

    #[test]
    fn names_in_other_scripts_are_read_as_they_travel() {
        for (authority, owner) in [
            ("a.xn--bcher-kva.example.com", "example.com"),
            ("social.xn--bcher-kva.de", "xn--bcher-kva.de"),
            ("a.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"), // below 公司.cn
            ("a.食狮.公司.cn", "食狮.公司.cn"),
        ] {
            assert_eq!(registrable_domain(authority), owner, "{authority}");
        }
    }

    #[test]
    fn what_has_no_owner_above_it_is_its_own() {
        for (authority, owner) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1:8080", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("[2a01:4f8::1]:8080", "[2a01:4f8::1]"),
            ("2a01:4f8::1", "2a01:4f8::1"),
            ("co.uk", "co.uk"),
            ("github.io", "github.io"),
            ("localhost:3000", "localhost"),
            ("a.peer.test", "a.peer.test"),
            ("a.b.nosuchtop", "a.b.nosuchtop"),
            ("", ""),
            (".", ""),
            (":80", ""),
        ] {
            assert_eq!(registrable_domain(authority), owner, "{authority}");
        }
    }

    proptest! {
        /// Whatever stands there: a part of it, and the same for whatever is below it.
        #[test]
        fn an_owner_owns_itself(authority in "\\PC{0,40}") {
            let owner = registrable_domain(&authority);
            prop_assert!(authority.contains(owner));
        }

        #[test]
        fn an_owner_owns_what_lies_below(sub in "[a-z0-9]{1,8}", port in 1_u16..) {
            let authority = format!("{sub}.social.example.co.uk:{port}");
            prop_assert_eq!(registrable_domain(&authority), "example.co.uk");
        }
    }
}
