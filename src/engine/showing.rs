//! Edits as those read them who know servers by their domains and fetch a post once.
//!
//! One rule: what is told of a post is what anybody who asks for it would get (`dialect`'s entity of it), from the same facts.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    dialect::{
        self, Ask,
        domains::entity::{self, NoteEntity},
    },
    engine::{Engine, content::At, matter::Matter},
    store::{facts::Turned, post::Stored},
};

impl Engine {
    /// What edits carry of posts that we show for their authors, by the ids of these.
    pub(super) fn edits_shown(&self, matters: &[Matter<'_>]) -> HashMap<String, Value> {
        if self.here().domain().is_none() {
            return HashMap::new();
        }
        let carried = matters.iter().filter_map(|matter| match matter.ask {
            Ask::Edit(document) if self.here().mirrored(document.id.as_str()).is_none() => {
                let (_, sent) = dialect::carried(&matter.case.raw, document.id.as_str())?;
                Some((document.id.to_string(), sent))
            }
            _ => None,
        });
        carried.collect()
    }

    /// An edited post as this group shows it from now on; `None`: it is shown where it is.
    pub(super) fn note_shown<'s>(
        &self,
        at: &At<'s>,
        matter: &Matter<'s>,
        group: &'s Turned,
        stored: &'s Stored,
    ) -> Option<NoteEntity<'s>> {
        let Ask::Edit(document) = matter.ask else {
            return None;
        };
        let here = self.here();
        let (sent, (author, _)) = (at.edits.get(&stored.iri)?, at.face(matter.case)?);
        let name = group.in_turn.group.name.as_str();
        let parent = at.facts.answered(stored.id, group.in_turn.id);
        let parent = parent.and_then(|(id, iri)| here.reference_of_note(id, iri, name));
        let face = |iri: &str| at.facts.face_of_mentioned(iri);
        Some(NoteEntity {
            id: stored.id,
            author,
            group: name,
            iri: &stored.iri,
            url: document.url.as_deref(),
            kind: document.kind.unwrap_or(&stored.kind),
            title: matter.case.shown.title.as_deref(),
            content: matter.case.shown.content.as_deref(),
            published: stored.published,
            parent: parent.map(|parent| parent.to_string()),
            mentions: entity::references(&entity::mentioned(sent), face, here),
            sent: Some(sent),
        })
    }
}
