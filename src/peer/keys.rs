//! Learning whose a key is.
//!
//! One rule: a document that was read is asked for keys once more a minute at most, and one that failed for good not for
//! five minutes, however many requests name it (KEY09, SIG23); one fetch of it at a time, few in all, within one deadline.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, timeout_at};

use crate::{
    dialect::read_actor,
    domain::Iri,
    peer::{
        FetchError, Peers, Untrusted,
        actor::as_actor,
        fetch::refused,
        key_document::{detached, owner_of, parse},
        key_id::KeyId,
    },
    signature::PublicKey,
    store::{Actor, KeyHolder},
};

/// A document that was read, or that failed for now, is not asked again so soon.
const READ_AGAIN: TimeDelta = TimeDelta::minutes(1);
/// One that failed for good.
const FAILED_AGAIN: TimeDelta = TimeDelta::minutes(5);
/// Where all places are taken: fetches take seconds.
const PLACES_AGAIN: Duration = Duration::from_secs(5);

/// How asking a document for keys ended.
#[derive(Clone, Debug)]
pub(super) struct Learned {
    until: DateTime<Utc>,
    outcome: Result<(), Failure>,
    /// It was asked because a key that we had from it did not verify.
    because: Why,
}

/// Why a document is asked for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// We do not know this key.
    Unknown,
    /// We know it, and it did not verify: it may have been changed.
    Failed,
}

/// Why a document told nothing.
#[derive(Clone, Debug)]
enum Failure {
    Blocked,
    Gone,
    Later,
    Unreachable(String),
}

impl Peers {
    /// Who has this key by what is stored, and the key.
    ///
    /// Where several actors list one key id: the claimed actor, else the one that the id is a fragment of, else the
    /// first that we knew.
    pub(super) async fn held(
        &self,
        key_id: &KeyId,
        claimed: Option<&Iri>,
    ) -> Result<Option<(Actor, PublicKey)>, Untrusted> {
        let holders = self.0.store.key_holders(key_id.iri.as_str()).await?;
        let Some(holder) = choose(holders, key_id, claimed) else {
            return Ok(None);
        };
        let key = self.parsed(&holder.key).await;
        Ok(key.map(|key| (holder.actor, key)))
    }

    async fn parsed(&self, text: &str) -> Option<PublicKey> {
        if let Some(key) = self.0.parsed.get(text).await {
            return Some(key);
        }
        let key = parse(text).ok()?;
        self.0.parsed.insert(text.to_owned(), key.clone()).await;
        Some(key)
    }

    /// Asks the documents that may know this key, until what is stored names the claimed actor as its holder.
    pub(super) async fn learn(
        &self,
        key_id: &KeyId,
        claimed: Option<&Iri>,
        why: Why,
        deadline: Instant,
    ) -> Result<(), Untrusted> {
        let mut ended = Ok(());
        for document in key_id.documents(claimed) {
            ended = self.learn_from(document, key_id, why, deadline).await;
            match &ended {
                Ok(()) if self.is_held_by(key_id, claimed).await? => break,
                Err(Untrusted::Gone | Untrusted::Busy { .. } | Untrusted::Store(_)) => break,
                _ => {}
            }
        }
        ended
    }

    async fn is_held_by(&self, key_id: &KeyId, claimed: Option<&Iri>) -> Result<bool, Untrusted> {
        let held = self.held(key_id, claimed).await?;
        Ok(held.is_some_and(|(actor, _)| claimed.is_none_or(|claimed| *claimed == actor.iri)))
    }

    async fn learn_from(
        &self,
        document: &Iri,
        key_id: &KeyId,
        because: Why,
        deadline: Instant,
    ) -> Result<(), Untrusted> {
        let turn = timeout_at(deadline, self.turn(document.as_str())).await;
        let now = self.0.store.now();
        let Ok(_turn) = turn else {
            return Err(Failure::Later.seen(now, now + READ_AGAIN));
        };
        if let Some(learned) = self.0.learned.get(document.as_str()).await
            && learned.holds(because, now)
        {
            return learned.outcome.map_err(|why| why.seen(now, learned.until));
        }
        let Ok(_place) = self.0.key_places.try_acquire() else {
            return Err(Untrusted::Busy {
                retry_after: PLACES_AGAIN,
            });
        };
        let outcome = match timeout_at(deadline, self.fetch_keys(document, key_id)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(FetchError::Store(error))) => return Err(error.into()),
            Ok(Err(error)) => Err(Failure::from(error)),
            Err(_) => Err(Failure::Later),
        };
        let until = now + again(&outcome);
        let learned = Learned {
            until,
            outcome: outcome.clone(),
            because,
        };
        self.0.learned.insert(document.to_string(), learned).await;
        outcome.map_err(|why| why.seen(now, until))
    }

    /// Fetches a document that may be an actor, or that points at one; stores that actor with its keys.
    async fn fetch_keys(&self, iri: &Iri, key_id: &KeyId) -> Result<(), FetchError> {
        let document = self.fetch_noting_gone(iri).await?;
        if document.is(iri)
            && let Ok(actor) = read_actor(&document.value)
        {
            self.keep(actor).await?;
            return Ok(());
        }
        let owner = owner_of(&document, key_id)
            .filter(|owner| owner != iri)
            .ok_or_else(|| {
                refused("the document there is neither an actor nor a key of one on its server")
            })?;
        let mut actor = as_actor(&self.fetch_noting_gone(&owner).await?, &owner)?;
        for (listed, text) in &mut actor.keys {
            if text.is_none() && listed == key_id.iri.as_str() {
                *text = detached(&document, key_id);
            }
        }
        self.keep(actor).await?;
        Ok(())
    }
}

