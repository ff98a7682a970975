//! What was taken out of groups, or back, and comes back: Undo of a Delete.
//!
//! One rule: those who run a group undo what their like did to its posts, an author undoes what they did themselves, and neither the
//! other's. We keep nothing of what an author has taken back: it is read again at its origin, and comes back as it is there.
//! Classes that have no word for it hear of it as of a new post, under a new id: what they were told first is taken back.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    dialect::{self, Ask, NAMED, PostDocument, RESTORED, Said, What},
    domain::{Audience, Command, Event, Iri, Restored, Standing, Subject, Visibility, decide},
    engine::{
        AdminError, Engine, Refused,
        case::{Case, Shown, Warrant},
        saying::written_in,
        turn::{TRIES, Trouble},
        waiting::{End, after},
    },
    store::{
        self, Actor, Tx,
        deeds::{self, Deeds},
        group::InTurn,
        log::{self, NewEntry, NewShape},
        post,
        received::Waiting,
        restoring::{self, Out},
        turn::{self, Holds, Patience, key_of},
    },
};

/// Whose word it is that something is to be back.
struct Word<'a> {
    id: Uuid,
    actor: &'a Actor,
    /// Of their activity, and that word for word.
    iri: &'a str,
    raw: &'a str,
}

impl Engine {
    /// Undo of a Delete, by whoever runs a group in which the post was, or by its author.
    pub(super) async fn restore(&self, tx: &mut Tx, case: &Case, object: &Iri) -> Result<(), Trouble> {
        let object = self.post_meant(tx, object).await?;
        let out = restoring::out_of_groups(tx, object.as_str()).await?;
        if out.iter().any(|out| out.deleted && out.author == case.actor.id) {
            return self.keep_waiting(tx, case, object.as_str()).await;
        }
        let names = self.groups_meant(case, case.warrant.group());
        hold(tx, &object, &names).await?;
        let out = restoring::out_of_groups(tx, object.as_str()).await?;
        let (mut taken, mut refusal) = (false, None);
        for group in self.take(tx, &names).await? {
            let who = match case.warrant {
                Warrant::Group { .. } => Standing::operator(),
                _ => self.standing(tx, &group, &case.actor).await?,
            };
            let place = out.iter().find(|out| out.group == group.id);
            let command = Command::Restore(Restored {
                is_out: place.is_some_and(|out| out.removed && !out.deleted),
                names_public: case.activity.addressed.public,
            });
            match (decide(&group.group, &who, &command, self.clock().now()), place) {
                (Ok(events), Some(place)) if events.contains(&Event::Restored) => {
                    let word = Word {
                        id: self.id_of(case),
                        actor: &case.actor,
                        iri: case.activity.id.as_str(),
                        raw: &case.raw,
                    };
                    self.put_back(tx, &group, &word, place).await?;
                    taken = true;
                }
                (Ok(_), _) if post::placed(tx, group.id, object.as_str()).await?.is_none() => {
                    refusal = Some(Refused::NotFound);
                }
                // It is there already.
                (Ok(_), _) => taken = true,
                (Err(why), _) => refusal = Some(why.into()),
            }
        }
        match refusal {
            Some(why) if !taken => Err(why.into()),
            _ => Ok(()),
        }
    }

