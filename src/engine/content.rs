//! What is asked about the content of groups, decided many at a time in one transaction.
//!
//! One rule: a decision here reads nothing but [`Facts`] and writes nothing but [`Deed`]s, so a refusal leaves nothing
//! behind and nobody's decision waits for the database. A new verb is an arm in [`Engine::decide_one`], what it holds
//! and asks in `matter.rs`, and what it touches in `case.rs`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    dialect::{self, Ask, domains},
    domain::{Command, Event, Refusal, Standing, Vote, decide},
    engine::{
        Engine, Refused,
        book::{Book, Deed},
        case::{Case, Warrant},
        matter::Matter,
        turn::Trouble,
    },
    store::{
        self, ActorId, GroupId, NewMirror, Tx,
        facts::{self, Asked, Facts, Turned},
        post::{Place, Stored},
        turn::{self, Holds, Patience},
    },
};

/// How a matter ended.
#[derive(Debug)]
pub(super) enum Ending {
    Taken,
    Refused(Refused),
    /// It is about a group that another transaction has, or that its post has come to meanwhile.
    NotInTurn,
    /// What it was read by does not hold any more: its actor is not what this process remembered, or its post has come.
    Stale,
}

/// Why there is no decision.
#[derive(Debug)]
pub(super) struct Halt(pub(super) Ending);

impl From<Refused> for Halt {
    fn from(refused: Refused) -> Self {
        Self(Ending::Refused(refused))
    }
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Refused::from(refusal).into()
    }
}

impl From<store::Error> for Halt {
    fn from(error: store::Error) -> Self {
        Refused::from(error).into()
    }
}

pub(super) type Decided<'a> = Result<Vec<Deed<'a>>, Halt>;

/// What decisions are made by: what is known, and when that is.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'a> {
    pub(super) facts: &'a Facts,
    pub(super) now: DateTime<Utc>,
    /// Second faces that those may be given who vote or edit.
    pub(super) faces: &'a HashMap<ActorId, NewMirror>,
    /// What edits carry of posts that we may have to show, by their ids.
    pub(super) edits: &'a HashMap<String, Value>,
}

impl<'a> At<'a> {
    /// A group by its name, if there is one.
    pub(super) fn named(&self, name: &str) -> Result<Option<&'a Turned>, Halt> {
        if self.facts.is_not_in_turn(name) {
            return Err(Halt(Ending::NotInTurn));
        }
        let mut groups = self.facts.groups().iter();
        Ok(groups.find(|group| group.in_turn.group.name == name))
    }

    /// The groups of these names, in the order of their ids.
    pub(super) fn all_named<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<Vec<&'a Turned>, Halt> {
        let mut groups = vec![];
        for name in names {
            groups.extend(self.named(name)?);
        }
        groups.sort_unstable_by_key(|group| group.in_turn.id);
        Ok(groups)
    }

    /// A post by its id. One that the sender may not read is to them as if it were not stored.
    pub(super) fn post(&self, case: &Case, iri: &str) -> Option<&'a Stored> {
        let stored = self.facts.post(iri)?;
        let is_known = stored.author == case.actor.id || self.places(case, stored).next().is_some();
        is_known.then_some(stored)
    }

    /// The groups in which the sender may read a post. A group's own word is about whatever is in it, and whoever left takes
    /// back what they said of it.
    pub(super) fn places<'s>(&self, case: &'s Case, stored: &'s Stored) -> impl Iterator<Item = &'s Place>
    where
        'a: 's,
    {
        let (facts, reader) = (self.facts, case.actor.id);
        let has_voted = matches!(&case.activity.ask,
            Ask::Unvote { vote, .. } if facts.has_voted(stored.id, reader, self.taken_back(stored, reader, *vote)));
        let sees_all = has_voted || matches!(case.warrant, Warrant::Group { .. } | Warrant::Gone { .. });
        let is_seen = move |place: &&Place| sees_all || !facts.is_hidden(stored.id, place.group, reader);
        stored.places.iter().filter(is_seen)
    }

    /// What an Undo of this vote takes back. Lemmy's of a Dislike may carry a Like (dialects 6.7), and the other way round: of the
    /// two it is whichever the actor has.
    pub(super) fn taken_back(&self, stored: &Stored, actor: ActorId, vote: Vote) -> Vote {
        let has = |vote| self.facts.has_voted(stored.id, actor, vote);
        match vote.opposite() {
            Some(other) if !has(vote) && has(other) => other,
            _ => vote,
        }
    }

    /// The second face of the sender, and whether it is still to be kept.
    pub(super) fn face(&self, case: &Case) -> Option<(Uuid, Option<&'a NewMirror>)> {
        let new = || self.faces.get(&case.actor.id);
        match self.facts.face(case.actor.id) {
            Some(known) => Some((known, None)),
            None => new().map(|new| (new.id, Some(new))),
        }
    }

    /// A group that a post is in.
    pub(super) fn group(&self, id: GroupId) -> Result<&'a Turned, Halt> {
        self.facts.group(id).ok_or(Halt(Ending::NotInTurn))
    }

    /// What the sender is to a group.
    pub(super) fn standing(&self, group: &Turned, matter: &Matter<'_>) -> Result<Standing, Halt> {
        match matter.case.warrant {
            Warrant::Group { .. } => Ok(Standing::operator()),
            _ => Ok(self
                .facts
                .standing(&group.in_turn, &matter.case.actor, &matter.hosts)?),
        }
    }

    /// What a group decides.
    pub(super) fn decide(
        &self,
        group: &Turned,
        matter: &Matter<'_>,
        command: &Command,
    ) -> Result<Result<Vec<Event>, Refusal>, Halt> {
        let standing = self.standing(group, matter)?;
        Ok(decide(&group.in_turn.group, &standing, command, self.now))
    }
}

