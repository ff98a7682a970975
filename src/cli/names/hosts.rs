//! What people write for another server, and its authority.
//!
//! One rule: a server is its host, with the port where that is not the default, as ids have it. Whatever stands for more or less is
//! answered with what to write.

use url::{Host, Url};

use crate::domain::authority_of;

const NO_HOST: &str = "a server is named by its host, such as social.example or social.example:8443";

/// Another server: its authority, in lower case and punycode, without the port if it is the default.
///
/// # Errors
/// What to write instead.
pub(in crate::cli) fn host(text: &str) -> Result<String, String> {
    if text.contains("://") {
        let near = Url::parse(text)
            .ok()
            .filter(Url::has_host)
            .map(|url| authority_of(&url));
        return Err(match near {
            Some(near) => format!("a server is named by its host, not by a URL: write {near}"),
            None => NO_HOST.to_owned(),
        });
    }
    if let Some((_, host)) = text.rsplit_once('@') {
        return Err(format!("a server is named by its host alone: write {host}"));
    }
    if let Some(parent) = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')) {
        return Err(format!("a host stands for its sub-domains, too: write {parent}"));
    }
    // A name in DNS is at most 253 bytes; with a port and its colon, 259.
    authority(text)
        .filter(|host| host.len() <= 259)
        .ok_or_else(|| NO_HOST.to_owned())
}

fn authority(text: &str) -> Option<String> {
    if text.contains(|c: char| "/\\?#".contains(c) || c.is_whitespace()) {
        return None;
    }
    let url = Url::parse(&format!("https://{text}/")).ok()?;
    let host = match url.host()? {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name.split('.').all(is_label).then(|| name.to_owned())?
        }
        // 18603 is an address to a browser: 0.0.72.171.
        Host::Ipv4(address) if !text.starts_with(&address.to_string()) => return None,
        address => address.to_string(),
    };
    // A bare word is nobody's name but this machine's; of a network without dots it comes with its port.
    let stands_alone = !host.contains(['.', ':']) && host != "localhost" && !text.contains(':');
    if stands_alone {
        return None;
    }
    // 80 is the default of servers that speak plain http, which `allow_http` lets in.
    Some(match url.port() {
        None | Some(80) => host,
        Some(port) => format!("{host}:{port}"),
    })
}

fn is_label(label: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !label.is_empty() && label.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_authority_as_ids_have_it() {
        for (text, authority) in [
            ("Social.Example", "social.example"),
            ("social.example.", "social.example"),
            ("social.example:443", "social.example"),
            ("social.example:80", "social.example"),
            ("social.example:8443", "social.example:8443"),
            ("127.0.0.1:4001", "127.0.0.1:4001"),
            ("[::1]:4001", "[::1]:4001"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("localhost", "localhost"),
            ("groups:443", "groups"),
            ("a_b.example", "a_b.example"),
        ] {
            assert_eq!(host(text), Ok(authority.to_owned()));
        }
    }

    #[test]
    fn a_host_written_otherwise_is_answered_with_what_to_write() {
        for (text, said) in [
            ("https://Social.Example/about", "write social.example"),
            ("http://127.0.0.1:4001", "write 127.0.0.1:4001"),
            ("@ann@social.example", "write social.example"),
            ("*.social.example", "write social.example"),
        ] {
            assert!(host(text).is_err_and(|why| why.ends_with(said)), "{text}");
        }
        for text in [
            "",
            " ",
            "a b",
            "social.example/users",
            "a..b",
            "ex*mple",
            "host:99999",
            "18603",
            "0x7f.1",
            "127.1",
            "not_a_host",
            "nobody",
            "https://",
        ] {
            assert!(host(text).is_err(), "{text}");
        }
    }
}
