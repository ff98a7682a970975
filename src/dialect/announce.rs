//! What every shape needs to tell an event, and the Announce that most of them are.
//!
//! One rule: what somebody said is passed on byte for byte: a shape writes the text before it and the text after it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    dialect::{Here, fields::kind_of, group},
    domain::Shape,
};

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Posted,
    Edited,
    Deleted,
    /// Out of the group, by those who run it, who said Delete.
    Removed,
    /// The same, and they said Remove.
    TakenOut,
    Voted,
    Unvoted,
    /// Something was put into a collection of the group, or taken out.
    Collected,
}

impl What {
    /// By the word for it in the log and the activity that it was done by.
    #[must_use]
    pub fn of(word: &str, raw: &str) -> Option<Self> {
        Some(match word {
            "posted" => Self::Posted,
            "edited" => Self::Edited,
            "deleted" => Self::Deleted,
            "removed" if is_remove(raw) => Self::TakenOut,
            "removed" => Self::Removed,
            "voted" => Self::Voted,
            "unvoted" => Self::Unvoted,
            "collected" | "uncollected" => Self::Collected,
            _ => return None,
        })
    }
}

fn is_remove(raw: &str) -> bool {
    let document: Option<Value> = serde_json::from_str(raw).ok();
    document.is_some_and(|document| kind_of(&document, &["Remove"]).is_some())
}

/// An event, with all that any shape needs to tell it.
#[derive(Clone, Debug)]
pub struct Said<'a> {
    /// Our id of it.
    pub id: Uuid,
    pub group: &'a str,
    pub what: What,
    /// When the group said it.
    pub at: DateTime<Utc>,
    /// The post that it is about.
    pub object: &'a str,
    /// That post's type.
    pub object_kind: &'a str,
    /// When that post says that it was published.
    pub published: DateTime<Utc>,
    pub is_comment: bool,
    pub public: bool,
    /// The group is private: whoever hears it is a member.
    pub private_group: bool,
    /// Who did it.
    pub author: &'a str,
    /// The activity's own text is there to be wrapped; else only the object is known.
    pub wrapped: bool,
    /// Our id of the announcement that it takes back, and when that was made.
    pub retracts: Option<(Uuid, DateTime<Utc>)>,
}

/// A document in two pieces around the text that it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub head: String,
    /// `None`: `head` is the whole document and the text is not in it.
    pub tail: Option<String>,
    /// The author's own server needs no copy.
    pub skip_author: bool,
}

impl Written {
    /// The whole document around `raw`.
    #[must_use]
    pub fn around(&self, raw: &str) -> String {
        match &self.tail {
            Some(tail) => [self.head.as_str(), raw, tail.as_str()].concat(),
            None => self.head.clone(),
        }
    }
}

pub(crate) const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A date as peers read it: UTC, to the second.
pub(crate) fn date(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The fields of a group's Announce, in a fixed order; the object comes last, by whoever calls.
/// Lemmy answers 400 without `cc`, GoToSocial warns without `published`.
pub(crate) fn announce(said: &Said<'_>, here: &Here, shape: Shape, cc: Vec<String>) -> Map<String, Value> {
    let actor = here.group(said.group);
    let to = if said.public {
        PUBLIC.to_owned()
    } else {
        here.part(said.group, "members")
    };
    fields(json!({
        "@context": group::context(),
        "id": here.activity(said.id, Some(shape)),
        "type": "Announce",
        "actor": actor,
        // Misskey drops an Announce that is older than its note (ApInboxService, read 2026-03).
        "published": date(said.at.max(said.published)),
        "to": [to],
        "cc": cc,
        "audience": actor,
    }))
}

/// An Announce of a post by its id, for whoever reads what the group has said: of a post that no shape tells of, because the
/// activity that it came with is not known (it was read at its origin) and it is an answer.
#[must_use]
pub fn announced_by_id(said: &Said<'_>, here: &Here) -> String {
    let cc = vec![here.part(said.group, "followers"), said.author.to_owned()];
    let mut announce = announce(said, here, Shape(""), cc);
    announce.insert("id".to_owned(), json!(here.activity(said.id, None)));
    announce.insert("object".to_owned(), json!(said.object));
    Value::Object(announce).to_string()
}

/// An Announce of the whole activity, verbatim.
pub(crate) fn around_activity(fields: Map<String, Value>, skip_author: bool) -> Written {
    let mut head = Value::Object(fields).to_string();
    head.pop(); // the closing brace
    head.push_str(",\"object\":");
    Written {
        head,
        tail: Some("}".to_owned()),
        skip_author,
    }
}

pub(crate) fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
