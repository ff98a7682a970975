//! What an entity says, as the activity that says the same.
//!
//! One rule: it is decided by the rules that hold for every other activity, so nothing is decided here. Everybody and
//! everything in the activity is on our own host, as mirrors. One more: its claims in [`Entity::claims`], an arm in
//! [`Entity::activity`].

mod known;
mod note;
mod report;
#[cfg(test)]
mod tests;
mod vote;

use std::fmt::Write as _;

use chrono::DateTime;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::dialect::{
    Here, Unreadable,
    fields::text_of,
    versia::{
        kind, older,
        reference::{Mirrored, Ours, Reference},
    },
};

pub use known::{Known, Names, Translated, Version};

/// How much of a hash is in an id: 128 bits.
const HASH: usize = 32;

/// What is told apart by its bytes: their SHA-256, in hex.
#[must_use]
pub fn hash_of(body: &[u8]) -> String {
    Sha256::digest(body).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether somebody may say this twice in the same words and mean it twice: to come, and to go. Such an entity is known by its
/// signature, all others by their bytes.
#[must_use]
pub fn is_said_anew(entity: &Value) -> bool {
    let kind = text_of(entity, "type").map(older::kind_now);
    matches!(
        kind,
        Some(kind::SUBSCRIBE | kind::UNSUBSCRIBE | kind::FOLLOW | kind::UNFOLLOW)
    )
}

/// Reads what an entity names. `signer`: the domain that signed it.
///
/// # Errors
/// Names the field that cannot be read.
pub fn names(entity: &Value, signer: &str, here: &Here) -> Result<Names, Unreadable> {
    let left_out = older::left_out(entity);
    let entity = Entity::new(entity, signer, here)?;
    Ok(Names {
        claims: entity.claims()?,
        ours: entity.ours()?,
        undone: entity.taken_back()?,
        note: entity.note_named()?.map(|note| here.mirror_of_note(&note)),
        mentioned: entity.sharers_mentioned()?,
        answers: entity.answered()?,
        group: entity.group_named()?,
        left_out,
    })
}

/// Reads an entity that passed the gate; `None`: it means nothing to any group of ours. `hash`: [`hash_of`] the body, or its signature
/// ([`is_said_anew`]).
///
/// # Errors
/// Names the field that cannot be read.
pub fn read(
    entity: &Value,
    signer: &str,
    hash: &str,
    known: &Known,
    here: &Here,
) -> Result<Option<Translated>, Unreadable> {
    let entity = Entity::new(entity, signer, here)?;
    let Some((actor, activity)) = entity.activity(hash, known)? else {
        return Ok(None);
    };
    Ok(Some(Translated {
        group: entity.group(known)?,
        actor,
        activity,
    }))
}

/// An entity as 0.6 has it, and who signed it.
struct Entity<'a> {
    entity: Value,
    kind: String,
    signer: &'a str,
    here: &'a Here,
}

/// Who says something (`None`: the domain itself), and what.
type Said = Option<(Option<Reference>, Value)>;

impl<'a> Entity<'a> {
    fn new(entity: &Value, signer: &'a str, here: &'a Here) -> Result<Self, Unreadable> {
        if !entity.is_object() {
            return Err(Unreadable::new("type", "An entity is an object."));
        }
        let entity = older::modern(entity);
        let kind =
            text_of(&entity, "type").ok_or_else(|| Unreadable::new("type", "The entity has no type."))?;
        let kind = kind.to_owned();
        let entity = Self {
            entity,
            kind,
            signer,
            here,
        };
        entity.has_a_sound_base()?;
        Ok(entity)
    }

    /// What every entity has. An example of the specification leaves out when it was made (`app/extensions/reports`).
    fn has_a_sound_base(&self) -> Result<(), Unreadable> {
        let may_lack_it = self.kind == kind::REPORT && !self.is_there("created_at");
        if self.created_at().is_none() && !may_lack_it {
            return Err(Unreadable::new(
                "created_at",
                "This is no date as RFC 3339 has it.",
            ));
        }
        if self.is_there("extensions") && !self.entity["extensions"].is_object() {
            return Err(Unreadable::new("extensions", "The extensions are no object."));
        }
        Ok(())
    }

    /// What must be the signer's: whoever speaks, and what they have power over.
    fn claims(&self) -> Result<Vec<(&'static str, Reference)>, Unreadable> {
        let fields: &[&'static str] = match self.kind.as_str() {
            kind::SUBSCRIBE | kind::UNSUBSCRIBE => &["subscriber"],
            kind::SUBSCRIBE_ACCEPT | kind::SUBSCRIBE_REJECT | kind::FEDERATE => &["group"],
            kind::USER | kind::GROUP => &["id"],
            kind::NOTE | kind::LIKE | kind::DISLIKE | kind::REACTION | kind::SHARE => &["author", "id"],
            kind::FOLLOW | kind::UNFOLLOW | kind::FOLLOW_ACCEPT | kind::FOLLOW_REJECT => &["author"],
            // The author may be left out: then it is the server that speaks, and for its own.
            kind::REPORT if !self.is_there("author") => &[],
            kind::REPORT => &["author"],
            kind::DELETE if self.is_there("author") => &["author", "deleted"],
            kind::DELETE => &["deleted"],
            _ => &[],
        };
        let claims = fields.iter().map(|field| Ok((*field, self.reference(field)?)));
        claims.collect()
    }

