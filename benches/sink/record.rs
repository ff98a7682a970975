//! What came, in order.
//!
//! One rule: an arrival is written down when its last byte is there, before it is answered.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::timeout;

/// One POST to one host.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Arrival {
    pub(crate) host: u32,
    /// The number of the post that it is about.
    pub(crate) post: u32,
    /// When, in nanoseconds on the monotonic clock.
    pub(crate) at: u64,
    /// What it was answered; 0 if nothing.
    pub(crate) status: u16,
    /// Signed by RFC 9421 with Ed25519.
    pub(crate) ed25519: bool,
}

#[derive(Default)]
pub(super) struct Record {
    arrivals: Mutex<Vec<Arrival>>,
    sample: Mutex<Vec<u8>>,
    accepted: watch::Sender<usize>,
}

impl Record {
    pub(super) fn note(&self, arrival: Arrival) {
        lock(&self.arrivals).push(arrival);
        if arrival.status == 202 {
            self.accepted.send_modify(|accepted| *accepted += 1);
        }
    }

    pub(super) fn keep_sample(&self, body: &[u8]) {
        let mut sample = lock(&self.sample);
        if sample.is_empty() {
            sample.extend_from_slice(body);
        }
    }

    pub(super) fn forget(&self) {
        lock(&self.arrivals).clear();
        self.accepted.send_replace(0);
    }

    /// Waits until so many were accepted, at most so long; gives how many are.
    pub(super) async fn accepts(&self, wanted: usize, limit: Duration) -> usize {
        let mut accepted = self.accepted.subscribe();
        // Too late is no error here: the number says it.
        let _ = timeout(limit, accepted.wait_for(|accepted| *accepted >= wanted)).await;
        *self.accepted.borrow()
    }

    pub(super) fn arrivals(&self) -> Vec<Arrival> {
        lock(&self.arrivals).clone()
    }

    pub(super) fn sample(&self) -> Option<String> {
        let sample = String::from_utf8_lossy(&lock(&self.sample)).into_owned();
        Some(sample).filter(|sample| !sample.is_empty())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
