//! A note, as the Create or Update that it is.
//!
//! One rule: it is for the group that it names. A note for everybody is for a group only if it answers something, or mentions
//! the user that shares the group's posts: that is how software without groups speaks in one.

use serde_json::{Map, Value, json};

use super::{Entity, Known, PUBLIC, Said, id_of};
use crate::dialect::{
    Unreadable,
    versia::{
        content, kind,
        reference::{Ours, Reference},
    },
};

/// Mentions beyond this many are not passed on: each is an address in what every member gets.
const MOST_MENTIONED: usize = 64;

/// Who may read a note: `group` says it (there is no field for that of its own).
enum Readers {
    Everybody,
    Group(String),
    /// Followers, those whom it mentions, or a group elsewhere.
    Others,
}

impl Entity<'_> {
    /// The group of ours that its field names.
    pub(super) fn group_in_field(&self) -> Result<Option<String>, Unreadable> {
        Ok(match self.readers()? {
            Readers::Group(name) => Some(name),
            Readers::Others | Readers::Everybody => None,
        })
    }

    /// The group of ours that it names: by its field, or the only one by a mention.
    pub(super) fn group_of_note(&self, known: &Known) -> Result<Option<String>, Unreadable> {
        Ok(match self.readers()? {
            Readers::Group(name) => Some(name),
            Readers::Others => None,
            Readers::Everybody => match &self.groups_mentioned(known)?[..] {
                [one] => Some(one.clone()),
                _ => None,
            },
        })
    }

    /// The note elsewhere that it answers.
    pub(super) fn answered(&self) -> Result<Option<Reference>, Unreadable> {
        if self.kind != kind::NOTE || !self.is_there("replies_to") {
            return Ok(None);
        }
        let parent = self.reference("replies_to")?;
        Ok(self.here.referred(&parent).is_none().then_some(parent))
    }

    fn groups_mentioned(&self, known: &Known) -> Result<Vec<String>, Unreadable> {
        let mut names = self.sharers_mentioned()?;
        names.retain(|name| known.groups.contains(name));
        Ok(names)
    }

    pub(super) fn note(&self, hash: &str, known: &Known) -> Result<Said, Unreadable> {
        let (note, author) = (self.reference("id")?, self.reference("author")?);
        let object = self.object(&note, &author, known)?;
        content::unshown(&self.entity)?;
        if self.is_there("quotes") {
            self.reference("quotes")?;
        }
        let mirror = self.here.mirror_of_note(&note);
        let last = known.note.as_ref();
        let mut id = id_of(&mirror, &[hash]);
        if last.is_some_and(|last| last.id.as_ref() == Some(&id) || last.hash.as_deref() == Some(hash)) {
            return Ok(None); // They said just this last.
        }
        if let Some(before) = last.and_then(|last| last.id.as_deref()) {
            // What was said before may come again: after something else it is an edit like every other one.
            id = id_of(&mirror, &[hash, before]);
        }
        let is_here = last.is_some_and(|last| last.is_posted || last.waits);
        let Some(addressed) = self.addressed(known, is_here)? else {
            return Ok(is_here.then(|| self.takes_back(author, &mirror, id)));
        };
        // What waits in one group may be for another one by now: that is asked to have it, and the first is not shown it.
        let is_edit =
            last.is_some_and(|last| last.is_posted) || (is_here && self.group_of_note(known)?.is_none());
        let what = if is_edit { "Update" } else { "Create" };
        let mut says = self.says(what, &author, id);
        let mut object = Value::Object(object);
        for (field, value) in addressed {
            says[&field] = value.clone();
            object[field] = value;
        }
        if is_edit && let Some(at) = known.edited_at {
            object["updated"] = json!(at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
        }
        says["object"] = object;
        Ok(Some((Some(author), says)))
    }

    fn object(
        &self,
        note: &Reference,
        author: &Reference,
        known: &Known,
    ) -> Result<Map<String, Value>, Unreadable> {
        let mut object = Map::new();
        let mut set = |field: &str, value: Value| object.insert(field.to_owned(), value);
        set("id", json!(self.here.mirror_of_note(note)));
        set("type", json!("Note"));
        set("attributedTo", json!(self.here.mirror(author)));
        // For people: whoever asks for a page there is led to it.
        set(
            "url",
            json!(format!(
                "https://{}/.versia/v0.6/entities/Note/{}",
                note.domain, note.id
            )),
        );
        if let Some(at) = self.created_at() {
            set("published", json!(at));
        }
        let mut text = content::html(&self.entity)?;
        let mut subject = Map::new();
        content::subject(&self.entity, &mut subject)?;
        if self.is_there("replies_to") {
            let parent = self.reference("replies_to")?;
            if let Some(parent) = self.parent(&parent, known) {
                set("inReplyTo", json!(parent));
                // An answer that has a name and no text is a vote elsewhere.
                if let Some(name) = subject.remove("name").filter(|_| text.is_none()) {
                    text = name.as_str().map(content::paragraphs);
                }
            }
        }
        set("content", json!(text.unwrap_or_default()));
        let tags = self.mentioned(known)?;
        if !tags.is_empty() {
            set("tag", json!(tags));
        }
        let attached = content::attached(&self.entity)?;
        if !attached.is_empty() {
            set("attachment", json!(attached));
        }
        object.extend(subject);
        Ok(object)
    }

    /// What it answers. What is not here any more is answered all the same: by an id that nothing has.
    fn parent(&self, parent: &Reference, known: &Known) -> Option<String> {
        match self.here.referred(parent) {
            Some(Ours::Id(id) | Ours::Note(id, _)) => Some(
                self.note_meant(parent, known)
                    .unwrap_or_else(|| format!("{}/post/{id}", self.here.base())),
            ),
            _ => self.note_meant(parent, known),
        }
    }

    /// `to`, `cc` and `audience`; `None`: it is for no group of ours. What everybody may read stays where it is.
    fn addressed(&self, known: &Known, is_here: bool) -> Result<Option<Vec<(String, Value)>>, Unreadable> {
        let groups = match self.readers()? {
            Readers::Others => return Ok(None),
            Readers::Group(name) => {
                let group = self.here.group(&name);
                let mut addressed = if known.private.contains(&name) {
                    vec![("to", json!([self.here.part(&name, "members")]))]
                } else {
                    vec![("to", json!([PUBLIC, group])), ("cc", json!(self.others(known)?))]
                };
                addressed.push(("audience", json!(group)));
                return Ok(Some(named(addressed)));
            }
            Readers::Everybody => self.groups_mentioned(known)?,
        };
        if groups.is_empty() && !self.is_there("replies_to") && !is_here {
            return Ok(None);
        }
        let mut to = vec![PUBLIC.to_owned()];
        to.extend(groups.iter().map(|name| self.here.group(name)));
        Ok(Some(named(vec![
            ("to", json!(to)),
            ("cc", json!(self.others(known)?)),
        ])))
    }

    fn readers(&self) -> Result<Readers, Unreadable> {
        Ok(match self.entity.get("group") {
            None | Some(Value::Null) => Readers::Others,
            Some(Value::String(text)) if text == "public" => Readers::Everybody,
            Some(Value::String(text)) if text == "followers" => Readers::Others,
            // Without a domain it is a group of the signer's.
            Some(_) => match self.here.referred(&self.reference("group")?) {
                Some(Ours::Group(name)) => Readers::Group(name.to_owned()),
                _ => Readers::Others,
            },
        })
    }

    /// Mentions are not to be relied on (the reference implementation names people by ids of its own): those of no group of
    /// ours mean nothing.
    pub(super) fn sharers_mentioned(&self) -> Result<Vec<String>, Unreadable> {
        let mut names = vec![];
        if self.kind != kind::NOTE {
            return Ok(names);
        }
        for mentioned in self.references("mentions")? {
            if let Some(Ours::Sharer(name) | Ours::Group(name)) = self.here.referred(&mentioned)
                && !names.iter().any(|known| known == name)
            {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// People whom it mentions, by their ids.
    fn others(&self, known: &Known) -> Result<Vec<String>, Unreadable> {
        let mentions = self.references("mentions")?;
        Ok(mentions
            .iter()
            .take(MOST_MENTIONED)
            .filter_map(|who| self.person(who, known))
            .collect())
    }

    fn person(&self, who: &Reference, known: &Known) -> Option<String> {
        match self.here.referred(who) {
            Some(Ours::Id(id)) => known.ids.get(&id).cloned(),
            Some(_) => None,
            None => Some(self.here.mirror(who)),
        }
    }

    fn mentioned(&self, known: &Known) -> Result<Vec<Value>, Unreadable> {
        let mentions = self.references("mentions")?;
        let tags = mentions.iter().take(MOST_MENTIONED).filter_map(|who| {
            let href = self.person(who, known)?;
            let name = match self.here.referred(who) {
                Some(Ours::Id(id)) => known.handles.get(&id).cloned(),
                _ => None,
            };
            let name = name.unwrap_or_else(|| format!("@{}@{}", who.id, who.domain));
            Some(json!({"type": "Mention", "href": href, "name": name}))
        });
        Ok(tags.collect())
    }
}

fn named(fields: Vec<(&str, Value)>) -> Vec<(String, Value)> {
    let fields = fields.into_iter().map(|(field, value)| (field.to_owned(), value));
    fields.collect()
}