    /// The post that its author has taken back and wants back: as its origin has it now.
    pub(super) async fn try_restored(
        &self,
        waiting: &Waiting,
        said: &dialect::Activity,
        actor: &Actor,
        object: &Iri,
    ) -> End {
        let document = match self.peers().document(object).await {
            Ok((_, document)) => document,
            Err(error) => return after(&error),
        };
        let post = self
            .as_post(&document, object)
            .filter(|post| post.actor == actor.iri);
        let Some(post) = post else {
            return End::Never("what is to be back is not a post that names its author".into());
        };
        if let Err(refused) = self.check_origin(&post, actor).await {
            return End::Never(format!("{refused:?}"));
        }
        let Ask::Post(post) = &post.ask else {
            return End::Never("what is to be back is no post".into());
        };
        let word = Word {
            id: self.clock().uuid(),
            actor,
            iri: said.id.as_str(),
            raw: &waiting.raw,
        };
        for _ in 0..TRIES {
            match self.undelete(&word, post, said).await {
                Ok(()) => return End::Done,
                Err(Trouble::Conflict) => {}
                Err(Trouble::Down(_)) => return End::Later,
                Err(Trouble::Refused(why)) => return End::Never(format!("{why:?}")),
            }
        }
        End::Later
    }

    async fn undelete(
        &self,
        word: &Word<'_>,
        document: &PostDocument,
        said: &dialect::Activity,
    ) -> Result<(), Trouble> {
        let mut tx = self.store().begin().await?;
        let iri = &document.id;
        let before = restoring::out_of_groups(&mut tx, iri.as_str()).await?;
        let names: Vec<String> = before.into_iter().map(|out| out.group_name).collect();
        hold(&mut tx, iri, &names).await?;
        let groups = self.take(&mut tx, &names).await?;
        let out = restoring::out_of_groups(&mut tx, iri.as_str()).await?;
        let mine: Vec<&Out> = out
            .iter()
            .filter(|out| out.deleted && !out.removed && out.author == word.actor.id)
            .collect();
        let mut back = false;
        for group in &groups {
            let Some(place) = mine.iter().find(|out| out.group == group.id) else {
                continue;
            };
            let who = self.standing(&mut tx, group, word.actor).await?;
            // As an edit: whoever may not change it any more may not bring it back either.
            let command = Command::Edit(Subject {
                is_here: true,
                is_mine: true,
                widens: !place.public && said.addressed.public,
                deleted: false,
                was_public: false,
                names_public: said.addressed.public,
                voted: false,
                marked: false,
                approved: false,
            });
            let decided = decide(&group.group, &who, &command, self.clock().now());
            if decided.is_ok_and(|events| events.contains(&Event::Edited)) {
                let word = Word {
                    id: self.clock().uuid(),
                    ..*word
                };
                self.put_back(&mut tx, group, &word, place).await?;
                back = true;
            }
        }
        if back && let Some(place) = mine.first() {
            let shown = Shown::of(&Ask::Post(Box::new(document.clone())));
            let (title, content) = (shown.title.as_deref(), shown.content.as_deref());
            restoring::undelete(&mut tx, place.post, title, content, document.url.as_deref()).await?;
        }
        tx.commit().await.map_err(store::Error::from)?;
        self.store().ring();
        Ok(())
    }

