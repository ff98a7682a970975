//! How the people of one family of programs speak, and what their servers refuse.
//!
//! One rule: what is refused here is refused by a real program, with its source; what is said here is what it sends.

use serde_json::{Value, json};

use super::Group;

pub(super) const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
pub(super) const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";

/// Where a POST arrived.
#[derive(Clone, Copy)]
pub struct Door {
    pub is_shared: bool,
}

/// What a program dislikes about a document, and what it answers: a microblog answers 202 to everything.
#[derive(Debug)]
pub struct Complaint {
    pub status: u16,
    pub why: String,
    /// No fault of the sender's: what was passed on is in the words of its author, or a newer version of this program knows it.
    pub is_shrug: bool,
}

/// Who speaks, with fresh ids to speak with.
pub struct Me<'a> {
    pub id: String,
    pub followers: String,
    pub base: String,
    /// A new id below the base, of this kind.
    pub mint: &'a dyn Fn(&str) -> String,
    /// The time as documents write it.
    pub now: String,
}

/// One activity that somebody sent.
#[derive(Clone, Debug)]
pub struct Said {
    pub document: Value,
    /// Byte for byte as it was sent.
    pub text: String,
    /// The post that it is about: of a comment, the comment.
    pub post: String,
    pub is_comment: bool,
}

impl Said {
    pub fn id(&self) -> &str {
        self.document["id"].as_str().unwrap_or_default()
    }

    pub fn kind(&self) -> &str {
        self.document["type"].as_str().unwrap_or_default()
    }

    pub fn author(&self) -> &str {
        self.document["actor"].as_str().unwrap_or_default()
    }
}

/// A family of programs.
pub trait Manners: Send + Sync {
    /// Whether its servers accept this; with `Some(id)`, they fetch what it names.
    fn judge(&self, document: &Value, door: Door) -> Result<Option<String>, Complaint>;

    /// What they think of what was fetched so.
    fn believes(&self, _: &Value, fetched: &Value) -> Result<(), Complaint> {
        is_shown(fetched)
    }

    /// What they answer where it cannot be fetched.
    fn to_what_is_missing(&self) -> u16 {
        202
    }

    /// Whether they read what somebody else signed for its actor.
    fn takes_forwarded(&self, _: &Value) -> Result<(), Complaint> {
        refuse(401, "signed by another than its actor")
    }

    /// What they want of the header `Signature` beside that it is right.
    fn looks_at_signature(&self, _: &str) -> Result<(), Complaint> {
        Ok(())
    }

    /// Whether an answer tells them that what they sent has arrived.
    fn is_delivered(&self, status: u16) -> bool {
        (200..300).contains(&status)
    }

    /// What its servers answer to an id that they have seen.
    fn to_a_repeat(&self) -> u16 {
        202
    }

    /// What a group must send its people about this; `None`: nothing at all.
    fn hears(&self, said: &Said) -> Option<Shape>;

