//! From names to addresses that may be connected.
//!
//! One rule: what was judged is what is connected. Who connects has the addresses from here and from nowhere else, so
//! there is no second look-up for a rebinding name to change; one bad address refuses the whole name.
//! Another source of names implements [`Resolve`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use url::Host;

use super::address::{address_allowed, opened_by_operator};
use super::check::Reach;
use super::{Cause, Error, Forbidden, Rules};

/// More addresses than this of one name are judged, but not tried.
const MAX_ADDRESSES: usize = 8;
/// Answers that the default resolver remembers.
const CACHE: u64 = 8_192;
/// A server that moves is found again within this time, whatever its records say.
const LONGEST_MEMORY: Duration = Duration::from_secs(60 * 60);
/// A name that was not there may be tomorrow's new server.
const LONGEST_ABSENCE: Duration = Duration::from_secs(5 * 60);

/// All addresses of a name, of both families.
pub type Resolved = Result<Vec<IpAddr>, Unresolved>;

/// The name has no address, or nobody could say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name does not resolve")]
pub struct Unresolved;

/// DNS as a parameter. Tests hand in their own.
pub trait Resolve: Send + Sync {
    /// The addresses of `name`, a host in lower case without a trailing dot. Never called for literal addresses.
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Resolved>;
}

/// The machine's own name servers and hosts file, asked asynchronously, answers cached within bounds.
pub struct System(TokioResolver);

impl System {
    /// Reads the machine's configuration.
    ///
    /// Without one, the name server on this machine is asked, as resolv.conf(5) has it.
    ///
    /// # Errors
    /// [`Error::Setup`] if the resolver cannot be built.
    pub fn new() -> Result<Self, Error> {
        let mut builder = TokioResolver::builder_tokio().unwrap_or_else(|error| {
            tracing::warn!(%error, "no name servers are configured on this machine; trying one at 127.0.0.1");
            let here = NameServerConfig::udp_and_tcp(Ipv4Addr::LOCALHOST.into());
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![here]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        });
        let options = builder.options_mut();
        options.ip_strategy = LookupIpStrategy::Ipv6AndIpv4;
        options.cache_size = CACHE;
        options.positive_max_ttl = Some(LONGEST_MEMORY);
        options.negative_max_ttl = Some(LONGEST_ABSENCE);
        builder
            .build()
            .map(Self)
            .map_err(|error| Error::Setup(error.to_string()))
    }
}

impl Resolve for System {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Resolved> {
        Box::pin(async move {
            // The final dot keeps the machine's search domains out of it: a peer's name means itself.
            let found = self
                .0
                .lookup_ip(format!("{name}."))
                .await
                .map_err(|_| Unresolved)?;
            Ok(found.iter().collect())
        })
    }
}

/// Stands between names and connections, and lets through only addresses that may be connected.
pub(super) struct Guard {
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) rules: Arc<Rules>,
}

impl Guard {
    /// The addresses of `host` that may be tried, every one of them judged; a literal address once more.
    pub(super) async fn addresses(&self, host: &Host<&str>, reach: Reach) -> Result<Vec<IpAddr>, Error> {
        let mut addresses = match *host {
            Host::Ipv4(ip) => vec![ip.into()],
            Host::Ipv6(ip) => vec![ip.into()],
            Host::Domain("localhost") => self.loopback(reach),
            Host::Domain(name) => self.resolver.resolve(name).await.map_err(|Unresolved| NOWHERE)?,
        };
        if addresses.is_empty() {
            return Err(NOWHERE);
        }
        if !addresses.iter().all(|ip| self.allows(*ip, reach)) {
            return Err(Forbidden::Address.into());
        }
        addresses.truncate(MAX_ADDRESSES);
        Ok(addresses)
    }

    /// `localhost` is this machine whatever DNS says (RFC 6761 §6.3), on the addresses that the operator opened.
    fn loopback(&self, reach: Reach) -> Vec<IpAddr> {
        let here = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let opened: Vec<_> = here.into_iter().filter(|ip| self.allows(*ip, reach)).collect();
        if opened.is_empty() { here.to_vec() } else { opened }
    }

    fn allows(&self, ip: IpAddr, reach: Reach) -> bool {
        match reach {
            Reach::Allowed => address_allowed(ip, &self.rules),
            Reach::Opened => opened_by_operator(ip, &self.rules),
        }
    }
}

const NOWHERE: Error = Error::Connect(Cause::Name);
