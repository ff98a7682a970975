//! Who is calling, by address, and how often they may.
//!
//! One rule: an address counts as what a trusted proxy says, never as what a stranger says. IPv6 callers are counted by
//! their /64: one home has as many addresses below that as it likes.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::Quota;
use http::{Extensions, HeaderMap, Method, StatusCode};
use ipnet::IpNet;

use crate::{
    config::Settings,
    engine::{Left, Refused, Shares},
    web::{
        Web,
        error::{self, Problem},
    },
};

/// More addresses than this are not remembered past what they still owe.
const REMEMBERED: usize = 20_000;
const WHY: &str = "Too much has come from this address.";
/// Messages that one address may leave in a minute.
const MESSAGES: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const FORWARDED: &str = "x-forwarded-for";

/// Counts callers.
pub(super) struct Gate {
    trusted: Vec<IpNet>,
    reads: Shares<IpAddr>,
    strikes: Shares<IpAddr>,
    messages: Shares<IpAddr>,
    /// Who sent too many bad signatures, and until when they are not heard.
    shut: Mutex<HashMap<IpAddr, Instant>>,
}

impl Gate {
    pub(super) fn new(settings: &Settings) -> Self {
        let limits = &settings.limits;
        Self {
            trusted: settings.server.trusted_proxies.clone(),
            reads: Shares::new(Quota::per_minute(limits.requests_per_minute), WHY),
            strikes: Shares::new(Quota::per_minute(limits.bad_signatures_per_minute), WHY),
            messages: Shares::new(Quota::per_minute(MESSAGES), WHY),
            shut: Mutex::default(),
        }
    }

    /// One more read.
    fn read(&self, who: IpAddr) -> Result<Left, Problem> {
        Ok(self.reads.count(&who)?)
    }

    /// One more message to whoever runs this.
    pub(super) fn message(&self, who: IpAddr) -> Result<(), Problem> {
        self.messages.count(&who)?;
        Ok(())
    }

    /// Whether this one may still try signatures.
    fn is_open(&self, who: IpAddr) -> Result<(), Problem> {
        let shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
        match shut
            .get(&who)
            .map(|until| until.saturating_duration_since(Instant::now()))
        {
            Some(left) if !left.is_zero() => Err(too_many(left)),
            _ => Ok(()),
        }
    }

    /// One more bad signature.
    fn strike(&self, who: IpAddr) {
        let Err(Refused::TooMany { retry_after, .. }) = self.strikes.count(&who) else {
            return;
        };
        let wait = Duration::from_secs(retry_after.into());
        let now = Instant::now();
        let mut shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
        if shut.len() > REMEMBERED {
            shut.retain(|_, until| *until > now);
        }
        shut.insert(who, now + wait);
    }

    /// The caller: the last address that no trusted proxy stands for.
    pub(super) fn caller(&self, extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
        let direct = extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| {
                address.ip()
            });
        let mut caller = direct.to_canonical();
        // Several headers are one list; the proxy nearest to us wrote the last of it.
        let hops: Vec<_> = headers
            .get_all(FORWARDED)
            .iter()
            .flat_map(|value| value.to_str().unwrap_or("?").split(','))
            .collect();
        for hop in hops.iter().rev() {
            if !self.is_trusted(caller) {
                break;
            }
            match hop.trim().parse::<IpAddr>() {
                Ok(address) => caller = address.to_canonical(),
                Err(_) => break,
            }
        }
        whole_site(caller)
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&address))
    }
}

/// Reads are counted, and what is left goes along with the request; posts are turned away only after too many bad signatures.
pub(super) async fn at_the_gate(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let who = web.gate.caller(request.extensions(), request.headers());
    let posts = *request.method() == Method::POST;
    let entry = if posts {
        web.gate.is_open(who).map(|()| None)
    } else {
        web.gate.read(who).map(Some)
    };
    match entry {
        Ok(Some(left)) => drop(request.extensions_mut().insert(left)),
        Ok(None) => {}
        Err(problem) => return problem.into_response(),
    }
    let response = next.run(request).await;
    if posts && response.status() == StatusCode::UNAUTHORIZED {
        web.gate.strike(who);
    }
    response
}

fn too_many(wait: Duration) -> Problem {
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
    let why = format!("{WHY} {}", error::TOO_MANY.help);
    Problem::because(error::TOO_MANY, why).after(seconds.saturating_add(1))
}

fn whole_site(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => Ipv6Addr::from(u128::from(v6) & (!0 << 64)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(trusted: &str) -> Gate {
        let quota = Quota::per_minute(NonZeroU32::new(3).expect("not zero"));
        Gate {
            trusted: trusted.split(',').filter_map(|net| net.parse().ok()).collect(),
            reads: Shares::new(quota, WHY),
            strikes: Shares::new(quota, WHY),
            messages: Shares::new(quota, WHY),
            shut: Mutex::default(),
        }
    }

    fn caller(gate: &Gate, direct: &str, forwarded: &[&str]) -> String {
        let mut extensions = Extensions::new();
        let direct: IpAddr = direct.parse().expect("an address");
        extensions.insert(ConnectInfo(SocketAddr::new(direct, 1)));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, value.parse().expect("a header"));
        }
        gate.caller(&extensions, &headers).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_an_address() {
        let gate = gate("10.0.0.0/8");
        assert_eq!(caller(&gate, "203.0.113.5", &["198.51.100.1"]), "203.0.113.5");
        assert_eq!(caller(&gate, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(
            caller(&gate, "10.0.0.1", &["198.51.100.1, 203.0.113.5"]),
            "203.0.113.5",
            "what stands before the last hop was written by the stranger"
        );
        assert_eq!(
            caller(&gate, "10.0.0.1", &["198.51.100.1", "203.0.113.5, 10.0.0.2"]),
            "203.0.113.5"
        );
        assert_eq!(caller(&gate, "10.0.0.1", &["203.0.113.5, nonsense"]), "10.0.0.1");
        assert_eq!(caller(&gate, "::ffff:10.0.0.1", &["203.0.113.5"]), "203.0.113.5");
    }

    #[test]
    fn one_site_is_one_caller() {
        let gate = gate("");
        let one = caller(&gate, "2001:db8:1:2:3::4", &[]);
        assert_eq!(one, caller(&gate, "2001:db8:1:2:ffff::1", &[]));
        assert_ne!(one, caller(&gate, "2001:db8:1:3::1", &[]));
    }

    #[test]
    fn whoever_reads_too_much_waits_and_others_do_not() {
        let gate = gate("");
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for _ in 0..3 {
            assert!(gate.read(one).is_ok());
        }
        let problem = gate.read(one).expect_err("too many").into_response();
        assert_eq!(problem.status(), StatusCode::TOO_MANY_REQUESTS);
        let wait: u32 = problem.headers()["retry-after"]
            .to_str()
            .ok()
            .and_then(|text| text.parse().ok())
            .expect("seconds");
        assert!((1..=21).contains(&wait), "{wait}");
        assert!(gate.read(other).is_ok());
    }

    #[test]
    fn bad_signatures_shut_the_door_and_good_ones_do_not() {
        let gate = gate("");
        let who = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..3 {
            gate.strike(who);
            assert!(gate.is_open(who).is_ok());
        }
        gate.strike(who);
        assert!(gate.is_open(who).is_err());
        assert!(gate.is_open(IpAddr::from([192, 0, 2, 2])).is_ok());
    }
}