    /// Ids of ours that only the database knows.
    fn ours(&self) -> Result<Vec<Uuid>, Unreadable> {
        let mut named = vec![];
        for field in ["replies_to", "liked", "disliked", "object", "shared"] {
            // Other types may have fields of these names that are something else.
            if self.names_by(field) && self.is_there(field) {
                named.push(self.reference(field)?);
            }
        }
        for field in ["mentions", "reported"] {
            if self.names_by(field) {
                named.extend(self.references(field)?);
            }
        }
        let ours = named
            .iter()
            .filter_map(|reference| match self.here.referred(reference) {
                Some(Ours::Id(id) | Ours::Note(id, _)) => Some(id),
                _ => None,
            });
        Ok(ours.collect())
    }

    fn names_by(&self, field: &str) -> bool {
        let of: &[&str] = match field {
            "replies_to" | "mentions" => &[kind::NOTE],
            "liked" => &[kind::LIKE],
            "disliked" => &[kind::DISLIKE],
            "object" => &[kind::REACTION],
            "shared" => &[kind::SHARE],
            _ => &[kind::REPORT],
        };
        of.contains(&self.kind.as_str())
    }

    /// The note that is brought or deleted.
    fn note_named(&self) -> Result<Option<Reference>, Unreadable> {
        Ok(match self.kind.as_str() {
            kind::NOTE => Some(self.reference("id")?),
            kind::DELETE if self.deleted_kind()? == kind::NOTE => Some(self.reference("deleted")?),
            _ => None,
        })
    }

    /// The one group of ours that it is for.
    fn group(&self, known: &Known) -> Result<Option<String>, Unreadable> {
        match self.kind.as_str() {
            kind::NOTE => self.group_of_note(known),
            _ => self.group_named(),
        }
    }

    /// The same, if a field of its own says so.
    fn group_named(&self) -> Result<Option<String>, Unreadable> {
        let field = match self.kind.as_str() {
            kind::SUBSCRIBE | kind::UNSUBSCRIBE => "group",
            kind::FOLLOW | kind::UNFOLLOW => "followee",
            kind::NOTE => return self.group_in_field(),
            _ => return Ok(None),
        };
        let meant = self.reference(field)?;
        Ok(match (self.here.referred(&meant), field) {
            (Some(Ours::Group(name)), "group") | (Some(Ours::Sharer(name)), "followee") => {
                Some(name.to_owned())
            }
            _ => None,
        })
    }

    fn activity(&self, hash: &str, known: &Known) -> Result<Said, Unreadable> {
        match self.kind.as_str() {
            kind::SUBSCRIBE => self.asks("Join", "subscriber", hash),
            kind::FOLLOW => self.asks("Follow", "author", hash),
            kind::UNSUBSCRIBE => self.asks("Leave", "subscriber", hash),
            kind::UNFOLLOW => self.unfollow(hash),
            kind::NOTE => self.note(hash, known),
            kind::DELETE => self.delete(hash, known),
            kind::REPORT => self.report(hash, known),
            kind::USER => {
                let user = self.reference("id")?;
                let mirror = self.here.mirror(&user);
                let update = self.says("Update", &user, id_of(&mirror, &[hash]));
                Ok(Some((Some(user), with(update, &[("object", json!(mirror))]))))
            }
            kind => match vote::word(kind) {
                Some((word, field)) => self.about(word, field, known),
                None => Ok(None),
            },
        }
    }

    /// To be let in, or to leave.
    fn asks(&self, what: &str, by: &'static str, hash: &str) -> Result<Said, Unreadable> {
        let who = self.reference(by)?;
        let Some(group) = self.group_named()? else {
            return Ok(None);
        };
        let group = self.here.group(&group);
        let id = id_of(&self.here.mirror(&who), &[hash]);
        let asks = self.says(what, &who, id);
        Ok(Some((
            Some(who),
            with(asks, &[("to", json!([group])), ("object", json!(group))]),
        )))
    }

    /// The end of a Follow, which is not that of a subscription.
    fn unfollow(&self, hash: &str) -> Result<Said, Unreadable> {
        let asks = self.asks("Undo", "author", hash)?;
        Ok(asks.map(|(who, undo)| {
            let follow =
                json!({"type": "Follow", "actor": undo["actor"].clone(), "object": undo["object"].clone()});
            (who, with(undo, &[("object", follow)]))
        }))
    }

