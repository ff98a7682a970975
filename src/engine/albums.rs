//! The collections of a group: made, described and deleted by its admins, filled by whom each of them lets.
//!
//! One rule: what is put in is told word for word, as a post is; what it is, only its own server can say, so what somebody else
//! embedded is kept as an id.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    dialect::{self, Album, Arranging, Local, What},
    domain::{CollectPolicy, Command, Event, Iri, Item, Refusal, Visibility},
    engine::{AdminError, Engine, Refused, acts::Telling, case::Case, face::shelf, turn::Trouble},
    store::{
        Tx,
        album::{self, AlbumView},
        group::InTurn,
    },
    text,
};

/// Collections of one group.
const MOST: u64 = 200;
/// Longest name, in characters, and longest summary.
const LONGEST_NAME: usize = 200;
const LONGEST_SUMMARY: usize = 10_000;
/// What somebody says of an item is kept up to this length, in bytes.
const LONGEST_OBJECT: usize = 32 * 1024;

impl Engine {
    /// Create, Update or Delete of a collection.
    pub(super) async fn arrange(
        &self,
        tx: &mut Tx,
        case: &Case,
        name: Option<&str>,
        arranging: &Arranging,
    ) -> Result<(), Trouble> {
        let addressed = &case.activity.addressed;
        let name = name
            .or_else(|| addressed.groups().iter().next().map(String::as_str))
            .or_else(|| case.inbox.as_deref().filter(|_| !addressed.elsewhere));
        let Some(name) = name else { return Ok(()) };
        let Some(group) = self.take(tx, &[name.to_owned()]).await?.pop() else {
            return Err(Refused::NotFound.into());
        };
        self.decide(tx, &group, &case.actor, &Command::Arrange).await??;
        let now = self.clock().now();
        match arranging {
            Arranging::Make(wanted) => {
                let made = self.make_album(tx, &group, wanted).await?;
                let result = dialect::album_document(&shelf(&made), &group.group.name, self.here());
                self.send_result(tx, case, &group, &result).await
            }
            Arranging::Change(id, wanted) => {
                let found = self.album_of(tx, &group, id).await?.ok_or(Refused::NotFound)?;
                let name = wanted.name.as_deref().map(named).transpose()?;
                let summary = summary(wanted);
                let summary = summary.as_ref().map(Option::as_deref);
                let changes = (name.as_deref(), summary, wanted.policy);
                Ok(album::change(tx, found.id, changes, now).await?)
            }
            Arranging::Delete(id) => {
                let found = self.album_of(tx, &group, id).await?.ok_or(Refused::NotFound)?;
                Ok(album::delete(tx, found.id, now).await?)
            }
        }
    }

    /// A new collection, as it is then.
    pub(super) async fn make_album(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        wanted: &Album,
    ) -> Result<AlbumView, Trouble> {
        if album::how_many(tx, group.id).await? >= MOST {
            let why = "The group has as many collections as one may have.";
            return Err(Refused::forbidden("too-many-collections", "object", why).into());
        }
        let name = named(wanted.name.as_deref().unwrap_or_default())?;
        let (id, now) = (self.clock().uuid(), self.clock().now());
        let summary = summary(wanted).flatten();
        let policy = wanted.policy.unwrap_or(CollectPolicy::Members);
        album::make(tx, group.id, id, (&name, summary.as_deref(), policy), now).await?;
        let made = album::find(&mut **tx, group.id, id).await?;
        made.ok_or(Trouble::Conflict)
    }

    /// The operator makes a collection in a group.
    ///
    /// # Errors
    /// If there is no such group, or it can have no more.
    pub async fn create_album(&self, name: &str, wanted: &Album) -> Result<Uuid, AdminError> {
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        if group.group.closed {
            return Err(Refusal::Closed.into());
        }
        let made = self.make_album(&mut tx, &group, wanted).await?;
        self.commit(tx).await?;
        Ok(made.id)
    }

    /// The operator deletes a collection of a group; false if there is none of this id.
    ///
    /// # Errors
    /// If there is no such group.
    pub async fn delete_album(&self, name: &str, id: Uuid) -> Result<bool, AdminError> {
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        if album::find(&mut *tx, group.id, id).await?.is_none() {
            return Ok(false);
        }
        album::delete(&mut tx, id, self.clock().now()).await?;
        self.commit(tx).await?;
        Ok(true)
    }

