//! A note, as the Create or Update that it is.
//!
//! One rule: it is for the group that it names. A note for everybody is for a group only if it answers something, or mentions
//! the user that shares the group's posts: that is how software without groups speaks in one.

use serde_json::{Map, Value, json};

use super::{Entity, Known, PUBLIC, Said};
use crate::dialect::{
    Unreadable,
    versia::{
        content,
        reference::{Ours, Reference},
    },
};

/// Who may read a note: `group` says it (there is no field for that of its own).
enum Readers {
    Everybody,
    Group(String),
    /// Followers, those whom it mentions, or a group elsewhere.
    Others,
}

impl Entity<'_> {
    /// The group of ours that it names: by its field, or the only one by a mention.
    pub(super) fn group_of_note(&self) -> Result<Option<String>, Unreadable> {
        Ok(match self.readers()? {
            Readers::Group(name) => Some(name),
            Readers::Others => None,
            Readers::Everybody => match &self.sharers_mentioned()?[..] {
                [one] => Some(one.clone()),
                _ => None,
            },
        })
    }

    pub(super) fn note(&self, hash: &str, known: &Known) -> Result<Said, Unreadable> {
        let (note, author) = (self.reference("id")?, self.reference("author")?);
        let object = self.object(&note, &author, known)?;
        let Some(addressed) = self.addressed(known)? else {
            return Ok(None);
        };
        let id = format!("{}#{hash}", self.here.mirror_of_note(&note));
        let what = if known.author.is_some() {
            "Update"
        } else {
            "Create"
        };
        let mut says = self.says(what, &author, id);
        let mut object = Value::Object(object);
        for (field, value) in addressed {
            says[&field] = value.clone();
            object[field] = value;
        }
        if known.author.is_some()
            && let Some(at) = known.edited_at
        {
            object["updated"] = json!(at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
        }
        says["object"] = object;
        Ok(Some((author, says)))
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
            Some(Ours::Id(id)) => Some(
                self.note_meant(parent, known)
                    .unwrap_or_else(|| format!("{}/post/{id}", self.here.base())),
            ),
            _ => self.note_meant(parent, known),
        }
    }

    /// `to`, `cc` and `audience`; `None`: it is for no group of ours.
    fn addressed(&self, known: &Known) -> Result<Option<Vec<(String, Value)>>, Unreadable> {
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
            Readers::Everybody => self.sharers_mentioned()?,
        };
        if groups.is_empty() && !self.is_there("replies_to") {
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

    fn sharers_mentioned(&self) -> Result<Vec<String>, Unreadable> {
        let mut names = vec![];
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
        let tags = mentions.iter().filter_map(|who| {
            let href = self.person(who, known)?;
            Some(json!({"type": "Mention", "href": href, "name": format!("@{}@{}", who.id, who.domain)}))
        });
        Ok(tags.collect())
    }
}

fn named(fields: Vec<(&str, Value)>) -> Vec<(String, Value)> {
    let fields = fields.into_iter().map(|(field, value)| (field.to_owned(), value));
    fields.collect()
}
