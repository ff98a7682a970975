//! Handles: how people write who they mean, `@name@host` and its kin.
//!
//! One rule: a host is an authority in its canonical form, lower case and with the port if it is not 443.
//! One more way of writing: a prefix in [`Handle::read`], with a row in the test.

use std::fmt;

use url::Url;

/// Longest name and longest host that anybody has; what is longer is no handle.
const LONGEST: usize = 255;

/// A name at a host, as it was written. It prints as `name@host`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle<'a> {
    /// The name, in the case in which it came.
    pub name: &'a str,
    /// The authority: host, and port if there is one.
    pub host: &'a str,
}

impl<'a> Handle<'a> {
    /// Takes `acct:name@host`, `@name@host`, `!name@host`, `name@host` and any of these with a port apart.
    ///
    /// The name is of letters, digits, `_`, `.` and `-`; the host is not looked at.
    #[must_use]
    pub fn read(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let text = match text.get(..5) {
            Some(scheme) if scheme.eq_ignore_ascii_case("acct:") => &text[5..],
            _ => text,
        };
        let (name, host) = text.strip_prefix(['@', '!']).unwrap_or(text).split_once('@')?;
        let fits = |part: &str| (1..=LONGEST).contains(&part.len());
        (fits(name) && fits(host) && name.chars().all(is_name)).then_some(Self { name, host })
    }
}

impl fmt::Display for Handle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.host)
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// Name and canonical authority of a handle: `("ann", "a.example:8443")`. `None` if it is no handle.
///
/// The name keeps its case. International hosts become `xn--`, and port 443 is left out.
///
/// ```
/// let ann = folkmoot::text::parse_acct("acct:ann@Garden.Example:443");
/// assert_eq!(ann, Some(("ann".to_owned(), "garden.example".to_owned())));
/// ```
#[must_use]
pub fn parse_acct(text: &str) -> Option<(String, String)> {
    let handle = Handle::read(text)?;
    Some((handle.name.to_owned(), authority(handle.host)?))
}

fn authority(host: &str) -> Option<String> {
    let odd =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '\\' | '?' | '#' | '@' | '%');
    if host.contains(odd) || host.ends_with(':') {
        return None;
    }
    let url = Url::parse(&format!("https://{host}/")).ok()?;
    let name = url.host_str()?;
    if name.split('.').any(str::is_empty) {
        return None;
    }
    match url.port() {
        Some(0) => None,
        Some(port) => Some(format!("{name}:{port}")),
        None => Some(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_read_in_every_way_of_writing_it() {
        for text in [
            "acct:ann@a.test",
            "@ann@a.test",
            "!ann@a.test",
            "ann@a.test",
            "ACCT:ann@A.test",
            " acct:@ann@a.test:443\n",
        ] {
            assert_eq!(parse_acct(text), Some(("ann".into(), "a.test".into())), "{text}");
        }
    }

    #[test]
    fn a_port_belongs_to_the_host() {
        for (text, host) in [
            ("ann@localhost:8536", "localhost:8536"),
            ("ann@127.0.0.1:4001", "127.0.0.1:4001"),
            ("ann@[::1]:80", "[::1]:80"),
            ("ann@BÜCHER.test", "xn--bcher-kva.test"),
        ] {
            assert_eq!(parse_acct(text), Some(("ann".into(), host.into())));
        }
    }

    #[test]
    fn the_name_keeps_its_case() {
        assert_eq!(
            parse_acct("@Ann.B-c_1@a.test").map(|(name, _)| name).as_deref(),
            Some("Ann.B-c_1")
        );
    }

    #[test]
    fn what_is_no_handle_is_none() {
        for text in [
            "",
            "@",
            "ann",
            "@ann",
            "ann@",
            "@@a.test",
            "a@b@c",
            "ann@a.test/x",
            "ann@a.test?x",
            "ann@a.test:",
            "ann@a.test:0",
            "ann@a.test:99999",
            "a nn@a.test",
            "ann@a. test",
            "ann@a%2etest",
            "ann@\\evil",
            "ann@a.test#x",
            "acct:",
            "é",
            "a/b@a.test",
            "ann@[::1",
            "ann@..",
            "ann@.test",
            "ann@a..test",
        ] {
            assert_eq!(parse_acct(text), None, "{text:?}");
        }
        assert_eq!(parse_acct(&format!("{}@a.test", "x".repeat(256))), None);
    }

    #[test]
    fn a_handle_prints_as_it_is_written_in_acct() {
        assert_eq!(
            Handle::read("!garden@a.test:81")
                .map(|handle| handle.to_string())
                .as_deref(),
            Some("garden@a.test:81")
        );
    }
}
