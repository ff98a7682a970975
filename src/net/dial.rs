//! From a URL to a connection.
//!
//! One rule: the address that is connected is one that was judged just before, in this file's one call of `connect`,
//! and it is not crowded.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use super::address::opened_by_operator;
use super::check::Reach;
use super::connection::Connection;
use super::crowd::{Crowd, Place, neighbourhood};
use super::resolve::Guard;
use super::tls::Tls;
use super::{Cause, Error, Forbidden, Rules, Width};

/// An address that has not answered within this time gets company (RFC 8305 §5).
const IMPATIENCE: Duration = Duration::from_millis(250);
/// Addresses of one name that are tried at the same time.
const AT_ONCE: usize = 2;

pub(super) struct Dialer {
    pub(super) rules: Arc<Rules>,
    pub(super) guard: Guard,
    pub(super) tls: Tls,
    pub(super) addresses: Crowd<IpAddr>,
}

/// A request's place at the address that it goes to; none where the operator has opened the range.
pub(super) type AtAddress = Option<Place<IpAddr>>;

impl Dialer {
    /// Connects to the host of `url`, within the time for connections.
    pub(super) async fn dial(
        &self,
        url: &Url,
        reach: Reach,
        width: Width,
    ) -> Result<(Connection, AtAddress), Error> {
        let dialing = async {
            let (stream, address, place) = self.connect(url, reach).await?;
            let connection = self.speak(stream, address, url, width).await?;
            Ok((connection, place))
        };
        let dialed = timeout(self.rules.limits.connect, dialing).await;
        dialed.map_err(|_| Error::Timeout)?
    }

    /// # Errors
    /// [`Error::Busy`] if too many are there already.
    pub(super) fn enter(&self, address: IpAddr) -> Result<AtAddress, Error> {
        if opened_by_operator(address, &self.rules) {
            return Ok(None);
        }
        self.addresses.enter(neighbourhood(address)).map(Some)
    }

    async fn speak(
        &self,
        stream: TcpStream,
        address: IpAddr,
        url: &Url,
        width: Width,
    ) -> Result<Connection, Error> {
        let host = url.host().ok_or(Forbidden::Host)?;
        if url.scheme() == "https" {
            let (stream, http2) = self.tls.over(stream, &host, width).await?;
            Connection::over(stream, http2, address).await
        } else {
            Connection::over(stream, false, address).await
        }
    }

    async fn connect(&self, url: &Url, reach: Reach) -> Result<(TcpStream, IpAddr, AtAddress), Error> {
        let host = url.host().ok_or(Forbidden::Host)?;
        let port = url.port_or_known_default().ok_or(Forbidden::Port)?;
        let addresses = self.guard.addresses(&host, reach).await?;
        match addresses[..] {
            [only] => self.attempt(only, port).await,
            _ => self.first_of(addresses, port).await,
        }
    }

    /// The first address that answers; the next is tried when one has failed, or beside one that is slow.
    async fn first_of(
        &self,
        addresses: Vec<IpAddr>,
        port: u16,
    ) -> Result<(TcpStream, IpAddr, AtAddress), Error> {
        let rounds = addresses.len().div_ceil(AT_ONCE);
        let patience = self.rules.limits.connect / u32::try_from(rounds).unwrap_or(1);
        let mut waiting = by_turns(addresses).into_iter();
        let mut trying = FuturesUnordered::new();
        let mut failed = None;
        loop {
            if trying.len() < AT_ONCE
                && let Some(address) = waiting.next()
            {
                let attempt = self.attempt(address, port);
                trying.push(async move { timeout(patience, attempt).await.unwrap_or(Err(Error::Timeout)) });
            }
            let may_add = trying.len() < AT_ONCE && waiting.len() > 0;
            let wait = if may_add { IMPATIENCE } else { patience };
            match timeout(wait, trying.next()).await {
                Ok(Some(Ok(connected))) => return Ok(connected),
                // A crowd at one address says less about this peer than what happened at another.
                Ok(Some(Err(Error::Busy))) if failed.is_some() => {}
                Ok(Some(Err(error))) => failed = Some(error),
                Ok(None) => return Err(failed.unwrap_or(Error::Connect(Cause::Name))),
                Err(_) => {}
            }
        }
    }

    async fn attempt(&self, address: IpAddr, port: u16) -> Result<(TcpStream, IpAddr, AtAddress), Error> {
        let place = self.enter(address)?;
        let stream = TcpStream::connect(SocketAddr::new(address, port)).await;
        let stream = stream.map_err(|error| Error::Connect(cause(&error)))?;
        // A request is written in one go; waiting for more to send only delays its end.
        let _ = stream.set_nodelay(true);
        Ok((stream, address, place))
    }
}

/// Both families in turn, IPv6 first (RFC 8305 §4).
fn by_turns(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let (six, four): (Vec<_>, Vec<_>) = addresses.into_iter().partition(IpAddr::is_ipv6);
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    let mut mixed = Vec::new();
    loop {
        match (six.next(), four.next()) {
            (None, None) => return mixed,
            pair => mixed.extend([pair.0, pair.1].into_iter().flatten()),
        }
    }
}

fn cause(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Cause::Refused,
        _ => Cause::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let read = |list: &str| list.split(' ').map(|ip| ip.parse().unwrap()).collect::<Vec<_>>();
        for (given, tried) in [
            (
                "192.0.2.1 192.0.2.2 2001:db8::1",
                "2001:db8::1 192.0.2.1 192.0.2.2",
            ),
            (
                "2001:db8::1 2001:db8::2 192.0.2.1",
                "2001:db8::1 192.0.2.1 2001:db8::2",
            ),
            ("192.0.2.1 192.0.2.2", "192.0.2.1 192.0.2.2"),
        ] {
            assert_eq!(by_turns(read(given)), read(tried));
        }
    }
}
