//! How many are at one place at the same time.
//!
//! One rule: nobody waits here. Who waited for a crowded place would take the room that others need (QUE11).
//! A further cap is a [`Crowd`] in whoever enforces it, and its size in [`super::Limits`].

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use url::Host;

use super::Error;

/// Those under way, by what they have in common. It knows only who is there, so it needs no bound of its own.
#[derive(Debug)]
pub(super) struct Crowd<K> {
    most: usize,
    there: Arc<Mutex<HashMap<K, usize>>>,
}

/// One of those who are there, until it is dropped.
#[derive(Debug)]
pub(super) struct Place<K: Eq + Hash> {
    key: K,
    there: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K: Eq + Hash + Clone> Crowd<K> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            there: Arc::default(),
        }
    }

    /// # Errors
    /// [`Error::Busy`] if as many as may are there.
    pub(super) fn enter(&self, key: K) -> Result<Place<K>, Error> {
        let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        let count = there.get(&key).copied().unwrap_or_default();
        if count >= self.most {
            return Err(Error::Busy);
        }
        there.insert(key.clone(), count + 1);
        Ok(Place {
            key,
            there: Arc::clone(&self.there),
        })
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        match there.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                there.remove(&self.key);
            }
        }
    }
}

/// What one machine, or one customer of a network, has: an IPv4 address, or 64 bits of an IPv6 one (RFC 4291 §2.5.4).
pub(super) fn neighbourhood(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Whose a host is, where its name tells: all names below one that somebody registered. A host below no known public
/// suffix is its own. A literal address is counted as an address.
pub(super) fn owner<'a>(host: &Host<&'a str>) -> Option<&'a str> {
    let Host::Domain(name) = *host else {
        return None;
    };
    let domain = psl::domain(name.as_bytes()).filter(|domain| domain.suffix().is_known());
    let length = domain.map_or(name.len(), |domain| domain.as_bytes().len());
    name.get(name.len().saturating_sub(length)..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_left() {
        let crowd = Crowd::new(2);
        let (first, _second) = (crowd.enter("a").unwrap(), crowd.enter("a").unwrap());
        assert!(matches!(crowd.enter("a"), Err(Error::Busy)));
        assert!(crowd.enter("b").is_ok());
        drop(first);
        assert!(crowd.enter("a").is_ok());
    }

    #[test]
    fn nobody_is_remembered_who_is_not_there() {
        let crowd = Crowd::new(1);
        drop(crowd.enter("a").unwrap());
        assert!(crowd.there.lock().unwrap().is_empty());
    }

    #[test]
    fn who_has_one_address_of_a_network_has_them_all() {
        let of = |ip: &str| neighbourhood(ip.parse().unwrap());
        assert_eq!(of("2a01:4f8:1:2::1"), of("2a01:4f8:1:2:ffff::9"));
        assert_ne!(of("2a01:4f8:1:2::1"), of("2a01:4f8:1:3::1"));
        assert_eq!(of("::ffff:8.8.8.8"), of("8.8.8.8"));
        assert_ne!(of("8.8.8.8"), of("8.8.8.9"));
    }

    #[test]
    fn names_below_one_domain_are_one_owners() {
        let of = |host: &'static str| owner(&Host::<&str>::Domain(host));
        for host in ["example.co.uk", "a.example.co.uk", "x.y.example.co.uk"] {
            assert_eq!(of(host), Some("example.co.uk"));
        }
        assert_eq!(of("ann.github.io"), Some("ann.github.io"));
        assert_eq!(of("a.peer.test"), Some("a.peer.test"));
        assert_eq!(owner(&Host::Ipv4([8, 8, 8, 8].into())), None);
    }
}
