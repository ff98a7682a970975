//! What somebody thinks of a note, and that they do not any more.
//!
//! One rule: an entity's own id is in its activity's, so that it can be taken back by that. What takes it back carries it: by its
//! id alone most programs know nothing of it. One more: a row of [`WORDS`].

use serde_json::{Value, json};

use super::{Entity, Known, PUBLIC, Said, id_of, with};
use crate::dialect::{Unreadable, fields::text_of, versia::kind};

/// Entities, the activities that say the same, and the field that names the note.
const WORDS: [(&str, &str, &str); 4] = [
    (kind::LIKE, "Like", "liked"),
    (kind::DISLIKE, "Dislike", "disliked"),
    (kind::REACTION, "EmojiReact", "object"),
    (kind::SHARE, "Announce", "shared"),
];

pub(super) fn word(kind: &str) -> Option<(&'static str, &'static str)> {
    let known = WORDS.into_iter().find(|(entity, ..)| *entity == kind);
    known.map(|(_, word, field)| (word, field))
}

impl Entity<'_> {
    /// What somebody thinks of a post.
    pub(super) fn about(&self, what: &str, field: &'static str, known: &Known) -> Result<Said, Unreadable> {
        let (id, author) = (self.reference("id")?, self.reference("author")?);
        let object = self.note_meant(&self.reference(field)?, known);
        let Some(object) = object else { return Ok(None) };
        let says = self.says(what, &author, self.id_by(&author, &id));
        let mut says = with(says, &[("object", json!(object)), ("to", json!([PUBLIC]))]);
        if self.kind == kind::REACTION {
            let content = text_of(&self.entity, "content");
            let content = content.ok_or_else(|| Unreadable::new("content", "The reaction is no text."))?;
            says["content"] = json!(content);
        }
        Ok(Some((Some(author), says)))
    }

    /// What is taken back that somebody thought: the id of their mirror, and of the activity that it is here.
    pub(super) fn taken_back(&self) -> Result<Option<(String, String)>, Unreadable> {
        let is_one =
            self.kind == kind::DELETE && self.is_there("author") && word(self.deleted_kind()?).is_some();
        if !is_one {
            return Ok(None);
        }
        let author = self.reference("author")?;
        let id = self.id_by(&author, &self.reference("deleted")?);
        Ok(Some((self.here.mirror(&author), id)))
    }

    /// An Undo around what was said; around its id where nothing of it counts any more, or ever did.
    pub(super) fn undo(&self, what: &str, hash: &str, known: &Known) -> Result<Said, Unreadable> {
        if !self.is_there("author") {
            return Err(Unreadable::new("author", "Whose it was is to be said."));
        }
        let (author, deleted) = (self.reference("author")?, self.reference("deleted")?);
        let (mirror, id) = (self.here.mirror(&author), self.id_by(&author, &deleted));
        let undone = match &known.undone {
            None => json!(id),
            Some((post, told)) => {
                let told = told
                    .as_deref()
                    .and_then(|told| serde_json::from_str::<Value>(told).ok());
                let mut told = told.unwrap_or_else(
                    || json!({"id": id, "type": what, "actor": mirror, "to": [PUBLIC], "object": post}),
                );
                if let Some(fields) = told.as_object_mut() {
                    fields.remove("@context");
                }
                told
            }
        };
        let undo = self.says("Undo", &author, id_of(&mirror, &[hash]));
        let undo = with(undo, &[("to", json!([PUBLIC])), ("object", undone)]);
        Ok(Some((Some(author), undo)))
    }
}