    /// Only what is its author's own is ever deleted: that both are the signer's was seen to at the gate.
    fn delete(&self, hash: &str, known: &Known) -> Result<Said, Unreadable> {
        let deleted = self.reference("deleted")?;
        let author = self
            .is_there("author")
            .then(|| self.reference("author"))
            .transpose()?;
        match self.deleted_kind()? {
            kind::NOTE => {
                let wrote = || match self.here.mirrored(&known.note.as_ref()?.author) {
                    Some(Mirrored::User(author)) => Some(author),
                    _ => None,
                };
                let Some(author) = author.or_else(wrote) else {
                    return Ok(None); // Nobody here has heard of it.
                };
                let note = self.here.mirror_of_note(&deleted);
                Ok(Some(self.takes_back(author, &note, id_of(&note, &[hash]))))
            }
            kind::USER => {
                if author.is_some_and(|author| author != deleted) {
                    return Err(Unreadable::new("author", "Nobody deletes another user."));
                }
                let mirror = self.here.mirror(&deleted);
                let delete = self.says("Delete", &deleted, id_of(&mirror, &[hash]));
                let delete = with(delete, &[("to", json!([PUBLIC])), ("object", json!(mirror))]);
                Ok(Some((Some(deleted), delete)))
            }
            kind => match vote::word(kind) {
                Some((word, _)) => self.undo(word, hash, known),
                None => Ok(None),
            },
        }
    }

    /// A note is none of ours any more.
    fn takes_back(&self, author: Reference, note: &str, id: String) -> (Option<Reference>, Value) {
        let delete = self.says("Delete", &author, id);
        let delete = with(delete, &[("to", json!([PUBLIC])), ("object", json!(note))]);
        (Some(author), delete)
    }

    fn deleted_kind(&self) -> Result<&str, Unreadable> {
        let named = text_of(&self.entity, "deleted_type");
        let named = named.ok_or_else(|| Unreadable::new("deleted_type", "What is deleted has no type."))?;
        Ok(older::kind_now(named))
    }

    /// The beginning of every activity.
    fn says(&self, what: &str, who: &Reference, id: String) -> Value {
        self.says_as(what, &self.here.mirror(who), id)
    }

    fn says_as(&self, what: &str, actor: &str, id: String) -> Value {
        let mut says = json!({
            "@context": [
                "https://www.w3.org/ns/activitystreams",
                {"sensitive": "as:sensitive", "EmojiReact": "http://litepub.social/ns#EmojiReact"},
            ],
            "id": id,
            "type": what,
            "actor": actor,
        });
        if let Some(at) = self.created_at() {
            says["published"] = json!(at);
        }
        says
    }

    /// As it is written, if it can be read.
    fn created_at(&self) -> Option<&str> {
        text_of(&self.entity, "created_at").filter(|at| DateTime::parse_from_rfc3339(at).is_ok())
    }

    /// The id of the activity that is an entity of somebody's.
    fn id_by(&self, author: &Reference, entity: &Reference) -> String {
        format!("{}#{}", self.here.mirror(author), entity.id)
    }

    /// The post that a reference stands for; `None`: it stands for something else, or for nothing.
    fn note_meant(&self, note: &Reference, known: &Known) -> Option<String> {
        match self.here.referred(note) {
            Some(Ours::Id(id) | Ours::Note(id, _)) => known.ids.get(&id).cloned(),
            Some(_) => None,
            None => Some(self.here.mirror_of_note(note)),
        }
    }

    fn is_there(&self, field: &str) -> bool {
        self.entity.get(field).is_some_and(|value| !value.is_null())
    }

    fn reference(&self, field: &'static str) -> Result<Reference, Unreadable> {
        let text = self.entity.get(field).and_then(Value::as_str);
        let text = text.ok_or_else(|| Unreadable::new(field, "This is no reference: it is not a string."))?;
        Reference::read(text, self.signer, field)
    }

    fn references(&self, field: &'static str) -> Result<Vec<Reference>, Unreadable> {
        let bad = || Unreadable::new(field, "This is no list of references.");
        let items = self.entity.get(field).and_then(Value::as_array).ok_or_else(bad)?;
        let items = items.iter().map(|item| {
            let text = item.as_str().ok_or_else(bad)?;
            Reference::read(text, self.signer, field)
        });
        items.collect()
    }
}

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// The id of an activity that has none of its own: of what it is about, and what was signed.
fn id_of(about: &str, hashed: &[&str]) -> String {
    let hash = match hashed {
        [hash] => (*hash).to_owned(),
        more => hash_of(more.join(" ").as_bytes()),
    };
    format!("{about}#{}", hash.get(..HASH).unwrap_or(&hash))
}

fn with(mut document: Value, fields: &[(&str, Value)]) -> Value {
    for (field, value) in fields {
        document[*field] = value.clone();
    }
    document
}