fn choose(holders: Vec<KeyHolder>, key_id: &KeyId, claimed: Option<&Iri>) -> Option<KeyHolder> {
    let rank = |holder: &KeyHolder| {
        if Some(&holder.actor.iri) == claimed {
            0
        } else if holder.actor.iri == key_id.document {
            1
        } else {
            2
        }
    };
    holders.into_iter().min_by_key(rank)
}

fn again(outcome: &Result<(), Failure>) -> TimeDelta {
    match outcome {
        Ok(()) | Err(Failure::Later) => READ_AGAIN,
        Err(_) => FAILED_AGAIN,
    }
}

impl Learned {
    /// Whether the document is not asked again: the first key that fails may have been changed since it was read.
    fn holds(&self, because: Why, now: DateTime<Utc>) -> bool {
        let changed = because == Why::Failed && self.because == Why::Unknown && self.outcome.is_ok();
        now < self.until && !changed
    }
}

impl Failure {
    /// What a request hears of it at `now`, while it holds `until` then.
    fn seen(self, now: DateTime<Utc>, until: DateTime<Utc>) -> Untrusted {
        match self {
            Self::Blocked => Untrusted::Blocked,
            Self::Gone => Untrusted::Gone,
            Self::Later => Untrusted::Busy {
                retry_after: (until - now).to_std().unwrap_or(PLACES_AGAIN),
            },
            Self::Unreachable(why) => Untrusted::Unreachable(why),
        }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Blocked => Self::Blocked,
            FetchError::Gone => Self::Gone,
            FetchError::Temporary(_) | FetchError::Store(_) => Self::Later,
            FetchError::NotFound | FetchError::Refused(_) => Self::Unreachable(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{net::Rules, store::ActorId};

    #[test]
    fn of_those_who_list_a_key_the_claimed_one_counts_then_its_natural_owner() {
        let holder = |id: i64, iri: &str| KeyHolder {
            actor: Actor {
                id: ActorId(id),
                iri: Iri::object(iri).expect("canonical"),
                host: "a.example".to_owned(),
                kind: "Person".to_owned(),
                username: None,
                name: None,
                inbox: format!("{iri}/inbox"),
                shared_inbox: None,
                followers: None,
                read_at: DateTime::UNIX_EPOCH,
                gone: false,
            },
            key: String::new(),
        };
        let ann = "https://a.example/u/ann";
        let thief = "https://a.example/files/1";
        let both = || vec![holder(1, thief), holder(2, ann)];
        let key_id = KeyId::read(
            "https://a.example/u/ann#main-key",
            "us.example",
            &Rules::strict("tests"),
        )
        .expect("a key id");
        let chosen = |claimed: Option<&str>| {
            let claimed = claimed.map(|iri| Iri::object(iri).expect("canonical"));
            choose(both(), &key_id, claimed.as_ref()).map(|holder| holder.actor.id.0)
        };
        assert_eq!(chosen(None), Some(2));
        assert_eq!(chosen(Some(ann)), Some(2));
        assert_eq!(chosen(Some(thief)), Some(1));
        assert_eq!(chosen(Some("https://a.example/u/bob")), Some(2));
    }

    #[test]
    fn a_key_that_fails_is_asked_for_once_more_and_a_failure_holds() {
        let start = DateTime::from_timestamp(1_767_225_600, 0).expect("a time");
        let learned = |because, outcome: Result<(), Failure>| Learned {
            until: start + again(&outcome),
            outcome,
            because,
        };
        let read = learned(Why::Unknown, Ok(()));
        assert!(read.holds(Why::Unknown, start));
        assert!(!read.holds(Why::Failed, start), "it may have been changed");
        assert!(!read.holds(Why::Unknown, start + READ_AGAIN));
        let read_again = learned(Why::Failed, Ok(()));
        assert!(read_again.holds(Why::Failed, start));
        assert!(!read_again.holds(Why::Failed, start + READ_AGAIN));
        let failed = learned(Why::Unknown, Err(Failure::Unreachable("x".to_owned())));
        assert!(failed.holds(Why::Failed, start + READ_AGAIN));
        assert!(!failed.holds(Why::Unknown, start + FAILED_AGAIN));
    }
}
