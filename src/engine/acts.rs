//! What a group tells of its people: who came and went, who runs it, who is kept out.
//!
//! One rule: a moderator's own activity is passed on where those who hear it take it as it came; all else the group says itself,
//! and its steward where only a person is believed (`dialect/deed.rs`). Nothing is written where nobody hears it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    dialect::{self, Deed, Said, What},
    domain::{Audience, Ban, Iri, ListPolicy, Visibility},
    engine::{Engine, case::Case, saying::written_in, turn::Trouble},
    store::{
        self, Actor, Tx, collections,
        group::InTurn,
        log::{self, DestinationId, NewShape},
        news::{self, NewNews},
    },
};

/// Something that is told and is about no post.
pub(super) struct Telling<'a> {
    pub(super) id: Uuid,
    pub(super) what: What,
    /// The word for it in the log.
    pub(super) word: &'static str,
    pub(super) public: bool,
    /// By whose activity; `None`: the group says it.
    pub(super) by: Option<&'a Case>,
    /// That activity, or what the group says.
    pub(super) raw: &'a str,
}

impl Engine {
    /// Somebody is a member now, or not any more: told to those whose software keeps a list, as far as it is shown.
    pub(super) async fn tell_members(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        whom: &Iri,
        is_in: bool,
    ) -> Result<(), Trouble> {
        let policies = &group.group.policies;
        let public = match policies.members_list {
            ListPolicy::Admins => return Ok(()),
            ListPolicy::Members => false,
            ListPolicy::Public => policies.visibility == Visibility::Public,
        };
        if !collections::is_listed(tx, group.id, whom.as_str()).await? {
            return Ok(());
        }
        self.tell_act(tx, group, What::Listed(is_in), (whom, None), public, None)
            .await?;
        Ok(())
    }

    /// Somebody runs the group now, or not any more; by an activity, or by nobody's that could be passed on.
    pub(super) async fn tell_rank(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        whom: &Iri,
        is_in: bool,
        said: Option<&Case>,
    ) -> Result<(), Trouble> {
        let public = group.group.policies.visibility == Visibility::Public;
        self.tell_act(tx, group, What::Ranked(is_in), (whom, None), public, said)
            .await?;
        Ok(())
    }

    /// Somebody is kept out, or (without a ban) not any more. Gives what their own server would hear of it.
    pub(super) async fn tell_ban(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        whom: &Actor,
        ban: Option<&Ban>,
        said: Option<&Case>,
    ) -> Result<Option<(Uuid, String)>, Trouble> {
        let public = group.group.policies.visibility == Visibility::Public;
        let until = ban.and_then(|ban| ban.until);
        let what = What::Banned(ban.is_some());
        let told = self
            .tell_act(tx, group, what, (&whom.iri, until), public, said)
            .await?;
        let name = store::shape_of(&mut **tx, &whom.host).await?;
        let shape = name.as_deref().map(dialect::written_in);
        Ok(told.and_then(|(id, told)| {
            let theirs = told
                .into_iter()
                .find(|(of, _)| shape.is_some_and(|shape| shape.0 == *of));
            theirs.map(|(_, text)| (id, text))
        }))
    }

    /// Whoever heard the group at a destination that is closed now hears of their ban by letter.
    pub(super) async fn tell_banned(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        whom: &Actor,
        destination: DestinationId,
        told: Option<(Uuid, String)>,
    ) -> Result<(), Trouble> {
        match told {
            Some((id, text)) if !log::is_open(tx, group.id, destination).await? => {
                self.send(tx, group, whom, "Block", id, &text).await
            }
            _ => Ok(()),
        }
    }

    async fn tell_act(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        what: What,
        (whom, until): (&Iri, Option<DateTime<Utc>>),
        public: bool,
        said: Option<&Case>,
    ) -> Result<Option<(Uuid, Vec<(&'static str, String)>)>, Trouble> {
        let name = group.group.name.as_str();
        let private_group = group.group.policies.visibility == Visibility::Private;
        let by = said.filter(|case| dialect::is_worded(what, &case.raw, name, private_group, self.here()));
        let id = self.clock().uuid();
        let own = dialect::deed(
            &Deed {
                id,
                group: name,
                what,
                object: whom.as_str(),
                reason: None,
                until,
                public,
                at: self.clock().now(),
            },
            self.here(),
        )
        .to_string();
        let telling = Telling {
            id,
            what,
            word: what.word(),
            public,
            by,
            raw: by.map_or(&own, |case| &case.raw),
        };
        let told = self.tell(tx, group, &telling).await?;
        Ok((!told.is_empty()).then_some((id, told)))
    }

    /// Says something in each shape that somebody hears; gives the texts.
    pub(super) async fn tell(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        telling: &Telling<'_>,
    ) -> Result<Vec<(&'static str, String)>, Trouble> {
        let at = self.clock().now();
        let itself = self.here().group(&group.group.name);
        let said = Said {
            id: telling.id,
            group: &group.group.name,
            what: telling.what,
            at,
            object: "",
            post: Uuid::nil(),
            object_kind: "",
            published: at,
            is_comment: false,
            thread: Uuid::nil(),
            target: None,
            public: telling.public,
            private_group: group.group.policies.visibility == Visibility::Private,
            was_public: telling.public,
            bridged: false,
            author: telling.by.map_or(&itself, |case| case.actor.iri.as_str()),
            raw: telling.raw,
            retracts: None,
            vote: None,
            note: None,
        };
        let (heard, undecided) = log::shapes_heard(tx, group.id).await?;
        // Few keep a list of members, and whoever has just come reads it: nothing is written for them alone.
        let undecided = undecided && !matches!(telling.what, What::Listed(_));
        let shapes: Vec<NewShape> = dialect::shapes()
            .into_iter()
            .filter(|shape| undecided || heard.iter().any(|heard| heard == shape.0))
            .filter_map(|shape| Some(written_in(shape, dialect::write(shape, &said, self.here())?)))
            .collect();
        if shapes.is_empty() {
            return Ok(vec![]);
        }
        let texts = shapes.iter().map(|shape| {
            let text = match &shape.tail {
                Some(tail) => [shape.head.as_str(), telling.raw, tail.as_str()].concat(),
                None => shape.head.clone(),
            };
            (shape.shape, text)
        });
        let texts = texts.collect();
        let new = NewNews {
            group: group.id,
            id: telling.id,
            iri: telling.by.map(|case| case.activity.id.as_str()),
            kind: telling.word,
            actor: telling.by.map(|case| case.actor.id),
            author_host: telling.by.map(|case| case.actor.host.as_str()),
            audience: if telling.public {
                Audience::Public
            } else {
                Audience::Members
            },
            raw: telling.raw,
            shapes,
            at,
        };
        news::say(tx, &new).await?;
        Ok(texts)
    }
}
