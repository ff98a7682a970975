//! What is left of actors that are no more: their memberships end, and what they said goes out of every group.
//!
//! One rule: an actor is gone when it says so itself, or when its own server answers 410 for it; nothing else counts (ORD05).
//! The group says that a post is gone, in its own name: its author said nothing of posts, and cannot any more. What they said of
//! themselves is passed on as it came to walls, which read it if it is signed within (`dialect/wall.rs`).

use crate::{
    dialect::{self, Ask, What},
    domain::{Command, Iri},
    engine::{
        Engine,
        acts::Telling,
        book::Deed,
        case::{Case, Warrant},
        content::{At, Decided},
        matter::Matter,
        places::Answered,
        turn::Trouble,
    },
    store::{
        self, Actor, Tx,
        departed::{self, Remains},
        group::InTurn,
    },
};

/// Actors that are cleared at a time, and posts of one that are taken out in one transaction.
const ACTORS: i64 = 20;
const POSTS: i64 = 20;

impl Engine {
    /// Takes out what the gone have said. What does not work now is tried again.
    pub(super) async fn clear_the_gone(&self) -> Result<(), store::Error> {
        for iri in self.store().actors_to_clear(ACTORS).await? {
            let Some(actor) = self.store().actor(&iri).await?.filter(|actor| actor.gone) else {
                continue;
            };
            self.drop_actor(&actor).await?;
            if let Err(trouble) = self.clear(&actor).await {
                tracing::warn!(
                    ?trouble,
                    actor = actor.id.0,
                    "what a gone actor said is not taken out yet"
                );
            }
        }
        Ok(())
    }

    /// Their own Delete, as it came, to those who believe it from us. To all others the group says which posts are gone.
    pub(super) async fn tell_departure(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        said: &Case,
    ) -> Result<(), Trouble> {
        let telling = Telling {
            id: self.clock().uuid(),
            what: What::Departed,
            word: What::Departed.word(),
            public: true,
            by: Some(said),
            raw: &said.raw,
        };
        self.tell(tx, group, &telling).await.map(drop)
    }

    async fn clear(&self, actor: &Actor) -> Result<(), Trouble> {
        loop {
            let remains = self.store().remains_of(actor.id, POSTS).await?;
            let mut tx = self.store().begin().await?;
            if remains.is_empty() {
                departed::clear(&mut tx, actor.id, self.clock().now()).await?;
                return Ok(tx.commit().await.map_err(store::Error::from)?);
            }
            let mut cases = vec![];
            for post in &remains {
                cases.extend(self.taken_out(post).await?);
            }
            if cases.is_empty() {
                return Err(Trouble::Down("a post of a gone actor cannot be named".to_owned()));
            }
            let matters: Vec<_> = cases
                .iter()
                .map(|case| Matter::of_seen(case, &case.activity.ask))
                .collect();
            self.decide_now(&mut tx, &matters).await?;
            tx.commit().await.map_err(store::Error::from)?;
            self.store().ring();
        }
    }

    /// The group's own Delete of a post.
    async fn taken_out(&self, post: &Remains) -> Result<Option<Case>, Trouble> {
        let deed = dialect::Deed {
            id: self.clock().uuid(),
            group: &post.group,
            what: What::Removed,
            object: &post.post,
            reason: Some("Its author's account was deleted."),
            until: None,
            public: post.public,
            at: self.clock().now(),
        };
        let document = dialect::deed(&deed, self.here());
        let read = dialect::read(&document, self.here()).ok();
        let (Some(mut activity), Ok(object)) = (read, Iri::object(&post.post)) else {
            return Ok(None);
        };
        activity.ask = Ask::Delete { object };
        let own = self.store().actor(&activity.actor).await?;
        let warrant = Warrant::Gone {
            group: post.group.clone(),
        };
        Ok(own.map(|own| Case::of_group(activity, document.to_string(), own, warrant)))
    }

    /// As its author's Delete, in one group; members hear of it as of what the group took out.
    pub(super) fn delete_for_the_gone<'a>(
        &self,
        at: &At<'a>,
        matter: &Matter<'a>,
        object: &'a Iri,
    ) -> Decided<'a> {
        let Some(stored) = at.facts.post(object.as_str()) else {
            return Ok(vec![]);
        };
        let Answered { taken, .. } = self.each_place(at, matter, stored, false, Command::Delete)?;
        let mut deeds = vec![Deed::Delete(stored.id)];
        for (group, place, _) in taken {
            deeds.extend(self.tell_gone(at, matter, group, stored, "removed", place));
        }
        Ok(deeds)
    }
}
