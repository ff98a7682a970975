//! The kinds of value that a setting may have: how each is read, and what to say when it cannot be.
//!
//! One rule: whatever passes [`Kind::read`] deserializes into the field of `settings.rs`, already in its one spelling
//! (hosts in lower case, ranges without host bits, origins without a path).
//! A new kind is a variant here and an arm in each of the three functions.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use ipnet::IpNet;
use toml::{Table, Value};
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A path; `~` is not expanded.
    Path,
    /// An IP address and a port.
    Address,
    /// The same, or nothing.
    AddressOrNone,
    /// `http` or `https`, a host, perhaps a port.
    Origin,
    /// The address of a Postgres database. Secret.
    Postgres,
    /// A list of address ranges.
    Nets,
    Ports,
    /// A list of authorities.
    Hosts,
    /// A host's name: no port, no address.
    Domain,
    /// A table from domains to origins of http on this machine.
    Origins,
    /// `nobody`, `anyone`, or a list of actors and authorities.
    Founders,
    Flag,
    /// A whole number between the two, both included.
    Count(i64, i64),
    /// Directives for the log.
    Filter,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

impl Kind {
    /// What may stand here, after "expects".
    pub(super) fn expected(self) -> String {
        match self {
            Self::Path => "a path in quotes, written out (`~` means nothing here)".to_owned(),
            Self::Address => r#"an IP address and a port, such as "127.0.0.1:8536" or "[::]:8536""#.to_owned(),
            Self::AddressOrNone => {
                r#"an IP address and a port, such as "127.0.0.1:8537", or "" for none"#.to_owned()
            }
            Self::Origin => {
                r#"an address of http or https and a host, with no path, user or query, such as "https://groups.example""#
                    .to_owned()
            }
            Self::Postgres => r#"an address such as "postgres://user:password@host/database""#.to_owned(),
            Self::Nets => r#"a list of address ranges, such as "10.0.0.0/8" or "fd00::/8""#.to_owned(),
            Self::Ports => "a list of ports, each from 1 to 65535".to_owned(),
            Self::Hosts => {
                r#"a list of hosts, such as "example.org" or "example.org:8443", with no https://, path or *"#.to_owned()
            }
            Self::Domain => r#"a domain, such as "example.org", with no https://, port or path"#.to_owned(),
            Self::Origins => {
                r#"a table of domains and addresses of this machine, such as { "b.test" = "http://127.0.0.1:4101" }"#.to_owned()
            }
            Self::Founders => {
                r#""nobody", "anyone", or a list of actors and hosts, such as "https://example.org/u/ann" or "example.org""#
                    .to_owned()
            }
            Self::Flag => "true or false, without quotes".to_owned(),
            Self::Count(least, most) => format!("a whole number from {least} to {most}"),
            Self::Filter => r#"what to log, such as "info" or "info,folkmoot::delivery=debug""#.to_owned(),
            Self::OneOf(words) => {
                let quoted: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
                quoted.join(" or ")
            }
        }
    }

    /// Whether a value of this kind must never be shown.
    pub(super) fn is_secret(self) -> bool {
        self == Self::Postgres
    }

    /// What an environment variable says, as TOML would have said it. Text that does not fit stays text: [`Kind::read`]
    /// complains about it.
    pub(super) fn parse(self, text: &str) -> Value {
        let number = |text: &str| text.parse().map_or_else(|_| text.into(), Value::Integer);
        let list = || text.split(',').map(str::trim).filter(|item| !item.is_empty());
        match self {
            Self::Nets | Self::Hosts => Value::Array(list().map(Value::from).collect()),
            Self::Founders if EVERYBODY.contains(&text.trim()) => text.trim().into(),
            Self::Founders => Value::Array(list().map(Value::from).collect()),
            Self::Ports => Value::Array(list().map(number).collect()),
            Self::Origins => {
                let pairs: Option<Table> = list().map(pair).collect();
                pairs.map_or_else(|| text.into(), Value::Table)
            }
            Self::Count(..) => number(text.trim()),
            Self::Flag => text.trim().parse().map_or_else(|_| text.into(), Value::Boolean),
            _ => text.into(),
        }
    }

