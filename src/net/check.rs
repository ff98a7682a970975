//! What may be asked for, as far as a URL tells.
//!
//! One rule: the judgement is on the parsed host, never on text. `url` has turned `0x7f.1`, `2130706433` and full-width
//! digits into addresses by then, and both sides of a comparison have been through it.
//! A further refusal is a variant of [`Forbidden`], an arm of [`check`] and a row in the tests. What only DNS can tell
//! (where a name leads) is judged in `resolve.rs`, at the moment of connecting.

use std::net::IpAddr;

use url::{Host, Url};

use super::Rules;
use super::address::{address_allowed, opened_by_operator};

/// No honest address of the fediverse is longer, in bytes.
const MAX_URL: usize = 2_048;

/// Why a URL is not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    #[error("the address is longer than 2,048 bytes")]
    Length,
    #[error("the address is neither https nor an allowed http")]
    Scheme,
    #[error("the address carries a user name or a password")]
    Credentials,
    #[error("the address names no host")]
    Host,
    #[error("the host ends in a dot")]
    TrailingDot,
    #[error("the host is a name that never leads to a public server")]
    Name,
    #[error("the host is, or leads to, an address that is not public")]
    Address,
    #[error("the port is not one that servers are reached at")]
    Port,
    #[error("the address is our own")]
    Own,
    #[error("a redirect leads from https to http")]
    Downgrade,
}

/// Refuses what a URL alone shows to be out of bounds: scheme, credentials, port, literal address, special name.
///
/// The client asks this before every request and every hop; callers may ask it earlier, to refuse with a reason.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(url: &Url, rules: &Rules) -> Result<(), Forbidden> {
    let own: Vec<_> = rules.own.iter().filter_map(|own| Own::read(own)).collect();
    reach(url, rules, &own).map(|_| ())
}

/// Where a URL's name may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Public addresses and those that the operator opened.
    Allowed,
    /// Only what the operator opened: the port, or the name, is not one of the open internet.
    Opened,
}

/// [`check`], for who has read `rules.own` before.
pub(super) fn reach(url: &Url, rules: &Rules, own: &[Own]) -> Result<Reach, Forbidden> {
    check_form(url, rules)?;
    if own.iter().any(|own| own.names(url)) {
        return Err(Forbidden::Own);
    }
    let usual_port = has_usual_port(url, rules);
    match url.host().ok_or(Forbidden::Host)? {
        Host::Ipv4(ip) => address(ip.into(), usual_port, rules),
        Host::Ipv6(ip) => address(ip.into(), usual_port, rules),
        Host::Domain(name) => self::name(name, usual_port, rules),
    }
}

fn check_form(url: &Url, rules: &Rules) -> Result<(), Forbidden> {
    if url.as_str().len() > MAX_URL {
        return Err(Forbidden::Length);
    }
    match url.scheme() {
        "https" => {}
        "http" if rules.allow_http => {}
        _ => return Err(Forbidden::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Forbidden::Credentials);
    }
    Ok(())
}

fn has_usual_port(url: &Url, rules: &Rules) -> bool {
    match url.port_or_known_default() {
        Some(443) => true,
        Some(80) if rules.allow_http => true,
        Some(port) => rules.allow_ports.contains(&port),
        None => false,
    }
}

fn address(ip: IpAddr, usual_port: bool, rules: &Rules) -> Result<Reach, Forbidden> {
    if !address_allowed(ip, rules) {
        return Err(Forbidden::Address);
    }
    if usual_port || opened_by_operator(ip, rules) {
        Ok(Reach::Allowed)
    } else {
        Err(Forbidden::Port)
    }
}

fn name(name: &str, usual_port: bool, rules: &Rules) -> Result<Reach, Forbidden> {
    if name.ends_with('.') {
        return Err(Forbidden::TrailingDot);
    }
    let nothing_opened = rules.allow_private.is_empty();
    if name == "localhost" {
        return if nothing_opened {
            Err(Forbidden::Name)
        } else {
            Ok(Reach::Opened)
        };
    }
    if is_special(name) {
        return Err(Forbidden::Name);
    }
    match (usual_port, nothing_opened) {
        (true, _) => Ok(Reach::Allowed),
        (false, false) => Ok(Reach::Opened),
        (false, true) => Err(Forbidden::Port),
    }
}

