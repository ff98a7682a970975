//! What every shape needs to tell an event, and the Announce that most of them are.
//!
//! One rule: what somebody said is passed on byte for byte: a shape writes the text before it and the text after it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    dialect::{Here, VoteSaid, explainer, fields::kind_of, group, mobilizon, versia::entity::NoteEntity},
    domain::{Mark, Shape},
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
    /// Back in the group. Classes that have no word for that hear of it as of a new post.
    Restored,
    Voted,
    Unvoted,
    /// A vote that another of the same actor takes the place of, ahead of that.
    Outvoted,
    /// A post has a mark from now on, or not any more.
    Marked(Mark, bool),
    /// Somebody is one of those who run the group, or not any more.
    Ranked(bool),
    /// Somebody is kept out, or not any more.
    Banned(bool),
    /// Somebody is a member, or not any more.
    Listed(bool),
    /// Somebody answered a Question.
    Answered,
    /// The id of a new thread's first post, ahead of the activity: some programs need both.
    Named,
    /// That is taken back.
    Unnamed,
    /// What was shown of a post here, for those who fetch it from us, is gone, beside what was said of it.
    Unhosted,
    /// Something was put into a collection of the group, or taken out.
    Collected,
    /// The group says what it is now.
    Described,
    /// The group is closed.
    Closed,
    /// Somebody who wrote in it deleted their account, and says so.
    Departed,
}

/// The Linked Data Signature that Mastodon makes, and Smithereen reads (`LinkedDataSignatures`, 1.0.3, 2026-07-26).
const LINKED: &str = "RsaSignature2017";

/// The words of the log for [`What::Named`] and [`What::Unnamed`].
pub const NAMED: &str = "named";
pub const UNNAMED: &str = "unnamed";

/// That for [`What::Unhosted`].
pub const UNHOSTED: &str = "unhosted";

/// That for [`What::Outvoted`].
pub const OUTVOTED: &str = "outvoted";

/// That for [`What::Restored`].
pub const RESTORED: &str = "restored";

/// That for [`What::Departed`].
const DEPARTED: &str = "departed";

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
            RESTORED => Self::Restored,
            "voted" => Self::Voted,
            "unvoted" => Self::Unvoted,
            OUTVOTED => Self::Outvoted,
            "locked" => Self::Marked(Mark::Locked, true),
            "unlocked" => Self::Marked(Mark::Locked, false),
            "pinned" => Self::Marked(Mark::Pinned, true),
            "unpinned" => Self::Marked(Mark::Pinned, false),
            "appointed" => Self::Ranked(true),
            "dismissed" => Self::Ranked(false),
            "banned" => Self::Banned(true),
            "unbanned" => Self::Banned(false),
            "listed" => Self::Listed(true),
            "unlisted" => Self::Listed(false),
            "answered" => Self::Answered,
            NAMED => Self::Named,
            UNNAMED => Self::Unnamed,
            UNHOSTED => Self::Unhosted,
            "collected" | "uncollected" => Self::Collected,
            "described" => Self::Described,
            "closed" => Self::Closed,
            DEPARTED => Self::Departed,
            _ => return None,
        })
    }
}

impl What {
    /// The word in the log for what is about no post.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ranked(true) => "appointed",
            Self::Ranked(false) => "dismissed",
            Self::Banned(true) => "banned",
            Self::Banned(false) => "unbanned",
            Self::Listed(true) => "listed",
            Self::Listed(false) => "unlisted",
            Self::Described => "described",
            Self::Closed => "closed",
            Self::Departed => DEPARTED,
            Self::Restored => RESTORED,
            _ => "collected",
        }
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
    /// The post that it is about; empty: it is about none, and the text says about what.
    pub object: &'a str,
    /// Our own id of that post; nil: it is about none.
    pub post: Uuid,
    /// That post's type.
    pub object_kind: &'a str,
    /// When that post says that it was published.
    pub published: DateTime<Utc>,
    pub is_comment: bool,
    /// The first post of its thread.
    pub thread: Uuid,
    /// The collection that its author put it into, as they wrote it (FEP-400e).
    pub target: Option<&'a str>,
    pub public: bool,
    /// Everybody could read it when it was told: its group may have become private since.
    pub was_public: bool,
    /// The group is private: whoever hears it is a member.
    pub private_group: bool,
    /// What came in one protocol is told in others.
    pub bridged: bool,
    /// Who did it.
    pub author: &'a str,
    /// The activity's own text, to be wrapped; empty: only the object is known.
    pub raw: &'a str,
    /// Our id of the announcement that it takes back, and when that was made.
    pub retracts: Option<(Uuid, DateTime<Utc>)>,
    /// Of a vote: whose it is, and which one it ends.
    pub vote: Option<VoteSaid<'a>>,
    /// Of an edit of what we show for its author: all of it.
    pub note: Option<NoteEntity<'a>>,
}

