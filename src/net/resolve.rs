//! From names to addresses that may be connected.
//!
//! One rule: what was judged is what is connected. The judgement sits in the resolver that the connector itself asks,
//! so there is no second look-up between them for a rebinding name to change; one bad address refuses the whole name.
//! Another source of names implements [`Resolve`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;

use super::address::{address_allowed, opened_by_operator};
use super::check::Reach;
use super::{Error, Forbidden, Rules};

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

/// Stands between the connector and the resolver and lets through only what may be connected.
pub(super) struct Guard {
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) rules: Arc<Rules>,
    pub(super) reach: Reach,
}

impl Guard {
    async fn vetted(&self, name: &str) -> Result<Vec<IpAddr>, Refused> {
        if name == "localhost" {
            return self.loopback();
        }
        let addresses = self.resolver.resolve(name).await?;
        if addresses.is_empty() {
            return Err(Unresolved.into());
        }
        if !addresses.iter().all(|ip| self.allows(*ip)) {
            return Err(Forbidden::Address.into());
        }
        Ok(addresses)
    }

    /// `localhost` is this machine whatever DNS says (RFC 6761 §6.3), on the addresses that the operator opened.
    fn loopback(&self) -> Result<Vec<IpAddr>, Refused> {
        let here = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let opened: Vec<_> = here.into_iter().filter(|ip| self.allows(*ip)).collect();
        if opened.is_empty() {
            Err(Forbidden::Address.into())
        } else {
            Ok(opened)
        }
    }

    fn allows(&self, ip: IpAddr) -> bool {
        match self.reach {
            Reach::Allowed => address_allowed(ip, &self.rules),
            Reach::Opened => opened_by_operator(ip, &self.rules),
        }
    }
}

type Refused = Box<dyn std::error::Error + Send + Sync>;

/// The connector's question. Port 0 means the one of the URL.
pub(super) struct Connector(pub(super) Arc<Guard>);

impl reqwest::dns::Resolve for Connector {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let guard = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = guard.vetted(name.as_str()).await?;
            let sockets = addresses
                .into_iter()
                .take(MAX_ADDRESSES)
                .map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(sockets) as reqwest::dns::Addrs)
        })
    }
}
