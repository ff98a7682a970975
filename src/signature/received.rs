//! A request that arrived, as signatures see it.
//!
//! One rule: the host is ours, whatever the `Host` header says. A signature that was made for another server fails
//! here, and a proxy that rewrites `Host` does no harm (SIG08, WEB18).

use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::Refused;

/// How far a signature's time may lie from now, either way: an hour for clocks in the wrong summer time, five minutes
/// for clocks that drift. One window serves `Date` and `created`, in the past and in the future alike.
pub const WINDOW: TimeDelta = TimeDelta::minutes(65);

/// Largest header that is read as a signature, in bytes.
const MAX_HEADER: usize = 8 * 1024;

/// A request as it arrived, before anything in it is believed.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    pub method: &'a str,
    /// Our configured `host[:port]`, not the `Host` header.
    pub authority: &'a str,
    /// `https` or `http`: that of our public address, whatever a proxy in front speaks to us.
    pub scheme: &'a str,
    /// `path[?query]`, byte for byte as received.
    pub target: &'a str,
    pub headers: &'a HeaderMap,
    /// The raw bytes.
    pub body: &'a [u8],
}

/// Where the signatures of a request stand.
pub(super) struct Sources {
    /// The parameters of the one draft-cavage signature.
    pub(super) cavage: Option<String>,
    /// `Signature-Input` and `Signature` of RFC 9421, each joined to one line.
    pub(super) rfc9421: Option<(String, String)>,
}

impl<'a> Received<'a> {
    /// Finds the signatures. Both schemes use the name `Signature`; a line of RFC 9421 is a dictionary of byte
    /// sequences (`sig1=:...:`), which draft-cavage can never look like.
    pub(super) fn sources(&self) -> Result<Sources, Refused> {
        let (dictionaries, mut cavage): (Vec<_>, Vec<_>) = self
            .lines("Signature")?
            .into_iter()
            .partition(|line| is_dictionary(line));
        cavage.extend(self.authorization()?);
        if cavage.len() > 1 {
            return Err(Refused::Ambiguous);
        }
        let inputs = self.lines("Signature-Input")?;
        let rfc9421 = match (inputs.is_empty(), dictionaries.is_empty()) {
            (true, true) => None,
            (false, false) => Some((inputs.join(", "), dictionaries.join(", "))),
            _ => return Err(Refused::Unpaired),
        };
        Ok(Sources {
            cavage: cavage.pop().map(str::to_owned),
            rfc9421,
        })
    }

    /// What stands after `Signature` in `Authorization` headers; other schemes of authorization are not ours to read.
    fn authorization(&self) -> Result<Vec<&'a str>, Refused> {
        let mut found = Vec::new();
        for line in self.headers.get_all(AUTHORIZATION) {
            let Some((scheme, parameters)) = line.to_str().unwrap_or_default().split_once(' ') else {
                continue;
            };
            if scheme.eq_ignore_ascii_case("Signature") {
                if parameters.len() > MAX_HEADER {
                    return Err(Refused::TooLarge("Authorization"));
                }
                found.push(parameters);
            }
        }
        Ok(found)
    }

    /// The lines of a header of signatures, bounded in size.
    fn lines(&self, name: &'static str) -> Result<Vec<&'a str>, Refused> {
        let mut size = 0;
        let mut lines = Vec::new();
        for line in self.headers.get_all(name) {
            size += line.len();
            if size > MAX_HEADER {
                return Err(Refused::TooLarge(name));
            }
            lines.push(line.to_str().map_err(|_| Refused::Malformed(name))?.trim());
        }
        Ok(lines)
    }

    /// A header as it is signed: lines trimmed and joined by `, `; `None` if it is not there. `name` is in lower case.
    pub(super) fn field(&self, name: &str) -> Option<Vec<u8>> {
        if name == "host" {
            return Some(self.host().as_bytes().to_vec());
        }
        let mut lines = self.headers.get_all(name).iter().peekable();
        lines.peek()?;
        Some(
            lines
                .map(|line| line.as_bytes().trim_ascii())
                .collect::<Vec<_>>()
                .join(&b", "[..]),
        )
    }

    /// A header that must be plain text, its lines joined by `, `.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, Refused> {
        let Some(bytes) = self.field(&name.to_ascii_lowercase()) else {
            return Ok(None);
        };
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| Refused::Malformed(name))
    }

    /// Our own authority, in the spelling of the `Host` header if that means the same.
    fn host(&self) -> &'a str {
        let sent = self
            .headers
            .get(http::header::HOST)
            .and_then(|host| host.to_str().ok());
        sent.filter(|sent| {
            self.without_port(sent)
                .eq_ignore_ascii_case(self.without_port(self.authority))
        })
        .unwrap_or(self.authority)
    }

    /// RFC 9421 §2.2.3: lower case, no port if it is the scheme's own.
    pub(super) fn normal_authority(&self) -> String {
        self.without_port(self.authority).to_ascii_lowercase()
    }

    fn without_port<'h>(&self, host: &'h str) -> &'h str {
        let port = if self.scheme == "https" { ":443" } else { ":80" };
        host.strip_suffix(port).unwrap_or(host)
    }

    pub(super) fn path(&self) -> &'a str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// Without its question mark; `None` if there is none.
    pub(super) fn query(&self) -> Option<&'a str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// Whether a signature is worth nothing unless it covers a digest.
    pub(super) fn needs_digest(&self) -> bool {
        self.method.eq_ignore_ascii_case("POST") || !self.body.is_empty()
    }
}

