//! Votes of those who speak ActivityPub, as entities of their mirrors.
//!
//! One rule: an entity says what the activity says and no more, and is there until that is taken back; then it is deleted.
//! A vote by a user of Versia is their own server's to tell. One more word: a row of [`WORDS`].

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::dialect::{
    Here, Said, What,
    announce::date,
    fields::{kind_of, text_of},
    versia::{Kind, Mirrored, Ours, Reference, kind, shape},
};

/// Which entity an activity is, and the field that names what it is about.
const WORDS: [(&str, Kind, &str, &str); 3] = [
    ("Like", Kind::Like, kind::LIKE, "liked"),
    ("Dislike", Kind::Dislike, kind::DISLIKE, "disliked"),
    (REACT, Kind::Reaction, kind::REACTION, "object"),
];

const REACT: &str = "EmojiReact";

/// Finds the activities that are reactions, in their texts: as PostgreSQL and others read a pattern.
pub const REACTS: &str = r#""type"\s*:\s*"EmojiReact""#;

/// A vote that can be asked for.
#[derive(Clone, Copy, Debug)]
pub struct VoteEntity<'a> {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// Of the mirror of whoever votes.
    pub voter: Uuid,
    /// The reference of what it is about.
    pub note: &'a str,
    /// The activity's own text.
    pub raw: &'a str,
}

/// Which entity a vote is, by its activity; `None`: none that Versia has a word for.
#[must_use]
pub fn kind_of_vote(raw: &str) -> Option<Kind> {
    word(&serde_json::from_str(raw).ok()?).map(|(_, kind, ..)| kind)
}

fn word(document: &Value) -> Option<(&'static str, Kind, &'static str, &'static str)> {
    let said = kind_of(document, &WORDS.map(|(word, ..)| word))?;
    // A reaction without an emoji is a Like to us, too.
    let said = if said == REACT && emoji(document).is_none() {
        "Like"
    } else {
        said
    };
    WORDS.into_iter().find(|(word, ..)| *word == said)
}

/// Any text will do (`app/extensions/reactions`): the pictures of an instance's own emojis do not come along.
fn emoji(document: &Value) -> Option<&str> {
    let content = text_of(document, "content").map(str::trim);
    content.filter(|content| !content.is_empty())
}

/// The entity.
#[must_use]
pub fn vote(of: &VoteEntity<'_>, here: &Here) -> Option<Value> {
    let document = serde_json::from_str(of.raw).ok()?;
    let (_, vote, kind, object) = word(&document)?;
    let mut entity = json!({
        "type": kind,
        "id": of.id.to_string(),
        "created_at": date(of.at),
        "author": here.reference(&Ours::Id(of.voter))?.to_string(),
        "extensions": {},
    });
    entity[object] = json!(of.note);
    if vote == Kind::Reaction {
        entity["content"] = json!(emoji(&document)?);
    }
    Some(entity)
}

/// What is told of one: itself, or that it is deleted.
pub(super) fn told(said: &Said<'_>, here: &Here) -> Option<Value> {
    if !said.public || here.is_mirror(said.author) {
        return None;
    }
    let (voter, ends) = (said.vote?.voter?, said.vote?.ends);
    if said.what == What::Voted {
        let note = shape::note(said, here)?.to_string();
        let entity = VoteEntity {
            id: said.id,
            at: said.at,
            voter,
            note: &note,
            raw: said.raw,
        };
        return vote(&entity, here);
    }
    let ended = ends?;
    let document = serde_json::from_str(ended.raw).ok()?;
    let (.., kind, _) = word(&document)?;
    Some(json!({
        "type": kind::DELETE,
        "created_at": date(said.at),
        "author": here.reference(&Ours::Id(voter))?.to_string(),
        "deleted_type": kind,
        "deleted": here.reference(&Ours::Id(ended.id))?.to_string(),
    }))
}

/// Lists of votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Votes {
    Likes,
    Dislikes,
    Reactions,
    Shares,
}

/// Their names in lower case. The reference implementation says `shares` for the extension that is called `share` (2026-04).
const LISTS: [(&str, Votes); 5] = [
    ("pub.versia:likes/likes", Votes::Likes),
    ("pub.versia:likes/dislikes", Votes::Dislikes),
    ("pub.versia:reactions/reactions", Votes::Reactions),
    ("pub.versia:share/shares", Votes::Shares),
    ("pub.versia:shares/shares", Votes::Shares),
];

impl Votes {
    /// Of a note: references of votes.
    #[must_use]
    pub fn on_notes(name: &str) -> Option<Self> {
        let list = LISTS.into_iter().find(|(list, _)| *list == name);
        list.map(|(_, votes)| votes)
    }

    /// Of a user: references of notes.
    #[must_use]
    pub fn of_users(name: &str) -> Option<Self> {
        Self::on_notes(name).filter(|votes| matches!(votes, Self::Likes | Self::Dislikes))
    }
}

impl Here {
    /// Where a vote is: ours by our id of it, one of Versia's by the id that is in its activity's (`read.rs`).
    #[must_use]
    pub fn reference_of_vote(&self, id: Uuid, activity: &str, voter: &str) -> Option<Reference> {
        match self.mirrored(voter) {
            Some(Mirrored::User(user)) => {
                let (_, id) = activity.split_once('#')?;
                Reference::new(&user.domain, id)
            }
            _ => self.reference(&Ours::Id(id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activity_is_the_entity_that_says_the_same() {
        for (raw, kind) in [
            (r#"{"type":"Like"}"#, Some(Kind::Like)),
            (r#"{"type":["Dislike"]}"#, Some(Kind::Dislike)),
            (r#"{"type":"EmojiReact","content":"🌱"}"#, Some(Kind::Reaction)),
            (r#"{"type":"EmojiReact","content":" "}"#, Some(Kind::Like)),
            (r#"{"type":"EmojiReact"}"#, Some(Kind::Like)),
            (r#"{"type":"PollVote"}"#, None),
            ("", None),
        ] {
            assert_eq!(kind_of_vote(raw), kind, "{raw}");
        }
    }

    #[test]
    fn a_reaction_says_which() {
        let here = Here::new(&"https://g.example".parse().unwrap()).speaking_for("g.example".to_owned());
        let of = VoteEntity {
            id: Uuid::from_u128(1),
            at: DateTime::UNIX_EPOCH,
            voter: Uuid::from_u128(2),
            note: "b.example:n1",
            raw: r#"{"type":"EmojiReact","content":"🌱"}"#,
        };
        assert_eq!(
            vote(&of, &here).unwrap(),
            json!({"type": "pub.versia:reactions/Reaction", "id": Uuid::from_u128(1).to_string(),
                "created_at": "1970-01-01T00:00:00Z", "author": format!("g.example:{}", Uuid::from_u128(2)),
                "object": "b.example:n1", "content": "🌱", "extensions": {}})
        );
    }
}
