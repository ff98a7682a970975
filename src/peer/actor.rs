//! People and groups of other servers.
//!
//! One rule: an actor is what the document at its own id says, no more; what is kept of it is bounded.

use crate::{
    dialect::{RemoteActor, read_actor},
    domain::Iri,
    peer::{
        FetchError, Peers,
        fetch::{Document, refused},
        key_document,
    },
    store::{self, Actor, NewActor},
};

/// Of an actor's names we keep this many characters.
const LONGEST_NAME: usize = 200;
/// Of an actor's keys we keep so many, the first ones listed.
const MOST_KEYS: usize = 16;

impl Peers {
    /// An actor: as stored, else fetched and stored. Ours are never fetched.
    ///
    /// A stored one may be `gone`.
    ///
    /// # Errors
    /// As [`Peers::refresh`].
    pub async fn actor(&self, iri: &Iri) -> Result<Actor, FetchError> {
        if let Some(actor) = self.0.store.actor(iri).await?.filter(Actor::is_known) {
            return Ok(actor);
        }
        if self.0.here.owns(iri) {
            return Err(FetchError::NotFound);
        }
        let _turn = self.turn(iri.as_str()).await;
        match self.0.store.actor(iri).await?.filter(Actor::is_known) {
            Some(actor) => Ok(actor),
            None => self.fetch_actor(iri).await,
        }
    }

    /// An actor, fetched again and stored. One of ours is answered as stored.
    ///
    /// # Errors
    /// [`FetchError::Gone`] if its server says so, which is stored; nothing is changed by any other failure, which may
    /// be a passing one: [`FetchError::NotFound`] too.
    pub async fn refresh(&self, iri: &Iri) -> Result<Actor, FetchError> {
        if self.0.here.owns(iri) {
            return self.0.store.actor(iri).await?.ok_or(FetchError::NotFound);
        }
        let _turn = self.turn(iri.as_str()).await;
        self.fetch_actor(iri).await
    }

    /// The caller has the turn.
    async fn fetch_actor(&self, iri: &Iri) -> Result<Actor, FetchError> {
        let document = self.fetch_noting_gone(iri).await?;
        let actor = as_actor(&document, iri)?;
        Ok(self.keep(actor).await?)
    }

    pub(super) async fn fetch_noting_gone(&self, iri: &Iri) -> Result<Document, FetchError> {
        let fetched = self.fetch(iri).await;
        if matches!(fetched, Err(FetchError::Gone)) {
            self.0.store.mark_gone(iri).await?;
            self.forget(iri).await;
        }
        fetched
    }

    /// Stores an actor that was read from its own document.
    pub(super) async fn keep(&self, actor: RemoteActor) -> Result<Actor, store::Error> {
        let short = |text: &Option<String>| text.as_ref().map(|text| shortened(text));
        let (username, name) = (short(&actor.username), short(&actor.name));
        let new = NewActor {
            iri: &actor.id,
            kind: actor.kind,
            username: username.as_deref(),
            name: name.as_deref(),
            inbox: actor.inbox.as_str(),
            shared_inbox: actor.shared_inbox.as_ref().map(Iri::as_str),
            followers: actor.followers.as_ref().map(Iri::as_str),
            also_known_as: &actor.also_known_as,
            unbridged: actor.unbridged,
            bio: actor.looks.bio.as_deref(),
            icon: (actor.looks.icon.as_ref()).map(|(address, kind)| (address.as_str(), kind.as_str())),
            indexable: actor.looks.indexable,
            keys: &usable(actor.keys),
        };
        let kept = self.0.store.keep_actor(&new).await?;
        self.forget(&kept.iri).await;
        if actor.offers_ed25519 && self.0.store.note_ed25519_offered(&kept.host).await? {
            tracing::info!(host = kept.host, "takes RFC 9421 with Ed25519, by its own word");
        }
        Ok(kept)
    }
}

/// Reads an actor that was fetched from `iri`.
pub(super) fn as_actor(document: &Document, iri: &Iri) -> Result<RemoteActor, FetchError> {
    if !document.is(iri) {
        return Err(refused("the document there has another id"));
    }
    read_actor(&document.value).map_err(|why| FetchError::Refused(why.why))
}

/// Keys whose text cannot be read, or that are too weak to be used, are as if they were not listed.
fn usable(keys: Vec<(String, Option<String>)>) -> Vec<(String, Option<String>)> {
    let readable = |text: &Option<String>| text.as_ref().is_none_or(|text| key_document::parse(text).is_ok());
    keys.into_iter()
        .filter(|(_, text)| readable(text))
        .take(MOST_KEYS)
        .collect()
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::PrivateKey;

    #[test]
    fn keys_that_cannot_be_used_are_as_if_not_listed() {
        let pem = PrivateKey::generate_ed25519().expect("a key").public().to_pem();
        let listed = |id: &str, text: Option<&str>| (id.to_owned(), text.map(ToOwned::to_owned));
        let good = listed("https://a.example/u/ann#1", Some(&pem));
        let elsewhere = listed("https://a.example/u/ann/key", None);
        let broken = listed("https://a.example/u/ann#2", Some("PEM"));
        assert_eq!(
            usable(vec![broken, good.clone(), elsewhere.clone()]),
            [good.clone(), elsewhere]
        );
        assert_eq!(usable(vec![good; 100]).len(), MOST_KEYS);
    }

    #[test]
    fn a_name_is_cut_between_characters() {
        assert_eq!(shortened(&"ä".repeat(300)).chars().count(), LONGEST_NAME);
    }
}