/// What became of a batch.
#[derive(Debug)]
pub(super) struct Sitting {
    /// One for each matter.
    pub(super) endings: Vec<Ending>,
    /// Something was written.
    pub(super) wrote: bool,
    /// What was written is of interest to lanes or chores.
    pub(super) to_tell: bool,
    /// Posts, and a group that each of them is in.
    pub(super) places: Vec<(String, String)>,
    /// Hosts that we wait for, and that we have just heard from.
    pub(super) back: Vec<String>,
}

impl Engine {
    /// Decides matters of which none depends on another, and writes down what was decided.
    pub(super) async fn decide_all(
        &self,
        tx: &mut Tx,
        matters: &[Matter<'_>],
        patience: Patience,
    ) -> Result<Sitting, Trouble> {
        let group_base = self.here().group("");
        let mut holds = Holds::default();
        let mut asked = Asked {
            shapes: dialect::shapes().into_iter().map(|shape| shape.0).collect(),
            ..Asked::default()
        };
        for matter in matters {
            matter.hold(&mut holds);
            matter.ask(&mut asked, &group_base);
        }
        asked.names.clone_from(&holds.names);
        let edits = self.edits_shown(matters);
        asked.edited = edits.keys().map(String::as_str).collect();
        asked.mentioned = edits.values().flat_map(domains::entity::mentioned).collect();
        let there = self.here().mirrors();
        asked.there = &there;
        let in_turn = turn::take(tx, &holds, patience).await?;
        let facts = facts::gather(tx, &asked, &in_turn).await?;
        let faces = self.faces_for(matters, &facts, &edits);
        let at = At {
            facts: &facts,
            faces: &faces,
            edits: &edits,
            now: self.clock().now(),
        };
        let mut book = Book::default();
        let mut endings = vec![];
        for matter in matters {
            let ending = match self.decide_one(&at, matter) {
                Ok(deeds) => self.enter(tx, &mut book, matter.case, deeds).await?,
                Err(Halt(ending)) => ending,
            };
            endings.push(ending);
        }
        let (wrote, to_tell) = (book.is_worth_a_commit(), book.is_of_interest());
        let places = book.places(&facts);
        self.write_down(tx, book, at.now).await?;
        Ok(Sitting {
            endings,
            wrote,
            to_tell,
            places,
            back: facts.waited_for().iter().cloned().collect(),
        })
    }

    /// Whoever votes or edits may have to be shown where they never were.
    fn faces_for(
        &self,
        matters: &[Matter<'_>],
        facts: &Facts,
        edits: &HashMap<String, Value>,
    ) -> HashMap<ActorId, NewMirror> {
        let mut faces = HashMap::new();
        for matter in matters {
            let actor = &matter.case.actor;
            let is_shown = match matter.ask {
                Ask::Vote { .. } => self.here().domain().is_some(),
                Ask::Edit(document) => edits.contains_key(document.id.as_str()),
                _ => false,
            };
            if is_shown && facts.face(actor.id).is_none() {
                faces
                    .entry(actor.id)
                    .or_insert_with(|| self.new_mirror(actor.id, actor.username.as_deref(), &actor.host));
            }
        }
        faces
    }

    /// Decides matters of a case that is decided alone, whose id is remembered already; it is refused if one of them is.
    pub(super) async fn decide_now(&self, tx: &mut Tx, matters: &[Matter<'_>]) -> Result<(), Trouble> {
        if matters.is_empty() {
            return Ok(());
        }
        let sitting = self.decide_all(tx, matters, Patience::Waits).await?;
        for ending in sitting.endings {
            match ending {
                Ending::Taken => {}
                Ending::Refused(refused) => return Err(refused.into()),
                Ending::NotInTurn | Ending::Stale => return Err(Trouble::Conflict),
            }
        }
        Ok(())
    }

    fn decide_one<'a>(&self, at: &At<'a>, matter: &Matter<'a>) -> Decided<'a> {
        let case = matter.case;
        if case.remembered && (!at.facts.is_as_read(&case.actor) || at.facts.is_blocked(&matter.hosts)) {
            return Err(Halt(Ending::Stale));
        }
        if let Some(inbox) = matter.inbox()
            && at.named(inbox)?.is_none()
        {
            return Err(Refused::NotFound.into());
        }
        if matter.whole && case.waited.is_none() && at.facts.has_seen(&case.activity.id) {
            return Ok(vec![]);
        }
        let mut deeds = match matter.ask {
            Ask::Post(document) => self.post(at, matter, document)?,
            Ask::Edit(document) => self.edit(at, matter, document)?,
            Ask::Delete { object } if case.warrant.is_for_the_gone() => {
                self.delete_for_the_gone(at, matter, object)?
            }
            Ask::Delete { object } => self.delete(at, matter, object)?,
            Ask::Mark {
                mark, object, wanted, ..
            } => self.mark(at, matter, *mark, object, *wanted)?,
            Ask::Vote { vote, object } => self.cast(at, matter, *vote, object, false)?,
            Ask::Unvote { vote, object } => self.cast(at, matter, *vote, object, true)?,
            _ => vec![],
        };
        if matter.whole {
            deeds.push(match case.waited {
                Some(waited) => Deed::Finish(waited),
                None => Deed::See(&case.activity.id),
            });
        }
        Ok(deeds)
    }
}