/// Names that the public DNS never answers for, and those that a local resolver completes.
fn is_special(name: &str) -> bool {
    match name.rsplit_once('.') {
        Some((_, top)) => matches!(top, "localhost" | "local" | "internal" | "onion"),
        None => true,
    }
}

/// One of our own authorities. Without a port it means the default one of either scheme.
#[derive(Debug)]
pub(super) struct Own {
    host: Host<String>,
    port: Option<u16>,
}

impl Own {
    /// Reads an authority as an operator writes it; nothing if it is not one.
    pub(super) fn read(authority: &str) -> Option<Self> {
        let url = Url::parse(&format!("https://{authority}/")).ok()?;
        let plain = url.path() == "/" && !authority.contains(['@', '?', '#']);
        plain.then_some(())?;
        Some(Self {
            host: url.host()?.to_owned(),
            port: url.port(),
        })
    }

    fn names(&self, url: &Url) -> bool {
        let same_host = match (&self.host, url.host()) {
            (Host::Domain(own), Some(Host::Domain(name))) => own == name,
            (Host::Ipv4(own), Some(Host::Ipv4(ip))) => *own == ip,
            (Host::Ipv6(own), Some(Host::Ipv6(ip))) => *own == ip,
            _ => false,
        };
        same_host
            && match self.port {
                Some(port) => url.port_or_known_default() == Some(port),
                None => url.port().is_none(),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str, rules: &Rules) -> Result<(), Forbidden> {
        check(&Url::parse(text).unwrap(), rules)
    }

    fn judge_host(host: &str) -> Result<(), Forbidden> {
        judge(&format!("https://{host}/"), &strict())
    }

    fn strict() -> Rules {
        Rules::strict("test")
    }

    /// As in a test set-up: plain http, loopback opened, any port there.
    fn at_home() -> Rules {
        Rules {
            allow_http: true,
            allow_private: vec!["127.0.0.0/8".parse().unwrap()],
            ..strict()
        }
    }

    #[test]
    fn an_ordinary_server_may_be_asked() {
        for text in "https://social.example/users/ann https://social.example:443/ https://8.8.8.8/ \
            https://bücher.example/"
            .split(' ')
        {
            assert_eq!(judge(text, &strict()), Ok(()), "{text}");
        }
    }

    /// Whatever spelling hides it, what is parsed is a loopback address.
    #[test]
    fn loopback_is_seen_in_every_spelling() {
        for host in "127.0.0.1 127.1 2130706433 0x7f.1 0x7f000001 0177.0.0.1 017700000001 ①②⑦.0.0.1 \
            １２７.0.0.1 127。0。0。1 %31%32%37.0.0.1 127.0.0.1. [::1] [::ffff:127.0.0.1] \
            [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1] [0:0:0:0:0:0:0:1] 0 0.0.0.0"
            .split(' ')
        {
            assert_eq!(judge_host(host), Err(Forbidden::Address), "{host}");
        }
    }

    #[test]
    fn what_is_no_host_at_all_does_not_even_parse() {
        for text in "https://[fe80::1%25eth0]/ https://[fe80::1%eth0]/ https://256.256.256.256/ \
            https://1.2.3.4.5/ https://"
            .split(' ')
        {
            assert!(Url::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_that_lead_home_are_refused() {
        for host in "localhost LOCALHOST a.localhost metadata.google.internal printer.local intranet com \
            duskgytldkxiuqc6.onion ｌｏｃａｌｈｏｓｔ"
            .split(' ')
        {
            assert_eq!(judge_host(host), Err(Forbidden::Name), "{host}");
        }
        for host in ["localhost.", "social.example.", "printer.local."] {
            assert_eq!(judge_host(host), Err(Forbidden::TrailingDot), "{host}");
        }
    }

    #[test]
    fn other_schemes_are_refused() {
        for text in "http://social.example/ ftp://social.example/ data:text/plain,x file:///etc/passwd \
            gopher://social.example/ acct:ann@social.example"
            .split(' ')
        {
            assert_eq!(judge(text, &strict()), Err(Forbidden::Scheme), "{text}");
        }
        assert_eq!(judge("http://social.example/", &at_home()), Ok(()));
        assert_eq!(judge("ws://social.example/", &at_home()), Err(Forbidden::Scheme));
    }

    #[test]
    fn credentials_are_refused_and_a_backslash_ends_the_host() {
        for text in [
            "https://good.example@127.0.0.1/",
            "https://good.example:pass@evil.example/",
            "https://:pass@evil.example/",
        ] {
            assert_eq!(judge(text, &strict()), Err(Forbidden::Credentials), "{text}");
        }
        // The parser that judges is the parser that connects: both see good.example.
        assert_eq!(
            Url::parse(r"https://good.example\@evil.example/")
                .unwrap()
                .host_str(),
            Some("good.example")
        );
    }

    #[test]
    fn ports_are_the_usual_ones_or_named() {
        assert_eq!(
            judge("https://social.example:8443/", &strict()),
            Err(Forbidden::Port)
        );
        assert_eq!(judge("https://8.8.8.8:22/", &strict()), Err(Forbidden::Port));
        assert_eq!(
            judge("https://social.example:80/", &strict()),
            Err(Forbidden::Port)
        );
        let rules = Rules {
            allow_ports: vec![8443],
            ..strict()
        };
        assert_eq!(judge("https://social.example:8443/", &rules), Ok(()));
        assert_eq!(judge("https://8.8.8.8:8443/", &rules), Ok(()));
        assert_eq!(
            judge("https://127.0.0.1:8443/", &rules),
            Err(Forbidden::Address),
            "a port opens no address"
        );
    }

    #[test]
    fn an_opened_range_opens_its_ports_and_localhost() {
        for text in "http://127.0.0.1:9000/ http://127.3.4.5:9000/ http://localhost:9000/ \
            https://localhost/"
            .split(' ')
        {
            assert_eq!(judge(text, &at_home()), Ok(()), "{text}");
        }
        assert_eq!(judge("http://8.8.8.8:9000/", &at_home()), Err(Forbidden::Port));
        assert_eq!(judge("http://10.0.0.1/", &at_home()), Err(Forbidden::Address));
        assert_eq!(judge("http://a.localhost/", &at_home()), Err(Forbidden::Name));
    }

    /// The URL does not tell where the name leads, so the connection may go to opened addresses only.
    #[test]
    fn a_name_with_an_unusual_port_may_lead_to_opened_ranges_only() {
        let unusual = Url::parse("http://peer.test:9000/").unwrap();
        let usual = Url::parse("http://peer.test/").unwrap();
        assert_eq!(reach(&unusual, &at_home(), &[]), Ok(Reach::Opened));
        assert_eq!(reach(&usual, &at_home(), &[]), Ok(Reach::Allowed));
    }

    #[test]
    fn we_never_ask_ourselves() {
        let own = ["groups.example", "Bücher.example:8443", "127.0.0.1:8536"]
            .map(str::to_owned)
            .to_vec();
        let rules = Rules {
            own,
            allow_ports: vec![8443],
            ..at_home()
        };
        for text in "https://groups.example/c/garden https://GROUPS.example:443/ http://groups.example/ \
            https://xn--bcher-kva.example:8443/ http://127.0.0.1:8536/ http://2130706433:8536/"
            .split(' ')
        {
            assert_eq!(judge(text, &rules), Err(Forbidden::Own), "{text}");
        }
        for text in "https://groups.example:8443/ https://bücher.example/ http://127.0.0.1:8537/ \
            https://a.groups.example/"
            .split(' ')
        {
            assert_eq!(judge(text, &rules), Ok(()), "{text}");
        }
    }

    #[test]
    fn endless_addresses_are_refused() {
        let text = format!("https://social.example/{}", "a".repeat(MAX_URL));
        assert_eq!(judge(&text, &strict()), Err(Forbidden::Length));
    }

    #[test]
    fn an_authority_is_a_host_and_perhaps_a_port() {
        assert!(Own::read("groups.example").is_some());
        assert!(Own::read("[::1]:8536").is_some());
        for text in [
            "",
            "https://groups.example",
            "groups.example/path",
            "a@groups.example",
            "groups.example:x",
        ] {
            assert!(Own::read(text).is_none(), "{text}");
        }
    }
}
