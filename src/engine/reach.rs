//! Which of our groups another server takes for followers of a group of its own, where that differs from what we know (FEP-8fcf).
//!
//! One rule: its server is right about who is on its list. Who fell off it asks anew; who is on it and does not want to be,
//! says so. All of it happens after the answer, and seldom: what is missed comes with the next delivery.

use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use moka::future::Cache;
use tokio::sync::Semaphore;

use crate::{
    dialect,
    domain::Iri,
    engine::{AdminError, Engine},
    peer::FetchError,
    signature::{Claim, REACH, Reach, reach_of},
    store::{self, Actor, ActorId, following},
};

/// A group is asked for its list so often at most ...
const SELDOM: Duration = Duration::from_secs(600);
const REMEMBERED: u64 = 10_000;
/// ... and so many of them at a time. Whoever finds no place asks with the next delivery.
const AT_ONCE: usize = 4;

/// Groups that were asked lately.
pub(super) struct Asked {
    /// By whose list it is: the address of the list is whatever its server says.
    lately: Cache<ActorId, ()>,
    places: Arc<Semaphore>,
}

impl Asked {
    pub(super) fn new() -> Self {
        Self {
            lately: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(SELDOM)
                .build(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

/// Why a list was not looked at.
#[derive(Debug, thiserror::Error)]
enum Unheeded {
    #[error(transparent)]
    Unread(#[from] FetchError),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Undone(#[from] AdminError),
}

impl Engine {
    /// Looks at what a group's server says with a delivery of who hears it; asks it if that differs from what we know.
    pub(super) fn heed_reach(&self, headers: &HeaderMap, claims: &[Claim], sender: &Actor) {
        let Some(reach) = headers
            .get(REACH)
            .and_then(|header| Reach::read(header.to_str().ok()?))
        else {
            return;
        };
        let signed = claims.iter().all(|claim| claim.covers(REACH));
        // Of its own list, on its own server, and nobody else's.
        let of_its_server = |id: &str| Iri::object(id).ok().filter(|id| id.same_origin(&sender.iri));
        let (Some(url), Some(_)) = (of_its_server(&reach.url), of_its_server(&reach.collection)) else {
            return;
        };
        if sender.kind != "Group" || !signed {
            return;
        }
        let Ok(place) = Arc::clone(&self.asked().places).try_acquire_owned() else {
            return;
        };
        let (engine, sender) = (self.clone(), sender.clone());
        tokio::spawn(async move {
            if let Err(why) = engine.compare(&sender, &reach, &url).await {
                tracing::info!(group = %sender.iri, %why, "could not see who of us is on its list");
            }
            drop(place);
        });
    }

    async fn compare(&self, sender: &Actor, reach: &Reach, url: &Iri) -> Result<(), Unheeded> {
        let ours = self.store().hearers_of(sender.id).await?;
        let accepted = ours.iter().filter(|hearer| hearer.accepted);
        let known = reach_of(accepted.map(|hearer| self.here().group(&hearer.name)));
        let lately = &self.asked().lately;
        // By who it is, and not by the address that it gives: of those it has as many as it likes.
        if known == reach.digest || !lately.entry(sender.id).or_insert(()).await.is_fresh() {
            return Ok(());
        }
        if !self.is_its_list(sender, &reach.collection).await? {
            return Ok(());
        }
        let (_, list) = self.peers().document(url).await?;
        let Some(listed) = dialect::our_groups_on(&list, self.here()) else {
            return Ok(());
        };
        for hearer in &ours {
            if hearer.accepted && !listed.contains(&hearer.name) {
                tracing::info!(group = hearer.name, followed = %sender.iri, "is on its list no more; asks anew");
                self.unfollow(&hearer.name, &sender.iri).await?;
                self.follow(&hearer.name, &sender.iri).await?;
            }
        }
        for name in listed {
            match ours.iter().find(|hearer| hearer.name == name) {
                Some(hearer) if hearer.accepted => {}
                Some(_) => self.is_followed(&name, sender).await?,
                None => self.disown(&name, sender).await?,
            }
        }
        Ok(())
    }

    /// Whether a collection is that of its followers, or of its members: whoever hears a group is on one of them. Which the latter is,
    /// its own document says.
    async fn is_its_list(&self, sender: &Actor, collection: &str) -> Result<bool, FetchError> {
        if sender.followers.as_deref() == Some(collection) {
            return Ok(true);
        }
        let (_, document) = self.peers().document(&sender.iri).await?;
        Ok(document.get("members").and_then(dialect::id_of) == Some(collection))
    }

    /// It is on the list: the Accept was lost.
    async fn is_followed(&self, name: &str, sender: &Actor) -> Result<(), AdminError> {
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        following::accept(&mut tx, group.id, sender.id, self.clock().now()).await?;
        self.commit(tx).await
    }

    /// It is on the list of a group that it does not follow.
    async fn disown(&self, name: &str, sender: &Actor) -> Result<(), AdminError> {
        if !self.store().group_exists(name).await? {
            return Ok(());
        }
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        let (id, never) = (self.clock().uuid(), self.clock().uuid());
        let body = dialect::undo_follow(id, never, name, sender.iri.as_str(), self.here());
        self.send(&mut tx, &group, sender, "Undo", id, &body).await?;
        self.commit(tx).await
    }
}