    /// The value in its one spelling, or else the part of it that is wrong.
    pub(super) fn read(self, value: &Value) -> Result<Value, Value> {
        let each = |read: fn(&Value) -> Option<Value>| {
            let items = value.as_array().ok_or_else(|| value.clone())?;
            let items: Result<Vec<_>, _> = items
                .iter()
                .map(|item| read(item).ok_or_else(|| item.clone()))
                .collect();
            items.map(Value::Array)
        };
        let text = value.as_str();
        let read = match self {
            Self::Nets => return each(|item| net(item.as_str()?)),
            Self::Hosts => return each(|item| authority(item.as_str()?)),
            Self::Founders if text.is_some_and(|text| EVERYBODY.contains(&text)) => Some(value.clone()),
            Self::Founders => return each(|item| founder(item.as_str()?)),
            Self::Ports => return each(port),
            Self::Domain => text.and_then(domain).map(Value::from),
            Self::Origins => return origins(value),
            Self::Path => text
                .filter(|text| !text.is_empty() && !Path::new(text).starts_with("~"))
                .map(Value::from),
            Self::Address => text.and_then(address),
            Self::AddressOrNone => match text {
                Some("") => Some("".into()),
                text => text.and_then(address),
            },
            Self::Origin => text.and_then(origin),
            Self::Postgres => text.filter(|text| is_postgres(text)).map(Value::from),
            Self::Flag => value.as_bool().map(Value::from),
            Self::Count(least, most) => value
                .as_integer()
                .filter(|number| (least..=most).contains(number))
                .map(Value::from),
            Self::Filter => text
                .filter(|text| !text.is_empty() && EnvFilter::try_new(text).is_ok())
                .map(Value::from),
            Self::OneOf(words) => text.filter(|text| words.contains(text)).map(Value::from),
        };
        read.ok_or_else(|| value.clone())
    }
}

/// The words for all at once.
const EVERYBODY: [&str; 2] = ["nobody", "anyone"];

/// An actor by its URL, or a host.
fn founder(text: &str) -> Option<Value> {
    if !text.contains("://") {
        return authority(text);
    }
    let url = Url::parse(text).ok()?;
    let is_actor = matches!(url.scheme(), "http" | "https") && url.fragment().is_none();
    (is_actor && host(&url).is_some()).then(|| url.to_string().into())
}

fn address(text: &str) -> Option<Value> {
    Some(text.parse::<SocketAddr>().ok()?.to_string().into())
}

fn port(value: &Value) -> Option<Value> {
    let number = value.as_integer()?;
    (1..=65535).contains(&number).then(|| number.into())
}

/// `10.1.2.3/8` is `10.0.0.0/8`, and a bare address is the range that holds it alone.
fn net(text: &str) -> Option<Value> {
    let net: IpNet = text
        .parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .ok()?;
    Some(net.trunc().to_string().into())
}

fn authority(text: &str) -> Option<Value> {
    if text.contains(|c: char| "/\\@?#".contains(c) || c.is_whitespace()) {
        return None;
    }
    let url = Url::parse(&format!("https://{text}/")).ok()?;
    let host = host(&url)?;
    let host = host.strip_suffix('.').unwrap_or(&host);
    Some(match url.port() {
        Some(port) => format!("{host}:{port}").into(),
        None => host.into(),
    })
}

fn origin(text: &str) -> Option<Value> {
    let url = Url::parse(text).ok()?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    let host = host(&url)?;
    if !bare || !matches!(url.scheme(), "http" | "https") || host.ends_with('.') {
        return None;
    }
    Some(url.origin().ascii_serialization().into())
}

/// The host, unless it could not be a name: `Url` lets `*` and its like through.
fn host(url: &Url) -> Option<String> {
    match url.host()? {
        Host::Domain(name) => {
            let labels = name.strip_suffix('.').unwrap_or(name);
            let fits = labels.split('.').all(|label| {
                !label.is_empty()
                    && label
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            });
            fits.then(|| name.to_owned())
        }
        address => Some(address.to_string()),
    }
}

/// `b.test=http://127.0.0.1:4101`.
fn pair(text: &str) -> Option<(String, Value)> {
    let (name, address) = text.split_once('=')?;
    Some((name.trim().to_owned(), address.trim().into()))
}

/// In its one spelling: lower case, punycode.
fn domain(text: &str) -> Option<String> {
    let url = Url::parse(&format!("https://{text}/")).ok()?;
    let is_bare =
        url.port().is_none() && !text.contains(|c: char| "/\\@?#:".contains(c) || c.is_whitespace());
    match url.host()? {
        Host::Domain(name) if is_bare && name.contains('.') && !name.ends_with('.') => host(&url),
        _ => None,
    }
}

fn origins(value: &Value) -> Result<Value, Value> {
    let table = value.as_table().ok_or_else(|| value.clone())?;
    let read = |(name, address): (&String, &Value)| {
        let there = address.as_str().and_then(origin);
        let is_near = there
            .as_ref()
            .and_then(Value::as_str)
            .and_then(|there| Url::parse(there).ok())
            .is_some_and(|url| url.scheme() == "http" && is_this_machine(&url));
        match (domain(name), there) {
            (Some(name), Some(there)) if is_near => Ok((name, there)),
            _ => Err(Value::String(format!("{name} = {address}"))),
        }
    };
    let read: Result<Table, Value> = table.iter().map(read).collect();
    read.map(Value::Table)
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    }
}

fn is_postgres(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "postgres" | "postgresql"))
}
