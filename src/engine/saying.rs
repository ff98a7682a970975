//! One event in one group's log, in every shape that somebody there hears.
//!
//! One rule: shapes are rendered here, once, in the accepting transaction; delivery only concatenates.

use uuid::Uuid;

use crate::{
    dialect::{self, Local, Said, VoteSaid, VoteTold, What, Written},
    domain::{Audience, Shape, Visibility},
    engine::{
        Engine,
        book::{Deed, NewInGroup},
        case::{Case, Warrant},
        content::At,
        matter::Matter,
    },
    store::{
        NewMirror,
        facts::{ToldVote, Turned},
        log::{NewEntry, NewShape},
        post::{Place, Stored},
    },
};

/// What an entry takes back.
#[derive(Clone, Copy, Debug)]
pub(super) enum TakesBack<'p> {
    Post(&'p Place),
    Vote(&'p ToldVote),
}

impl Engine {
    /// What a group says of a new post: where somebody needs both, the post's id goes ahead of what its author sent.
    pub(super) fn tell_new<'a>(
        &self,
        at: &At<'_>,
        matter: &Matter<'a>,
        group: &'a Turned,
        stored: &Stored,
    ) -> Vec<Deed<'a>> {
        let named = self.beside(at, matter, group, stored, dialect::NAMED, None);
        let new = NewInGroup {
            post: stored.id,
            named: named.as_ref().map(|entry| entry.id),
        };
        let entry = self.entry(at, matter, group, stored, "posted", None);
        let named = named.map(|entry| Deed::Say(group, entry, None));
        let said = entry.map(|entry| Deed::Say(group, entry, Some(new)));
        named.into_iter().chain(said).collect()
    }

    /// What a group says of a post that is gone: all that it said when it came is taken back.
    pub(super) fn tell_gone<'a>(
        &self,
        at: &At<'_>,
        matter: &Matter<'a>,
        group: &'a Turned,
        stored: &Stored,
        kind: &'static str,
        place: &Place,
    ) -> Vec<Deed<'a>> {
        let entry = self.entry(at, matter, group, stored, kind, Some(TakesBack::Post(place)));
        let named = place.named.and_then(|activity| {
            let named = Place {
                activity,
                seq: place.seq - 1,
                ..*place
            };
            let retracts = Some(TakesBack::Post(&named));
            self.beside(at, matter, group, stored, dialect::UNNAMED, retracts)
        });
        let retracts = Some(TakesBack::Post(place));
        let hosted = self.beside(at, matter, group, stored, dialect::UNHOSTED, retracts);
        let entries = entry.into_iter().chain(named).chain(hosted);
        entries.map(|entry| Deed::Say(group, entry, None)).collect()
    }

    /// An entry beside the one that tells the event: there only if somebody is told anything by it.
    pub(super) fn beside<'a>(
        &self,
        at: &At<'_>,
        matter: &Matter<'a>,
        group: &Turned,
        stored: &Stored,
        kind: &'static str,
        retracts: Option<TakesBack<'_>>,
    ) -> Option<NewEntry<'a>> {
        let entry = self.entry(at, matter, group, stored, kind, retracts)?;
        (!entry.shapes.is_empty()).then_some(entry)
    }

    /// What a group says of an event; its place in the log is given out when it is written down. `None`: nothing.
    pub(super) fn entry<'a>(
        &self,
        at: &At<'_>,
        matter: &Matter<'a>,
        group: &Turned,
        stored: &Stored,
        kind: &'static str,
        retracts: Option<TakesBack<'_>>,
    ) -> Option<NewEntry<'a>> {
        let case = matter.case;
        let private_group = group.in_turn.group.policies.visibility == Visibility::Private;
        // What was public before the group became private is not any more.
        let public = stored.public && !private_group;
        let what = What::of(kind, &case.raw)?;
        let is_beside = matches!(
            what,
            What::Named | What::Unnamed | What::Unhosted | What::Outvoted
        );
        let (place, vote) = match retracts {
            Some(TakesBack::Post(place)) => (Some(place), None),
            Some(TakesBack::Vote(vote)) => (None, Some(vote)),
            None => (None, None),
        };
        let raw = if is_beside { "" } else { &case.raw };
        let said = Said {
            id: if is_beside {
                self.clock().uuid()
            } else {
                self.id_of(case)
            },
            group: &group.in_turn.group.name,
            what,
            at: at.now,
            object: &stored.iri,
            post: stored.id,
            object_kind: &stored.kind,
            published: stored.published,
            is_comment: stored.is_comment,
            thread: stored.thread,
            target: stored.target.as_deref(),
            public,
            private_group,
            was_public: stored.public,
            // What was told is taken back wherever that was, and nowhere else.
            bridged: place.map_or_else(
                || group.is_bridged && self.may_be_bridged(at, matter, what, stored),
                |place| place.crossed,
            ),
            author: case.actor.iri.as_str(),
            raw,
            retracts: place.map(|place| (place.activity, place.at)),
            vote: Some(VoteSaid {
                voter: at.face(case).map(|(face, _)| face),
                ends: vote.map(|vote| VoteTold {
                    id: vote.id,
                    raw: &vote.raw,
                    shapes: vote.shapes.as_deref(),
                }),
            }),
            note: (what == What::Edited)
                .then(|| self.note_shown(at, matter, group, stored))
                .flatten(),
        };
        Some(NewEntry {
            group: group.in_turn.id,
            seq: 0,
            id: said.id,
            iri: (!is_beside).then_some(case.activity.id.as_str()),
            kind,
            actor: case.actor.id,
            post: stored.id,
            thread: stored.thread,
            author_host: &case.actor.host,
            audience: if public {
                Audience::Public
            } else {
                Audience::Members
            },
            retracts: place.map(|place| (place.seq, place.activity)),
            raw,
            crosses: said.bridged && said.public,
            shapes: self.shaped(group, &said),
        })
    }

    /// Whether what somebody did may be told in another protocol: not where they, or whoever wrote what it is about, may not be
    /// shown. As the database has it in `crosses`.
    fn may_be_bridged(&self, at: &At<'_>, matter: &Matter<'_>, what: What, stored: &Stored) -> bool {
        let may_be = |actor| at.facts.may_be_bridged(actor);
        match what {
            What::Posted | What::Edited | What::Named => may_be(matter.case.actor.id),
            What::Voted | What::Unvoted | What::Outvoted | What::Answered => {
                may_be(matter.case.actor.id) && may_be(stored.author)
            }
            // Whoever runs the group says what becomes of a post for the group.
            _ => may_be(stored.author),
        }
    }

    /// What the group itself did has an id already: without a shape it is that, with one its announcement.
    pub(super) fn id_of(&self, case: &Case) -> Uuid {
        match (&case.warrant, self.here().local(case.activity.id.as_str())) {
            (Warrant::Group { .. } | Warrant::Gone { .. }, Some(Local::Activity(id, None))) => id,
            _ => self.clock().uuid(),
        }
    }

    /// In which shapes, and how. While one is not decided yet, all are written.
    fn shaped(&self, group: &Turned, said: &Said<'_>) -> Vec<NewShape> {
        dialect::shapes()
            .into_iter()
            .filter(|shape| group.undecided || group.heard.iter().any(|heard| heard == shape.0))
            .filter_map(|shape| Some(written_in(shape, dialect::write(shape, said, self.here())?)))
            .collect()
    }
}

/// The second face that is to be kept with what names it.
pub(super) fn face_needed(at: &At<'_>, matter: &Matter<'_>, entry: &NewEntry<'_>) -> Option<NewMirror> {
    let (_, new) = at.face(matter.case)?;
    let names_it = |shape: &NewShape| !dialect::is_dereferenced(Shape(shape.shape));
    new.filter(|_| entry.shapes.iter().any(names_it)).cloned()
}

/// What was written, as the log keeps it.
pub(super) fn written_in(shape: Shape, written: Written) -> NewShape {
    NewShape {
        shape: shape.0,
        head: written.head,
        tail: written.tail,
        skip_author: written.skip_author,
    }
}
