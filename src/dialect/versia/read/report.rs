//! A report, as the Flag that it is.
//!
//! One rule: whatever a reference may mean is reported, and all that is said of why is passed on.

use serde_json::{Value, json};

use super::{Entity, Known, Said, id_of, with};
use crate::dialect::{Unreadable, fields::text_of, versia::reference::Ours};

/// Things in one report.
const MOST_REPORTED: usize = 100;

impl Entity<'_> {
    pub(super) fn report(&self, hash: &str, known: &Known) -> Result<Said, Unreadable> {
        let author = self
            .is_there("author")
            .then(|| self.reference("author"))
            .transpose()?;
        let why = self.why_reported()?;
        let mut objects = vec![];
        for reported in self.references("reported")?.iter().take(MOST_REPORTED) {
            match self.here.referred(reported) {
                Some(Ours::Group(name) | Ours::Sharer(name)) => objects.push(self.here.group(name)),
                Some(Ours::Id(id) | Ours::Note(id, _)) => objects.extend(known.ids.get(&id).cloned()),
                // It does not say of what it is the id.
                None => objects.extend([self.here.mirror_of_note(reported), self.here.mirror(reported)]),
            }
        }
        if objects.is_empty() {
            return Ok(None);
        }
        let actor = match &author {
            Some(author) => self.here.mirror(author),
            None => self.here.mirror_of_domain(self.signer),
        };
        let id = id_of(&actor, &[hash]);
        let mut flag = with(self.says_as("Flag", &actor, id), &[("object", json!(objects))]);
        if !why.is_empty() {
            flag["content"] = json!(why);
        }
        Ok(Some((author, flag)))
    }

    /// In words of their own, and by tags.
    fn why_reported(&self) -> Result<String, Unreadable> {
        let bad = || Unreadable::new("tags", "The tags are no list of strings.");
        let tags = self
            .entity
            .get("tags")
            .and_then(Value::as_array)
            .ok_or_else(bad)?;
        let tags = tags.iter().map(|tag| tag.as_str().ok_or_else(bad));
        let tags = tags.collect::<Result<Vec<_>, _>>()?.join(", ");
        let tags = (!tags.is_empty()).then(|| format!("Tags: {tags}"));
        let comment = text_of(&self.entity, "comment").map(ToOwned::to_owned);
        let why: Vec<_> = comment.into_iter().chain(tags).collect();
        Ok(why.join("\n\n"))
    }
}
