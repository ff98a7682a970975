//! Signatures, made off the threads that carry requests.
//!
//! One rule: as many at a time as there are cores, so that whoever waits for an answer never waits behind a thousand of
//! them. One RSA signature takes a third of a millisecond, a thousand times what everything else in a request does; one
//! with Ed25519 takes so little that it is made where it is wanted.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tokio::{sync::Semaphore, task};

use crate::{
    delivery::{
        figures,
        keys::Key,
        knock::Envelope,
        prepare::{self, Ready},
    },
    signature::{KeyKind, Scheme},
};

/// The places for signing.
pub(super) struct Signing(Arc<Semaphore>);

/// A request that is signed, and how long it waited for its turn to be.
pub(super) struct Signed {
    pub ready: Result<Ready, String>,
    pub waited: Duration,
}

impl Signing {
    pub(super) fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores)))
    }

    /// Signs what is to be brought, as of `now`.
    pub(super) async fn sign(
        &self,
        envelope: &Envelope,
        key: &Arc<Key>,
        scheme: Scheme,
        now: DateTime<Utc>,
    ) -> Signed {
        let began = Instant::now();
        if key.private.public().kind() == KeyKind::Ed25519 {
            let Envelope {
                inbox, body, reach, ..
            } = envelope;
            let ready = prepare::request(inbox, body, key, scheme, reach.as_deref(), now);
            figures::signed(began.elapsed());
            return Signed {
                ready,
                waited: Duration::ZERO,
            };
        }
        let place = Arc::clone(&self.0).acquire_owned().await;
        let waited = began.elapsed();
        let (inbox, body, key) = (
            Arc::clone(&envelope.inbox),
            envelope.body.clone(),
            Arc::clone(key),
        );
        let reach = envelope.reach.clone();
        let signing = task::spawn_blocking(move || {
            let began = Instant::now();
            let ready = prepare::request(&inbox, &body, &key, scheme, reach.as_deref(), now);
            figures::signed(began.elapsed());
            drop(place);
            ready
        });
        Signed {
            ready: signing
                .await
                .unwrap_or_else(|_| Err("it could not be signed".to_owned())),
            waited,
        }
    }
}
