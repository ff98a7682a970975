//! TLS sessions to resume: who is met again is not asked for papers again.
//!
//! One rule: one session a server. rustls' own store keeps room for eight tickets of each; here most servers are met
//! once in a while, over one connection.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

/// The sessions of a bounded number of servers; those that were not met for longest are forgotten.
#[derive(Debug)]
pub(super) struct Sessions {
    most: usize,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    servers: HashMap<ServerName<'static>, Server>,
    by_age: BTreeMap<u64, ServerName<'static>>,
    meetings: u64,
}

#[derive(Debug, Default)]
struct Server {
    met: u64,
    group: Option<NamedGroup>,
    tls12: Option<Box<Tls12ClientSessionValue>>,
    /// Used once: a ticket that is shown twice tells who we are (RFC 8446 §C.4).
    tls13: Option<Box<Tls13ClientSessionValue>>,
}

impl Sessions {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes something about a server that is met now.
    fn meet(&self, name: ServerName<'static>, note: impl FnOnce(&mut Server)) {
        let mut known = self.known();
        known.meetings += 1;
        let now = known.meetings;
        let server = known.servers.entry(name.clone()).or_default();
        let before = std::mem::replace(&mut server.met, now);
        note(server);
        known.by_age.remove(&before);
        known.by_age.insert(now, name);
        while known.servers.len() > self.most
            && let Some((_, eldest)) = known.by_age.pop_first()
        {
            known.servers.remove(&eldest);
        }
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.meet(name, |server| server.group = Some(group));
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.known().servers.get(name)?.group
    }

    fn set_tls12_session(&self, name: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.meet(name, |server| server.tls12 = Some(Box::new(session)));
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.known().servers.get(name)?.tls12.as_deref().cloned()
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        if let Some(server) = self.known().servers.get_mut(name) {
            server.tls12 = None;
        }
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.meet(name, |server| server.tls13 = Some(Box::new(ticket)));
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        let ticket = self.known().servers.get_mut(name)?.tls13.take()?;
        Some(*ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(host: usize) -> ServerName<'static> {
        format!("host{host}.test").try_into().unwrap()
    }

    /// What both maps say is the same, and never more than may be.
    #[test]
    fn those_met_last_are_remembered_and_no_others() {
        let sessions = Sessions::new(3);
        for host in [0, 1, 2, 0, 3, 4] {
            sessions.set_kx_hint(name(host), NamedGroup::X25519);
            let known = sessions.known();
            assert!(known.servers.len() <= 3);
            assert_eq!(known.servers.len(), known.by_age.len());
        }
        let kept: Vec<_> = (0..5)
            .filter(|host| sessions.kx_hint(&name(*host)).is_some())
            .collect();
        assert_eq!(kept, [0, 3, 4]);
    }

    #[test]
    fn nothing_is_remembered_where_nothing_may_be() {
        let sessions = Sessions::new(0);
        sessions.set_kx_hint(name(0), NamedGroup::X25519);
        assert_eq!(sessions.kx_hint(&name(0)), None);
        assert!(sessions.known().by_age.is_empty());
    }
}
