//! TLS sessions to resume: who is met again is not asked for papers again.
//!
//! One rule: one session a server. rustls' own store keeps room for eight tickets of each; here most servers are met
//! once in a while, over one connection.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

/// The sessions of a bounded number of servers: when half of them are new, those not met since are forgotten.
#[derive(Debug)]
pub(super) struct Sessions {
    most: usize,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    young: HashMap<ServerName<'static>, Server>,
    old: HashMap<ServerName<'static>, Server>,
}

#[derive(Debug, Default)]
struct Server {
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

    fn edit(&self, name: ServerName<'static>, edit: impl FnOnce(&mut Server)) {
        let mut known = self.known();
        if known.young.len() >= self.most / 2 {
            known.old = mem::take(&mut known.young);
        }
        let before = known.old.remove(&name);
        edit(
            known
                .young
                .entry(name)
                .or_insert_with(|| before.unwrap_or_default()),
        );
    }

    fn read<T>(&self, name: &ServerName<'_>, read: impl FnOnce(&Server) -> Option<T>) -> Option<T> {
        let known = self.known();
        known
            .young
            .get(name)
            .or_else(|| known.old.get(name))
            .and_then(read)
    }

    fn take<T>(&self, name: &ServerName<'static>, take: impl FnOnce(&mut Server) -> Option<T>) -> Option<T> {
        let mut known = self.known();
        let Known { young, old } = &mut *known;
        young.get_mut(name).or_else(|| old.get_mut(name)).and_then(take)
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.edit(name, |server| server.group = Some(group));
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.read(name, |server| server.group)
    }

    fn set_tls12_session(&self, name: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.edit(name, |server| server.tls12 = Some(Box::new(session)));
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.read(name, |server| server.tls12.as_deref().cloned())
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.take(name, |server| server.tls12.take());
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.edit(name, |server| server.tls13 = Some(Box::new(ticket)));
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.take(name, |server| server.tls13.take())
            .map(|ticket| *ticket)
    }
}