/// Holds a time in seconds since 1970 against [`WINDOW`]. `name` is told if it fails.
pub(super) fn check_time(seconds: i64, now: DateTime<Utc>, name: &'static str) -> Result<(), Refused> {
    let time = DateTime::from_timestamp(seconds, 0).ok_or(Refused::OutsideWindow(name))?;
    if (time - now).abs() > WINDOW {
        Err(Refused::OutsideWindow(name))
    } else {
        Ok(())
    }
}

/// No skew is allowed: who asks for an end means it.
pub(super) fn check_expiry(seconds: i64, now: DateTime<Utc>) -> Result<(), Refused> {
    if seconds < now.timestamp() {
        Err(Refused::Expired)
    } else {
        Ok(())
    }
}

/// Holds the `Date` header against [`WINDOW`], in any of the three forms of RFC 9110 §5.6.7.
pub(super) fn check_date(received: &Received<'_>, now: DateTime<Utc>) -> Result<(), Refused> {
    let date = received.text("Date")?.ok_or(Refused::AbsentHeader)?;
    let date = httpdate::parse_http_date(&date).map_err(|_| Refused::Malformed("Date"))?;
    check_time(DateTime::<Utc>::from(date).timestamp(), now, "Date")
}

fn is_dictionary(line: &str) -> bool {
    line.split_once('=')
        .is_some_and(|(_, value)| value.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn with<T>(headers: &[(&'static str, &'static str)], read: impl FnOnce(&Received<'_>) -> T) -> T {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let received = Received {
            method: "GET",
            authority: "here.example",
            scheme: "https",
            target: "/a?b=c",
            headers: &map,
            body: b"",
        };
        read(&received)
    }

    #[test]
    fn repeated_lines_are_trimmed_and_joined() {
        let headers = [("x-a", " one "), ("x-a", "two"), ("x-empty", "")];
        with(&headers, |received| {
            assert_eq!(received.field("x-a"), Some(b"one, two".to_vec()));
            assert_eq!(received.field("x-empty"), Some(b"".to_vec()));
            assert_eq!(received.field("x-b"), None);
            assert_eq!(received.field("not a name"), None);
        });
    }

    #[test]
    fn the_host_is_ours_in_the_spelling_of_the_peer() {
        for (sent, read) in [
            ("here.example", "here.example"),
            ("Here.Example:443", "Here.Example:443"),
            ("here.example:8443", "here.example"),
            ("evil.example", "here.example"),
        ] {
            let field = with(&[("host", sent)], |received| received.field("host"));
            assert_eq!(field, Some(read.as_bytes().to_vec()));
        }
        assert_eq!(
            with(&[], |received| received.field("host")),
            Some(b"here.example".to_vec())
        );
    }

    #[test]
    fn the_two_schemes_are_told_apart_by_their_first_value() {
        assert!(is_dictionary("sig1=:YQ==:"));
        assert!(!is_dictionary("keyId=\"https://a.example/\",signature=\"YQ==\""));
        assert!(!is_dictionary("created=1,keyId=\"x\""));
        assert!(!is_dictionary("nonsense"));
    }

    #[test]
    fn the_window_is_65_minutes_either_way_to_the_second() {
        let now = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let check = |offset| check_time(now.timestamp() + offset, now, "created");
        assert_eq!((check(3900), check(-3900)), (Ok(()), Ok(())));
        let outside = Err(Refused::OutsideWindow("created"));
        assert_eq!((check(3901), check(-3901)), (outside, outside));
        assert_eq!(check_time(i64::MAX, now, "created"), outside);
        assert_eq!(check_expiry(now.timestamp(), now), Ok(()));
        assert_eq!(check_expiry(now.timestamp() - 1, now), Err(Refused::Expired));
    }
}