    /// A collection of this group, by its id here.
    async fn album_of(&self, tx: &mut Tx, group: &InTurn, iri: &Iri) -> Result<Option<AlbumView>, Trouble> {
        match self.album_meant(iri) {
            Some((name, id)) if name == group.group.name => Ok(album::find(&mut **tx, group.id, id).await?),
            _ => Ok(None),
        }
    }

    /// The group and the row that an id of a collection stands for.
    pub(super) fn album_meant<'a>(&self, iri: &'a Iri) -> Option<(&'a str, Uuid)> {
        match self.here().local(iri.as_str())? {
            Local::Within {
                name,
                part: "collections",
                id,
            } => Some((name, id)),
            _ => None,
        }
    }

    /// Add or Remove of an item. To whoever may not know, a collection that is not there is one that they may not change.
    pub(super) async fn collected(
        &self,
        tx: &mut Tx,
        case: &Case,
        object: &Iri,
        target: &Iri,
        wanted: bool,
    ) -> Result<(), Trouble> {
        let Some((group, album, events)) = self.collecting(tx, case, (object, target), wanted).await? else {
            return Ok(());
        };
        let album = album.ok_or(Refused::NotFound)?;
        for event in events {
            let now = self.clock().now();
            if event == Event::Collected {
                let described = described(case, object);
                let item = (object.as_str(), described.as_deref());
                let is_private = group.group.policies.visibility == Visibility::Private;
                let public = !is_private && case.activity.addressed.public;
                album::put_in(tx, album.id, item, (case.actor.id, public), now).await?;
            } else {
                album::take_out(tx, album.id, object.as_str()).await?;
            }
            if let Some(kind) = event.announced_as() {
                self.pass_on(tx, case, &group, kind).await?;
            }
        }
        Ok(())
    }

    /// What a group makes of an Add or Remove of an item, and the collection, if it is there.
    pub(super) async fn collecting(
        &self,
        tx: &mut Tx,
        case: &Case,
        (object, target): (&Iri, &Iri),
        wanted: bool,
    ) -> Result<Option<(InTurn, Option<AlbumView>, Vec<Event>)>, Trouble> {
        let Some((name, _)) = self.album_meant(target) else {
            return Ok(None);
        };
        let Some(group) = self.take(tx, &[name.to_owned()]).await?.pop() else {
            return Err(Refused::NotFound.into());
        };
        let album = self.album_of(tx, &group, target).await?;
        let by = match &album {
            Some(album) => album::put_in_by(tx, album.id, object.as_str()).await?,
            None => None,
        };
        let item = Item {
            policy: album.as_ref().map_or(CollectPolicy::Admins, |album| album.policy),
            is_in: by.is_some(),
            wanted,
            is_mine: by == Some(Some(case.actor.id)),
            names_public: case.activity.addressed.public,
        };
        let events = self
            .decide(tx, &group, &case.actor, &Command::Collect(item))
            .await??;
        Ok(Some((group, album, events)))
    }

    /// Tells what somebody did to a collection, word for word, to those who know collections.
    pub(super) async fn pass_on(
        &self,
        tx: &mut Tx,
        case: &Case,
        group: &InTurn,
        word: &'static str,
    ) -> Result<(), Trouble> {
        let private_group = group.group.policies.visibility == Visibility::Private;
        let telling = Telling {
            id: self.id_of(case),
            what: What::Collected,
            word,
            public: !private_group && case.activity.addressed.public,
            by: Some(case),
            raw: &case.raw,
        };
        self.tell(tx, group, &telling).await?;
        Ok(())
    }
}

fn named(name: &str) -> Result<String, Refused> {
    let name = text::tidy_name(name);
    match name.chars().count() {
        1..=LONGEST_NAME => Ok(name),
        _ => Err(Refused::Unreadable {
            why: "A collection has a name of 1 to 200 characters.".to_owned(),
            field: "object.name",
        }),
    }
}

fn summary(wanted: &Album) -> Option<Option<String>> {
    let shown = |html: &String| text::sanitize(text::truncate(html, LONGEST_SUMMARY));
    wanted.summary.as_ref().map(|summary| summary.as_ref().map(shown))
}

/// What the sender says of an item, if it is on their own server.
fn described(case: &Case, object: &Iri) -> Option<String> {
    let document: Value = serde_json::from_str(&case.raw).ok()?;
    let embedded = match document.get("object")? {
        Value::Array(items) => items.first()?,
        one => one,
    };
    let text = embedded.is_object().then(|| embedded.to_string())?;
    (object.authority() == case.actor.host && text.len() <= LONGEST_OBJECT).then_some(text)
}
