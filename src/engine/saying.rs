//! One event in one group's log, in every shape that somebody there hears.
//!
//! One rule: shapes are rendered here, once, in the accepting transaction; delivery only concatenates.

use uuid::Uuid;

use crate::{
    dialect::{self, Local, Said, What},
    domain::{Audience, Visibility},
    engine::{
        Engine,
        case::{Case, Warrant},
        content::At,
        matter::Matter,
    },
    store::{
        facts::Turned,
        log::{NewEntry, NewShape},
        post::{Place, Stored},
    },
};

impl Engine {
    /// What a group says of an event; its place in the log is given out when it is written down. `None`: nothing.
    pub(super) fn entry<'a>(
        &self,
        at: &At<'_>,
        matter: &Matter<'a>,
        group: &Turned,
        stored: &Stored,
        kind: &'static str,
        retracts: Option<&Place>,
    ) -> Option<NewEntry<'a>> {
        let case = matter.case;
        let private_group = group.in_turn.group.policies.visibility == Visibility::Private;
        // What was public before the group became private is not any more.
        let public = stored.public && !private_group;
        let said = Said {
            id: self.id_of(case),
            group: &group.in_turn.group.name,
            what: What::of(kind, &case.raw)?,
            at: at.now,
            object: &stored.iri,
            object_kind: &stored.kind,
            published: stored.published,
            is_comment: stored.is_comment,
            public,
            private_group,
            author: case.actor.iri.as_str(),
            wrapped: !case.raw.is_empty(),
            retracts: retracts.map(|place| (place.activity, place.at)),
        };
        Some(NewEntry {
            group: group.in_turn.id,
            seq: 0,
            id: said.id,
            iri: Some(case.activity.id.as_str()),
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
            retracts: retracts.map(|place| (place.seq, place.activity)),
            raw: &case.raw,
            shapes: self.shaped(group, &said),
        })
    }

    /// What the group itself did has an id already: without a shape it is that, with one its announcement.
    pub(super) fn id_of(&self, case: &Case) -> Uuid {
        match (&case.warrant, self.here().local(case.activity.id.as_str())) {
            (Warrant::Group { .. }, Some(Local::Activity(id, None))) => id,
            _ => self.clock().uuid(),
        }
    }

    /// In which shapes, and how. While one is not decided yet, all are written.
    fn shaped(&self, group: &Turned, said: &Said<'_>) -> Vec<NewShape> {
        dialect::shapes()
            .into_iter()
            .filter(|shape| group.undecided || group.heard.iter().any(|heard| heard == shape.0))
            .filter_map(|shape| {
                let written = dialect::write(shape, said, self.here())?;
                Some(NewShape {
                    shape: shape.0,
                    head: written.head,
                    tail: written.tail,
                    skip_author: written.skip_author,
                })
            })
            .collect()
    }
}