    /// The group has it again, and says so: in the word for it to those who know one, to all others as it told them of the post
    /// when that was new.
    async fn put_back(&self, tx: &mut Tx, group: &InTurn, word: &Word<'_>, out: &Out) -> Result<(), Trouble> {
        let private_group = group.group.policies.visibility == Visibility::Private;
        let public = out.public && !private_group;
        let now = self.clock().now();
        let said = |what, id, author, raw| Said {
            id,
            group: &group.group.name,
            what,
            at: now,
            object: "",
            post: out.post,
            object_kind: &out.kind,
            published: out.published,
            is_comment: out.is_comment,
            thread: out.thread,
            target: out.target.as_deref(),
            public,
            private_group,
            was_public: public,
            bridged: out.bridged,
            author,
            raw,
            retracts: None,
            vote: None,
            note: None,
        };
        let iri = post::iri_of(tx, out.post).await?.unwrap_or_default();
        let restored = Said {
            object: &iri,
            ..said(What::Restored, word.id, word.actor.iri.as_str(), word.raw)
        };
        // What an author has taken back once is told by its id alone: it may be another text now.
        let text = if out.deleted { "" } else { &out.raw };
        let (named_id, posted_id) = (self.clock().uuid(), self.clock().uuid());
        let named = Said {
            object: &iri,
            ..said(What::Named, named_id, &out.author_iri, "")
        };
        let posted = Said {
            object: &iri,
            ..said(What::Posted, posted_id, &out.author_iri, text)
        };
        let (heard, undecided) = log::shapes_heard(tx, group.id).await?;
        let shaped = |said: &Said<'_>, knows: bool| -> Vec<NewShape> {
            let all = dialect::shapes().into_iter();
            all.filter(|shape| undecided || heard.iter().any(|heard| heard == shape.0))
                .filter(|shape| dialect::write(*shape, &restored, self.here()).is_some() == knows)
                .filter_map(|shape| Some(written_in(shape, dialect::write(shape, said, self.here())?)))
                .collect()
        };
        let entry = |said: &Said<'_>, kind, shapes| NewEntry {
            group: group.id,
            seq: 0,
            id: said.id,
            iri: None,
            kind,
            actor: out.author,
            post: out.post,
            thread: out.thread,
            author_host: &out.author_host,
            audience: if public {
                Audience::Public
            } else {
                Audience::Members
            },
            retracts: None,
            raw: "",
            crosses: said.bridged && said.public,
            shapes,
        };
        let mut entries = vec![NewEntry {
            iri: Some(word.iri),
            actor: word.actor.id,
            author_host: &word.actor.host,
            raw: word.raw,
            ..entry(&restored, RESTORED, shaped(&restored, true))
        }];
        let names = shaped(&named, false);
        let is_named = !names.is_empty();
        if is_named {
            entries.push(entry(&named, NAMED, names));
        }
        entries.push(NewEntry {
            iri: out.iri.as_deref(),
            raw: text,
            ..entry(&posted, "posted", shaped(&posted, false))
        });
        let mut last = group.seq;
        for entry in &mut entries {
            last += 1;
            entry.seq = last;
        }
        let deeds = Deeds {
            entries,
            ..Deeds::default()
        };
        deeds::write(tx, &deeds, now).await?;
        let place = (out.post, group.id);
        restoring::put_back(
            tx,
            place,
            (last, posted_id),
            is_named.then_some(named_id),
            out.bridged && public,
        )
        .await?;
        Ok(())
    }

    /// Puts a post back into a group, on the operator's word.
    ///
    /// # Errors
    /// If there is no such group, or the post was not taken out of it.
    pub async fn restore_post(&self, name: &str, post: &Iri) -> Result<(), AdminError> {
        let mut tx = self.store().begin().await?;
        let object = self.post_meant(&mut tx, post).await?;
        let out = restoring::out_of_groups(&mut tx, object.as_str()).await?;
        let mut places = out.iter().filter(|out| out.group_name == name);
        let Some(place) = places.find(|out| out.removed && !out.deleted) else {
            return Err(AdminError::No(format!("no such post was taken out of {name}")));
        };
        let group = self.group_in_turn(&mut tx, name).await?;
        let is_private = group.group.policies.visibility == Visibility::Private;
        let deed = dialect::Deed {
            id: self.clock().uuid(),
            group: name,
            what: What::Restored,
            object: object.as_str(),
            reason: None,
            until: None,
            public: place.public && !is_private,
            at: self.clock().now(),
        };
        let document: Value = dialect::deed(&deed, self.here());
        let case = self.own_case(&mut tx, name, &document).await?;
        self.restore(&mut tx, &case, &object).await?;
        self.commit(tx).await
    }
}

/// The post, and then its groups.
async fn hold(tx: &mut Tx, post: &Iri, names: &[String]) -> Result<(), store::Error> {
    let holds = Holds {
        keys: vec![key_of(post.as_str())],
        names: names.iter().map(String::as_str).collect(),
        posts: vec![],
    };
    turn::take(tx, &holds, Patience::Waits).await.map(drop)
}