impl Said<'_> {
    /// Whether the activity's own text is there.
    #[must_use]
    pub const fn is_wrapped(&self) -> bool {
        !self.raw.is_empty()
    }

    /// Whether all who hear of it may: everybody, or the members of a private group.
    #[must_use]
    pub const fn is_for_readers(&self) -> bool {
        self.public || self.private_group
    }

    /// Whether the text carries a Linked Data Signature of its author's: some believe it whoever delivers it. We check none. Where
    /// there is a proof, too, whoever brought the text may have put the signature in: a proof does not cover it (FEP-8b32).
    #[must_use]
    pub fn has_signature(&self) -> bool {
        let is_theirs = |signature: &Value| {
            let key = signature["creator"].as_str().unwrap_or_default();
            signature["type"] == LINKED && key.split('#').next() == Some(self.author)
        };
        self.carried("proof").is_none()
            && self
                .carried("signature")
                .is_some_and(|carried| is_theirs(&carried))
    }

    /// Whether the text proves by itself who wrote it: by such a signature, or by a proof (FEP-8b32).
    #[must_use]
    pub fn proves_itself(&self) -> bool {
        self.carried("proof").is_some() || self.has_signature()
    }

    /// Whether it is an activity of this type, or takes one back.
    #[must_use]
    pub fn is_about(&self, kind: &str) -> bool {
        let document: Value = serde_json::from_str(self.raw).unwrap_or_default();
        kind_of(&document, &[kind]).is_some()
            || (kind_of(&document, &["Undo"]).is_some() && kind_of(&document["object"], &[kind]).is_some())
    }

    /// The object in one field of the text. Most carry neither; those need not be read again.
    fn carried(&self, field: &str) -> Option<Value> {
        let mut document: Value = self
            .raw
            .contains(field)
            .then(|| serde_json::from_str(self.raw).ok())??;
        Some(document.get_mut(field)?.take()).filter(Value::is_object)
    }
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
    /// What its author sent, as it came: their own server needs no copy.
    pub(crate) fn forwarded() -> Self {
        Self {
            head: String::new(),
            tail: Some(String::new()),
            skip_author: true,
        }
    }

    /// A document of the group's that carries nothing.
    pub(crate) fn whole(document: Map<String, Value>, skip_author: bool) -> Self {
        Self {
            head: Value::Object(document).to_string(),
            tail: None,
            skip_author,
        }
    }

    /// Whether it is what somebody sent, and nothing of ours: it has no id here.
    #[must_use]
    pub const fn is_forwarded(&self) -> bool {
        self.head.is_empty()
    }

    /// The whole document around `raw`.
    #[must_use]
    pub fn around(&self, raw: &str) -> String {
        match &self.tail {
            Some(tail) => [self.head.as_str(), raw, tail.as_str()].concat(),
            None => self.head.clone(),
        }
    }
}

/// The host of an id, with its port.
pub(crate) fn host_of(id: &str) -> Option<&str> {
    id.split('/').nth(2)
}

pub(crate) const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A date as peers read it: UTC, to the second.
pub(crate) fn date(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The fields of a group's Announce, in a fixed order; the object comes last, by whoever calls.
/// Lemmy answers 400 without `cc`, GoToSocial warns without `published`.
pub(crate) fn announce(said: &Said<'_>, here: &Here, shape: Shape, cc: Vec<String>) -> Map<String, Value> {
    act(said, here, shape, "Announce", cc)
}

/// Who reads what is not for everybody. Of a private group its followers are its members, and most programs know them by that name
/// (6.5). Mobilizon's own groups say it to members (3.12), and so does the explainer; what is for members alone in a public group is for
/// those everywhere.
pub(crate) fn readers(said: &Said<'_>, shape: Shape) -> &'static str {
    if said.private_group && ![explainer::SHAPE, mobilizon::SHAPE].contains(&shape) {
        "followers"
    } else {
        "members"
    }
}

/// The fields of what a group does itself about something that was said.
pub(crate) fn act(
    said: &Said<'_>,
    here: &Here,
    shape: Shape,
    kind: &str,
    cc: Vec<String>,
) -> Map<String, Value> {
    let actor = here.group(said.group);
    let to = if said.public {
        PUBLIC.to_owned()
    } else {
        here.part(said.group, readers(said, shape))
    };
    fields(json!({
        "@context": group::context(),
        "id": here.activity(said.id, Some(shape)),
        "type": kind,
        "actor": actor,
        // Misskey drops an Announce that is older than its note (ApInboxService, read 2026-03).
        "published": date(said.at.max(said.published)),
        "to": [to],
        "cc": cc,
        "audience": actor,
    }))
}

/// An Announce of the post by its id: a boost.
pub(crate) fn boost(said: &Said<'_>, here: &Here, shape: Shape) -> Map<String, Value> {
    let mut boost = announce(said, here, shape, followers_and_author(said, here));
    boost.insert("object".to_owned(), json!(said.object));
    boost
}

/// What is announced is for the followers, and its author hears of it.
pub(crate) fn followers_and_author(said: &Said<'_>, here: &Here) -> Vec<String> {
    vec![here.part(said.group, "followers"), said.author.to_owned()]
}

/// `Undo` of what this shape said when the post came, written again by `inner`.
pub(crate) fn undo(
    said: &Said<'_>,
    here: &Here,
    shape: Shape,
    inner: impl FnOnce(&Said<'_>) -> Map<String, Value>,
) -> Option<Map<String, Value>> {
    let (id, at) = said.retracts?;
    let before = Said {
        id,
        at,
        what: What::Posted,
        retracts: None,
        ..said.clone()
    };
    let mut inner = inner(&before);
    inner.remove("@context");
    let mut undo = fields(json!({
        "@context": group::context(),
        "id": here.activity(said.id, Some(shape)),
        "type": "Undo",
        "actor": here.group(said.group),
        "published": date(said.at),
        "to": [PUBLIC],
        "cc": followers_and_author(said, here),
    }));
    undo.insert("object".to_owned(), Value::Object(inner));
    Some(undo)
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