    fn join(&self, me: &Me<'_>, group: &Group) -> Value;

    fn leave(&self, me: &Me<'_>, group: &Group, join: &Value) -> Value {
        undo(me, group, join)
    }

    /// Starts a thread.
    fn post(&self, me: &Me<'_>, group: &Group, text: &str) -> Value;

    fn reply(&self, me: &Me<'_>, group: &Group, to: &Said, text: &str) -> Value;

    /// `post` is the Create of what is edited.
    fn edit(&self, me: &Me<'_>, group: &Group, post: &Said, text: &str) -> Value;

    fn delete(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value;

    fn like(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value;

    /// `None`: its people cannot.
    fn dislike(&self, me: &Me<'_>, group: &Group, post: &Said) -> Option<Value>;

    fn undo(&self, me: &Me<'_>, group: &Group, what: &Value) -> Value {
        undo(me, group, what)
    }
}

/// How an event looks to those who hear of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `Announce` of the activity, word for word.
    Wrapped,
    /// `Announce` of the post's id.
    Boosted,
    /// `Undo` of that.
    Unboosted,
    /// `Announce` of the post itself, embedded.
    Embedded,
    /// `Add` of the post's id.
    Added,
    /// `Undo` of that.
    Unadded,
    /// `Add` of the activity, word for word.
    Contained,
    /// What its author sent, as it came.
    Forwarded,
    /// `Delete` of the post by the group.
    Deleted,
    /// `Remove` of the post by the group.
    TakenOut,
    /// `Announce` of the group's own `Delete` of the post.
    DeletedByGroup,
}

impl Shape {
    pub const ALL: [Self; 11] = [
        Self::Wrapped,
        Self::Boosted,
        Self::Unboosted,
        Self::Embedded,
        Self::Added,
        Self::Unadded,
        Self::Contained,
        Self::Forwarded,
        Self::Deleted,
        Self::TakenOut,
        Self::DeletedByGroup,
    ];

    /// Whether something of this type can be told so.
    pub fn is_for(self, kind: &str) -> bool {
        match self {
            Self::Wrapped | Self::Contained | Self::Forwarded => true,
            Self::Boosted | Self::Embedded | Self::Added => kind == "Create",
            Self::Unboosted | Self::Unadded | Self::Deleted | Self::TakenOut | Self::DeletedByGroup => {
                matches!(kind, "Delete" | "Remove")
            }
        }
    }

    /// Type and object of the document that tells of something in this shape.
    pub fn telling(self, said: &Said) -> (&str, &str) {
        match self {
            Self::Wrapped => ("Announce", said.id()),
            Self::Boosted | Self::Embedded => ("Announce", &said.post),
            Self::Unboosted | Self::Unadded => ("Undo", &said.post),
            Self::Added => ("Add", &said.post),
            Self::Contained => ("Add", said.id()),
            Self::Forwarded => (said.kind(), &said.post),
            Self::Deleted => ("Delete", &said.post),
            Self::TakenOut => ("Remove", &said.post),
            Self::DeletedByGroup => ("Announce", &said.post),
        }
    }

    /// Whether `document`, which arrived as `text`, tells of `said` in this shape.
    pub fn tells(self, document: &Value, text: &str, said: &Said) -> bool {
        let kind = document["type"].as_str();
        let object = &document["object"];
        match self {
            Self::Wrapped | Self::Contained => {
                let around = kind == Some(self.telling(said).0) && object["id"] == said.document["id"];
                assert!(
                    !around || text.contains(&said.text),
                    "the activity was changed on its way\nsent: {}\ncame: {text}",
                    said.text
                );
                around
            }
            Self::Boosted => kind == Some("Announce") && *object == said.post.as_str(),
            Self::Unboosted | Self::Unadded => {
                let undone = if self == Self::Unboosted {
                    "Announce"
                } else {
                    "Add"
                };
                kind == Some("Undo") && object["type"] == undone && object["object"] == said.post.as_str()
            }
            Self::Embedded => kind == Some("Announce") && object["id"] == said.post.as_str(),
            Self::Added => kind == Some("Add") && *object == said.post.as_str(),
            Self::Forwarded => text.trim() == said.text.trim(),
            Self::Deleted => {
                kind == Some("Delete") && *object == said.post.as_str() && !text.contains(&said.text)
            }
            Self::TakenOut => {
                kind == Some("Remove") && *object == said.post.as_str() && !text.contains(&said.text)
            }
            Self::DeletedByGroup => {
                let deletes = object["type"] == "Delete" && object["object"] == said.post.as_str();
                kind == Some("Announce") && deletes && object["actor"] == document["actor"]
            }
        }
    }
}

/// `Undo` of an embedded activity.
fn undo(me: &Me<'_>, group: &Group, what: &Value) -> Value {
    let mut inner = what.clone();
    if let Some(inner) = inner.as_object_mut() {
        inner.remove("@context");
    }
    json!({
        "@context": CONTEXT,
        "id": (me.mint)("undo"),
        "type": "Undo",
        "actor": me.id,
        "to": [group.id],
        "object": inner,
    })
}

/// An activity as most programs write it.
pub(super) fn act(me: &Me<'_>, kind: &str, (to, cc): (&[&str], &[&str]), object: Value) -> Value {
    json!({
        "@context": CONTEXT,
        "id": (me.mint)(&format!("activities/{}", kind.to_lowercase())),
        "type": kind,
        "actor": me.id,
        "published": me.now,
        "to": to,
        "cc": cc,
        "object": object,
    })
}

/// A post with another text.
pub(super) fn edited(me: &Me<'_>, post: &Said, text: &str) -> Value {
    let mut object = post.document["object"].clone();
    object["content"] = json!(format!("<p>{text}</p>"));
    object["updated"] = json!(me.now);
    object
}

/// A Linked Data Signature in form: it signs nothing.
pub(super) fn with_signature(me: &Me<'_>, mut document: Value) -> Value {
    document["signature"] = json!({
        "type": "RsaSignature2017",
        "creator": format!("{}#main-key", me.id),
        "created": me.now,
        "signatureValue": "c2lnbnMgbm90aGluZw==",
    });
    document
}

/// Whether a document carries a Linked Data Signature of its actor's.
pub(super) fn is_signed_within(document: &Value) -> bool {
    let creator = document["signature"]["creator"].as_str().unwrap_or_default();
    document["signature"]["type"] == "RsaSignature2017"
        && creator.split('#').next() == document["actor"].as_str()
}

/// What a boost can be of.
const SHOWN: [&str; 8] = [
    "Note", "Page", "Article", "Question", "Event", "Image", "Video", "Audio",
];

pub(super) fn is_shown(fetched: &Value) -> Result<(), Complaint> {
    match fetched["type"].as_str() {
        Some(kind) if SHOWN.contains(&kind) => Ok(()),
        kind => refuse(202, format!("a boost of a {kind:?}")),
    }
}

/// Refuses with this status.
pub(super) fn refuse<T>(status: u16, why: impl Into<String>) -> Result<T, Complaint> {
    Err(Complaint {
        status,
        why: why.into(),
        is_shrug: false,
    })
}

/// As [`refuse`], where it is no fault of the sender's.
pub(super) fn shrug<T>(status: u16, why: impl Into<String>) -> Result<T, Complaint> {
    refuse(status, why).map_err(|complaint| Complaint {
        is_shrug: true,
        ..complaint
    })
}

/// What every program asks of an activity: an id on its actor's host, and the fields that all of them read.
pub(super) fn is_activity(document: &Value, status: u16) -> Result<(), Complaint> {
    for field in ["id", "type", "actor"] {
        if !document[field].is_string() {
            return refuse(status, format!("{field} is not a string"));
        }
    }
    let host = |field: &str| document[field].as_str().and_then(|id| id.split('/').nth(2));
    if host("id") != host("actor") {
        return refuse(status, "the id is on another host than the actor");
    }
    if document["object"].is_null() {
        return refuse(status, "there is no object");
    }
    Ok(())
}

/// An Accept or Reject must carry the request whole, with its id: Lemmy 0.19 answers 400 to a URL [M].
pub(super) fn is_answer(document: &Value, status: u16) -> Result<(), Complaint> {
    for field in ["id", "type", "actor", "object"] {
        if document["object"][field].is_null() {
            return refuse(status, format!("the answered request has no {field}"));
        }
    }
    Ok(())
}

/// Whether a field of addressing, an array of strings, names this.
pub(super) fn names(document: &Value, field: &str, whom: &str) -> bool {
    document[field]
        .as_array()
        .is_some_and(|list| list.iter().any(|name| name == whom))
}

/// What every program wants of an Announce.
pub(super) fn is_announce(document: &Value, status: u16) -> Result<(), Complaint> {
    for field in ["to", "cc"] {
        let strings = document[field]
            .as_array()
            .is_some_and(|list| list.iter().all(Value::is_string));
        if !strings {
            return refuse(status, format!("{field} is not an array of strings"));
        }
    }
    if !names(document, "to", PUBLIC) {
        return refuse(status, "object_is_not_public");
    }
    if chrono::DateTime::parse_from_rfc3339(document["published"].as_str().unwrap_or_default()).is_err() {
        return refuse(status, "published is missing"); // GoToSocial warns
    }
    Ok(())
}
